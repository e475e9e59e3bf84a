"""The JavaScript core of *playground* trains as torch does, step by step; seeded mutants are caught."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import close, prove
from torch import nn
from torch.nn import functional as F

from firstgrad.models.mlp import ACTIVATIONS as PYTHON
from firstgrad.models.mlp import MLP, MLPConfig

ACTIVATIONS = ("tanh", "relu", "sigmoid", "gelu", "identity")
LOSSES = {"bce": F.binary_cross_entropy_with_logits, "mse": F.mse_loss}
OPTIMISERS = ("sgd", "momentum", "adam")
DATASETS = ("circles", "xor", "moons", "blobs", "spiral", "plane", "hills")
FEATURES = {"x1": lambda a, b: a, "x2": lambda a, b: b,
            "x1x1": lambda a, b: a * a, "x2x2": lambda a, b: b * b,
            "x1x2": lambda a, b: a * b, "sin1": lambda a, b: np.sin(a), "sin2": lambda a, b: np.sin(b)}


def network(sizes, activation, parameters):
    """firstgrad's own MLP in float64, with these parameters."""
    model = MLP(MLPConfig(sizes, activation)).double()
    nn.utils.vector_to_parameters(torch.tensor(parameters, dtype=torch.float64), model.parameters())
    return model


def optimiser_of(name, model, rate):
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate, foreach=False)
    momentum = 0.9 if name == "momentum" else 0
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum, foreach=False)


def torch_train(given):
    """The same training by autograd and torch.optim."""
    model = network(given["sizes"], given["activation"], given["parameters"])
    optimiser = optimiser_of(given["optimiser"], model, given["learningRate"])
    x = torch.tensor(given["x"], dtype=torch.float64).reshape(len(given["y"]), -1)
    y = torch.tensor(given["y"], dtype=torch.float64)[:, None]
    losses = []
    for batch in given["batches"]:
        weights = [layer.weight for layer in model.layers]
        loss = LOSSES[given["loss"]](model(x[batch]), y[batch])
        loss = loss + given["l1"] * sum(w.abs().sum() for w in weights)
        loss = loss + 0.5 * given["l2"] * sum(w.square().sum() for w in weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    with torch.no_grad():
        outputs = model(x)
        right = ((outputs > 0) == (y > 0.5)).double().mean().item()
        last = LOSSES[given["loss"]](outputs, y).item()
    parameters = nn.utils.parameters_to_vector(model.parameters()).tolist()
    return losses, parameters, outputs[:, 0].tolist(), last, right


def drawn(seed, inputs, hidden, rows, activation, loss, optimiser, rate, l1, l2, steps, batch):
    rng = np.random.default_rng(seed)
    sizes = [inputs, *hidden, 1]
    count = sum((a + 1) * b for a, b in pairwise(sizes))
    y = rng.integers(0, 2, rows).astype(float) if loss == "bce" else rng.normal(size=rows)
    batches = [rng.permutation(rows)[:batch].tolist() for _ in range(steps)]
    return {"sizes": sizes, "activation": activation, "loss": loss, "optimiser": optimiser,
            "learningRate": rate, "l1": l1, "l2": l2,
            "parameters": rng.normal(scale=0.7, size=count).tolist(),
            "x": rng.normal(size=rows * inputs).tolist(), "y": y.tolist(), "batches": batches}


# --- the properties: each takes a core, so that a mutant can be put to the same test ---------------------


def trains_like_torch(core, activation):
    def check(**settings):
        given = drawn(activation=activation, **settings)
        losses, parameters, outputs, last, right = torch_train(given)
        if not max(losses) < 1e6:
            return  # it runs away: from there on the last digits decide
        measured = core("train", given)
        close(measured["losses"], losses, scale=1)
        close(measured["parameters"], parameters, scale=np.abs(parameters).max())
        close(measured["outputs"], outputs, scale=max(1, np.abs(outputs).max()))
        close(measured["loss"], last, scale=1)
        assert measured["accuracy"] == pytest.approx(right)

    strength = st.sampled_from([0.0, 1e-3, 0.1])
    prove(check, seed=st.integers(0, 2**32), inputs=st.integers(1, 7),
          hidden=st.lists(st.integers(1, 8), max_size=6), rows=st.integers(1, 12),
          loss=st.sampled_from(sorted(LOSSES)), optimiser=st.sampled_from(OPTIMISERS),
          rate=st.floats(1e-4, 0.05), l1=strength, l2=strength, steps=st.integers(1, 6),
          batch=st.integers(1, 12))


def activations_are_torchs(core, activation):
    """Far out too, where exp overflows and erf is flat: a net of one neuron, and its gradient by one step."""

    def check(z, t, loss):
        given = {"sizes": [1, 1, 1], "activation": activation, "loss": loss, "optimiser": "sgd",
                 "learningRate": 1.0, "l1": 0.0, "l2": 0.0, "parameters": [z, 0.0, 1.0, 0.0],
                 "x": [1.0], "y": [t], "batches": [[0]]}
        measured = core("train", given)
        losses, parameters, *_ = torch_train(given)
        close(measured["losses"], losses, scale=1e-6)  # torch's own loses digits near 0: (1 − t)z − log σ(z)
        close(measured["parameters"], parameters, scale=np.abs(parameters).max() * 1e-4)

    prove(check, z=st.floats(-60, 60), t=st.sampled_from([0.0, 1.0]), loss=st.sampled_from(sorted(LOSSES)))


def begins_as_the_library_does(core, _):
    """The same variance as firstgrad.models.mlp, biases 0, other numbers for another seed."""
    for activation in ACTIVATIONS:
        first = np.array(core("initial", [7, 60, 60, 1], activation, 5))
        assert len(first) == core("countOf", [7, 60, 60, 1]) == 8 * 60 + 61 * 60 + 61
        assert first.tolist() != core("initial", [7, 60, 60, 1], activation, 6)
        places = core("placesOf", [7, 60, 60, 1])
        for place, fan_in, fan_out in zip(places, (7, 60, 60), (60, 60, 1), strict=True):
            weights = first[place["weights"]:place["biases"]]
            expected = PYTHON[activation][1] / fan_in
            error = 4 * math.sqrt(2 / len(weights))
            assert weights.var() == pytest.approx(expected, rel=error)
            assert not first[place["biases"]:place["biases"] + fan_out].any()


def order_is_a_shuffle(core, _):
    def check(seed, epoch, count):
        order = core("orderOf", seed, epoch, count)
        assert sorted(order) == list(range(count))
        assert count < 12 or order != core("orderOf", seed, epoch + 1, count)

    prove(check, cases=100, seed=st.integers(0, 2**31), epoch=st.integers(0, 10_000),
          count=st.integers(1, 80))
    first = [core("orderOf", 1, epoch, 5)[0] for epoch in range(2000)]
    assert np.bincount(first, minlength=5) == pytest.approx(400, abs=90)


def features_are_numpys(core, _):
    def check(name, seed, noise, share, names):
        points = np.reshape(core("pointsOf", name, noise, seed), (-1, 3))
        train, test = core("splitOf", len(points), share)
        assert sorted(train + test) == list(range(len(points)))
        assert len(train) / len(points) == pytest.approx(share, abs=0.01)
        part = core("featuresOf", points.ravel().tolist(), test, names)
        a, b, target = points[test].T
        expected = np.stack([FEATURES[feature](a, b) for feature in names], axis=1)
        np.testing.assert_allclose(np.reshape(part["x"], expected.shape), expected, rtol=1e-12)
        assert part["y"] == target.tolist()

    chosen = st.lists(st.sampled_from(sorted(FEATURES)), min_size=1, max_size=7, unique=True)
    prove(check, cases=100, name=st.sampled_from(DATASETS), seed=st.integers(0, 10**6),
          noise=st.floats(0, 0.5), share=st.floats(0.1, 0.9), names=chosen)


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "playground.js")
    yield made
    made.close()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_training(core, activation):
    trains_like_torch(core, activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation(core, activation):
    activations_are_torchs(core, activation)


@pytest.mark.parametrize("check", [begins_as_the_library_does, order_is_a_shuffle, features_are_numpys])
def test_around_it(core, check):
    check(core, None)


def test_a_long_training_in_the_page_is_torchs_too(core):
    """300 steps of a spiral, as the page takes them: seed, order and batches from the core."""
    points = np.reshape(core("pointsOf", "spiral", 0.1, 1), (-1, 3))
    rows, _ = core("splitOf", len(points), 0.5)
    part = core("featuresOf", points.ravel().tolist(), rows, ["x1", "x2"])
    sizes = [2, 8, 8, 1]
    order = [i for epoch in range(12) for i in core("orderOf", 1, epoch, len(rows))]
    batches = [order[10 * k:10 * k + 10] for k in range(300)]
    given = {"sizes": sizes, "activation": "tanh", "loss": "bce", "optimiser": "adam", "learningRate": 0.03,
             "l1": 0.0, "l2": 1e-4, "parameters": core("initial", sizes, "tanh", 1), **part,
             "batches": batches}
    measured = core("train", given)
    losses, parameters, *_ = torch_train(given)
    np.testing.assert_allclose(measured["losses"], losses, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(measured["parameters"], parameters, rtol=1e-6, atol=1e-8)
    assert np.mean(losses[-25:]) < 0.8 * losses[0]


@pytest.mark.parametrize("name", DATASETS)
def test_data_sets(core, name):
    """Repeated by the seed, inside the square, both classes alike; noise moves what it should."""
    clean = np.reshape(core("pointsOf", name, 0, 3), (-1, 3))
    again, other = core("pointsOf", name, 0, 3), core("pointsOf", name, 0, 4)
    noisy = np.reshape(core("pointsOf", name, 0.3, 3), (-1, 3))
    assert clean.ravel().tolist() == again
    assert (again != other) == (name != "spiral")  # without noise the spiral has no chance in it
    assert len(clean) == 500
    assert np.abs(clean[:, :2]).max() <= 3
    if name in ("plane", "hills"):
        assert np.abs(clean[:, 2]).max() <= 1
        assert np.array_equal(clean[0, :2], noisy[0, :2])
        assert not np.array_equal(clean[:, 2], noisy[:, 2])
    else:
        assert clean[:, 2].tolist() == noisy[:, 2].tolist() == [0.0, 1.0] * 250
        assert not np.array_equal(clean[:, :2], noisy[:, :2])


def test_no_line_parts_the_classes_but_of_blobs(core):
    from sklearn.linear_model import LogisticRegression

    for name in ("circles", "xor", "moons", "blobs", "spiral"):
        *at, target = np.reshape(core("pointsOf", name, 0.05, 1), (-1, 3)).T
        line = LogisticRegression().fit(np.transpose(at), target)
        accuracy = line.score(np.transpose(at), target)
        assert (accuracy > 0.97) == (name == "blobs"), (name, accuracy)


def test_a_point_keeps_its_side_when_others_are_added(core):
    few, many = core("splitOf", 10, 0.5), core("splitOf", 50, 0.5)
    assert set(few[0]) <= set(many[0])
    assert set(few[1]) <= set(many[1])


def test_drawn_points_are_taken_as_they_are(core):
    assert core("pointsOf", "drawn", 0, 1, [[1, -2, 0], [0.5, 3, 1]]) == [1, -2, 0, 0.5, 3, 1]


GOOD = {"sizes": [1, 1], "activation": "tanh", "loss": "mse", "optimiser": "sgd",
        "learningRate": 0.1, "l1": 0, "l2": 0, "parameters": [1, 0], "x": [1], "y": [1], "batches": [[0]]}


@pytest.mark.parametrize(("change", "word"), [
    ({"activation": "swish"}, "swish"), ({"loss": "hinge"}, "hinge"), ({"optimiser": "lion"}, "lion"),
    ({"optimiser": "rmsprop"}, "rmsprop"), ({"learningRate": 0}, "learning_rate"),
    ({"learningRate": math.nan}, "learning_rate"), ({"l1": -1}, "strength"), ({"l2": math.inf}, "strength"),
    ({"parameters": [1]}, "2 finite numbers"), ({"parameters": [1, math.nan]}, "weights"),
])
def test_bad_training_is_named(core, change, word):
    with pytest.raises(CoreError, match=word):
        core("train", GOOD | change)


@pytest.mark.parametrize(("function", "arguments", "word"), [
    ("pointsOf", ("moon", 0, 1), "moon"), ("pointsOf", ("moons", 2, 1), "noise"),
    ("pointsOf", ("moons", 0, -1), "seed"),
    ("pointsOf", ("moons", 0, 1.5), "seed"), ("pointsOf", ("drawn", 0, 1, [[0, 0]]), "drawn"),
    ("pointsOf", ("drawn", 0, 1, [[0, 4, 1]]), "drawn"), ("pointsOf", ("drawn", 0, 1, [[0, 0, 2]]), "drawn"),
    ("pointsOf", ("drawn", 0, 1, "no"), "drawn"), ("splitOf", (10, 0.95), "train_share"),
    ("featuresOf", ([0, 0, 1], [0], []), "at least one"), ("featuresOf", ([0, 0, 1], [0], ["x3"]), "x3"),
])
def test_bad_data_are_named(core, function, arguments, word):
    with pytest.raises(CoreError, match=word):
        core(function, *arguments)


# One slip each, and which properties must notice it.
MUTANTS = [
    ("core.js", "slope: (_z, h) => 1 - h * h", "slope: (_z, h) => 1 - h", "tanh"),
    ("core.js", "slope: (z) => (z > 0 ? 1 : 0)", "slope: (z) => (z > 0 ? 1 : 0.01)", "relu"),
    ("core.js", "slope: (_z, h) => h * (1 - h)", "slope: (_z, h) => h", "sigmoid"),
    ("core.js", "(2 * x * x) / (2 * n + 1)", "(2 * x * x) / (2 * n + 1.0001)", "gelu"),
    ("core.js", "slope: (z) => phi(z) +", "slope: (z) => phi(z) + 0 *", "gelu"),
    ("core.js", "Math.max(z, 0) - z * t + Math.log1p", "Math.max(z, 0) - z * t + 1.001 * Math.log1p", "tanh"),
    ("core.js", "slope: (z, t) => 2 * (z - t)", "slope: (z, t) => z - t", "tanh"),
    ("core.js", "room.delta[last][n] = push(room.h[last][n], targets[n]) / rows",
     "room.delta[last][n] = push(room.h[last][n], targets[n]) / room.rows", "tanh"),
    ("core.js", "below[n * fan + j] += d * parameters[weights + i * fan + j]",
     "below[n * fan + j] += d * parameters[weights + i * fan]", "tanh"),
    ("core.js", "if (l > 1) below.fill(0, 0, rows * fan);", "", "tanh"),
    ("core.js", "gradient.fill(0);", "", "tanh"),
    ("core.js", "gradient[k] += l1 * Math.sign(w) + l2 * w", "gradient[k] += l1 * Math.sign(w) + 2 * l2 * w",
     "tanh"),
    ("core.js", "h[n * size + i] = l < last ? value(sum) : sum", "h[n * size + i] = value(sum)", "relu"),
    ("core.js", "epsilon: 1e-8", "epsilon: 1e-6", "tanh"),
    ("core.js", "momentum: 0.9 }", "momentum: 0.8 }", "tanh"),
]


def all_of_it(core, activation):
    activations_are_torchs(core, activation)
    trains_like_torch(core, activation)


@pytest.mark.parametrize(("file", "old", "new", "activation"), MUTANTS)
def test_mutant_of_training_is_caught(file, old, new, activation, tmp_path):
    with mutated("explorables/playground/core.js", [(file, old, new)], tmp_path) as made, \
            pytest.raises(AssertionError):
        all_of_it(made, activation)


@pytest.mark.parametrize(("entry", "old", "new", "check"), [
    ("core.js", "Math.sqrt(factor / sizes[l])", "Math.sqrt(factor / sizes[l + 1])",
     begins_as_the_library_does),
    ("core.js", "Math.floor(next() * (i + 1))", "Math.floor(next() * i)", order_is_a_shuffle),
    ("core.js", "epoch * 7919", "0 * epoch", order_is_a_shuffle),
    ("points.js", "x1x2: (a, b) => a * b", "x1x2: (a, b) => a + b", features_are_numpys),
    ("points.js", "% 1 < share", "% 1 < 0.5", features_are_numpys),
])
def test_mutant_around_it_is_caught(entry, old, new, check, tmp_path):
    with mutated(f"explorables/playground/{entry}", [(entry, old, new)], tmp_path) as made, \
            pytest.raises(AssertionError):
        check(made, None)
