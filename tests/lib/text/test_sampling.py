"""Sampling: temperature, top-k, top-p and the draw, against their definitions and torch; bad input."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firstgrad.text.sampling import chances, pick, sample, temper, top_k, top_p

# Few different values, so that many are equal; some are cut from the start.
few = st.sampled_from([-math.inf, -3.0, -1.0, 0.0, 0.5, 2.0])
logit_lists = st.lists(few, min_size=1, max_size=9).filter(lambda values: max(values) > -math.inf)
temperatures, shares = st.floats(0.05, 20), st.floats(0.01, 1)


def of(values):
    return torch.tensor(values, dtype=torch.float64)


@settings(max_examples=300, deadline=None)
@given(values=logit_lists, temperature=temperatures)
def test_temperature_is_a_power_of_the_probabilities(values, temperature):
    p = of(values).softmax(0) ** (1 / temperature)
    torch.testing.assert_close(temper(of(values), temperature).softmax(0), p / p.sum())


@settings(max_examples=300, deadline=None)
@given(values=logit_lists, k=st.integers(1, 12))
def test_top_k_keeps_what_is_at_least_the_kth(values, k):
    kth = sorted(values, reverse=True)[min(k, len(values)) - 1]
    assert top_k(of(values), k).tolist() == [v if v >= kth else -math.inf for v in values]


@settings(max_examples=300, deadline=None)
@given(values=logit_lists, p=shares)
def test_top_p_keeps_the_fewest_that_reach_p(values, p):
    kept = (top_p(of(values), p) > -math.inf).tolist()
    chance = of(values).softmax(0).tolist()
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    mass = 0.0
    for number, i in enumerate(order):
        if abs(mass - p) > 1e-9 and p < 1:
            assert kept[i] == ((mass < p and chance[i] > 0) or number == 0), (number, i)
        mass += chance[i]


@settings(max_examples=300, deadline=None)
@given(values=logit_lists, u=st.floats(0, 1, exclude_max=True))
def test_pick_inverts_the_running_sum(values, u):
    p = of(values).softmax(0)
    id, sums = pick(p, u), p.cumsum(0)
    assert p[id] > 0
    assert sums[id] >= u * sums[-1] * (1 - 1e-12)
    assert id == 0 or sums[id - 1] <= u * sums[-1] * (1 + 1e-12)


def test_all_three_in_their_order():
    logits = of([2.0, 1.0, 0.0, -1.0])
    by_hand = top_p(top_k(temper(logits, 0.5), 3), 0.9).softmax(0)
    assert torch.equal(chances(logits, temperature=0.5, top_k=3, top_p=0.9), by_hand)
    assert torch.equal(chances(logits), logits.softmax(0))


def test_rows_are_cut_one_by_one():
    logits = torch.randn(2, 3, 9, generator=torch.Generator().manual_seed(0))
    logits[0, 1, 4] = logits[1, 2, 5] = -math.inf
    ways = [{"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.6}, {"temperature": 3, "top_k": 5, "top_p": 0.9}]
    for how in ways:
        rows = chances(logits, **how)
        for at in itertools.product(range(2), range(3)):
            assert torch.equal(rows[at], chances(logits[at], **how))


def test_limits():
    logits = of([1.0, 3.0, 3.0, -math.inf])
    assert temper(logits, 1e-3).softmax(0).tolist() == [0, 0.5, 0.5, 0]
    torch.testing.assert_close(temper(logits, 1e9).softmax(0), of([1 / 3, 1 / 3, 1 / 3, 0]))
    assert torch.equal(top_p(logits, 1), logits)
    assert torch.equal(top_k(logits, 99), logits)
    assert top_p(logits, 1e-9).tolist() == [-math.inf, 3.0, -math.inf, -math.inf]  # of equal ones the first


def test_draws_come_as_often_as_their_chances():
    logits, generator = of([0.0, 1.0, 2.0, 3.0]), torch.Generator().manual_seed(0)
    drawn = [sample(logits, top_k=3, generator=generator) for _ in range(4000)]
    shares = torch.bincount(torch.tensor(drawn), minlength=4) / len(drawn)
    assert (shares - chances(logits, top_k=3)).abs().max() < 0.02
    assert shares[0] == 0


def test_as_the_warpers_of_transformers():
    transformers = pytest.importorskip("transformers")
    from transformers.generation import logits_process as theirs

    assert transformers
    for seed in range(200):
        g = torch.Generator().manual_seed(seed)
        logits = torch.randn(30, generator=g)
        T, k, p = 0.2 + 3 * torch.rand(3, generator=g)[0].item(), seed % 35 + 1, (seed + 1) / 201
        row = logits[None]
        assert torch.equal(temper(logits, T), theirs.TemperatureLogitsWarper(T)(None, row)[0])
        assert torch.equal(top_k(logits, k), theirs.TopKLogitsWarper(k)(None, row)[0])
        assert torch.equal(top_p(logits, p), theirs.TopPLogitsWarper(p)(None, row)[0])


GOOD = torch.tensor([0.0, 1.0])
WRONG = {
    "a list": (lambda: temper([0.0, 1.0], 1), TypeError, "logits: given list, expected a tensor of floats"),
    "whole numbers": (lambda: top_k(torch.tensor([1, 2]), 1), TypeError, "logits: given torch.int64"),
    "no logits": (lambda: top_p(GOOD[:0], 0.5), ValueError, r"logits: given shape \(0,\), expected \(…, V\)"),
    "two axes": (lambda: sample(GOOD[None]), ValueError, r"logits: given shape \(1, 2\), expected \(V,\)"),
    "NaN": (lambda: sample(torch.tensor([0.0, math.nan])), ValueError, "logits: given nan as the largest"),
    "all cut": (lambda: sample(torch.full((3,), -math.inf)), ValueError, "logits: given -inf as the largest"),
    "one row cut": (lambda: temper(torch.tensor([[0.0, 1.0], [-math.inf, -math.inf]]), 1), ValueError,
                    "logits: given -inf as the largest"),
    "infinite": (lambda: sample(torch.tensor([0.0, math.inf])), ValueError,
                 "logits: given inf as the largest"),
    "temperature 0": (lambda: temper(GOOD, 0), ValueError,
                      "temperature: given 0, expected a finite number above 0"),
    "temperature NaN": (lambda: temper(GOOD, math.nan), ValueError, "temperature: given nan"),
    "k 0": (lambda: top_k(GOOD, 0), ValueError, "k: given 0, expected a whole number of at least 1"),
    "k 1.5": (lambda: top_k(GOOD, 1.5), TypeError, "k: given 1.5"),
    "p 0": (lambda: top_p(GOOD, 0), ValueError, "p: given 0, expected a finite number above 0 and at most 1"),
    "p 90 %": (lambda: top_p(GOOD, 90), ValueError, "p: given 90"),
    "top_k 0": (lambda: chances(GOOD, top_k=0), ValueError, "top_k: given 0, expected a whole number"),
    "top_p 90 %": (lambda: sample(GOOD, top_p=90), ValueError, "top_p: given 90"),
    "u 1": (lambda: pick(GOOD.softmax(0), 1.0), ValueError, "u: given 1.0"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_named(what):
    call, kind, words = WRONG[what]
    with pytest.raises(kind, match=words):
        call()
