"""n-grams: equal to the definitions, normalised for every context; bits; the neural one; bad input."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_ngram import chance

from firstgrad.data.texts import moby_dick
from firstgrad.models.neural_ngram import NeuralNGram, NeuralNGramConfig, contexts
from firstgrad.models.ngram import SMOOTHINGS, NGram, bits_per_character, discounts, perplexity
from firstgrad.text.vocabulary import Vocabulary

SIZE = 4  # so few that contexts come again
texts = st.lists(st.integers(0, SIZE - 1), min_size=5, max_size=40)
shorts = st.lists(st.integers(0, SIZE - 1), max_size=6)
orders, smoothings = st.integers(1, 5), st.sampled_from(SMOOTHINGS)


def model_of(ids, order, smoothing, k=1.0):
    return NGram(torch.tensor(ids), SIZE, order, smoothing=smoothing, k=k)


@settings(max_examples=300, deadline=None)
@given(ids=texts, order=orders, smoothing=smoothings, context=shorts)
def test_is_the_definition(ids, order, smoothing, context):
    measured = model_of(ids, order, smoothing, 0.25).probabilities(context)
    expected = [float(chance(ids, SIZE, order, smoothing, context, w, Fraction(1, 4))) for w in range(SIZE)]
    np.testing.assert_allclose(measured, expected, rtol=1e-12, atol=1e-15)


@settings(max_examples=200, deadline=None)
@given(ids=texts, order=orders, smoothing=smoothings, context=shorts)
def test_probabilities_add_up_for_every_context(ids, order, smoothing, context):
    """Seen or not. By likelihood a context that never came has none at all."""
    total = model_of(ids, order, smoothing).probabilities(context).sum().item()
    if smoothing == "likelihood" and total == 0:
        return
    assert math.isclose(total, 1, rel_tol=1e-12)


@settings(max_examples=200, deadline=None)
@given(ids=texts, order=orders, smoothing=smoothings, text=shorts.filter(len))
def test_a_text_is_looked_up_at_once_as_token_by_token(ids, order, smoothing, text):
    model = model_of(ids, order, smoothing)
    with np.errstate(divide="ignore"):
        expected = [model.probabilities(text[:i])[w].log().item() for i, w in enumerate(text)]
    np.testing.assert_allclose(model.log_probabilities(torch.tensor(text)), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(ids=texts, gram=shorts.filter(len), order=orders)
def test_counts(ids, gram, order):
    gram = gram[:order]
    places = range(len(ids) - len(gram) + 1)
    assert model_of(ids, order, "likelihood").count(gram) == sum(ids[i:i + len(gram)] == gram for i in places)


def test_kneser_ney_of_order_two_keeps_the_frequencies():
    """Σ_v c(v) P(w | v) = c(w): what the continuation counts were made for. (A ring has no ends.)"""
    ids = Vocabulary.of_characters(text := moby_dick("train")[:20000]).encode(text)
    size = int(ids.max()) + 1
    ring = torch.cat([ids, ids[:1]])
    before = torch.bincount(ring[:-1], minlength=size).double()
    kept = {}
    for smoothing in ("kneser-ney", "absolute"):
        model = NGram(ring, size, 2, smoothing=smoothing)
        lowest = model.levels[0].shorter  # as c / total, nothing of it uniform
        lowest.weights[:] += model.discounts[0][0]
        lowest.masses[:] = 0
        mean = sum(before[v] * model.probabilities([v]) for v in range(size))
        kept[smoothing] = (mean / before - 1).abs().max().item()
    assert kept["kneser-ney"] < 1e-12
    assert kept["absolute"] > 0.1


def test_better_smoothing_is_better_on_real_text():
    text = moby_dick("train")
    vocabulary = Vocabulary.of_characters(text)
    train, held = vocabulary.encode(text[:200_000]), vocabulary.encode(text[-20_000:])
    bits = [NGram(train, len(vocabulary), 5, smoothing=s, k=0.05).cross_entropy(held) / math.log(2)
            for s in ("add-k", "absolute", "kneser-ney", "modified")]
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < 2.4


def test_units():
    assert perplexity(math.log(8)) == pytest.approx(8)
    assert perplexity(1e9) == math.inf
    assert bits_per_character(math.log(8), tokens=10, characters=30) == pytest.approx(1)
    ids = torch.tensor([0, 1, 0, 1, 0, 1, 1])
    model = NGram(ids, 2, 2)
    assert model.perplexity(ids) == pytest.approx(math.exp(-model.log_probabilities(ids).mean().item()))


def test_back_off_says_what_was_seen():
    ids = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 1])
    known = NGram(ids, 3, 3).back_off([0, 1])
    assert [seen for seen, _ in known] == [9, 3, 3]
    least = math.prod(share for _, share in known) / 3  # what arrives at the uniform distribution
    assert NGram(ids, 3, 3).probabilities([0, 1]).min() >= least > 0
    assert len(NGram(ids, 3, 3).back_off([2, 2])) == 2  # 2 2 never came, 2 did


def test_discounts():
    assert discounts(np.array([1, 1, 1, 2])).tolist() == [0.6] * 3
    assert discounts(np.array([5, 6])).tolist() == [0.5] * 3
    one, two, three = discounts(np.array([1] * 6 + [2] * 3 + [3] * 2 + [4]), modified=True)
    assert (one, two, three) == pytest.approx((0.5, 1.0, 2.0))


def test_generates_what_it_has_read_and_the_same_for_a_seed():
    text = "the quick brown fox jumps over a lazy dog and " * 5
    vocabulary = Vocabulary.of_characters(text)
    model = NGram(vocabulary.encode(text), len(vocabulary), 6)
    drawn = [model.generate(vocabulary.encode("the q"), 30, top_k=1) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert vocabulary.decode(drawn[0]) in text
    generators = [torch.Generator().manual_seed(seed) for seed in (0, 0, 1)]
    free = [model.generate([], 30, temperature=2.0, generator=g) for g in generators]
    assert free[0] == free[1] != free[2]


def test_neural_is_bengios_formula_and_learns():
    torch.manual_seed(0)
    ids = torch.tensor([0, 1, 2, 3] * 100)
    x, y = contexts(ids, 3)
    assert [*x[5].tolist(), y[5].item()] == ids[5:8].tolist()
    assert len(x) == len(y) == 398
    model = NeuralNGram(NeuralNGramConfig(4, order=3, embedding=5, hidden=7))
    e = model.embedding.weight[x].reshape(len(x), 10)
    h = torch.tanh(e @ model.hidden.weight.T + model.hidden.bias)
    torch.testing.assert_close(model(x), h @ model.output.weight.T + model.output.bias)
    assert model.parameter_count == 4 * 5 + 10 * 7 + 7 + 7 * 4 + 4
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01


IDS = torch.tensor([0, 1, 2, 1, 0])
WRONG = {
    "no tensor": (lambda: NGram("text", 3), TypeError, "ids: given str"),
    "floats": (lambda: NGram(IDS.float(), 3), TypeError, "ids: given torch.float32"),
    "no tokens": (lambda: NGram(IDS[:0], 3), ValueError, r"ids: given shape \(0,\), expected \(N,\), N ≥ 1"),
    "two axes": (lambda: NGram(IDS[None], 3), ValueError, r"ids: given shape \(1, 5\)"),
    "an id that is too large": (lambda: NGram(IDS, 2), ValueError, "ids: given id 2, expected 0…1"),
    "size 0": (lambda: NGram(IDS, 0), ValueError, "size: given 0"),
    "order 0": (lambda: NGram(IDS, 3, 0), ValueError, "order: given 0"),
    "order 1.5": (lambda: NGram(IDS, 3, 1.5), TypeError, "order: given 1.5"),
    "a text shorter than an n-gram": (lambda: NGram(IDS, 3, 6), ValueError,
                                      "ids: given 5 tokens, expected at least 6"),
    "another smoothing": (lambda: NGram(IDS, 3, smoothing="katz"), ValueError,
                          "smoothing: given 'katz', expected one"),
    "k of 0": (lambda: NGram(IDS, 3, smoothing="add-k", k=0), ValueError, "k: given 0"),
    "k NaN": (lambda: NGram(IDS, 3, smoothing="add-k", k=math.nan), ValueError, "k: given nan"),
    "a context outside": (lambda: NGram(IDS, 3).probabilities([7]), ValueError, "context: given id 7"),
    "an empty text to judge": (lambda: NGram(IDS, 3).cross_entropy(IDS[:0]), ValueError, "ids: given shape"),
    "too long an n-gram": (lambda: NGram(IDS, 3, 2).count([0, 1, 2]), ValueError,
                         "ids: given 3 ids, expected at most 2"),
    "nothing to write": (lambda: NGram(IDS, 3).generate([], 0), ValueError, "count: given 0"),
    "temperature 0": (lambda: NGram(IDS, 3).generate([], 1, temperature=0), ValueError,
                      "temperature: given 0"),
    "no characters": (lambda: bits_per_character(1.0, 5, 0), ValueError, "characters: given 0"),
    "order 1 of a network": (lambda: NeuralNGramConfig(order=1), ValueError, "order: given 1"),
    "no hidden unit": (lambda: NeuralNGramConfig(hidden=0), ValueError, "hidden: given 0"),
    "another width": (lambda: NeuralNGram()(torch.zeros(2, 3, dtype=torch.int64)), ValueError,
                      r"context: given shape \(2, 3\), expected \(B, 5\), since the order is 6"),
    "contexts of floats": (lambda: NeuralNGram()(torch.zeros(2, 5)), TypeError,
                           "context: given torch.float32"),
    "an unknown id": (lambda: NeuralNGram()(torch.full((2, 5), 80)), ValueError, "context: given id 80"),
    "too short a text": (lambda: contexts(IDS, 6), ValueError,
                         r"ids: given shape \(5,\), expected \(N,\) with N at"),
    "contexts of a list": (lambda: contexts([1, 2], 2), TypeError, "ids: given list"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_named(what):
    call, kind, words = WRONG[what]
    with pytest.raises(kind, match=words):
        call()
