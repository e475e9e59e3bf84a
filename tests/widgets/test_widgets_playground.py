"""The explorable *playground*: its Python side, that both sides agree, that Python can take its weights."""

import json
import re
import subprocess

import numpy as np
import pytest
import torch
from parity.bridge import ROOT, STATIC, Core, node
from torch import nn

from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.widgets import Playground
from firstgrad.widgets import playground as module


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "playground.js")
    yield made
    made.close()


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "playground.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), Playground()
    assert traits == {name: getattr(widget, name) for name in traits}
    assert set(traits) == set(Playground.settings()) - {"language"}


def test_both_sides_know_the_same_names():
    url = (STATIC / "playground.js").as_uri()
    script = f"""import('{url}').then(({{core}}) => console.log(JSON.stringify(
        ["DATASETS", "FEATURES", "ACTIVATIONS", "OPTIMISERS"].map((name) => Object.keys(core[name]))
        .concat([[core.REACH, core.COUNT]]))))"""
    datasets, features, activations, optimisers, (reach, count) = json.loads(run_node(script))
    for there, here in ((datasets, module.DATASETS), (features, module.FEATURES),
                        (activations, module.ACTIVATIONS), (optimisers, module.OPTIMISERS)):
        assert sorted(there) == sorted(here)
    assert (reach, count) == (module.REACH, module.MOST_POINTS)


def test_python_reads_the_weights_as_a_network(core):
    """What `weights` holds is a vector of the library's own MLP, which then answers as the page does."""
    widget = Playground(hidden=[4, 3], activation="gelu")
    widget.weights = core("initial", list(widget.sizes), "gelu", widget.seed)
    model = MLP(MLPConfig(widget.sizes, widget.activation)).double()
    nn.utils.vector_to_parameters(torch.tensor(widget.weights, dtype=torch.float64), model.parameters())
    x = [[0.5, -1.0], [2.0, 1.0]]
    given = {"sizes": widget.sizes, "activation": "gelu", "loss": "bce", "optimiser": "sgd",
             "learningRate": 0.1, "parameters": widget.weights, "x": [*x[0], *x[1]],
             "y": [0, 1], "batches": []}
    expected = model(torch.tensor(x, dtype=torch.float64))[:, 0].tolist()
    np.testing.assert_allclose(core("train", given)["outputs"], expected, rtol=1e-10)


def test_arrays_and_tensors_are_taken():
    widget = Playground(hidden=np.array([3, 2]), dataset="drawn", drawn=[(1.0, 2.0, 0), (0.5, -3, 1)])
    widget.weights = torch.arange(3.0)
    assert (widget.hidden, widget.weights) == ([3, 2], [0.0, 1.0, 2.0])
    assert widget.drawn == [[1.0, 2.0, 0], [0.5, -3, 1]]
    assert repr(widget) == repr(eval(repr(widget), {"Playground": Playground}))


def test_two_playgrounds_share_no_default():
    first, second = Playground(), Playground()
    first.hidden.append(3)
    assert second.hidden == [2]


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"dataset": "moon"}, ValueError, ["dataset", "'moon'", "did you mean 'moons'"]),
    ({"activation": "swish"}, ValueError, ["activation", "'tanh', 'relu', 'sigmoid', 'gelu', 'identity'"]),
    ({"optimiser": "rmsprop"}, ValueError, ["optimiser", "'sgd', 'momentum', 'adam'"]),
    ({"hidden": [9]}, ValueError, ["hidden", "1 to 8", "9"]),
    ({"hidden": [0]}, ValueError, ["hidden", "0"]),
    ({"hidden": [1] * 7}, ValueError, ["hidden", "at most 6", "length 7"]),
    ({"hidden": 4}, TypeError, ["hidden", "4"]),
    ({"hidden": [2.5]}, ValueError, ["hidden", "2.5"]),
    ({"features": []}, ValueError, ["features", "length 0"]),
    ({"features": ["x3"]}, ValueError, ["features", "x1x1", "'x3'"]),
    ({"drawn": [[0, 0]]}, ValueError, ["drawn", "[x1, x2, 0 or 1]"]),
    ({"drawn": [[0, 3.1, 1]]}, ValueError, ["drawn", "-3 to 3"]),
    ({"drawn": [[0, 0, 0.5]]}, ValueError, ["drawn", "0.5"]),
    ({"drawn": [[0, 0, 1]] * 501}, ValueError, ["drawn", "501"]),
    ({"weights": [1.0, float("nan")]}, ValueError, ["weights", "nan"]),
    ({"weights": "abc"}, TypeError, ["weights", "'abc'"]),
    ({"learning_rate": 0}, ValueError, ["learning_rate", "> 0"]),
    ({"learning_rate": float("inf")}, ValueError, ["learning_rate", "inf"]),
    ({"batch_size": 0}, ValueError, ["batch_size", "≥ 1"]),
    ({"noise": -0.1}, ValueError, ["noise", "≥ 0"]),
    ({"train_share": 1}, ValueError, ["train_share", "≤ 0.9"]),
    ({"strength": 11}, ValueError, ["strength", "≤ 10"]),
    ({"regularisation": "l3"}, ValueError, ["regularisation", "'l1'"]),
    ({"seed": 1.5}, ValueError, ["seed", "whole"]),
    ({"probe": [1]}, TypeError, ["probe", "[x, y]"]),
    ({"test_loss": 0.1}, TypeError, ["test_loss"]),
    ({"layers": [3]}, TypeError, ["layers", "hidden"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        Playground(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_both_languages_have_the_same_strings_with_the_same_holes():
    url = (ROOT / "widgets/explorables/playground/strings.js").as_uri()
    tables = json.loads(run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))"))
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in tables.items()}
    assert holes["en"] == holes["zh"]
