"""torch's words: its spellings are understood, its schedulers steer ours, its saved states load, and back."""

import functools

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from firstgrad import optim
from firstgrad.optim.rules import SGD, Adam, AdamW, AMSGrad, Momentum, Nesterov, RMSProp, RMSprop

SHAPES = [(7, 5), (5,), (3, 4, 2), ()]
# ours by our names, ours by torch's, torch's
SPELLINGS = {
    "SGD": (lambda p: SGD(p, learning_rate=0.1), lambda p: SGD(p, lr=0.1),
            lambda p: torch.optim.SGD(p, lr=0.1)),
    "SGD's momentum": (
        lambda p: Momentum(p, 0.1, 0.8, weight_decay=0.02),
        lambda p: SGD(p, lr=0.1, momentum=0.8, weight_decay=0.02),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, weight_decay=0.02)),
    "SGD's momentum, by place": (lambda p: Momentum(p, 0.1, 0.8), lambda p: SGD(p, 0.1, 0.8),
                                 lambda p: torch.optim.SGD(p, 0.1, 0.8)),
    "SGD's Nesterov": (
        lambda p: Nesterov(p, 0.1, 0.8), lambda p: SGD(p, lr=0.1, momentum=0.8, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True)),
    "RMSprop": (
        lambda p: RMSProp(p, 0.01, beta=0.8, epsilon=1e-4),
        lambda p: RMSprop(p, lr=0.01, alpha=0.8, eps=1e-4),
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.8, eps=1e-4)),
} | {
    ours.__name__: (
        lambda p, ours=ours: ours(p, 0.01, beta1=0.8, beta2=0.95, epsilon=1e-4),
        lambda p, ours=ours: ours(p, lr=0.01, betas=(0.8, 0.95), eps=1e-4),
        lambda p, torchs=torchs: torchs(p, lr=0.01, betas=(0.8, 0.95), eps=1e-4))
    for ours, torchs in [(Adam, torch.optim.Adam), (AdamW, torch.optim.AdamW),
                         (AMSGrad, functools.partial(torch.optim.Adam, amsgrad=True))]
}


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in SHAPES]


def walk(optimizer, steps, seed=1, then=lambda step: None):
    """The same random gradients for everyone; each parameter is now and then without one."""
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        for index, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"]):
            gradient = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.grad = None if (step + index) % 7 == 3 else gradient
        optimizer.step()
        then(step)


# --- spellings ---


@pytest.mark.parametrize("name", SPELLINGS)
def test_ours_by_either_spelling_is_torchs(name):
    makes = SPELLINGS[name]
    ours, spelt, theirs = (parameters() for _ in makes)
    made = [make(weights) for make, weights in zip(makes, (ours, spelt, theirs), strict=True)]
    for one in made:
        walk(one, 30)
    assert type(made[0]) is type(made[1])
    assert torch.equal(torch.cat([p.flatten() for p in ours]), torch.cat([p.flatten() for p in spelt]))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_a_sgd_with_momentum_is_one_and_without_is_plain():
    assert isinstance(SGD(parameters(), 0.1, momentum=0.9), SGD)
    assert type(SGD(parameters(), 0.1, momentum=0.0)) is SGD
    assert RMSprop is RMSProp is optim.RMSprop
    assert "RMSprop" in optim.__all__


@pytest.mark.parametrize("name", ["Adam", "RMSprop", "SGD's momentum"])
def test_groups_are_spelt_either_way(name):
    ours, theirs = parameters(), parameters()
    words = {"Adam": {"lr": 0.2, "betas": (0.5, 0.9), "eps": 1e-3}, "RMSprop": {"alpha": 0.7},
             "SGD's momentum": {"momentum": 0.5, "lr": 0.3}}[name]
    for make, weights in zip(SPELLINGS[name][1:], (ours, theirs), strict=True):
        optimizer = make([{"params": weights[:2], **words}, {"params": weights[2:3]}])
        optimizer.add_param_group({"params": weights[3:], **words})
        walk(optimizer, 20)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_of_a_pair_a_group_may_set_one():
    optimizer = Adam([{"params": parameters(), "beta2": 0.5}], 0.1, betas=(0.8, 0.9))
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.5)


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda p: Adam(p, 0.1, lr=0.1), TypeError, "learning_rate: given also as lr, expected one of the two"),
    (lambda p: Adam(p, 1e-3, lr=0.1), TypeError, "learning_rate: given also as lr"),  # the default, given
    (lambda p: AdamW(p, beta2=0.999, betas=(0.9, 0.99)), TypeError, "beta2: given also as betas"),
    (lambda p: RMSprop(p, beta=0.9, alpha=0.9), TypeError, "beta: given also as alpha"),
    (lambda p: AMSGrad(p, epsilon=1e-8, eps=1e-8), TypeError, "epsilon: given also as eps"),
    (lambda p: Momentum([{"params": p, "lr": 1, "learning_rate": 1}], 0.1), TypeError, "given also as lr"),
    (lambda p: SGD(p, learningrate=0.1), TypeError,
     "SGD: given learningrate, expected params, learning_rate, weight_decay; did you mean learning_rate?"),
    (lambda p: Adam(p, beta=(0.9, 0.9)), TypeError, "Adam: given beta, .*did you mean betas?"),
    (lambda p: Adam(p, alpha=0.9), TypeError, "Adam: given alpha, expected params, learning_rate, beta1"),
    (lambda p: Momentum([{"params": p, "weightDecay": 1}], 0.1), TypeError,
     "parameter group: given weightDecay, expected params, learning_rate, .*did you mean weight_decay?"),
    (lambda p: SGD(p), TypeError, "SGD: given no learning_rate, expected a number above 0"),
    (lambda p: Nesterov(p, momentum=0.9), TypeError, "Nesterov: given no learning_rate"),
    (lambda p: Adam(p, betas=0.9), TypeError, r"betas: given 0.9, expected \(beta1, beta2\)"),
    (lambda p: Adam(p, betas=(0.9, 0.9, 0.9)), TypeError, r"betas: given \(0.9, 0.9, 0.9\), expected"),
    (lambda p: Adam(p, betas=(0.9, 1.0)), ValueError, "beta2: given 1.0, expected a finite number"),
    (lambda p: Adam(p, lr=0), ValueError, "learning_rate: given 0, expected a finite number above 0"),
    (lambda p: SGD(p, 0.1, 0.9, 0.1), TypeError, "positional"),  # torch's fourth is another than ours
    (lambda p: SGD(p, 0.1, momentum=1), ValueError, "momentum: given 1, expected"),
    (lambda p: SGD(p, 0.1, nesterov=True), ValueError, "momentum: given none with nesterov=True"),
    (lambda p: SGD([{"params": p, "momentum": 0.9}], 0.1), ValueError,
     "momentum: given 0.9, expected 0 for SGD, parameter group; see Momentum"),
    (lambda p: Momentum(p, 0.1, nesterov=True), ValueError, "nesterov: given True.* see Nesterov"),
    (lambda p: Adam(p, amsgrad=True), ValueError,
     "amsgrad: given True, expected False for Adam; see AMSGrad"),
    (lambda p: AMSGrad(p, amsgrad=False), ValueError, "amsgrad: given False, expected True for AMSGrad"),
    (lambda p: Adam(p, maximize=True), ValueError, "maximize: given True, expected False for Adam"),
    (lambda p: RMSprop(p, centered=True), ValueError, "centered: given True"),
    (lambda p: AdamW(p, fused=True), ValueError, "fused: given True, .*see torch.optim"),
])
def test_what_is_not_understood_is_named(make, error, says):
    with pytest.raises(error, match=says.replace("?", r"\?")):
        make(parameters())


def test_torchs_own_settings_are_taken_where_they_change_nothing():
    optimizer = AdamW(parameters(), lr=0.1, amsgrad=False, maximize=False, foreach=None, fused=False,
                      capturable=False, differentiable=False)
    assert set(optimizer.param_groups[0]) == {"params", "lr", "betas", "eps", "weight_decay"} | (
        {"differentiable"} & set(optimizer.defaults))


@pytest.mark.parametrize("number", [np.float64, np.float32, np.int64])
def test_of_numpys_numbers_groups_hold_pythons(number, tmp_path):
    optimizer = Adam([{"params": parameters(), "eps": number(2)}], number(1), betas=(number(0), number(0)))
    group = optimizer.param_groups[0]
    assert {type(value) for value in (group["lr"], group["eps"], *group["betas"], group["weight_decay"])} == {
        float}
    optimizer.learning_rate = number(3)
    assert type(optimizer.learning_rate).__module__ == "builtins"
    torch.save(optimizer.state_dict(), tmp_path / "state.pt")
    torch.load(tmp_path / "state.pt", weights_only=True)  # which takes nothing but numbers and tensors


# --- schedulers ---

SCHEDULERS = {
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, optim.cosine(12, 3)),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 4, 0.3),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 20, eta_min=1e-3),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.2, total_steps=25, cycle_momentum=True),
    "OneCycleLR, rate only": lambda o: lr_scheduler.OneCycleLR(o, 0.2, total_steps=25, cycle_momentum=False),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, 5, cycle_momentum=True),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, total_iters=6), lr_scheduler.ExponentialLR(o, 0.8)], [6]),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1),
}


def scheduled(optimizer, make):
    """The rate, and the momentum or the first β, of every step."""
    scheduler, seen = make(optimizer), []
    losses = [1.0, 0.9, 0.95, 0.95, 0.8, *[0.8] * 20]

    def then(step):
        group = optimizer.param_groups[-1]
        seen.append((group["lr"], group.get("momentum") or None, group.get("betas")))
        scheduler.step(*[losses[step]] if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau) else [])

    walk(optimizer, 20, then=then)
    return seen


@pytest.mark.parametrize(("name", "scheduler"), [
    (name, scheduler) for name in ["SGD", "SGD's momentum", "SGD's Nesterov", "RMSprop", "Adam", "AdamW"]
    for scheduler in SCHEDULERS
    if name not in ("SGD", "RMSprop") or scheduler not in ("OneCycleLR", "CyclicLR")  # no momentum to cycle
])
def test_torchs_schedulers_steer_ours_as_torchs(name, scheduler):
    ours, theirs = parameters(), parameters()
    made = [make([{"params": weights[:2]}, {"params": weights[2:], "lr": 0.03}])
            for make, weights in zip(SPELLINGS[name][1:], (ours, theirs), strict=True)]
    seen, expected = (scheduled(one, SCHEDULERS[scheduler]) for one in made)
    assert seen == expected
    assert len(set(seen)) > 2
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("optimiser", [SGD, RMSProp])
def test_a_momentum_that_is_not_there_is_not_cycled(optimiser):
    with pytest.raises(ValueError, match="must support momentum or beta1"):
        SCHEDULERS["OneCycleLR"](optimiser(parameters(), 0.1))


def test_a_schedule_is_resumed_as_torchs():
    weights = parameters()
    optimizer = Adam([{"params": weights, "lr": 0.1, "initial_lr": 0.4}])
    scheduler = lr_scheduler.StepLR(optimizer, 4, 0.5, last_epoch=7)  # torch asks for the initial rate
    assert scheduler.get_last_lr() == [0.1 * 0.5]
    saved = optimizer.state_dict()
    again = Adam(parameters())
    again.load_state_dict(saved)
    assert again.param_groups[0]["initial_lr"] == 0.4


# --- saved states ---


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("from_torch", [True, False], ids=["torch's into ours", "ours into torch's"])
def test_either_goes_on_where_the_other_was(name, from_torch, tmp_path):
    _, ours, theirs = SPELLINGS[name]
    first, second = (theirs, ours) if from_torch else (ours, theirs)
    straight, handed = parameters(), parameters()
    whole, begun = first(straight), first(handed)
    for one in (whole, begun):
        walk(one, 9)
    walk(whole, 15, seed=2)
    torch.save(begun.state_dict(), tmp_path / "state.pt")
    goes_on = second([{"params": handed, "lr": 0.7}])  # the rate is the saved one's
    goes_on.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    walk(goes_on, 15, seed=2)
    torch.testing.assert_close(handed, straight, rtol=1e-10, atol=1e-10)


def test_what_a_fused_or_older_torch_saved_is_taken():
    ours, theirs = parameters(), parameters()
    begun = torch.optim.AdamW(theirs, lr=torch.tensor(0.01), betas=(0.8, 0.9), fused=True)
    walk(begun, 3)
    saved = begun.state_dict()
    for group in saved["param_groups"]:
        del group["decoupled_weight_decay"]  # which is new
    optimizer = AdamW(ours)
    optimizer.load_state_dict(saved)
    assert optimizer.learning_rate == pytest.approx(0.01)
    assert type(optimizer.learning_rate) is float
    assert optimizer.state[ours[0]]["step"] == 3
    assert set(optimizer.param_groups[0]) == {"params", "lr", "betas", "eps", "weight_decay"}
    saved = torch.optim.SGD(parameters(), 0.2).state_dict() | {"state": {0: {"momentum_buffer": None}}}
    plain = SGD(parameters(), 0.1)
    plain.load_state_dict(saved)
    walk(plain, 2)
    assert plain.learning_rate == 0.2


@pytest.mark.parametrize(("make", "theirs", "says"), [
    (Adam, lambda p: torch.optim.Adam(p, maximize=True), "maximize: given True, expected False for Adam"),
    (Adam, lambda p: torch.optim.Adam(p, amsgrad=True), "amsgrad: given True, expected False.* see AMSGrad"),
    (AMSGrad, torch.optim.Adam, "amsgrad: given False, expected True for AMSGrad"),
    (Adam, torch.optim.AdamW, "decoupled_weight_decay: given True, .* see AdamW"),
    (AdamW, torch.optim.Adam, "decoupled_weight_decay: given False, expected True for AdamW"),
    (RMSProp, lambda p: torch.optim.RMSprop(p, centered=True), "centered: given True"),
    (RMSProp, lambda p: torch.optim.RMSprop(p, momentum=0.9), "momentum: given 0.9, expected 0 for RMSProp"),
    (SGD, lambda p: torch.optim.SGD(p, 0.1, 0.9), "momentum: given 0.9, expected 0 for SGD; see Momentum"),
    (Momentum, lambda p: torch.optim.SGD(p, 0.1, 0.9, dampening=0.5), "dampening: given 0.5, expected 0"),
    (Momentum, lambda p: torch.optim.SGD(p, 0.1, 0.9, nesterov=True), "nesterov: given True.* see Nesterov"),
    (Nesterov, lambda p: Momentum(p, 0.1), "nesterov: given False, expected True"),
    (Momentum, lambda p: SGD(p, 0.1), "given nothing of a parameter, expected momentum_buffer, as Momentum"),
    (AdamW, Adam, "decoupled_weight_decay: given False"),
    (Adam, torch.optim.RAdam, "given one without amsgrad, expected one of Adam"),
    (Adam, torch.optim.Adamax, "given one without amsgrad"),
    (Adam, torch.optim.Adagrad, "given one without amsgrad, betas, expected one of Adam"),
])
def test_what_ours_could_not_go_on_with_is_refused_by_name(make, theirs, says):
    saved = theirs(parameters())
    walk(saved, 2)
    optimizer = make(parameters(), 0.1)
    with pytest.raises(ValueError, match=says):
        optimizer.load_state_dict(saved.state_dict())
    assert optimizer.learning_rate == 0.1
    assert not optimizer.state


def test_a_state_with_other_averages_is_refused():
    optimizer = Adam(parameters())
    walk(optimizer, 1)
    saved = optimizer.state_dict()
    saved["state"][0]["exp_inf"] = saved["state"][0].pop("exp_avg_sq")
    with pytest.raises(ValueError, match="given exp_avg, exp_inf of a parameter, expected exp_avg, exp_av"):
        optimizer.load_state_dict(saved)
