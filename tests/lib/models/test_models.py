"""What is particular to the MLP; what every model must do is in test_contracts.py."""

import pytest
import torch

from firstgrad.models.mlp import MLP, MLPConfig


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def test_mlp_equals_torchs_sequential():
    mlp, x = MLP(MLPConfig((6, 16, 8, 3))), torch.randn(10, 6)
    a, b, c = mlp.layers
    sequential = torch.nn.Sequential(a, torch.nn.ReLU(), b, torch.nn.ReLU(), c)
    assert torch.equal(mlp(x), sequential(x))


def test_mlp_without_activation_is_one_affine_map():
    mlp, x = MLP(MLPConfig((6, 16, 3), "identity")), torch.randn(10, 6)
    first, second = mlp.layers
    weight, bias = second.weight @ first.weight, second.weight @ first.bias + second.bias
    torch.testing.assert_close(mlp(x), x @ weight.T + bias)


@pytest.mark.parametrize(("activation", "factor"), [("relu", 2), ("gelu", 2), ("tanh", 1), ("identity", 1)])
def test_mlp_initialisation(activation, factor):
    first, second = MLP(MLPConfig((400, 500, 300), activation)).layers
    for layer in (first, second):
        assert layer.weight.var().item() == pytest.approx(factor / layer.in_features, rel=0.02)
        assert abs(layer.weight.mean().item()) < 0.001
        assert not layer.bias.any()


def test_he_initialisation_keeps_the_size_of_a_signal_through_twenty_layers():
    mlp = MLP(MLPConfig((256,) * 20 + (10,)))
    outputs = mlp(torch.randn(200, 256))
    assert 0.3 < outputs.square().mean().item() / 2 < 3


def test_mlp_counts_its_parameters_and_flattens_pictures():
    mlp = MLP()
    assert mlp.config.sizes == (196, 64, 10)
    assert mlp.parameter_count == 196 * 64 + 64 + 64 * 10 + 10
    pictures = torch.rand(3, 14, 14)
    assert torch.equal(mlp(pictures), mlp(pictures.flatten(1)))


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: MLPConfig((5,)), ValueError,
     r"sizes: given \(5,\), expected at least an input and an output size"),
    (lambda: MLPConfig((5, 0, 2)), ValueError, "sizes: given 0, expected a whole number of at least 1"),
    (lambda: MLPConfig((5, 2.5)), TypeError, "sizes: given 2.5"),
    (lambda: MLPConfig((5, 2), "swish"), ValueError,
     "activation: given 'swish', expected one of 'relu'"),
    (lambda: MLP(MLPConfig((5, 2)))(torch.zeros(1, 4)), ValueError,
     r"x: given width 4, expected 5 \(sizes\[0\]\)"),
])
def test_bad_mlps_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
