"""Each exercise of the book accepts its answer, and rejects what readers typically write instead."""

import importlib
import itertools
import math
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from firstgrad import data
from firstgrad.book import answers, exercises
from firstgrad.book.answers import grade as check
from firstgrad.scratch.autograd import Value

ROOT = Path(__file__).resolve().parents[2]


def nesterov(theta, velocity, gradient, alpha, mu):
    velocity = mu * velocity + gradient
    return theta - alpha * (gradient + mu * velocity), velocity


def heavy_ball(theta, velocity, gradient, alpha, mu):
    velocity = mu * velocity + gradient
    return theta - alpha * velocity, velocity


def nesterov_old_velocity(theta, velocity, gradient, alpha, mu):
    return theta - alpha * (gradient + mu * velocity), mu * velocity + gradient


def nesterov_alpha_inside(theta, velocity, gradient, alpha, mu):
    velocity = mu * velocity + alpha * gradient
    return theta - (alpha * gradient + mu * velocity), velocity


def linear(t, warmup, total):
    return (t + 1) / warmup if t < warmup else (total - t) / (total - warmup)


def adamw(theta, m, v, g, t, alpha, beta1, beta2, epsilon, decay, *, corrected=True, inside=False, l2=False):
    """AdamW's step; the keywords make typical mistakes."""
    if l2:
        g, decay = g + decay * theta, 0.0
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = (m / (1 - beta1**t), v / (1 - beta2**t)) if corrected else (m, v)
    size = math.sqrt(v_hat + epsilon) if inside else math.sqrt(v_hat) + epsilon
    return (1 - alpha * decay) * theta - alpha * m_hat / size, m, v


def adamw_keeps_corrected(theta, m, v, g, t, alpha, beta1, beta2, epsilon, decay):
    theta, m, v = adamw(theta, m, v, g, t, alpha, beta1, beta2, epsilon, decay)
    return theta, m / (1 - beta1**t), v / (1 - beta2**t)


def adamw_decay_without_alpha(theta, m, v, g, t, alpha, beta1, beta2, epsilon, decay):
    new, m, v = adamw(theta, m, v, g, t, alpha, beta1, beta2, epsilon, 0.0)
    return new - decay * theta, m, v


def softplus(a):
    return Value(math.log1p(math.exp(a.data)), (a,), (1 / (1 + math.exp(-a.data)),))


def softplus_without_inputs(a):
    return Value(math.log1p(math.exp(a.data)))


def softplus_own_slope(a):
    result = math.log1p(math.exp(a.data))
    return Value(result, (a,), (result,))


def affine_backward(G, X, W):
    return G.T @ X, G.sum(axis=0), G @ W


def continuation(tokens, *, often=False, after=False, divided=True):
    """The keywords make typical mistakes: counts of pairs, what comes after, no division."""
    pairs = list(itertools.pairwise(tokens))
    pairs = pairs if often else sorted(set(pairs))
    firsts = [a if after else b for a, b in pairs]
    return {token: firsts.count(token) / (len(pairs) if divided else 1) for token in firsts}


def nucleus(probabilities, p, *, late=False, early=False, divided=True):
    """The keywords make typical mistakes: one too many, one too few, no division."""
    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    kept, mass = [], 0.0
    for i in order:
        if kept and (mass > p if late else mass + probabilities[i] > p if early else mass >= p):
            break
        kept.append(i)
        mass += probabilities[i]
    return [q / (mass if divided else 1) if i in kept else 0.0 for i, q in enumerate(probabilities)]


def distances(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(-1)


def scale(train, test, *, mean_of=0, deviation_of=0, correction=0):
    """Chapter 02's standardisation; the keywords make typical mistakes (0: train, 1: test, 2: both)."""
    parts = (train, test, torch.cat([train, test]))
    mean, deviation = parts[mean_of].mean(0), parts[deviation_of].std(0, correction=correction)
    return (train - mean) / deviation, (test - mean) / deviation


def log_sum_exp(z):
    m = max(z)
    return m + math.log(sum(math.exp(a - m) for a in z))


def naive_log_sum_exp(z):
    return math.log(sum(math.exp(a) for a in z))


def poisson(z, y):
    return math.exp(z) - y * z, math.exp(z) - y


def area(labels, scores, tie=0.5):
    ones = [s for s, y in zip(scores, labels, strict=True) if y == 1]
    zeros = [s for s, y in zip(scores, labels, strict=True) if y == 0]
    return sum((a > b) + tie * (a == b) for a in ones for b in zeros) / (len(ones) * len(zeros))


ILL = 0.009 / (0.009 + 0.99 * 0.05)


def mlp_forward(X, layers, *, last=False, transposed=False):
    for number, (W, b) in enumerate(layers):
        X = X @ (W if transposed else W.T) + b
        X = X * (X > 0) if last or number < len(layers) - 1 else X
    return X


def collapse(layers, *, forgetful=False):
    W, b = layers[0]
    for V, c in layers[1:]:
        W, b = V @ W, (b if forgetful else V @ b) + c
    return W, b


def silu_slope(z):
    s = 1 / (1 + math.exp(-z))
    return s + z * s * (1 - s)


THIRDS = [math.pi / 2 + k * 2 * math.pi / 3 for k in range(3)]
FENCE = [f(angle) for angle in THIRDS for f in (math.cos, math.sin)] + [1.5] * 3 + [1.0] * 3 + [-2.0]


def best_weight(X, y, theta, j, penalty, *, scaled=True, own=False, soft=True, mean=True):
    """The lasso's best θ_j; the keywords make typical mistakes."""
    others = [k for k in range(len(theta)) if own or k != j]
    rest = [t - sum(row[k] * theta[k] for k in others) for row, t in zip(X, y, strict=True)]
    n = len(X) if mean else 1
    a = sum(row[j] ** 2 for row in X) / n if scaled else 1.0
    c = sum(row[j] * r for row, r in zip(X, rest, strict=True)) / n
    return math.copysign(max(abs(c) - penalty, 0.0), c) / a if soft else c / (a + penalty)


def centre_gradient(v, u, *, labels=True, sign=1):
    """The gradient of negative sampling; the keywords make typical mistakes."""
    error = 1 / (1 + np.exp(-u @ v))
    error[0] -= labels
    return sign * error @ u


def analogy(table, a, b, c, *, out=True, units=True, cosine=True):
    """3CosAdd; the keywords make typical mistakes."""
    length = np.linalg.norm(table, axis=1, keepdims=True)
    rows = table / length if cosine else table
    steps = table / length if units else table
    score = rows @ (steps[b] - steps[a] + steps[c])
    if out:
        score[[a, b, c]] = -np.inf
    return score.argmax()


GOLDEN = (1 + math.sqrt(5)) / 2


def clip(gradients, limit, *, scale_up=False, together=True):
    """Clipping by the norm of all; the keywords make typical mistakes."""
    def factor(values):
        norm = math.sqrt(sum(v * v for v in values))
        return limit / norm if norm > limit or (scale_up and norm) else 1.0
    whole = factor([v for g in gradients for v in g])
    return [[(whole if together else factor(g)) * v for v in g] for g in gradients]


def lstm_step(x, h, c, w, u, b, *, order="ifgo", old_cell=False, squash=True, swap=False):
    """One step of an LSTM with one unit; the keywords make typical mistakes."""
    z = dict(zip(order, (w[k] * x + u[k] * h + b[k] for k in range(4)), strict=True))
    gate = {name: 1 / (1 + math.exp(-value)) for name, value in z.items()}
    new = gate["f"] * c + gate["i"] * math.tanh(z["g"])
    shown = c if old_cell else new
    h = gate["o"] * (math.tanh(shown) if squash else shown)
    return (new, h) if swap else (h, new)


H1, H2 = math.tanh(1), math.tanh(2 - math.tanh(1))
D2 = 1 - H2**2
D1 = -(1 - H1**2) * D2
KEPT = 0.5**0.02

OUT = 1 / (1 + math.exp(-1))
SLOPE_B = 2 * (OUT - 1) * OUT * (1 - OUT)
BEST_H = (2**-23 / 2) ** (1 / 3)
TENTH = 10 ** (1 / 49)
ROOT_KAPPA = (math.sqrt(50) - 1) / (math.sqrt(50) + 1)
RIGHT = {
    "00.1": [2.4],
    "01.1": [60_200],
    "01.2": [(4, 2, 1)],
    "01.3": [8 / 3, 2.667],
    "01.4": [(14, 2)],
    "01.5": [3.55e23 / (6 * 137e9), 4.32e11],
    "01.6": [lambda flops: (math.sqrt(flops / 120), 20 * math.sqrt(flops / 120))],
    "01.7": [(6, 73_728)],
    "01.8": [21],
    "01.9": [(36, 3200, 25), (40, 3072, 24)],
    "02.1": [[5, 3, 4], torch.Size([5, 3, 4])],
    "02.2": [(1, 4, 12)],
    "02.3": [(1, 1, 0, 1, 0)],
    "02.4": [(2**24, 2**8)],
    "02.5": [distances, lambda x, y: torch.cdist(x, y) ** 2],
    "02.6": [230],
    "02.7": [scale, lambda train, test: data.standardise(train, test)],
    "02.8": [[(32, 1, 1, 1), (3, 1, 1)], [(32, 1, 1, 1), (1, 3, 1, 1)]],
    "02.9": ["C", " c "],
    "03.1": [109386],
    "03.2": [(-5.5, 1 / (1 + math.exp(5.5))), (-5.5, 0.00407)],
    "03.3": [0.25**10, 9.537e-7],
    "03.4": [silu_slope],
    "03.5": [mlp_forward],
    "03.6": [collapse],
    "03.7": [([1, 1, 1], [0, -1, -2], [1, -2, 1]), ([2, 1, 1], [0, -1, -2], [0.5, -2, 1])],
    "03.8": [FENCE],
    "04.1": [(-math.log(0.8), -math.log(0.2)), (0.223, 1.61)],
    "04.2": [(0.125, -0.75, 0.625)],
    "04.3": [(0.97, 0.75, 0.6, 2 / 3)],
    "04.4": [0.75],
    "04.5": [(ILL, 0.009 / 0.99), (0.15385, 0.0090909)],
    "04.6": [log_sum_exp],
    "04.7": [poisson],
    "04.8": [area],
    "04.9": [1 / 31, 0.04],
    "05.1": [-4, -4.0],
    "05.2": [(2 * SLOPE_B, SLOPE_B), (-0.2115, -0.1058)],
    "05.3": [(2_000_000, 1_000_000, 1)],
    "05.4": [softplus, lambda a: (a.exp() + 1).log()],
    "05.5": [affine_backward],
    "05.6": [(BEST_H, 3 * BEST_H**2), (3.9e-3, 4.6e-5)],
    "05.7": [2 / 1.04, 1.923],
    "05.8": [(math.sqrt(2) / TENTH, math.sqrt(2) * TENTH), (1.349, 1.482)],
    "06.1": [-0.125],
    "06.2": [(2 / 9, 0.2, 0.8)],
    "06.3": [(1382, 70)],
    "06.4": [nesterov],
    "06.5": [(0.81, 0.9)],
    "06.6": [1004],
    "06.7": [linear],
    "06.8": [((2 / (1 + math.sqrt(50))) ** 2, ROOT_KAPPA**2), (0.06, 0.6)],
    "07.1": [0.01],
    "07.2": [(0.99, 0.19 / math.sqrt(1 - 0.99**2)), (0.99, 1.3469)],
    "07.3": [(8 * 10**9, 16 * 10**9), (8e9, 16e9)],
    "07.4": [(9, 99)],
    "07.5": [adamw],
    "07.6": [0.986, 0.985994],
    "07.7": [251],
    "07.8": [(2.5, 0.7, 0.999), (1.5, 0.8, 0.999)],
    "08.1": [0.38],
    "08.2": [(1.6, 1.0)],
    "08.3": [(2, 4, 4)],
    "08.4": [[2.5, 0, 0.4, -1.5, 0]],
    "08.5": [best_weight],
    "08.6": [(math.log(0.2) / math.log(0.8), 20), (7.21, 20.0)],
    "08.7": ["c", " C "],
    "08.8": [(0.029, 0.013), (0.024, 0.01), (0.035, 0.016)],
    "09.1": [(0.96, math.sqrt(0.08)), (0.96, 0.28284)],
    "09.2": [34],
    "09.3": [(math.log(10_000), 11 * math.log(2)), (9.2103, 7.6246)],
    "09.4": [1000, 1000.0],
    "09.5": [(GOLDEN**2, 1 / GOLDEN), (2.618, 0.618)],
    "09.6": [(math.log(0.6), 0.375), (-0.5108, 0.375)],
    "09.7": [centre_gradient],
    "09.8": [analogy, lambda *a: int(analogy(*a))],
    "09.9": [("walk", "walked", "talk", "talked"), ["bird", "wing", "Fish", " fin "]],
    "10.1": [(0.4, 1, 0.5, 1)],
    "10.2": [(math.exp(3.2), 3.2 / math.log(2), 3.2 / math.log(2) / 4.5), (24.53, 4.617, 1.026),
             (24.5, 4.62, 1.03)],
    "10.3": ["b", " B "],
    "10.4": [(0.375, 0.4325)],
    "10.5": [continuation],
    "10.6": [2, 2.0],
    "10.7": [nucleus],
    "10.8": ["a"],
    "10.9": [0.61, 0.608, 0.62],
    "11.1": [(H1, H2), (0.7616, 0.8450)],
    "11.2": [(2 * D2 + D1, D2 * H1), (0.4519, 0.2178)],
    "11.3": [44, 44.0],
    "11.4": [math.log(KEPT / (1 - KEPT)), 4.27],
    "11.5": [74_496],
    "11.6": [clip],
    "11.7": [lstm_step],
    "11.8": ["c", " C "],
    "11.9": [(1.4, 3.05), (1.35, 3.0), (1.5, 3.1)],
}
WRONG = {
    "00.1": [3.6, 0.6, "2.4", 2.5],
    "01.1": [60_000, 60_300, 500, "60200", 60_201],
    "01.2": [(2, 2, 2), (4, 2, 2), (2, 4, 1), 4],
    "01.3": [4, 2, 1.5, 3 / 8],
    "01.4": [(14, 1), (13, 2), (2, 14), (7, 2), (14.0, 1.75)],
    "01.5": [1.56e12, 3.55e23 / 137e9, 2.08e12, 3.55e23],
    "01.6": [lambda flops: (math.sqrt(flops / 20), 20 * math.sqrt(flops / 20)),
             lambda flops: (20 * math.sqrt(flops / 120), math.sqrt(flops / 120)),
             lambda flops: math.sqrt(flops / 120), lambda flops: (flops / 6, 20), 3],
    "01.7": [(1, 12_288), (6, 12_288), (12, 147_456), 6],
    "01.8": [20, 22, 33, 53, 90],
    "01.9": [(96, 12288, 96), (12, 768, 12), (36, 3200, 24), (36.5, 3200, 25), (36, 3200), (-36, 3200, 25),
             ("a", "b", "c"), 4.5e9, (1e308, 1, 1)],
    "02.1": [[5, 1, 4], [5, 3, 1], [3, 5, 4], [5, 3, 4, 1], 60, "5, 3, 4"],
    "02.2": [(12, 4, 1), (1, 3, 6), (4, 3, 2), (1, 4)],
    "02.3": [(1, 1, 1, 1, 1), (1, 1, 0, 1, 1), (1, 0, 0, 1, 0), (1, 1, 1, 1, 0), (1, 1, 0, 0, 0)],
    "02.4": [(2**23, 2**7), (2**25, 2**9), (2**24, 2**7), (3.4e38, 3.4e38)],
    "02.5": [lambda x, y: distances(y, x), lambda x, y: distances(x, y).sqrt(), lambda x, y: x - y,
             lambda x, y: (x[:, None] - y[None]) ** 2, lambda x, y: ((x - y) ** 2).sum(-1), 3],
    "02.6": [206, 206.04, 207, 229, 188, 412],
    "02.7": [lambda a, b: scale(a, b, mean_of=2, deviation_of=2), lambda a, b: scale(a, b, correction=1),
             lambda a, b: (scale(a, b)[0], scale(b, a)[0]), lambda a, b: scale(b, a)[::-1],
             lambda a, b: scale(a, b, mean_of=1), lambda a, b: scale(a, b)[0],
             lambda a, b: (a - a.mean(), b - a.mean()), 3],
    "02.8": [[(32,), (3,)], [(32, 1, 1, 1), (3,)], [(1, 32, 1, 1), (3, 1, 1)], [(32, 1, 1, 1), (3, 1, 1, 1)],
             [(32, 1, 1, 1, 1), (3, 1, 1)], [(32, 3, 1, 1), (3, 1, 1)], [(1, 1, 1, 1), (3, 1, 1)], 32, "ab"],
    "02.9": ["A", "B", "D", "E", 3],
    "03.1": [109184, 986, 101632, "109386", None],
    "03.2": [(-8.5, 0.0002), (-7.5, 0.00055), (-5.5, 0.9959), (0, 0.5), -5.5, (3, 0.95)],
    "03.3": [2.5, 0.5**10, 0.25, 0.0, -(0.25**10)],
    "03.4": [lambda z: 1 / (1 + math.exp(-z)), lambda z: silu_slope(z) - 1 / (1 + math.exp(-z)),
             lambda z: z / (1 + math.exp(-z)), lambda: 1, 0.5],
    "03.5": [lambda X, layers: mlp_forward(X, layers, last=True),
             lambda X, layers: mlp_forward(X, layers, transposed=True),
             lambda X, layers: X @ collapse(layers)[0].T + collapse(layers)[1], lambda X, layers: X, 3],
    "03.6": [lambda layers: collapse(layers, forgetful=True), lambda layers: collapse(layers[:2]),
             lambda layers: collapse(layers)[0], lambda layers: (collapse(layers)[0], 0.0), 3],
    "03.7": [([1, 1, 1], [0, -1, -2], [1, -1, 1]), ([1, 1, 1], [0, 1, 2], [1, -2, 1]),
             ([1, 1, 1], [0, -1, -2], [1, -2, 0]), ([1, 1], [0, -1], [1, -2]), 3, (1, 2, 3),
             ([1, 1, float("nan")], [0, -1, -2], [1, -2, 1])],
    "03.8": [[0.0] * 13, FENCE[:12], [*FENCE[:12], 4.0], [*FENCE[:12], -4.0],
             [*FENCE[:6], 0, 0, 0, *FENCE[9:]], "weights", [float("nan")] * 13],
    "04.1": [(1.609, 0.223), (0.2, 0.8), (math.log(0.8), math.log(0.2)), (-math.log2(0.8), -math.log2(0.2))],
    "04.2": [(1 / 8, 2 / 8, 5 / 8), (-1 / 8, 6 / 8, -5 / 8), (0, -0.3069, 1.6094),
             (0.125, -0.75)],
    "04.3": [(0.97, 0.6, 0.75, 2 / 3), (0.97, 0.75, 0.6, 0.675), (0.99, 0.75, 0.6, 2 / 3)],
    "04.4": [0.45, math.sqrt(0.9), 81 / 82, 1.0986, "0.75"],
    "04.5": [(0.9, 0.0091), (ILL, 0.9), (ILL, 0.01), (0.1538, 0.05)],
    "04.6": [naive_log_sum_exp, max, lambda z: log_sum_exp(z) - max(z), lambda z: math.exp(z[0]), 3],
    "04.7": [lambda z, y: (math.exp(z) - y * z, y - math.exp(z)),
             lambda z, y: (math.exp(z) - y * z, math.exp(z)),
             lambda z, y: (z - y * math.log(abs(z) + 1e-9), 1 - y), lambda z, y: math.exp(z) - y * z],
    "04.8": [lambda y, s: area(y, s, tie=0), lambda y, s: area(y, s, tie=1), lambda y, s: 1 - area(y, s),
             lambda y, s: sum(y) / len(y)],
    "04.9": [0.5, 0.2, 0.08, 0.001, 1.5, "0.05", (0.05, 1), None, True],
    "05.1": [-1, -3, 3, 4, "-4", None],
    "05.2": [(SLOPE_B, SLOPE_B), (-2 * SLOPE_B, -SLOPE_B), (4 * (OUT - 1), 2 * (OUT - 1)), 3],
    "05.3": [(1_000_001, 1_000_000, 1), (2_000_000, 1, 1_000_000), (2_000_000, 1_000_000, 1_000_000)],
    "05.4": [softplus_without_inputs, softplus_own_slope, lambda a: math.log1p(math.exp(a.data)),
             lambda a: a.sigmoid(), lambda a: a.relu(), lambda: None, 3],
    "05.5": [lambda G, X, W: (X.T @ G, G.sum(axis=0), G @ W),
             lambda G, X, W: (G.T @ X, G.mean(axis=0), G @ W),
             lambda G, X, W: (G.T @ X, G.sum(axis=0)), lambda G, X, W: (G.T @ X, G.sum(), G @ W)],
    "05.6": [(2**-23, 2**-23), (2 ** (-23 / 3), 3 * BEST_H**2), (BEST_H, BEST_H**2), (4.8e-6, 6.9e-11)],
    "05.7": [2, 0.52, 2 / 1.2, 1, 25 / 26],
    "05.8": [(math.sqrt(2) / 10 ** (2 / 49), math.sqrt(2) * 10 ** (2 / 49)), (1 / TENTH, TENTH),
             (math.sqrt(2) * TENTH, math.sqrt(2) / TENTH), (0.1, 10),
             *((math.sqrt(2) / 10 ** (1 / n), math.sqrt(2) * 10 ** (1 / n)) for n in (48, 50))],
    "06.1": [0.125, 0.015625, -0.5, None, float("nan")],
    "06.2": [(2 / 5, 0.2, 0.8), (0.2, 2 / 9, 0.8), (2 / 9, 0.2, 9), (2 / 9, 0.2)],
    "06.3": [(1381, 70), (1382, 69), (70, 1382), (1382.6, 69.1)],
    "06.4": [heavy_ball, nesterov_old_velocity, nesterov_alpha_inside, lambda theta: theta, 3],
    "06.5": [(0.9, 0.81), (0.9801, 0.99), (0.99, 0.995)],
    "06.6": [1024, 128, 1003, 8],
    "06.7": [
        lambda t, warmup, total: t / warmup if t < warmup else (total - t) / (total - warmup),  # starts at 0
        lambda t, warmup, total: (t + 1) / warmup if t < warmup else 1 - t / total,  # decays from the start
        lambda t, warmup, total: 1.0,
    ],
    "06.8": [(0.04, 0.0), (0.2, 0.5), (0.06, 0.95), (-0.1, 0.5), (0.1, 1.0), 0.06, ("a", "b")],
    "07.1": [-0.01, 0.00003, 0.0316228, 0.003, "0.01"],
    "07.2": [(0.9, 1.35), (0.81, 1.0), (0.99, 1.0), (0.99, 0.19)],
    "07.3": [(4e9, 12e9), (8e9, 12e9), (2e9, 4e9), (16e9, 8e9)],
    "07.4": [(10, 100), (0.9, 0.99), (-9, -99), (9, 9)],
    "07.5": [lambda *a: adamw(*a, corrected=False), lambda *a: adamw(*a, inside=True),
             lambda *a: adamw(*a, l2=True), adamw_keeps_corrected, adamw_decay_without_alpha,
             lambda *a: adamw(*a)[0], 3],
    "07.6": [0.8215, 0.95, 0.999, 0.9],
    "07.7": [250, 25, 100, 252],
    "07.8": [(0.001, 0.9, 0.999), (1.0, 0.9, 0.999), (2.5, 1.0, 0.999), (-1, 0.7, 0.9), (2.5, 0.7),
             (1e308, 0.7, 0.999), ("a", "b", "c"), 2.5],
    "08.1": [0.13, 0.75, 0.59, 0.29, 0.34, "0.38", None],
    "08.2": [(1.6, 16 / 13), (1.6, 0.4), (3.2, 1.0), (1.0, 1.6), 1.6],  # without the mean; divided by 1 + λ
    "08.3": [(18, 0, 0), (3.6, 3.6, 3.6), (0, 4.5, 4.5), (2, 4), (1, 2, 2)],
    "08.4": [[2, -0.4 / 1.5, 0.6, -4 / 3, 0.05 / 1.5], [2.5, 0.1, 0.4, -1.5, -0.45], [3, 0, 0.9, -2, 0],
             [2.5, 0, 0.4, -2.5, 0], [2.5, 0, 0.4, -1.5]],
    "08.5": [lambda *a: best_weight(*a, scaled=False), lambda *a: best_weight(*a, own=True),
             lambda *a: best_weight(*a, soft=False), lambda *a: best_weight(*a, mean=False),
             lambda X, y, theta, j, penalty: theta[j], 3],
    "08.6": [(20, 7.21), (math.log(0.8) / math.log(0.2), 20), (7.21, 0.05), (7.21, 5), (7, 20)],
    "08.7": ["a", "b", "d", "e", 3],
    "08.8": [(0.029, 0.029), (0.013, 0.029), (0.1, 0.05), (0.001, 0.001), 0.029],
    "09.1": [(0.96, math.sqrt(2)), (24, math.sqrt(2)), (0.96, 0.08), (0.28284, 0.96), 0.96],
    "09.2": [40, 17, 18, 20, 36, "34", None],
    "09.3": [(math.log(10_000), 10 * math.log(2)), (math.log(10_000), math.log(2)), (4, 11 * math.log10(2)),
             (math.log(10_000), math.log(11)), (0, 0), 9.21],
    "09.4": [7500, 10_000, 100, 750, 0.75],
    "09.5": [(1, 1), (1 / GOLDEN, GOLDEN), (GOLDEN, 1 / GOLDEN), (GOLDEN**2, 1), (2.6e-3, 0.618), 2.618],
    "09.6": [(math.log(3), 0.75), (math.log(15), 15 / 16), (math.log(3 / 5), 0.6), (0.375, -0.5108),
             (math.log10(0.6), 0.375)],
    "09.7": [lambda v, u: centre_gradient(v, u, labels=False), lambda v, u: centre_gradient(v, u, sign=-1),
             lambda v, u: centre_gradient(v, u) / len(u), lambda v, u: u.sum(0) - u[0], lambda v, u: v, 3],
    "09.8": [lambda *a: analogy(*a, out=False), lambda *a: analogy(*a, units=False),
             lambda *a: analogy(*a, cosine=False), lambda table, a, b, c: analogy(table, b, a, c), 3],
    "09.9": [("king", "queen", "king", "queen"), ("walk", "walked", "talk", "talking"),
             ("walk", "walked", "talk"), ("walk", "walked", "talk", "talkwards"), ("man", "king", "woman", 1),
             ("man", "king", "woman", "queen"), "walk walked talk talked", 4],
    "10.1": [(0.4, 0.4, 0.2, 0.2), (0.4, 1, 0.5), (0.2, 1, 0.5, 1), (0.4, 1, 0.2, 1), 0.2],
    "10.2": [(3.2, 4.617, 1.026), (24.53, 3.2, 0.711), (24.53, 4.617, 20.78), (9.19, 4.617, 1.026),
             (24.53, 2.218, 0.493)],  # 2 to the power of the nats; times ln 2
    "10.3": ["a", "same", "c", 20],
    "10.4": [(0.75, 0.4325), (0.375, 0.425), (0.375, 0.5), (0.375, 0.5075), 0.4325],  # nothing back; no D
    "10.5": [lambda t: continuation(t, often=True), lambda t: continuation(t, after=True),
             lambda t: continuation(t, divided=False), 3],
    "10.6": [0.5, 1.2, 3, 9, math.log(3), "2"],
    "10.7": [lambda q, p: nucleus(q, p, late=True), lambda q, p: nucleus(q, p, divided=False),
             lambda q, p: nucleus(q, p, early=True), lambda q, p: [v for v in q if v >= p], 0.6],
    "10.8": ["b", "c", "d", "e", 1],
    "10.9": [0.9, 0.4, 1, 0.8, (0.61,), 0.51, 0.59, 0.71],
    "11.1": [(H1, math.tanh(1)), (1, 1), (H1, math.tanh(2 + H1)), (H1, math.tanh(2)), 0.76],
    "11.2": [(2 * D2, D2 * H1), (2 * D2 - D1, D2 * H1), (2 + D1, H1), (D2 * H1, 2 * D2 + D1),
             (2 * D2 + D1, 0)],
    "11.3": [43, 22, 45, 43.7, "44"],
    "11.4": [KEPT, -4.27, 0.0, 1 / 50, 50],
    "11.5": [74_112, 99_328, 24_832, 73_728, "74496"],
    "11.6": [lambda g, c: clip(g, c, scale_up=True), lambda g, c: clip(g, c, together=False),
             lambda g, c: [[max(-c, min(c, v)) for v in row] for row in g], lambda g, c: g, 3],
    "11.7": [lambda *a: lstm_step(*a, order="figo"), lambda *a: lstm_step(*a, order="ifog"),
             lambda *a: lstm_step(*a, old_cell=True), lambda *a: lstm_step(*a, squash=False),
             lambda *a: lstm_step(*a, swap=True), lambda *a: lstm_step(*a)[0], 3],
    "11.8": ["a", "b", "d", "e", 3],
    "11.9": [(3.05, 1.4), (3.05, 3.05), (1.4, 0.955), (1.0, 3.05), (2.0, 3.05), 1.4],
}


def ids():
    files = sorted(Path(exercises.__file__).parent.glob("ch*.py"))
    return [i for f in files for i in importlib.import_module(f"firstgrad.book.exercises.{f.stem}").EXERCISES]


def test_every_exercise_has_right_and_wrong_answers():
    assert set(RIGHT) == set(WRONG) == set(ids())


@pytest.mark.parametrize(("exercise", "answer"), [(i, a) for i, answers in RIGHT.items() for a in answers])
def test_accepts(exercise, answer, capsys):
    assert check(exercise, answer) is True
    assert capsys.readouterr().out.startswith(f"✓ {exercise} Right.")


@pytest.mark.parametrize(("exercise", "answer"), [(i, a) for i, answers in WRONG.items() for a in answers])
def test_rejects(exercise, answer, capsys):
    assert check(exercise, answer) is False
    said = capsys.readouterr().out
    assert said.startswith(f"✗ {exercise} Not yet.")
    assert len(said.split()) > 4  # it says why


@pytest.mark.parametrize("exercise", RIGHT)
def test_waits(exercise):
    assert check(exercise, ...) is None


@pytest.mark.parametrize("exercise", [i for i in RIGHT if isinstance(RIGHT[i][0], tuple)])
def test_waits_while_dots_are_left(exercise):
    right = RIGHT[exercise][0]
    assert check(exercise, (*right[:-1], ...)) is None


RUN = ("01.9", "03.7", "06.8", "07.8", "08.8", "09.9")  # any numbers that lead to the goal


@pytest.mark.parametrize("exercise", [i for i in RIGHT if isinstance(RIGHT[i][0], tuple) and i not in RUN])
def test_a_wrong_list_does_not_tell_the_answer(exercise, capsys):
    right = RIGHT[exercise][0]
    check(exercise, (7777, *right[1:]))
    assert f"{right[0]:.4g}" not in capsys.readouterr().out


def test_each_exercise_stands_in_its_chapter_with_a_solution_that_is_right():
    paths = sorted((ROOT / "chapters").glob("*.ipynb"))
    assert paths
    for path in paths:
        cells = nbformat.read(path, 4).cells
        outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
        lines = [line for o in outputs if o.get("name") == "stdout" for line in o["text"].splitlines()]
        prose = "\n".join(c.source for c in cells if c.cell_type == "markdown")
        for number in re.findall(r":label: ex-(\d\d-\d+)", prose):
            exercise = number.replace("-", ".")
            assert f"○ {exercise} Waiting for your answer." in lines, path.name
            assert any(line.startswith(f"✓ {exercise} Right.") for line in lines), path.name
            assert f"{{solution-start}} ex-{number}" in prose, path.name


def rounded(value, digits):
    return value if isinstance(value, int) or value == 0 else float(f"{value:.{digits}g}")


@pytest.mark.parametrize("exercise", ids())
def test_a_right_answer_may_be_rounded_to_the_digits_that_the_reader_is_told(exercise):
    judge = importlib.import_module(f"firstgrad.book.exercises.ch{exercise[:2]}").EXERCISES[exercise]
    if not isinstance(judge, answers.Value):
        return
    numbers = [rounded(value, judge.digits) for value in answers.leaves(answers.plain(judge.expected))]
    assert check(exercise, numbers if isinstance(judge.expected, list) else numbers[0])


@pytest.mark.parametrize("exercise", [i for i in RIGHT if callable(RIGHT[i][0])])
def test_a_forgotten_return_is_named(exercise, capsys):
    right = RIGHT[exercise][0]

    def forgot(*arguments):
        right(*arguments)

    assert check(exercise, forgot) is False
    assert "gave None: is a return missing?" in capsys.readouterr().out
