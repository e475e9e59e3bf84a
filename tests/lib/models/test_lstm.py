"""The LSTM: plain, fast and torch's are one function with one gradient; then the language model on it."""

import copy
import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from firstgrad.data.texts import moby_dick
from firstgrad.models.recurrent.lstm import FORMS, LSTM, Bptt, LSTMConfig, LSTMLanguageModel, plain
from firstgrad.optim.rules import Momentum
from firstgrad.text.batches import windows
from firstgrad.text.vocabulary import Vocabulary
from firstgrad.training import Trainer

BATCH, STEPS, INPUT, HIDDEN = 3, 7, 4, 5
OURS = pytest.mark.parametrize("form", ["plain", "fast"])


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def both(form, num_layers=1, dtype=torch.float64):
    """Our layer and torch's, with the same weights."""
    theirs = nn.LSTM(INPUT, HIDDEN, num_layers, batch_first=True, dtype=dtype)
    ours = LSTM(INPUT, HIDDEN, num_layers, form=form).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def results_and_gradients(layer, x, state):
    """All that a layer gives, and the gradient of a random function of it to all that it takes."""
    x, state = x.clone().requires_grad_(), [part.clone().requires_grad_() for part in state]
    outputs, (h, c) = layer(x, state)
    results = [outputs, h, c]
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(part.shape, generator=generator, dtype=part.dtype) for part in results]
    total = sum((part * weight).sum() for part, weight in zip(results, weights, strict=True))
    return results, torch.autograd.grad(total, [x, *state, *layer.parameters()])


def sequences(num_layers=1, dtype=torch.float64):
    state = [torch.randn(num_layers, BATCH, HIDDEN, dtype=dtype) for _ in range(2)]
    return torch.randn(BATCH, STEPS, INPUT, dtype=dtype), state


# --- one function, one gradient ---


@OURS
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_it_equals_torchs(form, num_layers, dtype, tolerance):
    ours, theirs = both(form, num_layers, dtype)
    data = sequences(num_layers, dtype)
    for mine, reference in zip(results_and_gradients(ours, *data), results_and_gradients(theirs, *data),
                               strict=True):
        assert len(mine) == len(reference)
        torch.testing.assert_close(list(mine), list(reference), rtol=tolerance, atol=tolerance)


@OURS
def test_without_a_state_it_begins_with_zeros(form):
    ours, theirs = both(form, 2)
    x, _ = sequences()
    outputs, (h, c) = ours(x)
    expected, (h_expected, c_expected) = theirs(x)
    torch.testing.assert_close((outputs, h, c), (expected, h_expected, c_expected), rtol=1e-12, atol=1e-12)


@OURS
def test_reading_on_from_the_state_is_reading_at_once(form):
    layer, _ = both(form, 2)
    x, _ = sequences()
    outputs, (h, c) = layer(x)
    first, state = layer(x[:, :3])
    second, (h_on, c_on) = layer(x[:, 3:], state)
    torch.testing.assert_close((torch.cat([first, second], 1), h_on, c_on), (outputs, h, c))


def layer_arguments():
    shapes = [(STEPS, BATCH, INPUT), (BATCH, HIDDEN), (BATCH, HIDDEN), (4 * HIDDEN, INPUT),
              (4 * HIDDEN, HIDDEN), (4 * HIDDEN,)]
    return [torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in shapes]


def test_the_gradient_by_hand_is_the_functions_slope():
    assert torch.autograd.gradcheck(Bptt.apply, layer_arguments(), atol=1e-7, rtol=1e-5)


def test_a_cell_by_hand():
    """One step, one unit, weights one: z = x + h in all four gates."""
    one = torch.ones(1, 1, dtype=torch.float64)
    column = one.expand(4, 1)
    z, c = torch.tensor(0.3 + 0.2, dtype=torch.float64), 0.7
    c_next = z.sigmoid() * c + z.sigmoid() * z.tanh()
    h_next = z.sigmoid() * c_next.tanh()
    for run in (plain, Bptt.apply):
        outputs, c_out = run(0.3 * one[None], 0.2 * one, c * one, column, column, 0 * column[:, 0])
        torch.testing.assert_close((outputs.squeeze(), c_out.squeeze()), (h_next, c_next))


def test_only_the_plain_one_can_be_differentiated_twice():
    arguments = layer_arguments()
    for run, twice in ((plain, True), (Bptt.apply, False)):
        (slope,) = torch.autograd.grad(run(*arguments)[0].square().sum(), arguments[0], create_graph=True)
        if twice:
            slope.sum().backward()
            assert arguments[1].grad.any()
        else:
            with pytest.raises(RuntimeError, match="once_differentiable"):
                slope.sum().backward()


def test_inputs_without_gradient_and_frozen_weights():
    layer, theirs = both("fast")
    x, _ = sequences()
    for model in (layer, theirs):
        model.weight_hh_l0.requires_grad_(False)
        model(x)[0].sum().backward()
    assert layer.weight_hh_l0.grad is None
    torch.testing.assert_close(layer.weight_ih_l0.grad, theirs.weight_ih_l0.grad, rtol=1e-12, atol=1e-12)


def test_what_the_backward_pass_needs_cannot_be_overwritten_in_silence():
    layer, _ = both("fast")
    x, _ = sequences()
    outputs, _ = layer(x)
    outputs.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()


# --- weights go in and out ---


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(FORMS, 2)))
def test_weights_of_each_load_into_the_others(source, target):
    first, second = FORMS[source](INPUT, HIDDEN, 2), FORMS[target](INPUT, HIDDEN, 2)
    second.load_state_dict(first.state_dict())
    x = torch.randn(BATCH, STEPS, INPUT)
    torch.testing.assert_close(first(x)[0], second(x)[0])


def test_each_name_stands_for_another_kind():
    plain_one, fast_one, torchs = (FORMS[name](2, 3) for name in ("plain", "fast", "torch"))
    assert (plain_one.form, fast_one.form, type(torchs)) == ("plain", "fast", nn.LSTM)


def test_initialised_like_torchs():
    layer = LSTM(60, 100, 2)
    expected = {name: parameter.shape for name, parameter in nn.LSTM(60, 100, 2).named_parameters()}
    assert {name: parameter.shape for name, parameter in layer.named_parameters()} == expected
    for parameter in layer.parameters():
        assert parameter.abs().max() <= 0.1
        assert parameter.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.08)


@OURS
def test_under_autocast_the_cell_keeps_the_precision_of_the_weights(form):
    layer, _ = both(form, dtype=torch.float32)
    x = torch.randn(BATCH, STEPS, INPUT).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        outputs, (_, c) = layer(x)
        outputs.sum().backward()
    assert (outputs.dtype, c.dtype, layer.weight_hh_l0.grad.dtype) == 3 * (torch.float32,)
    assert torch.equal(outputs, layer(x.float())[0])


@OURS
def test_in_bfloat16_it_is_near(form):
    layer, _ = both(form, dtype=torch.float32)
    x = torch.randn(BATCH, STEPS, INPUT)
    outputs, _ = copy.deepcopy(layer).bfloat16()(x.bfloat16())
    torch.testing.assert_close(outputs.float(), layer(x)[0], rtol=0.05, atol=0.02)


@pytest.mark.cuda
@OURS
def test_on_a_gpu_it_equals_the_cpus(form):
    layer, _ = both(form, 2)
    data = sequences(2)
    expected = results_and_gradients(layer, *data)
    on_gpu = results_and_gradients(copy.deepcopy(layer).cuda(), data[0].cuda(), [s.cuda() for s in data[1]])
    for mine, reference in zip(on_gpu, expected, strict=True):
        torch.testing.assert_close([part.cpu() for part in mine], list(reference), rtol=1e-10, atol=1e-10)


# --- the language model ---


def language_model(**changes):
    small = {"vocabulary_size": 11, "embedding_size": 6, "hidden_size": 8}
    return LSTMLanguageModel(LSTMConfig(**small | changes))


def test_logits_have_the_classes_second_as_the_loss_takes_them():
    model, tokens = language_model(), torch.randint(11, (3, 5))
    logits = model(tokens)
    assert logits.shape == (3, 11, 5)
    assert F.cross_entropy(logits, tokens).ndim == 0
    read, _ = model.read(tokens)
    assert torch.equal(logits[1, :, 2], read[1, 2])


def test_it_counts_its_parameters():
    model = language_model(num_layers=2)
    assert model.parameter_count == 11 * 6 + 4 * 8 * (6 + 8 + 2) + 4 * 8 * (8 + 8 + 2) + 11 * (8 + 1)


def test_what_comes_later_does_not_change_what_was_said():
    model, tokens = language_model(num_layers=2), torch.randint(11, (1, 6))
    changed = tokens.clone()
    changed[0, 4] = (tokens[0, 4] + 1) % 11
    before, after = model(tokens), model(changed)
    assert torch.equal(before[..., :4], after[..., :4])
    assert not torch.equal(before[..., 4:], after[..., 4:])


@pytest.mark.parametrize("form", FORMS)
def test_the_three_forms_write_the_same(form):
    model, expected, tokens = language_model(form=form), language_model(), torch.randint(11, (2, 5))
    model.load_state_dict(expected.state_dict())
    torch.testing.assert_close(model(tokens), expected(tokens))


def test_it_learns_to_go_up_and_down_and_writes_on():
    """What follows a 5 depends on what came before it, so the state must be carried from token to token."""
    model, up_and_down = language_model(hidden_size=32), [*range(11), *range(9, 0, -1)]
    x, y = windows(torch.tensor(20 * up_and_down), 20, stride=7)
    Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.2), device="cpu").fit(
        (x, y), epochs=80, batch_size=10)
    written = model.generate(torch.tensor([[3, 4, 5], [7, 6, 5]]), 12, temperature=0.1,
                             generator=torch.Generator().manual_seed(0))
    assert written.tolist() == [(2 * up_and_down)[6:18], (2 * up_and_down)[16:28]]


def test_a_generator_makes_what_is_written_repeatable_and_heat_makes_it_random():
    model, prompt = language_model(), torch.zeros(1, 1, dtype=torch.int64)
    draws = [model.generate(prompt, 50, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    cold, hot = (model.generate(prompt, 200, temperature=t).unique() for t in (1e-6, 1e6))
    assert len(cold) < len(hot) == 11


def test_a_short_training_on_the_novel_beats_the_frequencies_of_its_letters():
    text = moby_dick("train")[:40_000]
    vocabulary = Vocabulary.of_characters(text)
    counts = torch.tensor(vocabulary.counts, dtype=torch.float64)
    entropy = -(counts / len(text) * (counts / len(text)).log()).sum().item()  # nats a character
    model = language_model(vocabulary_size=len(vocabulary), embedding_size=24, hidden_size=48)
    trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.5), clip_norm=1.0, device="cpu")
    history = trainer.fit(windows(vocabulary.encode(text), 50), steps=120, batch_size=32)
    assert history.train_loss[0] == pytest.approx(torch.tensor(len(vocabulary)).log().item(), rel=0.05)
    assert sum(history.train_loss[-10:]) / 10 < 0.9 * entropy


# --- what cannot be ---


def float_state(*shape):
    return torch.zeros(shape), torch.zeros(shape)


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: LSTM(0, 5), ValueError, "input_size: given 0, expected a whole number of at least 1"),
    (lambda: LSTM(5, 2.5), TypeError, "hidden_size: given 2.5"),
    (lambda: LSTM(5, 5, 0), ValueError, "num_layers: given 0"),
    (lambda: LSTM(4, 5)(torch.zeros(2, 3, 6)), ValueError,
     r"x: given shape \(2, 3, 6\), expected \(B, T, 4\)"),
    (lambda: LSTM(4, 5)(torch.zeros(3, 4)), ValueError, r"x: given shape \(3, 4\), expected \(B, T, 4\)"),
    (lambda: LSTM(4, 5)(torch.zeros(2, 0, 4)), ValueError, r"x: given shape \(2, 0, 4\), expected \(B, T"),
    (lambda: LSTM(4, 5)(torch.zeros(2, 3, 4).double()), TypeError,
     "x: given torch.float64, expected torch.float32 like the weights"),
    (lambda: LSTM(4, 5, 2)(torch.zeros(2, 3, 4), float_state(1, 2, 5)), ValueError,
     r"state\[0\]: given shape \(1, 2, 5\), expected \(2, 2, 5\)"),
    (lambda: LSTM(4, 5)(torch.zeros(2, 3, 4), (torch.zeros(1, 2, 5), torch.zeros(1, 3, 5))), ValueError,
     r"state\[1\]: given shape \(1, 3, 5\), expected \(1, 2, 5\)"),
    (lambda: LSTMConfig(vocabulary_size=0), ValueError, "vocabulary_size: given 0"),
    (lambda: LSTMConfig(embedding_size=1.5), TypeError, "embedding_size: given 1.5"),
    (lambda: LSTMConfig(form="slow"), ValueError, "form: given 'slow', expected one of 'fast', 'plain', 'to"),
    (lambda: LSTM(4, 5, form="torch"), ValueError, "form: given 'torch', expected one of 'plain', 'fast'$"),
    (lambda: LSTM(4, 5, form=True), ValueError, "form: given True, expected one of 'plain', 'fast'$"),
    (lambda: language_model()(torch.tensor([[0, 11]])), ValueError,
     "tokens: given id 11, expected 0…10, since the vocabulary has 11 tokens"),
    (lambda: language_model()(torch.tensor([[-1]])), ValueError, "tokens: given id -1, expected 0…10"),
    (lambda: language_model()(torch.zeros(2, 3)), TypeError, "tokens: given torch.float32, expected torch.i"),
    (lambda: language_model()(torch.tensor([1, 2])), ValueError, r"tokens: given shape \(2,\), expected \(B"),
    (lambda: language_model().generate(torch.zeros(1, 0, dtype=torch.int64), 3), ValueError,
     r"tokens: given shape \(1, 0\), expected \(B, T\)"),
    (lambda: language_model().generate(torch.tensor([[1]]), 3, temperature=0), ValueError,
     "temperature: given 0, expected a finite number above 0"),
    (lambda: language_model().generate(torch.tensor([[1]]), 3, temperature=-1.0), ValueError, "temperature:"),
    (lambda: language_model().generate(torch.tensor([[1]]), 0), ValueError, "count: given 0"),
])
def test_bad_lstms_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
