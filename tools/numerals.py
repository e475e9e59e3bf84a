"""Where the numbers in the book's prose come from, and that both languages say the same ones.

    python tools/numerals.py check [FILE …]          every number has its origin, in both languages
    python tools/numerals.py trace [FILE [CELL …]]   find origins again, write them down, say what changed

Without FILE: every page. (It is not called numbers.py, since that name is the standard library's.)

`tests/numbers/NAME.txt` lists, cell by cell, the numbers of a page's prose and what each comes from; `trace`
writes it, and `check` holds the page against it. An origin is

    out CELL       a cell near by prints it (with three digits or more: any cell of the page)
    code CELL      it stands in this cell's code
    count CELL     so many items, rows, lines or elements are there
    formula CELL   it stands in a formula there
    exercise       an exercise gives it
    cite KEY       its sentence cites
    figure         it is in a figure's alt text or caption, which tell what is drawn
    ledger         a line of `tests/numbers/NAME.toml`, written by hand, says where it comes from:

    [cell-id]
    "worth about {three} points" = "why: in words"
    "after {46} steps" = { expr = "out('ex8', 0)" }
    "more than {six}" = { expr = "out('first', 3)", sense = "more" }

Between braces stands the number, around it words that the cell has once. An `expr` is evaluated: see
`evaluate` in tools/numerals_sources.py. [apart] names cells whose numbers differ between the languages.
`tests/numbers/constants.toml` has what code states and nobody computes, once more, with its source.
A cell's formulas and code, and the numbers of the book's sources (000 to 004), are there as a checksum.
Citations are listed too, so that a citation of another paper shows; and the Chinese order where it differs.
"""

import argparse
import difflib
import re
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
import i18n
import numerals_read as reader
import numerals_sources as sources

ROOT = Path(__file__).resolve().parent.parent
PLACE = "tests/numbers"
BESIDE = 2  # cells either way: a single digit stands in every section by chance
DIFFERENCE = re.compile(r"(?: percentage)? points\b")  # no cell prints it: the ledger computes it
OTHERS = ("cite ", "zh ", "formulas ", "sources ")  # lines that are no number's
SENSES, SENSE = {"more": 1, "less": -1}, 0.25  # "more than": by less than a quarter
HEAD = "% What the numbers of the prose come from: tools/numerals.py trace writes it, check reads it.\n"


class Book:
    """The committed files; `changes` (path → text) stand in for those of their names, to try mutants."""

    def __init__(self, root=ROOT, changes=None):
        self.root, self.changes = root, changes or {}

    def text(self, rel, missing=""):
        if rel in self.changes:
            return self.changes[rel]
        path = self.root / rel
        return path.read_text("utf-8") if path.exists() else missing

    def needed(self, rel):
        """The text of a file that a ledger names."""
        text = self.text(rel)
        if not text:
            raise sources.LedgerError(f"there is no file {rel}")
        return text

    def page(self, rel):
        return sources.english_page(rel, self.text(rel))

    def chinese(self, rel):
        return sources.chinese_texts(rel, self.text(f"zh/{rel}"))

    def name(self, rel):
        stem = Path(rel).stem
        return f"ch{stem[:2]}" if stem[:2].isdigit() else stem

    def ledger(self, rel):
        return tomllib.loads(self.text(f"{PLACE}/{self.name(rel)}.toml"))

    def known(self, rel):
        return parse(self.text(f"{PLACE}/{self.name(rel)}.txt"))


# --- the written list ------------------------------------------------------------------------------

def parse(text):
    """{cell: [line …]} of a written list."""
    cells, lines = {}, []
    for line in text.split("\n"):
        if line.startswith("["):
            lines = cells.setdefault(line[1:-1], [])
        elif line and not line.startswith("%"):
            lines.append(line)
    return cells


def write(cells):
    parts = (f"\n[{key}]\n" + "".join(f"{line}\n" for line in lines) for key, lines in cells.items() if lines)
    return HEAD + "".join(parts)


# --- origins ---------------------------------------------------------------------------------------

def origin(mention, page, index, covered):
    """Where this number may come from, in the words of the list; None when nothing near says it."""
    if mention.start in covered:
        return "ledger"
    if page.cells[index].figure:
        return "figure"
    cell, near = page.cells[index], page.near(index)
    text = cell.prose.text
    weak = sources.digits_of(mention) < 2 and "." not in mention.text and mention.value >= 3
    beside = page.cells[max(0, index - BESIDE):index + BESIDE + 1] if weak else near
    if mention.step >= 0.5 and DIFFERENCE.match(text, mention.start + len(mention.text)):
        return cited(mention, cell)
    found = (from_cells(mention, beside, text) or cited(mention, cell)
             or (sources.digits_of(mention) >= sources.SURE and from_cells(mention, page.cells, text)))
    if found:
        return found
    if mention.value <= 20 and not mention.unit and not mention.formula:
        holder = next((c for c in near if any(sources.same(mention, s) for s in c.counts)), None)
        if holder:
            return f"count {holder.id}"
    return from_formula(mention, cell, near)


def from_cells(mention, cells, text):
    for kind, part in (("out", "outputs"), ("code", "literals")):
        for cell in cells:
            if not cell.markdown and any(sources.same(mention, s, text) for s in getattr(cell, part)):
                return f"{kind} {cell.id}"
    return None


def cited(mention, cell, only=None):
    if mention.formula or not cell.prose.cites:
        return None
    start, end = sources.sentence(cell.prose.text, mention.start)
    keys = [key for key, place in cell.prose.cites if start <= place <= end and key == (only or key)]
    return f"cite {keys[0]}" if keys else None


def from_formula(mention, cell, near):
    if any(start <= mention.start < end for start, end in cell.prose.exercises):
        return "exercise"
    if mention.formula:
        return f"formula {cell.id}"
    holder = next((c for c in near if c.markdown and any(
        m.formula and m.value == mention.value for m in c.mentions)), None)
    return f"formula {holder.id}" if holder else None


def still(line, mention, page, index, covered):
    """Whether a written origin still holds for this number."""
    kind, _, key = line.partition(" ")
    if kind == "ledger":
        return mention.start in covered
    cell = page.cell(key)
    text = page.cells[index].prose.text
    if kind in ("out", "code"):
        part = "outputs" if kind == "out" else "literals"
        return cell is not None and any(sources.same(mention, s, text) for s in getattr(cell, part))
    if kind == "count":
        return cell is not None and any(sources.same(mention, s) for s in cell.counts)
    if kind == "cite":
        return cited(mention, page.cells[index], key) is not None
    return origin(mention, page, index, covered) == line


# --- the ledger ------------------------------------------------------------------------------------

def coverage(page, ledger, read):
    """({cell: places of numbers that the ledger explains}, complaints about the ledger itself)."""
    covered, wrong = {}, []
    for key, lines in ledger.items():
        if key == "apart":
            continue
        cell = page.cell(key)
        if cell is None:
            wrong.append(f"[{key}]: the ledger names a cell that is not there")
            continue
        for words, why in lines.items():
            place = locate(words, cell)
            if isinstance(place, str):
                wrong.append(f"[{key}] ledger “{words}”: {place}")
                continue
            covered.setdefault(key, set()).add(place.start)
            wrong += [f"[{key}] ledger “{words}”: {p}" for p in valued(place, why, page, read)]
    return covered, wrong


def locate(words, cell):
    """The mention between the braces, or what is wrong."""
    if not re.fullmatch(r"[^{}]*\{[^{}]+\}[^{}]*", words):
        return "put braces around the one number that is meant"
    before, number, after = re.split(r"[{}]", words)
    text = " ".join(cell.prose.text.split())
    count = text.count(before + number + after)
    if count != 1:
        return f"its words stand {count} times in the cell, they must stand once: no number uses this line"
    place = text.index(before + number + after) + len(before)
    squeezed = squeeze(cell)
    hits = [m for m, at in squeezed if place - 1 <= at <= place + len(number) - 1]
    return hits[0] if hits else f"“{number}” is not read as a number"


def squeeze(cell):
    """Mentions with their places in the text whose spaces are single."""
    text = cell.prose.text
    lead = len(text) - len(text.lstrip())
    return [(m, len(" ".join((text[lead:m.start] + "|").split())) - 1) for m in cell.mentions]


def valued(mention, why, page, read):
    """What is wrong with a ledger's reason: an expression must give the number."""
    if isinstance(why, str):
        return [] if len(why) > 8 else ["say why in a few words"]
    if set(why) - {"expr", "why", "sense"} or "expr" not in why or why.get("sense", "more") not in SENSES:
        return [f"has {', '.join(why)}; known: expr, why, sense = more or less"]
    try:
        value = sources.evaluate(why["expr"], page, read)
    except sources.LedgerError as error:
        return [str(error)]
    good = sources.same(mention, sources.Source(value), about=True)
    if "sense" in why:  # "more than four": more, but not so much that one would say five or so
        good = 0 <= SENSES[why["sense"]] * (abs(value) - mention.value) < SENSE * mention.value
    return [] if good else [f"{why['expr']} is {value:.6g}, the text says {mention.text}"]


# --- lists of a page -------------------------------------------------------------------------------

def listed(page, chinese, covered, known):
    """({cell: lines} as they should be, complaints); what has a good origin keeps it."""
    cells, wrong = {}, []
    for index, cell in enumerate(page.cells):
        if not cell.markdown:
            continue
        lines, complaints = lines_of(page, index, covered.get(cell.id, ()), known.get(cell.id, []))
        wrong += complaints
        lines += [f"cite {key}" for key, _ in cell.prose.cites]
        lines += [f"{name} {sources.digest(parts)}" for name, parts in cell.verbatim.items() if parts]
        if cell.id in chinese:
            lines += other_order(cell, chinese[cell.id])
        if lines:
            cells[cell.id] = lines
    return cells, wrong


def lines_of(page, index, covered, old):
    cell = page.cells[index]
    lines, wrong = [], []
    kept = aligned([m.key for m in cell.mentions], old)
    for number, mention in enumerate(cell.mentions):
        before = kept.get(number)
        if before and before != "?" and still(before, mention, page, index, covered):
            found = before
        else:
            found = origin(mention, page, index, covered)
        if not found:
            wrong.append(f"[{cell.id}] {quoted(cell.prose.text, mention)}: {nowhere(cell, mention)}")
        elif before not in (None, "?", found) and before[:7] != "formula":
            wrong.append(f"[{cell.id}] {quoted(cell.prose.text, mention)}: came from “{before}”, which does "
                         f"not say it now; “{found}” does")
        lines.append(f"{mention.key} {found or '?'}")
    return lines, wrong


def aligned(keys, old):
    """{index of a number: its origin in the old list}"""
    rows = [line.split(" ", 1) for line in old if not line.startswith(OTHERS)]
    matcher = difflib.SequenceMatcher(None, [row[0] for row in rows], keys, autojunk=False)
    return {b + i: rows[a + i][1] for a, b, size in matcher.get_matching_blocks() for i in range(size)}


def quoted(text, mention):
    start, end = max(0, mention.start - 28), mention.start + len(mention.text)
    before = text[start:mention.start].split("\n")[-1]
    after = text[end:end + 22].split("\n")[0]
    return f"{mention.text} (“{before}{{{mention.text}}}{after}”)"


def nowhere(cell, mention):
    """How to give the origin, ready to be pasted into the ledger."""
    text = cell.prose.text
    before = text[:mention.start].split("\n")[-1]
    after = text[mention.start + len(mention.text):].split("\n")[0]
    return ("no output, code, formula or citation near it says so: print it in a cell, cite it, or say why "
            f'in the ledger: [{cell.id}] "{before[-24:]}{{{mention.text}}}{after[:16]}" = "…"')


def other_order(cell, text):
    """The Chinese numbers, where they are not the English ones in the same order."""
    keys = [plain(m) for m in reader.read(text, "zh")]
    return [] if keys == [plain(m) for m in cell.mentions] else ["zh " + " ".join(keys)]


def plain(mention):
    """As both languages have it: 3 % and 3%, a hundredth and 1 %."""
    return f"{mention.value / 100 if mention.unit else mention.value:.6g}"


# --- both languages --------------------------------------------------------------------------------

def twins(page, chinese, apart):
    """Numbers which only one language has."""
    wrong, used = [], set()
    for cell in page.cells:
        if not cell.markdown or cell.id not in chinese:
            continue
        only = differences([plain(m) for m in cell.mentions],
                           [plain(m) for m in reader.read(chinese[cell.id], "zh")])
        said = apart.get(cell.id, {})
        if only == (said.get("english", "").split(), said.get("chinese", "").split()):
            used |= {cell.id} if any(only) else set()
        elif any(only):
            en, zh = (" ".join(part) or "nothing" for part in only)
            wrong.append(f"[{cell.id}] English has {en}, where Chinese has {zh}: mend one, or say why under "
                         "[apart] in the ledger")
    return wrong + [f"[{key}]: [apart] says that the languages differ; they agree" for key in apart
                    if key not in used and key in {c.id for c in page.cells}]


def differences(english, chinese):
    """(only English, only Chinese), sorted. Ten times smaller is 十分之一; bare 0, 1, 2 are often words."""
    en, zh = Counter(english), Counter(chinese)
    en, zh = en - zh, zh - en
    for key in list(en):
        turned = f"{1 / float(key):.6g}" if float(key) else ""
        both = min(en[key], zh[turned])
        en, zh = en - Counter({key: both}), zh - Counter({turned: both})
    return tuple(sorted(k for k in c.elements() if k not in ("0", "1", "2")) for c in (en, zh))


# --- checking --------------------------------------------------------------------------------------

def examine(rel, book):
    """(the list as it should be, complaints)"""
    page, chinese, ledger = book.page(rel), book.chinese(rel), book.ledger(rel)
    covered, wrong = coverage(page, ledger, book.needed)
    known = book.known(rel)
    cells, more = listed(page, chinese, covered, known)
    wrong += more + twins(page, chinese, ledger.get("apart", {}))
    return cells, wrong, known


def check(rel, book):
    """Complaints about one page, each with its cell."""
    cells, wrong, known = examine(rel, book)
    for key in {**known, **cells}:
        wrong += changes(key, known.get(key, []), cells.get(key, []))
    return [f"{rel} {line}" for line in wrong]


def changes(key, old, new):
    """What a cell says otherwise than its written list."""
    if old == new:
        return []
    gone = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
    was = ", ".join(line[2:] for line in gone if line[0] == "-") or "nothing"
    now = ", ".join(line[2:] for line in gone if line[0] == "+") or "nothing"
    return [f"[{key}] says {now}; written down is {was}. If the text is right: tools/numerals.py trace"]


def trace(rel, book, keys=()):
    """Write the list of a page; returns (what changed, complaints)."""
    cells, wrong, known = examine(rel, book)
    if keys:
        cells = {key: lines if key in keys else known.get(key, []) for key, lines in cells.items()}
    path = book.root / PLACE / f"{book.name(rel)}.txt"
    said = [f"{rel} [{key}]: {line}" for key in {**known, **cells}
            for line in difflib.ndiff(known.get(key, []), cells.get(key, [])) if line[0] in "+-"]
    if any(cells.values()) or path.exists():
        i18n.write(path, write(cells))
    return said, [f"{rel} {line}" for line in wrong]


def constants(book):
    """Numbers in code that no computation gives: each is also in constants.toml, with where it was read."""
    wrong = []
    for fact in tomllib.loads(book.text(f"{PLACE}/constants.toml")).get("constant", ()):
        wanted = fact["is"]
        if isinstance(wanted, str):
            wanted = [sources.evaluate(wanted, sources.Page(""), book.needed)]
        for file, pattern in fact["in"].items():
            found = [m.groups() for m in re.finditer(pattern, book.text(file))]
            if not found or any(list(map(float, groups)) != wanted for groups in found):
                said = "; ".join(", ".join(groups) for groups in found) or "nothing"
                wrong.append(f"{file}: {fact['name']}: says {said}, and {fact['from']} says "
                             f"{', '.join(f'{v:.12g}' for v in wanted)} ({PLACE}/constants.toml)")
    return wrong


TABLES = {"chapters/notation.md", "chapters/glossary.md"}  # their numbers are those of chapters


@cache
def pages(root=ROOT):
    return tuple(rel for rel in i18n.pages(root) if rel not in TABLES)


def main(argv=None):
    parser = argparse.ArgumentParser(description="Where the numbers in the book's prose come from.")
    parser.add_argument("command", choices=("check", "trace"))
    parser.add_argument("file", nargs="*", metavar="FILE", help="pages, or a page and its cells (trace)")
    options = parser.parse_args(argv)
    book, files, keys = Book(), options.file, ()
    if options.command == "trace" and len(files) > 1:
        files, keys = files[:1], files[1:]
    try:
        files = [i18n.english_of(file, ROOT) for file in files] or pages()
    except i18n.TranslationError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    wrong = [] if options.file else constants(book)
    for rel in files:
        if options.command == "check":
            wrong += check(rel, book)
        else:
            said, more = trace(rel, book, keys)
            print("\n".join(said), end="\n" if said else "")
            wrong += more
    for line in wrong:
        print(f"✗ {line}")
    print(f"{len(files)} pages, {len(wrong)} complaints about their numbers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
