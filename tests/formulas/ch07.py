"""Chapter 07: Adam and its kin, against torch's optimisers and what they keep."""

import itertools
import math

import numpy as np
import torch
from entries import Chapter

formula = Chapter("07")
RANDOM = np.random.default_rng(7)
GRADIENTS = dict(enumerate(RANDOM.normal(size=6), 1))
ALPHA, BETA1, BETA2, EPSILON = 0.1, 0.8, 0.95, 1e-3
LETTERS = {r"\alpha": ALPHA, r"\beta_1": BETA1, r"\beta_2": BETA2, r"\varepsilon": EPSILON}


def run(make, gradients, keys, start=1.0):
    """θ and what the optimiser keeps under `keys`, after each step: {t: …}."""
    theta = torch.tensor([start], dtype=torch.float64, requires_grad=True)
    optimiser = make([theta])
    found = [{0: start}, *({0: 0.0} for _ in keys)]
    for t, g in gradients.items():
        theta.grad = torch.tensor([g], dtype=torch.float64)
        optimiser.step()
        for kept, value in zip(found, [theta, *(optimiser.state[theta][key] for key in keys)], strict=True):
            kept[t] = value.item()
    return found


def adam(
    gradients=GRADIENTS, betas=(BETA1, BETA2), epsilon=EPSILON, keys=("exp_avg", "exp_avg_sq"), **options
):
    make = options.pop("make", torch.optim.Adam)
    return run(lambda p: make(p, lr=ALPHA, betas=betas, eps=epsilon, **options), gradients, keys)


def weighted(values, beta):
    """The weighted mean of what has been seen, each older value counting β times as much: {t: …}."""
    return {
        t: np.average(
            [values[i] for i in range(1, t + 1)], weights=[beta ** (t - i) for i in range(1, t + 1)]
        )
        for t in values
        if t
    }


@formula("adam-ema", r"m_t = \beta\,m_{t-1} + (1 - \beta)\,g_t, \qquad m_0 = 0 .")
def _():
    _, m, _ = adam()
    return [{"m": m, r"\beta": BETA1, "g": GRADIENTS, "t": t} for t in (1, 4)]


@formula("adam-ema-sum", r"m_t = (1 - \beta)\sum_{i=1}^{t} \beta^{\,t-i}\,g_i .")
def _():
    _, m, _ = adam()
    return [{"m": m, r"\beta": BETA1, "g": GRADIENTS, "t": t} for t in (1, 4)]


@formula(
    "adam-rmsprop",
    r"""
v_t = \beta_2\,v_{t-1} + (1 - \beta_2)\,g_t^2, \qquad \theta_{t+1} = \theta_t - \alpha\,\frac{g_t}{\sqrt{v_t}
+ \varepsilon} .
""",
)
def _():
    theta, v = run(
        lambda p: torch.optim.RMSprop(p, lr=ALPHA, alpha=BETA2, eps=EPSILON), GRADIENTS, ["square_avg"]
    )
    after = {t + 1: value for t, value in theta.items()}  # the step with g_t leads from θ_t to θ_{t+1}
    return [{**LETTERS, "v": v, "g": GRADIENTS, r"\theta": after, "t": t} for t in (1, 4)]


@formula(
    "adam-weights",
    r"""
(1 - \beta)\sum_{i=1}^{t}\beta^{\,t-i} = (1 - \beta)\,\frac{1 - \beta^t}{1 - \beta} = 1 - \beta^t .
""",
)
def _():
    """The average of ones is the sum of its weights."""
    _, m, _ = adam(dict.fromkeys(range(1, 6), 1.0))
    return [{"value": m[t], r"\beta": BETA1, "t": t} for t in (1, 5)]


@formula("adam-corrected", r"\hat m_t = \frac{m_t}{1 - \beta^t} .")
def _():
    _, m, _ = adam()
    return [{"m": m, r"\hat m": weighted(GRADIENTS, BETA1), r"\beta": BETA1, "t": t} for t in (1, 4)]


@formula(
    "adam-expectation",
    r"""
\mathbb{E}[m_t] = (1-\beta)\sum_{i=1}^{t}\beta^{\,t-i}\,\mathbb{E}[g_i] = \mu\,(1 - \beta^t), \qquad
\mathbb{E}[\hat m_t] = \mu .
""",
)
def _():
    """Over all sixteen ways in which four gradients of 1 or 4 can come."""
    ways = np.array(list(itertools.product((1.0, 4.0), repeat=4))).T
    runs = [adam(dict(enumerate(way, 1)))[1] for way in ways.T]
    m = {t: np.array([way[t] for way in runs]) for t in range(5)}
    means = [weighted(dict(enumerate(way, 1)), BETA1) for way in ways.T]
    return [
        {
            "m": m,
            r"\hat m": {t: np.array([way[t] for way in means]) for t in range(1, 5)},
            r"\mu": 2.5,
            "g": dict(enumerate(ways, 1)),
            r"\beta": BETA1,
            "t": t,
        }
        for t in (1, 3)
    ]


@formula(
    "adam-update",
    r"""
\begin{aligned}
m_t &= \beta_1\,m_{t-1} + (1 - \beta_1)\,g_t \\
v_t &= \beta_2\,v_{t-1} + (1 - \beta_2)\,g_t^2 \\
\hat m_t &= \frac{m_t}{1 - \beta_1^t}, \qquad \hat v_t = \frac{v_t}{1 - \beta_2^t} \\
\theta_{t+1} &= \theta_t - \alpha\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}
\end{aligned}
""",
)
def _():
    theta, m, v = adam()
    return [
        {
            **LETTERS,
            "m": m,
            "v": v,
            "g": GRADIENTS,
            "t": t,
            r"\hat m": weighted(GRADIENTS, BETA1),
            r"\hat v": weighted({i: g * g for i, g in GRADIENTS.items()}, BETA2),
            r"\theta": {s + 1: value for s, value in theta.items()},
        }
        for t in (1, 4)
    ]


@formula("adam-raw-step", r"\frac{|m_t|}{\sqrt{v_t}} = \frac{1 - \beta_1^t}{\sqrt{1 - \beta_2^t}},")
def _():
    _, m, v = adam(dict.fromkeys(range(1, 6), -3.0))
    return [{**LETTERS, "m": m, "v": v, "t": t, "value": abs(m[t]) / v[t] ** 0.5} for t in (1, 5)]


@formula(
    "~longest-step",
    r"""
\frac{|\hat m_t|}{\sqrt{\hat v_t}} \;\le\; c_t = \frac{1 - \beta_1}{1 - \beta_1^t}\sqrt{\frac{1 -
\beta_2^t}{1 - \beta_2}\sum_{k=0}^{t-1} r^k} .
""",
)
def _():
    """Tight for the worst gradients, whose step a search finds; any others stay below."""
    t, (first, second) = 5, (BETA1 ** np.arange(5)[::-1], BETA2 ** np.arange(5)[::-1])
    first, second = first / first.sum(), second / second.sum()
    longest = np.sqrt(np.sum(first**2 / second))  # of a line over an ellipsoid: by Lagrange's multipliers
    found = []
    for gradients in (first / second, RANDOM.normal(size=5)):
        m, v = first @ gradients, second @ gradients**2
        found.append(
            {
                r"\hat m_t": m,
                r"\hat v_t": v,
                "c_t": longest,
                r"\beta_1": BETA1,
                r"\beta_2": BETA2,
                "t": t,
                "r": BETA1**2 / BETA2,
                "tight": len(found) == 0,
            }
        )
    return found


@formula(
    "~cauchy",
    r"""
\Big|\sum_k \beta_1^k\, g_{t-k}\Big| = \Big|\sum_k \sqrt{r^k}\cdot\sqrt{\beta_2^k}\, g_{t-k}\Big| \le
\sqrt{\sum_k r^k}\;\sqrt{\sum_k \beta_2^k\, g_{t-k}^2} .
""",
)
def _():
    worst = {5 - k: (BETA1 / BETA2) ** k for k in range(5)}
    return [
        {
            "g": g,
            "t": 5,
            "r": BETA1**2 / BETA2,
            r"\beta_1": BETA1,
            r"\beta_2": BETA2,
            "over": {"k": range(5)},
            "value": abs(sum(g[5 - k] * BETA1**k for k in range(5))),
            "tight": g is worst,
        }
        for g in (worst, GRADIENTS)
    ]


@formula("$longest-in-the-long-run", r"\dfrac{1 - \beta_1}{\sqrt{(1 - \beta_2)(1 - r)}}")
def _():
    ages = np.arange(3000)
    first, second = (1 - BETA1) * BETA1**ages, (1 - BETA2) * BETA2**ages
    return {
        r"\beta_1": BETA1,
        r"\beta_2": BETA2,
        "r": BETA1**2 / BETA2,
        "value": np.sqrt(np.sum(first[:400] ** 2 / second[:400])),
    }


@formula(
    "adam-noise",
    r"\alpha\,\sqrt{\frac{1 - \beta_1}{1 + \beta_1}} = 0.229\,\alpha \qquad (\beta_1 = 0.9) .",
    tolerance=2.2e-3,
)
def _():
    """Independent noise of size 1: the root of the sum of the squares of torch's weights."""
    pulse = {1: 1.0, **dict.fromkeys(range(2, 300), 0.0)}
    _, m, _ = adam(pulse, betas=(0.9, 0.99))
    return {r"\alpha": ALPHA, r"\beta_1": 0.9, "value": [ALPHA * math.sqrt(sum(w * w for w in m.values()))]}


@formula(
    "adam-epsilons",
    r"""
\frac{\hat m}{\sqrt{\hat v} + \varepsilon}, \qquad \frac{\hat m}{\sqrt{\hat v + \varepsilon}}, \qquad
\frac{\hat m}{\sqrt{\hat v} + \varepsilon/\sqrt{1 - \beta_2^t}} .
""",
)
def _():
    """torch's step; the root of all; and the corrections moved in front of the fraction."""
    theta, m, v = adam()
    t = 3
    mean, square = m[t] / (1 - BETA1**t), v[t] / (1 - BETA2**t)
    moved = math.sqrt(1 - BETA2**t) / (1 - BETA1**t) * m[t] / (math.sqrt(v[t]) + EPSILON)
    return {
        r"\hat m": mean,
        r"\hat v": square,
        r"\varepsilon": EPSILON,
        r"\beta_2": BETA2,
        "t": t,
        "value": [(theta[t - 1] - theta[t]) / ALPHA, mean * (square + EPSILON) ** -0.5, moved],
    }


@formula(
    "adam-adamw",
    r"""
\theta_{t+1} = (1 - \alpha\lambda)\,\theta_t - \alpha\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon} .
""",
)
def _():
    theta, m, v = adam(make=torch.optim.AdamW, weight_decay=0.3)
    return [
        {
            **LETTERS,
            r"\lambda": 0.3,
            r"\theta": {s + 1: value for s, value in theta.items()},
            "t": t,
            r"\hat m": {t: m[t] / (1 - BETA1**t)},
            r"\hat v": {t: v[t] / (1 - BETA2**t)},
        }
        for t in (1, 4)
    ]


@formula(
    "adam-reddi",
    r"""
f_t(x) = \begin{cases} Cx & \text{if } t \bmod 3 = 1 \\ -x & \text{otherwise,} \end{cases} \qquad C > 2 .
""",
    read=[("otherwise,", "otherwise")],
)
def _():
    """As the chapter runs it: the slope is C at the steps 1, 4, 7, …, and -1 at all others."""
    losses = dict(enumerate([lambda x: 4 * x, lambda x: -x, lambda x: -x] * 2, 1))
    return [{"f": losses, "x": 0.7, "C": 4, "t": t} for t in (1, 2, 3, 4, 5)] + [
        {"f": {1: lambda x: 2.5 * x}, "x": 1, "C": 2.5, "t": 1},
        {"f": {1: lambda x: 2 * x}, "x": 1, "C": 2, "t": 1, "false": True},
    ]


@formula(
    "adam-amsgrad",
    r"""
u_t = \max(u_{t-1}, v_t), \qquad \theta_{t+1} = \theta_t - \alpha\,\frac{\hat m_t}{\sqrt{\hat u_t} +
\varepsilon} .
""",
)
def _():
    gradients = {**GRADIENTS, 1: 3.0, 5: 4.0}
    theta, m, v, u = adam(gradients, keys=("exp_avg", "exp_avg_sq", "max_exp_avg_sq"), amsgrad=True)
    return [
        {
            **LETTERS,
            "u": u,
            "v": v,
            r"\theta": {s + 1: value for s, value in theta.items()},
            "t": t,
            r"\hat m": {t: m[t] / (1 - BETA1**t)},
            r"\hat u": {t: u[t] / (1 - BETA2**t)},
        }
        for t in (1, 4, 5)
    ]


@formula("$constant-mean", r"m_t = (1 - \beta_1^t)\,g")
def _():
    _, m, _ = adam(dict.fromkeys(range(1, 6), -3.0))
    return {"m": m, "g": -3.0, r"\beta_1": BETA1, "t": 4}


@formula("$constant-square", r"v_t = (1 - \beta_2^t)\,g^2")
def _():
    _, _, v = adam(dict.fromkeys(range(1, 6), -3.0))
    return {"v": v, "g": -3.0, r"\beta_2": BETA2, "t": 4}
