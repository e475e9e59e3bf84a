"""Sums in numbers alone, within a line or by themselves: `$0.6^{30} \\approx 2 \\cdot 10^{-7}$` comes out."""

import re

import entries
import latex
import numpy as np
import pytest

PLAIN = re.compile(r"(\d+)(?:\.(\d+))?(\\cdot10\^\{?-?\d+\}?)?")
QUOTED = {("27", r"32/(\sqrt{14}\,\sqrt{136}) \approx 0.976")}  # what a source says, which is wrong


def unit(part):
    """Of the last digit of a side that is a number as written, as a share of it: 2.30 -> 0.01/2.30."""
    match = PLAIN.fullmatch("".join(part))
    return 10.0 ** -len(match[2] or "") / max(float(f"{match[1]}.{match[2] or 0}"), 1e-300) if match else 0


def wrong(words):
    """(words, sides) of sums whose sides differ by more than ¾ of the last digit; how many sums there are."""
    found, count = [], 0
    for part in latex.statements(words.replace("{,}", "")):
        try:
            with np.errstate(invalid="ignore"):  # 0/0 is spoken of
                statement = latex.read(part, {}, None)
        except latex.Unreadable:  # it has letters
            continue
        if statement.signs:
            near = 0.75 * max(map(unit, latex.split(part, latex.RELATIONS))) + 1e-12
            count += 1
            found += [] if statement.true(near, near) else [(" ".join(part), str(statement))]
    return found, count


@pytest.mark.parametrize("number", entries.CHAPTERS)
def test_sums_come_out(number):
    path = entries.notebook(number)
    texts = entries.cells(path)
    for formula in entries.displayed(texts) + entries.inline(texts):
        if (number, formula.words) not in QUOTED:
            found, _ = wrong(formula.words)
            assert not found, f"{path.name}, cell {formula.cell}: {found[0][0]} is untrue: {found[0][1]}"


@pytest.mark.parametrize(("words", "right"), [
    (r"0.6^{30} \approx 2 \cdot 10^{-7}", True), (r"0.6^{30} \approx 3 \cdot 10^{-7}", False),
    (r"\ln 10 \approx 2.303", True), (r"\ln 10 \approx 2.313", False),
    ("2 + 4 = 6", True), ("2 + 4 = 7", False),
    (r"\sqrt{27} = 3\sqrt3", True), (r"\sqrt{27} = 2\sqrt3", False),
])
def test_a_wrong_sum_is_seen(words, right):
    found, count = wrong(words)
    assert count == 1
    assert (found == []) == right


def test_what_has_letters_is_no_sum():
    assert wrong(r"x = 2, \quad \frac12 + y = 3") == ([], 0)
