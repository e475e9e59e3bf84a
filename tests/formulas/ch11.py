"""Chapter 11: recurrent cells against torch's, their gradients against autograd."""

import numpy as np
import torch
from entries import Chapter

formula = Chapter("11")
RANDOM = np.random.default_rng(11)
LAST = 5


def random(*shape):
    return torch.tensor(RANDOM.normal(size=shape) / 2, requires_grad=True)


def column(tensor):
    return tensor.detach().numpy().reshape(-1, 1)


@formula("rn-scalar", r"h_t = \tanh(w\,x_t + u\,h_{t-1}) , \qquad h_0 = 0 .")
def _():
    net, x = torch.nn.RNN(1, 1, bias=False, dtype=torch.float64), RANDOM.normal(size=4)
    h = {0: 0.0, **dict(enumerate(net(torch.tensor(x)[:, None])[0].flatten().tolist(), 1))}
    return [
        {
            "h": h,
            "x": dict(enumerate(x, 1)),
            "w": net.weight_ih_l0.item(),
            "u": net.weight_hh_l0.item(),
            "t": t,
        }
        for t in (1, 3)
    ]


@formula("rn-rnn", r"h_t = \tanh(W x_t + U h_{t-1} + b) .")
def _():
    cell, x, h = torch.nn.RNNCell(2, 3, dtype=torch.float64), random(2), random(3)
    return {
        "h": {1: column(cell(x, h)), 0: column(h)},
        "x": {1: column(x)},
        "W": cell.weight_ih.detach().numpy(),
        "U": cell.weight_hh.detach().numpy(),
        "b": column(cell.bias_ih + cell.bias_hh),
        "t": 1,
    }


def through_time():
    """Five steps, the gradients of all parts by autograd; the loss weighs each h_t by g_t."""
    w, u, b = random(3, 2), random(3, 3), random(3)
    x, g = [random(2) for _ in range(LAST + 1)], [random(3) for _ in range(LAST + 1)]
    h, a, loss = {0: random(3)}, {}, 0
    for t in range(1, LAST + 1):
        a[t] = w @ x[t] + u @ h[t - 1] + b
        a[t].retain_grad()
        h[t] = torch.tanh(a[t])
        loss = loss + (g[t].detach() * h[t]).sum()
    loss.backward()
    delta = {**{t: column(a[t].grad) for t in a}, LAST + 1: np.zeros((3, 1))}
    return {
        r"\delta": delta,
        "h": {t: column(h[t]) for t in h},
        "g": dict(enumerate(map(column, g))),
        "x": dict(enumerate(map(column, x))),
        "U": u.detach().numpy(),
        r"\frac{\partial L}{\partial W}": w.grad.numpy(),
        r"\frac{\partial L}{\partial U}": u.grad.numpy(),
        r"\frac{\partial L}{\partial b}": column(b.grad),
        "over": {"t": range(1, LAST + 1)},
    }


@formula("rn-bptt", r"\delta_t = (1 - h_t^2)\circ\big(g_t + U^\top \delta_{t+1}\big) ,")
def _():
    found = through_time()
    return [{**found, "t": t} for t in (1, 3, LAST)]


@formula(
    "rn-bptt-weights",
    r"""
\frac{\partial L}{\partial W} = \sum_t \delta_t x_t^\top , \qquad \frac{\partial L}{\partial U} = \sum_t
\delta_t h_{t-1}^\top , \qquad \frac{\partial L}{\partial b} = \sum_t \delta_t .
""",
)
def _():
    return through_time()


def jacobian(function, at):
    return torch.autograd.functional.jacobian(function, at).numpy()


@formula(
    "rn-jacobians",
    r"""
\frac{\partial h_T}{\partial h_{T-k}} = J_T\, J_{T-1} \cdots J_{T-k+1} , \qquad J_t = \operatorname{diag}(1 -
h_t^2)\, U .
""",
    read=[(r"\cdots", "")],
)
def _():
    """From the step 2 to the step 5."""
    u, inputs = random(3, 3).detach(), random(6, 3).detach()
    h = {2: random(3).detach()}

    def step(state, t):
        return torch.tanh(u @ state + inputs[t])

    for t in (3, 4, 5):
        h[t] = step(h[t - 1], t)
    whole = jacobian(lambda state: step(step(step(state, 3), 4), 5), h[2])
    steps = {t: jacobian(lambda state, t=t: step(state, t), h[t - 1]) for t in (3, 4, 5)}
    return [
        {
            r"\frac{\partial h_T}{\partial h_{T-k}}": whole,
            "J": steps,
            "T": 5,
            "k": 3,
            "t": t,
            "U": u.numpy(),
            "h": {t: column(state) for t, state in h.items()},
        }
        for t in (3, 5)
    ]


@formula("~vanishing", r"\Big\lVert \frac{\partial h_T}{\partial h_{T-k}} \Big\rVert \le \sigma^k .")
def _():
    """Tight where the state stays at zero and U turns and stretches."""
    found = []
    for inputs, tight in ((torch.zeros(3, dtype=torch.float64), True), (random(3).detach(), False)):
        u = torch.linalg.qr(random(3, 3).detach())[0] * 0.9

        def three(state, u=u, inputs=inputs):
            for _ in range(3):
                state = torch.tanh(u @ state + inputs)
            return state

        found.append(
            {
                r"\frac{\partial h_T}{\partial h_{T-k}}": jacobian(
                    three, torch.zeros(3, dtype=torch.float64)
                ),
                r"\sigma": torch.linalg.matrix_norm(u, 2).item(),
                "k": 3,
                "tight": tight,
            }
        )
    return found


@formula(
    "rn-clip",
    r"g \leftarrow g\,\min\Big(1, \frac{c}{\lVert g\rVert}\Big) .",
    read=[(r"g \leftarrow", "g' =")],
    tolerance=1e-5,
)
def _():
    """torch divides by the length and a millionth."""
    found = []
    for c in (0.5, 5.0):
        weight = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        weight.grad = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
        g = column(weight.grad).copy()
        torch.nn.utils.clip_grad_norm_([weight], c)
        found.append({"g": g, "g'": column(weight.grad), "c": c})
    return found


@formula("~carousel", r"c_t = c_{t-1} + g_t , \qquad \frac{\partial c_t}{\partial c_{t-1}} = 1 .")
def _():
    """A cell with open gates: torch's LSTM whose gates are held at 1."""
    cell, c, h = (
        torch.nn.LSTMCell(2, 1, dtype=torch.float64),
        torch.tensor([0.4], dtype=torch.float64),
        torch.zeros(1),
    )
    with torch.no_grad():
        for weights in (cell.weight_ih, cell.weight_hh):
            weights[[0, 1, 3]] = 0.0
        cell.bias_ih[[0, 1, 3]] = 50.0
    x, h = random(2).detach(), h.double()
    g = torch.tanh((cell.weight_ih @ x + cell.bias_ih + cell.bias_hh)[2])
    slope = jacobian(lambda c: cell(x, (h, c))[1], c)
    return {
        "c": {0: c.item(), 1: cell(x, (h, c))[1].item()},
        "g": {1: g.item()},
        "t": 1,
        r"\frac{\partial c_t}{\partial c_{t-1}}": slope,
    }


def torch_cell(kind, gates, size=3):
    """A cell, and its weights under the names of the formulas, gate by gate."""
    torch.manual_seed(1)
    cell, x, h = kind(2, size, dtype=torch.float64), random(2).detach(), random(size).detach()
    names = {"x": {1: column(x)}, "t": 1}
    for k, gate in enumerate(gates):
        rows = slice(k * size, (k + 1) * size)
        names |= {
            f"W_{gate}": cell.weight_ih[rows].detach().numpy(),
            f"U_{gate}": cell.weight_hh[rows].detach().numpy(),
            f"b_{gate}": column(cell.bias_ih[rows]),
            f"b'_{gate}": column(cell.bias_hh[rows]),
        }
    return cell, x, h, names


@formula(
    "rn-lstm",
    r"""
\begin{aligned}
i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) , & f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) , \\
o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) , & g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) , \\
c_t &= f_t \circ c_{t-1} + i_t \circ g_t , & h_t &= o_t \circ \tanh c_t .
\end{aligned}
""",
)
def _():
    """Each gate shows itself where the others are open: c from c = 0 or from g = 0, h from c."""
    cell, x, h, names = torch_cell(torch.nn.LSTMCell, "ifgo")
    names |= {f"b_{gate}": names[f"b_{gate}"] + names[f"b'_{gate}"] for gate in "ifgo"}
    c = random(3).detach()
    after, new = cell(x, (h, c))
    added = cell(x, (h, torch.zeros_like(c)))[1]  # i ∘ g alone
    whole = cell.weight_ih @ x + cell.weight_hh @ h + cell.bias_ih + cell.bias_hh
    shown = {
        "f": (new - added) / c,
        "i": added / torch.tanh(whole[6:9]),
        "g": torch.tanh(whole[6:9]),
        "o": after / torch.tanh(new),
    }
    return {
        **names,
        **{gate: {1: column(value)} for gate, value in shown.items()},
        "c": {0: column(c), 1: column(new)},
        "h": {0: column(h), 1: column(after)},
        r"\sigma": lambda z: 1 / (1 + np.exp(-z)),
    }


def held_gates():
    """Gates that do not answer to the cell: five steps of c ← f ∘ c + i ∘ g."""
    f, added = torch.sigmoid(random(LAST + 1, 3)).detach(), random(LAST + 1, 3).detach()

    def steps(c, first, last):
        for t in range(first, last + 1):
            c = torch.addcmul(added[t], f[t], c)
        return c

    return f, steps


@formula(
    "rn-carousel",
    r"""
\frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(f_t) , \qquad \frac{\partial c_t}{\partial
c_{t-k}} = \prod_{s=t-k+1}^{t} \operatorname{diag}(f_s) .
""",
)
def _():
    f, steps = held_gates()
    start = random(3).detach()
    return {
        r"\frac{\partial c_t}{\partial c_{t-1}}": jacobian(lambda c: steps(c, 5, 5), start),
        "t": 5,
        "k": 3,
        r"\frac{\partial c_t}{\partial c_{t-k}}": jacobian(lambda c: steps(c, 3, 5), start),
        "f": {t: f[t].numpy() for t in range(1, LAST + 1)},
    }


def lstm_through_time():
    """An LSTM of two units over three steps by hand, everything's gradient by autograd: lists over t."""
    w, u, b = random(8, 2), random(8, 2), random(8)
    h, c, kept, loss = random(2), random(2), [], 0
    for _ in range(3):
        before, z = c, w @ random(2) + u @ h + b
        i, f, g, o = (
            part(z[k : k + 2])
            for part, k in ((torch.sigmoid, 0), (torch.sigmoid, 2), (torch.tanh, 4), (torch.sigmoid, 6))
        )
        c = f * c + i * g
        out = h = o * torch.tanh(c)
        weight = random(2).detach()
        loss = loss + (weight * out).sum()
        step = {"z": z, "c": c, "h": h, "i": i, "f": f, "g": g, "o": o, "before": before}
        for value in step.values():
            value.retain_grad()
        kept.append({**step, "out": weight})
    loss.backward()
    return u, kept


@formula(
    "rn-lstm-bptt",
    r"""
\begin{aligned}
\delta h_t &= \delta\text{out}_t + U^\top \delta z_{t+1} , \\
\delta c_t &= \delta h_t\circ o_t\circ(1 - \tanh^2 c_t) + \delta c_{t+1}\circ f_{t+1} .
\end{aligned}
""",
)
def _():
    u, kept = lstm_through_time()
    grads = {rf"\delta {key}": {t: column(step[key].grad) for t, step in enumerate(kept)} for key in "hzc"}
    return [
        {
            **grads,
            "U": u.detach().numpy(),
            r"\delta\text{out}": {t: column(step["out"]) for t, step in enumerate(kept)},
            **{key: {t: column(step[key]) for t, step in enumerate(kept)} for key in "cof"},
            "t": t,
        }
        for t in (0, 1)
    ]


@formula(
    "rn-lstm-gates",
    r"""
\begin{aligned}
\delta z_i &= \delta c_t\circ g\circ i(1-i) , & \delta z_f &= \delta c_t\circ c_{t-1}\circ f(1-f) , \\
\delta z_g &= \delta c_t\circ i\circ(1-g^2) , & \delta z_o &= \delta h_t\circ \tanh c_t\circ o(1-o) .
\end{aligned}
""",
)
def _():
    _, kept = lstm_through_time()
    step = {key: value.detach().numpy() for key, value in kept[1].items()}
    dz = kept[1]["z"].grad.numpy().reshape(4, 2)
    return {
        **{rf"\delta z_{gate}": dz[k] for k, gate in enumerate("ifgo")},
        r"\delta c_t": kept[1]["c"].grad.numpy(),
        r"\delta h_t": kept[1]["h"].grad.numpy(),
        "c_{t-1}": step["before"],
        "c_t": step["c"],
        **{gate: step[gate] for gate in "ifgo"},
    }


@formula(
    "rn-gru",
    r"""
\begin{aligned}
r_t &= \sigma(W_r x_t + U_r h_{t-1} + b_r) , & z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z) , \\
n_t &= \tanh\big(W_n x_t + b_n + r_t\circ(U_n h_{t-1} + b'_n)\big) , & h_t &= (1 - z_t)\circ n_t + z_t\circ
h_{t-1} .
\end{aligned}
""",
)
def _():
    """torch's gates show themselves in how its new state answers to its weights."""
    cell, x, h, names = torch_cell(torch.nn.GRUCell, "rzn")
    names |= {f"b_{gate}": names[f"b_{gate}"] + names[f"b'_{gate}"] for gate in "rz"}
    new, r, z = gru_gates(cell, x, h)
    n = (cell(x, h) - z * h) / (1 - z)
    return {
        **names,
        "r": {1: column(r)},
        "z": {1: column(z)},
        "n": {1: column(n)},
        "h": {0: column(h), 1: column(new)},
        r"\sigma": lambda v: 1 / (1 + np.exp(-v)),
    }


def gru_gates(cell, x, h):
    """∂h/∂b'_n is r times ∂h/∂b_n, by autograd; z is read off with n pushed to 1."""
    new = cell(x, h)
    new.sum().backward()
    r = cell.bias_hh.grad[6:] / cell.bias_ih.grad[6:]
    kept = cell.bias_ih[6:].clone()
    with torch.no_grad():
        cell.bias_ih[6:] = 60.0
        z = (cell(x, h) - 1) / (h - 1)
        cell.bias_ih[6:] = kept
    return new, r, z
