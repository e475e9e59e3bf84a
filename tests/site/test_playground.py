"""The playground in the browser: drawing, editing, numbers, playing; and that it leaves the page alone."""

import re

import pytest
from explorable import all_on, centre
from site_checks import axe, edition, in_language, none, with_state

pytestmark = pytest.mark.browser
BOTH = ["chapters/03_multilayer_perceptrons.html", "zh/chapters/03_multilayer_perceptrons.html"]


def opened(visit, path=BOTH[0], **options):
    page = visit(path, **options)
    one = next(one for one in all_on(page) if one.name == "playground")
    one.root.scroll_into_view_if_needed()
    return one


def steps(one):
    """Batches so far, as the player says."""
    return int(re.findall(r"\d+", one.root.locator(".fg-out").inner_text())[1])


def choose(one, trait, value):
    one.root.locator(f".fg-control[data-trait={trait}] select").select_option(value)
    one.settle()


def play(one):
    return one.root.locator(".fg-player .fg-icon").nth(1)


def boxes(one):
    return one.root.locator(".fg-weight")


def at(one, x, y):
    """Where a point of the data is on the page."""
    box = one.root.locator(".fg-field").first.bounding_box()
    return box["x"] + (x + 3) / 6 * box["width"], box["y"] + (3 - y) / 6 * box["height"]


# --- drawing --------------------------------------------------------------------------------------------


def test_draw_by_mouse_and_rub_out(visit):
    one = opened(visit)
    choose(one, "dataset", "drawn")
    assert play(one).is_disabled()
    empty = one.picture()
    one.drag(at(one, -2, 1), at(one, 2, 1))
    one.pick(one.root.locator("input[value=minus]"))
    one.drag(at(one, -2, -1), at(one, 2, -1))
    drawn = one.picture()
    assert drawn != empty
    assert play(one).is_enabled()
    assert "NaN" not in one.says()
    one.pick(one.root.locator("input[value=erase]"))
    one.drag(at(one, -2, -1), at(one, 2, -1))
    assert one.picture() != drawn
    one.root.locator(".fg-penbox .fg-button").last.click()
    one.settle()
    assert one.picture() == empty
    none(one.page.watch.complaints)


def test_draw_by_keyboard(visit):
    one = opened(visit)
    choose(one, "dataset", "drawn")
    before = one.picture()
    one.root.locator(".fg-handle-x").focus()
    one.page.keyboard.press("Shift+ArrowLeft")
    button = one.root.locator(".fg-penbox .fg-button").first
    button.focus()
    one.page.keyboard.press("Enter")
    one.settle()
    moved = one.picture()
    assert moved != before
    none(axe(one.page, within=".fg-live"))


def test_draw_by_touch_does_not_scroll(visit):
    one = opened(visit, width=360, height=740, has_touch=True, is_mobile=True)
    choose(one, "dataset", "drawn")
    one.root.locator(".fg-field").first.scroll_into_view_if_needed()
    top, before = one.page.evaluate("scrollY"), one.picture()
    one.swipe(at(one, -2, 2), at(one, 1, -2))
    assert one.picture() != before
    assert abs(one.page.evaluate("scrollY") - top) < 2


# --- weights --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BOTH)
def test_a_weight_is_edited_in_its_box(visit, path):
    one = opened(visit, path)
    one.root.locator(".fg-node[data-layer='1']").first.click()
    one.settle()
    before = one.state()
    box = boxes(one).first
    box.fill("3")
    box.press("Enter")
    one.settle()
    after = one.state()
    assert after["picture"] != before["picture"]
    assert after["says"] != before["says"]
    box.press("ArrowUp")
    assert float(box.input_value()) == pytest.approx(3.1)
    for nonsense in ("abc", "", "NaN", "1e308", "9" * 40):
        seen = one.picture()
        box.fill(nonsense)
        box.press("Enter")
        one.settle()
        assert box.get_attribute("aria-invalid") == "true", nonsense
        hint = one.root.locator(".fg-edit .fg-hint")
        assert in_language(hint.inner_text(), edition(path))
        assert one.picture() == seen
    box.blur()
    assert one.root.locator(".fg-edit .fg-hint").is_hidden()
    one.settle()
    assert float(box.input_value()) == pytest.approx(3.1)
    none(axe(one.page, within=".fg-live"))
    none(one.page.watch.complaints)


def test_a_click_on_a_link_opens_its_weight(visit):
    one = opened(visit)
    canvas = one.root.locator(".fg-net")
    node = centre(one.root.locator(".fg-node[data-layer='1']").nth(1))
    output = centre(one.root.locator(".fg-node[data-layer='2']").first)
    # Halfway, the curve is halfway up too.
    one.page.mouse.click((node[0] + output[0]) / 2, (node[1] + output[1]) / 2)
    one.page.wait_for_timeout(150)
    assert one.page.evaluate("document.activeElement.className") == "fg-weight"
    assert "h₁.₂" in one.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert canvas.is_visible()


def test_the_numbers_are_the_networks(visit):
    """The table's z of the output is what σ turns into the probability that the words say."""
    one = opened(visit)
    one.root.locator(".fg-control[data-trait=numbers] input").check()
    one.settle()
    cells = one.root.locator(".fg-table").last.locator("td").all_inner_texts()
    assert cells[-1] in one.says()
    assert one.root.locator(".fg-table").count() == 2
    none(axe(one.page, within=".fg-live"))


# --- keyboard -------------------------------------------------------------------------------------------


def test_arrows_move_over_the_network(visit):
    one = opened(visit)
    nodes = one.root.locator(".fg-node")
    assert one.root.locator(".fg-node[tabindex='0']").count() == 1
    nodes.first.focus()
    seen = []
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"):
        one.page.keyboard.press(key)
        seen.append(one.page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert len(set(seen)) >= 4
    assert seen[-1] == "Output"
    assert one.root.locator(".fg-node[tabindex='0']").count() == 1
    one.page.keyboard.press("Enter")
    one.settle()
    assert one.root.locator(".fg-node[tabindex='0']").get_attribute("aria-pressed") == "true"


def test_a_wider_layer_keeps_the_focus_on_its_button(visit):
    one = opened(visit)
    more = one.root.locator(".fg-width .fg-step").first
    more.focus()
    label = more.get_attribute("aria-label")
    for _ in range(3):
        one.page.keyboard.press("Enter")
        one.settle()
        assert one.page.evaluate("document.activeElement.getAttribute('aria-label')") == label
    assert one.root.locator(".fg-node[data-layer='1']").count() == 5


# --- playing --------------------------------------------------------------------------------------------


def test_off_the_screen_nothing_is_trained(visit):
    one = opened(visit)
    play(one).click()
    one.page.wait_for_timeout(400)
    one.page.evaluate("scrollTo(0, 0)")
    one.page.wait_for_timeout(300)
    away = steps(one)
    one.page.wait_for_timeout(500)
    assert steps(one) == away > 0
    one.root.scroll_into_view_if_needed()
    one.page.wait_for_timeout(800)
    assert steps(one) > away


def test_while_it_plays_a_screen_reader_is_left_in_peace(visit):
    one = opened(visit)
    one.page.wait_for_timeout(900)
    one.page.evaluate("""() => {
        const status = document.querySelector(".fg-explorable [role=status]");
        globalThis.said = 0;
        new MutationObserver(() => { said += 1; })
            .observe(status, {childList: true, characterData: true, subtree: true});
    }""")
    play(one).click()
    one.page.wait_for_timeout(2000)
    assert one.page.evaluate("said") == 0
    play(one).click()
    one.page.wait_for_timeout(1000)
    assert one.page.evaluate("said") >= 1


def test_less_motion_is_few_pictures(visit):
    one = opened(visit, reduced_motion="reduce")
    one.page.evaluate("""() => {
        const field = CanvasRenderingContext2D.prototype, put = field.putImageData;
        globalThis.drawn = 0;
        field.putImageData = function (...a) { drawn += 1; return put.apply(this, a); };
    }""")
    play(one).click()
    one.page.wait_for_timeout(2000)
    play(one).click()
    assert one.page.evaluate("drawn") <= 2 * 7  # two canvases a picture, a picture each half second


def test_one_batch_and_one_epoch(visit):
    one = opened(visit)
    buttons = one.root.locator(".fg-player .fg-icon")
    buttons.nth(2).click()
    one.settle()
    assert steps(one) == 1
    buttons.nth(3).click()
    one.settle()
    assert steps(one) == 26  # 250 points in batches of 10
    buttons.nth(0).click()
    one.settle()
    assert steps(one) == 0
    assert buttons.nth(0).is_disabled()


def test_drawing_goes_on_while_it_plays(visit):
    one = opened(visit)
    choose(one, "dataset", "drawn")
    one.drag(at(one, -2, 1), at(one, 2, 1))
    one.pick(one.root.locator("input[value=minus]"))
    one.drag(at(one, -2, -1), at(one, 2, -1))
    play(one).click()
    one.page.wait_for_timeout(300)
    before = steps(one)
    one.drag(at(one, -2, -2), at(one, 2, -2))
    one.page.wait_for_timeout(500)
    assert steps(one) > before > 0
    none(one.page.watch.complaints)


@pytest.mark.parametrize("path", BOTH)
def test_an_absurd_learning_rate_is_said_and_left_again(visit, path):
    one = opened(visit, path)
    choose(one, "activation", "relu")
    one.type("learning_rate", "1e9")
    play(one).click()
    one.page.wait_for_timeout(700)
    assert one.root.get_attribute("data-tone") == "bad"
    assert in_language(one.says(), edition(path))
    assert "NaN" not in one.root.inner_text()
    one.root.locator(".fg-player .fg-icon").first.click()
    one.type("learning_rate", "0.1")
    assert one.root.get_attribute("data-tone") == "plain"
    assert play(one).is_enabled()
    none(one.page.watch.complaints)


def test_the_theme_reaches_the_canvases(visit):
    one = opened(visit)
    light = one.picture()
    one.page.locator("[data-theme-switch]").click()
    one.settle()
    assert one.picture() != light
    one.page.locator("[data-theme-switch]").click()
    one.settle()
    assert one.picture() == light


BAD = {"hidden": [[9], "9"], "weights": [[1.0, 2.0], "9"], "features": [["x7"], "x7"],
       "drawn": [[[0, 9, 1]], "9"], "seed": [-1, "1"], "learning_rate": [-1, "1"], "batch_size": [0, "0"],
       "dataset": ["moon", "moon"]}


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("trait", BAD)
def test_bad_state_is_named(visit, served, site, path, trait):
    wrong = {trait: BAD[trait][0]} | ({"dataset": "drawn"} if trait == "drawn" else {})
    html = with_state((site / path).read_text("utf8"), "playground", lambda traits: traits.update(wrong))
    page = visit(path, base=served.altered(**{path: html}))
    one = next(one for one in all_on(page) if one.name == "playground")
    assert one.root.get_attribute("data-error") == "yes"
    assert BAD[trait][1] in one.says()
    assert in_language(one.says(), edition(path))
    none(page.watch.complaints)


# --- on paper -------------------------------------------------------------------------------------------

ON_PAPER = """(root) => matchMedia("print").addEventListener("change", ({matches}) => {
    if (!matches) return;
    const sides = (el) => { const {left, right, top, bottom} = el.getBoundingClientRect();
        return [left, right, top, bottom]; };
    globalThis.fgPaper = {axes: sides(root.querySelector(".fg-back .fg-frame")),
        map: sides(root.querySelector(".fg-field")), points: sides(root.querySelectorAll(".fg-field")[1]),
        network: sides(root.querySelector(".fg-net-canvas")), room: sides(root.querySelector(".fg-net")),
        field: root.querySelector(".fg-field").toDataURL()};
})"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1900])
def test_paper_has_the_points_inside_the_axes(visit, width, theme):
    """Whatever the screen's width and colours, what is printed has those of paper."""
    one = opened(visit, width=width, theme=theme)
    screen = one.picture()
    one.root.evaluate(ON_PAPER)
    one.page.pdf(format="A4")
    paper = one.page.evaluate("fgPaper")
    for canvas in ("map", "points"):
        assert paper[canvas] == pytest.approx(paper["axes"], abs=1), canvas
    assert paper["network"][1] <= paper["room"][1] + 1
    one.settle()
    assert one.picture() == screen
    light = opened(visit, width=width, theme="light").root.locator(".fg-field").first
    assert paper["field"] == light.evaluate("(canvas) => canvas.toDataURL()")
