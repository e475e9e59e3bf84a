"""One table of models and one of optimisers; every row runs through the same contracts.

A new model is a new row of MODELS. A new optimiser is found by itself; it only needs a learning rate here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch.nn import functional as F

from firstgrad import optim
from firstgrad.models.mlp import ACTIVATIONS, MLP, MLPConfig
from firstgrad.models.recurrent import text_classifier
from firstgrad.models.recurrent.lstm import FORMS, LSTMConfig, LSTMLanguageModel


@dataclass(frozen=True)
class Model:
    make: Callable  # () -> the model
    inputs: Callable  # number of rows -> inputs
    targets: Callable  # inputs -> labels that can be learnt by heart
    outputs: tuple[int, ...]  # shape of one row's: first the classes, then places
    bad: dict  # what is wrong -> (inputs, error, message)
    steps: int = 300  # that any optimiser needs to learn six rows by heart


def mlp(sizes, activation, steps=300):
    return Model(
        make=lambda: MLP(MLPConfig(sizes, activation)),
        inputs=lambda rows: torch.randn(rows, 6),
        targets=lambda x: torch.arange(len(x)) % 3,
        outputs=(3,),
        steps=steps,
        bad={"width": (torch.zeros(2, 5), ValueError, r"x: given width 5, expected 6 \(sizes\[0\]\)")},
    )


def language_model(form):
    config = LSTMConfig(vocabulary_size=7, embedding_size=16, hidden_size=32, form=form)
    no_token = torch.zeros(2, 0, dtype=torch.int64)
    return Model(
        make=lambda: LSTMLanguageModel(config),
        inputs=lambda rows: torch.randint(7, (rows, 4)),
        targets=lambda x: x.cumsum(1) % 7,  # depends on all that was read
        outputs=(7, 4),
        bad={
            "unknown id": (torch.tensor([[0, 7]]), ValueError, "tokens: given id 7, expected 0…6, since"),
            "negative id": (torch.tensor([[-1]]), ValueError, "tokens: given id -1, expected 0…6"),
            "floats": (torch.zeros(2, 5), TypeError, "tokens: given torch.float32, expected torch.int64"),
            "one sequence": (torch.tensor([1, 2]), ValueError, r"tokens: given shape \(2,\), expected"),
            "no token": (no_token, ValueError, r"tokens: given shape \(2, 0\), expected \(B, T\)"),
        },
    )


def classifier(layers, form):
    config = text_classifier.TextClassifierConfig(9, 3, 16, 32, layers=layers, form=form)
    return Model(
        make=lambda: text_classifier.TextClassifier(config),
        inputs=lambda rows: F.pad(torch.randint(1, 9, (rows, 5)), (0, 2)),  # two of padding after each text
        targets=lambda x: torch.arange(len(x)) % 3,
        outputs=(3,),
        bad={
            "unknown id": (torch.tensor([[1, 9]]), ValueError, "tokens: given id 9, expected 0…8, since"),
            "floats": (torch.ones(2, 5), TypeError, "tokens: given torch.float32, expected torch.int64"),
            "one text": (torch.tensor([1, 2]), ValueError, r"tokens: given shape \(2,\), expected \(B, T\)"),
            "padding": (torch.tensor([[1, 2], [0, 0]]), ValueError, "tokens: given only padding in row 1"),
        },
    )


MODELS = {
    **{f"mlp {name}": mlp((6, 16, 8, 3), name) for name in ACTIVATIONS if name != "sigmoid"},
    "mlp sigmoid": mlp((6, 16, 8, 3), "sigmoid", steps=1500),  # sigmoids saturate, and learn slowly
    "affine map": mlp((6, 3), "relu"),
    **{f"lstm {form}": language_model(form) for form in FORMS},
    **{f"classifier {layers} {form}": classifier(layers, form)
       for layers, forms in text_classifier.LAYERS.items() for form in forms},
}

RATES = {"SGD": 0.3, "Momentum": 0.05, "Nesterov": 0.05, "RMSProp": 0.01, "Adam": 0.02, "AdamW": 0.02,
         "AMSGrad": 0.02}
OPTIMISERS = {name: value for name, value in vars(optim).items() if isinstance(value, type)
              and issubclass(value, torch.optim.Optimizer) and name == value.__name__}

models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
optimisers = pytest.mark.parametrize("name", OPTIMISERS)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def fit(network, optimizer, x, y, steps):
    """The loss of the last of `steps` steps on one batch."""
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def state_of(network):
    return {name: parameter.clone() for name, parameter in network.state_dict().items()}


# --- models ---


@models
@pytest.mark.parametrize("rows", [1, 5])
def test_shapes_and_dtype(model, rows):
    result = model.make()(model.inputs(rows))
    assert result.shape == (rows, *model.outputs)
    assert result.dtype == torch.float32


@models
def test_rows_do_not_see_each_other(model):
    network, x = model.make(), model.inputs(5)
    torch.testing.assert_close(network(x)[3:4], network(x[3:4]))


@models
def test_the_gradient_reaches_every_parameter(model):
    network = model.make()
    network(model.inputs(32)).square().mean().backward()
    unreached = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert unreached == []


@models
def test_it_survives_save_and_load(model, tmp_path):
    first, second, x = model.make(), model.make(), model.inputs(4)
    assert not torch.equal(first(x), second(x))
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    second.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert torch.equal(first(x), second(x))


@models
def test_the_same_seed_makes_the_same_model(model):
    x, outputs = model.inputs(3), []
    for _ in range(2):
        torch.manual_seed(5)
        outputs.append(model.make()(x))
    assert torch.equal(*outputs)


@models
def test_it_moves_to_another_type(model):
    network, x = model.make().double(), model.inputs(4)
    assert network(x.double() if x.is_floating_point() else x).dtype == torch.float64


@pytest.mark.cuda
@models
def test_a_gpu_gives_what_the_cpu_gives(model):
    network, x = model.make(), model.inputs(4)
    expected = network(x)
    torch.testing.assert_close(network.cuda()(x.cuda()).cpu(), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("model", "wrong"), [
    pytest.param(model, wrong, id=f"{name}: {wrong}") for name, model in MODELS.items()
    for wrong in model.bad])
def test_bad_input_is_named_and_changes_nothing(model, wrong):
    network, (x, error, says) = model.make(), model.bad[wrong]
    before = state_of(network)
    with pytest.raises(error, match=says):
        network(x)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


# --- models and optimisers ---


@models
@optimisers
def test_it_overfits_one_batch(model, name):
    network, x = model.make(), model.inputs(6)
    before = state_of(network)
    optimizer = OPTIMISERS[name](network.parameters(), RATES[name])
    assert fit(network, optimizer, x, model.targets(x), model.steps) < 0.1
    assert not any(torch.equal(value, before[key]) for key, value in network.state_dict().items())


# --- optimisers ---


def small(name, rate=None):
    """A small network and its optimiser, made the same each time."""
    torch.manual_seed(1)
    network = MLP(MLPConfig((6, 4, 3)))
    return network, OPTIMISERS[name](network.parameters(), rate or RATES[name])


def batch():
    torch.manual_seed(2)
    return torch.randn(6, 6), torch.arange(6) % 3


def test_every_optimiser_has_a_learning_rate_here():
    assert set(OPTIMISERS) <= set(RATES)
    assert {"SGD", "Momentum", "Nesterov"} <= set(OPTIMISERS)


@optimisers
def test_saved_and_loaded_it_goes_on_bit_for_bit(name, tmp_path):
    network, optimizer = small(name)
    fit(network, optimizer, *batch(), 5)
    torch.save([network.state_dict(), optimizer.state_dict()], tmp_path / "state.pt")
    again, its_optimizer = small(name, rate=0.5)  # the rate too comes from the file
    for part, state in zip((again, its_optimizer), torch.load(tmp_path / "state.pt", weights_only=True),
                           strict=True):
        part.load_state_dict(state)
    assert fit(again, its_optimizer, *batch(), 5) == fit(network, optimizer, *batch(), 5)
    assert all(map(torch.equal, again.parameters(), network.parameters()))


@optimisers
def test_a_parameter_without_gradient_stays(name):
    network, optimizer = small(name)
    frozen = network.layers[0].weight.requires_grad_(False)
    before = frozen.clone()
    fit(network, optimizer, *batch(), 3)
    assert torch.equal(frozen, before)


@optimisers
def test_torchs_schedules_steer_it(name):
    network, optimizer = small(name)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0 if step else 1.0)
    fit(network, optimizer, *batch(), 1)
    schedule.step()
    before = state_of(network)
    fit(network, optimizer, *batch(), 3)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@optimisers
@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf")])
def test_a_bad_learning_rate_is_named(name, rate):
    with pytest.raises(ValueError, match=rf"learning_rate: given {rate}, expected a finite number above 0"):
        OPTIMISERS[name]([torch.nn.Parameter(torch.zeros(2))], rate)


@optimisers
def test_a_sparse_gradient_is_refused(name):
    embedding = torch.nn.Embedding(5, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    before = embedding.weight.clone()
    with pytest.raises(TypeError, match="sparse gradient"):
        OPTIMISERS[name](embedding.parameters(), 0.1).step()
    assert torch.equal(embedding.weight, before)
