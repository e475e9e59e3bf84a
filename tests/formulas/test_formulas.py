"""The chapters' formulas: each has an entry, says the same in both languages, and is true."""

import warnings

import entries
import latex
import pytest
import slips

ENTRIES = {
    f"{number} {entry.label}": entry
    for number in entries.CHAPTERS
    for entry in entries.chapter(number).entries
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("number", entries.CHAPTERS)
def test_every_formula_has_its_entry(number, language):
    path = entries.notebook(number, language)
    words = entries.english if language == "zh" else str
    name = path.relative_to(entries.ROOT).as_posix()
    found = entries.complaints(
        entries.chapter(number).entries, entries.cells(path), name, f"ch{number}", words
    )
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_formula_is_true(name):
    ENTRIES[name].check()


def test_names_are_there_once():
    for number in entries.CHAPTERS:
        labels = [entry.label for entry in entries.chapter(number).entries]
        assert len(set(labels)) == len(labels), f"ch{number}: two entries of one name"


# --- can a check fail? ----------------------------------------------------------------------------
SEEDED = [
    ("01", "lm-twelve", "12", "13"),
    ("01", "lm-sixnd", "6", "4"),
    ("01", "lm-activations", r"\frac{a\,s}{h}", r"\frac{a\,h}{s}"),
    ("02", "tools-roofline", r"\min", r"\max"),
    ("02", "tools-layer", "1 + 2B/n", "1 - 2B/n"),
    ("02", "tools-broadcast", "if } n = 1", "if } n = 2"),
    ("03", "mlp-slopes", "1 - h^2", "1 + h^2"),
    ("03", "mlp-count", "+ 1", "- 1"),
    ("04", "ls-bce", "e^{-|z|}", "e^{|z|}"),
    ("04", "ls-cost", "1 + c", "1 - c"),
    ("04", "~ece", "n_m}{N}", "N}{n_m}"),
    ("05", "bp-affine", r"G^\top X", r"X^\top G"),
    ("05", "bp-he", "2", "1"),
    ("05", "bp-central", r"\frac{h^2}{6}", r"\frac{h^2}{3}"),
    ("06", "gd-floor", r"2 - \alpha\lambda", r"2 + \alpha\lambda"),
    ("06", "gd-variance", r"\frac{N - B}{N - 1}", r"\frac{N - 1}{N - B}"),
    ("06", "gd-complex", r"(1 - \sqrt\mu)^2 <", r"(1 - \mu)^2 <"),
    ("07", "adam-noise", "0.229", "0.292"),
    ("07", "adam-noise", r"\frac{1 - \beta_1}{1 + \beta_1}", r"\frac{1 + \beta_1}{1 - \beta_1}"),
    ("07", "adam-amsgrad", r"\max(u_{t-1}, v_t)", r"\min(u_{t-1}, v_t)"),
    ("08", "reg-soft", r"|z| - \lambda", r"|z| + \lambda"),
    ("08", "reg-dropout-moments", r"= \frac{d}{1-d}", r"= \frac{1-d}{d}"),
    ("09", "w2v-sampling", r"\sigma(-u_{n_i}", r"\sigma(u_{n_i}"),
    ("09", "~best-score", r"- \log k", r"+ \log k"),
    ("10", "lm-discount", "2 n_2", "3 n_2"),
    ("10", "lm-bpc", r"\frac{\text{tokens}}{\text{characters}}", r"\frac{\text{characters}}{\text{tokens}}"),
    ("11", "rn-gru", r"(1 - z_t)\circ n_t + z_t", r"z_t\circ n_t + (1 - z_t)"),
    ("11", "rn-lstm-bptt", r"f_{t+1}", "f_{t}"),
]


@pytest.mark.parametrize(("number", "label", "before", "after"), SEEDED)
def test_a_wrong_formula_is_untrue_and_is_seen(number, label, before, after):
    """By its check, were the entry changed too; by its words, in either language, were it not."""
    entry = ENTRIES[f"{number} {label}"]
    assert entry.words.count(before) >= 1
    wrong = entry.words.replace(before, after, 1)
    with pytest.raises((AssertionError, latex.Unreadable)):
        entry.check(wrong)
    for language, words in (("en", str), ("zh", entries.english)):
        texts = entries.cells(entries.notebook(number, language))
        edited = [(cell, edit(text, entry.words, wrong, words)) for cell, text in texts]
        assert edited != texts
        found = entries.complaints(entries.chapter(number).entries, edited, "chapter", f"ch{number}", words)
        assert any(label in line or label[0] == "~" for line in found), found


def edit(text, before, after, words):
    """`text` with the displayed formula that reads `before` changed to `after`."""
    for match in entries.DISPLAY.finditer(text):
        if words(entries.same(match[1])) == words(before):
            return text[: match.start(1)] + after + text[match.end(1) :]
    return text


ALIKE = {  # slips that change nothing
    "08 ~bias-variance": "the square is in the words below a brace",
    "08 reg-dropout-moments": "m is 0 or 1, and so is its square",
    "09 w2v-likelihood": "the window reaches as far to both sides",
}


@pytest.mark.parametrize("number", entries.CHAPTERS)
def test_every_slip_is_seen(number):
    """Each sign, digit and command of each formula, changed by itself: the check must not pass."""
    unseen = []
    for entry in entries.chapter(number).entries:
        for what, changed in slips.slips(entry.words):
            if passes(entry, changed):
                unseen.append((f"{number} {entry.label}", what))
    assert [name for name, _ in unseen] == [name for name in ALIKE if name[:2] == number], unseen


def passes(entry, words):
    with warnings.catch_warnings(action="ignore"):  # of logarithms of what is not positive
        try:
            entry.check(words)
        except (AssertionError, latex.Unreadable):
            return False
    return True


# --- what the gate says ---------------------------------------------------------------------------
def made(label, words):
    return entries.Entry(label, words, dict, (), 0, 0)


KNOWN = [made("one", "a = b"), made("~two", "c = d"), made("$three", "e = f")]
RIGHT = "Words.\n\n$$\na = b\n$$ (one)\n\nand\n\n$$ c = d $$\n\nand $e = f$."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RIGHT, []),
        (RIGHT.replace("a = b", "a  =\nb"), []),
        (RIGHT.replace("a = b", "a = -b"), ["page, cell 3: (one) is now a = -b", "change the entry"]),
        (
            RIGHT.replace("c = d", "c = -d"),
            ["cell 3: a formula has no entry, or has changed: c = -d", "entry ~two"],
        ),
        (
            RIGHT.replace("e = f", "e = -f"),
            ["no formula for the entry $three of tests/formulas/ch99.py: e = f"],
        ),
        (
            RIGHT.replace("(one)", "(four)"),
            [
                "cell 3: (four) has no entry; check it in tests/formulas/ch99.py",
                "no formula for the entry one",
            ],
        ),
        (
            RIGHT.replace("$$ (one)", "$$"),
            ["a formula has no entry, or has changed: a = b", "for the entry one"],
        ),
        (
            RIGHT + "\n\n```{math}\n:label: five\na = c\n```",
            ["cell 3: write $$ … $$ (label) instead of ```{math}"],
        ),
        (
            RIGHT + "\n\n$$\\begin{align*} x \\end{align*}$$",
            ["instead of \\begin{align*}", "a formula has no entry"],
        ),
    ],
)
def test_complaints(text, says):
    found = entries.complaints(KNOWN, [(3, text)], "page", "ch99")
    assert len(found) >= bool(says)
    assert (found == []) == (says == [])
    for words in says:
        assert any(words in line for line in found), found


@pytest.mark.parametrize(
    ("chinese", "says"),
    [
        (r"a = b \text{ 若 } c", []),
        (r"a = b \text{ if } c", []),
        (r"a = b \text{ 若 } d", ["(one) is now"]),
        (r"a = b \text{ 或 } c", ["(one) is now"]),
        (r"a = b \text{ 甲 } c", ["(one) is now", "what is 甲 in English?"]),
    ],
)
def test_words_in_formulas_may_be_chinese(chinese, says):
    known = [made("one", r"a = b \text{ if } c")]
    found = entries.complaints(known, [(0, f"$${chinese}$$ (one)")], "page", "ch99", entries.english)
    assert len(found) == len(says)
    assert all(any(words in line for line in found) for words in says), found


# --- reading LaTeX --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "value"),
    [
        (r"\frac12 + \tfrac h2", 2.5),
        ("2h^2/4k", 16 / 3),
        ("-h^2 + 1", -15),
        (r"|h - 5|^2 \cdot |{-k}|", 1.5),
        (r"\sum_{i=1}^{3} x_i + 1", 7),
        (r"\sum_i x_i\,(i + 1) - 1", 19),
        (r"\prod_{i=1}^{3} x_{4-i}", 6),
        (r"\ln e^{h}/2", 2),
        (r"f(h, k) - f(1 \mid 2)", 2.5),
        ("[h = 4] + [k = 1]", 1),
        (r"\sqrt{\sqrt{16}}", 2),
        (r"\begin{cases} 1 & \text{if } h = 3 \text{ or } h = 5 \\ 2 & \text{otherwise} \end{cases}", 2),
    ],
)
def test_what_is_read(words, value):
    letters = {"h": 4.0, "k": 1.5, "x": {1: 1, 2: 2, 3: 3}, "f": lambda a, b: a + b, "over": {"i": [1, 2, 3]}}
    latex.holds(words, {**letters, "value": value})
    with pytest.raises(AssertionError):
        latex.holds(words, {**letters, "value": value + 0.1})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("a = c", "c has no value"),
        ("a", "nothing to compare with"),
        (r"a = \sum_j a", "over what does the sum run: j"),
        ("a = (a", "expected before the end"),
        ("a = a)", "no meaning: )"),
        ("a = a_1", "nothing has the index 1"),
        (r"a = \sum_{i=2}^{1} a", "a sum of nothing"),
        (r"a = \begin{cases} 1 & a = 2 \end{cases}", "of the cases 0 are true"),
    ],
)
def test_what_is_not_read(words, says):
    with pytest.raises(latex.Unreadable, match=says.replace("(", r"\(").replace(")", r"\)")):
        latex.holds(words, {"a": 1.0})


def test_relations():
    latex.holds(r"a < b \le c", {"a": 1, "b": 2, "c": 2})
    latex.holds(r"a \le b", {"a": 3, "b": 2, "false": True})
    with pytest.raises(AssertionError, match="not true"):
        latex.holds(r"a \le b", {"a": 1, "b": 2, "tight": True})
    with pytest.raises(AssertionError, match="true where it should not be"):
        latex.holds(r"a \le b", {"a": 1, "b": 2, "false": True})
    with pytest.raises(AssertionError, match="not true"):
        latex.holds(r"\underbrace{a}_{\ge 0} = -1", {"a": -1})
