"""RNN and GRU by hand are torch's, in value and gradient; the reach of a gradient is a slope."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from firstgrad.models.recurrent.cells import GRU, RNN, gradient_reach, gru, rnn
from firstgrad.models.recurrent.lstm import LSTM

KINDS = {"rnn": (RNN, nn.RNN), "gru": (GRU, nn.GRU)}
kinds = pytest.mark.parametrize("kind", KINDS)
fixed = settings(max_examples=60, deadline=None, derandomize=True, database=None)
sizes = st.integers(1, 6)


def both(kind, input_size, hidden_size, num_layers=1, dtype=torch.float64):
    """Our layer and torch's, with the same weights."""
    ours, theirs = KINDS[kind]
    theirs = theirs(input_size, hidden_size, num_layers, batch_first=True, dtype=dtype)
    ours = ours(input_size, hidden_size, num_layers).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def results_and_gradients(layer, x, state):
    """All that a layer gives, and the gradient of a random function of it to all that it takes."""
    x, state = x.clone().requires_grad_(), state.clone().requires_grad_()
    results = layer(x, state)
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(part.shape, generator=generator, dtype=part.dtype) for part in results]
    total = sum((part * weight).sum() for part, weight in zip(results, weights, strict=True))
    return results, torch.autograd.grad(total, [x, state, *layer.parameters()])


@kinds
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 5e-6)])
@fixed
@given(rows=sizes, steps=st.integers(1, 12), width=sizes, hidden=st.integers(1, 16),
       layers=st.integers(1, 3), seed=st.integers(0, 999))
def test_it_is_torchs(kind, dtype, tolerance, rows, steps, width, hidden, layers, seed):
    torch.manual_seed(seed)
    ours, theirs = both(kind, width, hidden, layers, dtype)
    x, state = torch.randn(rows, steps, width, dtype=dtype), torch.randn(layers, rows, hidden, dtype=dtype)
    mine, reference = (results_and_gradients(layer, x, state) for layer in (ours, theirs))
    for part, expected in zip(mine, reference, strict=True):
        for a, b in zip(part, expected, strict=True):  # relative to the largest: a sum over rows and steps
            assert (a - b).abs().max() <= tolerance * max(1.0, b.abs().max())


@kinds
def test_without_a_state_it_begins_with_zeros_and_reads_on_from_one(kind):
    torch.manual_seed(0)
    ours, theirs = both(kind, 4, 5, 2)
    x = torch.randn(3, 7, 4, dtype=torch.float64)
    outputs, state = ours(x)
    torch.testing.assert_close((outputs, state), theirs(x), rtol=1e-12, atol=1e-12)
    first, between = ours(x[:, :3])
    second, end = ours(x[:, 3:], between)
    torch.testing.assert_close((torch.cat([first, second], 1), end), (outputs, state))


@kinds
def test_weights_go_to_torch_and_are_drawn_as_torch_draws_them(kind):
    ours, theirs = (make(60, 100, 2) for make in KINDS[kind])
    theirs.load_state_dict(ours.state_dict())
    for parameter in ours.parameters():
        assert parameter.abs().max() <= 0.1
        assert parameter.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.09)


def test_one_step_by_hand():
    one = torch.ones(1, 1, dtype=torch.float64)
    x, h, b, b_too = 0.3 * one[None], 0.2 * one, 0.1, -0.4
    a, u = torch.tensor(0.3 + b, dtype=torch.float64), torch.tensor(0.2 + b_too, dtype=torch.float64)
    bias = torch.full((3,), b, dtype=torch.float64), torch.full((3,), b_too, dtype=torch.float64)
    plain = rnn(x, h, one, one, *(part[:1] for part in bias))
    torch.testing.assert_close(plain.squeeze(), (a + u).tanh())
    r = z = (a + u).sigmoid()
    n = (a + r * u).tanh()
    gated = gru(x, h, one.expand(3, 1), one.expand(3, 1), *bias)
    torch.testing.assert_close(gated.squeeze(), (1 - z) * n + z * 0.2)


def test_the_reset_gate_before_the_product_is_another_network():
    """The last version of Cho et al. 2014 has U (r ∘ h); with more than one unit that is not r ∘ (U h)."""
    torch.manual_seed(0)
    x, h = torch.randn(1, 2, 3, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    W, U = torch.randn(12, 3, dtype=torch.float64), torch.randn(12, 4, dtype=torch.float64)
    nothing = torch.zeros(12, dtype=torch.float64)
    (w_r, w_z, w_n), (u_r, u_z, u_n) = W.chunk(3), U.chunk(3)
    r, z = (x[0] @ w_r.T + h @ u_r.T).sigmoid(), (x[0] @ w_z.T + h @ u_z.T).sigmoid()
    after = (1 - z) * (x[0] @ w_n.T + r * (h @ u_n.T)).tanh() + z * h
    before = (1 - z) * (x[0] @ w_n.T + (r * h) @ u_n.T).tanh() + z * h
    torch.testing.assert_close(gru(x, h, W, U, nothing, nothing)[0], after)
    assert (before - after).abs().max() > 0.01


# --- how far back ---

LAYERS = {
    "our rnn": lambda: RNN(3, 4), "our gru": lambda: GRU(3, 4, 2), "our lstm": lambda: LSTM(3, 4),
    "rnn": lambda: nn.RNN(3, 4, batch_first=True), "gru": lambda: nn.GRU(3, 4, batch_first=True),
    "lstm": lambda: nn.LSTM(3, 4, 2, batch_first=True),
}
layers = pytest.mark.parametrize("name", LAYERS)


@layers
def test_the_reach_is_a_slope_by_finite_differences(name):
    torch.manual_seed(0)
    layer, x, step = LAYERS[name]().double(), torch.randn(2, 6, 3, dtype=torch.float64), 1e-6
    expected = torch.zeros(2, 6, dtype=torch.float64)
    with torch.no_grad():
        for t in range(6):
            for i in range(3):
                nudge = torch.zeros_like(x)
                nudge[:, t, i] = step
                slope = (layer(x + nudge)[0][:, -1] - layer(x - nudge)[0][:, -1]) / (2 * step)  # (B, H)
                expected[:, t] += slope.square().sum(1)
    expected = expected.sqrt().mean(0).flip(0)  # (B, T) -> (T,)
    torch.testing.assert_close(gradient_reach(layer, x), expected, rtol=1e-6, atol=1e-9)


@layers
def test_the_reach_of_a_loss_is_the_norm_of_its_gradient(name):
    torch.manual_seed(0)
    layer, x = LAYERS[name]().double(), torch.randn(2, 6, 3, dtype=torch.float64)
    found = gradient_reach(layer, x, of=lambda h: h[:, 0].square().sum())
    given = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(layer(given)[0][:, -1, 0].square().sum(), given)
    torch.testing.assert_close(found, slope.norm(dim=2).mean(0).flip(0))


def test_it_leaves_the_layer_and_the_inputs_as_they_were():
    layer, x = RNN(3, 4), torch.randn(2, 6, 3)
    before = x.clone()
    with torch.no_grad():
        reach = gradient_reach(layer, x)
    assert reach.shape == (6,)
    assert torch.equal(x, before)
    assert not x.requires_grad
    assert all(parameter.grad is None for parameter in layer.parameters())


def test_a_plain_networks_gradient_fades_step_by_step_below_what_float32_can_square():
    torch.manual_seed(0)
    reach = gradient_reach(nn.RNN(8, 32, batch_first=True), torch.randn(4, 60, 8))
    assert reach[0] > 1e-1
    assert 0 < reach[50] < 1e-9


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: RNN(0, 5), ValueError, "input_size: given 0, expected a whole number of at least 1"),
    (lambda: GRU(5, 2.5), TypeError, "hidden_size: given 2.5"),
    (lambda: GRU(5, 2, 0), ValueError, "num_layers: given 0"),
    (lambda: RNN(3, 4)(torch.zeros(2, 5)), ValueError, r"x: given shape \(2, 5\), expected \(B, T, 3\)"),
    (lambda: RNN(3, 4)(torch.zeros(2, 0, 3)), ValueError, r"x: given shape \(2, 0, 3\)"),
    (lambda: GRU(3, 4)(torch.zeros(2, 5, 3).double()), TypeError, "x: given torch.float64, expected"),
    (lambda: GRU(3, 4)(torch.zeros(2, 5, 3), torch.zeros(1, 3, 4)), ValueError, r"state: given shape \(1, 3"),
    (lambda: gradient_reach(RNN(3, 4), torch.zeros(2, 5)), ValueError, r"x: given shape \(2, 5\), expected"),
    (lambda: gradient_reach(RNN(3, 4), torch.zeros(2, 5, 3).long()), TypeError, "x: given torch.int64, expe"),
    (lambda: gradient_reach(RNN(3, 4), [1.0]), TypeError, "x: given list, expected a tensor of floats"),
])
def test_what_makes_no_sense_is_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
