"""The explorables of chapter 05: their Python side, and that both sides agree."""

import json
import re
import subprocess

import pytest
from parity.bridge import ROOT, STATIC, Core, node

from firstgrad.widgets import ComputationGraph, GradientFlow
from firstgrad.widgets.computation_graph import GRAPHS

BOTH = {ComputationGraph: "computation_graph", GradientFlow: "gradient_flow"}


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("kind", "name"), BOTH.items())
def test_defaults_are_the_same_on_both_sides(kind, name):
    url = (STATIC / f"{name}.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), kind()
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(kind.settings()) - {"language"} <= set(traits)


def test_graphs_are_the_same_on_both_sides():
    core = Core(STATIC / "computation_graph.js")
    try:
        assert {name: core("graphOf", name)["leaves"] for name in GRAPHS} == GRAPHS
    finally:
        core.close()


def test_a_graph_brings_its_own_leaves():
    widget = ComputationGraph(graph="logistic")
    assert (widget.w, widget.x, widget.b, widget.t) == (1.0, 1.0, -0.5, -1.0)
    assert ComputationGraph(graph="logistic", w=3).w == 3.0
    assert repr(widget) == repr(eval(repr(widget), {"ComputationGraph": ComputationGraph}))


@pytest.mark.parametrize(("kind", "given", "error", "words"), [
    (ComputationGraph, {"graph": "neurone"}, ValueError, ["graph", "'neurone'", "did you mean 'neuron'"]),
    (ComputationGraph, {"mode": "guess"}, ValueError, ["mode", "'watch', 'predict'"]),
    (ComputationGraph, {"x": 6}, ValueError, ["x", "≤ 5", "6"]),
    (ComputationGraph, {"w": float("nan")}, ValueError, ["w", "nan"]),
    (ComputationGraph, {"b": "one"}, TypeError, ["b", "'one'"]),
    (ComputationGraph, {"step": 1.5}, ValueError, ["step", "whole"]),
    (ComputationGraph, {"won": True}, TypeError, ["won"]),
    (GradientFlow, {"activation": "gelu"}, ValueError, ["activation", "'tanh', 'relu', 'sigmoid'"]),
    (GradientFlow, {"depth": 1}, ValueError, ["depth", "≥ 2"]),
    (GradientFlow, {"depth": 51}, ValueError, ["depth", "≤ 50"]),
    (GradientFlow, {"gain": 0}, ValueError, ["gain", "≥ 0.01"]),
    (GradientFlow, {"gain": float("inf")}, ValueError, ["gain", "inf"]),
    (GradientFlow, {"seed": -1}, ValueError, ["seed", "≥ 0"]),
    (GradientFlow, {"width": 64}, TypeError, ["width", "depth"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(kind, given, error, words):
    with pytest.raises(error) as caught:
        kind(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("name", BOTH.values())
def test_both_languages_have_the_same_strings_with_the_same_holes(name):
    url = (ROOT / f"widgets/explorables/{name}/strings.js").as_uri()
    tables = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))")
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in json.loads(tables).items()}
    assert holes["en"] == holes["zh"]
