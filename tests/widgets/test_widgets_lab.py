"""The learning-rate lab: its recording, its traits, its real training, and its JavaScript core."""

import copy
import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstgrad import data
from firstgrad.widgets.learning_rate_lab import (
    OPTIMISERS,
    RECORDING,
    LearningRateLab,
    check_recording,
    read_recording,
    windows,
)

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "lib/firstgrad/widgets/static/learning_rate_lab.js"
RECORDED = read_recording()


@pytest.fixture
def lab():
    made = LearningRateLab(optimiser="Momentum", learning_rate=0.1, slowed=0)
    yield made
    made.close()
    assert not made._thread or not made._thread.is_alive()


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


# --- the recording ---------------------------------------------------------------------------------------


def test_the_recording_shows_too_small_good_and_broken():
    guess = math.log(RECORDED["settings"]["sizes"][-1])
    for optimiser in OPTIMISERS:
        runs = RECORDED["runs"][optimiser]
        last = [run["validation_loss"][-1] for run in runs]
        best = last.index(min(last))
        assert 0 < best < len(last) - 1
        assert last[0] > 3 * last[best]
        assert last[best] < 0.6
        assert all(loss >= 0.95 * guess for loss in last[-4:])  # broken
        assert runs[-1]["dead_units"] > 60 > 10 > runs[best]["dead_units"]


def test_momentum_learns_like_sgd_with_ten_times_the_rate():
    # What chapter 06 predicts, while steps are small: 1 / (1 − μ) = 10.
    rates, runs = RECORDED["learning_rates"], RECORDED["runs"]
    for rate in (0.0001, 0.001):
        slow = runs["SGD"][rates.index(10 * rate)]["validation_loss"][-1]
        heavy = runs["Momentum"][rates.index(rate)]["validation_loss"][-1]
        assert abs(slow - heavy) < 0.02


def test_the_recording_is_small_and_says_where_it_comes_from():
    path = data.path(RECORDING)
    assert path.stat().st_size <= 60_000
    assert {"command", "commit", "date", "device", "threads", "versions"} <= RECORDED["provenance"].keys()


def damaged(*path_and_value):
    *path, key, value = path_and_value
    recording = copy.deepcopy(RECORDED)
    place = recording
    for step in path:
        place = place[step]
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return recording


# What is wrong, the Python message, the JavaScript code and place.
FAULTS = {
    "no settings": (damaged("settings", ...), "lacks 'settings'", "recordingLacks", "settings"),
    "no epochs": (damaged("settings", "epochs", ...), "lacks 'epochs'", "recordingLacks", "settings.epochs"),
    "no optimiser": (damaged("runs", "Nesterov", ...), "lacks 'Nesterov'", "recordingLacks", "runs.Nesterov"),
    "rates a word": (damaged("learning_rates", "many"), "must be a list", "recordingKind", "learning_rates"),
    "rates fall": (damaged("learning_rates", 3, 1e-9), "rising", "recordingOrder", "learning_rates"),
    "runs missing": (damaged("runs", "SGD", RECORDED["runs"]["SGD"][:20]), "20 runs for 21",
                     "recordingLength", "runs.SGD"),
    "curve cut": (damaged("runs", "SGD", 2, "train", [2.3, 2.2]), "has 2 numbers, expected 63",
                  "recordingLength", "runs.SGD[2].train"),
    "curve too long": (damaged("runs", "SGD", 2, "validation_loss", [1.0] * 9), "has 9 numbers, expected 5",
                       "recordingLength", "runs.SGD[2].validation_loss"),
    "a word": (damaged("runs", "Momentum", 0, "validation_loss", 4, "low"), "finite number, not 'low'",
               "recordingKind", "runs.Momentum[0].validation_loss[4]"),
    "a null": (damaged("runs", "Momentum", 0, "train", 4, None), "finite number, not None", "recordingKind",
               "runs.Momentum[0].train[4]"),
    "run a number": (damaged("runs", "SGD", 0, 3), "must be a dictionary", "recordingKind", "runs.SGD[0]"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_recording_is_refused_by_name(fault):
    recording, message, _, _ = FAULTS[fault]
    with pytest.raises(ValueError, match=message):
        check_recording(recording)
    with pytest.raises(ValueError, match=message):
        LearningRateLab(recording=recording)


@pytest.mark.parametrize("number", [math.nan, math.inf, True])
def test_a_number_in_the_recording_is_finite(number):
    with pytest.raises(ValueError, match=r"runs\.SGD\[0\]\.train\.5 must be a finite number"):
        check_recording(damaged("runs", "SGD", 0, "train", 5, number))


def test_a_truncated_file_is_refused_with_its_name_and_a_remedy(tmp_path):
    path = tmp_path / "learning_rate_grid.json"
    path.write_text(data.path(RECORDING).read_text("utf-8")[:9000], "utf-8")
    with pytest.raises(ValueError, match=r"learning_rate_grid\.json is damaged: .*Reinstall firstgrad"):
        read_recording(path)


def test_a_run_that_diverged_may_be_short():
    short = {"train": [2.3], "validation_loss": [], "validation_accuracy": [], "dead_units": 3,
             "diverged_at": 7}
    assert check_recording(damaged("runs", "SGD", 20, short))


# --- traits ----------------------------------------------------------------------------------------------


def test_importing_and_making_the_lab_loads_no_torch():
    code = ("import sys\nfrom firstgrad.widgets.learning_rate_lab import LearningRateLab\nLearningRateLab()\n"
            "assert 'torch' not in sys.modules")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT / "lib")


@pytest.mark.parametrize(("settings", "kind", "message"), [
    ({"learning_rate": -0.1}, ValueError, "learning_rate must be a finite number > 0, not -0.1"),
    ({"learning_rate": 0}, ValueError, "learning_rate"),
    ({"learning_rate": math.nan}, ValueError, "learning_rate"),
    ({"learning_rate": "0.1"}, TypeError, "learning_rate"),
    ({"learning_rate": 0.07}, ValueError, r"nearest is 0\.056"),
    ({"optimiser": "Adamant"}, ValueError, "'SGD', 'Momentum', 'Nesterov', not 'Adamant'"),
    ({"rate": 0.1}, TypeError, "has no rate"),
    ({"slowed": -1}, ValueError, "slowed"),
])
def test_bad_settings_are_named(settings, kind, message):
    with pytest.raises(kind, match=message):
        LearningRateLab(**settings)


def test_the_saved_state_holds_the_recording_and_the_repr_does_not(lab):
    assert lab.get_state()["recording"] == RECORDED
    assert repr(lab) == "LearningRateLab(optimiser='Momentum', learning_rate=0.1)"


# --- training for real -----------------------------------------------------------------------------------


def test_training_repeats_the_recording(lab):
    seen = []
    lab.observe(lambda change: seen.append(change["new"]["state"]), "live")
    history = lab.train(wait=True)
    recorded = RECORDED["runs"]["Momentum"][RECORDED["learning_rates"].index(0.1)]
    assert len(history.steps) == 625
    assert history.seconds > 0
    assert lab.live["validation_loss"] == pytest.approx(recorded["validation_loss"], abs=0.03)
    assert lab.live["train"][:10] == pytest.approx(recorded["train"][:10], abs=2e-3)
    assert windows(history.train_loss, 10) == pytest.approx(lab.live["train"], rel=1e-3)
    assert seen[0] == "running"
    assert seen[-1] == "finished"
    assert seen.count("finished") == 1
    assert lab.progress == 1
    assert not lab.running
    assert lab.message == {}
    assert len(seen) <= history.seconds * 10 + 3  # at most ten updates a second


def test_any_rate_and_optimiser_can_be_trained_from_python(lab):
    lab.slowed = 60
    lab.train(learning_rate=0.07, optimiser="SGD")
    wait_for(lambda: lab.progress > 0)
    lab.stop()
    assert (lab.live["optimiser"], lab.live["learning_rate"]) == ("SGD", 0.07)
    assert (lab.optimiser, lab.learning_rate) == ("Momentum", 0.1)


def test_the_button_trains_and_stop_ends_it_after_the_step(lab):
    lab.slowed = 600  # about a step a second: one that had to be waited for would show
    lab.running = True
    wait_for(lambda: lab.progress > 0)
    began = time.monotonic()
    lab.running = False
    wait_for(lambda: not lab._thread.is_alive())
    assert time.monotonic() - began < 0.5
    assert lab.live["state"] == "stopped"
    assert 0 < lab.live["steps"] < 20
    assert not lab.running
    assert lab.message == {}
    lab.slowed = 0
    lab.running = True  # and again
    wait_for(lambda: lab.live["state"] == "finished" and not lab.running)


def test_a_second_training_is_refused_and_the_first_goes_on(lab):
    lab.slowed = 600
    lab.train()
    with pytest.raises(RuntimeError, match=r"lab\.stop\(\)"):
        lab.train()
    assert lab.running
    assert lab._thread.is_alive()


def test_reset_ends_the_training_and_its_curve_stays_away(lab):
    lab.slowed = 600
    lab.train()
    wait_for(lambda: lab.live)
    with lab.hold_trait_notifications():  # as the front end's Reset arrives
        lab.live, lab.progress, lab.running = {}, 0.0, False
    lab.stop()
    assert lab.live == {}
    assert lab.progress == 0
    assert not lab.running


def test_a_loss_that_is_not_finite_becomes_a_message(lab):
    from firstgrad.training import NonFiniteLossError

    with pytest.raises(NonFiniteLossError):
        lab.train(learning_rate=1e30, wait=True)
    assert lab.message["code"] == "nonFinite"
    assert lab.message["step"] < 5
    assert lab.live["state"] == "failed"
    assert not lab.running
    json.dumps(lab.get_state(["live", "message"]), allow_nan=False)


def test_an_error_in_the_thread_is_never_silent(lab, monkeypatch):
    from firstgrad.training import Trainer

    def broken(*_, **__):
        raise MemoryError("no room")

    monkeypatch.setattr(Trainer, "fit", broken)
    lab.running = True
    wait_for(lambda: not lab.running)
    assert lab.message == {"code": "failed", "text": "MemoryError: no room"}


def test_an_error_before_the_thread_is_told_too(lab, monkeypatch):
    def missing(*_):
        raise FileNotFoundError("no data called 'fashion'")

    monkeypatch.setattr(data, "fashion_mnist", missing)
    lab.running = True
    assert not lab.running
    assert "no data called" in lab.message["text"]


@pytest.mark.parametrize("rate", [-1, 0, math.nan, math.inf, "0.1"])
def test_a_bad_rate_for_training_is_named_at_once(lab, rate):
    with pytest.raises((ValueError, TypeError), match="learning_rate"):
        lab.train(learning_rate=rate)
    assert lab._thread is None


def test_closing_ends_the_training():
    lab = LearningRateLab(slowed=600)
    lab.train()
    lab.close()
    assert not lab._thread.is_alive()


# --- the core in JavaScript ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core():
    node = shutil.which("node", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
    assert node, "node is missing: make setup"
    script = f"""
        import {{ core }} from {json.dumps(BUNDLE.as_uri())};
        let text = ""; for await (const part of process.stdin) text += part;
        const answers = JSON.parse(text).map(([f, args]) => {{
          try {{ return core[f](...args); }}
          catch ({{ code, argument }}) {{ return {{ code, argument }}; }}
        }});
        console.log(JSON.stringify(answers));"""

    def call(*calls):
        run = subprocess.run([node, "--input-type=module", "-e", script], input=json.dumps(calls), text=True,
                             capture_output=True, check=True)
        return json.loads(run.stdout)

    return call


def test_javascript_refuses_the_same_recordings_and_names_the_place(core):
    answers = core(*(["checkRecording", [fault[0]]] for fault in FAULTS.values()))
    for (name, (_, _, code, place)), answer in zip(FAULTS.items(), answers, strict=True):
        assert (answer["code"], answer["argument"]) == (code, place), name


@pytest.mark.parametrize("nothing", [None, {}, [], 3, "text"])
def test_javascript_refuses_what_is_no_recording(core, nothing):
    (answer,) = core(["checkRecording", [nothing]])
    assert answer["code"] == "recordingLacks"


def test_javascript_reads_the_recording_as_python_does(core):
    guess, rates = math.log(10), RECORDED["learning_rates"]
    whole, near = core(["checkRecording", [RECORDED]], ["nearest", [rates, 0.07]])
    assert whole == RECORDED
    assert rates[near] == 0.056
    for runs in RECORDED["runs"].values():
        last = [run["validation_loss"][-1] for run in runs]
        best, beyond, *verdicts = core(["bestOf", [runs]], ["brokenFrom", [runs, guess]],
                                       *(["verdict", [runs, i, guess]] for i in range(len(runs))))
        assert best == last.index(min(last))
        assert best < beyond < len(runs)
        assert all(loss >= 0.95 * guess for loss in last[beyond:])
        assert last[beyond - 1] < 0.95 * guess
        assert verdicts[0] == "slow"
        assert verdicts[best] == "best"
        assert set(verdicts[beyond:]) == {"broken"}


def test_javascript_knows_a_run_that_was_not_finite(core):
    runs = [*RECORDED["runs"]["SGD"][:-1], RECORDED["runs"]["SGD"][-1] | {"diverged_at": 12}]
    assert core(["verdict", [runs, len(runs) - 1, math.log(10)]]) == ["stopped"]


# --- with a kernel, in a browser: what the front end asks for and what it shows ---------------------------

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><div id="place"></div><script>{bundle}
class Model {{
  constructor(state) {{ this.state = state; this.handlers = {{}}; this.asked = []; this.changed = {{}}; }}
  get(name) {{ return this.state[name]; }}
  set(name, value) {{
    this.state[name] = this.changed[name] = value;
    (this.handlers[name] ?? []).forEach((f) => f());
  }}
  save_changes() {{ this.asked.push(this.changed); this.changed = {{}}; }}
  on(event, f) {{ (this.handlers[event.slice(7)] ??= []).push(f); }}
  off(event, f) {{ this.handlers[event.slice(7)] = this.handlers[event.slice(7)].filter((g) => g !== f); }}
}}
window.model = new Model({{ recording: {recording}, kernel: true, learning_rate: 0.1 }});
window.close_ = firstgradWidget.default.render({{ model, el: document.querySelector("#place") }});
</script></html>"""


@pytest.fixture(params=["en", "zh"])
def page(request, chromium, tmp_path):
    file = tmp_path / "lab.html"
    file.write_text(PAGE.format(language=request.param, bundle=BUNDLE.read_text("utf-8").split("//# esm")[0],
                                recording=json.dumps(RECORDED)), "utf-8")
    page = chromium.new_page(viewport={"width": 900, "height": 1000})
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(file.as_uri())
    page.wait_for_selector("[data-ready=yes]")
    page.language = request.param
    yield page
    page.close()
    assert errors == []


def tell(page, **traits):
    """What Python would send; back when it is drawn."""
    page.evaluate("(traits) => Object.entries(traits).forEach(([k, v]) => model.set(k, v))", traits)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


LIVE = {"optimiser": "SGD", "learning_rate": 0.1, "slowed": 4, "state": "running", "steps": 130,
        "train": [2, 1.5, 1.2, 1.1, 1], "validation_loss": [0.9], "validation_accuracy": [0.7]}
WORDS = {"en": ("PyTorch", "is training", "Stopped after 130 of 625", "validation loss 0.9", "at step 7"),
         "zh": ("PyTorch", "正在训练", "625 步中完成了 130 步", "验证损失 0.9", "第 7 步")}


@pytest.mark.browser
def test_train_and_stop_in_the_readers_language(page):
    starting, training, stopped, finished, broke = WORDS[page.language]
    said = page.locator(".fg-lab-said")
    page.locator(".fg-lab-go").click()
    tell(page)
    assert page.evaluate("model.asked.at(-1)") == {"running": True}
    assert page.locator(".fg-lab-go").is_disabled()
    assert starting in said.inner_text()

    tell(page, live=LIVE, progress=0.2)
    assert training in said.inner_text()
    assert page.locator(".fg-lab progress").evaluate("(bar) => bar.value") == 0.2
    page.locator(".fg-lab-stop").click()
    tell(page)
    assert page.evaluate("model.asked.at(-1).running") is False

    for state, message, words in (("stopped", {}, stopped), ("finished", {}, finished),
                                  ("failed", {"code": "nonFinite", "step": 7}, broke),
                                  ("failed", {"code": "failed", "text": "OSError: x"}, "OSError")):
        tell(page, live=LIVE | {"state": state}, message=message, running=False)
        assert words in said.inner_text()
        assert page.locator(".fg-lab-go").is_enabled()
    page.locator(".fg-reset").click()
    tell(page)
    assert said.inner_text() == ""
    assert page.evaluate("[model.get('live'), model.get('message'), model.get('running')]") == [{}, {}, False]


@pytest.mark.browser
def test_a_damaged_recording_is_told_and_a_whole_one_heals_it(page):
    says = page.locator(".fg-says")
    for recording, *_, place in FAULTS.values():
        tell(page, recording=recording)
        assert page.locator("[data-error=yes]").count() == 1
        words = says.inner_text()
        assert ("damaged" in words) is (page.language == "en")
        assert place in words or "learning_rates" in place
    tell(page, recording=RECORDED)
    assert page.locator("[data-error=no]").count() == 1
    assert "0.593" in says.inner_text()


@pytest.mark.browser
def test_letting_go_at_the_lowest_finds_it_and_passing_over_does_not(page):
    best = RECORDED["learning_rates"].index(0.32)
    box = page.locator(".fg-slider .fg-range").bounding_box()
    x = [box["x"] + 9 + i / 20 * (box["width"] - 18) for i in range(21)]
    y = box["y"] + box["height"] / 2
    page.mouse.move(x[12], y)
    page.mouse.down()
    page.mouse.move(x[20], y, steps=40)
    page.mouse.up()
    tell(page)
    assert page.evaluate("model.get('found') ?? []") == []
    page.locator(".fg-lab-bowl").scroll_into_view_if_needed()
    page.mouse.move(x[20], y)
    page.mouse.down()
    page.mouse.move(x[best], y, steps=20)
    page.mouse.up()
    page.wait_for_function("model.get('found')?.length === 1")
    assert page.evaluate("model.get('found')") == ["SGD"]
