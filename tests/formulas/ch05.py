"""Chapter 05: gradients against autograd and finite differences, means over weights against all weights."""

import itertools
import math

import numpy as np
import torch
from entries import Chapter
from latex import By

formula = Chapter("05")
RANDOM = np.random.default_rng(5)


def leaf(shape):
    return torch.tensor(RANDOM.normal(size=shape), requires_grad=True)


def numbers(tensor):
    return tensor.detach().numpy()


@formula(
    "bp-chain",
    r"""
\frac{\partial f}{\partial x} = \sum_{i=1}^{k} \frac{\partial f}{\partial u_i} \cdot \frac{\partial
u_i}{\partial x} .
""",
    tolerance=1e-7,
)
def _():
    """x is used three times; every slope is a nudge."""
    users = [np.sin, lambda x: x**3, lambda x: 2 / x]

    def f(u):
        return u[0] * u[1] + np.exp(u[2] * u[0])

    x, h = 1.3, 1e-6
    u = np.array([user(x) for user in users])

    def along(step):
        return (f(u + h * step) - f(u - h * step)) / (2 * h)

    return {
        "k": 3,
        r"\frac{\partial f}{\partial x}": (
            f([user(x + h) for user in users]) - f([user(x - h) for user in users])
        )
        / (2 * h),
        r"\frac{\partial f}{\partial u_i}": By("i", {i + 1: along(np.eye(3)[i]) for i in range(3)}),
        r"\frac{\partial u_i}{\partial x}": By(
            "i", {i + 1: (user(x + h) - user(x - h)) / (2 * h) for i, user in enumerate(users)}
        ),
    }


def affine():
    """A layer, its loss and its gradients, by torch."""
    x, w, b = leaf((5, 3)), leaf((2, 3)), leaf(2)
    z = torch.nn.functional.linear(x, w, b)
    z.retain_grad()
    (z.sin() * torch.arange(10.0).reshape(5, 2)).sum().backward()
    return x, w, b, z


@formula("~affine", r"Z = X W^\top + \mathbf{1} b^\top, \qquad Z_{ni} = \sum_{j} X_{nj} W_{ij} + b_i .")
def _():
    x, w, b, z = (numbers(t) for t in affine())
    return [
        {
            "Z": z,
            "X": x,
            "W": w,
            "b": b[:, None],
            r"\mathbf{1}": np.ones((5, 1)),
            "n": n,
            "i": i,
            "over": {"j": range(3)},
        }
        for n, i in ((0, 1), (4, 0))
    ]


@formula(
    "bp-affine",
    r"""
\frac{\partial J}{\partial W} = G^\top X, \qquad \frac{\partial J}{\partial b} = G^\top \mathbf{1}, \qquad
\frac{\partial J}{\partial X} = G\, W .
""",
)
def _():
    x, w, b, z = affine()
    return {
        "G": numbers(z.grad),
        "X": numbers(x),
        "W": numbers(w),
        r"\mathbf{1}": np.ones((5, 1)),
        r"\frac{\partial J}{\partial W}": numbers(w.grad),
        r"\frac{\partial J}{\partial X}": numbers(x.grad),
        r"\frac{\partial J}{\partial b}": numbers(b.grad)[:, None],
    }


@formula(
    "bp-activation", r"\frac{\partial J}{\partial Z} = \frac{\partial J}{\partial H} \odot \varphi'(Z) ,"
)
def _():
    z = leaf((3, 2))
    h = torch.nn.functional.softplus(z)  # its slope is the sigmoid
    h.retain_grad()
    (h**3).sum().backward()
    return {
        r"\frac{\partial J}{\partial Z}": numbers(z.grad),
        r"\frac{\partial J}{\partial H}": numbers(h.grad),
        r"\varphi'": lambda z: 1 / (1 + np.exp(-z)),
        "Z": numbers(z),
    }


@formula("bp-softmax", r"\frac{\partial J}{\partial Z} = \frac{1}{B}\,(P - Y) .")
def _():
    z, y = leaf((4, 3)), torch.tensor([2, 0, 1, 1])
    torch.nn.functional.cross_entropy(z, y).backward()
    return {
        r"\frac{\partial J}{\partial Z}": numbers(z.grad),
        "B": 4,
        "P": numbers(torch.softmax(z, 1)),
        "Y": np.eye(3)[y.numpy()],
    }


@formula(
    "bp-taylor",
    r"""
J(\theta \pm h) = J(\theta) \pm h\,J'(\theta) + \frac{h^2}{2}\,J''(\theta) \pm \frac{h^3}{6}\,J'''(\theta)
+ \frac{h^4}{24}\,J^{(4)}(\theta) \pm \dots
""",
    read=[(r"\pm \dots", ""), (r"\pm", "+ s")],
)
def _():
    """A polynomial of degree four has no further terms; both signs."""
    j = np.polynomial.Polynomial([1.0, -2.0, 0.5, 1.5, -0.7])
    slopes = {"J": j, "J'": j.deriv(), "J''": j.deriv(2), "J'''": j.deriv(3), "J^{(4)}": j.deriv(4)}
    return [{**slopes, r"\theta": 0.7, "h": 0.4, "s": s} for s in (1, -1)]


@formula(
    "bp-central",
    r"""
\frac{J(\theta + h) - J(\theta - h)}{2h} = J'(\theta) + \frac{h^2}{6} J'''(\theta) + O(h^4) .
""",
)
def _():
    """For a polynomial of degree five O(h⁴) is h⁴ J⁗′/120, exactly."""
    j = np.polynomial.Polynomial([1.0, -2.0, 0.5, 1.5, -0.7, 0.4])
    return [
        {
            "J": j,
            "J'": j.deriv(),
            "J'''": j.deriv(3),
            r"\theta": 0.7,
            "h": h,
            "O(h^4)": h**4 * j.deriv(5)(0.7) / 120,
        }
        for h in (0.1, 0.5)
    ]


@formula(
    "bp-error", r"\text{error}(h) \approx \frac{h^2}{6}\,|J'''| + \frac{\varepsilon\,|J|}{h} ,", about=1e-3
)
def _():
    """exp at 1, both values wrong by ε|J| in the unlucky direction."""
    j, epsilon, found = math.exp(1), 1e-9, []
    for h in (3e-5, 1e-3, 1e-2):
        slope = (math.exp(1 + h) + epsilon * j - (math.exp(1 - h) - epsilon * j)) / (2 * h)
        found.append({"h": h, r"\varepsilon": epsilon, "J": j, "J'''": j, r"\text{error}(h)": slope - j})
    return found


@formula("bp-delta", r"\delta_{l-1} = (W_l^\top \delta_l) \odot \varphi'(z_{l-1}) .")
def _():
    before, w, b = leaf((4, 1)), leaf((3, 4)), leaf((3, 1))
    z = w @ torch.tanh(before) + b
    z.retain_grad()
    (z**3).sum().backward()
    return {
        "l": 2,
        r"\delta": {1: numbers(before.grad), 2: numbers(z.grad)},
        "W": {2: numbers(w)},
        "z": {1: numbers(before)},
        r"\varphi'": lambda z: np.cosh(z) ** -2.0,
    }


def all_weights(shape, size):
    """Every matrix of entries ±size: independent and symmetric, and their mean is exact."""
    count = shape[0] * shape[1]
    return np.array(list(itertools.product((-size, size), repeat=count))).reshape(-1, *shape)


def layer_means(name, measure):
    x, delta = RANDOM.normal(size=(4, 1)), RANDOM.normal(size=(2, 1))
    mean = np.mean([np.sum(measure(w, x, delta) ** 2) for w in all_weights((2, 4), 0.7)])
    return {name: mean, r"n_{\text{out}}": 2, r"n_{\text{in}}": 4, r"\sigma": 0.7, "x": x, r"\delta": delta}


@formula("$forward", r"\;\mathbb{E}\lVert W x\rVert^2 = n_{\text{out}}\,\sigma^2\,\lVert x\rVert^2")
def _():
    return layer_means(r"\mathbb{E}\lVert W x\rVert^2", lambda w, x, delta: w @ x)


@formula(
    "$forward-relu",
    r"\;\mathbb{E}\lVert \max(W x, 0)\rVert^2 = \tfrac12\, n_{\text{out}}\,\sigma^2\,\lVert x\rVert^2",
)
def _():
    return layer_means(r"\mathbb{E}\lVert \max(W x, 0)\rVert^2", lambda w, x, delta: np.maximum(w @ x, 0))


@formula(
    "$backward", r"\;\mathbb{E}\lVert W^\top \delta\rVert^2 = n_{\text{in}}\,\sigma^2\,\lVert \delta\rVert^2"
)
def _():
    return layer_means(r"\mathbb{E}\lVert W^\top \delta\rVert^2", lambda w, x, delta: w.T @ delta)


@formula(
    "bp-mean-square",
    r"""
\frac{\mathbb{E}\lVert W x\rVert^2 / n_{\text{out}}}{\lVert x\rVert^2 / n_{\text{in}}}
= n_{\text{in}}\,\sigma^2 ,
""",
)
def _():
    return layer_means(r"\mathbb{E}\lVert W x\rVert^2", lambda w, x, delta: w @ x)


def torch_variance(start, **options):
    """Of 600,000 weights: its standard error is 0.18 %."""
    torch.manual_seed(0)
    weights = torch.empty(1000, 600)
    start(weights, **options)
    return {r"\sigma": weights.std().item(), r"n_{\text{in}}": 600, r"n_{\text{out}}": 1000}


@formula("bp-xavier", r"\sigma^2 = \frac{2}{n_{\text{in}} + n_{\text{out}}} .", tolerance=0.01)
def _():
    return torch_variance(torch.nn.init.xavier_normal_)


@formula("bp-he", r"\sigma^2 = \frac{2}{n_{\text{in}}} .", tolerance=0.01)
def _():
    return torch_variance(torch.nn.init.kaiming_normal_, mode="fan_in", nonlinearity="relu")


@formula("$best-step", r"h = (3\,\varepsilon\,|J| / |J'''|)^{1/3}", tolerance=1e-4)
def _():
    """Where the sum of both errors is least, on a fine grid."""
    h = np.geomspace(1e-4, 1e-1, 200_001)
    return {"h": h[np.argmin(h**2 / 6 * 7 + 1e-9 * 2 / h)], r"\varepsilon": 1e-9, "J": 2.0, "J'''": 7.0}


@formula("$best-one-sided-step", r"h = 2\,(\varepsilon\,|J| / |J''|)^{1/2}", tolerance=1e-4)
def _():
    """Each of the two values may be wrong by ε|J|."""
    h = np.geomspace(1e-6, 1e-2, 200_001)
    return {"h": h[np.argmin(h / 2 * 7 + 2 * 1e-9 * 2 / h)], r"\varepsilon": 1e-9, "J": 2.0, "J''": 7.0}


def each(letter, table):
    """Row by row or column by column, as the letters of the formula say."""
    return By(letter, dict(enumerate(table)))


@formula("$weight", r"\dfrac{\partial J}{\partial W_{ij}} = \sum_n G_{ni} X_{nj}")
def _():
    x, w, _b, z = affine()
    return [
        {
            r"\frac{\partial J}{\partial W_{ij}}": w.grad[i, j].item(),
            "G": numbers(z.grad),
            "X": numbers(x),
            "i": i,
            "j": j,
            "over": {"n": range(5)},
        }
        for i, j in ((0, 2), (1, 0))
    ]


@formula("$bias", r"\dfrac{\partial J}{\partial b_i} = \sum_n G_{ni}")
def _():
    _x, _w, b, z = affine()
    return {
        r"\frac{\partial J}{\partial b_i}": each("i", numbers(b.grad)),
        "G": numbers(z.grad),
        "i": 1,
        "over": {"n": range(5)},
    }


@formula("$input", r"\dfrac{\partial J}{\partial X_{nj}} = \sum_i G_{ni} W_{ij}")
def _():
    x, w, _b, z = affine()
    return {
        r"\frac{\partial J}{\partial X_{nj}}": x.grad[3, 1].item(),
        "G": numbers(z.grad),
        "W": numbers(w),
        "n": 3,
        "j": 1,
        "over": {"i": range(2)},
    }


@formula("$weights-of-a-layer", r"\partial J/\partial W_l = \delta_l\, h_{l-1}^\top")
def _():
    h, w = leaf((4, 1)), leaf((3, 4))
    z = w @ h
    z.retain_grad()
    (z**3).sum().backward()
    return {
        r"\partial J/\partial W_l": numbers(w.grad),
        r"\delta_l": numbers(z.grad),
        "h": {1: numbers(h)},
        "l": 2,
    }
