"""The explorables of chapter 01: their Python side, and that both sides agree."""

import json
import subprocess

import pytest
import traitlets
from parity.bridge import STATIC, node

from firstgrad.widgets import ModelSizer, ModelTimeline

BOTH = {ModelSizer: "model_sizer", ModelTimeline: "model_timeline"}


@pytest.mark.parametrize(("kind", "name"), BOTH.items())
def test_defaults_are_the_same_on_both_sides(kind, name):
    url = (STATIC / f"{name}.js").as_uri()
    script = f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))"
    printed = subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout
    traits, widget = json.loads(printed), kind()
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(kind.settings()) - {"language"} <= set(traits)


@pytest.mark.parametrize(("kind", "given", "error", "words"), [
    (ModelSizer, {"family": "t5"}, ValueError, ["family", "'gpt', 'bert', 'llama'"]),
    (ModelSizer, {"layers": 0}, ValueError, ["layers", "≥ 1"]),
    (ModelSizer, {"heads": 1.5}, ValueError, ["heads", "whole"]),
    (ModelSizer, {"width": 10**6}, ValueError, ["width", "32768"]),
    (ModelSizer, {"tokens": float("nan")}, ValueError, ["tokens", "nan"]),
    (ModelSizer, {"price": -1}, ValueError, ["price", "≥ 0"]),
    (ModelSizer, {"utilisation": 1.5}, ValueError, ["utilisation", "≤ 1"]),
    (ModelSizer, {"gpu": "H9000"}, ValueError, ["gpu", "H100"]),
    (ModelSizer, {"depth": 3}, TypeError, ["depth", "layers"]),
    (ModelTimeline, {"x": "date"}, ValueError, ["x", "'year'"]),
    (ModelTimeline, {"model": "GPT3"}, ValueError, ["model", "did you mean 'GPT-3'"]),
    (ModelTimeline, {"doubling": 0}, ValueError, ["doubling", "≥ 0.5"]),
    (ModelTimeline, {"per": 0}, ValueError, ["per", "> 0"]),
    (ModelTimeline, {"table": "yes"}, traitlets.TraitError, ["table"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(kind, given, error, words):
    with pytest.raises(error) as raised:
        kind(**given)
    assert all(word in str(raised.value) for word in words), raised.value


def test_words_are_the_same_in_both_languages():
    for name in BOTH.values():
        path = STATIC.parents[3] / f"widgets/explorables/{name}/strings.js"
        script = (f"import('{path.as_uri()}').then(({{strings}}) => "
                  "console.log(JSON.stringify(['en', 'zh'].map((l) => Object.keys(strings[l])))))")
        command = [node(), "--input-type=module", "-e", script]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        english, chinese = json.loads(run.stdout)
        assert english == chinese
