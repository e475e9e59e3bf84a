"""Broken state, missing program, corrupt recording: a clear message in the page's language, and the rest of
the page lives on. Each page is a copy, altered in one place."""

from pathlib import Path

import pytest
from explorable import Explorable, all_on
from site_checks import contents, edition, in_language, none, wake, with_state

pytestmark = pytest.mark.browser
BOTH = ["chapters/06_gradient_descent.html", "zh/chapters/06_gradient_descent.html"]
PROGRAM = "(globalThis.firstgradWidgets ??= {}).descent = {default: {%s}};"
THROWS = PROGRAM % 'render() { throw new Error("boom"); }'
REJECTS = PROGRAM % 'async render() { throw new Error("boom"); }'


@pytest.fixture
def altered(visit, served, site):
    """altered(path, files) or altered(path, state=(widget, new)) opens a page of an altered copy."""
    def altered(path, files=None, state=None, **options):
        files = dict(files or {})
        if state:
            files[path] = with_state((site / path).read_text("utf8"), *state)
        return visit(path, base=served.altered(**files), **options)
    return altered


def lives_on(page, other="learning_rate_lab"):
    """The rest of the page: the other explorable, the formulas, the buttons of the page."""
    one = Explorable(page.locator(f".fg-live[data-widget={other}]").first)
    before = one.picture()
    one.slide(one.ranges()[0])
    assert one.picture() != before
    assert page.locator("main math").first.is_visible()
    page.locator("[data-theme-switch]").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"


BROKEN = {
    "not JSON": {"state": ("descent", "{oops")},
    "no traits": {"state": ("descent", "{}")},
    "null": {"state": ("descent", "null")},
    "NaN, which is not JSON": {"state": ("descent", '{"traits": {"learning_rate": NaN}}')},
    "empty": {"state": ("descent", "")},
    "missing bundle": {"files": {"assets/widgets/descent.js": None}},
    "bundle with a syntax error": {"files": {"assets/widgets/descent.js": "var ("}},
    "exception in render": {"files": {"assets/widgets/descent.js": THROWS}},
    "rejection in render": {"files": {"assets/widgets/descent.js": REJECTS}},
}


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("fault", BROKEN)
def test_what_cannot_start_says_so(altered, path, fault):
    page = altered(path, **BROKEN[fault])
    live = page.locator(".fg-live[data-widget=descent]").first
    live.scroll_into_view_if_needed()
    page.locator(".fg-live[data-live=failed]").first.wait_for()
    box = live.locator(".fg-failure")
    assert box.is_visible()
    assert box.get_attribute("role") == "alert"
    assert in_language(box.inner_text(), edition(path))
    assert in_language(box.locator("button").inner_text(), edition(path))
    # What went wrong is in the console for those who look, and nothing else is.
    assert all("explorable descent" in c or "descent.js" in c or "SyntaxError" in c or "Unexpected" in c
               or "HTTP 404" in c or "Failed to load resource" in c for c in page.watch.take())
    lives_on(page)
    none(page.watch.complaints)


def test_the_three_faults_have_three_messages(altered):
    said = set()
    for fault in ("not JSON", "missing bundle", "exception in render"):
        page = altered(BOTH[0], **BROKEN[fault])
        live = page.locator(".fg-live[data-widget=descent]").first
        live.scroll_into_view_if_needed()
        said.add(live.locator(".fg-failure p").inner_text())
    assert len(said) == 3


# Traits that came out wrong: the explorable starts, says what is wrong, and can be put right by its controls.
BAD_TRAITS = {
    "unknown optimiser": {"optimiser": "Adamm"},
    "unknown surface": {"surface": "volcano"},
    "negative learning rate": {"learning_rate": -0.5},
    "learning rate zero": {"learning_rate": 0},
    "learning rate null": {"learning_rate": None},
    "learning rate in words": {"learning_rate": "fast"},
    "momentum 1": {"optimiser": "momentum", "momentum": 1},
    "start of one number": {"start": [1]},
    "start in words": {"start": ["a", "b"]},
}


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("fault", BAD_TRAITS)
def test_bad_trait_is_named(altered, path, fault):
    page = altered(path, state=("descent", lambda traits: traits.update(BAD_TRAITS[fault])))
    one = Explorable(page.locator(".fg-live[data-widget=descent]").first)
    assert one.root.get_attribute("data-tone") == "bad"
    says = one.says()
    assert in_language(says, edition(path)), says
    given = list(BAD_TRAITS[fault].values())[-1]
    if isinstance(given, str) or (isinstance(given, (int, float)) and given < 0):
        assert str(given).replace("-", "") in says, says
    put_right(one, fault)
    assert one.root.get_attribute("data-error") == "no", one.says()
    before = one.picture()
    one.slide(one.ranges()[0])
    assert one.picture() != before
    none(page.watch.complaints)


def put_right(one, fault):
    if "optimiser" in fault:
        one.pick(one.root.locator("input[type=radio][value=sgd]"))
    elif "surface" in fault:
        one.root.locator(".fg-control[data-trait=surface] select").select_option("quadratic")
        one.settle()
    elif "learning rate" in fault:
        one.type("learning_rate", "0.02")
    elif "momentum" in fault:
        one.type("momentum", "0.5")
    else:  # another surface brings its own start
        one.root.locator(".fg-control[data-trait=surface] select").select_option("saddle")
        one.settle()


@pytest.mark.parametrize("path", BOTH)
def test_diverging_learning_rate_in_the_state(altered, path):
    page = altered(path, state=("descent", lambda traits: traits.update(learning_rate=1e9)))
    one = Explorable(page.locator(".fg-live[data-widget=descent]").first)
    assert one.root.get_attribute("data-tone") == "bad"
    assert one.root.get_attribute("data-error") == "no"
    assert in_language(one.says(), edition(path))
    assert not one.drawn("NaN")
    none(page.watch.complaints)


# --- the recording --------------------------------------------------------------------------------

def shortened(recording):
    recording["runs"]["SGD"].pop()


def words_for_a_number(recording):
    recording["runs"]["Momentum"][0]["train"][3] = "low"


def without_provenance(recording):
    del recording["provenance"]


def unordered(recording):
    recording["learning_rates"].reverse()


CORRUPT = {
    "missing": lambda traits: traits.pop("recording"),
    "null": lambda traits: traits.update(recording=None),
    "empty": lambda traits: traits.update(recording={}),
    "a list": lambda traits: traits.update(recording=[1, 2]),
    "a run is gone": lambda traits: shortened(traits["recording"]),
    "a word for a number": lambda traits: words_for_a_number(traits["recording"]),
    "no provenance": lambda traits: without_provenance(traits["recording"]),
    "unordered": lambda traits: unordered(traits["recording"]),
}


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("fault", CORRUPT)
def test_corrupt_recording_is_named(altered, path, fault):
    page = altered(path, state=("learning_rate_lab", CORRUPT[fault]))
    live = page.locator(".fg-live[data-widget=learning_rate_lab]").first
    wake(live)
    root = live.locator(".fg-explorable")
    assert root.get_attribute("data-tone") == "bad"
    says = root.locator(".fg-says").inner_text()
    assert in_language(says, edition(path)), says
    assert "undefined" not in says
    assert len(says) > 10
    lives_on(page, other="descent")
    none(page.watch.complaints)


@pytest.mark.parametrize("path", BOTH)
def test_unknown_optimiser_of_the_lab(altered, path):
    page = altered(path, state=("learning_rate_lab", lambda traits: traits.update(optimiser="Adamm")))
    one = Explorable(page.locator(".fg-live[data-widget=learning_rate_lab]").first)
    assert one.root.get_attribute("data-tone") == "bad"
    assert "Adamm" in one.says()
    assert in_language(one.says(), edition(path))
    one.pick(one.radios()[0])
    assert one.root.get_attribute("data-error") == "no"
    none(page.watch.complaints)


# --- the browser itself ------------------------------------------------------------------------------

# What a browser that knows no MathML makes of it: boxes of unknown elements.
NO_MATHML = """document.addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style");
    style.textContent = "math, math * { display: inline !important; width: auto; }";
    document.head.append(style);
});"""


@pytest.mark.parametrize("path", BOTH)
def test_a_browser_that_draws_no_formulas_is_told(visit, path):
    page = visit(path)
    assert page.locator(".old-browser").count() == 0
    page.add_init_script(NO_MATHML)
    page.reload()
    notice = page.locator("article > .old-browser")
    notice.wait_for()
    assert "109" in notice.inner_text()
    assert in_language(notice.inner_text().replace("Chrome", ""), edition(path))


def test_a_browser_that_lacks_a_method_is_told_and_the_page_lives(visit):
    page = visit(BOTH[0], wait="commit")
    page.add_init_script("delete globalThis.structuredClone;")
    page.reload()
    live = page.locator(".fg-live[data-widget=descent]").first
    live.scroll_into_view_if_needed()
    live.locator(".fg-failure, .fg-explorable[data-ready=yes]").first.wait_for()
    assert page.locator("main math").first.is_visible()
    page.locator("[data-theme-switch]").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_page_whose_fonts_never_come_is_alive_in_others(visit, served):
    def hang(route):
        pass  # neither an answer nor an error

    page = visit("404.html")
    page.route("**/*.woff2", hang)
    page.goto(served.url + BOTH[0], wait_until="commit")
    wake(page.locator(".fg-live[data-widget=descent]").first)
    lives_on(page)
    # swap: the text stands there in a fallback, and is not invisible
    ours = page.evaluate("[...document.fonts].filter((f) => f.status === 'loading').map((f) => f.display)")
    assert ours
    assert set(ours) == {"swap"}
    assert page.locator("main p").first.bounding_box()["height"] > 10


def test_in_forced_colours_icons_and_the_place_in_the_contents_are_seen(visit):
    page = visit(BOTH[0], forced_colors="active")
    colours = page.evaluate("""() => {
        const style = (s) => getComputedStyle(document.querySelector(s));
        const paper = style("body").backgroundColor;
        const icons = [...document.querySelectorAll(".icon, .mark")].filter((i) => i.checkVisibility());
        return [icons.filter((i) => getComputedStyle(i).backgroundColor === paper).map((i) => i.className),
            icons.length, style(".contents a:not([aria-current])").borderLeftColor === paper,
            style(".contents a[aria-current]").borderLeftColor === paper];
    }""")
    assert colours[0] == []
    assert colours[1] >= 3
    assert colours[2:] == [True, False]


LOOK = Path(__file__).with_name("same_state.js").read_text("utf8")


@pytest.mark.parametrize("name", contents())
def test_odd_traits_are_named_or_left_out(visit, name):
    """Every trait of every explorable, set to what another version may have written: it starts, says
    what is wrong in its own words or goes on with the default, and lives on when the trait is put right."""
    page = visit(f"{name}.html")
    page.evaluate(f"{LOOK}; 0")
    for one in all_on(page):
        found = one.live.evaluate("(live) => fgOddTraits(live)")
        assert found["tried"] > 10, one.name
        none([f"{one.name}: {line}" for line in found["complaints"]])


def test_reset_mends_what_the_page_brought(altered):
    state = ("descent", lambda traits: traits.update(surface="volcano", momentum="fast"))
    page = altered(BOTH[0], state=state)
    one = Explorable(page.locator(".fg-live[data-widget=descent]").first)
    assert one.root.get_attribute("data-error") == "yes"
    one.reset()
    assert one.root.get_attribute("data-error") == "no", one.says()
    assert one.root.locator("[data-trait=surface] select").input_value() == "quadratic"
    none(page.watch.complaints)
