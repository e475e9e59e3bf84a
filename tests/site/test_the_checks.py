"""The checks themselves: a page that is broken on purpose is reported by each of them."""

import pytest
from bs4 import BeautifulSoup
from explorable import Explorable
from site_checks import Links, axe, head, in_language, none, overflow, paths, wake

pytestmark = pytest.mark.browser
PAGE = "chapters/bibliography.html"


@pytest.fixture
def broken(visit, served, site):
    """broken(old, new, …) opens a copy of a small page; its policy, which hides other faults, goes."""
    def broken(old, new, path=PAGE, files=None, policy=False, **options):
        text = (site / path).read_text("utf8")
        assert old in text
        text = text.replace(old, new, 1)
        if not policy:
            text = text.replace('http-equiv="Content-Security-Policy"', 'name="no-policy"')
        return visit(path, base=served.altered(**{path: text}, **(files or {})), **options)
    return broken


def with_script(broken, script):
    return broken("</head>", '<script src="extra.js"></script></head>', files={"chapters/extra.js": script})


def test_a_sound_page_is_sound(visit):
    page = visit(PAGE)
    none(page.watch.complaints + axe(page))


@pytest.mark.parametrize(("script", "heard"), [
    ("console.error('oh')", "console error: oh"), ("console.warn('hm')", "console warning: hm"),
    ("null.x", "exception: Cannot read properties of null"),
    ("Promise.reject(new Error('later'))", "exception: later"),
    ("fetch('nothing.json')", "HTTP 404: ")])
def test_what_scripts_do_is_heard(broken, script, heard):
    page = with_script(broken, script)
    page.wait_for_timeout(200)
    assert any(line.startswith(heard) for line in page.watch.complaints), page.watch.complaints


@pytest.mark.parametrize("tag", [
    '<img src="https://example.org/x.png" alt="x">', '<script src="//example.org/x.js"></script>',
    '<link rel="stylesheet" href="http://example.org/x.css">',
    '<iframe title="x" src="https://example.org/"></iframe>'])
def test_requests_to_elsewhere_are_heard(broken, tag):
    page = broken("</h1>", f"</h1>{tag}")
    assert any(line.startswith("request to elsewhere: ") and "example.org" in line
               for line in page.watch.complaints), page.watch.complaints


def test_the_policy_alone_would_say_so_too(broken):
    page = broken("</h1>", '</h1><img src="https://example.org/x.png" alt="x">', policy=True)
    assert any("Content Security Policy" in line for line in page.watch.complaints)


@pytest.mark.parametrize(("html", "rule"), [
    ('<img src="../assets/favicon.svg">', "image-alt"), ('<input type="text">', "label"),
    ('<p style="color:#ccc;background:#fff">pale</p>', "color-contrast"),
    ("<button></button>", "button-name"),
    ("<h5>Too deep</h5>", "heading-order"), ('<div role="slider">x</div>', "aria-required-attr")])
def test_axe_reports(broken, html, rule):
    page = broken("</h1>", f"</h1>{html}")
    assert any(line.startswith(f"axe {rule}:") for line in axe(page))


def test_overflow_is_reported(broken):
    scrolls = f'<pre style="overflow:auto">{"x" * 900}</pre>'
    page = broken("</h1>", f'</h1><p style="width:500px">wide</p>{scrolls}', width=360)
    (line,) = overflow(page)
    assert "p." in line
    assert "pre" not in line  # it scrolls by itself


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ('lang="en"', 'lang="fr"', "lang is 'fr'"), ("</h1>", "</h1><h1>Two</h1>", "2 h1"),
    ("<title>", "<title></title><i>", "title ''"),
    ('<meta name="description"', '<meta name="x"', "description ''"),
    ('hreflang="zh-CN"', 'hreflang="zh"', "hreflang"), ('rel="canonical"', 'rel="x"', "canonical: []"),
    ('property="og:url" content="http', 'property="og:url" content="', "og:url"),
    ('property="og:image" content="http', 'property="og:image" content="', "og:image"),
    ("</h1>", '</h1><p id="text"></p>', "ids twice: ['text']"),
    ("</h1>", '</h1><img src="x.png">', "img without alt")])
def test_head_reports(site, old, new, complaint):
    text = (site / PAGE).read_text("utf8")
    assert old in text
    assert not head(BeautifulSoup(text, "html.parser"), PAGE)
    found = head(BeautifulSoup(text.replace(old, new, 1), "html.parser"), PAGE)
    assert any(line.startswith(complaint) for line in found), found


@pytest.mark.parametrize(("html", "why"), [
    ('<a href="nowhere.html">x</a>', "nowhere.html: no such file"),
    ('<a href="#no-such-place">x</a>', "#no-such-place: no such anchor"),
    ('<a href="06_gradient_descent.html#no">x</a>', "06_gradient_descent.html#no: no such anchor"),
    ('<a href="http://example.org">x</a>', "http://example.org: external, and not https"),
    ('<script src="../assets/no.js"></script>', "../assets/no.js: no such file"),
    ('<img srcset="a.png 1x, b.png 2x" alt="">', "b.png: no such file")])
def test_links_report(site, html, why):
    links = Links(site, {PAGE: (site / PAGE).read_text("utf8").replace("</h1>", f"</h1>{html}", 1)})
    assert why in links.broken(PAGE)


def test_links_list_what_is_external(site):
    html = '</h1><a href="https://example.org/x">x</a>'
    links = Links(site, {PAGE: (site / PAGE).read_text("utf8").replace("</h1>", html, 1)})
    assert not links.broken(PAGE)
    assert "https://example.org/x" in links.external


def test_a_dead_explorable_is_noticed(visit, served, site):
    """One that draws once and never again: the driver sees that nothing changes."""
    path, bundle = "index.html", "assets/widgets/descent.js"
    frozen = (site / bundle).read_text("utf8") + ";window.requestAnimationFrame = ((real, left) => (f) => " \
        "real(left-- > 0 ? f : () => 0))(window.requestAnimationFrame.bind(window), 6);"
    page = visit(path, base=served.altered(**{bundle: frozen}))
    live = page.locator(".fg-live").first
    wake(live)
    one = Explorable.__new__(Explorable)  # its own settling would wait for frames that never come
    one.live, one.page, one.root = live, page, live.locator(".fg-explorable")
    one.settle = lambda: page.wait_for_timeout(100)
    for _ in range(8):
        page.evaluate("requestAnimationFrame(() => 0)")
    before = one.picture()
    one.slide(one.ranges()[0])
    assert one.picture() == before


def test_language_is_told():
    assert in_language("学习率 α", "zh")
    assert not in_language("learning rate", "zh")
    assert not in_language("learning 率", "en")
    with pytest.raises(AssertionError, match="a\nb"):
        none(["b", "a", "b"])


def test_all_pages_are_covered():
    assert {"index.html", "zh/index.html", "zh/404.html", "search.html",
            "zh/chapters/06_gradient_descent.html"} < set(paths())
