"""The NumPy layers: every intermediate gradient equal to torch's in float64; finite differences agree."""

import math

import numpy as np
import pytest
import torch

from firstgrad.scratch.layers import (
    ACTIVATIONS,
    Activation,
    Affine,
    Network,
    SoftmaxCrossEntropy,
    numerical_gradient,
    relative_error,
    weights,
)

SIZES = (7, 6, 5, 4)
rng = np.random.default_rng(0)


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-14)


def torch_run(network, x, labels, activation):
    """The same network in torch: every affine output and every parameter keeps its gradient."""
    functions = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda z: z}
    h, kept = tensor(x), []
    start = h
    for i, layer in enumerate(network.affine):
        W, b = tensor(layer.W), tensor(layer.b)
        z = h @ W.T + b
        z.retain_grad()
        kept.append((W, b, z))
        h = z if i == len(network.affine) - 1 else functions[activation](z)
    loss = torch.nn.functional.cross_entropy(h, torch.tensor(labels))
    loss.backward()
    return loss, kept, start


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("seed", range(10))
def test_every_gradient_is_torchs(activation, seed):
    draw = np.random.default_rng(seed)
    network = Network(SIZES, activation, initialisation=1.0, seed=seed)
    for layer in network.affine:
        layer.b = draw.normal(size=layer.b.shape)
    x, labels = draw.normal(size=(9, SIZES[0])), draw.integers(0, SIZES[-1], 9)
    loss, kept, _ = torch_run(network, x, labels, activation)
    assert network.gradients(x, labels) == pytest.approx(loss.item(), rel=1e-12)
    for layer, (W, b, z) in zip(network.affine, kept, strict=True):
        close(layer.dW, W.grad)
        close(layer.db, b.grad)
        close(layer.dz, z.grad)


def test_gradient_for_the_input_is_torchs():
    layer, x = Affine(rng.normal(size=(3, 5)), rng.normal(size=3)), rng.normal(size=(4, 5))
    given = rng.normal(size=(4, 3))
    t = tensor(x)
    (t @ torch.tensor(layer.W).T + torch.tensor(layer.b)).backward(torch.tensor(given))
    layer.forward(x)
    close(layer.backward(given), t.grad)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_finite_differences_agree(activation):
    network = Network(SIZES, activation, seed=3)
    x, labels = rng.normal(size=(5, SIZES[0])), rng.integers(0, SIZES[-1], 5)
    network.gradients(x, labels)
    for layer in network.affine:
        derived = layer.dW.copy()

        def loss(W, layer=layer):
            layer.W, kept = W, layer.W
            value = network.loss.forward(network.forward(x), labels)
            layer.W = kept
            return value

        assert relative_error(numerical_gradient(loss, layer.W), derived) < 1e-7


def test_huge_logits_do_not_overflow():
    loss = SoftmaxCrossEntropy()
    assert loss.forward(np.array([[1e4, -1e4]]), [0]) == 0.0
    assert loss.forward(np.array([[1e4, -1e4]]), [1]) == 2e4
    np.testing.assert_array_equal(loss.backward(), [[1.0, -1.0]])


@pytest.mark.parametrize(("name", "init"), [("xavier", torch.nn.init.xavier_normal_), ("he", None)])
def test_initialisations_are_torchs(name, init):
    ours = weights(np.random.default_rng(0), 300, 500, name)
    theirs = torch.empty(500, 300, dtype=torch.float64)
    torch.manual_seed(0)
    init(theirs) if init else torch.nn.init.kaiming_normal_(theirs, nonlinearity="relu")
    assert ours.shape == theirs.shape
    assert ours.std() == pytest.approx(theirs.std().item(), rel=0.01)
    assert abs(ours.mean()) < 1e-3


def test_numerical_gradient_leaves_x_as_it_was():
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(numerical_gradient(lambda v: float(v @ v), x), 2 * x, rtol=1e-9)
    np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])


def test_relative_error():
    assert relative_error([0.0, 0.0], [0.0, 0.0]) == 0.0
    assert relative_error([1.0], [-1.0]) == 1.0
    assert relative_error([3.0, 4.0], [3.0, 4.0]) == 0.0


@pytest.mark.parametrize(("make", "error", "word"), [
    (lambda: Affine(np.ones(3)), ValueError, "W"),
    (lambda: Affine(np.array([[1.0, math.nan]])), ValueError, "W"),
    (lambda: Affine(np.ones((2, 3)), np.ones(3)), ValueError, "b"),
    (lambda: Affine(np.ones((2, 3))).forward(np.ones((4, 2))), ValueError, "x"),
    (lambda: Activation("rellu"), ValueError, "name"),
    (lambda: SoftmaxCrossEntropy().forward(np.ones((2, 3)), [0, 3]), ValueError, "labels"),
    (lambda: SoftmaxCrossEntropy().forward(np.ones((2, 3)), [0, -1]), ValueError, "labels"),
    (lambda: SoftmaxCrossEntropy().forward(np.ones((2, 3)), [0.0, 1.0]), ValueError, "labels"),
    (lambda: SoftmaxCrossEntropy().forward(np.ones((2, 3)), [0]), ValueError, "labels"),
    (lambda: Network((3,)), ValueError, "sizes"),
    (lambda: Network((3, 0)), ValueError, "fan_out"),
    (lambda: Network((3, 2.5)), TypeError, "fan_out"),
    (lambda: Network((3, 2), initialisation="kaiming"), ValueError, "initialisation"),
    (lambda: Network((3, 2), initialisation=-1.0), ValueError, "initialisation"),
    (lambda: Network((3, 2)).gradients(np.full((1, 3), math.inf), [0]), ValueError, "x"),
    (lambda: numerical_gradient(lambda x: 0.0, np.ones(2), h=0), ValueError, "h"),
    (lambda: numerical_gradient(lambda x: 0.0, np.array([math.nan])), ValueError, "x"),
    (lambda: relative_error([1.0], [1.0, 2.0]), ValueError, "b"),
])
def test_bad_input_is_named(make, error, word):
    with pytest.raises(error, match=rf"^{word}:"):
        make()
