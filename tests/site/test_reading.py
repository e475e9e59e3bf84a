"""What a reader does with the pages: switch language, search, read without scripts, print."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from explorable import all_on, centre
from site_checks import axe, edition, in_language, none, paths, ready, twin, wake

pytestmark = pytest.mark.browser
CHAPTER = "chapters/06_gradient_descent.html"
BOTH = [CHAPTER, f"zh/{CHAPTER}"]


# --- language -------------------------------------------------------------------------------------

def switch(page):
    """By the bare mouse: Playwright's own click scrolls when what it clicks has just moved."""
    with page.expect_navigation():
        page.mouse.click(*centre(page.locator("header [data-switch]")))


def fragments(page):
    return page.locator("main section[id]").evaluate_all("(all) => all.map((el) => el.id)")


@pytest.mark.parametrize("path", BOTH)
def test_switch_keeps_page_and_fragment(visit, path):
    page = visit(path)
    fragment = fragments(page)[3]
    page.goto(page.url + f"#{fragment}")
    switch(page)
    where = urlsplit(page.url)
    assert (where.path.lstrip("/"), unquote(where.fragment)) == (twin(path), fragment)
    page.wait_for_timeout(1000)  # formulas and explorables above it must not push it away
    top = page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", fragment)
    assert -60 < top < 600, "the section is not in view"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", BOTH)
def test_switch_keeps_the_place_of_the_scroll(visit, path):
    page = visit(path)
    ready(page)
    sections = fragments(page)
    wanted = sections[len(sections) // 2]
    page.evaluate("(id) => document.getElementById(id).scrollIntoView({behavior: 'instant'})", wanted)
    switch(page)
    assert unquote(urlsplit(page.url).fragment) == wanted


@pytest.mark.parametrize("path", paths())
def test_switch_leads_to_the_twin(visit, served, site, path):
    page = visit(path, wait="commit", java_script_enabled=False)
    link = page.locator("header [data-switch]")
    assert link.evaluate("(el) => el.href") == served.url + twin(path)


@pytest.mark.parametrize(("path", "locale", "offered"), [
    ("index.html", "zh-CN", True), ("index.html", "zh-TW", True), ("index.html", "en-GB", False),
    ("index.html", "de-DE", False), (CHAPTER, "zh-CN", True),
    ("zh/index.html", "en-US", True), ("zh/index.html", "zh-CN", False)])
def test_language_is_offered_not_forced(visit, served, path, locale, offered):
    page = visit(path, locale=locale)
    assert page.url == served.url + path  # nobody was sent anywhere
    offer = page.locator("[data-offer]")
    assert offer.is_visible() == offered
    if not offered:
        return
    assert in_language(offer.inner_text(), edition(twin(path)))
    assert offer.get_attribute("lang").startswith(edition(twin(path)))
    none(axe(page))
    offer.locator("[data-dismiss]").press("Enter")
    assert offer.is_hidden()
    page.reload()
    assert offer.is_hidden()
    page.goto(served.url + "chapters/bibliography.html")
    assert page.locator("[data-offer]").is_hidden()
    none(page.watch.complaints)


def test_accepted_offer_is_not_made_again(visit, served):
    page = visit("index.html", locale="zh-CN")
    page.locator("[data-offer] a").click()
    page.wait_for_url(served.url + "zh/index.html")
    page.locator("header [data-switch]").click()
    page.wait_for_url(served.url + "index.html")
    assert page.locator("[data-offer]").is_hidden()


# --- search ---------------------------------------------------------------------------------------

FINDS = [("search.html", "learning rate", "06_gradient"), ("search.html", "stochast", "06_gradient"),
         ("search.html", "MOMENTUM", "06_gradient"), ("search.html", "gradient descent", "06_gradient"),
         ("zh/search.html", "学习率", "06_gradient"), ("zh/search.html", "随机梯度", "06_gradient"),
         ("zh/search.html", "梯度下降", "06_gradient"), ("zh/search.html", "动量", "06_gradient"),
         ("zh/search.html", "Nesterov", "06_gradient")]


@pytest.mark.parametrize("disk", [False, True], ids=["served", "disk"])
@pytest.mark.parametrize("path", ["search.html", "zh/search.html"])
def test_search_finds(visit, site, path, disk):
    page = visit(path, base=site.as_uri() + "/" if disk else None)
    box = page.locator("#search-box")
    for _, words, wanted in [row for row in FINDS if row[0] == path]:
        box.fill(words)
        links = page.locator("#search-results a")
        first = links.first.get_attribute("href")
        assert wanted in first, f"{words}: {first}"
        marks = page.locator("#search-results li").first.locator("mark").all_inner_texts()
        assert words[:3].lower() in "".join(marks).lower(), f"{words}: {marks}"
    links.first.click()
    page.wait_for_url(re.compile("06_gradient_descent.html"))
    none(page.watch.complaints)


@pytest.mark.parametrize(("path", "said"), [("search.html", "Nothing found"), ("zh/search.html", "没有找到")])
@pytest.mark.parametrize("words", ["zqxjkv", "鑫龘靐", "梯龘 zq", "<zq>", "((", "\\"])
def test_search_says_when_there_is_nothing(visit, path, said, words):
    page = visit(path)
    page.locator("#search-box").fill(words)
    assert page.locator("#search-results li").count() == 0
    count = page.locator("#search-count")
    assert said in count.inner_text()
    assert words in count.inner_text()
    assert count.get_attribute("role") == "status"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", BOTH)
def test_search_from_any_page(visit, path):
    page = visit(path)
    page.locator("#find-box").fill("学习率" if edition(path) == "zh" else "learning rate")
    page.locator("#find-box").press("Enter")
    page.wait_for_url(re.compile(r"search\.html\?q="))
    page.locator("#search-results li").first.wait_for()
    assert ("/zh/" in page.url) == (edition(path) == "zh")
    # Every place that is found is there.
    hrefs = page.locator("#search-results a").evaluate_all("(all) => all.map((el) => el.href)")
    page.goto(hrefs[0])
    fragment = unquote(urlsplit(hrefs[0]).fragment)
    assert not fragment or page.locator(f"[id='{fragment}']").count() == 1
    none(page.watch.complaints)


# --- without scripts, and on paper ------------------------------------------------------------------

@pytest.mark.parametrize("path", ["index.html", "zh/index.html", *BOTH])
def test_readable_without_javascript(visit, site, path):
    page = visit(path, java_script_enabled=False)
    text = page.locator("main").inner_text()
    assert len(text) > 200
    for live in page.locator(".fg-live").all():
        live.scroll_into_view_if_needed()
        still = live.locator("img.fg-still")
        assert still.is_visible(), "no still picture"
        assert in_language(still.get_attribute("alt"), edition(path))
        assert in_language(live.locator("noscript p").inner_text(), edition(path))
        assert min(still.bounding_box()[side] for side in ("width", "height")) > 150
        assert still.evaluate("(el) => el.decode().then(() => el.naturalWidth)") > 300
    for formula in page.locator("main p math").all()[:5]:
        assert formula.is_visible()
        assert formula.bounding_box()["height"] > 8  # set by the browser itself
    assert page.locator("[data-theme-switch]").is_hidden()  # it could do nothing
    page.locator("header [data-switch]").click()
    page.wait_for_url(re.compile(twin(path) + "$"))
    none(page.watch.complaints)


@pytest.mark.parametrize("path", BOTH)
def test_folded_text_opens_without_javascript(visit, path):
    page = visit(path, java_script_enabled=False)
    hint = page.locator("details").first
    hint.locator("summary").click()
    assert hint.locator(":scope > *:not(summary)").first.is_visible()


@pytest.mark.parametrize("path", BOTH)
def test_search_without_javascript_says_so(visit, path):
    page = visit(path.replace("chapters/06_gradient_descent", "search"), java_script_enabled=False)
    assert in_language(page.locator("noscript p").inner_text(), edition(path))
    assert "JavaScript" in page.locator("noscript p").inner_text()


@pytest.mark.parametrize("path", BOTH)
def test_print_shows_the_pictures(visit, path):
    page = visit(path)
    paper = page.pdf()  # what was never scrolled to is started by beforeprint
    assert paper.startswith(b"%PDF")
    page.emulate_media(media="print")
    for one in all_on(page):
        assert one.live.get_attribute("data-live") == "yes"
        pictures = one.root.locator(".fg-figures svg, .fg-figures canvas")
        boxes = [p.bounding_box() for p in pictures.all() if p.is_visible()]
        assert any(box["width"] > 150 and box["height"] > 100 for box in boxes), one.name
        assert one.says()
        assert one.root.locator(".fg-player:visible, .fg-reset:visible").count() == 0
    for screen_only in ("header.top", "nav.contents", "[data-offer]"):
        assert page.locator(screen_only).is_hidden(), screen_only


@pytest.mark.parametrize("path", BOTH)
def test_explorables_not_seen_start_before_printing(visit, path):
    page = visit(path, height=300)
    last = page.locator(".fg-live[data-widget]").last
    assert last.get_attribute("data-live") is None  # far below
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.locator(".fg-live[data-widget]:not([data-live=yes])").first.wait_for(state="detached")
    wake(last)


@pytest.mark.parametrize("path", BOTH)
def test_code_can_be_copied(visit, path):
    page = visit(path, permissions=["clipboard-read", "clipboard-write"])
    block = page.locator(".cell_input .highlight").first
    block.hover()
    block.locator("button.copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("pre").evaluate("(el) => el.textContent").strip()
    assert in_language(block.locator("button.copy").inner_text(), edition(path))
    none(page.watch.complaints)
