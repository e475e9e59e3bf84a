"""The exercises of chapter 03, Multilayer perceptrons."""

import math
from functools import cache

from firstgrad.book.answers import Function, Lazily, Value, Verdict, plain
from firstgrad.book.words import say


def _matrix(rows):
    import numpy as np

    return np.array(rows, dtype=float)


def _layers(*pairs):
    return [(_matrix(W), _matrix(b)) for W, b in pairs]


def _silu_slope(z):
    s = 1 / (1 + math.exp(-z))
    return s + z * s * (1 - s)


def _forward(X, layers):
    for number, (W, b) in enumerate(layers):
        X = X @ W.T + b
        X = X * (X > 0) if number < len(layers) - 1 else X
    return X


def _collapse(layers):
    W, b = layers[0]
    for V, c in layers[1:]:
        W, b = V @ W, V @ b + c
    return W, b


@cache
def _networks():
    """Three, as lists of layers."""
    return (
        _layers(([[1, -1], [2, 1], [-1, 0.5]], [0, -1, 0.5]), ([[3, -2, 1]], [0.5])),
        _layers(([[1, 2]], [-1]), ([[2], [-3]], [0.25, 1]), ([[1, -1], [0.5, 2]], [0, -4])),
        _layers(([[1, -1], [2, 1], [0, 3]], [0, -1, 2]), ([[1, 0, 2], [-1, 1, 1]], [1, -2]), ([[2, 5]], [7])),
    )


def _forwards():
    one, two, _ = _networks()
    return [(_matrix([[1, 2], [-1, 0.5], [0, 0]]), one), (_matrix([[1, 1], [-3, 0]]), two),
            (_matrix([[2, -1]]), _layers(([[1, 1]], [-3])))]


def _numbers(answer, *lengths):
    """Lists of so many finite numbers, or None."""
    answer = plain(answer)
    if not isinstance(answer, list) or len(answer) != len(lengths):
        return None
    for row, length in zip(answer, lengths, strict=True):
        if not isinstance(row, list) or len(row) != length or not all(map(_finite, row)):
            return None
    return answer


def _finite(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _hat(answer) -> Verdict:
    """Does the 1-3-1 ReLU network draw the hat?"""
    given = _numbers(answer, 3, 3, 3)
    if given is None:
        return Verdict(False, say("Give three lists of three numbers: weights, biases, output weights."))
    for step in range(-12, 17):
        x = step / 4
        units = zip(*given, strict=True)
        value = sum(v * max(0.0, w * x + b) for w, b, v in units)
        hat = max(0.0, 1 - abs(x - 1))
        if not abs(value - hat) <= 1e-3:
            text = "At x = {x} it answers {value}; the hat is {hat} there."
            return Verdict(False, say(text, x=f"{x:g}", value=f"{value:.3g}", hat=f"{hat:.3g}"))
    return Verdict(True, say("The slope changes by 1, −2 and 1: one kink a neuron."))


def _fence(answer) -> Verdict:
    """Are the points of two rings told apart by a 2-3-1 tanh network?"""
    given = _numbers([answer], 13)
    if given is None:
        text = "Give a list of 13 finite numbers: 6 weights, 3 biases, 3 weights, 1 bias."
        return Verdict(False, say(text))
    w = given[0]
    right = 0
    for k in range(200):
        inside = k % 2 == 0
        radius = 1.25 * math.sqrt((k + 1) / 200) if inside else 1.9 + 0.9 * k / 200
        x, y = radius * math.cos(2.4 * k), radius * math.sin(2.4 * k)  # a sunflower's angles
        units = [math.tanh(w[2 * i] * x + w[2 * i + 1] * y + w[6 + i]) for i in range(3)]
        z = sum(w[9 + i] * unit for i, unit in enumerate(units)) + w[12]
        right += (z > 0) == inside
    text = "{share} of 100 points are on the right side."
    if right < 190:
        text = "Only {share} of 100 points are on the right side. " \
               "Does the fence close, and does the output ask for all three sides?"
    return Verdict(right >= 190, say(text, share=f"{right / 2:g}"))


EXERCISES = {
    "03.1": Value(
        109_386,
        explain="100,480 + 8,256 + 650.",
        hint="Sum (inputs + 1) · neurons over the three layers.",
        mistakes={109_184: "Those are the weights. Every neuron has a bias too.",
                  986: "Those are the neurons, inputs included. Count the links, and the biases."},
    ),
    "03.2": Value(
        [-5.5, 1 / (1 + math.exp(5.5))],
        explain="The first neuron sees −1 and stays silent.",
        hint="First W₁x + b₁, then ReLU on each, then the second layer, and σ last.",
    ),
    "03.3": Value(
        0.25**10,
        explain="A quarter at most, ten times: about a millionth.",
        hint="The largest slope of a sigmoid is a quarter, at z = 0, and the layers multiply.",
        mistakes={2.5: "The factors of the layers multiply; they are not added.",
                  0.5**10: "0.5 is the sigmoid's value at 0. Its slope there is smaller."},
    ),
    "03.4": Function(
        _silu_slope,
        cases=[(0.0,), (1.0,), (-2.0,), (3.5,), (-0.3,)],
        explain="Five cases agree.",
        hint="The product rule gives σ(z) + z σ(z)(1 − σ(z)).",
    ),
    "03.5": Function(
        _forward,
        cases=Lazily(_forwards),
        explain="Three networks agree.",
        hint="X @ W.T + b for each pair, and ReLU after all but the last.",
    ),
    "03.6": Function(
        _collapse,
        cases=Lazily(lambda: [(_networks()[2],), (_networks()[1],)]),
        explain="Two chains agree.",
        hint="The later matrix stands on the left: W₃ W₂ W₁, and each bias passes through the later layers.",
    ),
    "03.7": _hat,
    "03.8": _fence,
}
