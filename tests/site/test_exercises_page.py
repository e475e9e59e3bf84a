"""Exercises are answered in the page: verdicts, bad input, progress, both languages, from disk, on paper."""

import json
import re

import pytest
from site_checks import HAN, axe, none, overflow

pytestmark = pytest.mark.browser
SIX, TEN, FOUR = (f"chapters/{name}.html" for name in
                  ("06_gradient_descent", "10_language_models", "04_losses_and_metrics"))
BOTH = [("", "Right.", "Not yet."), ("zh/", "正确。", "还不对。")]


def box(page, exercise):
    place = page.locator(f'.fg-exercise[data-exercise="{exercise}"]')
    place.scroll_into_view_if_needed()
    place.locator(".fg-answer").wait_for()
    place.scroll_into_view_if_needed()
    return place


def answer(page, exercise, text):
    """What the box says to it."""
    place = box(page, exercise)
    place.locator("input").fill(text)
    place.locator("input").press("Enter")
    return place.locator("[role=status]").text_content()


@pytest.mark.parametrize(("edition", "right", "not_yet"), BOTH)
def test_right_wrong_and_a_known_mistake(visit, edition, right, not_yet):
    page = visit(edition + SIX)
    assert answer(page, "06.1", "-0.125").startswith(f"✓ 06.1 {right}")
    assert answer(page, "06.1", "0.4").startswith(f"✗ 06.1 {not_yet}")
    mistake = answer(page, "06.1", "0.125")
    assert ("valley" in mistake) if not edition else ("谷" in mistake)
    said = answer(page, "06.2", "2/9, 0.2, 0.5")
    assert "✓ ✓ ✗" in said
    assert not edition or HAN.search(said)
    none(page.watch.complaints)


@pytest.mark.parametrize(("typed", "exercise"), [
    ("-1/8", "06.1"), ("−0.125", "06.1"), ("－０．１２５", "06.1"), ("-0,125", "06.1"), ("-12.5 %", "06.1"),
    ("-1.25e-1", "06.1"), ("负八分之一", "06.1"), ("-(1/2)^3", "06.1"), ("-sqrt(1/64)", "06.1"),
    ("一千零四", "06.6"), ("1004", "06.6"), ("0,81; 0,9", "06.5"), ("（0.81，九成）", "06.5"),
    ("[0.81, 0.9]", "06.5"), ("81% 90%", "06.5"), ("1382, 70", "06.3"),
])
def test_an_answer_may_be_written_in_many_ways(visit, typed, exercise):
    page = visit(f"zh/{SIX}")
    assert answer(page, exercise, typed).startswith(f"✓ {exercise} 正确。"), typed


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_bad_input_is_answered_in_the_readers_language(visit, edition):
    page = visit(edition + SIX)
    bad = ["", "   ", "word", "你好", "1/0", "__import__('os')", "1+" * 5000, "1, " * 300, "sqrt(-1)",
           "1,004", "10^400", "((1", "1 +", "2 ^ ^ 3", "<b>1</b>", "0x10", "(" * 100]
    said = [answer(page, "06.6", text) for text in bad]
    assert all(said)
    assert all("✓" not in words for words in said)
    assert all(bool(HAN.search(words)) == bool(edition) for words, text in zip(said, bad, strict=True)
               if text != "你好"), said
    assert "1004" in said[bad.index("1,004")]  # both readings are named
    assert "10000" in said[6]
    assert page.evaluate("localStorage.getItem('fg-exercises')") is None  # no answer, no progress
    none(page.watch.complaints)


@pytest.mark.parametrize(("edition", "right", "not_yet"), BOTH)
def test_a_choice_is_made_of_radio_buttons(visit, edition, right, not_yet):
    page = visit(edition + TEN)
    place = box(page, "10.3")
    status = place.locator("[role=status]")
    place.locator("button[type=submit]").click()
    assert status.text_content()
    place.get_by_role("radio", name="same", exact=True).check()
    place.locator("button[type=submit]").click()
    assert status.text_content().startswith(f"✗ 10.3 {not_yet}")
    place.get_by_role("radio", name="b", exact=True).check()
    place.locator("button[type=submit]").click()
    assert status.text_content().startswith(f"✓ 10.3 {right}")
    none(page.watch.complaints)


def contents(page):
    page.wait_for_selector(".contents-sum:not([hidden])", state="attached")
    return page.locator('[data-exercises^="06"] .contents-progress').text_content()


def test_progress_stays_is_exported_and_erased(visit):
    page = visit(SIX)
    answer(page, "06.1", "-1/8")
    answer(page, "06.3", "1381, 70")
    assert "1/6" in contents(page)
    assert page.locator(".contents-sum span").text_content() == "1 of 74 exercises right"
    page.reload()
    place = box(page, "06.3")
    assert place.locator("input").input_value() == "1381, 70"
    assert place.locator("[role=status]").text_content().startswith("✗ 06.3 Not yet.")
    assert box(page, "06.1").locator("[role=status]").text_content().startswith("✓ 06.1")
    assert "1/6" in contents(page)
    with page.expect_download() as download:
        page.locator(".contents-sum button").first.click()
    exported = json.loads(download.value.path().read_text("utf-8"))
    assert exported == {"06.1": {"answer": "-1/8", "right": True},
                        "06.3": {"answer": "1381, 70", "right": False}}
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator(".contents-sum button").last.click()
    assert "1/6" in contents(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".contents-sum button").last.click()
    assert page.locator(".contents-sum").is_hidden()
    assert box(page, "06.1").locator("input").input_value() == ""
    assert page.evaluate("localStorage.getItem('fg-exercises')") is None
    none(page.watch.complaints)


def test_what_was_right_stays_right(visit):
    page = visit(SIX)
    answer(page, "06.1", "-1/8")
    answer(page, "06.1", "7")
    assert "1/6" in contents(page)


@pytest.mark.parametrize("stored", [
    "nonsense", "[1, 2]", "null", '{"06.1": 3, "x": {"answer": "1", "right": true}}',
    '{"06.1": {"answer": [], "right": "yes"}}'])
def test_stored_nonsense_is_no_progress(visit, stored):
    page = visit("index.html")
    page.evaluate("(text) => localStorage.setItem('fg-exercises', text)", stored)
    page.goto(page.url.replace("index.html", SIX))
    assert answer(page, "06.1", "-1/8").startswith("✓")
    assert "1/6" in contents(page)
    none(page.watch.complaints)


FORBIDDEN = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden') } })"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"


@pytest.mark.parametrize("fault", [FORBIDDEN, FULL])
@pytest.mark.parametrize("edition", ["", "zh/"])
def test_without_storage_the_box_judges_and_says_what_is_lost(visit, fault, edition):
    page = visit("404.html")
    page.context.add_init_script(fault)
    page.goto(page.url.replace("404.html", edition + SIX))
    said = answer(page, "06.1", "-1/8")
    assert said.startswith("✓ 06.1")
    assert ("没有保存进度" if edition else "keeps no progress") in said
    assert "1/6" in contents(page)  # as long as the page is open
    none(page.watch.complaints)


def test_what_a_judge_needs_is_loaded_when_it_is_asked(visit):
    page = visit(FOUR)
    place = box(page, "04.9")
    assert re.search(r"loads \d+ kB", place.locator("button[type=submit]").text_content())
    assert not page.evaluate("'fgShirts' in globalThis")
    place.locator("input").fill("0.04")
    place.locator("button[type=submit]").click()
    page.wait_for_selector('[data-exercise="04.9"][data-verdict=right]')
    assert "validation set" in place.locator("[role=status]").text_content()


def test_what_does_not_load_is_said_and_tried_again(visit, served):
    page = visit(FOUR, base=served.altered(**{"assets/exercises/shirts.js": None}))
    place = box(page, "04.9")
    place.locator("input").fill("0.04")
    place.locator("input").press("Enter")
    page.wait_for_selector('[data-exercise="04.9"][data-verdict=wrong]')
    assert "did not load" in place.locator("[role=status]").text_content()


def test_word_vectors_judge_an_analogy(visit):
    page = visit("zh/chapters/09_word2vec.html")
    place = box(page, "09.9")
    place.locator("input").fill("walk，walked，talk，talked")
    place.locator("input").press("Enter")
    page.wait_for_selector('[data-exercise="09.9"][data-verdict=right]')
    assert place.locator("[role=status]").text_content().startswith("✓ 09.9 正确。")


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_from_disk(visit, site, edition):
    page = visit(edition + TEN, base=f"{site.as_uri()}/")
    assert answer(page, "10.2", "24.5, 4.62, 1.03").startswith("✓ 10.2")
    none(page.watch.complaints)


def test_the_hint_opens_and_the_order_of_focus_is_that_of_reading(visit):
    page = visit(SIX)
    place = box(page, "06.1")
    place.locator("input").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "submit"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    hint = page.evaluate_handle("document.activeElement.closest('details.hint')").as_element()
    assert hint.get_attribute("open") is not None
    assert place.locator("input").get_attribute("aria-describedby")


@pytest.mark.parametrize(("edition", "theme"), [("", "light"), ("zh/", "dark")])
def test_boxes_are_accessible_and_fit_a_narrow_screen(visit, edition, theme):
    page = visit(edition + TEN, width=320, theme=theme)
    answer(page, "10.2", "24, 4, 1.03")
    answer(page, "10.6", "1.2")
    none(axe(page, within=".fg-exercise"))
    none(overflow(page))


def test_without_scripts_and_on_paper_the_line_of_the_notebook_stands_there(visit):
    page = visit(SIX, java_script_enabled=False)
    place = page.locator('.fg-exercise[data-exercise="06.1"]')
    assert place.text_content().strip() == "○ 06.1 Waiting for your answer."
    page = visit(SIX)
    answer(page, "06.1", "-1/8")
    page.emulate_media(media="print")
    assert page.locator(".fg-answer").first.is_hidden()
    assert page.locator('.fg-exercise[data-exercise="06.1"] .output').is_visible()


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_every_exercise_but_functions_has_a_box(visit, site, edition):
    page = visit(edition + TEN)
    box(page, "10.1")
    ids = page.locator(".fg-exercise").evaluate_all("(all) => all.map((el) => el.dataset.exercise)")
    assert ids == ["10.1", "10.2", "10.3", "10.4", "10.6", "10.8", "10.9"]
    assert page.locator(".fg-answer").count() == len(ids)
    assert page.locator(".fg-colab a").count() == 2  # 10.5 and 10.7


def test_checks_of_the_chinese_edition_are_chinese(visit):
    page = visit(f"zh/{SIX}", java_script_enabled=False)
    lines = re.findall(r"[✓✗○] \d\d\.\d+ .*", page.locator("main").text_content())
    assert len(lines) == 16
    assert all(re.match(r"[✓○] \d\d\.\d+ (正确|等你作答)。", line) for line in lines)


# --- Python in the page: only where the site was built with it (make site PYODIDE=1) ----------------

@pytest.fixture
def python(site):
    if not (site / "pyodide").exists():
        pytest.skip("the site was built without Python: make site PYODIDE=1")


def ran(page, exercise, code):
    place = page.locator(f'.fg-python[data-exercise="{exercise}"]')
    place.locator("textarea").fill(code)
    place.locator("button[type=submit]").click()
    page.wait_for_function("""(e) => /[✓✗:]/.test(
        document.querySelector(`.fg-python[data-exercise="${e}"] [role=status]`).textContent)""",
                           arg=exercise, timeout=90_000)
    return place.locator("[role=status]").text_content()


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_python_judges_a_function_in_the_page(visit, python, edition):
    page = visit(edition + TEN)
    right = ("def continuation(tokens):\n    pairs = set(zip(tokens, tokens[1:]))\n"
             "    after = Counter(b for a, b in pairs)\n"
             "    return {t: c / len(pairs) for t, c in after.items()}\n")
    assert ran(page, "10.5", f'{right}check("10.5", continuation)').startswith("✓ 10.5")
    said = ran(page, "10.5", f'{right.replace("return ", "")}check("10.5", continuation)')
    assert "return" in said
    assert bool(HAN.search(said)) == bool(edition)
    assert ran(page, "10.5", "1 +").startswith("SyntaxError:")
    none(page.watch.complaints)


def test_python_that_never_ends_is_stopped(visit, python):
    page = visit(TEN)
    place = page.locator('.fg-python[data-exercise="10.5"]')
    place.locator("textarea").fill("while True: pass")
    place.locator("button[type=submit]").click()
    place.get_by_role("button", name="Stop").click()
    assert place.locator("[role=status]").text_content() == "Stopped."


def test_from_disk_the_page_says_why_there_is_no_python(visit, python, site):
    page = visit(TEN, base=f"{site.as_uri()}/")
    assert "from disk" in page.locator('.fg-python[data-exercise="10.5"]').text_content()
    none(page.watch.complaints)
