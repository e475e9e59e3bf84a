"""The explorable *computation graph*: values forward, gradients backward, and questions (chapter 05)."""

from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number

# Each computation's own leaves. A test holds them equal to the front end's.
GRAPHS: dict[str, dict[str, float]] = {
    "product": {"x": 2, "b": 1, "w": -3},
    "paths": {"x": 2, "w": 3, "b": 1},
    "neuron": {"w": 0.5, "x": 2, "b": -0.5},
    "error": {"w": 1, "x": 2, "b": 1, "t": 2},
    "logistic": {"w": 1, "x": 1, "b": -0.5, "t": -1},
}
REACH = 5  # a leaf lies between −5 and 5


class ComputationGraph(Explorable):
    """A computation that can be stepped through; in the mode "predict" it asks for gradients.

    `ComputationGraph(graph="neuron")` takes that computation's own leaves, unless they are given.
    `won` becomes True when the reader has predicted three gradients in a row.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    graph = Choice(GRAPHS, "product").tag(sync=True)
    x = Number(2.0, -REACH, REACH).tag(sync=True)
    w = Number(-3.0, -REACH, REACH).tag(sync=True)
    b = Number(1.0, -REACH, REACH).tag(sync=True)
    t = Number(1.0, -REACH, REACH).tag(sync=True)
    step = Number(-1, -1, whole=True).tag(sync=True)  # the step shown; -1: all of them
    mode = Choice(("watch", "predict"), "watch").tag(sync=True)
    asked = Number(1, 0, whole=True).tag(sync=True)  # number of the question: other leaves, another gradient
    answered = traitlets.Bool(False).tag(sync=True, output=True)
    prediction = traitlets.Float(0.0).tag(sync=True, output=True)
    streak = traitlets.Int(0).tag(sync=True, output=True)
    won = traitlets.Bool(False).tag(sync=True, output=True)

    def __init__(self, **settings: Any):
        graph = settings.get("graph", "product")
        if isinstance(graph, str) and graph in GRAPHS:
            settings = GRAPHS[graph] | settings
        super().__init__(**settings)
