"""The explorable of chapter 02: its Python side, and that both sides agree."""

import json
import re
import subprocess

import pytest
import torch
from parity.bridge import ROOT, STATIC, Core, node

from firstgrad.widgets import Broadcasting
from firstgrad.widgets.broadcasting import MOST_AXES, MOST_SIZE, TASKS


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "broadcasting.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), Broadcasting()
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(Broadcasting().settings()) - {"language"} <= set(traits)


def test_tasks_and_limits_are_the_same_on_both_sides():
    url = (STATIC / "broadcasting.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.core)))")
    core = json.loads(printed)
    assert {name: (task["a"], task["b"]) for name, task in core["TASKS"].items()} == TASKS
    assert (core["MOST_AXES"], core["MOST_SIZE"]) == (MOST_AXES, MOST_SIZE)


def test_a_task_brings_its_own_shapes():
    widget = Broadcasting(task="channels")
    assert (widget.a, widget.b, widget.cell) == ([2, 3, 4, 4], [3], 0)
    assert Broadcasting(task="rows", b=[1]).b == [1]
    assert repr(widget) == repr(eval(repr(widget), {"Broadcasting": Broadcasting}))


def test_a_tensors_shape_is_taken_as_it_is():
    widget = Broadcasting(a=torch.zeros(2, 0).shape, b=())
    assert (widget.a, widget.b) == ([2, 0], [])


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"a": [-1]}, ValueError, ["a", "0 to 1000000", "[-1]"]),
    ({"a": [10**7]}, ValueError, ["a", "0 to 1000000"]),
    ({"b": [1] * 5}, ValueError, ["b", "at most 4 axes", "5"]),
    ({"b": [2.5]}, TypeError, ["b", "whole numbers", "2.5"]),
    ({"b": "4, 1"}, TypeError, ["b", "a shape such as [4, 1]"]),
    ({"a": 3}, TypeError, ["a", "a shape"]),
    ({"a": [True]}, TypeError, ["a", "whole numbers"]),
    ({"cell": -1}, ValueError, ["cell", "≥ 0"]),
    ({"cell": 1.5}, ValueError, ["cell", "whole"]),
    ({"task": "row"}, ValueError, ["task", "did you mean 'rows'"]),
    ({"won": True}, TypeError, ["won"]),
    ({"c": [1]}, TypeError, ["c", "cell"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        Broadcasting(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_both_languages_have_the_same_strings_with_the_same_holes():
    url = (ROOT / "widgets/explorables/broadcasting/strings.js").as_uri()
    tables = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))")
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in json.loads(tables).items()}
    assert holes["en"] == holes["zh"]


def test_every_failing_pair_of_a_task_is_explained_with_torchs_words():
    core = Core(STATIC / "broadcasting.js")
    try:
        for a, b in TASKS.values():
            clash = core("align", a, b)["clash"]
            if clash:
                with pytest.raises(RuntimeError, match=rf"\({clash['a']}\) must match .* \({clash['b']}\)"):
                    torch.zeros(a) + torch.zeros(b)
    finally:
        core.close()
