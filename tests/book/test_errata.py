"""The errata: each row has one label, one heading and one line of the table, in both languages."""

import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import i18n

PAGES = ["chapters/27_errata.ipynb", "zh/chapters/27_errata.ipynb"]
BLOCK = re.compile(r"\(erratum-e(\d+)\)=\n### E(\d+)[.　] ?\S")
ROW = re.compile(r"\| \[E(\d+)\]\(#erratum-e(\d+)\) \| ([\d, 、]+) \| \S.* \| \S.* \|")
SOURCE = re.compile(r"\b00[0-4]\b")


def prose(page):
    cells = i18n.read_notebook(i18n.ROOT / page).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def faults(cells):
    """What is wrong with the rows of this page, in words."""
    text = "\n".join(cells)
    blocks = {match[1]: cell for cell in cells if (match := BLOCK.match(cell))}
    rows = {match[1]: match for line in text.split("\n") if (match := ROW.fullmatch(line))}
    wrong = [f"{kind}: not E01, E02, … once each" for kind, numbers in (
        ("labels", re.findall(r"^\(erratum-e(\d+)\)=$", text, re.M)),
        ("headings", re.findall(r"^### E(\d+)", text, re.M)),
    ) if sorted(numbers) != numbered(len(numbers))]
    listed = re.findall(r"^\| \[E(\d+)\]", text, re.M)
    if listed != numbered(len(blocks)) or list(rows) != listed:
        wrong.append("table: not every block in order, one well-formed line each")
    for number, cell in blocks.items():
        if BLOCK.match(cell)[2] != number:
            wrong.append(f"E{number}: label and heading differ")
        if number in rows and rows[number][2] != number:
            wrong.append(f"E{number}: the table links to another row")
        named = {source for bold in re.findall(r"\*\*([^*]+)\*\*", cell) for source in SOURCE.findall(bold)}
        if number in rows and named != set(SOURCE.findall(rows[number][3])):
            wrong.append(f"E{number}: the table names other sources than the block")
        if "{cite}" not in cell and number not in computed():
            wrong.append(f"E{number}: neither a cell nor a citation")
    return wrong


def numbered(count):
    return [f"{number:02}" for number in range(1, count + 1)]


def computed():
    """The numbers of the rows that a cell shows; code is the same in both languages."""
    cells = i18n.read_notebook(i18n.ROOT / PAGES[0]).cells
    return {cell.id[1:3] for cell in cells if re.fullmatch(r"e\d\d-code", cell.id)}


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_one_label_one_heading_and_one_line(page):
    cells = prose(page)
    assert len([cell for cell in cells if BLOCK.match(cell)]) >= 43
    assert faults(cells) == []


def test_the_cell_of_a_row_follows_its_words_and_asserts():
    cells = i18n.read_notebook(i18n.ROOT / PAGES[0]).cells
    for words, code in pairwise(cells):
        if code.cell_type == "code" and re.fullmatch(r"e\d\d-code", code.id):
            assert words.id == code.id[:3]
            assert re.search(r"\b(assert|compare|measured)\b", code.source), code.id
    assert len(computed()) >= 30


MUTANTS = [
    ("(erratum-e07)=", "(erratum-e08)=", "labels"),
    ("(erratum-e07)=", "(erratum-e99)=", "labels"),
    ("### E07", "### E08", "headings"),
    ("| [E07](#erratum-e07)", "| [E07](#erratum-e08)", "links to another"),
    ("| [E07](#erratum-e07) |", "| [E06](#erratum-e06) |", "table"),
    ("| [E07](#erratum-e07) | 004 |", "| [E07](#erratum-e07) | 003 |", "other sources"),
    ("{cite}`devlin2019`, GPT-3 is", "GPT-3 is", "E30"),
]


@pytest.mark.parametrize(("old", "new", "complaint"), MUTANTS)
def test_a_fault_is_seen(old, new, complaint):
    cells = prose(PAGES[0])
    assert sum(cell.count(old) for cell in cells) == 1
    cells = [cell.replace(old, new) for cell in cells]
    if complaint == "E30":  # its other citation too
        cells = [re.sub(r" ?\{cite\}`[^`]+`", "", cell) if "erratum-e30" in cell else cell for cell in cells]
    assert any(complaint in line for line in faults(cells)), faults(cells)
