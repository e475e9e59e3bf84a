"""Numbers in the prose: how they are read, where they may come from; slips in the committed book are seen."""

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
import numerals
import numerals_read as reader
import numerals_sources as sources

ROOT = numerals.ROOT

READ = [  # text, language, the numbers that it says
    ("The price is 1,234.5 and 1.5e-3 of it.", "en", ["1234.5", "0.0015"]),
    ("About 3 % of 24,000, or 1 : 2.", "en", ["3%", "24000", "1", "2"]),
    ("A rate of $0.02$ and $5 \\cdot 10^{-4}$.", "en", ["0.02", "0.0005"]),
    ("$\\tfrac12 x^2 + 0.3\\,x_7$", "en", ["0.3"]),
    ("eleven points, by six, by seven", "en", ["11", "6", "7"]),
    ("twenty-five, three hundred and fifty, a hundred, two thousand", "en", ["25", "350", "100", "2000"]),
    ("between ten and thirteen; a thousand and one", "en", ["10", "13", "1001"]),
    ("one of them, two of us, but two per cent and two times", "en", ["2%", "2"]),
    ("a third of it, three quarters, two and a half, a third model", "en", ["0.3333333333", "0.75", "2.5"]),
    ("110 and 340 million; 2 to 6 %; half a million; 7 B", "en",
     ["110000000", "340000000", "2%", "6%", "500000", "7000000000"]),
    ("chapter 4, section 3.2, exercise 2, step 7, §5.1, source 003, GPT-3, E36, 2024-03", "en", []),
    ("hundreds of thousands of words, a few hundred rows, powers of ten", "en", []),
    ("a tenfold rate, twice as much", "en", ["10", "2"]),
    ("一个，两个，但是 2%、两倍、3 成以外的三成", "zh", ["2%", "2", "3", "30%"]),
    ("十一、十八、八十、三百五十、一千零一", "zh", ["11", "18", "80", "350", "1001"]),
    ("1750 亿、6,000 万、五十万、3.5 万亿", "zh", ["1.75e+11", "60000000", "500000", "3.5e+12"]),
    ("三分之一，百分之五，百万分之一，两个半", "zh", ["0.3333333333", "0.05", "1e-06", "2.5"]),
    ("第三章，第 4 章，第 2 步，十分好，四舍五入，几十个，数亿，十几", "zh", []),
    ("分别赢十一、六、七个百分点，十分之一", "zh", ["11", "6", "7", "0.1"]),
]


@pytest.mark.parametrize(("text", "language", "expected"), READ, ids=[row[0][:24] for row in READ])
def test_what_counts_as_a_number(text, language, expected):
    assert [mention.key for mention in reader.read(text, language)] == expected


def test_names_code_and_list_numbers_are_no_numbers_but_code_that_is_one_is():
    text = "1. `layer2` has `0.5`\n2. see {ref}`x7`\n\n```python\na = 77\n```\n\n(label-9)=\n## Title\n"
    assert [m.key for m in reader.read(text, "en")] == ["0.5"]


def page(*cells):
    """A page of ("markdown" | code, output) cells, as it stands in a file."""
    rows = [{"id": f"c{n}", "cell_type": "markdown" if output is None else "code", "source": source,
             "outputs": [] if not output else [{"text": output}]} for n, (source, output) in enumerate(cells)]
    return sources.english_page("chapters/00.ipynb", json.dumps({"cells": rows}))


def origins(*cells, at=0):
    made = page(*cells)
    return [numerals.origin(m, made, at, ()) for m in made.cells[at].mentions]


@pytest.mark.parametrize(("text", "output", "found"), [
    ("It is 0.86.", "accuracy 0.8549", False), ("It is 0.86.", "accuracy 0.8649", True),
    ("It is 86 %.", "accuracy 0.8649", True), ("It is 86 %.", "accuracy 85.4 %", False),
    ("It fell by 3.14.", "-3.1415", True), ("They are 1,797.", "(1797, 8)", True),
    ("There are about 3,000.", "2,961 rows", True), ("There are 3,000.", "2,961 rows", False),
    ("There are five.", "5 lines", True), ("It is 175 billion.", "1.75e+11", True),
])
def test_an_output_is_the_origin_of_what_it_rounds_to(text, output, found):
    assert origins((text, None), ("f()", output)) == ["out c1" if found else None]


def test_code_lists_formulas_exercises_and_citations_are_origins():
    assert origins(("We take 0.37.", None), ("rate = 0.37", "")) == ["code c1"]
    assert origins(("Three things:\n\n- a\n- b\n- c", None)) == ["count c0"]
    assert origins(("It is 0.41, as $y = 0.41\\,x$ says.", None)) == ["formula c0", "formula c0"]
    assert origins(("It was 37 % {cite}`somebody2020`.\nIt is 38 %.", None)) == ["cite somebody2020", None]
    assert origins(("```{exercise} E\n:label: e\nTake 47 of them.\n```", None)) == ["exercise"]


def test_figures_words_are_read_and_compared_but_need_no_origin():
    cell = {"id": "plot", "cell_type": "code", "source": "plot()", "outputs": [],
            "metadata": {"mystnb": {"image": {"alt": "It falls from 0.83 to 0.21."}}}}
    text = json.dumps({"cells": [cell]})
    made = sources.english_page("chapters/00.ipynb", text)
    assert [c.id for c in made.cells] == ["plot", "plot:alt"]
    assert numerals.lines_of(made, 1, (), []) == (["0.83 figure", "0.21 figure"], [])
    twin = text.replace("It falls from 0.83 to 0.21.", "从 0.83 降到 0.12。")
    chinese = sources.chinese_texts("chapters/00.ipynb", twin)
    assert "0.21, where Chinese has 0.12" in numerals.twins(made, chinese, {})[0]


def test_what_differs_between_machines_is_no_origin():
    printed = ("f()", "accuracy: 0.855 (within ± 0.01; measured 0.8471)")
    assert origins(("It is 0.847.", None), printed) == [None]
    assert origins(("It is 0.855.", None), printed) == ["out c1"]


def test_small_numbers_have_no_origin_far_away_nor_differences_any():
    far = [("text", None)] * 4
    assert origins(("# Title\nThere are seven.", None), *far, ("# Other", None), ("f()", "7")) == [None]
    assert origins(("It is 0.8551.", None), *far, ("# Other", None), ("f()", "0.8551")) == ["out c6"]
    assert origins(("It is seven points better.", None), ("f()", "7")) == [None]


# --- the ledger ------------------------------------------------------------------------------------

def ledger(words, why, text="It is worth about three points, and three more.", files=None):
    made = page((text, None), ("f()", "0.855 and 0.827"))
    covered, wrong = numerals.coverage(made, {"c0": {words: why}}, (files or {}).__getitem__)
    return covered, wrong


def test_a_ledger_line_covers_one_number():
    covered, wrong = ledger("about {three} points", "the difference of the two accuracies")
    assert not wrong
    assert covered == {"c0": {18}}


@pytest.mark.parametrize(("words", "why", "said"), [
    ("about {four} points", "some reason or other", "stand 0 times"),
    ("{three}", "some reason or other", "stand 2 times"),
    ("about three points", "some reason or other", "put braces"),
    ("about {three} points", "no", "say why"),
    ("about {three} points", {"expr": "100 * (out('c1', 0) - out('c1', 1)) + 1"}, "is 3.8, the text"),
    ("about {three} points", {"expr": "out('c1', 7)"}, "prints 2 numbers"),
    ("about {three} points", {"expr": "__import__('os')"}, "is not arithmetic"),
    ("about {three} points", {"expr": "(3).real"}, "is not arithmetic"),
    ("about {three} points", {"expr": "9 ** 9 ** 9"}, "too large"),
    ("about {three} points", {"expr": "data('a.json', 'x.9')"}, "a.json has no x.9"),
    ("about {three} points", {"expr": "text('a.json', r'y')"}, "0 places match"),
    ("about {three} points", {"exp": "3"}, "known: expr, why, sense"),
    ("about {three} points", {"expr": "3.5", "sense": "less"}, "the text says three"),
    ("is {worth} about", "some reason or other", "is not read as a number"),
])
def test_a_ledger_line_that_is_wrong_is_named(words, why, said):
    _, wrong = ledger(words, why, files={"a.json": '{"x": [3]}'})
    assert len(wrong) == 1
    assert said in wrong[0]
    assert "[c0]" in wrong[0]


@pytest.mark.parametrize("expression", [
    "100 * (out('c1', 0) - out('c1', 1))", "data('a.json', 'x.0')", "data('a.json', 'x.len') * 3",
    "lines('c1') + 2", "text('a.json', r'x.: .(\\d)')", "round(sqrt(9)) + min(0, 1)", "-(-7 // 2) - 1",
])
def test_an_expression_is_evaluated(expression):
    assert ledger("about {three} points", {"expr": expression}, files={"a.json": '{"x": [3]}'})[1] == []


def test_more_than_is_more_but_not_much_more():
    text = "It is more than six."
    for value, good in ((6.57, True), (5.9, False), (9.0, False)):
        why = {"expr": f"{value}", "sense": "more"}
        assert (ledger("than {six}.", why, text)[1] == []) is good


# --- both languages --------------------------------------------------------------------------------

@pytest.mark.parametrize(("english", "chinese", "said"), [
    ("175 billion", "1750 亿", ""), ("3 %", "3%", ""), ("eleven", "十一", ""),
    ("four points", "4 个百分点", ""), ("ten times smaller", "缩小到十分之一", ""),
    ("it sums to one", "和为 1", ""),
    ("a million", "一百万", ""), ("175 billion", "175 亿", "1.75e+11, where Chinese has 1.75e+10"),
    ("3 %", "8%", "0.03, where Chinese has 0.08"), ("eighteen", "八十", "18, where Chinese has 80"),
    ("eleven, six", "十一", "6, where Chinese has nothing"),
])
def test_both_languages_say_the_same_numbers(english, chinese, said):
    wrong = numerals.twins(page((english, None)), {"c0": chinese}, {})
    assert said in " ".join(wrong)
    assert bool(said) == bool(wrong)


def test_a_difference_may_be_explained_and_the_explanation_goes_out_of_date():
    made = page(("seven times as many", None))
    apart = {"c0": {"english": "7", "chinese": "6", "why": "多出六倍"}}
    assert numerals.twins(made, {"c0": "多出六倍"}, apart) == []
    assert "they agree" in numerals.twins(made, {"c0": "是七倍"}, apart)[0]
    assert "Chinese has 5" in numerals.twins(made, {"c0": "多出五倍"}, apart)[0]


# --- the committed book ----------------------------------------------------------------------------

def test_the_book_has_no_number_without_origin():
    book = numerals.Book()
    assert numerals.constants(book) == []
    assert [line for rel in numerals.pages() for line in numerals.check(rel, book)] == []


def test_few_ledger_lines_are_open():
    ledgers = [numerals.Book().ledger(rel) for rel in numerals.pages()]
    cells = [cell for ledger in ledgers for key, cell in ledger.items() if key != "apart"]
    lines = [why for cell in cells for why in cell.values()]
    assert sum(isinstance(why, str) and why.startswith("unresolved") for why in lines) <= 3
    assert sum(isinstance(why, dict) for why in lines) > len(lines) / 2  # most are evaluated


EN, ZH = "chapters/", "zh/chapters/"
CH = {n: next(ROOT.glob(f"chapters/{n}_*.ipynb")).name for n in ("01", "06", "07", "09", "11", "27")}
SLIPS = [  # chapter, cell, the slip in English, the slip in Chinese
    ("11", "table-read", ("by eleven points, by six, by seven", "by nineteen points, by six, by two"),
     ("分别领先十一、六、七个百分点", "分别领先十九、六、二个百分点")),
    ("11", "table-read", ("by eleven points, by six, by seven", "by eleven points, by seven, by six"),
     ("领先十一、六、七个", "领先十一、七、六个")),
    ("06", "exercises-2", ("with $\\\\alpha = 0.75$", "with $\\\\alpha = 0.57$"),
     ("取 $\\\\alpha = 0.75$", "取 $\\\\alpha = 0.57$")),
    ("27", "e02", ("gives 0.7 for", "gives 0.6 for"), ("的第二个单元写作 0.7", "的第二个单元写作 0.6")),
    ("27", "e16", ("| 340 million |", "| 430 million |"), ("| 3.4 亿 |", "| 4.3 亿 |")),
    ("27", "e36", ("It has 175 billion, in Chinese 1750亿", "It has 157 billion, in Chinese 1570亿"),
     ("175 billion，即 1750 亿", "157 billion，即 1570 亿")),
    ("01", "flops-published-read", ("agree within 3 %", "agree within 8 %"), ("相差不到 3%", "相差不到 8%")),
    ("11", "letters", ("eighteen times", "eighty times"), ("十八", "八十")),
    ("07", "noise", ("} = 0.229", "} = 0.292"), ("} = 0.229", "} = 0.292")),
    ("06", "taylor", ("{cite}`lemarechal2012`", "{cite}`nesterov1983`"),
     ("{cite}`lemarechal2012`", "{cite}`nesterov1983`")),
    ("11", "fair-read", ("6.5, 2.2 and 1.8", "6.5, 1.8 and 2.2"), ("6.5、2.2", "2.2、6.5")),
    ("09", "analogy-read", ("0.75 to 1.15", "1.15 to 0.75"), ("长 0.75 到 1.15", "长 0.75 到 1.51")),
]


def changed(files, slips):
    """{path: text with the slip}"""
    made = {}
    for file, (old, new) in zip(files, slips, strict=True):
        text = (ROOT / file).read_text("utf-8")
        assert text.count(old) >= 1, f"{file} does not say {old}"
        made[file] = text.replace(old, new)
    return made


@pytest.mark.parametrize("which", [(0, 1), (0,), (1,)], ids=["both", "English", "Chinese"])
@pytest.mark.parametrize("slip", SLIPS, ids=[f"{s[0]}-{s[1]}-{n}" for n, s in enumerate(SLIPS)])
def test_a_slip_in_the_prose_is_seen(slip, which):
    chapter, cell, *slips = slip
    if cell == "taylor" and which != (0, 1):
        pytest.skip("tools/i18n.py compares the citations of both languages")
    files = [(EN, ZH)[i] + CH[chapter] for i in which]
    wrong = numerals.check(EN + CH[chapter], numerals.Book(changes=changed(files, [slips[i] for i in which])))
    assert wrong
    assert all(f"[{cell}]" in line for line in wrong)
    assert all(line.startswith(EN + CH[chapter]) and len(line) < 500 for line in wrong)


SIZES, CORE = "lib/firstgrad/book/sizes.py", "widgets/explorables/model_sizer/core.js"
WORDS = "widgets/explorables/model_timeline/strings.js"


@pytest.mark.parametrize(("files", "slips", "said"), [
    ([SIZES, CORE], [("312e12", "321e12")] * 2, "A100"), ([SIZES], [("312e12", "321e12")], SIZES),
    ([CORE], [("312e12", "321e12")], CORE), ([WORDS], [("1958 to", "1985 to")], "first year"),
    ([WORDS], [("至 2025", "至 2052")], "last year"),
    (["data/model_timeline/models.csv"], [("Perceptron,1958-11", "Perceptron,1985-11")], "first year"),
])
def test_a_slip_in_a_constant_is_seen(files, slips, said):
    wrong = numerals.constants(numerals.Book(changes=changed(files, slips)))
    assert wrong
    assert any(said in line for line in wrong)


def test_a_slip_in_data_that_the_prose_tells_is_seen():
    rel, file = EN + CH["01"], "data/model_timeline/models.csv"
    wrong = numerals.check(rel, numerals.Book(changes=changed([file], [("1.571e12", "1.175e12")])))
    assert ["[table-read]" in line and "1.6 trillion" in line for line in wrong] == [True]


def test_an_output_that_changes_leaves_its_numbers_without_origin():
    rel = EN + CH["06"]
    slip = ("difference: 0.017 (within", "difference: 0.029 (within")
    wrong = numerals.check(rel, numerals.Book(changes=changed([rel], [slip])))
    assert any("[baseline-read] ledger" in line and "three" in line for line in wrong)
    rel, slip = EN + CH["11"], ("lstm - logistic   -6.5", "lstm - logistic   -8.5")
    wrong = numerals.check(rel, numerals.Book(changes=changed([rel], [slip])))
    assert any("[fair-read] 6.5" in line for line in wrong)


def test_trace_says_what_changes_and_check_is_content_then(tmp_path):
    for rel in ("_toc.yml", EN + CH["06"], ZH + CH["06"]):
        (tmp_path / rel).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / rel).write_text((ROOT / rel).read_text("utf-8"), "utf-8")
    book = numerals.Book(tmp_path)
    said, wrong = numerals.trace(EN + CH["06"], book)
    assert any("[by-hand-rates-read]: + 0.5 out by-hand-rates" in line for line in said)
    assert any("] 0.9 (“" in line for line in wrong)  # this project has no ledger
    assert numerals.trace(EN + CH["06"], book)[0] == []
