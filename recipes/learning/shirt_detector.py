"""Shirt or not? A linear classifier on real pictures; the scores that the explorable *threshold* cuts.

One logit a picture, fitted by the Bernoulli likelihood (binary cross-entropy), with the gradient that chapter
04 derives. In float64, on all pictures at once: so every machine finds the same scores to three decimals.
"""

import torch

from firstgrad.data import FASHION_CLASSES, fashion_mnist

NAME = "shirt_detector"
TOLERANCE = 1e-3
CLASS = FASHION_CLASSES.index("Shirt")
STEPS = 300
LEARNING_RATE = 0.5
MOMENTUM = 0.9


def pictures(split):
    """The pictures (n, 196) and whether each shows a shirt (n,), in float64."""
    x, y = fashion_mnist(split)
    return x.double(), (y == CLASS).double()


def train(steps=STEPS):
    """Weights, bias, and the loss of every step."""
    x, y = pictures("train")
    weights, bias = torch.zeros(x.shape[1], dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    speed_w, speed_b, losses = torch.zeros_like(weights), torch.zeros_like(bias), []
    for _ in range(steps):
        z = x @ weights + bias
        losses.append(torch.nn.functional.binary_cross_entropy_with_logits(z, y).item())
        error = torch.sigmoid(z) - y  # the gradient of the loss with respect to each logit
        speed_w = MOMENTUM * speed_w + x.T @ error / len(y)
        speed_b = MOMENTUM * speed_b + error.mean()
        weights, bias = weights - LEARNING_RATE * speed_w, bias - LEARNING_RATE * speed_b
    return weights, bias, losses


def scores(split, weights, bias):
    """The logits, to three decimals, and the labels as a string of 0 and 1."""
    x, y = pictures(split)
    return {"logits": [round(z, 3) for z in (x @ weights + bias).tolist()],
            "labels": "".join(str(int(label)) for label in y)}


def run(steps=None):
    weights, bias, losses = train(steps or STEPS)
    return {
        "settings": {"class": FASHION_CLASSES[CLASS], "steps": steps or STEPS,
                     "learning_rate": LEARNING_RATE, "momentum": MOMENTUM},
        "losses": losses[::20],
        "validation": scores("validation", weights, bias),
        "test": scores("test", weights, bias),
    }


def first_steps(recording):
    """The whole training takes a second or two: all of it."""
    again = run(recording["settings"]["steps"])
    parts = ("losses", "validation", "test")
    return {part: again[part] for part in parts}, {part: recording[part] for part in parts}
