"""The exercises of chapter 06, Gradient descent."""

import math

from firstgrad.book.answers import Function, Value, Verdict, is_real, plain, short
from firstgrad.book.words import say

MAX_STEPS = 60  # of exercise 06.8
GOAL = 1e-6


def _nesterov(theta, velocity, gradient, alpha, mu):
    velocity = mu * velocity + gradient
    return theta - alpha * (gradient + mu * velocity), velocity


def _linear(t, warmup, total):
    return (t + 1) / warmup if t < warmup else (total - t) / (total - warmup)


def _valley(answer) -> Verdict:
    """Run momentum on the bowl with curvatures 1 and 50 from (−4, 1), with the reader's settings."""
    answer = plain(answer)
    if not isinstance(answer, list) or len(answer) != 2 or not all(map(is_real, answer)):
        return Verdict(False, say("Give two numbers: (learning_rate, mu)."))
    alpha, mu = answer
    if not (alpha > 0 and 0 <= mu < 1):
        text = "Expected learning_rate > 0 and 0 ≤ mu < 1, got {alpha} and {mu}."
        return Verdict(False, say(text, alpha=short(alpha), mu=short(mu)))
    if alpha >= 2 * (1 + mu) / 50:
        text = "It runs away: with mu = {mu} the limit is 2(1 + mu)/50 = {limit}."
        return Verdict(False, say(text, mu=short(mu), limit=f"{2 * (1 + mu) / 50:.4g}"))
    theta, velocity, curvatures = [-4.0, 1.0], [0.0, 0.0], (1.0, 50.0)
    for step in range(MAX_STEPS + 1):
        loss = sum(0.5 * c * x * x for c, x in zip(curvatures, theta, strict=True))
        if loss < GOAL:
            return Verdict(True, say("The loss is below 1e-6 after {steps} steps.", steps=step))
        velocity = [mu * v + c * x for v, c, x in zip(velocity, curvatures, theta, strict=True)]
        theta = [x - alpha * v for x, v in zip(theta, velocity, strict=True)]
    text = "After {steps} steps the loss is {loss}. Does it creep (more mu) or swing (less mu)?"
    return Verdict(False, say(text, steps=MAX_STEPS, loss=f"{loss:.2g}"))


EXERCISES = {
    "06.1": Value(
        -0.125,
        explain="Each step multiplies w by 1 − 2 · 0.75 = −0.5.",
        hint="One step multiplies w by 1 − 2α.",
        mistakes={
            0.125: "The size is right. On which side of the valley are you after an odd number of jumps?",
            0.015625: "That is the loss. The question asks for w.",
        },
    ),
    "06.2": Value(
        [2 / 9, 2 / 10, 8 / 10],
        explain="The eigenvalues are 1 and 9.",
        hint="Find the two eigenvalues first; their sum is 10.",
    ),
    "06.3": Value(
        [1382, 70],
        explain="The ratio is close to √κ = 20.",
        hint="The factors are 399/401 and 19/21; solve factor^t ≤ 1/1000 and round up.",
    ),
    "06.4": Function(
        _nesterov,
        cases=[
            (1.0, 0.0, 2.0, 0.1, 0.9),
            (1.0, -3.0, 2.0, 0.1, 0.9),
            (-2.5, 4.0, -1.0, 0.03, 0.5),
            (0.0, 1.0, 0.0, 1.0, 0.0),
        ],
        explain="Four cases agree.",
        hint="First velocity = mu · velocity + gradient, then move by alpha · (gradient + mu · velocity).",
    ),
    "06.5": Value(
        [0.81, 0.9],
        explain="(1 − √0.01)² = 0.81, and √0.81 = 0.9.",
        hint="On the lower edge, (1 − √μ)² = αλ.",
    ),
    "06.6": Value(
        math.ceil(0.8**2 * 16 * 49_999 / 49_984 * 50_000 / (0.01 * 49_999 + 0.8**2 * 16 * 49_999 / 49_984)),
        explain="A little less than 1,024, because drawing without repeats helps.",
        hint="An eighth of the deviation needs 64 times the batch, less the correction (N − B)/(N − 1).",
        mistakes={1024: "1,024 is right for independent draws; use the exact formula, with (N − B)/(N − 1).",
                  128: "Eight times the batch divides the deviation by √8 only."},
    ),
    "06.7": Function(
        _linear,
        cases=[(t, 10, 100) for t in (0, 4, 9, 10, 55, 99)] + [(3, 4, 20), (19, 4, 20)],
        explain="Eight cases agree.",
        hint="(t + 1)/warmup while t < warmup, then what is left of the decay.",
    ),
    "06.8": _valley,
}
