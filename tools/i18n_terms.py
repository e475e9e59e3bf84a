"""The Chinese edition's words: one rendering for a term, and one way to write numbers, chapters and titles.

`zh/terms.yml` has the terms. `read(root)` refuses a table that is missing, doubled or circular, by name;
`Wording(table).complaints(text)` says what a Chinese text calls by another name, and the right one.
"""

import re
from collections import defaultdict
from pathlib import Path

import yaml

HAN = "\u3400-\u9fff\uf900-\ufaff"
FIELDS = ("en", "zh", "at", "en_line", "zh_line")
# Where else a Chinese reader's words stand, besides zh/.
ELSEWHERE = ("widgets/ui/*.js", "widgets/explorables/*/*.js", "widgets/exercises/**/*.js",
             "widgets/exercises/*.json",
             "site/ext/*.py", "site/live/*.js",
             "lib/firstgrad/book/**/*.py", "lib/firstgrad/book/exercises/*.json",
             "lib/firstgrad/widgets/*.py", "zh/_overlay.yml")
CODE = re.compile(r"(`+)[^`].*?\1|\]\([^)]*\)|\{[a-z:-]+\}`[^`]*`|^:[\w-]+:.*$", re.S | re.M)
RULES = (
    (r"第 ?0\d ?章", "write “第 4 章”, without the zero"),
    (r"(?<=[\d}]) +%", "write “20%”, without the space"),
    (r"\d,\d{3}(?= ?[万亿])", "write “1750 亿”, without the comma"),
    (rf"《[^》{HAN}]*[A-Za-z][^》{HAN}]*》", "an English title stands without 《》, in italics"),
)


class TermError(Exception):
    """The table of terms cannot be used; the message names the term."""


def read(root):
    """{"terms": [...], "wording": [...], "traditional": "學学…"} of zh/terms.yml."""
    path = Path(root) / "zh/terms.yml"
    if not path.exists():
        raise TermError("zh/terms.yml: missing")
    table = yaml.safe_load(path.read_text("utf-8")) or {}
    if wrong := faults(table):
        raise TermError("; ".join(f"zh/terms.yml: {line}" for line in wrong))
    return table


def faults(table):
    """What is wrong with the table itself: terms that are incomplete, doubled or circular."""
    terms, wrong = table.get("terms", []), []
    for number, term in enumerate(terms, 1):
        missing = [key for key in FIELDS if not str(term.get(key) or "").strip()]
        if missing:
            wrong.append(f"term {number} “{term.get('en', '?')}”: {', '.join(missing)} missing")
    return wrong or doubled(terms) + circular(table)


def doubled(terms):
    owners = defaultdict(list)
    for term in terms:
        for name in dict.fromkeys(fold(name) for name in names(term)):
            owners[name].append(term["en"])
    return [f"“{name}” stands for {len(found)} terms: {', '.join(found)}"
            for name, found in owners.items() if len(found) > 1]


def circular(table):
    """A rendering that another line forbids could never be written."""
    right = [term["zh"] for term in table.get("terms", [])] + [w["write"] for w in table.get("wording", [])]
    return [f"“{word}” is to be written “{write}”, but “{zh}” needs it"
            for word, write, _ in forbidden(table) for zh in right if word in zh]


def names(term):
    return [str(name) for name in (term["en"], term["zh"], *term.get("also", ()))]


def fold(name):
    """As search compares them: without case, hyphens and spaces."""
    return re.sub(r"[\s\u2010-\u2015-]", "", name.casefold())


def forbidden(table):
    """[(word, what to write, where the word is right)]"""
    rows = [(word, term["zh"], term.get("unless", ())) for term in table.get("terms", ())
            for word in term.get("avoid", ())]
    rows += [(w["avoid"], w["write"], w.get("unless", ())) for w in table.get("wording", ())]
    return rows


class Wording:
    """A table, ready to read Chinese texts."""

    def __init__(self, table):
        self.rows = forbidden(table)

    def complaints(self, text):
        """In words; code, addresses and options are not read, nor an alias in brackets: 提前停止（早停）."""
        text = CODE.sub(lambda m: " " * len(m[0]), text)
        wrong = [f"“{mark[0]}” near “{around(text, mark)}”: {rule}" for pattern, rule in RULES
                 for mark in re.finditer(pattern, text)]
        for word, write, unless in self.rows:
            if word not in text:
                continue
            shown = re.sub(rf"{re.escape(write)}[^（()]{{0,3}}[（(][^）)]*[）)]", " ", text)
            for phrase in unless:
                shown = shown.replace(phrase, " ")
            wrong += [f"“{word}” near “{around(shown, mark)}”: write “{write}”"
                      for mark in re.finditer(re.escape(word), shown)]
        return wrong


def around(text, mark, width=8):
    return text[max(0, mark.start() - width):mark.end() + width].replace("\n", "⏎").strip()


def elsewhere(root, wording):
    """Complaints about Chinese lines of explorables, the site and the checks, by file and line."""
    root, wrong = Path(root), []
    for path in sorted({path for pattern in ELSEWHERE for path in root.glob(pattern)}):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(f"[{HAN}]", line) and not re.match(r"\s*(//|#)", line):
                where = f"{path.relative_to(root).as_posix()}:{number}"
                said = re.sub(r'^\s*"(?:[^"\\]|\\.)*": ', "", line)  # in JSON the key is English
                wrong += [f"{where}: {problem}" for problem in wording.complaints(said)]
    return wrong
