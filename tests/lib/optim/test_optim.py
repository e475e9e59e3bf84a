"""Our optimisers are torch's, number by number, and refuse what torch lets pass."""

import copy

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from firstgrad.optim.rules import SGD, Adam, AdamW, AMSGrad, Momentum, Nesterov, RMSProp

SHAPES = [(7, 5), (5,), (3, 4, 2), ()]
# ours and its settings, and what torch calls them
TWINS = {
    "SGD": (SGD, {}, torch.optim.SGD, {}),
    "SGD decay": (SGD, {"weight_decay": 0.03}, torch.optim.SGD, {"weight_decay": 0.03}),
    "Momentum": (Momentum, {"momentum": 0.8}, torch.optim.SGD, {"momentum": 0.8}),
    "Momentum decay": (Momentum, {"weight_decay": 0.03}, torch.optim.SGD,
                       {"momentum": 0.9, "weight_decay": 0.03}),
    "Nesterov": (Nesterov, {"momentum": 0.8}, torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    "Nesterov decay": (Nesterov, {"weight_decay": 0.03}, torch.optim.SGD,
                       {"momentum": 0.9, "weight_decay": 0.03, "nesterov": True}),
    "no momentum": (Momentum, {"momentum": 0.0}, torch.optim.SGD, {}),
    "RMSProp": (RMSProp, {}, torch.optim.RMSprop, {"alpha": 0.9}),
    "RMSProp decay": (RMSProp, {"beta": 0.95, "epsilon": 1e-6, "weight_decay": 0.03}, torch.optim.RMSprop,
                      {"alpha": 0.95, "eps": 1e-6, "weight_decay": 0.03}),
    "Adam": (Adam, {}, torch.optim.Adam, {}),
    "Adam decay": (Adam, {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.03},
                   torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.03}),
    "AdamW": (AdamW, {}, torch.optim.AdamW, {}),
    "AdamW decay": (AdamW, {"beta1": 0.8, "weight_decay": 0.3}, torch.optim.AdamW,
                    {"betas": (0.8, 0.999), "weight_decay": 0.3}),
    "AMSGrad": (AMSGrad, {}, torch.optim.Adam, {"amsgrad": True}),
    "AMSGrad decay": (AMSGrad, {"beta2": 0.9, "weight_decay": 0.03}, torch.optim.Adam,
                      {"betas": (0.9, 0.9), "weight_decay": 0.03, "amsgrad": True}),
}
OPTIMISERS = [SGD, Momentum, Nesterov, RMSProp, Adam, AdamW, AMSGrad]
PRECISIONS = pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)],
                                     ids=["float64", "float32"])


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


@PRECISIONS
@pytest.mark.parametrize("name", TWINS)
def test_a_thousand_random_steps_equal_torch(name, dtype, tolerance):
    optimiser, settings, torch_optimiser, torch_settings = TWINS[name]
    ours, theirs = parameters(dtype), parameters(dtype)
    walk(optimiser(ours, 0.02, **settings), 1000)
    walk(torch_optimiser(theirs, 0.02, **torch_settings), 1000)
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_groups_have_settings_of_their_own():
    ours, theirs = parameters(), parameters()
    own = {"params": ours[:2], "learning_rate": 0.1, "beta1": 0.5, "weight_decay": 0.3}
    optimizer = Adam([own, {"params": ours[2:]}], 0.01)
    walk(optimizer, 50)
    walk(torch.optim.Adam([{"params": theirs[:2], "lr": 0.1, "betas": (0.5, 0.999), "weight_decay": 0.3},
                           {"params": theirs[2:]}], 0.01), 50)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert optimizer.learning_rate == 0.1


def test_a_group_added_later_starts_its_own_count():
    ours, theirs = parameters(), parameters()
    twins = Adam(ours[:2], 0.01), torch.optim.Adam(theirs[:2], 0.01)
    for optimizer, weights in zip(twins, (ours, theirs), strict=True):
        walk(optimizer, 20)
        optimizer.add_param_group({"params": weights[2:], "lr": 0.1})
        walk(optimizer, 20)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_been(optimiser, tmp_path):
    straight, interrupted = parameters(), parameters()
    whole = optimiser(straight, 0.05)
    walk(whole, 20)
    walk(whole, 20, seed=2)

    first = optimiser(interrupted, 0.05)
    walk(first, 20)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    values = copy.deepcopy(interrupted)
    second = optimiser(interrupted, 0.9)
    walk(second, 3, seed=3)  # what it did before does not count
    with torch.no_grad():
        for weight, value in zip(interrupted, values, strict=True):
            weight.copy_(value)
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    walk(second, 20, seed=2)
    torch.testing.assert_close(interrupted, straight, rtol=0, atol=0)


def test_once_loaded_it_loads_again_and_takes_new_groups():
    optimizer = Adam(parameters(), 0.05)
    for _ in range(2):
        optimizer.load_state_dict(optimizer.state_dict())
    optimizer.add_param_group({"params": parameters(seed=1), "epsilon": 1e-3})
    assert [group["eps"] for group in optimizer.param_groups] == [1e-8, 1e-3]


def test_what_another_optimiser_saved_is_refused():
    saved = Momentum(parameters(), 0.1).state_dict()
    with pytest.raises(ValueError, match="given one without amsgrad, betas, eps, expected one of Adam"):
        Adam(parameters()).load_state_dict(saved)


def test_a_copy_of_model_and_optimiser_goes_its_own_way():
    weights = parameters()
    optimizer = Adam(weights, 0.05)
    walk(optimizer, 5)
    before = copy.deepcopy(weights)
    copied = copy.deepcopy(optimizer)
    walk(copied, 5)
    torch.testing.assert_close(weights, before, rtol=0, atol=0)
    walk(optimizer, 5)
    torch.testing.assert_close(weights, copied.param_groups[0]["params"], rtol=0, atol=0)


def test_what_never_had_a_gradient_is_left_alone():
    weights = parameters()
    before = weights[0].clone()
    optimizer = AdamW(weights)
    for _ in range(3):
        for weight in weights[1:]:
            weight.grad = torch.ones_like(weight)
        optimizer.step()
    assert torch.equal(weights[0], before)
    assert weights[0] not in optimizer.state
    weights[0].grad = torch.ones_like(weights[0])
    optimizer.step()
    assert [optimizer.state[weight]["step"] for weight in weights] == [1, 4, 4, 4]


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
    dense, embedding = torch.nn.Parameter(torch.ones(3)), torch.nn.Embedding(4, 2, sparse=True)
    before = embedding.weight.detach().clone()
    (dense.sum() + embedding(torch.tensor([1])).sum()).backward()
    with pytest.raises(TypeError, match=f"{optimiser.__name__}: given a sparse gradient.*sparse=False"):
        optimiser([dense, embedding.weight], 0.1).step()
    assert torch.equal(embedding.weight, before)
    assert torch.equal(dense, torch.ones(3))


def test_complex_gradients_are_refused():
    weight = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    weight.grad = torch.ones_like(weight)
    with pytest.raises(TypeError, match="Adam: given a complex gradient, expected a real one"):
        Adam([weight]).step()


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


@pytest.mark.parametrize("value", [-0.1, 1, 1.5, float("nan")])
@pytest.mark.parametrize(("optimiser", "name"), [
    (Momentum, "momentum"), (Nesterov, "momentum"), (RMSProp, "beta"), (Adam, "beta1"), (AdamW, "beta2"),
    (AMSGrad, "beta1"),
])
def test_bad_shares_are_named(optimiser, name, value):
    with pytest.raises(ValueError, match=f"{name}: given .* at least 0 and below 1"):
        optimiser(parameters(), 0.1, **{name: value})


@pytest.mark.parametrize("optimiser", [RMSProp, Adam, AdamW, AMSGrad])
def test_without_epsilon_a_gradient_of_zero_would_give_nan(optimiser):
    with pytest.raises(ValueError, match="epsilon: given 0, expected a finite number above 0"):
        optimiser(parameters(), epsilon=0)


@pytest.mark.parametrize("group", [{"learning_rate": -1}, {"lr": 0}])
def test_bad_groups_are_named(group):
    with pytest.raises(ValueError, match="learning_rate: given"):
        Momentum([{"params": parameters(), **group}], 0.1)


def test_nothing_to_optimise_is_an_error():
    with pytest.raises(ValueError, match="empty parameter list"):
        SGD([], 0.1)


@pytest.mark.parametrize("everywhere", [False, True])
def test_hooks_and_the_profiler_see_every_step(everywhere):
    optimizer = Adam(parameters(), 0.1)
    seen = []
    before, after = ((register_optimizer_step_pre_hook, register_optimizer_step_post_hook) if everywhere else
                     (optimizer.register_step_pre_hook, optimizer.register_step_post_hook))
    handles = [before(lambda *_: seen.append("before")), after(lambda *_: seen.append("after"))]
    for one in handles:
        walk(optimizer, 1)
        one.remove()
    walk(optimizer, 1)
    assert seen == ["before", "after", "after"]
    with torch.profiler.profile() as profile:
        walk(optimizer, 1)
    assert "Optimizer.step#Adam.step" in {event.key for event in profile.key_averages()}
