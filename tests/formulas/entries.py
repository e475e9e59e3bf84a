"""The chapters' displayed formulas, and the entries that hold them true.

A chapter's module has `formula = Chapter("06")` and, for each formula, the LaTeX word for word above a
function that returns what its letters are worth: a dict, or a list of dicts, for `latex.holds`. The numbers
come from elsewhere (torch, a simulation, a count, a finite difference), never from the formula. A name that
begins with ~ is that of a formula without a label; one that begins with $ of a formula within a line.
"""

import importlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import latex

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/formulas"
DISPLAY = re.compile(r"\$\$(.+?)\$\$(?:[ \t]*\(([^()\s]+)\))?", re.S)
INLINE = re.compile(r"(?<![\\$`])\$(?!\$)([^$\n]+?)\$(?!\$)")
OTHER = re.compile(r"^[`:]{3,}\{math\}|\\begin\{(?:equation|align|gather|multline)\*?\}", re.M)
CHAPTERS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "27")


class Formula(NamedTuple):
    """A formula of the book: where it stands, and what."""

    cell: int
    label: str  # "" where it has none
    words: str


class Entry(NamedTuple):
    label: str
    words: str
    values: object
    read: tuple
    tolerance: float
    about: float

    def check(self, words=None):
        """Is what the formula says true? `words` stand for others, to see that they are not."""
        text = self.words if words is None else words
        for before, after in self.read:
            if before not in text:
                raise latex.Unreadable(f"{before} is not in the formula")
            text = text.replace(before, after)
        found = self.values()
        for values in found if isinstance(found, list) else [found]:
            latex.holds(text, values, self.tolerance, self.about)


class Chapter:
    def __init__(self, number):
        self.number, self.entries = number, []

    def __call__(self, label, words, read=(), tolerance=1e-9, about=0.1):
        """Decorates the function that gives the letters' values, once for all checks."""
        def keep(values):
            known = []
            def once():
                known[:] = known or [values()]
                return known[0]
            self.entries.append(Entry(label, same(words), once, read, tolerance, about))
            return values
        return keep


def same(words):
    """With single spaces: a line may be broken elsewhere."""
    return re.sub(r"\s+", " ", words).strip()


# What stands in \text{…} in the Chinese chapters, where it is Chinese.
CHINESE = {
    "的形状是": "of shape", "输出数": "outputs", "输入数": "inputs", "两类时": "and for two classes",
    "来自文本": "from the text", "保留": "keep", "若": "if", "或": "or", "其余情形": "otherwise",
    "以概率": "with probability", "概率为": "with probability", "字节": "bytes", "精确率": "precision",
    "召回率": "recall", "各组": "bins", "准确率": "right", "置信度": "confidence", "误差": "error",
    "偏差": "bias", "方差": "variance", "噪声": "noise", "次数": "count", "熵": "entropy of", "常数": "const",
    "每字符比特数": "bits a character", "每词元奈特数": "nats a token", "词元数": "tokens",
    "字符数": "characters",
}


def english(words):
    """A Chinese chapter's formula with its words in \\text{…} in English, as far as the table knows them."""
    def spoken(match):
        return rf" \text{{{translated(match[1])}}} "
    return re.sub(r" ?\\text\{([^{}]*)\} ?", spoken, words)


def translated(words):
    plain = words.strip(" ,，：")
    return CHINESE.get(plain, plain)


def notebook(number, language="en"):
    folder = ROOT / ("chapters" if language == "en" else "zh/chapters")
    return next(folder.glob(f"{number}_*.ipynb"))


def cells(path):
    """(number, source) of each Markdown cell."""
    found = json.loads(path.read_text("utf-8"))["cells"]
    return [(i, "".join(cell["source"])) for i, cell in enumerate(found) if cell["cell_type"] == "markdown"]


def displayed(texts):
    return [Formula(cell, match[2] or "", same(match[1])) for cell, text in texts
            for match in DISPLAY.finditer(text)]


def inline(texts):
    return [Formula(cell, "", same(match[1])) for cell, text in texts
            for match in INLINE.finditer(DISPLAY.sub(" ", text))]


def chapter(number):
    return importlib.import_module(f"ch{number}").formula


def complaints(entries, texts, name, module, words=lambda text: text):
    """What the chapter `name` has and `module` has not, or otherwise; each line says what to do."""
    found = [f"{name}, cell {cell}: write $$ … $$ (label) instead of {match[0]}" for cell, text in texts
             for match in OTHER.finditer(text)]
    known = {entry.label: entry for entry in entries if entry.label[0] not in "~$"}
    found += [f"{name}, cell {cell}: what is {word} in English? Say so in CHINESE of {HERE}/entries.py"
              for cell, _, text in displayed(texts) for word in re.findall(r"[\u3400-\u9fff]+", words(text))]
    bare = {words(entry.words) for entry in entries if entry.label[0] == "~"}
    formulas = displayed(texts)
    for cell, label, text in formulas:
        if label and label not in known:
            found.append(f"{name}, cell {cell}: ({label}) has no entry; check it in {HERE}/{module}.py")
        elif label and words(text) != words(known[label].words):
            found.append(f"{name}, cell {cell}: ({label}) is now {text}\n    but {HERE}/{module}.py has "
                         f"{known[label].words}\n    If the change is right, change the entry too.")
        elif not label and words(text) not in bare:
            found.append(f"{name}, cell {cell}: a formula has no entry, or has changed: {text}\n    "
                         f"Check it in {HERE}/{module}.py under a name that begins with ~.")
    return found + gone(entries, texts, name, module, words)


def gone(entries, texts, name, module, words):
    """Entries whose formula the chapter no longer has."""
    formulas = displayed(texts)
    labels, bare = {f.label for f in formulas}, {words(f.words) for f in formulas if not f.label}
    lines = {words(f.words) for f in inline(texts)}
    def there(entry):
        if entry.label[0] in "~$":
            return words(entry.words) in (bare if entry.label[0] == "~" else lines)
        return entry.label in labels
    return [f"{name}: no formula for the entry {entry.label} of {HERE}/{module}.py: {entry.words}\n    "
            "Change the entry as the formula was changed, or take it away."
            for entry in entries if not there(entry)]
