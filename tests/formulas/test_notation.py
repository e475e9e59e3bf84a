"""The page of notation: every letter of a chapter's formulas is in its table, each meaning of it.

A line is `| $letter$ | meaning | chapters |`. A letter with a second meaning in a chapter has a second line,
which says from where on: `05, 10 from {eq}`lm-neural``, or from a heading in “…”.
"""

import collections
import re

import entries
import pytest

# Chapter 27 quotes the sources, in the sources' letters.
CHAPTERS = [number for number in entries.CHAPTERS if number != "27"]
PAGES = {"en": "chapters/notation.md", "zh": "zh/chapters/notation.md"}
GREEK = re.compile(
    r"\\(?:var)?(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi"
    r"|omega|Phi|Psi|Sigma|Delta|Gamma|Omega|Lambda|Theta)|\\ell"
)
# Words and names of several letters are no letters: TP counts true positives.
WORDS = re.compile(
    r"\\(?:text|texttt|textit|textbf|operatorname|mathrm|begin|end)\*?\{[^{}]*\}|TPR|FPR|TP|FP|TN|FN"
)
DIFFERENTIAL = re.compile(r"\\(?:frac|dfrac)\{d\w*\}\{d\w*\}|(?<![A-Za-z\\])d(\\\w+|[A-Z])/d(\\\w+|[A-Z])")
WHERE = re.compile(r"(\d\d)(?: (?:from|自) (.+?)(?: 起)?)?(?:, |、|$)")


def letters(formula):
    """The single letters in a formula's LaTeX, Greek ones by their command; not the d of a derivative."""
    found = re.findall(r"\\[a-zA-Z]+|[A-Za-z]", WORDS.sub(" ", DIFFERENTIAL.sub(undone, formula)))
    return {token for token in found if len(token) == 1 or GREEK.fullmatch(token)}


def undone(match):
    return re.sub(r"d(?=\\?\w)", " ", match[0].replace("frac", ""))


def used(number, language="en"):
    """Letter -> the first cell that has it."""
    texts = entries.cells(entries.notebook(number, language))
    first = {}
    for formula in sorted(entries.displayed(texts) + entries.inline(texts)):
        for letter in letters(formula.words):
            first.setdefault(letter, formula.cell)
    return first


def table(text):
    """(letter, chapter, from where) of every line, and complaints about lines that are none."""
    found, wrong = [], []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if not line.startswith("| $") or len(cells) != 5:
            continue
        letter, places = cells[1].strip("$"), WHERE.findall(cells[3])
        if letters(letter) != {letter} or not places or not cells[2]:
            wrong.append(f"no line of the table: {line}")
        found += [(letter, number, where) for number, where in places]
    return found, wrong


def complaints(known, number, cells, page):
    """What a chapter's letters and the table have against each other."""
    meanings = collections.defaultdict(list)
    for letter, chapter, where in known:
        if chapter == number:
            meanings[letter].append(where)
    found = [f"chapter {number}, cell {cells[letter]}: ${letter}$ is not in {page}; add what it means"
             for letter in sorted(set(cells) - set(meanings))]
    found += [f"{page}: ${letter}$ does not occur in chapter {number}; take the chapter out of its line"
              for letter in sorted(set(meanings) - set(cells))]
    return found + [f"{page}: ${letter}$ has {len(where)} meanings in chapter {number}; all lines but the "
                    f"first must say from where: {number} from {{eq}}`…`"
                    for letter, where in meanings.items() if where[0] or not all(where[1:])]


def no_place(known, number, language, page):
    """Places from which a meaning holds, and that the chapter has not."""
    text = "\n".join(text for _, text in entries.cells(entries.notebook(number, language)))
    def there(where):
        if label := re.fullmatch(r"\{(?:eq|ref|prf:ref)\}`([\w-]+)`", where):
            return f"({label[1]})" in text or f":label: {label[1]}\n" in text
        return re.search(rf"^#+ {re.escape(where.strip('“”'))}$", text, re.M) is not None
    return [f"{page}: chapter {number} has no {where}, from which ${letter}$ has another meaning"
            for letter, chapter, where in known if chapter == number and where and not there(where)]


def page(language):
    return (entries.ROOT / PAGES[language]).read_text("utf-8")


@pytest.mark.parametrize("language", PAGES)
@pytest.mark.parametrize("number", CHAPTERS)
def test_every_letter_is_in_the_table(number, language):
    known, wrong = table(page(language))
    found = wrong + complaints(known, number, used(number, language), PAGES[language])
    found += no_place(known, number, language, PAGES[language])
    assert not found, "\n" + "\n".join(found)


def test_both_tables_have_the_same_letters():
    english, chinese = (table(page(language))[0] for language in PAGES)
    assert [row[:2] for row in english] == [row[:2] for row in chinese]


# --- can it fail? ---------------------------------------------------------------------------------
TABLE = ["| $a$ | one | 01, 02 |", "| $a$ | another | 02 from {eq}`two` |", r"| $\mu$ | mean | 02 |"]


@pytest.mark.parametrize(("cells", "lines", "says"), [
    ({"a": 1, r"\mu": 2}, TABLE, []),
    ({"a": 1, r"\mu": 2, "b": 7}, TABLE, ["chapter 02, cell 7: $b$ is not in page"]),
    ({"a": 1}, TABLE, [r"$\mu$ does not occur in chapter 02"]),
    ({"a": 1, r"\mu": 2}, [*TABLE, "| $a$ | a third | 02 |"], ["$a$ has 3 meanings in chapter 02"]),
    ({"a": 1, r"\mu": 2}, [TABLE[1], TABLE[0], TABLE[2]], ["$a$ has 2 meanings in chapter 02"]),
])
def test_what_is_wrong_is_said(cells, lines, says):
    known, wrong = table("\n".join(lines))
    found = wrong + complaints(known, "02", cells, "page")
    assert len(found) == len(says)
    assert all(words in line for words, line in zip(says, found, strict=True)), found


@pytest.mark.parametrize("line", ["| $ab$ | two letters | 01 |",
                                  "| $a$ | | 01 |", "| $a$ | no chapter | x |"])
def test_a_line_that_is_none_is_said(line):
    assert table(line)[1] == [f"no line of the table: {line}"]


@pytest.mark.parametrize("where", ["{eq}`gd-flor`", "{prf:ref}`ls-auc`", "“A heading that is not there”"])
def test_a_place_must_be_there(where):
    assert no_place([("a", "06", where)], "06", "en", "page")


@pytest.mark.parametrize(("formula", "found"), [
    (r"\hat m_t = \frac{m_t}{1 - \beta^t}", {"m", "t", r"\beta"}),
    (r"TP + FP + N_-", {"N"}),
    (r"\text{bits } \operatorname{Var}_{p_T}(z) \mathbb{E}[x]", set("pTzEx")),
    (r"\frac{dS}{dT} = d\beta/dT", {"S", "T", r"\beta"}),
    (r"d \cdot x", {"d", "x"}),
    (r"P(\texttt{tea})", {"P"}),
])
def test_letters(formula, found):
    assert letters(formula) == found
