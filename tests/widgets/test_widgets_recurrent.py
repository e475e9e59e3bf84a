"""The explorables of chapter 11: their Python side, and that both sides agree."""

import json
import re
import subprocess

import pytest
from parity.bridge import ROOT, STATIC, node

from firstgrad.models.recurrent import char_lstm
from firstgrad.widgets import GradientReach, LSTMGates
from firstgrad.widgets.lstm_gates import LONGEST

BOTH = {GradientReach: "gradient_reach", LSTMGates: "lstm_gates"}


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def strings_of(name):
    url = (ROOT / f"widgets/explorables/{name}/strings.js").as_uri()
    return json.loads(run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))"))


@pytest.mark.parametrize(("kind", "name"), BOTH.items())
def test_defaults_are_the_same_on_both_sides(kind, name):
    url = (STATIC / f"{name}.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), kind()
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(kind.settings()) - {"language", "model_sizes"} <= set(traits)


def test_the_model_s_size_is_said_and_only_that_model_is_sent():
    widget = LSTMGates()
    file = LSTMGates.model("char_lstm")
    assert widget.model_sizes == {"char_lstm": file.stat().st_size}
    sent = []
    widget.send = lambda message, buffers=None: sent.append((message, buffers))
    widget._asked(None, {"load": "char_lstm"}, None)
    widget._asked(None, {"load": "../secret"}, None)
    assert sent[0] == ({"model": "char_lstm"}, [file.read_bytes()])
    assert "no model '../secret'" in sent[1][0]["error"]


def test_every_unit_the_file_names_can_be_said_in_both_languages():
    follows = {unit["follows"] for unit in char_lstm.units(char_lstm.load()[2])}
    for table in strings_of("lstm_gates").values():
        assert all(f"follows {name}" in table for name in follows)


@pytest.mark.parametrize(("kind", "given", "error", "words"), [
    (GradientReach, {"scale": 0}, ValueError, ["scale", "≥ 0.05"]),
    (GradientReach, {"scale": float("nan")}, ValueError, ["scale", "nan"]),
    (GradientReach, {"bias": 21}, ValueError, ["bias", "≤ 20"]),
    (GradientReach, {"length": 1}, ValueError, ["length", "≥ 2"]),
    (GradientReach, {"length": 151}, ValueError, ["length", "≤ 150"]),
    (GradientReach, {"length": 20.5}, ValueError, ["length", "whole"]),
    (GradientReach, {"seed": -1}, ValueError, ["seed", "≥ 0"]),
    (GradientReach, {"found": ["rnn"]}, TypeError, ["found", "scale"]),
    (LSTMGates, {"text": "a" * (LONGEST + 1)}, ValueError, ["text", "at most 200", "201"]),
    (LSTMGates, {"text": b"a"}, TypeError, ["text", "string", "b'a'"]),
    (LSTMGates, {"quantity": "z"}, ValueError, ["quantity", "'i', 'f'"]),
    (LSTMGates, {"unit": -1}, ValueError, ["unit", "≥ 0"]),
    (LSTMGates, {"unit": 1.5}, ValueError, ["unit", "whole"]),
    (LSTMGates, {"trained": True}, TypeError, ["trained", "text"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(kind, given, error, words):
    with pytest.raises(error) as caught:
        kind(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("name", BOTH.values())
def test_both_languages_have_the_same_strings_with_the_same_holes(name):
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in strings_of(name).items()}
    assert holes["en"] == holes["zh"]
