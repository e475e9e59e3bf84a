"""The exercises of chapter 07, Adam, derived."""

import math

from firstgrad.book.answers import Function, Value, Verdict, is_real, plain, short
from firstgrad.book.words import say

MAX_STEPS = 120  # of exercise 07.8
GOAL = 1e-6


def _adamw(theta, m, v, g, t, alpha, beta1, beta2, epsilon, decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return (1 - alpha * decay) * theta - alpha * m_hat / (math.sqrt(v_hat) + epsilon), m, v


def _crooked(answer) -> Verdict:
    """Run Adam from (−2.4, 0.6) in a valley with curvatures 1 and 100, turned by 45°, with these settings."""
    answer = plain(answer)
    if not isinstance(answer, list) or len(answer) != 3 or not all(map(is_real, answer)):
        return Verdict(False, say("Give three numbers: (alpha, beta1, beta2)."))
    alpha, beta1, beta2 = answer
    if not (0 < alpha < math.inf and 0 <= beta1 < 1 and 0 <= beta2 < 1):
        text = "Expected alpha > 0 and betas from 0 to below 1, got {given}."
        return Verdict(False, say(text, given=", ".join(map(short, answer))))
    theta, m, v = [-2.4, 0.6], [0.0, 0.0], [0.0, 0.0]
    for t in range(MAX_STEPS + 1):
        along, across = (theta[0] + theta[1]) / math.sqrt(2), (theta[1] - theta[0]) / math.sqrt(2)
        loss = 0.5 * (along * along + 100 * across * across)
        if loss < GOAL:
            return Verdict(True, say("The loss is below 1e-6 after {steps} steps.", steps=t))
        if not math.isfinite(loss):
            return Verdict(False, say("It flies away: a smaller alpha?"))
        gradient = [(along - 100 * across) / math.sqrt(2), (along + 100 * across) / math.sqrt(2)]
        for i in range(2):
            theta[i], m[i], v[i] = _adamw(theta[i], m[i], v[i], gradient[i], t + 1, alpha, beta1, beta2,
                                          1e-8, 0.0)
    text = "After {steps} steps the loss is {loss}. Does it creep (more alpha) or swing (less beta1)?"
    return Verdict(False, say(text, steps=MAX_STEPS, loss=f"{loss:.2g}"))


_B = 4 + 4 * 0.81 - 0.01

EXERCISES = {
    "07.1": Value(
        0.01,
        explain="The first step is −α times the sign of the gradient.",
        hint="The correction makes m̂ = g and v̂ = g², so the size of g cancels.",
        mistakes={
            -0.01: "The size is right. The step goes against the gradient.",
            0.00003: "That is gradient descent.",
            0.0316228: "That is the step without the bias correction.",
        },
    ),
    "07.2": Value(
        [0.99, 0.19 / math.sqrt(1 - 0.99**2)],
        explain="1 − β₁ = √(1 − β₂); the second step is already a third too long.",
        hint="Set (1 − β₁)/√(1 − β₂) = 1, then put t = 2 into the formula.",
    ),
    "07.3": Value(
        [8 * 10**9, 16 * 10**9],
        explain="Four numbers for each weight: itself, its gradient, m and v.",
        hint="Two averages of four bytes a weight; then add the weights and the gradients.",
    ),
    "07.4": Value(
        [9.0, 99.0],
        explain="The lag is β/(1 − β).",
        hint="Put m_t = t − c into m_t = β m_{t−1} + (1 − β) t and solve for c.",
    ),
    "07.5": Function(
        _adamw,
        cases=[
            (1.0, 0.0, 0.0, 2.0, 1, 0.1, 0.9, 0.999, 1e-8, 0.0),
            (1.0, 0.2, 0.5, -2.0, 3, 0.1, 0.9, 0.99, 1e-8, 0.5),
            (-2.0, -0.1, 0.01, 0.0, 10, 0.01, 0.5, 0.9, 1e-3, 0.1),
            (5.0, 0.0, 0.0, 1e-4, 1, 0.2, 0.9, 0.999, 1e-4, 0.3),
        ],
        explain="Four cases agree.",
        hint="Averages of g alone; correct both; then (1 − αλ)θ − α m̂ / (√v̂ + ε).",
    ),
    "07.6": Value(
        (_B + math.sqrt(_B**2 - 64 * 0.81)) / 8,
        explain="The memory of the squares may then be no longer than some seventy steps.",
        hint="Solve (1 − β₁)² = 4 (1 − β₂)(1 − β₁²/β₂) for β₂.",
        mistakes={(_B - math.sqrt(_B**2 - 64 * 0.81)) / 8: "That is the smaller of the two solutions."},
    ),
    "07.7": Value(
        251,
        explain="The large gradient must be rarer than the memory of 100 steps.",
        hint="Let n grow from 2 and stop at the first round whose steps add up to more than 0.",
        mistakes={250: "With 250 the steps still add up to less than 0.",
                  25: "That is the answer for beta2 = 0.9."},
    ),
    "07.8": _crooked,
}
