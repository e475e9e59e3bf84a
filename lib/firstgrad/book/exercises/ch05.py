"""The exercises of chapter 05, Back-propagation."""

import math

from firstgrad.book.answers import Function, Lazily, Value, Verdict, called, short
from firstgrad.book.words import say
from firstgrad.scratch.autograd import Value as Number

_SIGMOID = 1 / (1 + math.exp(-1))
_SLOPE_B = 2 * (_SIGMOID - 1) * _SIGMOID * (1 - _SIGMOID)
_H = (2**-23 / 2) ** (1 / 3)


def _affine(G, X, W):
    return G.T @ X, G.sum(axis=0), G @ W


def _shapes():
    import numpy as np

    rng = np.random.default_rng(0)
    sizes = ((4, 2, 3), (1, 1, 1), (5, 3, 3))  # examples, outputs, inputs
    return [tuple(rng.normal(size=size) for size in ((n, o), (n, i), (o, i))) for n, o, i in sizes]


def _softplus(answer) -> Verdict:
    """Call it on values of the engine, use the result twice, and compare the gradient."""
    if not callable(answer):
        return Verdict(False, say("Expected a function of a Value, got {given}.", given=short(answer)))
    for data in (-3.0, -0.5, 0.0, 1.0, 4.0):
        leaf = Number(data)
        result, verdict = called(f"softplus(Value({data}))", answer, leaf)
        if verdict:
            return verdict
        if problem := _problem(result, leaf, data):
            return Verdict(False, problem)
    return Verdict(True, say("Five points agree: the slope of softplus is the sigmoid."))


def _problem(result, leaf, data) -> str:
    """What is wrong with softplus of `leaf` at `data`; empty when nothing is."""
    if not isinstance(result, Number):
        return say("Return a Value, so that the walk back can go on; got {given}.", given=short(result))
    at = f"{data:g}"
    if not math.isclose(result.data, math.log1p(math.exp(data)), rel_tol=1e-6):
        return say("At {at} the data should be ln(1 + e^a); got {given}.", at=at, given=short(result.data))
    (result * 3.0).backward()
    if leaf.grad == 0.0:
        return say("Nothing came back: give the new Value its inputs and its slopes.")
    if not math.isclose(leaf.grad, 3 / (1 + math.exp(-data)), rel_tol=1e-6):
        return say("At {at} the slope is not right: {given} came back. "
                   "The derivative of ln(1 + e^a) is e^a / (1 + e^a).", at=at, given=short(leaf.grad / 3))
    return ""


EXERCISES = {
    "05.1": Value(
        -4,
        explain="Through the outer product s = −1, through the inner one x · w = −3.",
        hint="Two edges leave x: one into x · w, one into the outer product.",
        mistakes={
            -1: "That is what comes through the outer product alone. x is used twice.",
            -3: "That is what comes through the inner product alone, or f itself. x is used twice.",
            3: "Multiply along a path, but add where paths meet.",
            4: "The size is right. Look at the signs of the two parts.",
        },
    ),
    "05.2": Value(
        [2 * _SLOPE_B, _SLOPE_B],
        explain="They share everything but the last slope: x = 2 for w, 1 for b.",
        hint="2 (σ − t), then σ (1 − σ), then x or 1; here w x + b = 1.",
    ),
    "05.3": Value(
        [2_000_000, 1_000_000, 1],
        explain="Backward takes one sweep, however many weights there are.",
        hint="A forward sweep gives slopes by one weight; a backward sweep, one loss's by all weights.",
    ),
    "05.4": _softplus,
    "05.5": Function(
        _affine,
        cases=Lazily(_shapes),
        explain="Three shapes agree.",
        hint="dW has W's shape, db is a sum over the examples, dX has X's shape.",
    ),
    "05.6": Value(
        [_H, 3 * _H**2],
        relative=0.02,
        explain="Four digits at best: that is why gradients are tested in double precision.",
        hint="The error is h² + ε/h here; its derivative is 2h − ε/h².",
    ),
    "05.7": Value(
        2 / (1 + 1 / 25),
        explain="Of the mean square (1 + 1/25)/2 stays, so the variance makes up for 0.52.",
        hint="Half of the mean square comes from the positive side, half from the negative.",
        mistakes={
            2: "That is the plain ReLU. Here the negative side passes on something too.",
            2 / 1.2: "The slope 1/5 acts on the size; on the mean square it acts squared.",
            0.52: "That is what a layer keeps. Which variance makes up for it?",
        },
    ),
    "05.8": Value(
        [math.sqrt(2) / 10 ** (1 / 49), math.sqrt(2) * 10 ** (1 / 49)],
        digits=4,  # with three, 48 or 50 steps would do
        explain="Within five per cent of He's gain on either side: over fifty layers there is little room.",
        hint="(g/√2)^49 must lie between 1/10 and 10.",
    ),
}
