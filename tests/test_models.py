"""Every model and every optimiser runs through the same contracts; then what is particular to each model."""

import pytest
import torch
from torch.nn import functional as F

from firstgrad.models.mlp import ACTIVATIONS, MLP, MLPConfig
from firstgrad.optim import SGD, Momentum, Nesterov

# name -> (how to make it, its inputs for B rows, its number of outputs)
MODELS = {
    f"mlp {activation}": (lambda activation=activation: MLP(MLPConfig((6, 16, 8, 3), activation)),
                          lambda rows: torch.randn(rows, 6), 3)
    for activation in ACTIVATIONS
} | {"affine map": (lambda: MLP(MLPConfig((6, 3))), lambda rows: torch.randn(rows, 6), 3)}
OPTIMISERS = {"sgd": (SGD, 0.3), "momentum": (Momentum, 0.05), "nesterov": (Nesterov, 0.05)}

models = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def fit_one_batch(model, x, y, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


@models
def test_shapes_and_dtype(model):
    make, inputs, outputs = MODELS[model]
    for rows in (1, 5):
        result = make()(inputs(rows))
        assert result.shape == (rows, outputs)
        assert result.dtype == torch.float32


@models
def test_the_gradient_reaches_every_parameter(model):
    make, inputs, _ = MODELS[model]
    network = make()
    network(inputs(32)).square().mean().backward()
    unreached = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert unreached == []


@models
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_it_overfits_one_batch(model, optimiser):
    make, inputs, outputs = MODELS[model]
    cls, rate = OPTIMISERS[optimiser]
    network, x = make(), inputs(6)
    y = torch.arange(6) % outputs
    steps = 1500 if "sigmoid" in model else 300  # sigmoids saturate, and learn slowly
    assert fit_one_batch(network, x, y, cls(network.parameters(), rate), steps) < 0.1


@models
def test_it_survives_save_and_load(model, tmp_path):
    make, inputs, _ = MODELS[model]
    first, second, x = make(), make(), inputs(4)
    assert not torch.equal(first(x), second(x))
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    second.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert torch.equal(first(x), second(x))


@models
def test_the_same_seed_makes_the_same_model(model):
    make, inputs, _ = MODELS[model]
    x = inputs(3)
    outputs = []
    for _ in range(2):
        torch.manual_seed(5)
        outputs.append(make()(x))
    assert torch.equal(*outputs)


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
