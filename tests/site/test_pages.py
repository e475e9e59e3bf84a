"""Every page of both editions: clean for the browser, for axe and on narrow screens, complete in its head."""

import json
import re

import pytest
from explorable import all_on
from site_checks import (
    ROOT,
    Links,
    address,
    axe,
    contents,
    edition,
    head,
    in_language,
    none,
    overflow,
    paths,
    ready,
    soup_of,
)

pytestmark = pytest.mark.browser
STARTS = ["index.html", "zh/index.html"]
CHAPTER = "chapters/06_gradient_descent.html"


def everything_open(page):
    """Hints, solutions, folded code."""
    page.evaluate("document.querySelectorAll('details').forEach((el) => { el.open = true; })")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
@pytest.mark.parametrize("path", paths())
def test_page_is_clean(visit, path, width, theme):
    page = visit(path, width=width, theme=theme)
    ready(page)
    assert page.locator("html").get_attribute("data-theme") == theme
    everything_open(page)
    complaints = axe(page)
    for narrow in {width, 320} if width == 360 else {width}:
        page.set_viewport_size({"width": narrow, "height": 740})
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        complaints += overflow(page)
    none(complaints + page.watch.complaints)


@pytest.mark.parametrize("path", paths())
def test_head_and_letters(site, path):
    soup = soup_of(site, path)
    none(head(soup, path) + letters_without_a_font(soup))


def letters_without_a_font(soup):
    """Latin letters that the text's cut font lacks: they would come in another face."""
    style = (ROOT / "site/style/fonts.css").read_text("utf8")
    ranges = re.search(r"fonts/source-serif-4\.woff2.*?unicode-range:([^}]*)", style, re.S)[1]
    ends = [[int(end, 16) for end in one[2:].split("-")] for one in ranges.split(",")]
    for part in soup(["math", "pre", "code", "script", "style", "head"]):
        part.decompose()
    letters = {sign for sign in soup.get_text() if " " < sign < "\u0250"}
    return [f"{sign} (U+{ord(sign):X}) is in no font: add it in site/style/fonts.css; tools/figures.py vendor"
            for sign in letters if not any(end[0] <= ord(sign) <= end[-1] for end in ends)]


def test_the_pages_are_those_of_the_contents(site):
    built = {p.relative_to(site).as_posix() for p in site.rglob("*.html")}
    assert {p for p in built if not p.startswith("~")} == set(paths())


def test_every_link_leads_somewhere(site, record_property):
    links = Links(site)
    none([f"{path}: {line}" for path in links.pages for line in links.broken(path)])
    record_property("external links, not fetched", sorted(links.external))
    assert links.external  # Colab, Binder, the source


def test_sitemap_lists_the_pages(site):
    listed = re.findall("<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf8"))
    assert sorted(listed) == sorted(address() + p.removesuffix("index.html") for p in paths(contents()))
    assert f"Sitemap: {address()}sitemap.xml" in (site / "robots.txt").read_text("utf8")


@pytest.mark.parametrize("path", [p for p in paths() if edition(p) == "zh"])
def test_editions_have_the_same_anchors(site, path):
    """Or a link, and the language switch, would lose its place."""
    def sections(soup):
        return [section["id"] for section in soup.main.find_all("section", id=True)]
    assert sections(soup_of(site, path)) == sections(soup_of(site, path.removeprefix("zh/")))


@pytest.mark.parametrize("path", paths(["chapters/00_how_to_use", "chapters/06_gradient_descent"]))
def test_launch_buttons_open_this_language(site, path):
    soup = soup_of(site, path)
    notebook = path.replace(".html", ".ipynb")
    assert soup.select_one("a.colab")["href"].endswith(f"/blob/main/{notebook}")
    assert soup.select_one("a.binder")["href"].endswith(f"urlpath=lab/tree/{notebook}")
    download = soup.select_one("a.download")
    assert download.has_attr("download")
    file = (site / path).parent / download["href"]
    cells = json.loads(file.read_text("utf8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert in_language(text, edition(path))


@pytest.mark.parametrize("path", STARTS)
def test_first_screen_is_alive(visit, path):
    """What the book is, in one screen, with something that moves."""
    page = visit(path, width=1280, height=900)
    page.locator(".fg-explorable[data-ready=yes]").first.wait_for()
    for place in ("h1", ".lede", ".fg-explorable .fg-figures"):
        top = page.locator(place).first.evaluate("(el) => el.getBoundingClientRect().top")
        assert 0 <= top < 700, f"{place} is not in the first screen"


def test_the_chapter_has_both_explorables(visit):
    page = visit(CHAPTER)
    assert {one.name for one in all_on(page)} == {"descent", "learning_rate_lab"}


@pytest.mark.parametrize("path", STARTS)
def test_theme_is_chosen_and_kept(visit, path):
    page = visit(path, theme="dark")
    html, button = page.locator("html"), page.locator("[data-theme-switch]")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    assert html.get_attribute("data-theme") == "dark"
    assert in_language(button.get_attribute("title"), edition(path))
    button.click()
    assert html.get_attribute("data-theme") == "light"
    assert page.evaluate(paper) != dark
    page.reload()
    assert html.get_attribute("data-theme") == "light"
    button.press("Enter")
    assert html.get_attribute("data-theme") == "dark"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", STARTS)
def test_contents_on_a_phone_by_keyboard(visit, path):
    page = visit(path, width=360, height=740)
    menu, contents_list = page.locator("[data-menu]"), page.locator("#contents")
    assert menu.get_attribute("aria-expanded") == "false"
    menu.focus()
    page.keyboard.press("Space")
    assert menu.get_attribute("aria-expanded") == "true"
    assert contents_list.evaluate("(el) => el.contains(document.activeElement) && el.checkVisibility()")
    page.wait_for_timeout(400)  # it slides in
    none(axe(page))
    page.keyboard.press("Escape")
    assert menu.evaluate("(el) => el === document.activeElement")


@pytest.mark.parametrize("path", [CHAPTER, f"zh/{CHAPTER}"])
def test_page_works_from_disk(visit, site, path):
    page = visit(path, base=site.as_uri() + "/")
    ready(page)
    for one in all_on(page):
        before = one.state()
        one.slide(one.ranges()[0])
        assert one.state()["picture"] != before["picture"], one.name
    none(page.watch.complaints)


@pytest.mark.parametrize("path", ["chapters/no/such/page.html", "zh/chapters/nothing.html"])
def test_404_at_any_depth(visit, path):
    page = visit(path)
    language = edition(path)
    assert in_language(page.locator("h1").inner_text(), language)
    assert page.locator("html").get_attribute("lang").startswith(language)
    # Its style is there: the page is not a bare list.
    assert page.locator("header.top").evaluate("(el) => getComputedStyle(el).display") != "block"
    assert all("404" in line for line in page.watch.take())  # of the page itself
    page.locator("main a.button").click()
    page.wait_for_url(lambda url: url.endswith("/zh/index.html" if language == "zh" else "/index.html"))
    none(page.watch.complaints)
