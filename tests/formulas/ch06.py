"""Chapter 06: gradient descent on bowls, run by torch; factors from eigenvalues of the iteration itself."""

import itertools

import numpy as np
import torch
from entries import Chapter

formula = Chapter("06")
RANDOM = np.random.default_rng(6)
SPREAD = RANDOM.normal(size=(3, 3))
BOWL = SPREAD @ SPREAD.T + 0.3 * np.eye(3)
LOWEST = RANDOM.normal(size=(3, 1))
CURVATURES, AXES = np.linalg.eigh(BOWL)


def bowl(theta):
    """The loss of the bowl, summed entry by entry."""
    d = theta - LOWEST
    return sum(BOWL[i, j] * d[i] * d[j] for i in range(3) for j in range(3)) / 2


def slope(function, theta, h=1e-5):
    """The gradient by nudges: exact for a bowl, up to rounding."""
    steps = [h * np.eye(len(theta))[:, [i]] for i in range(len(theta))]
    return np.array([(function(theta + s) - function(theta - s)) / (2 * h) for s in steps]).reshape(-1, 1)


def run(steps, start=None, **options):
    """What torch's SGD does on the bowl: {t: θ}, {t: velocity}."""
    theta = torch.tensor(np.ones((3, 1)) if start is None else start, requires_grad=True)
    optimiser, matrix, lowest = torch.optim.SGD([theta], **options), torch.tensor(BOWL), torch.tensor(LOWEST)
    thetas, velocities = {0: theta.detach().numpy().copy()}, {0: np.zeros((3, 1))}
    for t in range(1, steps + 1):
        optimiser.zero_grad()
        ((theta - lowest).T @ matrix @ (theta - lowest) / 2).backward()
        optimiser.step()
        thetas[t] = theta.detach().numpy().copy()
        buffer = optimiser.state[theta].get("momentum_buffer")
        velocities[t] = buffer.numpy().copy() if buffer is not None else None
    return thetas, velocities


def factor(alpha, mu, curvature, nesterov=False):
    """By how much a step shrinks an error in the long run: the eigenvalue of two steps' errors."""
    one = 1 - alpha * curvature
    rows = [[one * (1 + mu), -one * mu] if nesterov else [one + mu, -mu], [1, 0]]
    return np.linalg.eigvals(np.array(rows))


def halve(low, high, is_low, times=100):
    for _ in range(times):
        middle = (low + high) / 2
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return (low + high) / 2


@formula(
    "gd-taylor",
    r"J(\theta + d) = J(\theta) + \nabla J(\theta)^\top d + O(\lVert d\rVert^2) .",
    tolerance=1e-7,
)
def _():
    """In a bowl the rest is what the bowl holds at d from its lowest point."""
    theta, d = RANDOM.normal(size=(2, 3, 1))
    return {
        "J": bowl,
        r"\nabla J": lambda theta: slope(bowl, theta),
        r"\theta": theta,
        "d": d,
        r"O(\lVert d\rVert^2)": bowl(LOWEST + d),
    }


@formula("~charge", r"\nabla J(\theta)^\top d + \frac{1}{2\alpha}\lVert d\rVert^2 .")
def _():
    """Least at d = -α∇J, and rising from there with the squared distance."""
    g, alpha = RANDOM.normal(size=(3, 1)), 0.3
    least = -alpha / 2 * np.sum(g**2)
    return [
        {
            r"\nabla J(\theta)": g,
            "d": -alpha * g + off,
            r"\alpha": alpha,
            "value": least + np.sum(off**2) / (2 * alpha),
        }
        for off in (0 * g, RANDOM.normal(size=(3, 1)))
    ]


def columns(theta):
    return BOWL @ (theta - LOWEST)


@formula("gd-update", r"\theta_{t+1} = \theta_t - \alpha\,\nabla J(\theta_t) .")
def _():
    thetas, _ = run(3, lr=0.1)
    return [{r"\theta": thetas, "t": t, r"\alpha": 0.1, r"\nabla J": columns} for t in (0, 2)]


@formula("gd-quadratic", r"J(\theta) = \tfrac12\,(\theta - \theta^\star)^\top H\,(\theta - \theta^\star),")
def _():
    theta = RANDOM.normal(size=(3, 1))
    return {"J": bowl, r"\theta": theta, r"\theta^\star": LOWEST, "H": BOWL}


@formula("~error", r"e_{t+1} = (I - \alpha H)\,e_t ,")
def _():
    thetas, _ = run(3, lr=0.1)
    return [
        {
            "e": {t: theta - LOWEST for t, theta in thetas.items()},
            "I": np.eye(3),
            "H": BOWL,
            r"\alpha": 0.1,
            "t": t,
        }
        for t in (0, 2)
    ]


@formula(
    "~bowl",
    r"""
\begin{aligned}
J(\theta_t) &= \tfrac12\sum_i \lambda_i\, c_{t,i}^2 = \tfrac12\sum_i \lambda_i\,(1 - \alpha\lambda_i)^{2t}\,
c_{0,i}^2 \\
&\le \rho(\alpha)^{2t}\, J(\theta_0) .
\end{aligned}
""",
)
def _():
    """Tight from a start on the worst axis."""
    found, alpha = [], 0.1
    worst = np.max(np.abs(np.linalg.eigvalsh(np.eye(3) - alpha * BOWL)))
    axis = AXES[:, [np.argmax(np.abs(1 - alpha * CURVATURES))]]
    for start, tight in ((np.ones((3, 1)), False), (LOWEST + axis, True)):
        thetas, _ = run(4, start, lr=alpha)
        c = {(t, i): (AXES[:, i] @ (theta - LOWEST)).item() for t, theta in thetas.items() for i in range(3)}
        found.append(
            {
                "J": bowl,
                r"\theta": thetas,
                r"\lambda": CURVATURES,
                "c": c,
                r"\alpha": alpha,
                "t": 4,
                r"\rho(\alpha)": worst,
                "over": {"i": range(3)},
                "tight": tight,
            }
        )
    return found


def extremes():
    return {
        r"\lambda_{\min}": CURVATURES[0],
        r"\lambda_{\max}": CURVATURES[-1],
        r"\kappa": np.linalg.cond(BOWL),
    }


def radius(alpha):
    return np.max(np.abs(np.linalg.eigvalsh(np.eye(3) - alpha * BOWL)))


def best_rate():
    """Where a small step up in α begins to raise the radius."""
    return halve(0, 2 / CURVATURES[-1], lambda alpha: radius(alpha + 1e-9) < radius(alpha))


@formula("~radius", r"\rho(\alpha) = \max(|1 - \alpha\lambda_{\min}|,\ |1 - \alpha\lambda_{\max}|) .")
def _():
    return [
        {r"\rho": radius, r"\alpha": alpha, **extremes()}
        for alpha in (0.02, 0.9 * best_rate(), 1.1 * best_rate())
    ]


@formula(
    "~best-factor",
    r"""
1 - \alpha^\star\lambda_{\min} = \frac{\lambda_{\max} - \lambda_{\min}}{\lambda_{\max} + \lambda_{\min}} =
\frac{\kappa - 1}{\kappa + 1} .
""",
    tolerance=1e-6,
)
def _():
    return {r"\alpha^\star": best_rate(), **extremes(), "value": radius(best_rate())}


@formula("$best-rate", r"\alpha^\star = \dfrac{2}{\lambda_{\min} + \lambda_{\max}}", tolerance=1e-6)
def _():
    return {r"\alpha^\star": best_rate(), **extremes()}


@formula("$loss-falls", r"J(\theta_t) \le \rho(\alpha)^{2t}\,J(\theta_0)")
def _():
    alpha, found = 0.1, []
    axis = AXES[:, [np.argmax(np.abs(1 - alpha * CURVATURES))]]
    for start, tight in ((np.ones((3, 1)), False), (LOWEST + axis, True)):
        thetas, _ = run(4, start, lr=alpha)
        found.append(
            {"J": bowl, r"\theta": thetas, "t": 4, r"\rho": radius, r"\alpha": alpha, "tight": tight}
        )
    return found


@formula("$converges", r"0 < \alpha < 2/\lambda_{\max}")
def _():
    """The edge is where the radius passes 1."""
    edge = halve(0, 100, lambda alpha: radius(alpha) < 1)
    inside = [{r"\alpha": alpha, **extremes()} for alpha in (1e-9, edge - 1e-7)]
    return inside + [{r"\alpha": alpha, **extremes(), "false": True} for alpha in (0.0, edge + 1e-7)]


@formula(
    "gd-descent-lemma",
    r"""
J(\theta_{t+1}) \le J(\theta_t) - \alpha\left(1 - \frac{\alpha L}{2}\right)\lVert\nabla J(\theta_t)\rVert^2 .
""",
)
def _():
    """Tight on the steepest axis of the bowl."""
    found = []
    for start, tight in ((np.ones((3, 1)), False), (LOWEST + AXES[:, [2]], True)):
        thetas, _ = run(2, start, lr=0.1)
        found.append(
            {
                "J": bowl,
                r"\nabla J": columns,
                r"\theta": thetas,
                "t": 1,
                r"\alpha": 0.1,
                "L": CURVATURES[-1],
                "tight": tight,
            }
        )
    return found


@formula(
    "gd-momentum",
    r"""
v_{t+1} = \mu\,v_t + \nabla J(\theta_t), \qquad \theta_{t+1} = \theta_t - \alpha\,v_{t+1} .
""",
)
def _():
    thetas, velocities = run(4, lr=0.1, momentum=0.8)
    return [
        {r"\theta": thetas, "v": velocities, "t": t, r"\mu": 0.8, r"\alpha": 0.1, r"\nabla J": columns}
        for t in (0, 3)
    ]


@formula("gd-recurrence", r"e_{t+1} = (1 + \mu - \alpha\lambda)\,e_t - \mu\,e_{t-1} .")
def _():
    thetas, _ = run(4, lr=0.1, momentum=0.8)
    return [
        {
            "e": {t: (AXES[:, i] @ (theta - LOWEST)).item() for t, theta in thetas.items()},
            "t": t,
            r"\mu": 0.8,
            r"\alpha": 0.1,
            r"\lambda": CURVATURES[i],
        }
        for t, i in ((1, 0), (3, 2))
    ]


@formula("gd-characteristic", r"r^2 - (1 + \mu - \alpha\lambda)\,r + \mu = 0 ,")
def _():
    return [{"r": r, r"\mu": 0.3, r"\alpha": 0.1, r"\lambda": 1.2} for r in factor(0.1, 0.3, 1.2)]


def swings(alpha, mu, curvature):
    return abs(factor(alpha, mu, curvature)[0].imag) > 0


@formula("gd-complex", r"(1 - \sqrt\mu)^2 < \alpha\lambda < (1 + \sqrt\mu)^2 .")
def _():
    alpha, mu = 0.4, 0.3
    middle = (1 + mu) / alpha
    low = halve(0, middle, lambda c: not swings(alpha, mu, c))
    high = halve(middle, 20, lambda c: swings(alpha, mu, c))

    def at(curvature, **more):
        return {r"\alpha": alpha, r"\lambda": curvature, r"\mu": mu, **more}

    return [at(low + 1e-6), at(high - 1e-6), at(low - 1e-6, false=True), at(high + 1e-6, false=True)]


@formula(
    "~momentum-bounds",
    r"""
\alpha\lambda_{\min} \ge (1 - \rho)(1 - \mu/\rho), \qquad \alpha\lambda_{\max} \le (1 + \rho)(1 + \mu/\rho) .
""",
    tolerance=1e-7,
)
def _():
    """Tight where both axes shrink by the same ρ, neither swinging."""
    alpha, mu, flat = 0.1, 0.3, 0.4
    rho = max(abs(factor(alpha, mu, flat)))
    steep = halve(1, 40, lambda c: max(abs(factor(alpha, mu, c))) < rho)
    letters = {r"\alpha": alpha, r"\mu": mu, r"\rho": rho, r"\lambda_{\max}": steep}
    return [
        {**letters, r"\lambda_{\min}": flat, "tight": True},
        {**letters, r"\lambda_{\min}": 2, r"\lambda_{\max}": 3},
    ]


@formula("$momentum-converges", r"0 < \alpha < 2(1 + \mu)/\lambda_{\max}")
def _():
    edge = halve(0, 100, lambda alpha: max(abs(factor(alpha, 0.6, 3.0))) < 1)
    letters = {r"\mu": 0.6, r"\lambda_{\max}": 3.0}
    return [{r"\alpha": alpha, **letters} for alpha in (1e-6, edge - 1e-6)] + [
        {r"\alpha": edge + 1e-6, **letters, "false": True}
    ]


@formula(
    "$best-momentum-rate",
    r"\alpha = \left(\dfrac{2}{\sqrt{\lambda_{\min}} + \sqrt{\lambda_{\max}}}\right)^2",
    tolerance=2e-3,
)
def _():
    """The best of a grid that closes in on its best point."""
    low, high = 0.5, 8.0
    center, width = np.array([0.3, 0.4]), np.array([0.29, 0.39])
    for _ in range(40):
        grid = itertools.product(*(np.linspace(c - w, c + w, 9) for c, w in zip(center, width, strict=True)))
        center = np.array(min(grid, key=lambda p: max(max(abs(factor(*p, c))) for c in (low, high))))
        width = width * 0.75
    return {r"\alpha": center[0], r"\lambda_{\min}": low, r"\lambda_{\max}": high}


@formula(
    "gd-nesterov",
    r"""
v_{t+1} = \mu\,v_t + \nabla J(\theta_t - \alpha\mu\,v_t), \qquad \theta_{t+1} = \theta_t - \alpha\,v_{t+1} .
""",
)
def _():
    """torch keeps the look-ahead point; the place is behind it by αμv."""
    ahead, v = run(4, lr=0.1, momentum=0.8, nesterov=True)
    return [
        {
            r"\theta": {t: ahead[t] + 0.1 * 0.8 * v[t] for t in ahead},
            "v": v,
            "t": t,
            r"\mu": 0.8,
            r"\alpha": 0.1,
            r"\nabla J": columns,
        }
        for t in (0, 3)
    ]


@formula("gd-nesterov-torch", r"\varphi_{t+1} = \varphi_t - \alpha\,(g_t + \mu\,v_{t+1}) ,")
def _():
    ahead, v = run(4, lr=0.1, momentum=0.8, nesterov=True)
    return {
        r"\varphi": ahead,
        "g": {t: columns(place) for t, place in ahead.items()},
        "v": v,
        "t": 2,
        r"\mu": 0.8,
        r"\alpha": 0.1,
    }


@formula("$nesterov-limit", r"0 < \alpha\lambda < (2 + 2\mu)/(1 + 2\mu)")
def _():
    edge = halve(1, 20, lambda c: max(abs(factor(0.1, 0.6, c, nesterov=True))) < 1)
    letters = {r"\mu": 0.6, r"\alpha": 0.1}
    return [{r"\lambda": curvature, **letters} for curvature in (1e-5, edge - 1e-5)] + [
        {r"\lambda": edge + 1e-5, **letters, "false": True}
    ]


GRADIENTS = RANDOM.normal(size=(6, 2, 1))


@formula("~mini-batch", r"g_B = \frac1B\sum_{k=1}^{B}\nabla J_{i_k}(\theta) .")
def _():
    """The gradient of a batch's mean loss, by torch, and that of each example."""
    x, y, w = (torch.tensor(RANDOM.normal(size=s)) for s in ((6, 2), (6, 1), (2, 1)))

    def gradient(rows):
        theta = w.clone().requires_grad_()
        torch.nn.functional.mse_loss(x[rows] @ theta, y[rows]).backward()
        return theta.grad.numpy()

    return {
        "g_B": gradient([1, 5, 2]),
        "B": 3,
        "i": {1: 1, 2: 5, 3: 2},
        r"\nabla J": {i: lambda theta, i=i: gradient([i]) for i in range(6)},
        r"\theta": 0,
    }


@formula(
    "gd-variance",
    r"""
\mathbb{E}\,\lVert g_B - \nabla J\rVert^2 = \frac1{B^2}\left(B\sigma^2 - B(B-1)\frac{\sigma^2}{N-1}\right) =
\frac{\sigma^2}{B}\cdot\frac{N - B}{N - 1} .
""",
)
def _():
    """Over all batches without repeats of six gradients."""
    mean = GRADIENTS.mean(0)
    sigma = np.mean(np.sum((GRADIENTS - mean) ** 2, (1, 2))) ** 0.5
    return [
        {
            r"\mathbb{E}\,\lVert g_B - \nabla J\rVert^2": np.mean(
                [
                    np.sum((GRADIENTS[list(rows)].mean(0) - mean) ** 2)
                    for rows in itertools.combinations(range(6), size)
                ]
            ),
            "B": size,
            "N": 6,
            r"\sigma": sigma,
        }
        for size in (1, 2, 4, 6)
    ]


@formula("gd-floor", r"V = \frac{\alpha\,s^2}{\lambda\,(2 - \alpha\lambda)} .")
def _():
    """The variance of e after many steps e ← (1 - αλ)e - αξ: each step adds what its noise adds."""
    found = []
    for alpha, curvature, s in ((0.3, 1.5, 2.0), (0.02, 4.0, 0.5)):
        weights = alpha * (1 - alpha * curvature) ** np.arange(2000)  # of the noise that came k steps ago
        found.append({"V": np.sum(weights**2) * s**2, r"\alpha": alpha, "s": s, r"\lambda": curvature})
    return found


@formula("$radius", r"\rho(\alpha) = \max_i |1 - \alpha\lambda_i|")
def _():
    every = np.arange(3)
    return [{r"\rho": radius, r"\alpha": alpha, r"\lambda": CURVATURES, "i": every} for alpha in (0.02, 0.4)]


@formula("$best-factor", r"\dfrac{\kappa - 1}{\kappa + 1}", tolerance=1e-6)
def _():
    return {**extremes(), "value": radius(best_rate())}


@formula("$roots-inside", r"|b| < 1 + c")
def _():
    """For |c| < 1: both roots are inside the circle, or it is untrue."""
    pairs = RANDOM.uniform((-2, -1), (2, 1), size=(40, 2))
    return [{"b": b, "c": c, "false": max(abs(np.roots([1, -b, c]))) >= 1} for b, c in pairs]


@formula("$best-momentum", r"\dfrac{\sqrt\kappa - 1}{\sqrt\kappa + 1}", tolerance=0.01)
def _():
    """The least factor of a fine grid of α and μ, for the curvatures 1 and 9."""
    grid = itertools.product(np.linspace(0.1, 0.6, 101), np.linspace(0, 0.6, 121))
    return {r"\kappa": 9, "value": min(max(max(abs(factor(*p, c))) for c in (1, 9)) for p in grid)}


@formula("$nesterov-recurrence", r"e_{t+1} = (1 - \alpha\lambda)\,[(1 + \mu)\,e_t - \mu\,e_{t-1}]")
def _():
    ahead, v = run(4, lr=0.1, momentum=0.8, nesterov=True)
    errors = {t: (AXES[:, 1] @ (ahead[t] + 0.1 * 0.8 * v[t] - LOWEST)).item() for t in ahead}
    return {"e": errors, "t": 2, r"\alpha": 0.1, r"\mu": 0.8, r"\lambda": CURVATURES[1]}


@formula(
    "$second-order", r"J(\theta + d) \le J(\theta) + \nabla J(\theta)^\top d + \tfrac L2\lVert d\rVert^2"
)
def _():
    """Tight along the steepest axis of the bowl."""
    theta = RANDOM.normal(size=(3, 1))
    return [
        {"J": bowl, r"\nabla J": columns, r"\theta": theta, "d": d, "L": CURVATURES[2], "tight": tight}
        for d, tight in ((AXES[:, [2]], True), (RANDOM.normal(size=(3, 1)), False))
    ]
