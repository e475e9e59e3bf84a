"""The JavaScript core of *gradient_flow* gives what torch gives; a seeded mutant of each part is caught."""

import math

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, prove

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}


def rms(tensor):
    return tensor.square().mean().sqrt().item()


def torch_flow(activation, gain, depth, drawn):
    """The same network by autograd: root mean squares of every h, and of every ∂J/∂z."""
    width, batch = drawn["width"], drawn["batch"]
    h = torch.tensor(drawn["input"], dtype=torch.float64).reshape(batch, width)
    zs, signals = [], []
    for weights in drawn["weights"][:depth]:
        W = gain / math.sqrt(width) * torch.tensor(weights, dtype=torch.float64).reshape(width, width)
        z = torch.nn.functional.linear(h, W).requires_grad_()
        z.retain_grad()
        h = ACTIVATIONS[activation](z)
        zs.append(z)
        signals.append(rms(h.detach()))
    h.backward(torch.tensor(drawn["top"], dtype=torch.float64).reshape(batch, width))
    return signals, [rms(z.grad) for z in zs]


def flow_is_torchs(core, activation):
    def check(seed, width, batch, depth, gain):
        rng = np.random.default_rng(seed)
        drawn = {"width": width, "batch": batch, "input": rng.normal(size=batch * width).tolist(),
                 "top": rng.normal(size=batch * width).tolist(),
                 "weights": rng.normal(size=(depth + 1, width * width)).tolist()}
        measured = core("flow", activation, gain, depth, drawn)
        signals, gradients = torch_flow(activation, gain, depth, drawn)
        np.testing.assert_allclose(measured["signals"], signals, rtol=RTOL, atol=1e-300)
        np.testing.assert_allclose(measured["gradients"], gradients, rtol=1e-7, atol=1e-300)

    prove(check, seed=st.integers(0, 2**32), width=st.integers(1, 6), batch=st.integers(1, 3),
          depth=st.integers(1, 8), gain=st.floats(0.3, 4))


def numbers_are_normal(core, _):
    """Mean, variance, skewness, kurtosis, and no correlation between neighbours."""
    drawn = core("draw", 3)
    values = np.array(drawn["weights"][:20]).ravel()
    error = 1 / math.sqrt(len(values))
    moments = [np.mean(values**k) for k in (1, 2, 3, 4)]
    variances = (1, 2, 15, 96)  # of z, z², z³, z⁴
    for moment, expected, variance in zip(moments, (0, 1, 0, 3), variances, strict=True):
        assert abs(moment - expected) < 4 * math.sqrt(variance) * error
    assert abs(np.mean(values[1:] * values[:-1])) < 4 * error
    assert drawn["weights"][0] != core("draw", 4)["weights"][0]


def summaries_are_right(core, _):
    def check(numbers):
        assert core("spread", numbers) == pytest.approx(max(numbers) / min(numbers), rel=RTOL)
        steps = len(numbers) - 1
        expected = (numbers[0] / numbers[-1]) ** (1 / steps) if steps else 1
        assert core("perLayer", numbers) == pytest.approx(expected, rel=RTOL)

    prove(check, numbers=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20))


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "gradient_flow.js")
    yield made
    made.close()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_flow(core, activation):
    flow_is_torchs(core, activation)


def test_the_book_s_own_draw_is_torchs_too(core):
    drawn = core("draw", 1)
    for activation in ACTIVATIONS:
        measured = core("flow", activation, 1.3, 30, drawn)
        signals, gradients = torch_flow(activation, 1.3, 30, drawn)
        np.testing.assert_allclose(measured["signals"], signals, rtol=1e-6)
        np.testing.assert_allclose(measured["gradients"], gradients, rtol=1e-6)


def test_numbers_are_normal(core):
    numbers_are_normal(core, None)


def test_summaries(core):
    summaries_are_right(core, None)


@pytest.mark.parametrize("seed", range(1, 21))
def test_the_goal_can_be_reached_from_any_draw(core, seed):
    drawn = core("draw", seed)
    for activation, gain in (("tanh", 1.25), ("relu", math.sqrt(2))):
        assert core("spread", core("flow", activation, gain, 30, drawn)["gradients"]) < 10
    assert core("spread", core("flow", "relu", 1.0, 30, drawn)["gradients"]) > 1000


@pytest.mark.parametrize(("arguments", "word"), [
    (("swish", 1.0, 3), "swish"), (("tanh", math.nan, 3), "gain"), (("tanh", -1.0, 3), "gain"),
    (("tanh", 1.0, 0), "depth"), (("tanh", 1.0, 51), "depth"), (("tanh", "big", 3), "gain"),
])
def test_bad_input_is_named(core, arguments, word):
    with pytest.raises(CoreError, match=word):
        core("flow", *arguments, core("draw", 1))


MUTANTS = [
    ("slope: (h) => 1 - h * h", "slope: (h) => 1 - h"),
    ("slope: (h) => (h > 0 ? 1 : 0)", "slope: (h) => (h > 0 ? 1 : 0.1)"),
    ("slope: (h) => h * (1 - h)", "slope: (h) => h"),
    ("const scale = gain / Math.sqrt(width)", "const scale = gain / width"),
    ("Math.log(1 - next())", "Math.log(1.1 - next())"),
    ("Math.max(...gradients)", "gradients[0]"),
    ("1 / (gradients.length - 1)", "1 / gradients.length"),
]
CAUGHT_BY = [(flow_is_torchs, name) for name in ACTIVATIONS]
CAUGHT_BY += [(numbers_are_normal, None), (summaries_are_right, None)]


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    changes = [("flow.js", *change) for change in MUTANTS]
    with mutated("core/flow.js", changes, tmp_path_factory.mktemp("mutant")) as made:
        yield made


@pytest.mark.parametrize(("check", "name"), CAUGHT_BY, ids=lambda value: getattr(value, "__name__", value))
def test_mutant_is_caught(mutant, check, name):
    with pytest.raises(AssertionError):
        check(mutant, name)


TRANSPOSED = ("out[n * width + j] += W[i * width + j] * d", "out[n * width + j] += W[j * width + i] * d")


def all_flows(core):
    for name in ACTIVATIONS:
        flow_is_torchs(core, name)


@pytest.mark.parametrize("change", [*MUTANTS[:4], TRANSPOSED])
def test_mutant_of_the_flow_is_caught_alone(change, tmp_path):
    with mutated("core/flow.js", [("flow.js", *change)], tmp_path) as made, pytest.raises(AssertionError):
        all_flows(made)
