"""Chapter 04: losses against torch, counts against scikit-learn, choices against all others."""

import itertools
import math
import statistics

import numpy as np
import sklearn.metrics
import torch
from entries import Chapter
from torch.nn import functional

from firstgrad.metrics import expected_calibration_error

formula = Chapter("04")
RANDOM = np.random.default_rng(4)


def one(values):
    """Numbered from 1, as in the formulas."""
    return dict(enumerate(values, 1))


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@formula("ls-nll", r"J(\theta) = -\frac1N\sum_{i=1}^{N}\ln p_\theta(y_i \mid x_i)")
def _():
    z, y = RANDOM.normal(size=(5, 3)), [0, 2, 1, 1, 0]
    p = torch.softmax(tensor(z), 1).numpy()
    return {
        r"J(\theta)": functional.cross_entropy(tensor(z), torch.tensor(y)).item(),
        "N": 5,
        "y": one(y),
        "x": one(range(5)),
        r"p_\theta": lambda y, x: p[x, y],
    }


@formula(
    "~gaussian",
    r"""
\begin{aligned}
-\ln\left(\frac{1}{s\sqrt{2\pi}}\,e^{-(y - \hat y)^2/2s^2}\right) &= \frac{(y - \hat y)^2}{2s^2} \\
&\quad + \ln\left(s\sqrt{2\pi}\right) .
\end{aligned}
""",
)
def _():
    return [
        {
            "y": y,
            r"\hat y": guess,
            "s": s,
            "value": -torch.distributions.Normal(tensor(guess), s).log_prob(tensor(y)).item(),
        }
        for y, guess, s in ((1.0, 0.2, 0.7), (-1.0, 2.0, 1.9))
    ]


@formula(
    "~laplace", r"-\ln\left(\frac{1}{2b}\,e^{-|y - \hat y|/b}\right) = \frac{|y - \hat y|}{b} + \ln 2b ,"
)
def _():
    return [
        {
            "y": y,
            r"\hat y": guess,
            "b": b,
            "value": -torch.distributions.Laplace(tensor(guess), b).log_prob(tensor(y)).item(),
        }
        for y, guess, b in ((1.0, 0.2, 0.7), (-1.0, 2.0, 1.9))
    ]


@formula("ls-bernoulli", r"-y\ln p - (1 - y)\ln(1 - p) .")
def _():
    return [
        {"y": y, "p": p, "value": functional.binary_cross_entropy(tensor(p), tensor(float(y))).item()}
        for y in (0, 1)
        for p in (0.2, 0.9)
    ]


@formula("ls-softmax", r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{C} e^{z_j}} .")
def _():
    z = RANDOM.normal(size=4)
    p = torch.softmax(tensor(z), 0).numpy()
    return [{"p": one(p), "z": one(z), "C": 4, "k": k} for k in (1, 3)]


@formula("~sigmoid", r"p = \sigma(z) = \frac{1}{1 + e^{-z}} , \qquad z = \ln\frac{p}{1 - p} ,")
def _():
    return [
        {
            "z": z,
            "p": torch.softmax(tensor([0.0, z]), 0)[1].item(),
            r"\sigma(z)": torch.sigmoid(tensor(z)).item(),
        }
        for z in (-1.7, 0.6)
    ]


def loss_of(z, y):
    return functional.cross_entropy(tensor(z), torch.tensor(y)).item()


@formula("ls-logits", r"J = -\ln p_y = -z_y + \ln\sum_j e^{z_j} .")
def _():
    z = RANDOM.normal(size=4)
    p = torch.softmax(tensor(z), 0).numpy()
    return [{"J": loss_of(z, y), "p": p, "z": z, "y": y, "over": {"j": range(4)}} for y in (0, 2)]


@formula(
    "ls-gradient",
    r"""
\begin{aligned}
\frac{\partial J}{\partial z_k} &= p_k - [k = y] , \\
\text{and for two classes}\quad \frac{\partial J}{\partial z} &= \sigma(z) - y .
\end{aligned}
""",
    read=[(r"\text{and for two classes}", "")],
    tolerance=1e-7,
)
def _():
    z, u, h, found = RANDOM.normal(size=3), 0.8, 1e-6, []
    p = torch.softmax(tensor(z), 0).numpy()
    for k, y in itertools.product(range(3), (0, 1)):
        nudge = h * np.eye(3)[k]
        two = [
            functional.binary_cross_entropy_with_logits(tensor(u + s), tensor(float(y))).item()
            for s in (h, -h)
        ]
        found.append(
            {
                "p": p,
                "k": k,
                "y": y,
                "z": u,
                r"\sigma(z)": torch.sigmoid(tensor(u)).item(),
                r"\frac{\partial J}{\partial z_k}": (loss_of(z + nudge, y) - loss_of(z - nudge, y)) / (2 * h),
                r"\frac{\partial J}{\partial z}": (two[0] - two[1]) / (2 * h),
            }
        )
    return found


@formula(
    "~honest",
    r"""
\begin{aligned}
H(p) - H(p, q) &= \sum_k p_k\ln\frac{q_k}{p_k} \le \sum_k p_k\left(\frac{q_k}{p_k} - 1\right) \\
&= \sum_k q_k - \sum_k p_k \le 0 ,
\end{aligned}
""",
)
def _():
    """torch does the sums; ≤ is tight for q = p."""
    p = RANDOM.dirichlet(np.ones(4))
    found = []
    for q in (RANDOM.dirichlet(np.ones(4)), RANDOM.dirichlet(np.ones(5))[:4], p):
        own = torch.distributions.Categorical(tensor(p)).entropy().item()
        cross = functional.cross_entropy(tensor(q).log(), tensor(p)).item() - math.log(q.sum())
        found.append(
            {"p": p, "q": q, "H(p)": own, "H(p, q)": cross, "over": {"k": range(4)}, "tight": q is p}
        )
    return found


@formula("ls-lse", r"\ln\sum_j e^{z_j} = m + \ln\sum_j e^{z_j - m} .")
def _():
    z = RANDOM.normal(size=4)
    return {"z": z, "m": z.max(), "over": {"j": range(4)}, "value": torch.logsumexp(tensor(z), 0).item()}


@formula("ls-bce", r"J = \max(z, 0) - z\,y + \ln\left(1 + e^{-|z|}\right) ,")
def _():
    return [
        {"z": z, "y": y, "J": functional.binary_cross_entropy_with_logits(tensor(z), tensor(float(y))).item()}
        for z in (-1.4, 0.3, 2.5)
        for y in (0, 1)
    ]


@formula(
    "ls-f1",
    r"""
\begin{aligned}
\text{precision} &= \frac{TP}{TP + FP} , \qquad \text{recall} = \frac{TP}{TP + FN} , \\
F_1 &= \frac{2\,TP}{2\,TP + FP + FN} .
\end{aligned}
""",
)
def _():
    truth, says = [1] * 7 + [0] * 12, [1] * 4 + [0] * 3 + [1] * 2 + [0] * 10
    precision, recall, f1, _ = sklearn.metrics.precision_recall_fscore_support(truth, says, average="binary")
    return {r"\text{precision}": precision, r"\text{recall}": recall, "F_1": f1, "TP": 4, "FN": 3, "FP": 2}


@formula("ls-precision", r"\text{precision} = \frac{\pi\,TPR}{\pi\,TPR + (1 - \pi)\,FPR} .")
def _():
    """A thousand pictures, counted: of 100 positives 80 are called, of 900 negatives 90."""
    return {r"\pi": 0.1, "TPR": 0.8, "FPR": 0.1, r"\text{precision}": 80 / (80 + 90)}


@formula("ls-cost", r"p > \frac{1}{1 + c} .")
def _():
    """To say "shirt" is cheaper just above some p, which is found by halving, and not just below it."""
    found = []
    for c in (0.5, 5.0):
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if c * middle > 1 - middle else (middle, high)
        found += [{"p": high + 1e-7, "c": c}, {"p": low - 1e-7, "c": c, "false": True}]
    return found


@formula("~half", r"\sum_{i \in S}\left(2 p_i - F^\star\right) \le F^\star\sum_i p_i ,")
def _():
    """All sets of six pictures; the best one is where both sides are equal."""
    p = one(RANDOM.uniform(size=6))
    sets = [s for size in range(1, 7) for s in itertools.combinations(p, size)]
    score = {s: 2 * sum(p[i] for i in s) / (len(s) + sum(p.values())) for s in sets}
    best = max(score, key=score.get)
    return [
        {"p": p, r"F^\star": score[best], "over": {r"i \in S": ("i", s), "i": list(p)}, "tight": s == best}
        for s in sets
    ]


@formula(
    "~ece",
    r"\text{ECE} = \sum_{\text{bins } m}\frac{n_m}{N}\,\bigl|\,\text{right}_m - \text{confidence}_m\bigr| .",
)
def _():
    confidence, right = RANDOM.uniform(0.3, 1, size=40), RANDOM.integers(2, size=40).astype(bool)
    bins = {m: [i for i, c in enumerate(confidence) if m / 10 < c <= (m + 1) / 10] for m in range(3, 10)}
    return {
        r"\text{ECE}": expected_calibration_error(right.astype(int), confidence),
        "N": 40,
        "n": {m: len(b) for m, b in bins.items()},
        r"\text{right}": {m: right[b].mean() for m, b in bins.items()},
        r"\text{confidence}": {m: confidence[b].mean() for m, b in bins.items()},
        "over": {r"\text{bins } m": ("m", list(bins))},
    }


def two_tables():
    p, q = RANDOM.dirichlet(np.ones(4), size=2)
    return {"p": p, "q": q, "over": {"k": range(4)}}


@formula("$cross-entropy", r"H(p, q) = -\sum_k p_k\ln q_k")
def _():
    found = two_tables()
    price = functional.cross_entropy(tensor(found["q"]).log(), tensor(found["p"])).item()
    return {**found, "H(p, q)": price}


@formula("$entropy", r"H(p) = -\sum_k p_k\ln p_k")
def _():
    found = two_tables()
    return {**found, "H(p)": torch.distributions.Categorical(tensor(found["p"])).entropy().item()}


@formula("$f1-of-a-set", r"F(S) = \dfrac{2\sum_{i \in S} p_i}{|S| + \sum_i p_i}")
def _():
    """From the expected counts."""
    p, called = one(RANDOM.uniform(size=5)), (1, 4)
    right = sum(p[i] for i in called)
    false, missed = sum(1 - p[i] for i in called), sum(p[i] for i in p if i not in called)
    f1 = 2 * right / (2 * right + false + missed)
    return {"F(S)": f1, "|S|": 2, "p": p, "over": {r"i \in S": ("i", called), "i": list(p)}}


@formula("$half-of-the-best", r"p_i > F^\star/2")
def _():
    """True of the pictures in the best of all sets, and of no others."""
    p = one(RANDOM.uniform(size=6))
    sets = [s for size in range(1, 7) for s in itertools.combinations(p, size)]

    def score(s):
        return 2 * sum(p[i] for i in s) / (len(s) + sum(p.values()))

    best = max(sets, key=score)
    return [{"p": p, "i": i, r"F^\star": score(best), "false": i not in best} for i in p]


@formula("$recall", r"TPR = TP/(TP + FN)")
def _():
    return {"TPR": sklearn.metrics.recall_score([1, 1, 1, 0, 0], [1, 1, 0, 1, 0]), "TP": 2, "FN": 1}


@formula("$false-alarms", r"FPR = FP/(FP + TN)")
def _():
    matrix = sklearn.metrics.confusion_matrix([0, 0, 0, 0, 1], [1, 0, 0, 0, 1], normalize="true")
    return {"FPR": matrix[0, 1], "FP": 1, "TN": 3}


@formula("$harmonic-mean", r"2/(1/\text{precision} + 1/\text{recall})")
def _():
    return {r"\text{precision}": 0.8, r"\text{recall}": 0.4, "value": statistics.harmonic_mean([0.8, 0.4])}
