"""The explorable *adam*: its Python side, its words, and both sides' agreement."""

import json
import re

import pytest
from parity.bridge import ROOT, STATIC, Core
from test_widgets_descent import run_node

from firstgrad.widgets import AdamLab
from firstgrad.widgets.adam import SURFACES


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"surface": "beal"}, ValueError, ["surface", "'beal'", "did you mean 'beale'"]),
    ({"view": "outside"}, ValueError, ["view", "'outside'", "'inside', 'race'"]),
    ({"watch": "z"}, ValueError, ["watch", "'z'"]),
    ({"learning_rate": 0}, ValueError, ["learning_rate", "> 0", "not 0"]),
    ({"learning_rate": float("nan")}, ValueError, ["learning_rate", "nan"]),
    ({"beta1": 1}, ValueError, ["beta1", "< 1"]),
    ({"beta1": -0.5}, ValueError, ["beta1", "≥ 0"]),
    ({"beta2": "0.9"}, TypeError, ["beta2", "'0.9'"]),
    ({"beta2": True}, TypeError, ["beta2", "True"]),
    ({"epsilon": 0}, ValueError, ["epsilon", "> 0"]),
    ({"angle": 91}, ValueError, ["angle", "≤ 90"]),
    ({"condition": 0.5}, ValueError, ["condition", "≥ 1"]),
    ({"start": [1, float("inf")]}, ValueError, ["start", "inf"]),
    ({"steps": 0}, ValueError, ["steps", "≥ 1"]),
    ({"beta3": 0.9}, TypeError, ["beta3", "beta1", "beta2"]),
    ({"goal_reached": True}, TypeError, ["goal_reached"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        AdamLab(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_bad_assignment_leaves_the_trait_as_it_was():
    widget = AdamLab(beta2=0.99)
    with pytest.raises(ValueError, match="beta2"):
        widget.beta2 = 1.5
    assert widget.beta2 == 0.99


def test_a_surface_brings_its_own_start():
    widget = AdamLab(surface="beale", steps=20)
    assert (widget.start, widget.learning_rate, widget.steps) == ([0.5, -1.0], 0.05, 20)
    assert repr(AdamLab()) == "AdamLab()"


def test_the_state_carries_the_bundle_and_its_name():
    state = AdamLab().get_state()
    assert state["_anywidget_id"] == "firstgrad.widgets.adam.AdamLab"
    assert state["_esm"] == (STATIC / "adam.js").read_text("utf-8")


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "adam.js")
    yield made
    made.close()


def test_python_and_javascript_know_the_same_surfaces(core):
    source = (ROOT / "widgets/explorables/adam/index.js").read_text("utf-8")
    table = source.split("RATES = {")[1].split("}")[0]
    rates = {name: float(rate) for name, rate in re.findall(r"(\w+): ([\d.]+)", table)}
    assert set(rates) == set(SURFACES)
    for name, own in SURFACES.items():
        surface = core("describe", {"surface": name})
        assert [surface["start"], rates[name], surface["goal"]["within"]] == list(own)


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "adam.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits = json.loads(printed)
    widget = AdamLab()
    assert traits == {name: getattr(widget, name) for name in traits}
    assert set(traits) == set(AdamLab.settings()) - {"language"}


def test_both_languages_have_the_same_strings_with_the_same_holes():
    url = (ROOT / "widgets/explorables/adam/strings.js").as_uri()
    tables = json.loads(run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))"))
    holes = {language: {key: sorted(set(re.findall(r"{\w+}", text))) for key, text in table.items()}
             for language, table in tables.items()}
    assert holes["en"] == holes["zh"]
