"""What the numbers of a page can come from: its outputs, its code, its formulas, its lists, its citations.

A page is a list of cells; what stands near a cell is what its section holds, and three cells either way.
"""

import ast
import contextlib
import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from functools import cached_property

import i18n
import i18n_rules as rules
import numerals_read as reader

NEAR = 3  # cells
SURE = 3  # significant digits: a number that long is found by chance in a page once in many
OUTPUT = re.compile(rf"(?<![\w.])({reader.DIGITS})(?:\s?([%M万亿]))?|(?<=[^\W\d_])(\d+(?:\.\d+)?)")
MEASURED = re.compile(r"; measured [^)\n]*\)")  # differs between machines: prose tells the reference
ABOUT = re.compile(r"(?:about|some|nearly|almost|roughly|around|over|more than|close to|under|less than|"
                   r"well|only|ten|hundreds?) ?[$⟨(]?$", re.I)


@dataclass(frozen=True)
class Source:
    value: float
    unit: str = ""


@dataclass
class Cell:
    id: str
    markdown: bool
    source: str
    output: str = ""
    section: int = 0
    figure: bool = False  # the alt text or caption of one

    @cached_property
    def prose(self):
        return reader.prose(self.source)

    @cached_property
    def verbatim(self):
        """What is compared letter by letter: formulas and code; which of the book's sources are named."""
        return {"formulas": self.prose.exact, "sources": re.findall(r"\b00[0-4]\b", self.prose.text)}

    @cached_property
    def mentions(self):
        return reader.mentions(self.prose.text, "en") if self.markdown else []

    @cached_property
    def outputs(self):
        return [Source(float(m[1].replace(",", "").replace("−", "-")), (m[2] or "") if m[2] == "%" else "")
                for m in OUTPUT.finditer(MEASURED.sub(")", self.output)) if m[1]]

    @cached_property
    def literals(self):
        return [Source(value) for value in Literals(self.source).values]

    @cached_property
    def counts(self):
        """How many things it shows: elements of lists in code, lines printed, items of lists in the text."""
        if self.markdown:
            return [Source(count) for count in self.prose.lists]
        lines = len([line for line in self.output.split("\n") if line.strip()])
        return [Source(count) for count in {*Literals(self.source).counts, lines}]


class Literals(ast.NodeVisitor):
    """Numbers in a cell's code, simple arithmetic done, and the lengths of its lists and dictionaries."""

    def __init__(self, code):
        self.values, self.counts = [], []
        try:
            self.visit(ast.parse(code))
        except SyntaxError:  # %pip
            self.values = [float(m[0].replace(",", "")) for m in re.finditer(reader.DIGITS, code)]

    def visit_Constant(self, node):
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            self.values.append(float(node.value))
        elif isinstance(node.value, str):  # numbers in a table, a label, a sentence to be learnt
            self.values += [float(m[1].replace(",", "")) for m in OUTPUT.finditer(node.value) if m[1]]

    def visit_BinOp(self, node):
        with contextlib.suppress(LedgerError, OverflowError, ZeroDivisionError):
            self.values.append(float(calculate(node, {})))
        self.generic_visit(node)

    def visit_List(self, node):
        self.counts.append(len(node.elts))
        self.generic_visit(node)

    visit_Tuple = visit_Set = visit_List

    def visit_Dict(self, node):
        self.counts.append(len(node.keys))
        self.generic_visit(node)


@dataclass
class Page:
    rel: str
    cells: list = field(default_factory=list)

    def __post_init__(self):
        section = 0
        for number, cell in enumerate(self.cells):
            section = number if cell.markdown and re.search(r"^#+ ", cell.source, re.M) else section
            cell.section = section

    def cell(self, key):
        return next((cell for cell in self.cells if cell.id == key), None)

    def near(self, index):
        """Cells of the same section or close by, the closest first; of two as close, the one before."""
        section = self.cells[index].section
        places = [i for i, cell in enumerate(self.cells) if cell.section == section or abs(i - index) <= NEAR]
        return [self.cells[i] for i in sorted(places, key=lambda i: (abs(i - index), i))]


# --- reading pages ---------------------------------------------------------------------------------

def english_page(rel, text):
    return Page(rel, list(cells_of(rel, text)))


def cells_of(rel, text):
    if rel.endswith(".md"):
        for number, section in enumerate(rules.sections(text), 1):
            yield Cell(f"s{number}", True, section)
        return
    cells = json.loads(text)["cells"]
    for cell in cells:
        output = "\n".join(map(shown, cell.get("outputs", ())))
        yield Cell(cell.get("id", "?"), cell["cell_type"] == "markdown", "".join(cell["source"]), output)
    for cell in cells:  # at the end, since they are near nothing: the words of a figure tell what is drawn
        for name, way in i18n.FIGURE_TEXTS.items():
            if words := i18n.dig(cell.get("metadata", {}), way):
                yield Cell(f"{cell['id']}:{name}", True, words, figure=True)


def chinese_texts(rel, text):
    """id of a cell → its Chinese."""
    if rel.endswith(".md"):
        text = re.sub(r"\A% en:[^\n]*\n", "", text)
    return {cell.id: cell.source for cell in cells_of(rel, text) if cell.markdown}


def shown(output):
    if "text" in output:
        return "".join(output["text"])
    data = output.get("data", {})
    return tags("".join(data["text/html"])) if "text/html" in data else "".join(data.get("text/plain", ""))


def tags(html):
    return re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.S)


def digest(parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


# --- matching --------------------------------------------------------------------------------------

def same(mention, source, text="", about=False):
    """Whether the source, rounded to the mention's digits, is the mention; signs are left to the words."""
    value, step = abs(mention.value), worth(mention, text, about)
    found = abs(source.value)
    if mention.unit == "%" and not source.unit and agrees(found * 100, value, step):
        return True
    return agrees(found, value, step)


def agrees(found, value, step):
    return abs(found - value) <= step / 2 * (1 + 1e-9) + 1e-12 * abs(value)


def worth(mention, text, about):
    """The last digit's worth; of "about 3,000" the thousand's."""
    value = mention.value
    if value >= 20 and value % 10 == 0 and mention.step <= 1 and (
            about or ABOUT.search(text[:mention.start])):
        return 10.0 ** (len(f"{value:.0f}") - len(f"{value:.0f}".rstrip("0")))
    return mention.step


def digits_of(mention):
    """Significant digits, zeros at the end of a whole number not counted."""
    mantissa = re.sub(r"[eE].*|\D", "", re.sub(r"[eE][-+−]?\d+", "", mention.text))
    mantissa = mantissa or f"{mention.value:g}".replace(".", "")
    mantissa = mantissa.lstrip("0")
    return len(mantissa if "." in mention.text else mantissa.rstrip("0"))


def sentence(text, place):
    """The sentence around this place."""
    start = max((m.end() for m in re.finditer(r"(?<=[.!?])(?<!\n\d{4}\.)\s|\n", text[:place])), default=0)
    end = re.compile(r"(?<!\n\d{4})[.!?](?=\s)|\n").search(text, place)
    return start, end.end() if end else len(text)


# --- the ledger's arithmetic -----------------------------------------------------------------------

class LedgerError(Exception):
    """A line of a ledger cannot be evaluated; the message says why."""


FUNCTIONS = {name: getattr(math, name) for name in ("sqrt", "log2", "log10", "exp", "tanh", "ceil", "floor")}
FUNCTIONS |= {"abs": abs, "round": round, "min": min, "max": max, "ln": math.log}
OPERATORS = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
             ast.Div: lambda a, b: a / b, ast.FloorDiv: lambda a, b: a // b, ast.Mod: lambda a, b: a % b}


def calculate(node, functions):
    """The value of an expression of numbers, + - * / // % **, and the functions given; nothing else."""
    if isinstance(node, ast.Expression):
        return calculate(node.body, functions)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -calculate(node.operand, functions)
    if isinstance(node, ast.BinOp):
        left, right = calculate(node.left, functions), calculate(node.right, functions)
        if isinstance(left, str) or isinstance(right, str):
            raise LedgerError("arithmetic with words")
        if isinstance(node.op, ast.Pow):
            return raised(left, right)
        if type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
        return functions[node.func.id](*(calculate(part, functions) for part in node.args))
    raise LedgerError(f"“{ast.unparse(node)}” is not arithmetic; allowed: {', '.join(sorted(functions))}")


def raised(base, power):
    if abs(power) > 400 or abs(base) > 1e9:
        raise LedgerError(f"{base}**{power} is too large")
    return base ** power


def evaluate(expression, page, read):
    """The value of a ledger's `expr`, arithmetic with

    out("cell", 2)                  the third number that this cell printed
    other("chapters/…", "cell", 2)  the same of another page
    lines("cell")                   its lines of code
    data("file", "a.b.-1")          a number in a JSON file
    text("file", r"pattern (…)")    a number in any file
    """
    own = {"out": lambda key, index: nth_output(page, key, index),
           "other": lambda rel, key, index: nth_output(english_page(rel, read(rel)), key, index),
           "lines": lambda key: len([x for x in page.cell(key).source.split("\n") if x.strip()]),
           "data": lambda file, path: field_of(file, read(file), path),
           "text": lambda file, pattern: written(file, read(file), pattern)}
    try:
        return float(calculate(ast.parse(expression, mode="eval"), FUNCTIONS | own))
    except (SyntaxError, ValueError, TypeError, ZeroDivisionError, OverflowError, AttributeError) as error:
        raise LedgerError(f"{expression}: {error}") from None


def nth_output(page, key, index):
    cell = page.cell(key)
    count = len(cell.outputs) if cell else 0
    if not -count <= index < count:
        raise LedgerError(f"out({key!r}, {index}): the cell prints {count} numbers")
    return cell.outputs[index].value


def field_of(name, text, way):
    """A number in a JSON file, by the keys on the way to it; `len` at the end counts."""
    value = json.loads(text)
    for key in way.split("."):
        if key == "len":
            return len(value)
        try:
            value = value[int(key)] if isinstance(value, list) else value[key.replace("·", ".")]
        except (KeyError, IndexError, ValueError, TypeError):
            raise LedgerError(f"{name} has no {way} (at {key!r})") from None
    return value


def written(name, text, pattern):
    found = re.findall(pattern, text, re.M)
    if len(found) != 1 or not isinstance(found[0], str):
        raise LedgerError(f"{name}: {len(found)} places match {pattern!r}; wanted: one, with one (…)")
    return float(found[0].replace(",", "").replace("_", ""))

