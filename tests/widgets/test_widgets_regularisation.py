"""The explorable of chapter 08: its Python side, and that both sides agree."""

import json
import re
import subprocess

import pytest
from parity.bridge import ROOT, STATIC, node

from firstgrad.widgets import Regularisation


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "regularisation.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), Regularisation()
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(widget.settings()) - {"language"} <= set(traits)


def test_limits_are_the_same_on_both_sides():
    url = (STATIC / "regularisation.js").as_uri()
    core = json.loads(run_node(f"import('{url}').then(({{core}}) => console.log(JSON.stringify(core)))"))
    traits = Regularisation.class_traits()
    assert traits["points"].high == core["MOST_POINTS"]
    assert traits["waves"].high == core["MOST_WAVES"]
    assert traits["penalty"].low == core["LEAST"]


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"method": "l3"}, ValueError, ["method", "'l3'", "'none', 'l2', 'l1', 'dropout'"]),
    ({"axis": "waves"}, ValueError, ["axis", "'size', 'penalty', 'data'"]),
    ({"watch": "bias"}, ValueError, ["watch", "'errors', 'parts'"]),
    ({"points": 3}, ValueError, ["points", "≥ 4"]),
    ({"points": 41}, ValueError, ["points", "≤ 40"]),
    ({"points": 10.5}, ValueError, ["points", "whole"]),
    ({"waves": 0}, ValueError, ["waves", "≥ 1"]),
    ({"waves": "many"}, TypeError, ["waves", "'many'"]),
    ({"penalty": 0}, ValueError, ["penalty", "≥ 1e-05"]),
    ({"penalty": float("nan")}, ValueError, ["penalty", "nan"]),
    ({"rate": 1}, ValueError, ["rate", "≤ 0.95"]),
    ({"noise": -0.1}, ValueError, ["noise", "≥ 0"]),
    ({"noise": float("inf")}, ValueError, ["noise", "inf"]),
    ({"seed": -1}, ValueError, ["seed", "≥ 0"]),
    ({"lambda_": 1}, TypeError, ["lambda_", "penalty"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        Regularisation(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_repr_says_what_differs():
    assert repr(Regularisation(method="l2", waves=40)) == "Regularisation(method='l2', waves=40)"


def test_both_languages_have_the_same_strings_with_the_same_holes():
    url = (ROOT / "widgets/explorables/regularisation/strings.js").as_uri()
    tables = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))")
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in json.loads(tables).items()}
    assert holes["en"] == holes["zh"]
