"""The JavaScript core of *skip_gram* gives what torch gives; a seeded mutant of each part is caught."""

import re

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import close, prove
from torch.nn import functional as F

from firstgrad.models.word2vec.skip_gram import keep_chances, noise, sampling_loss

SEEDS = st.integers(0, 2**32 - 1)


def net_of(seed, words, d, scale):
    draw = np.random.default_rng(seed)
    return {"input": draw.normal(scale=scale, size=words * d).tolist(),
            "output": draw.normal(scale=scale, size=words * d).tolist(), "dimension": d}


def torch_loss(tables, center, context, negatives):
    """The library's own loss of one pair: −ln σ(u·v) − Σ ln σ(−uₙ·v)."""
    v, u = tables[0][center], tables[1]
    return sampling_loss((u[[context, *negatives]] @ v)[None])


def tables_of(net):
    return [torch.tensor(net[name], dtype=torch.float64).reshape(-1, net["dimension"]).requires_grad_()
            for name in ("input", "output")]


# --- the properties: each takes a core, so that a mutant can be put to the same test ---------------------


def loss_and_gradient_are_torchs(core):
    """The sampling loss, its gradient, and one step: negatives may come twice, and may be the centre."""

    def check(seed, words, d, k, scale, rate):
        net = net_of(seed, words, d, scale)
        center, context, *negatives = np.random.default_rng(seed + 1).integers(words, size=k + 2).tolist()
        tables = tables_of(net)
        loss = torch_loss(tables, center, context, negatives)
        loss.backward()
        close(core("samplingLoss", net, center, context, negatives), loss.item())
        measured = core("samplingGradient", net, center, context, negatives)
        close(measured["v"], tables[0].grad[center], scale=1e-3)
        rows = torch.zeros_like(tables[1])
        for row, gradient in zip([context, *negatives], measured["rows"], strict=True):
            rows[row] += torch.tensor(gradient, dtype=torch.float64)
        close(rows.detach(), tables[1].grad, scale=1e-3)
        after = core("step", net, center, context, negatives, rate)
        torch.optim.SGD(tables, lr=rate).step()
        for name, table in zip(("input", "output"), tables, strict=True):
            close(after[name], table.detach().flatten(), scale=1e-3)

    prove(check, seed=SEEDS, words=st.integers(2, 9), d=st.integers(1, 12), k=st.integers(0, 7),
          scale=st.sampled_from([1e-3, 0.5, 3.0, 30.0]), rate=st.floats(1e-3, 2))


def expected_loss_is_torchs(core):
    """The mean over all pairs and all negatives, as one dense computation."""

    def check(seed, words, d, k, count, scale):
        net, draw = net_of(seed, words, d, scale), np.random.default_rng(seed + 1)
        pairs = draw.integers(words, size=(count, 2))
        shares = draw.dirichlet(np.ones(words))
        measured = core("expectedLoss", net, pairs.flatten().tolist(), shares.tolist(), k)
        v, u = (table.detach() for table in tables_of(net))
        scores = v[pairs[:, 0]] @ u.T  # (pairs, words)
        right = torch.nn.functional.one_hot(torch.tensor(pairs[:, 1]), words).bool()
        cost = torch.where(right, F.softplus(-scores), k * torch.tensor(shares) * F.softplus(scores))
        # The context's term is taken off the sum of all: where it is nearly all, digits are lost.
        close(measured, cost.sum(1).mean().item(), scale=1e-3 + k * float(scores.abs().max()))

    prove(check, seed=SEEDS, words=st.integers(2, 9), d=st.integers(1, 6), k=st.integers(1, 15),
          count=st.integers(1, 12), scale=st.sampled_from([0.1, 1.0, 20.0]))


def chances_are_numpys(core):
    """Sub-sampling and noise as the library has them."""

    def check(counts, threshold):
        close(core("keepChances", counts, threshold), keep_chances(counts, threshold))
        close(core("noiseOf", counts), noise(counts, 0.75))

    prove(check, counts=st.lists(st.integers(1, 10**6), min_size=1, max_size=30),
          threshold=st.floats(1e-6, 1))


def pairs_are_those_of_the_windows(core):
    def check(sentences, window):
        expected = [(a, b) for words in sentences for i, a in enumerate(words)
                    for j, b in enumerate(words) if i != j and abs(i - j) <= window]
        assert np.reshape(core("pairsOf", sentences, window), (-1, 2)).tolist() == [list(p) for p in expected]

    prove(check, sentences=st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=4),
          window=st.integers(1, 10))


class Mulberry:
    """The page's random numbers: mulberry32."""

    def __init__(self, seed):
        self.state = seed % 2**32

    def __call__(self):
        self.state = s = (self.state + 0x6D2B79F5) % 2**32
        t = (s ^ s >> 15) * (s | 1) % 2**32
        t = (t + (t ^ t >> 7) * (t | 61) % 2**32) % 2**32 ^ t
        return (t ^ t >> 14) / 2**32


def trains_like_torch(core):
    """Whole epochs, sub-sampling, order and negatives included: autograd, from the same random numbers."""

    def check(seed, words, d, window, k, rate, sample, epochs):
        draw = np.random.default_rng(seed)
        sentences = [[f"w{n}" for n in draw.integers(words, size=draw.integers(1, 7))] for _ in range(3)]
        if len({word for s in sentences for word in s}) < 2:
            return
        setting = {"dimension": d, "window": window, "negatives": k, "rate": rate, "sample": sample,
                   "seed": seed}
        measured = core("learn", "\n".join(" ".join(s) for s in sentences), setting, epochs)
        tokens, tables = reference(sentences, setting, epochs)
        assert measured["tokens"] == tokens
        for name, table in zip(("input", "output"), tables, strict=True):
            close(measured[name], table.detach().flatten(), scale=1e-2)

    prove(check, cases=60, seed=st.integers(0, 2**20), words=st.integers(2, 6), d=st.integers(1, 5),
          window=st.integers(1, 3), k=st.integers(1, 4), rate=st.floats(0.01, 0.5),
          sample=st.sampled_from([0.01, 0.1, 1.0]), epochs=st.integers(1, 3))


def reference(sentences, setting, epochs):
    flat = [word for s in sentences for word in s]
    tokens = sorted(dict.fromkeys(flat), key=lambda word: -flat.count(word))
    counts, d = np.array([flat.count(word) for word in tokens]), setting["dimension"]
    draw = Mulberry(setting["seed"])
    first = [[(draw() - 0.5) / d for _ in range(d)] for _ in tokens]
    tables = [torch.tensor(first, dtype=torch.float64, requires_grad=True),
              torch.zeros(len(tokens), d, dtype=torch.float64, requires_grad=True)]
    keep = keep_chances(counts.tolist(), setting["sample"])
    cumulative = np.cumsum(noise(counts.tolist(), 0.75))
    optimiser = torch.optim.SGD(tables, lr=setting["rate"])
    for epoch in range(epochs):
        draw = Mulberry(setting["seed"] * 1_000_003 + epoch + 1)
        kept = [[w for w in map(tokens.index, s) if keep[w] >= 1 or draw() < keep[w]] for s in sentences]
        pairs = [(a, b) for words in kept for i, a in enumerate(words)
                 for j, b in enumerate(words) if i != j and abs(i - j) <= setting["window"]]
        order = list(range(len(pairs)))
        for i in range(len(order) - 1, 0, -1):
            j = int(draw() * (i + 1))
            order[i], order[j] = order[j], order[i]
        for at in order:
            center, context = pairs[at]
            drawn = [int(np.searchsorted(cumulative, draw() * cumulative[-1], "right"))
                     for _ in range(setting["negatives"])]
            optimiser.zero_grad()
            torch_loss(tables, center, context, [n for n in drawn if n != context]).backward()
            optimiser.step()
    return tokens, tables


CHECKS = (loss_and_gradient_are_torchs, expected_loss_is_torchs, chances_are_numpys,
          pairs_are_those_of_the_windows, trains_like_torch)


# --- the committed bundle -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "skip_gram.js")
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS)
def test_core(core, check):
    check(core)


@pytest.mark.parametrize(("text", "sentences"), [
    ("The cat. A dog!", [["the", "cat"], ["a", "dog"]]),
    ("Don’t stop\n\n  état-major ", [["don’t", "stop"], ["état-major"]]),
    ("猫 追 老鼠。狗叫", [["猫", "追", "老鼠"], ["狗", "叫"]]),
    ("春眠不觉晓，处处闻啼鸟", [list("春眠不觉晓处处闻啼鸟")]),
    ("GPT-4 has 2 eyes?", [["gpt-4", "has", "2", "eyes"]]),
    ("…—!?\n \t", []),
    ("e\u0301t", [["\u00e9t"]]),
])
def test_text_becomes_words(core, text, sentences):
    assert core("sentencesOf", text) == sentences


def test_words_are_numbered_by_frequency(core):
    corpus = core("corpusOf", [["b", "a", "c"], ["a", "b", "a"]])
    assert corpus == {"tokens": ["a", "b", "c"], "counts": [3, 2, 1], "total": 6,
                      "sentences": [[1, 0, 2], [0, 1, 0]]}


@pytest.mark.parametrize(("call", "code", "word"), [
    (("corpusOf", [["a", "a"]]), "fewWords", "two different"),
    (("corpusOf", []), "fewWords", "two different"),
    (("corpusOf", [["a", "b"] * 1001]), "longText", "2002"),
    (("corpusOf", [[f"w{i}" for i in range(301)]]), "manyWords", "301"),
    (("sentencesOf", 3), "badType", "text"),
    (("pairsOf", [[0, 1]], 0), "badRange", "window"),
    (("pairsOf", [[0, 1]], float("nan")), "badRange", "window"),
    (("keepChances", [1], 0), "badPositive", "sample"),
    (("start", 3, 0, 1), "badRange", "dimension"),
])
def test_bad_input_is_named(core, call, code, word):
    with pytest.raises(CoreError, match=re.escape(word)) as caught:
        core(*call)
    assert caught.value.code == code


def test_a_text_without_pairs_has_no_loss(core):
    net = {"input": [1.0, 2.0], "output": [0.0, 0.0], "dimension": 1}
    assert np.isnan(core("expectedLoss", net, [], [0.5, 0.5], 5))


# --- mutants: one for each part of the core -------------------------------------------------------------

MUTANTS = [
    ("core.js", "let loss = softplus(-dot(", "let loss = softplus(dot("),
    ("core.js", "v[k] += error * output[word * d + k];", "v[k] += error * output[context * d + k];"),
    ("core.js", "output[word * d + k] -= errors[n] * input[center * d + k];",
     "output[word * d + k] -= errors[0] * input[center * d + k];"),
    ("core.js", "negatives * (sum - terms[context])", "negatives * sum"),
    ("core.js", "Math.sqrt(ratio) + ratio", "Math.sqrt(ratio)"),
    ("core.js", "count ** power", "count"),
    ("core.js", "j <= Math.min(words.length - 1, i + window)",
     "j < Math.min(words.length - 1, i + window)"),
    ("core.js", "if (word !== context) {", "if (word !== center) {"),
]


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    with mutated("explorables/skip_gram/core.js", MUTANTS, tmp_path_factory.mktemp("mutant")) as made:
        yield made


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_mutant_is_caught(mutant, check):
    with pytest.raises(AssertionError):
        check(mutant)
