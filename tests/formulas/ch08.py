"""Chapter 08: penalties against scikit-learn and brute force, dropout and bias against all cases."""

import itertools

import numpy as np
import sklearn.linear_model
import torch
from entries import Chapter
from latex import By

formula = Chapter("08")
RANDOM = np.random.default_rng(8)
X, Y = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=(6, 1))


def ridge(penalty):
    fitted = sklearn.linear_model.Ridge(alpha=6 * penalty, fit_intercept=False, solver="cholesky").fit(
        X, Y[:, 0]
    )
    return fitted.coef_[:, None]


LEAST_SQUARES = np.linalg.lstsq(X, Y, rcond=None)[0]
CURVATURES, AXES = np.linalg.eigh(X.T @ X / 6)


@formula(
    "~bias-variance",
    r"""
\mathbb{E}\big[(y - h)^2\big] = \underbrace{\big(f - \bar h\big)^2}_{\text{bias}^2} +
\underbrace{\mathbb{E}\big[(h - \bar h)^2\big]}_{\text{variance}} + \underbrace{\sigma^2}_{\text{noise}} .
""",
)
def _():
    """Every answer with every noise, each pair as likely as the others."""
    answers, noise, f = RANDOM.normal(size=5), np.array([-0.7, 0.7]), 0.4
    h, e = (np.ravel(a) for a in np.meshgrid(answers, noise))
    return {"y": f + e, "h": h, "f": f, r"\bar h": answers.mean(), r"\sigma": 0.7}


@formula(
    "reg-ridge",
    r"""
J(\theta) = \frac{1}{2n}\,\lVert y - X\theta\rVert^2 + \frac{\lambda}{2}\,\lVert\theta\rVert^2 , \qquad
\lambda \ge 0 .
""",
)
def _():
    """Row by row; and its least place is scikit-learn's."""
    theta, penalty = torch.tensor(ridge(0.4), requires_grad=True), 0.4
    rows = (
        sum((y - x @ theta[:, 0]) ** 2 for x, y in zip(torch.tensor(X), torch.tensor(Y[:, 0]), strict=True))
        / 12
    )
    loss = rows + penalty * sum(w**2 for w in theta[:, 0]) / 2
    loss.backward()
    assert theta.grad.abs().max() < 1e-9
    letters = {"J": lambda theta: loss.item(), r"\theta": theta.detach().numpy(), "X": X, "y": Y, "n": 6}
    return [{**letters, r"\lambda": penalty}, {**letters, r"\lambda": -penalty, "false": True}]


@formula(
    "reg-ridge-solution", r"\theta_\lambda = \Big(\tfrac1n X^\top X + \lambda I\Big)^{-1}\tfrac1n X^\top y ."
)
def _():
    return [
        {r"\theta_\lambda": ridge(penalty), "X": X, "y": Y, "n": 6, "I": np.eye(3), r"\lambda": penalty}
        for penalty in (0.05, 2.0)
    ]


@formula(
    "reg-shrink",
    r"\big(Q^\top\theta_\lambda\big)_i = \frac{s_i}{s_i + \lambda}\,\big(Q^\top\theta_0\big)_i .",
)
def _():
    return [
        {
            r"\theta_\lambda": ridge(0.4),
            r"\theta_0": LEAST_SQUARES,
            "Q": AXES,
            "s": CURVATURES,
            r"\lambda": 0.4,
            "i": i,
        }
        for i in range(3)
    ]


GRID = np.linspace(-4, 4, 8001)


@formula(
    "reg-l1-one",
    r"\min_\theta\; \tfrac12(\theta - z)^2 + \lambda\,|\theta| .",
    read=[(r"\min_\theta\;", r"\text{best}("), (r"|\theta| .", r"|\theta|)")],
)
def _():
    """Least where lasso with one column lands."""

    def best(losses):
        return GRID[np.argmin(losses)]

    return [
        {r"\text{best}": best, r"\theta": GRID, "z": z, r"\lambda": 0.7, "value": lasso(z, 0.7)}
        for z in (-2.0, 0.5, 1.3)
    ]


def lasso(z, penalty):
    """scikit-learn's: (z - θ)²/2 + λ|θ|, with one row."""
    fitted = sklearn.linear_model.Lasso(alpha=penalty, fit_intercept=False, tol=1e-12)
    return round(fitted.fit([[1.0]], [z]).coef_[0], 9)


@formula("reg-soft", r"S_\lambda(z) = \operatorname{sign}(z)\,\max(|z| - \lambda,\, 0) .")
def _():
    return [{r"S_\lambda(z)": lasso(z, 0.7), "z": z, r"\lambda": 0.7} for z in (-2.0, 0.5, 1.3)]


@formula(
    "reg-ista",
    r"\theta \leftarrow S_{\alpha\lambda}\big(\theta - \alpha\,\nabla L(\theta)\big) .",
    read=[(r"\theta \leftarrow", r"\theta' =")],
    tolerance=1e-6,
)
def _():
    """What a step minimises: the tangent, the distance / 2α, the penalty; on a grid, weight by weight."""
    theta, alpha, penalty = np.array([[0.5], [-0.2], [0.1]]), 0.3, 0.4
    slope = X.T @ (X @ theta - Y) / 6
    new = [
        GRID[np.argmin(g * GRID + (GRID - t) ** 2 / (2 * alpha) + penalty * np.abs(GRID))]
        for g, t in zip(slope[:, 0], theta[:, 0], strict=True)
    ]
    fine = [np.linspace(w - 1e-3, w + 1e-3, 200001) for w in new]
    new = [
        f[np.argmin(g * f + (f - t) ** 2 / (2 * alpha) + penalty * np.abs(f))]
        if abs(f.mean()) > 1e-9
        else 0.0
        for f, g, t in zip(fine, slope[:, 0], theta[:, 0], strict=True)
    ]
    return {
        r"\theta'": np.array(new)[:, None],
        r"\theta": theta,
        r"\alpha": alpha,
        r"\nabla L": lambda _: slope,
        r"S_{\alpha\lambda}": lambda z: np.where(np.abs(z) > 0.12, z - 0.12 * np.sign(z), 0),
    }


@formula(
    "reg-dropout",
    r"""
\tilde h = \frac{m}{1 - d}\,h, \qquad m = \begin{cases} 0 & \text{with probability } d \\ 1 & \text{with
probability } 1 - d, \end{cases}
""",
    read=[
        (r"\text{with probability } 1 - d", r"\text{if } 1 - u < 1 - d"),
        (r"\text{with probability } d", r"\text{if } u < d"),
    ],
)
def _():
    """torch's dropout of 10,000 ones, in quantiles: what it does to the share u of them, the least first."""
    torch.manual_seed(0)
    d, h = 0.3, 1.7
    out = np.sort(torch.nn.functional.dropout(torch.full((10_000,), h, dtype=torch.float64), d).numpy())
    return [
        {"h": h, "d": d, "u": u, r"\tilde h": out[int(u * 10_000)], "m": float(out[int(u * 10_000)] > 0)}
        for u in (0.05, 0.28, 0.32, 0.95)
    ]


@formula(
    "reg-dropout-moments",
    r"""
\mathbb{E}[\tilde h] = \frac{(1-d)\,h}{1-d} = h, \qquad \operatorname{Var}[\tilde h] =
\frac{\mathbb{E}[m^2]\,h^2}{(1-d)^2} - h^2 = \frac{d}{1-d}\,h^2 .
""",
)
def _():
    """One unit of four is dropped; the others are as much larger as keeps the mean."""
    return {
        r"\tilde h": np.array([0, 1, 1, 1]) * 1.7 * 4 / 3,
        "m": np.array([0, 1, 1, 1]),
        "h": 1.7,
        "d": 0.25,
        r"\operatorname{Var}": np.var,
    }


@formula(
    "reg-dropout-ridge",
    r"""
\mathbb{E}\Big[\frac{1}{2n}\sum_i\big(y_i - \tilde x_i^\top\theta\big)^2\Big] = \frac{1}{2n}\lVert y -
X\theta\rVert^2 + \frac12\,\frac{d}{1-d}\sum_j \overline{x_j^2}\;\theta_j^2 .
""",
)
def _():
    """All masks of two rows with two columns; one number of four is dropped."""
    x, y, theta = X[:2, :2], Y[:2], np.array([[0.8], [-1.1]])
    masks = np.array(list(itertools.product([0, 4 / 3, 4 / 3, 4 / 3], repeat=4))).reshape(-1, 2, 2)
    mean = np.mean([np.sum((y - (mask * x) @ theta) ** 2) / 4 for mask in masks])
    return {
        r"\mathbb{E}\Big[\frac{1}{2n}\sum_i\big(y_i - \tilde x_i^\top\theta\big)^2\Big]": mean,
        "n": 2,
        "y": y,
        "X": x,
        r"\theta": theta,
        "d": 0.25,
        r"\overline{x_j^2}": By("j", dict(enumerate(np.mean(x**2, 0)))),
        "over": {"j": range(2)},
    }


@formula(
    "reg-stopping",
    r"""
\big(Q^\top\theta_t\big)_i = \big(1 - (1 - \alpha s_i)^t\big)\,\big(Q^\top\theta_0\big)_i ,
""",
)
def _():
    theta, alpha = np.zeros((3, 1)), 0.2
    for _ in range(7):
        theta = theta - alpha * X.T @ (X @ theta - Y) / 6
    return [
        {
            r"\theta_t": theta,
            r"\theta_0": LEAST_SQUARES,
            "Q": AXES,
            "s": CURVATURES,
            r"\alpha": alpha,
            "t": 7,
            "i": i,
        }
        for i in range(3)
    ]


@formula("reg-stopping-lambda", r"\lambda = \frac{1}{\alpha t} .", tolerance=1e-4)
def _():
    """Along a flat axis both factors are equal for one λ."""
    alpha, t, s = 0.05, 40, 1e-6
    weight = 0.0
    for _ in range(t):
        weight -= alpha * s * (weight - 1)
    return {r"\lambda": s / weight - s, r"\alpha": alpha, "t": t}


@formula("$ridge-gradient", r"\frac1n X^\top(X\theta - y) + \lambda\theta")
def _():
    theta = torch.tensor(RANDOM.normal(size=(3, 1)), requires_grad=True)
    (
        torch.nn.functional.mse_loss(torch.tensor(X) @ theta, torch.tensor(Y)) / 2
        + 0.2 * theta.square().sum()
    ).backward()
    return {
        "X": X,
        "y": Y,
        "n": 6,
        r"\theta": theta.detach().numpy(),
        r"\lambda": 0.4,
        "value": theta.grad.numpy(),
    }


@formula("$l2-shrinks", r"z/(1 + \lambda)")
def _():
    fitted = sklearn.linear_model.Ridge(alpha=0.7, fit_intercept=False).fit([[1.0]], [1.3])
    return {"z": 1.3, r"\lambda": 0.7, "value": fitted.coef_[0]}
