"""Chapter 03: neurons and layers, against torch's."""

import itertools
import math

import numpy as np
import torch
from entries import Chapter

formula = Chapter("03")
RANDOM = np.random.default_rng(3)


def linear(inputs, outputs):
    torch.manual_seed(outputs)
    return torch.nn.Linear(inputs, outputs, dtype=torch.float64)


def weights(layer):
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()[:, None]


@formula(
    "mlp-neuron",
    r"""
h = \varphi(z), \qquad z = w_1 x_1 + w_2 x_2 + \dots + w_n x_n + b = w^\top x + b .
""",
    read=[(r"\dots +", "")],
)
def _():
    layer, x = linear(3, 1), RANDOM.normal(size=3)
    z = layer(torch.tensor(x)).item()
    w, b = weights(layer)
    parts = {
        f"{letter}_{i}": column
        for letter, row in (("w", w[0]), ("x", x))
        for i, column in zip("12n", row, strict=True)
    }
    return {
        **parts,
        "w": w.T,
        "x": x[:, None],
        "b": b.item(),
        "z": z,
        r"\varphi": math.tanh,
        "h": math.tanh(z),
    }


@formula("~relu", r"\operatorname{ReLU}(z) = \max(0, z)")
def _():
    return [{r"\operatorname{ReLU}(z)": torch.relu(torch.tensor(z)).item(), "z": z} for z in (-2.0, 0.0, 1.5)]


@formula(
    "mlp-layer",
    r"h = \varphi(W x + b), \qquad W \text{ of shape } (\text{outputs}, \text{inputs}) .",
    read=[(r"W \text{ of shape }", "S =")],
)
def _():
    layer, x = linear(3, 2), RANDOM.normal(size=3)
    w, b = weights(layer)
    return {
        "h": torch.tanh(layer(torch.tensor(x))).detach().numpy()[:, None],
        r"\varphi": np.tanh,
        "W": w,
        "x": x[:, None],
        "b": b,
        "S": np.array(w.shape),
        r"(\text{outputs}, \text{inputs})": np.array([2, 3]),
    }


@formula(
    "mlp-batch",
    r"""
H = \varphi(X W^\top + b), \qquad (n, \text{in}) \cdot (\text{in}, \text{out}) \to (n, \text{out}) .
""",
    read=[(r"\to (", "= (")],
)
def _():
    layer, x = linear(3, 2), RANDOM.normal(size=(4, 3))
    w, b = weights(layer)
    return {
        "H": torch.tanh(layer(torch.tensor(x))).detach().numpy(),
        r"\varphi": np.tanh,
        "X": x,
        "W": w,
        "b": b.T,
        r"(n, \text{in})": np.ones((4, 3)) / 3,
        r"(\text{in}, \text{out})": np.ones((3, 2)),
        r"(n, \text{out})": np.ones((4, 2)),
    }


def slope(function, z):
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    h = function(z)
    h.backward()
    return h.item(), z.grad.item()


@formula(
    "mlp-slopes",
    r"""
\begin{aligned}
\sigma'(z) &= h\,(1 - h), & \tanh'(z) &= 1 - h^2, \\
\operatorname{ReLU}'(z) &= \begin{cases} 1 & z > 0 \\ 0 & z < 0, \end{cases} & \operatorname{GELU}'(z) &=
\Phi(z) + z\,\phi(z) .
\end{aligned}
""",
    read=[("1 - h^2", "1 - k^2")],
)
def _():
    found = []
    for z in (-1.3, 0.4, 2.2):
        h, sigmoid = slope(torch.sigmoid, z)
        k, tanh = slope(torch.tanh, z)
        found.append(
            {
                "z": z,
                "h": h,
                "k": k,
                r"\sigma'(z)": sigmoid,
                r"\tanh'(z)": tanh,
                r"\operatorname{ReLU}'(z)": slope(torch.relu, z)[1],
                r"\operatorname{GELU}'(z)": slope(torch.nn.functional.gelu, z)[1],
                r"\Phi(z)": (1 + math.erf(z / math.sqrt(2))) / 2,
                r"\phi(z)": math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
            }
        )
    return found


@formula("mlp-count", r"\sum_{l=1}^{L} (n_{l-1} + 1)\, n_l")
def _():
    sizes = (5, 4, 3, 7)
    layers = [torch.nn.Linear(m, n) for m, n in itertools.pairwise(sizes)]
    return {
        "L": 3,
        "n": dict(enumerate(sizes)),
        "value": sum(p.numel() for layer in layers for p in layer.parameters()),
    }


@formula("mlp-collapse", r"W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2) ,")
def _():
    first, second, x = linear(4, 3), linear(3, 2), RANDOM.normal(size=4)
    (w1, b1), (w2, b2) = weights(first), weights(second)
    return {
        "W": {1: w1, 2: w2},
        "b": {1: b1, 2: b2},
        "x": x[:, None],
        "value": second(first(torch.tensor(x))).detach().numpy()[:, None],
    }
