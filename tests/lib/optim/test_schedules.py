"""Schedules: their shape, torch's where torch has it, and their limits."""

import math

import numpy as np
import pytest
import torch

from firstgrad.optim.schedules import constant, cosine, step_decay


def torch_rates(make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_constant_is_one():
    assert [constant()(step) for step in (0, 1, 10**9)] == [1, 1, 1]


def test_step_decay_is_torchs():
    ours = [step_decay(0.3, 7)(step) for step in range(40)]
    assert ours == pytest.approx(torch_rates(lambda o: torch.optim.lr_scheduler.StepLR(o, 7, 0.3), 40))
    assert ours[6] == 1
    assert ours[7] == 0.3


def test_cosine_is_torchs():
    ours = [cosine(50, floor=0.1)(step) for step in range(51)]
    theirs = torch_rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 50, eta_min=0.1), 51)
    assert ours == pytest.approx(theirs)


def test_warm_up_rises_in_a_line_to_one_and_the_cosine_starts_there():
    schedule = cosine(100, warmup_steps=10)
    assert [schedule(step) for step in range(10)] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert schedule(10) == 1
    assert schedule(55) == pytest.approx(0.5)


def test_after_the_end_it_stays_at_the_floor():
    assert cosine(20, floor=0.25)(20) == pytest.approx(0.25)
    assert cosine(20, floor=0.25)(10**6) == pytest.approx(0.25)


@pytest.mark.parametrize("schedule", [constant(), step_decay(0.5, 3), cosine(30, 5), cosine(30, 5, 0.2),
                                      cosine(1)])
def test_multipliers_stay_between_zero_and_one(schedule):
    values = [schedule(step) for step in range(100)]
    assert all(0 <= value <= 1 and math.isfinite(value) for value in values)


@pytest.mark.parametrize("make", [lambda: step_decay(np.float32(0.5), np.int64(3)),
                                  lambda: cosine(np.int64(30), np.int64(5), np.float32(0.1))])
def test_of_numpys_numbers_multipliers_are_pythons(make):
    assert {type(make()(step)) for step in (0, np.int64(0), np.int32(7), 40)} == {float}


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: step_decay(0, 5), ValueError, "drop: given 0, expected a finite number above 0 and at most 1"),
    (lambda: step_decay(1.5, 5), ValueError, "drop: given 1.5"),
    (lambda: step_decay(0.5, 0), ValueError, "every: given 0, expected a whole number of at least 1"),
    (lambda: step_decay(0.5, 2.5), TypeError, "every: given 2.5"),
    (lambda: cosine(0), ValueError, "total_steps: given 0"),
    (lambda: cosine(10, -1), ValueError, "warmup_steps: given -1"),
    (lambda: cosine(10, 10), ValueError, "warmup_steps: given 10, expected less than total_steps, 10"),
    (lambda: cosine(10, floor=2), ValueError, "floor: given 2"),
])
def test_bad_settings_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
