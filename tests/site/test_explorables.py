"""Every explorable on every page of both editions: by mouse, by keyboard, by finger, with nonsense typed in.

Nothing here knows what an explorable shows, but for GOALS, which says how each one's goal is reached.
"""

import re

import pytest
from explorable import Explorable, all_on, centre, thumb
from playwright.sync_api import expect
from site_checks import HAN, axe, contents, edition, in_language, none, paths

from firstgrad.data.files import recording

pytestmark = pytest.mark.browser
PAGES = paths(contents())
CHAPTER = ["chapters/06_gradient_descent.html", "zh/chapters/06_gradient_descent.html"]
# Chapters whose explorables have a handle and number boxes: what is slow is tried on these.
HANDLED = [
    "chapters/03_multilayer_perceptrons.html", "zh/chapters/03_multilayer_perceptrons.html",
    *CHAPTER,
    "chapters/07_adam.html", "zh/chapters/07_adam.html",
]
# Chapters whose explorables have number boxes, a handle or not.
TYPED = [
    "chapters/01_what_a_large_model_is.html", "zh/chapters/01_what_a_large_model_is.html",
    "chapters/02_tools.html", "zh/chapters/02_tools.html",
    "chapters/04_losses_and_metrics.html", "zh/chapters/04_losses_and_metrics.html",
    *HANDLED,
    "chapters/08_regularisation.html", "zh/chapters/08_regularisation.html",
    "chapters/09_word2vec.html", "zh/chapters/09_word2vec.html",
    "chapters/10_language_models.html", "zh/chapters/10_language_models.html",
    "chapters/11_lstm.html", "zh/chapters/11_lstm.html",
]


def by_turns(pages):
    """One edition of each page, the Chinese of odd chapters: enough for what takes long and has no words."""
    odd = re.compile(r"/\d[13579]_")
    return [page for page in pages if page.startswith("zh/") == bool(odd.search(page))]


# Its boxes take any number, -1 as well: the general nonsense is none there.
GRAPHS = ["chapters/05_back_propagation.html", "zh/chapters/05_back_propagation.html"]
SIGNED = {"bias"}  # traits that may be negative
NONSENSE = ["1e308", "", "NaN", "-1", "0", "abc", "1e999", "−5", "1,5", " 0.1 ", "9" * 40]


def changed(before, after, *parts):
    return [part for part in parts if before[part] == after[part]]


@pytest.mark.parametrize("path", PAGES)
def test_by_mouse(visit, path):
    """Every slider and handle changes the picture and the words; reset brings the start back."""
    page = visit(path)
    for one in all_on(page):
        start = one.state()
        for radio in [None, *one.radios()]:
            if radio:
                one.pick(radio)
            for slider in one.ranges():
                trait = slider.evaluate("(el) => el.closest('[data-trait]')?.dataset.trait")
                states = [one.state()]
                for _ in range(2):  # to one side, and to the other
                    one.slide(slider)
                    states.append(one.state())
                    same = changed(*states[-2:], "values", "picture")
                    assert not same, f"{one.name}: the slider of {trait} leaves {same} as it was"
                assert len({state["says"] for state in states}) > 1, f"{one.name}: {trait}: {one.says()}"
                one.reset()
                if radio:
                    one.pick(radio)
        one.reset()
        for handle in one.handles.all():
            before = one.state()
            one.move_handle(handle)
            assert not changed(before, one.state(), "picture", "says"), f"{one.name}: the handle"
        seen = one.root.evaluate("""(root) => [...root.querySelectorAll(".fg-control")]
            .filter((el) => !el.checkVisibility()).map((el) => el.dataset.trait)""")
        assert len(seen) < 3, f"never shown: {seen}"
        one.reset()
        assert one.state() == start, f"{one.name}: reset does not bring the start back"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", by_turns(PAGES))
def test_every_choice_draws_another_picture(visit, path):
    page = visit(path)
    for one in all_on(page):
        one.reset()
        pictures = [one.picture()]
        for select in one.root.locator(".fg-control select").all():
            for value in select.locator("option").evaluate_all("(all) => all.map((el) => el.value)")[1:]:
                select.select_option(value)
                one.settle()
                pictures.append(one.picture())
                assert one.root.get_attribute("data-error") == "no"
                assert in_language(one.says(), edition(path))
            one.reset()
        for radio in one.radios()[1:]:
            one.pick(radio)
            pictures.append(one.picture())
        assert len(set(pictures)) == len(pictures), one.name
    none(page.watch.complaints)


@pytest.mark.parametrize("path", ["index.html", CHAPTER[0]])
def test_a_slider_has_the_ends_of_its_surface(visit, path):
    """Rosenbrock's learning rates end at 0.01, the saddle's begin there: its 0.2 was past the track's end,
    and one press of the left arrow jumped to 0.00977."""
    one = next(one for one in all_on(visit(path)) if one.name == "descent")
    control = one.root.locator("[data-trait=learning_rate]")
    for surface in ("rosenbrock", "saddle"):
        one.root.locator("[data-trait=surface] select").select_option(surface)
        one.settle()
    box, track = control.locator(".fg-number"), control.locator(".fg-range")
    low, value, high = track.evaluate("(el) => [el.min, el.value, el.max].map(Number)")
    assert (box.input_value(), low, high) == ("0.2", -2, 1)
    assert abs(10 ** value - 0.2) < 0.003
    track.press("ArrowLeft")
    one.settle()
    assert 0.19 < float(box.input_value()) < 0.2


# --- keyboard -------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", by_turns(PAGES))
def test_tab_reaches_every_control_in_order(visit, path):
    page = visit(path)
    for one in all_on(page):
        one.richest()
        kinds = one.stops()
        one.stop(0).focus()
        reached = []
        for _ in kinds:
            reached.append(one.focused())
            page.keyboard.press("Tab")
        assert reached == [str(i) for i in range(len(kinds))], f"{one.name}: {kinds}"
        assert one.focused() not in reached, f"{one.name}: Tab does not leave it"
        page.keyboard.press("Shift+Tab")
        assert one.focused() == reached[-1]
    none(page.watch.complaints)


@pytest.mark.parametrize("path", CHAPTER[:1])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_focus_is_seen(visit, path, theme):
    """The picture around a control changes when the keyboard reaches it."""
    page = visit(path, theme=theme, reduced_motion="reduce")
    for one in all_on(page):
        one.richest()
        kinds = one.stops()
        one.stop(0).focus()
        page.keyboard.press("Shift+Tab")  # so that it is the keyboard that comes back
        for number, kind in enumerate(kinds):
            page.keyboard.press("Tab")
            place = around(one.stop(number))
            focused = page.screenshot(clip=place, animations="disabled")
            page.evaluate("document.activeElement.blur()")  # Tab still goes on from here
            without = page.screenshot(clip=place, animations="disabled")
            assert without != focused, f"{one.name}: {number} {kind}"


def around(control):
    """The visible surroundings of a control; a radio button stands for its label."""
    return control.evaluate("""(el) => {
        const b = (el.closest("label") ?? el).getBoundingClientRect();
        const [x, y] = [Math.max(0, b.left - 20), Math.max(0, b.top - 20)];
        const [right, bottom] = [Math.min(innerWidth, b.right + 20), Math.min(innerHeight, b.bottom + 20)];
        return {x, y, width: right - x, height: bottom - y};
    }""")


KEYS = {"range": [["ArrowRight"], ["ArrowLeft"]], "select": [["ArrowDown"], ["ArrowUp"]],
        "checkbox": [["Space"]], "radio": [["ArrowLeft"]], "button": [["Enter"], ["Space"]]}


@pytest.mark.parametrize("path", PAGES)
def test_by_keyboard(visit, path):
    """Arrow keys move sliders, handles and choices; Enter and Space press buttons."""
    page = visit(path)
    for one in all_on(page):
        one.richest()
        for number, kind in enumerate(one.stops()):
            if kind == "number":  # typed into, elsewhere
                continue
            # A slider at its end moves only back; a button must answer to both keys.
            enough = all if kind == "button" else any
            answers = enough(press(one, number, keys) for keys in KEYS[kind])
            assert answers, f"{one.name}: stop {number}, {kind}"
    none(page.watch.complaints)


def press(one, number, keys):
    """Does the control do something? From a state in which each has something to do."""
    one.richest()
    one.stops()
    control = one.stop(number)
    if "fg-reset" in (control.get_attribute("class") or ""):
        for slider in one.ranges()[:1]:
            one.slide(slider)  # something to reset
    before = one.state()
    control.focus()
    for key in keys:
        one.page.keyboard.press(key)
    for wait in (0, 60):  # playing takes a while to be seen
        one.page.wait_for_timeout(wait)
        after = one.state()
        if after["values"] != before["values"] or after["picture"] != before["picture"]:
            return True
    return False


@pytest.mark.parametrize("path", HANDLED)
def test_handle_by_arrow_keys(visit, path):
    """All four arrows from either of its inputs, and further with shift."""
    page = visit(path)
    moved = 0
    for one in all_on(page):
        for focus in one.root.locator(".fg-handle-x, .fg-handle-y").all():
            one.reset()
            places = [one.handles.first.get_attribute("transform")]
            focus.focus()
            for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"):
                before = one.state()
                page.keyboard.press(key)
                assert not changed(before, one.state(), "picture"), key
                places.append(one.handles.first.get_attribute("transform"))
            assert len(set(places)) == 5
            moved += 1
    assert moved >= 2


@pytest.mark.parametrize("path", HANDLED[::2])
def test_playing(visit, path):
    """Play moves the picture by itself, pause holds it, a reset while playing stops it."""
    page = visit(path)
    players = 0
    for one in all_on(page):
        play = one.root.locator(".fg-player .fg-icon").nth(1)
        if not play.count():
            continue
        players += 1
        start = one.state()
        name = play.get_attribute("aria-label")
        play.press("Enter")
        assert play.get_attribute("aria-label") != name
        first = one.picture()
        page.wait_for_timeout(500)
        assert one.picture() != first
        play.press("Space")
        assert play.get_attribute("aria-label") == name
        held = one.picture()
        page.wait_for_timeout(300)
        assert one.picture() == held
        play.press("Space")
        one.reset()
        page.wait_for_timeout(300)
        assert one.state() == start
    assert players
    none(page.watch.complaints)


# --- touch ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", by_turns([*TYPED, *GRAPHS, "index.html"]))
def test_by_touch(visit, path):
    page = visit(path, width=360, height=740, has_touch=True, is_mobile=True, device_scale_factor=2)
    for one in all_on(page):
        start = one.state()
        for handle in one.handles.all():
            handle.scroll_into_view_if_needed()
            top = page.evaluate("scrollY")
            before = one.state()
            x, y = centre(handle)
            one.swipe((x, y), (x + 30, y - 60))
            assert not changed(before, one.state(), "picture", "says"), f"{one.name}: the handle"
            assert abs(page.evaluate("scrollY") - top) < 2, "the page scrolled while the handle was dragged"
        for slider in one.ranges():
            slider.scroll_into_view_if_needed()
            before = one.state()
            one.swipe(*thumb(slider))
            assert not changed(before, one.state(), "values", "picture"), f"{one.name}: a slider"
        one.root.locator(".fg-reset").tap()
        assert one.state() == start, one.name
    none(page.watch.complaints)


# --- goals ----------------------------------------------------------------------------------------

def four_tasks(one):
    """Each task with new axes alone; a wrong one is taken back first."""
    tasks = {"table": ["a.unsqueeze(1)"], "rows": ["b.unsqueeze(0)", None, "b.unsqueeze(1)"],
             "silent": ["b.unsqueeze(1)"], "channels": ["b.unsqueeze(1)", "b.unsqueeze(1)"]}
    for task, steps in tasks.items():
        assert one.goal() == "no"
        one.root.locator("select").select_option(task)
        one.settle()
        for step in steps:
            again = one.root.locator(".fg-toolbar .fg-button")
            (one.root.locator(f".fg-plus[title='{step}']") if step else again).click()
            one.settle()


def best_momentum(one):
    """The learning rate and the momentum that theory gives for the condition number of the start."""
    for surface in one.root.locator(".fg-control[data-trait=surface] select").all():
        surface.select_option("quadratic")
    one.pick(one.root.locator("input[type=radio][value=momentum]"))
    one.type("condition", "30")
    one.type("momentum", "0.48")
    one.type("learning_rate", "0.095")


def best_rates(one):
    """Walk over the recorded learning rates of each optimiser, as a reader would."""
    for radio in one.radios():
        one.pick(radio)
        slider = one.ranges()[0]
        slider.focus()
        one.page.keyboard.press("Home")
        while one.goal() == "no" and slider.evaluate("(el) => Number(el.value) < Number(el.max)"):
            one.page.keyboard.press("ArrowRight")
            one.settle()


def forget_sooner(one):
    """Adam with less memory of the mean, and a longer step."""
    one.type("beta1", "0.7")
    one.type("learning_rate", "0.5")


def three_predictions(one):
    """Ask, be told, and begin anew: the same questions come in the same order."""
    answers = []
    for attempt in range(2):
        one.reset()
        one.pick(one.root.locator("input[type=radio][value=predict]"))
        button = one.root.locator(".fg-primary")
        for number in range(3):
            if attempt:
                one.type("prediction", answers[number])
            button.click()
            one.settle()
            told = one.root.locator(".fg-tape-now .fg-tape-gradient").inner_text()
            answers.append(told.split("=")[-1].strip())
            assert told.split("=")[-1].strip() == answers[number]
            if number < 2:
                button.click()
                one.settle()


def level_gradients(one):
    """Xavier's gain is not enough for a ReLU; He's is."""
    one.pick(one.root.locator("input[type=radio][value=tanh]"))
    one.type("gain", "1.25")
    one.pick(one.root.locator("input[type=radio][value=relu]"))
    assert one.goal() == "no"
    one.root.locator(".fg-mark").nth(1).click()
    one.page.wait_for_timeout(50)
    one.settle()


def long_trained(one):
    """A language model trained for long is not enough: it must be the one trained longest for its size."""
    select = one.root.locator("[data-trait=model] select")
    select.select_option("TinyLlama")
    one.settle()
    assert one.goal() == "no"
    select.select_option("SmolLM3")
    one.settle()


def into_one_processor(one):
    """GPT-3, made smaller; the last step is to recompute."""
    for trait, value in (("layers", "36"), ("width", "3200"), ("heads", "25")):
        one.type(trait, value)
    assert one.goal() == "no"
    one.root.locator("[data-trait=recompute] select").select_option("full")
    one.settle()


def two_thresholds(one):
    """The best F1 from the validation scores, then the lowest cost when a miss is dear."""
    one.type("threshold", "0.4")
    assert one.goal() == "no"
    one.type("threshold", "0.33")
    one.page.wait_for_timeout(50)
    one.settle()
    one.type("cost", "10")
    one.page.wait_for_timeout(50)
    one.settle()
    assert one.goal() == "no"
    one.type("threshold", "0.115")
    one.page.wait_for_timeout(50)
    one.settle()


def three_sides(one):
    """A third neuron closes the fence around the circle; then it has to learn."""
    one.root.locator(".fg-width .fg-step").first.click()
    one.root.locator(".fg-player select").select_option("fast")
    play = one.root.locator(".fg-player .fg-icon").nth(1)
    play.click()
    for _ in range(100):
        if one.goal() == "yes":
            break
        one.page.wait_for_timeout(100)
    play.click()
    one.settle()


def past_the_peak(one):
    """Twice as many waves as points; then the best penalty, with few points and with many."""
    one.pick(one.root.locator("input[type=radio][value=none]"))
    one.type("waves", "50")
    assert one.goal() == "no"
    one.pick(one.root.locator("input[type=radio][value=l2]"))
    for points, penalty in (("20", "0.029"), ("40", "0.0126")):
        one.type("points", points)
        one.type("penalty", "0.5")
        assert one.goal() == "no"
        one.type("penalty", penalty)
        one.page.wait_for_timeout(50)
        one.settle()


COMPANY = {"en": ["the wug sleeps on the sofa", "my wug drinks water", "the wug runs in the garden"],
           "zh": ["啵噜 在 沙发 上 睡觉", "小 啵噜 喝 清水", "啵噜 在 花园 里 跑"]}


def other_company(one):
    """Not by meeting the cat: by the company that a cat keeps."""
    text = one.root.locator("textarea")
    lines = text.input_value().splitlines()
    company = COMPANY[one.root.get_attribute("lang")[:2]]
    stranger = [word for word in company[0].split() if all(word in line.split() for line in company)][-1]
    friend = lines[0].split()[1 if stranger == "wug" else 0]
    text.fill("\n".join([*lines[:-2], f"{friend} {stranger}", f"{stranger} {friend}"]))
    one.settle()
    assert one.goal() == "no"
    text.fill("\n".join([*lines[:-2], *company]))
    one.settle()


def two_finds(one):
    """A word of which the two measures think differently, and an analogy that needs no help: by trying."""
    one.root.locator("[data-model]").click()
    one.settle()
    goal, box = one.root.locator(".fg-goal"), one.root.locator(".fg-wm-input").first
    asked = goal.inner_text()
    for word in ("queen", "one", "the", "with", "or", "an", "like", "some", "about", "see", "little"):
        box.fill(word)
        box.press("Enter")
        one.settle()
        if goal.inner_text() != asked:
            break
    assert word != "queen"
    one.pick(one.root.locator("input[type=radio][value=analogy]"))
    one.root.locator("[data-trait=leave_out] input").uncheck()
    one.settle()
    assert one.goal() == "no"
    examples = one.root.locator(".fg-wm-three select")
    for three in examples.locator("option").evaluate_all("(all) => all.map((el) => el.value)")[1:]:
        examples.select_option(three)
        one.settle()
        if one.goal() == "yes":
            break


def between_and_open(one):
    """The RNN's scale between vanishing and exploding; then an open forget gate."""
    one.type("length", "90")
    one.type("scale", "1.1")
    one.page.wait_for_timeout(50)
    one.settle()
    one.type("bias", "5")
    assert one.goal() == "no"  # so short a sequence proves nothing
    one.type("length", "120")
    one.page.wait_for_timeout(50)
    one.settle()


def a_gate_and_a_surprise(one):
    """The unit that the recipe measured, in the trained model; then what no novel has."""
    sentence = one.root.locator(".fg-sentence")
    one.root.locator("[data-model]").click()
    one.settle()
    one.type("unit", str(recording("char_lstm")["closing_gate"]["unit"]))
    one.page.wait_for_timeout(50)
    one.settle()
    assert one.goal() == "no"
    sentence.fill("The price is $5.")
    sentence.press("End")
    one.page.wait_for_timeout(50)
    one.settle()


def one_cut_for_two_places(one):
    """Moby-Dick, loaded; top-k does not do it, top-p does."""
    one.root.locator("[data-trait=source] select").select_option("moby_dick")
    one.settle()
    one.root.locator("[data-model=moby_dick_text]").click()
    one.root.page.wait_for_function("(el) => el.dataset.loaded === 'yes'", arg=one.root.element_handle())
    one.type("order", "6")
    for k, p in (("1", "1"), ("10", "1"), ("100", "0.9")):
        one.root.locator(".fg-nt-prompt").fill("Ishmael")
        one.type("top_k", k)
        one.type("top_p", p)
        for text in ("said Captain Aha", "there is the "):
            assert one.goal() == "no"
            one.root.locator(".fg-nt-prompt").fill(text)
            one.settle()


GOALS = {
    "model_timeline": long_trained,
    "model_sizer": into_one_processor,
    "broadcasting": four_tasks,
    "playground": three_sides,
    "threshold": two_thresholds,
    "computation_graph": three_predictions,
    "gradient_flow": level_gradients,
    "descent": best_momentum,
    "learning_rate_lab": best_rates,
    "adam": forget_sooner,
    "regularisation": past_the_peak,
    "skip_gram": other_company,
    "word_map": two_finds,
    "next_token": one_cut_for_two_places,
    "gradient_reach": between_and_open,
    "lstm_gates": a_gate_and_a_surprise,
}


@pytest.mark.parametrize("path", PAGES)
def test_goal_is_reached(visit, path):
    page = visit(path)
    for one in all_on(page):
        assert one.goal() == "no", f"{one.name}: the goal is reached at once"
        words = one.root.locator(".fg-goal").inner_text()
        GOALS[one.name](one)
        assert one.goal() == "yes", f"{one.name}: {one.says()}"
        assert one.root.locator(".fg-goal").inner_text() != words
        assert in_language(one.root.locator(".fg-goal").inner_text(), edition(path))
        expect(one.root.locator("[role=status]")).to_have_text(one.says())  # it waits for quiet
        none(axe(page, within=".fg-live"))
        one.reset()
        assert one.goal() == "no"
    none(page.watch.complaints)


# --- words ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", PAGES)
def test_words_are_the_pages(visit, path):
    page = visit(path)
    language = edition(path)
    for one in all_on(page):
        assert one.root.get_attribute("lang").startswith(language)
        for place in (".fg-title", ".fg-question", ".fg-goal", ".fg-says", ".fg-reset"):
            words = one.root.locator(place).inner_text()
            assert in_language(words, language), f"{one.name} {place}: {words}"
        text = one.root.inner_text()
        names = one.root.evaluate("""(root) => [...root.querySelectorAll("[aria-label]")]
            .map((el) => el.getAttribute("aria-label"))""")
        if language == "en":
            assert not HAN.search(text + "".join(names))
        else:
            assert not [name for name in names if not HAN.search(name)]
        assert "{" not in text, f"a hole was left open: {text}"
        assert "undefined" not in text
        assert "NaN" not in text


# --- nonsense -------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", by_turns(TYPED))
def test_nonsense_typed_in_is_answered(visit, path):
    """Refused with words beside the box, or taken and drawn; the explorable lives on."""
    page = visit(path)
    refused = 0
    for one in all_on(page):
        one.richest()
        for box in [b for b in one.root.locator(".fg-number").all() if b.is_visible()]:
            trait = box.evaluate("(el) => el.closest('.fg-control').dataset.trait")
            hint = one.root.locator(f".fg-control[data-trait={trait}] .fg-hint")
            for text in NONSENSE:
                before = one.state()
                one.type(trait, text)
                assert one.root.get_attribute("data-error") == "no", f"{trait} = {text!r}: {one.says()}"
                assert not one.drawn("NaN"), f"{trait} = {text!r}"
                assert in_language(one.says(), edition(path))
                if box.get_attribute("aria-invalid") == "true":
                    refused += 1
                    assert hint.is_visible(), f"{trait} = {text!r} is refused without a word"
                    assert in_language(hint.inner_text(), edition(path)), hint.inner_text()
                    assert one.state()["picture"] == before["picture"], f"{trait} = {text!r} is drawn"
                else:
                    taken = {"1e308", "0", "1,5", " 0.1 ", "9" * 40}
                    taken |= {"-1", "−5"} if trait in SIGNED else set()
                    assert text in taken, f"{trait} = {text!r} is taken"
            box.blur()
            assert hint.is_hidden()
            one.richest()
        page.evaluate("scrollTo(0, 0)")  # else the page's head may lie over a button
        none(axe(page, within=".fg-live"))
    assert refused > 10
    none(page.watch.complaints)


@pytest.mark.parametrize("path", CHAPTER)
def test_divergence_is_said(visit, path):
    page = visit(path)
    one = next(one for one in all_on(page) if one.name == "descent")
    for rate in ("1e308", "1e6", "10"):
        one.type("learning_rate", rate)
        assert one.root.get_attribute("data-tone") == "bad"
        assert in_language(one.says(), edition(path))
        assert one.goal() == "no"
    none(axe(page, within=".fg-live"))
    one.type("learning_rate", "0.02")
    assert one.root.get_attribute("data-tone") == "plain"
    none(page.watch.complaints)


@pytest.mark.parametrize("path", [*TYPED[::2], GRAPHS[0]])
@pytest.mark.parametrize("width", [320, 1280, 3840])
def test_explorables_fit_any_width(visit, path, width):
    page = visit(path, width=width, height=800)
    for one in all_on(page):
        assert isinstance(one, Explorable)
        inside = one.root.evaluate("""(root) => { const r = root.getBoundingClientRect();
            return [...root.querySelectorAll("*")].filter((el) => el.checkVisibility() && !el.closest("svg")
                && !el.closest(".fg-hidden") && el.getBoundingClientRect().right > r.right + 1)
                .map((el) => el.outerHTML.slice(0, 120)); }""")
        assert inside == [], one.name
        assert one.root.bounding_box()["width"] <= width


# --- broadcasting ---------------------------------------------------------------------------------
