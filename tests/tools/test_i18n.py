"""The two editions: a small scratch book is translated, then broken in every way we can think of."""

import json
import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import i18n
import i18n_rules as rules

TOC = """\
format: jb-book
root: index
parts:
  - caption: Basics
    chapters:
      - file: chapters/01_slope
"""
CONFIG = """\
title: A small book
repository: {url: https://github.com/example/small, branch: main}
html: {baseurl: https://example.github.io/small/}
"""
OVERLAY = """\
title: 小书
captions: {Basics: 基础}
"""
TERMS = """\
terms:
  - {en: slope, zh: 斜率, at: "01", avoid: [坡度], en_line: How steep., zh_line: 多陡。}
"""
INDEX = """\
# A small book

It has **one** chapter: see [the slope](chapters/01_slope.ipynb).

## How to read it

Read all 12 pages.
"""
INDEX_ZH = """\
# 小书

全书只有**一章**：见[斜率](chapters/01_slope.ipynb)。

## 怎么读

请读完全部 12 页。
"""
INTRO = """\
(slope)=
# The slope

The *slope* of $f(x)=x^2$ is `2 * x`, see {cite:p}`cauchy1847` and [the web](https://example.org/slope).

$$ f'(x) = 2x \\text{ for all } x $$ (eq-slope)
"""
INTRO_ZH = """\
(slope)=
# 斜率

$f(x)=x^2$ 的**斜率**是 `2 * x`，见 {cite:p}`cauchy1847` 与[网页](https://example.org/slope)。

$$ f'(x) = 2x \\text{ 对所有 } x $$ (eq-slope)
"""
EXERCISE = """\
## Practice

```{exercise} Another slope
:label: ex-slope
:class: easy

What is the slope of $x^3$ at 25? See {eq}`eq-slope`.
```
"""
EXERCISE_ZH = """\
## 练习

```{exercise} 另一个斜率
:label: ex-slope
:class: easy

$x^3$ 在 25 处的斜率是多少？见 {eq}`eq-slope`。
```
"""
CODE = {
    "import": "import math",
    "plot": "math.sqrt(2)",
}
FIGURE = {"mystnb": {"image": {"alt": "A parabola"},
                     "figure": {"caption": "The slope of $x^2$.", "name": "fig-a"}}}
FIGURE_ZH = {"alt": "一条抛物线", "caption": "$x^2$ 的斜率。"}


def notebook():
    cells = [
        nbformat.v4.new_markdown_cell(INTRO, id="intro"),
        nbformat.v4.new_code_cell(CODE["import"], id="import", metadata={"tags": ["hide-input"]}),
        nbformat.v4.new_code_cell(CODE["plot"], id="plot", metadata=json.loads(json.dumps(FIGURE))),
        nbformat.v4.new_markdown_cell(EXERCISE, id="exercise"),
        nbformat.v4.new_markdown_cell("```{solution-start} ex-slope\n:class: dropdown\n```", id="solution"),
        nbformat.v4.new_markdown_cell("```{solution-end}\n```", id="end"),
    ]
    cells[2]["outputs"] = [nbformat.v4.new_output("stream", text="1.4\n")]
    cells[2]["execution_count"] = 2
    found = nbformat.v4.new_notebook(cells=cells)
    found.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return found


class Book:
    """A scratch book in a folder, with the words tests need to break it."""

    def __init__(self, root):
        self.root = root
        self.rel = "chapters/01_slope.ipynb"
        for name, text in {"_toc.yml": TOC, "_config.yml": CONFIG, "zh/terms.yml": TERMS,
                           "zh/_overlay.yml": OVERLAY, "index.md": INDEX,
                           "references.bib": "", "chapters/picture.svg": "<svg/>"}.items():
            i18n.write(root / name, text)
        i18n.write(root / self.rel, i18n.dumps(notebook()))
        i18n.sync(root)

    def translate(self):
        hashes = [i18n.digest(text) for text in rules.sections(INDEX)]
        i18n.write(self.root / "zh/index.md", i18n.write_page(hashes, rules.sections(INDEX_ZH)))
        with self.zh() as cells:
            cells["intro"].source, cells["exercise"].source = INTRO_ZH, EXERCISE_ZH
            cells["plot"].metadata["mystnb"]["image"]["alt"] = FIGURE_ZH["alt"]
            cells["plot"].metadata["mystnb"]["figure"]["caption"] = FIGURE_ZH["caption"]
        return i18n.accept(self.root / "zh" / self.rel, root=self.root)

    def zh(self):
        return Edit(self.root / "zh" / self.rel)

    def en(self):
        return Edit(self.root / self.rel)

    def complaints(self):
        errors, behind = i18n.check(self.root)
        return errors + behind

    def replace(self, path, old, new):
        text = (self.root / path).read_text("utf-8")
        assert old in text
        (self.root / path).write_text(text.replace(old, new), "utf-8")


class Edit:
    """`with Edit(path) as cells:` the cells of a notebook by id, written back at the end."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.notebook = i18n.read_notebook(self.path)
        return {cell.id: cell for cell in self.notebook.cells}

    def __exit__(self, *error):
        i18n.write(self.path, i18n.dumps(self.notebook))


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path)
    accepted, complaints = book.translate()
    assert (sorted(accepted), complaints) == (["exercise", "intro", "plot:alt", "plot:caption"], [])
    return book


@pytest.mark.parametrize(("english", "chinese"), [
    ("from firstgrad.book import check, plots", "from firstgrad.book.zh import check, plots"),
    ("import math\nfrom firstgrad.book import measured, check\n",
     "import math\nfrom firstgrad.book.zh import measured, check\n"),
    ("from firstgrad.book import measured", "from firstgrad.book import measured"),
])
def test_the_twin_imports_the_check_that_speaks_chinese(book, english, chinese):
    english_notebook = notebook()
    english_notebook.cells[1].source = english
    i18n.write(book.root / book.rel, i18n.dumps(english_notebook))
    i18n.sync(book.root)
    assert i18n.read_notebook(book.root / "zh" / book.rel).cells[1].source == chinese


# --- the happy path --------------------------------------------------------------------------------

def test_a_translated_book_has_no_complaints(book):
    assert book.complaints() == []


def test_sync_changes_nothing_when_nothing_changed(book):
    assert i18n.sync(book.root) == []


def test_new_text_arrives_in_english_and_is_named_with_its_heading(tmp_path):
    complaints = Book(tmp_path).complaints()
    assert "zh/chapters/01_slope.ipynb [exercise] “Practice”: untranslated" in complaints
    assert "zh/index.md [s2] “How to read it”: untranslated" in complaints
    assert "zh/chapters/01_slope.ipynb [plot:alt] “The slope”: untranslated" in complaints


def test_the_chinese_notebook_carries_the_code_but_no_outputs(book):
    with book.zh() as cells:
        assert cells["plot"].source == CODE["plot"]
        assert cells["import"].metadata["tags"] == ["hide-input"]
        assert cells["plot"].outputs == []
    assert "widgets" not in book.zh().path.read_text()


def test_a_cell_that_only_changed_its_id_keeps_its_translation(book):
    with book.en() as cells:
        cells["exercise"].id = "practice"
    i18n.sync(book.root)
    with book.zh() as cells:
        assert cells["practice"].source == EXERCISE_ZH.rstrip("\n") or cells["practice"].source == EXERCISE_ZH
    assert book.complaints() == []


def test_a_new_section_of_a_page_leaves_the_others_translated(book):
    book.replace("index.md", "## How to read it", "## New\n\nNew words.\n\n## How to read it")
    i18n.sync(book.root)
    assert book.complaints() == ["zh/index.md [s2] “New”: untranslated"]


# --- faults: each must be caught, in the cell where it is -----------------------------------------

def zh_cell(cell, old, new):
    def fault(book):
        with book.zh() as cells:
            assert old in cells[cell].source
            cells[cell].source = cells[cell].source.replace(old, new)
    return fault


def en_cell(cell, old, new):
    def fault(book):
        with book.en() as cells:
            assert old in cells[cell].source
            cells[cell].source = cells[cell].source.replace(old, new)
    return fault


def in_file(path, old, new):
    return lambda book: book.replace(path, old, new)


def drop_cell(side):
    def fault(book):
        edit = getattr(book, side)()
        with edit:
            edit.notebook.cells = [c for c in edit.notebook.cells if c.id != "exercise"]
    return fault


def extra_cell(book):
    edit = book.zh()
    with edit:
        edit.notebook.cells.append(nbformat.v4.new_markdown_cell("多余", id="extra"))


def swap_cells(book):
    edit = book.zh()
    with edit:
        edit.notebook.cells[0], edit.notebook.cells[3] = edit.notebook.cells[3], edit.notebook.cells[0]


def english_alt(book):
    with book.zh() as cells:
        cells["plot"].metadata["mystnb"]["image"]["alt"] = "A parabola"


def lost_alt(book):
    with book.zh() as cells:
        del cells["plot"].metadata["mystnb"]["image"]


def new_alt(book):
    with book.en() as cells:
        cells["plot"].metadata["mystnb"]["image"]["alt"] = "A parabola and its tangent"


def broken_caption(book):
    with book.zh() as cells:
        cells["plot"].metadata["mystnb"]["figure"]["caption"] = "$x^3$ 的斜率。"


def outputs_in_zh(book):
    with book.zh() as cells:
        cells["plot"].outputs = [nbformat.v4.new_output("stream", text="1.4\n")]


SLOPE = "zh/chapters/01_slope.ipynb"
FAULTS = {
    "changed code": (zh_cell("plot", "sqrt(2)", "sqrt(3)"), f"{SLOPE} [plot]: the code differs"),
    "English code moved on": (en_cell("plot", "sqrt(2)", "sqrt(3)"), f"{SLOPE} [plot]: the code differs"),
    "outputs": (outputs_in_zh, f"{SLOPE} [plot]: carries outputs"),
    "missing cell": (drop_cell("zh"), f"{SLOPE} [exercise]: the cell is missing"),
    "cell gone from the English": (drop_cell("en"), f"{SLOPE} [exercise]: no such cell"),
    "extra cell": (extra_cell, f"{SLOPE} [extra]: no such cell"),
    "swapped cells": (swap_cells, f"{SLOPE}: cells in another order"),
    "stale prose": (en_cell("intro", "The *slope*", "The *steepness*"), "[intro] “The slope”: stale"),
    "stale page": (in_file("index.md", "Read all", "Study all"), "zh/index.md [s2] “How to read it”: stale"),
    "stale alt text": (new_alt, "[plot:alt] “The slope”: stale"),
    "changed inline maths": (zh_cell("intro", "x^2", "x^3"), "maths: missing: f(x)=x^2"),
    "changed displayed maths": (zh_cell("intro", "= 2x", "= 3x"), "maths: missing: f'(x)=2x"),
    "lost equation label": (zh_cell("intro", " (eq-slope)", ""), "labels: missing: eq-slope"),
    "lost label": (zh_cell("intro", "(slope)=\n", ""), "labels: missing: slope"),
    "changed exercise label": (zh_cell("exercise", ":label: ex-slope", ":label: ex"),
                               "labels: missing: ex-slope"),
    "lost link": (zh_cell("intro", "[网页](https://example.org/slope)", "网页"), "links: missing: https://example"),
    "wrong role target": (zh_cell("intro", "cauchy1847", "cauchy1874"),
                          "roles: missing: {cite:p}`cauchy1847`"),
    "wrong role": (zh_cell("exercise", "{eq}", "{ref}"), "roles: missing: {eq}`eq-slope`"),
    "changed inline code": (zh_cell("intro", "2 * x", "2 x"), "inline code: missing: 2 * x"),
    "wrong heading level": (zh_cell("exercise", "## 练习", "### 练习"), "heading levels: missing: 2"),
    "changed directive": (zh_cell("exercise", "{exercise}", "{note}"), "directives: missing: exercise"),
    "changed directive option": (zh_cell("exercise", "easy", "hard"),
                                 "directive options: missing: :class: easy"),
    "changed solution": (zh_cell("solution", "ex-slope", "ex-other"),
                         f"{SLOPE} [solution]: the markdown differs"),
    "changed number": (zh_cell("exercise", "25", "52"), "numbers: missing: 25"),
    "bold beside a full-width colon": (zh_cell("intro", "见 ", "**注意：**见 "), "literal **"),
    "bare address": (zh_cell("intro", "[网页](https://example.org/slope)", "网页 https://example.org/slope。"),
                     "bare address"),
    "soft line break": (zh_cell("exercise", "是多少", "是\n多少"), "line break between Chinese characters"),
    "half-width comma": (zh_cell("intro", "，见", ",见"), "half-width ,"),
    "straight quotes": (zh_cell("intro", "**斜率**", '"斜率"'), "straight quotation mark"),
    "no Chinese": (zh_cell("exercise", EXERCISE_ZH.strip(), EXERCISE.strip()), "no Chinese text"),
    "a sentence left in English": (
        zh_cell("intro", "\n\n$$", "\n\nThis whole sentence has been left as it was in English.\n\n$$"),
        "left in English"),
    "alt text in English": (english_alt, "[plot:alt] “The slope”: no Chinese text"),
    "alt text lost": (lost_alt, "[plot:alt] “The slope”: untranslated"),
    "caption's maths": (broken_caption, "[plot:caption] “The slope”: maths: missing: x^2"),
    "missing page": (lambda book: (book.root / "zh/index.md").unlink(), "zh/index.md: missing"),
    "page without hashes": (in_file("zh/index.md", "% en: ", "% was: "), "zh/index.md"),
    "page with a lost section": (in_file("zh/index.md", "## 怎么读\n", ""), "zh/index.md: 1 sections"),
    "page of another book": (lambda book: i18n.write(book.root / "zh/more.md", "多"),
                             "zh/more.md: no such page"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_caught(book, name):
    fault, words = FAULTS[name]
    fault(book)
    complaints = book.complaints()
    assert any(words in line for line in complaints), "\n".join(complaints) or "nothing was said"


def test_sync_repairs_what_is_machine_copied(book):
    for name in ("changed code", "outputs", "extra cell", "swapped cells", "changed solution"):
        FAULTS[name][0](book)
    i18n.sync(book.root)
    assert book.complaints() == []


def test_accept_refuses_a_faulty_translation(book):
    FAULTS["changed inline maths"][0](book)
    accepted, complaints = i18n.accept(book.root / SLOPE, ["intro"], book.root)
    assert accepted == []
    assert "maths" in complaints[0]


def test_accept_of_an_unknown_cell_names_it(book):
    with pytest.raises(i18n.TranslationError, match="no cell nowhere"):
        i18n.accept(book.root / SLOPE, ["nowhere"], book.root)


def test_accept_of_a_file_outside_the_book_says_so(book):
    with pytest.raises(i18n.TranslationError, match="not a page of the book"):
        i18n.accept(book.root / "zh/other.ipynb", root=book.root)


def test_a_broken_notebook_is_named(book):
    (book.root / SLOPE).write_text("{")
    with pytest.raises(i18n.TranslationError, match=r"01_slope\.ipynb: not a notebook"):
        i18n.check(book.root)


# --- the traps, one by one, and what must not be called one ---------------------------------------

@pytest.mark.parametrize("text", [
    "**注意**：这里", "看 <https://a.example/b>。", "看[这里](https://a.example/b)。",
    "学习率是 0.1, 0.2 与 0.3", "这是 Adam\n优化器", "第一段。\n\n第二段。",
    "$a*b$ 与 `a**b`", "- 第一\n- 第二", "2 * 3 等于 6",
])
def test_good_chinese_is_left_alone(text):
    assert rules.traps(text) == []


@pytest.mark.parametrize("text", ["```{note}\n**注意：**这里\n```", ":::{exercise} **题：**一\n做\n:::"])
def test_traps_are_seen_inside_directives(text):
    assert any("literal **" in line for line in rules.traps(text))


def test_words_in_maths_and_titles_may_be_translated():
    english = "```{prf:theorem} Convergence\n:label: thm\n$x \\text{ if } y$\n```"
    assert rules.compare(english, "```{prf:theorem} 收敛\n:label: thm\n$x \\text{ 若 } y$ 成立\n```") == []


def test_a_diagram_keeps_its_arrows_and_may_translate_its_labels():
    english = '```{diagram} loop\nA["step one"] -->|then| B\n```'
    assert rules.compare(english, '```{diagram} loop\nA["第一步"] -->|然后| B\n```') == []
    assert rules.compare(english, '```{diagram} loop\nB["第一步"] -->|然后| A\n```')


# --- translating in a text file --------------------------------------------------------------------

def test_a_chapter_travels_through_a_text_file(tmp_path):
    book = Book(tmp_path)
    cells = {INTRO: INTRO_ZH, EXERCISE: EXERCISE_ZH, "A parabola": "一条抛物线",
             "The slope of $x^2$.": "$x^2$ 的斜率。"}
    index = dict(zip(rules.sections(INDEX), rules.sections(INDEX_ZH), strict=True))
    for path, words in ((book.rel, cells), ("index.md", index)):
        text = i18n.export(book.root / path, book.root)
        for english, chinese in words.items():
            head, _, tail = text.rpartition(english.strip("\n"))
            text = head + chinese.strip("\n") + tail
        accepted, complaints = i18n.import_text(text, book.root)
        assert (len(accepted), complaints) == (len(words), [])
    assert book.complaints() == []


def test_an_export_that_changes_nothing_accepts_nothing(tmp_path):
    book = Book(tmp_path)
    before = (tmp_path / SLOPE).read_bytes()
    assert i18n.import_text(i18n.export(tmp_path / book.rel, tmp_path), tmp_path) == ([], [])
    assert (tmp_path / SLOPE).read_bytes() == before


def test_ok_accepts_a_stale_translation_as_it_stands(book):
    FAULTS["stale prose"][0](book)
    text = i18n.export(book.root / book.rel, book.root)
    assert "@@@ zh intro stale" in text
    accepted, _ = i18n.import_text(text.replace("@@@ zh intro stale", "@@@ zh intro ok"), book.root)
    assert accepted == ["intro"]


def test_import_refuses_what_was_exported_before_the_english_changed(book):
    text = i18n.export(book.root / book.rel, book.root).replace("练习", "习题")
    with book.en() as cells:
        cells["exercise"].source += "\nOne more sentence.\n"
    accepted, complaints = i18n.import_text(text, book.root)
    assert accepted == []
    assert "the English has changed" in complaints[0]


# --- staging ---------------------------------------------------------------------------------------

def test_stage_writes_both_editions(book):
    folders = i18n.stage(book.root)
    english, chinese = (i18n.read_notebook(folders[x] / book.rel) for x in ("en", "zh"))
    assert [c.get("outputs") for c in chinese.cells] == [c.get("outputs") for c in english.cells]
    assert chinese.metadata["widgets"] == english.metadata["widgets"]
    assert chinese.cells[0].source == INTRO_ZH
    assert (folders["zh"] / "chapters/picture.svg").exists()
    assert not (folders["zh"] / "index.md").read_text().startswith("%")
    assert "caption: 基础" in (folders["zh"] / "_toc.yml").read_text()


def test_stage_merges_the_configuration(book):
    i18n.stage(book.root)
    merged = i18n.yaml.safe_load((book.root / "_build/src/zh/_config.yml").read_text())
    assert merged["title"] == "小书"
    assert merged["html"]["baseurl"] == "https://example.github.io/small/zh/"
    assert merged["repository"] == {"url": "https://github.com/example/small", "branch": "main",
                                    "path_to_book": "zh"}


def test_stage_touches_only_what_changed(book):
    folders = i18n.stage(book.root)
    before = {p: p.stat().st_mtime_ns for f in folders.values() for p in f.rglob("*") if p.is_file()}
    with book.en() as cells:
        cells["plot"].outputs[0]["text"] = "1.5\n"
    (book.root / "chapters/picture.svg").unlink()
    i18n.stage(book.root)
    after = {p: p.stat().st_mtime_ns for f in folders.values() for p in f.rglob("*") if p.is_file()}
    changed = {p.relative_to(book.root / "_build/src").as_posix() for p in after if after[p] != before[p]}
    assert changed == {f"{x}/{book.rel}" for x in ("en", "zh")}
    assert {p.name for p in before.keys() - after.keys()} == {"picture.svg"}


@pytest.mark.parametrize(("name", "notice"), [("stale prose", "英文原文已更新")])
def test_the_reader_is_told_what_is_behind(book, name, notice):
    FAULTS[name][0](book)
    i18n.stage(book.root)
    text = i18n.read_notebook(book.root / "_build/src/zh" / book.rel).cells[0].source
    assert text.index("# 斜率") < text.index(notice) < text.index("的**斜率**是")


def test_the_reader_is_told_what_is_untranslated(tmp_path):
    Book(tmp_path)
    i18n.stage(tmp_path)
    assert "尚未翻译" in (tmp_path / "_build/src/zh/index.md").read_text()


def test_a_caption_without_translation_is_named(book):
    book.replace("zh/_overlay.yml", "Basics", "Other")
    with pytest.raises(i18n.TranslationError, match="captions lacks “Basics”"):
        i18n.stage(book.root)


def test_numbers_keep_their_digits_but_before_words_that_chinese_counts_differently():
    text = "17.5 billion, 175 million; 12.5 and 1,024 of 3, up to 99."
    assert rules.numbers(text) == {"12.5", "1024", "99"}


def test_a_forbidden_rendering_is_a_complaint_with_its_cell(book):
    book.translate()
    book.replace("zh/chapters/01_slope.ipynb", "# 斜率", "# 坡度")
    assert any(line.startswith("zh/chapters/01_slope.ipynb [intro] “The slope”: “坡度” near")
               and line.endswith("write “斜率”") for line in book.complaints())


def test_a_faulty_table_of_terms_stops_the_check(book):
    book.replace("zh/terms.yml", "zh: 斜率, ", "")
    with pytest.raises(i18n.TranslationError, match="term 1 “slope”: zh missing"):
        i18n.check(book.root)
