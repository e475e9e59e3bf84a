"""The explorable *gradient reach*: how far back an RNN, a GRU and an LSTM can learn from (chapter 11)."""

import traitlets

from firstgrad.widgets.base import Explorable, Number


class GradientReach(Explorable):
    """What is left of ∂h_T/∂x_t, step by step back in time, in three cells of 16 units side by side.

    Their recurrent matrices are `scale` times an orthogonal one. `bias` is that of the gate which keeps the
    old state: of the LSTM's forget gate, of the GRU's update gate; all other biases are 0.
    `found` names what the reader has reached: "rnn", "lstm".
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    scale = Number(0.7, 0.05, 20).tag(sync=True)  # s: all singular values of the recurrent matrices
    bias = Number(0.0, -20, 20).tag(sync=True)  # b
    length = Number(120, 2, 150, whole=True).tag(sync=True)  # T, steps
    seed = Number(1, 0, whole=True).tag(sync=True)  # of the weights and the inputs
    found = traitlets.List(traitlets.Enum(("rnn", "lstm"))).tag(sync=True, output=True)
