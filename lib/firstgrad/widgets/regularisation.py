"""The explorable *regularisation*: model, data and penalty against the error on new points (chapter 08)."""

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number


class Regularisation(Explorable):
    """A sum of cosine waves fitted exactly to noisy points: without a penalty, with L2, L1 or dropout.

    The curve shows training and validation error, or bias² and variance (not for L1), along one axis.
    `passed` names the goals that the reader has reached.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    method = Choice(("none", "l2", "l1", "dropout"), "none").tag(sync=True)
    axis = Choice(("size", "penalty", "data"), "size").tag(sync=True)  # of the curve
    watch = Choice(("errors", "parts"), "errors").tag(sync=True)  # what the curve shows
    points = Number(20, 4, 40, whole=True).tag(sync=True)  # n, to fit to; 100 others judge
    waves = Number(8, 1, 60, whole=True).tag(sync=True)  # p, the weights of the model
    penalty = Number(1e-4, 1e-5, 1).tag(sync=True)  # λ of L2 and L1
    rate = Number(0.3, 0.01, 0.95).tag(sync=True)  # of dropout
    noise = Number(0.3, 0, 5).tag(sync=True)  # σ
    seed = Number(39, 0, whole=True).tag(sync=True)  # of the points and their noise
    passed = traitlets.List(traitlets.Unicode()).tag(sync=True, output=True)
