"""Chapter 09's explorables on their page: words that come when they are asked for, a text trained in view."""

import re

import pytest
from explorable import all_on
from site_checks import contents, edition, in_language, none, paths

pytestmark = pytest.mark.browser
PAGES = [path for path in paths(contents()) if "09_word2vec" in path]
MODEL = "models/word_vectors.js"


def explorable_on(page, name):
    return next(one for one in all_on(page) if one.name == name)


def search(one, text, key="Enter"):
    box = one.root.locator(".fg-wm-input").first
    box.fill(text)
    box.press(key)
    one.settle()
    return box


@pytest.mark.parametrize("path", PAGES)
def test_the_words_are_loaded_when_asked_for_and_not_before(visit, path):
    page = visit(path, wait="commit")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_load_state("load")
    one = explorable_on(page, "word_map")
    search(one, "dog")
    button = one.root.locator("[data-model]")
    assert re.search(r"10,000 .*\(\d+(\.\d)? [kM]B\)", button.inner_text())
    assert not [url for url in asked if MODEL in url]
    button.click()
    one.settle()
    assert button.is_hidden()
    assert len([url for url in asked if MODEL in url]) == 1
    few = one.says()
    one.reset()
    assert button.is_visible()
    assert one.says() != few
    button.click()
    one.settle()
    assert len([url for url in asked if MODEL in url]) == 1
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_words_that_do_not_arrive_leave_the_sample(visit, path):
    page = visit(path)
    page.route(f"**/{MODEL}*", lambda route: route.abort())
    one = explorable_on(page, "word_map")
    before = one.picture()
    button = one.root.locator("[data-model]")
    button.click()
    one.settle()
    alert = one.root.locator(".fg-wm-source [role=alert]")
    assert in_language(alert.inner_text(), edition(path))
    assert one.picture() == before
    page.unroute(f"**/{MODEL}*")
    button.click()
    one.settle()
    assert alert.is_hidden()
    assert one.picture() != before


@pytest.mark.parametrize("path", PAGES)
def test_an_unknown_word_is_answered(visit, path):
    page = visit(path)
    one = explorable_on(page, "word_map")
    one.root.locator("[data-model]").click()
    one.settle()
    hint = one.root.locator(".fg-wm-box .fg-hint").first
    before = one.picture()
    box = search(one, "qeuen")
    assert "queen" in hint.inner_text()
    assert in_language(hint.inner_text(), edition(path))
    assert one.picture() == before
    for nonsense in ("猫", "zzzzzzzzzz", "<b>", "0" * 60, "__proto__", "constructor"):
        box = search(one, nonsense)
        assert hint.is_visible(), nonsense
        assert one.root.get_attribute("data-error") == "no"
    box = search(one, " QUEEN ")
    assert hint.is_hidden()
    assert one.picture() != before
    assert box.input_value() == "queen"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES[:1])
def test_suggestions_and_neighbours_by_keyboard(visit, path):
    page = visit(path)
    one = explorable_on(page, "word_map")
    box = one.root.locator(".fg-wm-input").first
    box.fill("qu")
    assert box.get_attribute("aria-expanded") == "true"
    for key in ("ArrowDown", "Enter"):
        box.press(key)
    one.settle()
    assert box.input_value() == "queen"
    assert box.get_attribute("aria-expanded") == "false"
    rows = one.root.locator(".fg-wm-row")
    first, second = (rows.nth(i).locator("span").first.inner_text() for i in range(2))
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    one.settle()
    assert box.input_value() == second != first
    box.fill("do")
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_a_click_on_the_map_takes_a_word(visit, path):
    page = visit(path)
    for name, chosen in (("skip_gram", ".fg-sg-word select"), ("word_map", ".fg-wm-input >> nth=0")):
        one = explorable_on(page, name)
        plot = one.root.locator(".fg-plot").nth(0)
        plot.scroll_into_view_if_needed()
        box, seen = plot.bounding_box(), set()
        for x in (0.25, 0.5, 0.75):
            for y in (0.3, 0.6):
                page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
                one.settle()
                seen.add(one.root.locator(chosen).input_value())
        assert len(seen) >= 3, name
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_the_question_may_not_answer_itself_unless_it_is_let(visit, path):
    page = visit(path)
    one = explorable_on(page, "word_map")
    one.root.locator("[data-model]").click()
    one.settle()
    one.pick(one.root.locator("input[type=radio][value=analogy]"))
    own = one.root.locator(".fg-wm-row[data-own=yes]")
    assert own.count() == 0
    one.root.locator("[data-trait=leave_out] input").uncheck()
    one.settle()
    assert own.count() >= 1
    assert in_language(one.says(), edition(path))


@pytest.mark.parametrize("path", PAGES)
def test_a_text_that_cannot_be_trained_says_why(visit, path):
    page = visit(path)
    one = explorable_on(page, "skip_gram")
    text = one.root.locator("textarea")
    for bad in ("", "cat", "…!?", "w " * 2100, " ".join(f"w{i}" for i in range(400)), "a\nb\nc"):
        text.fill(bad)
        one.settle()
        assert one.root.get_attribute("data-tone") == "bad", bad[:20]
        assert in_language(one.says(), edition(path)), bad[:20]
        assert one.goal() == "no"
    text.fill("e\u0301tat major\n春眠不觉晓\n<b>bold</b> & more words")
    one.settle()
    assert one.root.get_attribute("data-tone") == "plain"
    assert "é" in one.root.locator(".fg-sg-word select").inner_text()
    one.type("learning_rate", "100")
    assert one.root.get_attribute("data-tone") == "bad"
    assert in_language(one.says(), edition(path))
    assert not one.drawn("NaN")
    none(page.watch.complaints)


@pytest.mark.parametrize("path", PAGES[:1])
def test_training_can_be_watched(visit, path):
    """From the start the loss falls; at the end the picture is the one that was there before."""
    page = visit(path)
    one = explorable_on(page, "skip_gram")
    end = one.picture()
    one.root.locator(".fg-player select").select_option("fast")
    one.root.locator(".fg-player .fg-icon").nth(1).click()
    page.wait_for_timeout(300)
    assert one.picture() != end
    out = one.root.locator(".fg-player .fg-out")
    for _ in range(100):
        if out.inner_text() == "200 / 200":
            break
        page.wait_for_timeout(100)
    one.settle()
    assert one.picture() == end
    none(page.watch.complaints)
