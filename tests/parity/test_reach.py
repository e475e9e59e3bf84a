"""The JavaScript core of *gradient_reach* gives what torch gives; a seeded mutant of each part is caught."""

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, prove
from torch import nn

LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
SHARED = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def layer_of(kind, cell):
    """torch's layer with the weights of a cell."""
    layer = LAYERS[kind](cell["inputs"], cell["hidden"], dtype=torch.float64)
    with torch.no_grad():
        for name, part in zip(SHARED, ("W", "U", "b", "bh"), strict=True):
            parameter = getattr(layer, name)
            parameter.copy_(torch.tensor(cell[part], dtype=torch.float64).reshape(parameter.shape))
    return layer


def torch_reach(kind, cell, xs, tops=None):
    """The outputs, and by distance the Frobenius norm of tops · ∂h_T/∂x_t, by autograd."""
    layer = layer_of(kind, cell)
    x = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    outputs = layer(x[:, None])[0][:, 0]
    rows = torch.eye(cell["hidden"]).double() if tops is None else torch.tensor(tops, dtype=torch.float64)
    grads = [torch.autograd.grad(outputs[-1], x, row, retain_graph=True)[0] for row in rows]
    return outputs.detach(), torch.stack(grads).square().sum((0, 2)).sqrt().flip(0)


def random_cell(rng, kind, inputs, hidden, scale):
    k = GATES[kind]
    sizes = {"W": k * hidden * inputs, "U": k * hidden * hidden, "b": k * hidden, "bh": k * hidden}
    return {name: rng.normal(scale=scale, size=size).tolist() for name, size in sizes.items()} | {
        "inputs": inputs, "hidden": hidden}


def cells_are_torchs(core, kind):
    def check(seed, inputs, hidden, length, scale, given):
        rng = np.random.default_rng(seed)
        cell = random_cell(rng, kind, inputs, hidden, scale)
        xs = rng.normal(size=(length, inputs)).tolist()
        tops = rng.normal(size=(given, hidden)).tolist() if given else None
        tape = core("run", kind, cell, xs)
        outputs, norms = torch_reach(kind, cell, xs, tops)
        np.testing.assert_allclose(tape["h"][1:], outputs, rtol=RTOL, atol=1e-14)
        measured = core("reach", kind, cell, tape, *([tops] if tops else []))
        np.testing.assert_allclose(measured, norms, rtol=RTOL, atol=1e-14 * float(norms.max()))

    prove(check, seed=st.integers(0, 2**32), inputs=st.integers(1, 4), hidden=st.integers(1, 6),
          length=st.integers(1, 12), scale=st.floats(0.1, 1.5), given=st.integers(0, 3))


def summaries_are_right(core, _):
    def check(norms, reached, tail):
        left = core("relative", norms)
        np.testing.assert_allclose(left, np.array(norms) / norms[0], rtol=RTOL)
        expected = (norms[-1] / norms[0]) ** (1 / (len(norms) - 1)) if len(norms) > 1 else 1
        assert core("perStep", left) == pytest.approx(expected, rel=RTOL)
        shares = [1.0, *[0.02] * reached, *[0.009] * tail]
        assert core("reachOf", shares) == reached
        shares[reached // 2] = 0.001  # what dips and comes back is in reach
        assert core("reachOf", shares) == (reached if reached else -1)

    prove(check, norms=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), reached=st.integers(0, 30),
          tail=st.integers(0, 30))


def the_laboratory_is_as_said(core, _):
    """Recurrent matrices are scale times orthogonal; all biases 0 but the keeping gate's; 4 directions."""
    drawn, eye = core("draw", 5), np.eye(16)
    for turn in drawn["turns"]:
        matrix = np.array(turn).reshape(16, 16)
        np.testing.assert_allclose(matrix @ matrix.T, eye, atol=1e-12)
    found = core("measure", drawn, 1.3, 2.5, 40)
    for kind in LAYERS:
        cell = core("cellOf", kind, drawn, 1.3, 2.5)
        matrices = np.array(cell["U"]).reshape(-1, 16, 16)
        for matrix, turn in zip(matrices, drawn["turns"], strict=False):
            np.testing.assert_allclose(matrix.ravel(), 1.3 * np.array(turn), rtol=1e-12)
        expected = np.zeros((GATES[kind], 16))
        expected[1:2] = 2.5
        np.testing.assert_array_equal(np.array(cell["b"]).reshape(-1, 16), expected)
        assert not any(cell["bh"])
        tops = np.array(drawn["turns"][3]).reshape(16, 16)[:4].tolist()
        norms = torch_reach(kind, cell, drawn["xs"][:40], tops)[1].numpy()
        np.testing.assert_allclose(found[kind]["left"], norms / norms[0], rtol=1e-6)
    for kind in LAYERS:  # picture and table take the factor over the same steps
        assert core("sweep", kind, drawn, [1.3, 0.5], 2.5, 40)[0] == found[kind]["rate"]
    assert drawn["turns"][0] != core("draw", 6)["turns"][0]


def theory_holds(core, _):
    """With hardly any input: an RNN's gradient falls as s^k, an LSTM's cell keeps σ(b) a step."""
    drawn = core("draw", 2)
    drawn["weights"] = [w * 1e-6 for w in drawn["weights"]]
    for scale in (0.3, 0.8):
        assert core("measure", drawn, scale, 0, 60)["rnn"]["rate"] == pytest.approx(scale, rel=0.05)
    for bias in (-1, 0, 2):
        found = core("measure", drawn, 1e-9, bias, 60)
        assert found["lstm"]["rate"] == pytest.approx(1 / (1 + np.exp(-bias)), rel=0.02)
        assert found["gru"]["rate"] == pytest.approx(1 / (1 + np.exp(-bias)), rel=0.02)


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "gradient_reach.js")
    yield made
    made.close()


@pytest.mark.parametrize("kind", LAYERS)
def test_cells(core, kind):
    cells_are_torchs(core, kind)


@pytest.mark.parametrize("check", [summaries_are_right, the_laboratory_is_as_said, theory_holds],
                         ids=lambda check: check.__name__)
def test_laboratory(core, check):
    check(core, None)


@pytest.mark.parametrize("seed", range(1, 21))
def test_the_goals_can_be_reached_from_any_draw(core, seed):
    """Somewhere on the slider the RNN stays within a factor of 10; the LSTM reaches 100 steps with b = 5."""
    drawn = core("draw", seed)

    def stays(scale):
        left = core("measure", drawn, scale, 0, 100)["rnn"]["left"]
        return min(left) >= 0.1 and max(left) <= 10

    assert any(stays(scale) for scale in np.geomspace(1.0, 1.4, 35))
    assert not stays(0.8)
    assert not stays(2.5)
    for scale in (0.4, 0.7, 1.5):
        assert core("measure", drawn, scale, 5, 120)["lstm"]["reach"] >= 100
        assert core("measure", drawn, scale, 0, 120)["lstm"]["reach"] < 50


@pytest.mark.parametrize(("arguments", "word"), [
    ((float("nan"), 0, 50), "scale"), ((-1, 0, 50), "scale"), ((1, float("inf"), 50), "bias"),
    ((1, 0, 1), "length"), ((1, 0, 151), "length"), (("big", 0, 50), "scale"),
])
def test_bad_input_is_named(core, arguments, word):
    with pytest.raises(CoreError, match=word):
        core("measure", core("draw", 1), *arguments)


def test_unknown_cells_and_wrong_weights_are_named(core):
    cell = random_cell(np.random.default_rng(0), "rnn", 2, 3, 1.0)
    with pytest.raises(CoreError, match=r"qrnn.*rnn, gru, lstm"):
        core("run", "qrnn", cell, [[0, 0]])
    with pytest.raises(CoreError, match="lstm of 2 inputs and 3 units"):
        core("run", "lstm", cell, [[0, 0]])


MUTANTS = {  # file, what is changed, into what, and the property that must notice
    "tanh slope": ("recurrent.js", "d * (1 - tape.h[t + 1][k] ** 2)", "d * (1 - tape.h[t + 1][k])",
                   cells_are_torchs, "rnn"),
    "previous output": ("recurrent.js", "(1 - tape.h[t + 1][k] ** 2)", "(1 - tape.h[t][k] ** 2)",
                        cells_are_torchs, "rnn"),
    "gru mix": ("recurrent.js", "(1 - gates[H + k]) * gates[2 * H + k]", "gates[2 * H + k]",
                cells_are_torchs, "gru"),
    "gru reset": ("recurrent.js", "dz[2 * H + k] *= gates[k];", "dz[2 * H + k] *= 1;",
                  cells_are_torchs, "gru"),
    "gru direct": ("recurrent.js", "direct[k] = dh[k] * z;", "direct[k] = 0;", cells_are_torchs, "gru"),
    "gru inner": ("recurrent.js", "dz[2 * H + k] * inner[k] * r", "dz[2 * H + k] * r",
                  cells_are_torchs, "gru"),
    "cell kept": ("recurrent.js", "dc[k] *= f;", "dc[k] *= 1;", cells_are_torchs, "lstm"),
    "cell lost": ("recurrent.js", "dc[k] += dh[k] * o", "dc[k] = dh[k] * o", cells_are_torchs, "lstm"),
    "forget": ("recurrent.js", "dc[k] * before[k] * f", "dc[k] * c[k] * f", cells_are_torchs, "lstm"),
    "gates": ("lstm.js", "z[H + k] * c[k] + z[k]", "z[k] * c[k] + z[H + k]", cells_are_torchs, "lstm"),
    "norm": ("recurrent.js", "squares[T - 1 - t] += d * d", "squares[T - 1 - t] += Math.abs(d)",
             cells_are_torchs, "rnn"),
    "level": ("core.js", "share >= LEVEL", "share >= 0.1", summaries_are_right, None),
    "dips": ("core.js", "? step : far", "&& step === far + 1 ? step : far", summaries_are_right, None),
    "rate": ("core.js", "(1 / (left.length - 1))", "(1 / left.length)", summaries_are_right, None),
    "orthogonal": ("core.js", "row[k] -= along * other[k]", "row[k] -= 0.5 * along * other[k]",
                   the_laboratory_is_as_said, None),
    "bias": ("core.js", "b.fill(bias, HIDDEN, 2 * HIDDEN)", "b.fill(bias, 0, HIDDEN)", theory_holds, None),
    "scale": ("core.js", "= scale * v;", "= v;", theory_holds, None),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name, tmp_path):
    file, old, new, prove_it, given = MUTANTS[name]
    with mutated("explorables/gradient_reach/core.js", [(file, old, new)], tmp_path) as made, \
            pytest.raises((AssertionError, CoreError)):
        prove_it(made, given)
