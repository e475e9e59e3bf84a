"""The JavaScript core of *next_token* gives what firstgrad's n-grams, network and sampling give; mutants are
caught.
"""

import math

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import assume
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, prove

from firstgrad.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from firstgrad.models.ngram import SMOOTHINGS, NGram
from firstgrad.text import sampling
from firstgrad.text.vocabulary import Vocabulary

SIZE = 4  # so few that contexts come again
texts = st.lists(st.integers(0, SIZE - 1), min_size=6, max_size=60)
shorts = st.lists(st.integers(0, SIZE - 1), max_size=7)
few = st.sampled_from([-math.inf, -3.0, -1.0, 0.0, 0.5, 2.0])  # so that many are equal
logit_lists = st.lists(few, min_size=1, max_size=9).filter(lambda values: max(values) > -math.inf)


def close(measured, expected):
    np.testing.assert_allclose(measured, expected, rtol=RTOL, atol=1e-14)


def counting_is_ours(core):
    """Any order, smoothing and context, seen or not; and where the probabilities come from."""

    def check(ids, order, smoothing, k, context):
        measured = core("next", ids, SIZE, order, smoothing, k, context)
        model = NGram(torch.tensor(ids), SIZE, order, smoothing=smoothing, k=k)
        close(measured["p"], model.probabilities(context).numpy())
        close(core("each", ids, SIZE, order, smoothing, k, context), measured["p"])
        known = model.back_off(context)
        if model.interpolates:
            assert [step["seen"] for step in measured["steps"]] == [seen for seen, _ in known]
            close([step["share"] for step in measured["steps"]], [share for _, share in known])

    prove(check, ids=texts, order=st.integers(1, 6), smoothing=st.sampled_from(SMOOTHINGS),
          k=st.floats(0.01, 3), context=shorts)


def modified_counting_is_ours(core):
    """Longer texts, so that all three discounts are at work."""

    def check(seed, order, context):
        ids = torch.randint(0, 3, (150,), generator=torch.Generator().manual_seed(seed)).pow(2) % SIZE
        measured = core("next", ids.tolist(), SIZE, order, "modified", 1, context)
        close(measured["p"], NGram(ids, SIZE, order, smoothing="modified").probabilities(context).numpy())

    prove(check, seed=st.integers(0, 10**6), order=st.integers(2, 6), context=shorts)


def vocabulary_is_ours(core):
    def check(text):
        assert core("vocabularyOf", text)["tokens"] == list(Vocabulary.of_characters(text).tokens)

    prove(check, text=st.text(st.sampled_from("ab c\n日月é😀𠀀"), min_size=1, max_size=30))


def network_is_ours(core):
    def check(seed, order, embedding, hidden):
        torch.manual_seed(seed)
        model = NeuralNGram(NeuralNGramConfig(SIZE, order, embedding, hidden)).double()
        weights = {name: {"shape": list(w.shape), "data": w.flatten().tolist()}
                   for name, w in model.state_dict().items()}
        context = torch.randint(0, SIZE, (1, order - 1))
        close(core("neuralLogits", weights, context[0].tolist()), model(context)[0].detach().numpy())

    prove(check, seed=st.integers(0, 10**6), order=st.integers(2, 5), embedding=st.integers(1, 4),
          hidden=st.integers(1, 5))


def sampling_is_ours(core):
    """Temperature, top-k and top-p together, equal logits among them."""

    def check(values, temperature, k, p):
        z = torch.tensor(values, dtype=torch.float64)
        assume(not near_the_edge(z / temperature, k, p))
        measured = core("chances", values, {"temperature": temperature, "k": k, "p": p})
        expected = sampling.chances(z, temperature=temperature, top_k=k, top_p=p)
        close(measured, expected.numpy())
        shares = expected[expected > 0]
        close(core("entropy", measured), -(shares * shares.log2()).sum().item())

    prove(check, values=logit_lists, temperature=st.floats(0.1, 10), k=st.integers(1, 12),
          p=st.floats(0.01, 1))


def near_the_edge(z, k, p):
    """Whether a running sum comes so near to p that rounding decides."""
    sums = sampling.top_k(z, k).softmax(0).sort(descending=True).values.cumsum(0)
    return bool(((sums - p).abs() < 1e-9).any())


def the_draw_is_ours(core):
    def check(values, u):
        p = torch.tensor(values, dtype=torch.float64).softmax(0)
        assume(((p.cumsum(0) / p.sum() - u).abs() > 1e-9).all())
        assert core("pick", p.tolist(), u) == sampling.pick(p, u)

    prove(check, values=logit_lists, u=st.floats(0, 1, exclude_max=True))


def the_form_is_kept(core):
    """Five characters and a mark, four times, a new poem; what does not fit has nothing."""

    def check(seed, lines):
        tokens, p = ["，", "。", "\n", "山", "水"], np.random.default_rng(seed).dirichlet(np.ones(5)).tolist()
        whole = "".join("山水山水山" + "，。"[i % 2] for i in range(lines // 6))
        written = "前一首。\n" + whole + "水" * (lines % 6)
        kept = core("inForm", tokens, written, p)
        assert math.isclose(sum(kept), 1)
        wanted = "\n" if lines == 24 else "，。"[lines // 6 % 2] if lines % 6 == 5 else "山水"
        assert "".join(t for t, v in zip(tokens, kept, strict=True) if v) == wanted
        fits = [v for t, v in zip(tokens, p, strict=True) if t in wanted]
        close([v for v in kept if v], np.array(fits) / sum(fits))

    prove(check, seed=st.integers(0, 10**6), lines=st.integers(0, 24))


PROPERTIES = [counting_is_ours, modified_counting_is_ours, vocabulary_is_ours, network_is_ours,
              sampling_is_ours, the_draw_is_ours, the_form_is_kept]


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "next_token.js")
    yield made
    made.close()


@pytest.mark.parametrize("prove_it", PROPERTIES)
def test_core(core, prove_it):
    prove_it(core)


def test_what_a_model_cannot_read_is_left_out(core):
    vocabulary = "abc"
    read = core("readableIn", vocabulary, "abécab")
    assert read == {"ids": [2, 0, 1], "unknown": "é"}
    assert core("readableIn", vocabulary, "")["ids"] == []
    assert core("readableIn", vocabulary, "a😀")["unknown"] == "😀"


@pytest.mark.parametrize(("call", "word"), [
    (("next", [0, 1], SIZE, 3, "modified", 1, []), "needs at least 3"),
    (("next", [0, 1], SIZE, 0, "modified", 1, []), "order must be"),
    (("next", [0, 1], SIZE, 1.5, "modified", 1, []), "order must be"),
    (("next", [0, 1], SIZE, 1, "katz", 1, []), "unknown smoothing katz"),
    (("next", [0, 1], SIZE, 1, "add-k", 0, []), "k must be a positive"),
    (("chances", [0, 1], {"temperature": 0}), "temperature must be a positive"),
    (("chances", [0, 1], {"temperature": math.nan}), "temperature"),
    (("chances", [0, 1], {"k": 0}), "k must be a whole number"),
    (("chances", [0, 1], {"k": 1.5}), "k must be a whole number"),
    (("chances", [0, 1], {"p": 0}), "p must be a positive"),
    (("chances", [0, 1], {"p": 1.1}), "p must lie in"),
    (("pick", [0.5, 0.5], 1), "u must lie in"),
])
def test_bad_input_is_named(core, call, word):
    with pytest.raises(CoreError, match=word) as caught:
        core(*call)
    assert caught.value.code in ("badRange", "badPositive", "badName", "shortText")


# --- mutants ------------------------------------------------------------------------------------------------

MUTANTS = {  # file, old, new, and the property that must notice
    "sorted by the wrong end": ("ngram.js", "for (let d = depth - 1; d >= 0; d -= 1)",
                                "for (let d = 0; d < depth; d += 1)", counting_is_ours),
    "the text's end": ("ngram.js", "if (next >= ids.length) continue;", "", counting_is_ours),
    "a place is left out": ("ngram.js", "compare(ids, places[middle], context) < (after ? 1 : 0)",
                            "compare(ids, places[middle], context) < 0", counting_is_ours),
    "how often, not how many": ("ngram.js", "before[ids[places[i] - 1]] !== token", "true", counting_is_ours),
    "the text's beginning": ("ngram.js", "else if (p > 0 && before", "else if (before", counting_is_ours),
    "counts of counts": ("ngram.js", "if (p + k > ids.length) continue;", "", counting_is_ours),
    "discount": ("ngram.js", "n1 / (n1 + 2 * n2)", "n1 / (n1 + n2)", counting_is_ours),
    "third discount": ("ngram.js", "3 - (4 * D * n4) / n3", "3 - (3 * D * n4) / n3",
                       modified_counting_is_ours),
    "which discount": ("ngram.js", "D[Math.min(c, 3) - 1]", "D[0]", modified_counting_is_ours),
    "handed down": ("ngram.js", "lower * share", "lower", counting_is_ours),
    "longest context": ("ngram.js", "&& length < h.length;", "&& length <= h.length;",
                        counting_is_ours),
    "absolute": ("ngram.js", 'smoothing !== "absolute" && ', "", counting_is_ours),
    "add-k": ("ngram.js", "(counts[i] + k) / total", "counts[i] / total", counting_is_ours),
    "tanh": ("ngram.js", ".map(Math.tanh)", ".map(Math.sign)", network_is_ours),
    "bias": ("ngram.js", "bias.data[i])", "0)", network_is_ours),
    "temperature": ("sampling.js", "z / temperature", "z * temperature", sampling_is_ours),
    "ties of top-k": ("sampling.js", "z < kth", "z <= kth", sampling_is_ours),
    "top-p": ("sampling.js", "sum - chances[i] >= p", "sum >= p", sampling_is_ours),
    "ties of top-p": ("sampling.js", "|| a - b", "|| b - a", sampling_is_ours),
    "entropy": ("sampling.js", "Math.log2(v)", "Math.log(v)", sampling_is_ours),
    "draw": ("sampling.js", "sum > u * total", "sum >= total", the_draw_is_ours),
    "order of characters": ("core.js", "a.codePointAt(0) - b.codePointAt(0)", "a.length - b.length",
                            vocabulary_is_ours),
    "form": ("core.js", "marks % 2", "(marks + 1) % 2", the_form_is_kept),
}


@pytest.mark.parametrize("slip", MUTANTS)
def test_mutant_is_caught(slip, tmp_path):
    file, old, new, prove_it = MUTANTS[slip]
    caught = pytest.raises((AssertionError, CoreError))
    with mutated("explorables/next_token/core.js", [(file, old, new)], tmp_path) as core, caught:
        prove_it(core)
