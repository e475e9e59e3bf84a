"""Our optimisers are torch.optim.SGD, number by number, and refuse what torch lets pass."""

import copy

import pytest
import torch

from firstgrad.optim import SGD, Momentum, Nesterov
from firstgrad.schedules import cosine

SHAPES = [(7, 5), (5,), (3, 4, 2), ()]
# ours, and what torch calls it
TWINS = {
    "SGD": (SGD, {}, {}),
    "SGD decay": (SGD, {"weight_decay": 0.03}, {"weight_decay": 0.03}),
    "Momentum": (Momentum, {"momentum": 0.8}, {"momentum": 0.8}),
    "Momentum decay": (Momentum, {"weight_decay": 0.03}, {"momentum": 0.9, "weight_decay": 0.03}),
    "Nesterov": (Nesterov, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}),
    "Nesterov decay": (Nesterov, {"weight_decay": 0.03},
                       {"momentum": 0.9, "weight_decay": 0.03, "nesterov": True}),
    "no momentum": (Momentum, {"momentum": 0.0}, {}),
}
OPTIMISERS = [SGD, Momentum, Nesterov]


def parameters(dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for shape in SHAPES]


def walk(optimizer, steps, seed=1):
    """The same random gradients for everyone; each parameter is now and then without one."""
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        for index, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"]):
            gradient = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.grad = None if (step + index) % 17 == 0 else gradient
        optimizer.step()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("name", TWINS)
def test_a_thousand_random_steps_equal_torch(name, dtype, tolerance):
    optimiser, settings, torch_settings = TWINS[name]
    ours, theirs = parameters(dtype), parameters(dtype)
    walk(optimiser(ours, 0.02, **settings), 1000)
    walk(torch.optim.SGD(theirs, 0.02, **torch_settings), 1000)
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_groups_have_settings_of_their_own():
    ours, theirs = parameters(), parameters()
    own = {"params": ours[:2], "learning_rate": 0.1, "momentum": 0.5}
    optimizer = Momentum([own, {"params": ours[2:]}], 0.01)
    walk(optimizer, 50)
    walk(torch.optim.SGD([{"params": theirs[:2], "lr": 0.1, "momentum": 0.5}, {"params": theirs[2:]}], 0.01,
                         momentum=0.9), 50)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert optimizer.learning_rate == 0.1


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_been(optimiser, tmp_path):
    straight, interrupted = parameters(), parameters()
    whole = optimiser(straight, 0.05)
    walk(whole, 20)
    walk(whole, 20, seed=2)

    first = optimiser(interrupted, 0.05)
    walk(first, 20)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = optimiser(interrupted, 0.9)
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    walk(second, 20, seed=2)
    torch.testing.assert_close(interrupted, straight, rtol=0, atol=0)


def test_torch_schedulers_drive_it():
    optimizer = SGD(parameters(), 0.5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, cosine(10))
    rates = []
    for _ in range(11):
        rates.append(optimizer.learning_rate)
        optimizer.step()
        scheduler.step()
    assert rates[0] == 0.5
    assert rates[5] == pytest.approx(0.25)
    assert rates[10] == pytest.approx(0)


def test_setting_the_learning_rate_sets_every_group():
    weights = parameters()
    optimizer = SGD([{"params": weights[:1]}, {"params": weights[1:], "lr": 0.3}], 0.1)
    optimizer.learning_rate = 0  # a schedule may reach it
    assert [group["lr"] for group in optimizer.param_groups] == [0, 0]
    with pytest.raises(ValueError, match=r"learning_rate: given -1, expected a finite number at least 0"):
        optimizer.learning_rate = -1


def test_a_closure_is_called_with_gradients_and_its_loss_returned():
    (weight,) = weights = [torch.tensor(3.0, requires_grad=True)]
    optimizer = SGD(weights, 0.1)

    def closure():
        optimizer.zero_grad()
        loss = weight**2
        loss.backward()
        return loss

    assert optimizer.step(closure) == 9
    assert weight.item() == pytest.approx(3 - 0.1 * 6)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_sparse_gradients_are_refused_and_nothing_moves(optimiser):
    embedding = torch.nn.Embedding(4, 2, sparse=True)
    before = copy.deepcopy(embedding.state_dict())
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(TypeError, match=f"{optimiser.__name__}: given a sparse gradient.*sparse=False"):
        optimiser(embedding.parameters(), 0.1).step()
    assert torch.equal(embedding.weight, before["weight"])


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize(("settings", "error", "says"), [
    ({"learning_rate": -0.1}, ValueError, "learning_rate: given -0.1, expected a finite number above 0"),
    ({"learning_rate": 0}, ValueError, "learning_rate: given 0"),
    ({"learning_rate": float("nan")}, ValueError, "learning_rate: given nan"),
    ({"learning_rate": float("inf")}, ValueError, "learning_rate: given inf"),
    ({"learning_rate": "0.1"}, TypeError, "learning_rate: given '0.1', expected a finite number"),
    ({"learning_rate": None}, TypeError, "learning_rate: given None"),
    ({"learning_rate": True}, TypeError, "learning_rate: given True"),
    ({"learning_rate": 0.1, "weight_decay": -1}, ValueError, "weight_decay: given -1"),
])
def test_bad_settings_are_named(optimiser, settings, error, says):
    with pytest.raises(error, match=says.replace(".", r"\.")):
        optimiser(parameters(), **settings)


@pytest.mark.parametrize("momentum", [-0.1, 1, 1.5, float("nan")])
def test_bad_momentum_is_named(momentum):
    with pytest.raises(ValueError, match=r"momentum: given .* at least 0 and below 1"):
        Nesterov(parameters(), 0.1, momentum)


@pytest.mark.parametrize(("group", "says"), [
    ({"learning_rate": -1}, "learning_rate: given -1"),
    ({"lr": 0}, "learning_rate: given 0"),
    ({"learningrate": 1}, "parameter group: given learningrate, expected params, learning_rate, momentum"),
])
def test_bad_groups_are_named(group, says):
    with pytest.raises(ValueError, match=says):
        Momentum([{"params": parameters(), **group}], 0.1)


def test_nothing_to_optimise_is_an_error():
    with pytest.raises(ValueError, match="empty parameter list"):
        SGD([], 0.1)
