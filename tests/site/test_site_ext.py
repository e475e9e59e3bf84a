"""The site's Sphinx extensions, as far as they are plain functions; pages are tested in a browser."""

import functools
import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "site/ext"))

import assets  # noqa: E402
import book  # noqa: E402
import diagram  # noqa: E402
import formulas  # noqa: E402
import live_widgets  # noqa: E402
import seo  # noqa: E402


def node(script):
    """What a script prints. Node stands beside this Python."""
    run = subprocess.run([Path(sys.executable).parent / "node", "-e", script], capture_output=True, text=True,
                         check=True)
    return run.stdout


# --- formulas --------------------------------------------------------------------------------------

def test_a_formula_becomes_mathml():
    inline, display = formulas.mathml(r"\theta_{t+1} < 2", False), formulas.mathml(r"\frac{1}{2}", True)
    assert inline.startswith("<math><msub><mi>θ</mi>")
    assert "<mo>&lt;</mo>" in inline
    assert display == '<math display="block"><mfrac><mn>1</mn><mn>2</mn></mfrac></math>'


@pytest.mark.parametrize("latex", [r"\bigl(a\bigr)^2", r"\Big[a\Big]_i", r"\bigl\{a\bigr\}_i^2"])
def test_a_large_bracket_with_an_index_stands_in_a_row(latex):
    written = formulas.mathml(latex, True)
    assert "minsize" in written
    assert not re.search(r"<m(sup|sub|subsup)><mo [^>]*minsize", written)


def test_a_double_bar_that_webkit_does_not_stretch_is_refused():
    with pytest.raises(ValueError, match=r"\\bigl\\\| does not stretch in WebKit; write \\left"):
        formulas.mathml(r"\bigl\|x\bigr\|", True)


@pytest.mark.parametrize(("latex", "complaint"), [
    (r"\frac{1", "formula: .frac"),
    (r"\unknowncommand x", "unknowncommand"),
    (r"\begin{align} a &= b \end{align}", r"would number itself; write .begin.align\*."),
])
def test_a_broken_formula_is_named(latex, complaint):
    with pytest.raises(ValueError, match=complaint):
        formulas.mathml(latex, True)


# What later chapters of the syllabus will write: all of it must be known.
LATER = [
    r"\mathbb{E}_{x\sim p}\left[\log \frac{p(x)}{q(x)}\right]",
    r"\boldsymbol{W}^\top\mathbf{x}",
    r"\operatorname{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}}\right)V",
    r"\mathcal{N}(\mu, \sigma^2 I)",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\begin{cases} x & x > 0 \\ 0 & \text{否则} \end{cases}",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}",
    r"\hat{m}_t = \frac{m_t}{1-\beta_1^t}",
    r"\underbrace{a+b}_{n}",
    r"\sum_{i=1}^{n}\prod_j\int_0^1\partial_x\nabla f\,\mathrm{d}x",
    r"\arg\min_\theta",
    r"x \odot y \oplus z",
    r"\lVert x\rVert_2 \propto \lfloor y\rfloor",
    r"\mathrm{KL}(p\,\|\,q)",
    r"\tilde{c}_t \bar{x} \vec v \dot y",
    r"\binom{n}{k} \pmod{m}",
    r"a \xrightarrow{f} b",
    r"\overline{xy} \overset{!}{=} z",
    r"\mathfrak{g} \ell \hbar",
]


@pytest.mark.parametrize("latex", LATER)
def test_formulas_of_later_chapters_are_known_and_in_the_font(latex):
    signs = set(html.unescape(re.sub(r"<[^>]*>", "", formulas.mathml(latex, True))))
    assert missing(signs - set("否则")) == set()


def missing(signs):
    """Signs that the formulas' font lacks."""
    files = list((ROOT / "site/vendor/fonts").glob("stix-two-math*.woff2"))
    return {sign for sign in signs if not any(ord(sign) in cmap for cmap in map(signs_of, files))}


@functools.cache
def signs_of(file):
    return TTFont(file).getBestCmap()


def test_the_font_has_what_single_letters_are_drawn_with():
    italics = {chr(0x1D434 + i) for i in range(52) if i != 33} | {"ℎ"} | {chr(0x1D6FC + i) for i in range(25)}
    assert missing(italics) == set()


def test_the_fonts_of_a_first_visit_weigh_little():
    names = ("inter", "source-serif-4", "source-serif-4-italic", "stix-two-math")
    assert sum((ROOT / f"site/vendor/fonts/{name}.woff2").stat().st_size for name in names) <= 90_000


def test_the_fonts_have_what_the_style_sheet_says():
    style = (ROOT / "site/style/fonts.css").read_text("utf8")
    text = r"fonts/(inter|source-serif-4(?:-italic)?)\.woff2.*?unicode-range:([^}]*)"
    for name, ranges in re.findall(text, style, re.S):
        said = {sign for one in ranges.split(",") for sign in span(*one[2:].split("-"))}
        assert set(signs_of(ROOT / f"site/vendor/fonts/{name}.woff2")) >= said - NOT_IN_THE_SOURCE, name


NOT_IN_THE_SOURCE = {0x200A, 0x202F, 0x2060}  # spaces and joiners that draw nothing


def span(first, last=None):
    return range(int(first, 16), int(last or first, 16) + 1)


# --- explorables -----------------------------------------------------------------------------------

def test_state_keeps_traits_and_says_there_is_no_kernel():
    state = {"_esm": "x", "_anywidget_id": "y", "layout": "IPY_MODEL_1", "other": "IPY_MODEL_2",
             "rate": 0.1, "kernel": True}
    assert live_widgets.traits_of(state) == {"rate": 0.1, "kernel": False}


def test_model_of_finds_the_saved_model_and_survives_broken_state():
    script = '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "a"}</script>'
    assert live_widgets.model_of(script, {"a": {"state": {}}}) == {"state": {}}
    assert live_widgets.model_of(script, {}) is None
    assert live_widgets.model_of("<script>{broken</script>", {"a": {}}) is None


BUNDLE = """var firstgradWidget=(()=>({default:{render(){}},core:{}}))();
//# esm
export default firstgradWidget.default; export const core = firstgradWidget.core;
"""


def test_classic_script_registers_the_widget_and_has_no_module_syntax():
    script = "".join(assets.isolated(assets.classic(BUNDLE, name)) for name in ("descent", "lab"))
    assert "export" not in script
    said = node(script + "console.log(Object.keys(firstgradWidgets).join(), typeof firstgradWidget)")
    assert said.strip() == "descent,lab undefined"


def test_rooms_are_lines_through_the_measured_heights():
    css = assets.room("descent", [(300, 1000), (500, 800)])
    assert "(min-width:0px)" in css
    assert "calc(1000px + (100cqw - 300px)*-1.000)" in css
    assert "(min-width:500px)" in css


def test_every_explorable_has_a_still_in_both_languages_and_a_room():
    rooms = json.loads((book.STILLS / "rooms.json").read_text("utf8"))
    for bundle in book.BUNDLES.glob("*.js"):
        assert bundle.stem in rooms, f"run `make figures`: no height of {bundle.stem}"
        for language in ("en", "zh"):
            still = book.STILLS / f"{bundle.stem}.{language}.png"
            assert still.stat().st_size <= 60_000


# --- diagrams, addresses, descriptions ---------------------------------------------------------------

def test_a_changed_diagram_has_another_hash_and_spaces_at_line_ends_do_not_matter():
    assert diagram.source_hash("a --> b\n") == diagram.source_hash("a --> b  ")
    assert diagram.source_hash("a --> b") != diagram.source_hash("a --> c")
    assert diagram.drawn_from('<svg data-source="0123456789ab">') == "0123456789ab"
    assert diagram.drawn_from("<svg>") == ""


def test_sitemap_names_both_editions_of_every_page():
    text = seo.sitemap("https://example.org/book/", ["", "chapters/a.html"])
    assert text.count("<url>") == 4
    assert "<loc>https://example.org/book/zh/chapters/a.html</loc>" in text
    assert 'hreflang="zh-CN" href="https://example.org/book/zh/"' in text


def test_description_is_cut_at_a_sentence_or_a_word():
    sentence = "One sentence that is long enough to stand alone in a list of results."
    assert seo.shortened(f"{sentence} " + "Another " * 40) == sentence
    assert seo.shortened("word " * 60).endswith("word…")
    assert seo.shortened("short") == "short"


class Config:
    def __init__(self, language, base):
        self.language, self.html_baseurl = language, base


def test_page_addresses_of_both_editions_come_from_one_address():
    english, chinese = Config("en", "https://example.org/book/"), Config("zh_CN", "https://example.org/book/zh/")
    for config in (english, chinese):
        assert book.page_address(config, "chapters/a", "en") == "https://example.org/book/chapters/a.html"
        assert book.page_address(config, "index", "zh") == "https://example.org/book/zh/"
    assert book.asset(chinese, "chapters/a", "site.css") == "../../assets/site.css"
    assert book.asset(english, "index", "site.css") == "assets/site.css"


def test_both_languages_have_the_same_texts():
    assert set(book.TEXTS["en"]) == set(book.TEXTS["zh"])


# --- size ------------------------------------------------------------------------------------------

def test_the_live_runtime_stays_small():
    import gzip
    assert len(gzip.compress((ROOT / "site/live/live.js").read_bytes())) <= 5_000
