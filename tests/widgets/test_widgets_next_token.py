"""The explorable of chapter 10: its Python side, that both sides agree, and the models that it loads."""

import gzip
import json
import subprocess

import numpy as np
import pytest
from parity.bridge import ROOT, STATIC, node
from safetensors import safe_open
from safetensors.numpy import load_file

from firstgrad import data
from firstgrad.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from firstgrad.text.vocabulary import Vocabulary
from firstgrad.widgets import NextToken


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "next_token.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), NextToken()
    del traits["model_sizes"]  # of this very checkout
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(traits) == (set(NextToken.settings()) - {"language"}) | {"found"}


def test_both_languages_say_the_same_things():
    url = (ROOT / "widgets/explorables/next_token/strings.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))")
    strings = json.loads(printed)
    assert strings["en"].keys() == strings["zh"].keys()


@pytest.mark.parametrize(("name", "text"), [("moby_dick_text", data.moby_dick),
                                            ("tang_quatrains", data.tang_quatrains)])
def test_a_text_is_the_training_text(name, text):
    arrays = load_file(NextToken.model(name))
    assert gzip.decompress(arrays["gzip"].tobytes()).decode() == text("train")
    assert NextToken().model_sizes[name] < 200_000


def test_the_network_fits_its_vocabulary():
    path = NextToken.model("neural_ngram")
    arrays = load_file(path)
    with safe_open(path, "numpy") as file:
        characters = file.metadata()["characters"]
    assert characters == "".join(Vocabulary.of_characters(data.moby_dick("train")).tokens)
    settings = data.recording("neural_ngram")["settings"]
    model = NeuralNGram(NeuralNGramConfig(len(characters), settings["order"], settings["embedding"],
                                          settings["hidden"]))
    shapes = {name: tuple(weights.shape) for name, weights in model.state_dict().items()}
    assert {name: array.shape for name, array in arrays.items()} == shapes
    assert all(v.dtype == np.float16 for v in arrays.values())


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"source": "gpt"}, ValueError, ["source", "'gpt'", "'text', 'moby_dick', 'neural', 'tang'"]),
    ({"smoothing": "katz"}, ValueError, ["smoothing", "'modified', 'add-k', 'likelihood'"]),
    ({"order": 0}, ValueError, ["order", "≥ 1"]),
    ({"order": 8}, ValueError, ["order", "≤ 7"]),
    ({"order": 2.5}, ValueError, ["order", "whole"]),
    ({"temperature": 0}, ValueError, ["temperature", "≥ 0.01"]),
    ({"temperature": "hot"}, TypeError, ["temperature", "'hot'"]),
    ({"temperature": float("nan")}, ValueError, ["temperature", "nan"]),
    ({"top_k": 0}, ValueError, ["top_k", "≥ 1"]),
    ({"top_k": 101}, ValueError, ["top_k", "≤ 100"]),
    ({"top_p": 0}, ValueError, ["top_p", "≥ 0.01"]),
    ({"top_p": 1.5}, ValueError, ["top_p", "≤ 1"]),
    ({"seed": -1}, ValueError, ["seed", "≥ 0"]),
    ({"text": 3}, Exception, ["text"]),
    ({"topk": 3}, TypeError, ["topk", "top_k"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        NextToken(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_repr_says_what_differs():
    assert repr(NextToken(source="tang", top_p=0.9)) == "NextToken(source='tang', top_p=0.9)"
