"""Chapter 09: counts by counting, losses and gradients by torch, the best score by trying."""

import collections
import math

import numpy as np
import torch
from entries import Chapter
from latex import By
from scipy.optimize import minimize_scalar
from torch.nn import functional

formula = Chapter("09")
RANDOM = np.random.default_rng(9)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def pair():
    return {"a": RANDOM.normal(size=(3, 1)), "b": RANDOM.normal(size=(3, 1))}


@formula(
    "w2v-cosine",
    r"""
\cos(a, b) = \frac{a \cdot b}{\lVert a\rVert\,\lVert b\rVert}, \qquad \lVert a - b\rVert =
\sqrt{\textstyle\sum_i (a_i - b_i)^2} .
""",
)
def _():
    v = pair()
    return {
        **v,
        r"\cos(a, b)": functional.cosine_similarity(tensor(v["a"].T), tensor(v["b"].T)).item(),
        "over": {"i": range(3)},
    }


@formula("w2v-unit", r"\lVert a - b\rVert^2 = 2 - 2\cos(a, b)")
def _():
    """On the circle the cosine is that of the angle between."""
    return [
        {
            "a": np.array([[math.cos(s)], [math.sin(s)]]),
            "b": np.array([[math.cos(t)], [math.sin(t)]]),
            r"\cos(a, b)": math.cos(s - t),
        }
        for s, t in ((0.3, 2.0), (5.0, 1.0))
    ]


TEXT = ["a", "b", "a", "c", "b", "a", "a", "c", "b", "b", "a", "c", "c", "a", "b", "a"]
PAIRS = [(TEXT[t], TEXT[t + j]) for t in range(len(TEXT)) for j in (-1, 1) if 0 <= t + j < len(TEXT)]


@formula(
    "w2v-pmi", r"\operatorname{PMI}(w, c) = \log\frac{P(w, c)}{P(w)\,P(c)} = \log\frac{N_{wc}\,N}{N_w\,N_c} ,"
)
def _():
    """How much more often than by chance: shares of the list of pairs."""
    table, rows = collections.Counter(PAIRS), collections.Counter(w for w, _ in PAIRS)
    columns, n = collections.Counter(c for _, c in PAIRS), len(PAIRS)
    found = []
    for w, c in (("a", "b"), ("c", "a")):
        given = np.mean([pair == (w, c) for pair in PAIRS if pair[0] == w])  # P(c | w)
        found.append(
            {
                r"\operatorname{PMI}(w, c)": math.log(given / (columns[c] / n)),
                "P(w, c)": table[w, c] / n,
                "P(w)": rows[w] / n,
                "P(c)": columns[c] / n,
                "N_{wc}": table[w, c],
                "N": n,
                "N_w": rows[w],
                "N_c": columns[c],
            }
        )
    return found


@formula("w2v-likelihood", r"L = \prod_{t=1}^{T}\ \prod_{0 < |j| \le m} P(w_{t+j} \mid w_t) .")
def _():
    """A ring of five words: pairs, then their probabilities, one times the other."""
    ring, chance = [0, 2, 1, 2, 0], RANDOM.dirichlet(np.ones(3), size=3)
    likelihood = math.prod(chance[ring[t], ring[(t + j) % 5]] for t in range(5) for j in (-1, 1))
    return {
        "L": likelihood,
        "T": 5,
        "w": {t: ring[(t - 1) % 5] for t in range(-3, 9)},
        "P": lambda o, c: chance[c, o],
        "over": {r"0 < |j| \le m": ("j", (-1, 1))},
    }


def skip_gram():
    """Five words, their vectors as leaves, and the scores for the centre 2."""
    v, u = (torch.tensor(RANDOM.normal(size=(6, 3)), requires_grad=True) for _ in range(2))
    return v, u, u[1:] @ v[2]  # words are numbered from 1


def vectors(table):
    return {w: row[:, None] for w, row in enumerate(table.detach().numpy()) if w}


@formula("w2v-softmax", r"P(o \mid c) = \frac{\exp(u_o^\top v_c)}{\sum_{w=1}^{V} \exp(u_w^\top v_c)} .")
def _():
    v, u, scores = skip_gram()
    return {
        r"P(o \mid c)": torch.softmax(scores, 0)[3].item(),
        "u": vectors(u),
        "v": vectors(v),
        "o": 4,
        "c": 2,
        "V": 5,
    }


@formula("w2v-loss", r"J = -\log P(o \mid c) = -u_o^\top v_c + \log\sum_{w} \exp(u_w^\top v_c) ,")
def _():
    v, u, scores = skip_gram()
    return {
        "J": functional.cross_entropy(scores, torch.tensor(3)).item(),
        "u": vectors(u),
        "v": vectors(v),
        "o": 4,
        r"P(o \mid c)": torch.softmax(scores, 0)[3].item(),
        "c": 2,
        "over": {"w": range(1, 6)},
    }


@formula(
    "~skip-gram-gradient",
    r"""
\frac{\partial J}{\partial v_c} = \sum_{w} p_w\,u_w - u_o , \qquad \frac{\partial J}{\partial u_w} = (p_w -
y_w)\,v_c .
""",
)
def _():
    v, u, scores = skip_gram()
    functional.cross_entropy(scores, torch.tensor(3)).backward()
    p = dict(enumerate(torch.softmax(scores, 0).detach().numpy(), 1))
    return [
        {
            r"\frac{\partial J}{\partial v_c}": v.grad[2].numpy()[:, None],
            "p": p,
            "u": vectors(u),
            "v": vectors(v),
            r"\frac{\partial J}{\partial u_w}": u.grad[w].numpy()[:, None],
            "y": {k: k == 4 for k in p},
            "o": 4,
            "c": 2,
            "w": w,
            "over": {"w": range(1, 6)},
        }
        for w in (4, 1)
    ]


@formula(
    "~yes",
    r"""
P(\text{from the text} \mid c, w) = \sigma(u_w^\top v_c) = \frac{1}{1 + \exp(-u_w^\top v_c)} .
""",
)
def _():
    v, u, scores = skip_gram()
    return {
        r"P(\text{from the text} \mid c, w)": torch.sigmoid(scores[3]).item(),
        "u": vectors(u),
        "v": vectors(v),
        r"\sigma": lambda s: torch.sigmoid(tensor(s)).numpy(),
        "w": 4,
        "c": 2,
    }


def questions(scores, targets):
    answers = tensor([1.0] + [0.0] * (len(targets) - 1))
    return functional.binary_cross_entropy_with_logits(
        scores[[t - 1 for t in targets]], answers, reduction="sum"
    )


def logistic(z):
    return 1 / (1 + np.exp(-z))


@formula("w2v-sampling", r"J = -\log\sigma(u_o^\top v_c) - \sum_{i=1}^{k} \log\sigma(-u_{n_i}^\top v_c) .")
def _():
    v, u, scores = skip_gram()
    return {
        "J": questions(scores, [4, 1, 5, 3]).item(),
        "u": vectors(u),
        "v": vectors(v),
        "o": 4,
        "c": 2,
        "k": 3,
        "n": {1: 1, 2: 5, 3: 3},
        r"\sigma": logistic,
    }


@formula(
    "~sampling-gradient",
    r"""
\frac{\partial J}{\partial v_c} = \sum_{i=0}^{k} e_i\,u_{t_i} , \qquad \frac{\partial J}{\partial u_{t_i}} =
e_i\,v_c ,
""",
)
def _():
    v, u, scores = skip_gram()
    targets = [4, 1, 5, 3]
    questions(scores, targets).backward()
    errors = {i: torch.sigmoid(scores[t - 1]).item() - (i == 0) for i, t in enumerate(targets)}
    return [
        {
            r"\frac{\partial J}{\partial v_c}": v.grad[2].numpy()[:, None],
            "e": errors,
            "u": vectors(u),
            r"\frac{\partial J}{\partial u_{t_i}}": By(
                "i", {j: u.grad[t].numpy()[:, None] for j, t in enumerate(targets)}
            ),
            "v": vectors(v),
            "t": dict(enumerate(targets)),
            "c": 2,
            "k": 3,
            "i": i,
        }
        for i in (0, 2)
    ]


def part_of_loss(score, yes, no):
    """So many questions with the answer yes, so many with no."""
    return functional.binary_cross_entropy_with_logits(
        tensor([score] * (yes + no)), tensor([1.0] * yes + [0.0] * no), reduction="sum"
    ).item()


COUNTS = {"N_{co}": 6, "N_c": 20, "Q(o)": 0.15, "k": 5}  # 15 draws of o for the centre c


@formula("~best-score", r"s_{co} = \log\frac{N_{co}}{N_c\,Q(o)} - \log k ,", tolerance=1e-6)
def _():
    best = minimize_scalar(part_of_loss, args=(6, 15), bracket=(-2, 1), tol=1e-12).x
    return {"s_{co}": best, **COUNTS}


@formula("~part-of-loss", r"-N_{co}\log\sigma(s) - k N_c\,Q(o)\,\log\sigma(-s) ,")
def _():
    return [{**COUNTS, "s": s, r"\sigma": logistic, "value": part_of_loss(s, 6, 15)} for s in (-0.9, 1.2)]


@formula("w2v-keep", r"P(\text{keep}) = \min\Big(1,\ \sqrt{\frac{t}{f}} + \frac{t}{f}\Big) ,")
def _():
    """As the program of the authors has it, with counts."""
    found = []
    for count, words, sample in ((50_000, 1_000_000, 1e-3), (900, 1_000_000, 1e-3), (3000, 80_000, 1e-4)):
        keep = (math.sqrt(count / (sample * words)) + 1) * (sample * words) / count
        found.append({r"P(\text{keep})": min(keep, 1.0), "t": sample, "f": count / words})
    return found


@formula("$best-answer", r"\sigma(s) = N_{co}/(N_{co} + k N_c\,Q(o))", tolerance=1e-6)
def _():
    best = minimize_scalar(part_of_loss, args=(6, 15), bracket=(-2, 1), tol=1e-12).x
    return {**COUNTS, r"\sigma(s)": logistic(best)}
