"""Every language model writes on in the same way: same arguments, same meaning, same errors."""

import inspect

import pytest
import torch

from firstgrad.models.neural_ngram import NeuralNGram, NeuralNGramConfig
from firstgrad.models.ngram import NGram
from firstgrad.models.recurrent.lstm import LSTMConfig, LSTMLanguageModel
from firstgrad.text.sampling import sample

SIZE = 12
PROMPT = [3, 1, 4, 1, 5]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def ngram():
    return NGram(torch.randint(SIZE, (400,), generator=seeded()), SIZE, 3)


def neural():
    torch.manual_seed(0)
    return NeuralNGram(NeuralNGramConfig(SIZE, order=4, embedding=5, hidden=7))


def lstm():
    torch.manual_seed(0)
    return LSTMLanguageModel(LSTMConfig(SIZE, 5, 7))


MODELS = [ngram, neural, lstm]
every = pytest.mark.parametrize("make", MODELS)


def logits_after(model, ids):
    """What the model says of the next token: (V,)."""
    if isinstance(model, NGram):
        return model.probabilities(ids).log()
    if isinstance(model, NeuralNGram):
        return model(torch.tensor([ids[-3:]]))[0].detach()
    return model.read(torch.tensor([ids]))[0][0, -1].detach()


def test_they_have_one_signature():
    first, *others = ([(p.name, p.kind, p.default) for p in parameters.values()] for parameters in
                      (inspect.signature(type(make()).generate).parameters for make in MODELS))
    assert others == [first, first]


@every
def test_lists_and_tensors_and_the_same_generator_give_the_same_ids(make):
    model = make()
    drawn = [model.generate(tokens, 40, generator=seeded(seed))
             for tokens, seed in ((PROMPT, 0), (torch.tensor(PROMPT), 0), (PROMPT, 1))]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 40
    assert {type(id) for id in drawn[0]} == {int}
    torch.manual_seed(5)
    before = torch.get_rng_state()
    model.generate(PROMPT, 3, generator=seeded())
    assert torch.equal(before, torch.get_rng_state())


@every
@pytest.mark.parametrize("how", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-6}])
def test_one_token_left_is_the_likeliest(make, how):
    model, ids = make(), list(PROMPT)
    for id in model.generate(PROMPT, 8, **how):
        logits = logits_after(model, ids)
        assert logits[id] == logits.max()  # of several equal ones, one
        ids.append(id)


@every
@pytest.mark.parametrize("how", [{"top_k": 3}, {"top_p": 0.5}, {"top_k": 4, "top_p": 0.5, "temperature": 2}])
def test_what_is_cut_is_never_drawn(make, how):
    model = make()
    drawn = {model.generate(PROMPT, 1, generator=seeded(seed), **how)[0] for seed in range(60)}
    one_by_one = {sample(logits_after(model, PROMPT), generator=seeded(seed), **how) for seed in range(60)}
    assert drawn == one_by_one
    assert len(drawn) > 1


def test_an_lstm_writes_on_after_several_texts_at_once():
    model = lstm()
    rows = torch.tensor([PROMPT, PROMPT[::-1]])
    written = model.generate(rows, 6, top_k=1)
    assert (written.shape, written.dtype) == ((2, 6), torch.int64)
    assert written.tolist() == [model.generate(row, 6, top_k=1) for row in rows]
    assert torch.equal(written, model.generate(rows.tolist(), 6, top_k=1))


def test_an_lstm_draws_as_it_did():
    """By torch.multinomial: the book prints what it wrote."""
    model, generator, ids, written = lstm(), seeded(), list(PROMPT), []
    for _ in range(20):
        p = (logits_after(model, ids) / 0.7).softmax(0)
        written.append(torch.multinomial(p[None], 1, generator=generator).item())
        ids.append(written[-1])
    drawn = model.generate(torch.tensor([PROMPT]), 20, temperature=0.7, generator=seeded())
    assert drawn.tolist() == [written]


def test_counting_needs_no_beginning():
    assert len(ngram().generate([], 5)) == 5


WRONG = {
    "count 0": ((PROMPT, 0), {}, ValueError, "count: given 0, expected a whole number of at least 1"),
    "count 1.5": ((PROMPT, 1.5), {}, TypeError, "count: given 1.5"),
    "temperature 0": ((PROMPT, 3), {"temperature": 0}, ValueError, "temperature: given 0, expected a fini"),
    "temperature NaN": ((PROMPT, 3), {"temperature": float("nan")}, ValueError, "temperature: given nan"),
    "top_k 0": ((PROMPT, 3), {"top_k": 0}, ValueError, "top_k: given 0, expected a whole number"),
    "top_k 1.5": ((PROMPT, 3), {"top_k": 1.5}, TypeError, "top_k: given 1.5"),
    "top_p 0": ((PROMPT, 3), {"top_p": 0}, ValueError, "top_p: given 0, expected a finite number above 0"),
    "top_p 90 %": ((PROMPT, 3), {"top_p": 90}, ValueError, "top_p: given 90"),
    "words": (("whale", 3), {}, TypeError, "tokens: given str, expected a tensor or a list of ids"),
    "floats": (([0.5] * 5, 3), {}, TypeError, "tokens: given torch.float32, expected torch.int64"),
    "an unknown id": (([1, 2, 3, SIZE], 3), {}, ValueError, "tokens: given id 12, expected 0…11"),
    "three axes": ((torch.zeros(1, 2, 5).long(), 3), {}, ValueError, r"tokens: given shape \(1, 2, 5\)"),
}


@every
@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_named(make, what):
    arguments, how, kind, words = WRONG[what]
    with pytest.raises(kind, match=words):
        make().generate(*arguments, **how)


@pytest.mark.parametrize(("make", "tokens"), [(neural, [1, 2]), (lstm, [])])
def test_too_short_a_beginning_is_named(make, tokens):
    with pytest.raises(ValueError, match=r"tokens: given shape \(.*\), expected \("):
        make().generate(tokens, 3)
