"""The explorables of chapter 11: the trained LSTM is asked for, reads what is typed, is pointed at."""

import pytest
from explorable import all_on
from site_checks import axe, contents, edition, in_language, none, paths

pytestmark = pytest.mark.browser
ODD = ("", "a", " ", "鲸鱼", "naïve 鲸 🐋 whale", "\u0000\u200b", '(((("""', "the " * 80, "<b>&amp;")
PAGES = [path for path in paths(contents()) if "11_lstm" in path]


def find(page, name):
    return next(one for one in all_on(page) if one.name == name)


def trained(page):
    """The LSTM, loaded as a reader loads it."""
    one = find(page, "lstm_gates")
    button = one.root.locator("[data-model]")
    assert "kB" in button.inner_text()
    button.click()
    one.settle()
    assert button.is_hidden()
    return one


def rewrite(one, text):
    one.root.locator(".fg-sentence").fill(text)
    one.settle()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_loaded_before_it_is_asked_for(visit, path):
    page = visit(path)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    one = find(page, "lstm_gates")
    rewrite(one, "The white whale")
    assert not [url for url in asked if "char_lstm" in url]
    assert one.root.locator(".fg-bars").is_hidden()
    one = trained(page)
    assert len([url for url in asked if "char_lstm" in url]) == 1
    assert one.root.locator(".fg-bar-row:visible").count() >= 6
    one.reset()
    assert one.root.locator("[data-model]").is_visible()
    trained(page)  # it is there already
    assert len([url for url in asked if "char_lstm" in url]) == 1
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_whatever_is_typed_is_answered(visit, path):
    """Nothing, one character, what no novel has, a paragraph; with four units and with the trained model."""
    page = visit(path)
    for one in (find(page, "lstm_gates"), trained(page)):
        seen = set()
        for text in ODD:
            rewrite(one, text)
            state = one.state()
            seen.add(state["picture"])
            assert one.root.get_attribute("data-error") == "no", text
            assert in_language(one.says(), edition(path)), one.says()
            assert "NaN" not in one.says()
            assert not one.drawn("NaN")
        assert len(seen) > 5
        assert len(one.root.locator(".fg-sentence").input_value()) <= 200
    rewrite(one, "naïve 鲸 whale")
    hint = one.root.locator(".fg-text .fg-hint")
    assert hint.is_visible()
    assert "ï 鲸" in hint.inner_text()
    assert one.root.locator(".fg-strip s").count() == 2
    none(axe(page, within=".fg-live"))
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_pictures_and_letters_are_pointed_at(visit, path):
    """A click on the map of all units takes the unit and the place; on a letter, on a lane, the place."""
    page = visit(path, has_touch=True)
    one = trained(page)
    heat, lanes = one.root.locator("canvas.fg-heat").all()
    box = heat.bounding_box()
    heat.click(position={"x": box["width"] / 2, "y": 20 + 3 * 94 + 1})
    one.settle()
    assert one.root.locator("[data-trait=unit] .fg-number").input_value() == "94"
    place = one.root.locator(".fg-strip .fg-at").get_attribute("data-step")
    assert "94" in one.says()
    lanes.click(position={"x": 75, "y": 60})
    one.settle()
    assert one.root.locator(".fg-strip .fg-at").get_attribute("data-step") != place
    one.root.locator(".fg-strip span").nth(4).tap()
    one.settle()
    assert one.root.locator(".fg-player .fg-out").inner_text().startswith("4 /")
    # After “Queeq”, of course.
    assert one.root.locator(".fg-bar-row[data-came=yes] .fg-bar-name").inner_text() == "u"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "theme"), [(320, "light"), (1280, "dark")])
def test_the_trained_model_fits_its_place(visit, path, width, theme):
    page = visit(path, width=width, theme=theme)
    one = trained(page)
    one.type("unit", "94")
    one.page.wait_for_timeout(50)
    one.settle()
    inside = one.root.evaluate("""(root) => { const r = root.getBoundingClientRect();
        return [...root.querySelectorAll("*")].filter((el) => el.checkVisibility()
            && !el.closest(".fg-hidden") && el.getBoundingClientRect().right > r.right + 1)
            .map((el) => el.outerHTML.slice(0, 120)); }""")
    assert inside == []
    none(axe(page, within=".fg-live"))
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_a_click_on_the_second_picture_sets_the_scale(visit, path):
    page = visit(path)
    one = find(page, "gradient_reach")
    place = one.root.locator(".fg-place")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    one.page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    one.settle()
    assert float(one.root.locator("[data-trait=scale] .fg-number").input_value()) > 1.5
    one.type("bias", "-3")
    assert in_language(one.says(), edition(path))
    one.type("scale", "3")
    assert one.root.get_attribute("data-tone") == "bad"
    assert not one.drawn("NaN")
    none(page.watch.complaints)
