"""Search: what its code makes of words, and a hundred real queries against the built index."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "site/ext"))
import book_search  # noqa: E402

CODE = (ROOT / "site/live/search.js").read_text("utf8")
QUERIES = yaml.safe_load((ROOT / "tests/site/queries.yml").read_text("utf8"))
TERMS = {"terms": [["a.html#x", "循环神经网络", "recurrent neural network", "循环网络", "RNN"],
                   ["b.html", "back-propagation", "反向传播", "backprop"], ["c.html", "门", "gate"]],
         "traditional": "學学習习"}


def node(script):
    run = subprocess.run([Path(sys.executable).parent / "node", "-"], input=CODE + script, text=True,
                         capture_output=True, check=True)
    return json.loads(run.stdout)


def search(rows, query, terms=None):
    """The names of what is found among rows {name: text}, best first."""
    rows = [{"url": f"{name}.html", "page": "", "name": name, "text": text} for name, text in rows.items()]
    table = json.dumps(terms or {"terms": [], "traditional": ""})
    return node(f"const index = fgSearch.prepare({json.dumps(rows)}, {table});"
                "const names = (found) => found.map((row) => row.name);"
                f"console.log(JSON.stringify(names(fgSearch.search(index, {json.dumps(query)}))))")


@pytest.mark.parametrize(("one", "other"), [
    ("ＡＤＡＭ", "adam"), ("Back-Propagation", "backpropagation"),
    ("regularization", "regularisation"),
    ("colour", "color"), ("labelled", "labeled"), ("λ_max", "lambda_max"), ("β₁", "beta1")])
def test_spellings_that_search_holds_equal(one, other):
    both = json.dumps([one, other])
    folded = node(f"console.log(JSON.stringify({both}.map((word) => fgSearch.fold(word))))")
    assert folded[0] == folded[1]


def test_an_unspaced_phrase_is_found_and_preferred_to_its_scattered_characters():
    assert search({"甲": "最好的学习率", "乙": "学习数率", "丙": "习率和学习"}, "学习率") == ["甲", "丙"]


@pytest.mark.parametrize("query", ["循环网络", "RNN", "rnns", "recurrent  neural-network"])
def test_a_term_is_found_by_each_of_its_names(query):
    assert search({"甲": "这里讲循环神经网络。", "乙": "别的"}, query, TERMS) == ["甲"]


def test_a_term_leads_to_where_it_is_introduced():
    rows = {"b": "反向传播", "反向传播再谈": "反向传播 反向传播"}
    assert search(rows, "backprop", TERMS) == ["b", "反向传播再谈"]


def test_traditional_characters_find_simplified_ones():
    assert search({"甲": "学习"}, "學習", TERMS) == ["甲"]


@pytest.mark.parametrize("typed", ["momentun", "momentm", "momenttum", "mometnum"])
def test_one_letter_wrong_in_a_long_word_is_forgiven(typed):
    assert search({"a": "the momentum of a ball", "b": "moment"}, typed)[:1] == ["a"]


def test_short_words_are_taken_as_they_are():
    assert search({"a": "a cat"}, "cap") == []


def test_errata_come_last():
    rows = {"27_errata": "dropout dropout", "z": "some words on dropout"}
    assert search(rows, "dropout") == ["z", "27_errata"]


@pytest.mark.parametrize(("latex", "spoken"), [
    (r"\beta_1", "β₁"), (r"1 - \beta^t", "1−βᵗ"), (r"\lambda_{\max}", "λ_max"), (r"\frac{a}{b}", "a/b"),
    (r"\sqrt{D}", "√D"), (r"x^2", "x²"), (r"\frac{1", "")])
def test_formulas_are_shown_without_tex(latex, spoken):
    assert book_search.spoken(latex) == spoken


# --- the built index ------------------------------------------------------------------------------------

def ranks(site, language):
    """[(query, place of the first expected section among those found, or None, what came first)]"""
    index = (site / ("zh" if language == "zh" else "") / "search-index.js").read_text("utf8")
    found = node(
        f"globalThis.window = globalThis; {index}"
        "const index = fgSearch.prepare(fgSearchIndex.map(([url, page, name, text]) =>"
        " ({ url, page, name, text })), fgSearchTerms);"
        f"console.log(JSON.stringify({json.dumps(QUERIES[language])}.map(([query]) =>"
        " fgSearch.search(index, query).map((row) => row.url))))")
    short = [[re.sub(r"^chapters/(\d\d)_[^#]*", r"\1", url) for url in urls] for urls in found]
    return [(query, next((i for i, url in enumerate(urls) if url in wanted), None), urls[:1])
            for (query, *wanted), urls in zip(QUERIES[language], short, strict=True)]


def test_a_hundred_queries_find_their_sections(site):
    all_ranks = [row for language in ("zh", "en") for row in ranks(site, language)]
    astray = [row for row in all_ranks if row[1] != 0]
    assert len(all_ranks) == 100
    assert Counter(len(QUERIES[language]) for language in ("zh", "en")) == {50: 2}
    assert sum(rank == 0 for _, rank, _ in all_ranks) >= 90, astray
    assert sum(rank is not None and rank < 3 for _, rank, _ in all_ranks) >= 97, astray


@pytest.mark.parametrize("folder", ["", "zh"])
def test_no_tex_is_in_the_index(site, folder):
    rows = (site / folder / "search-index.js").read_text("utf8").partition("window.fgSearchTerms")[0]
    titles = [cell for row in json.loads(rows.partition("=")[2].rstrip().rstrip(";")) for cell in row[1:3]]
    assert not [title for title in titles if re.search(r"[\\${}]", title)]


def test_nothing_flashes_while_pinyin_is_composed(visit):
    page = visit("zh/search.html?q=动量")
    box, results = page.locator("#search-box"), page.locator("#search-results li")
    before = results.count()
    assert page.locator("#search-count").inner_text() == f"“动量”：找到 {before} 处"
    type_in = """(box, [value, composing]) => { box.value = value;
        box.dispatchEvent(new InputEvent("input", { isComposing: composing, bubbles: true })); }"""
    box.evaluate(type_in, ["zqxjk", True])
    assert results.count() == before > 0
    box.evaluate("""(box) => { box.value = "龘靐";
        box.dispatchEvent(new CompositionEvent("compositionend")); }""")
    assert results.count() == 0
