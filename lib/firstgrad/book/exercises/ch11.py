"""The exercises of chapter 11, recurrent networks and LSTM."""

import math

from firstgrad.book.answers import Choice, Function, Value

_H1 = math.tanh(1)
_H2 = math.tanh(2 - _H1)
_D2 = 1 - _H2**2  # δ₂
_D1 = -(1 - _H1**2) * _D2  # δ₁
_KEPT = 0.5 ** (1 / 50)


def _clip(gradients, limit):
    norm = math.sqrt(sum(value * value for gradient in gradients for value in gradient))
    factor = limit / norm if norm > limit else 1.0
    return [[factor * value for value in gradient] for gradient in gradients]


def _lstm_step(x, h, c, w, u, b):
    z = [w[k] * x + u[k] * h + b[k] for k in range(4)]
    i, f, o = (1 / (1 + math.exp(-z[k])) for k in (0, 1, 3))
    c = f * c + i * math.tanh(z[2])
    return o * math.tanh(c), c


EXERCISES = {
    "11.1": Value(
        [_H1, _H2],
        explain="tanh(1), and tanh(2 − 0.7616): the state is subtracted here.",
        hint="Each step: w times what comes in, plus u times the state, and then the tanh.",
    ),
    "11.2": Value(
        [2 * _D2 + _D1, _D2 * _H1],
        explain="δ₂ = 0.2861 and δ₁ = −0.1202; w was used at both steps, u at the first one on h₀ = 0.",
        hint="∂L/∂w = δ₂ x₂ + δ₁ x₁ and ∂L/∂u = δ₂ h₁ + δ₁ h₀.",
    ),
    "11.3": Value(
        44,
        explain="0.9⁴³ is 0.0108, 0.9⁴⁴ is 0.0097.",
        hint="k ln 0.9 ≤ ln 0.01.",
        mistakes={43: "0.9⁴³ is 0.0108, still more than 1 %.",
                  22: "That is 10 %: 0.9²² = 0.098."},
    ),
    "11.4": Value(
        math.log(_KEPT / (1 - _KEPT)),
        explain="f = 0.9862: a gate must be wide open to remember over fifty steps.",
        hint="f = 0.5 to the power 1/50; the logistic function's inverse is ln(f/(1 − f)).",
        mistakes={_KEPT: "That is the gate, f. Which bias gives it?",
                  -math.log(_KEPT / (1 - _KEPT)): "The sign: a positive bias opens a gate."},
    ),
    "11.5": Value(
        74_496,
        explain="3 · 128 rows of 64 + 128 + 2: three quarters of an LSTM.",
        hint="rows × (inputs + units + biases).",
        mistakes={74_112: "That has one bias a row; torch has two.",
                  99_328: "That is nn.LSTM(64, 128), with four blocks of rows.",
                  24_832: "That is one block of rows, a plain RNN."},
    ),
    "11.6": Function(
        _clip,
        cases=[
            ([[3.0], [4.0]], 1.0),
            ([[3.0, 0.0], [0.0, -4.0], [12.0]], 6.5),
            ([[0.3], [-0.4]], 1.0),
            ([[0.0, 0.0]], 1.0),
        ],
        explain="Four cases agree: long, longer, short enough, and zero.",
        hint="One norm and one factor for all; nothing is made longer.",
    ),
    "11.7": Function(
        _lstm_step,
        cases=[
            (1.0, 0.0, 0.0, [1.0, 0.5, -0.7, 0.3], [0.2, 0.1, 0.4, -0.6], [0.0, 1.0, 0.1, 0.2]),
            (-0.8, 0.4, 1.5, [0.3, -1.2, 0.9, 2.0], [-0.5, 0.8, 1.1, 0.7], [0.3, 2.0, -0.4, 0.1]),
            (2.0, -0.6, -0.9, [-2.0, 0.4, 1.3, -0.2], [1.5, -0.3, 0.6, 0.9], [0.5, -1.0, 0.2, 1.4]),
        ],
        explain="Three cases agree. Every unit of every LSTM does just this.",
        hint="First the new c, from the old one; then h = o · tanh(new c).",
    ),
    "11.8": Choice("c", {
        "a": "A zero vector goes in, but b and U h go on changing the state.",
        "b": "The text then begins in a state that the padding has made, and the more of it, the other one.",
        "c": "What comes after the last word cannot act backwards, and nothing came before the first.",
        "d": "Most of the hundred outputs are then those of padding, and their share depends on its length.",
    }),
    "11.9": Value(
        [1.4, math.log(0.01**0.01 / (1 - 0.01**0.01))],
        relative=0.12,
        explain="The cell also acts through h on all gates of the next step, and those ways add to the "
                "direct one.",
        hint="Move the bias until “reach” says 100 steps; and b = ln(f/(1 − f)) with f = 0.01 to the power "
             "1/100.",
    ),
}
