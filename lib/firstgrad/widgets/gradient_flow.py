"""The explorable *gradient flow*: the size of the gradient in each layer of a deep network (chapter 05)."""

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number


class GradientFlow(Explorable):
    """Depth, activation and initialisation of a network of 64 units a layer; its gradients, layer by layer.

    A weight's standard deviation is gain/√64: gain 1 is Xavier's initialisation, √2 is He's.
    `passed` names the activations for which the reader has reached the goal.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    activation = Choice(("tanh", "relu", "sigmoid"), "tanh").tag(sync=True)
    depth = Number(30, 2, 50, whole=True).tag(sync=True)  # layers
    gain = Number(0.6, 0.01, 20).tag(sync=True)
    seed = Number(1, 0, whole=True).tag(sync=True)  # of the weights, the input and the gradient
    passed = traitlets.List(traitlets.Unicode()).tag(sync=True, output=True)
