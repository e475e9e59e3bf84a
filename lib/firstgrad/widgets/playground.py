"""The explorable *playground*: a network of any shape learns points of the plane, in view (chapter 03)."""

import math
from collections.abc import Callable
from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number, Point

DATASETS = ("circles", "xor", "moons", "blobs", "spiral", "plane", "hills", "drawn")
FEATURES = ("x1", "x2", "x1x1", "x2x2", "x1x2", "sin1", "sin2")
ACTIVATIONS = ("tanh", "relu", "sigmoid", "gelu", "identity")
OPTIMISERS = ("sgd", "momentum", "adam")
MOST_LAYERS, MOST_NEURONS = 6, 8
REACH, MOST_POINTS = 3, 500  # points lie in the square from −REACH to REACH


class Rows(traitlets.TraitType):
    """A list of items that are right by `fits`. Raises: TypeError, ValueError that say what is allowed."""

    def __init__(self, default: list, fits: Callable[[Any], bool], allowed: str, *, least: int = 0,
                 most: float = math.inf):
        super().__init__(default)
        self.fits, self.allowed, self.least, self.most = fits, allowed, least, most

    def make_dynamic_default(self) -> list:
        return list(self.default_value)

    def validate(self, obj: Any, value: Any) -> list:
        if hasattr(value, "tolist"):  # an array, a tensor
            value = value.tolist()
        if not isinstance(value, list | tuple):
            raise TypeError(f"{self.name} must be a list of {self.allowed}, not {value!r}")
        value = [list(item) if isinstance(item, tuple) else item for item in value]
        wrong = next((item for item in value if not self.fits(item)), None)
        if wrong is not None or None in value:
            raise ValueError(f"{self.name} must be a list of {self.allowed}, not with {wrong!r}")
        if not self.least <= len(value) <= self.most:
            raise ValueError(f"{self.name} must be a list of {self.allowed}, not of length {len(value)}")
        return value


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _width(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_NEURONS


def _row(value) -> bool:
    inside = isinstance(value, list) and len(value) == 3 and all(map(_number, value))
    return inside and max(abs(value[0]), abs(value[1])) <= REACH and value[2] in (0, 1)


class Playground(Explorable):
    """A multilayer perceptron that learns in the page: data, network and training to choose, weights to edit.

    `weights` are those of `torch.nn.utils.parameters_to_vector` for firstgrad's MLP of the same sizes; empty
    means drawn from `seed`. `drawn` holds rows [x1, x2, 0 or 1] for the data set "drawn"; `data` comes back
    with every row [x1, x2, target] in use, and the losses, `accuracy` and `goal_reached` with it.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    dataset = Choice(DATASETS, "circles").tag(sync=True)
    noise = Number(0.1, 0, 1).tag(sync=True)  # standard deviation: of the places, or of the values
    train_share = Number(0.5, 0.1, 0.9).tag(sync=True)
    seed = Number(1, 0, whole=True).tag(sync=True)  # of the data, the first weights and the batches
    drawn = Rows([], _row, "rows [x1, x2, 0 or 1] with x1 and x2 from -3 to 3",
                 most=MOST_POINTS).tag(sync=True)
    pen = Choice(("plus", "minus", "erase"), "plus").tag(sync=True)
    features = Rows(["x1", "x2"], FEATURES.__contains__, f"one or more of {', '.join(FEATURES)}", least=1,
                    most=len(FEATURES)).tag(sync=True)
    hidden = Rows([2], _width, "at most 6 whole numbers from 1 to 8", most=MOST_LAYERS).tag(sync=True)
    activation = Choice(ACTIVATIONS, "tanh").tag(sync=True)
    optimiser = Choice(OPTIMISERS, "sgd").tag(sync=True)
    learning_rate = Number(0.1, 0, open_low=True).tag(sync=True)  # α
    batch_size = Number(10, 1, whole=True).tag(sync=True)  # rows
    regularisation = Choice(("none", "l1", "l2"), "none").tag(sync=True)
    strength = Number(0.001, 0, 10).tag(sync=True)  # λ: of λ Σ|w|, or of ½ λ Σw²
    step = Number(0, 0, whole=True).tag(sync=True)  # batches so far
    weights = Rows([], _number, "finite numbers").tag(sync=True)
    probe = Point([1.5, 0.5]).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)  # "2.1": the first neuron of the second hidden layer
    show_test = traitlets.Bool(True).tag(sync=True)
    discrete = traitlets.Bool(False).tag(sync=True)
    numbers = traitlets.Bool(False).tag(sync=True)
    data: traitlets.List[list] = traitlets.List([]).tag(sync=True, output=True)
    train_loss = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)
    test_loss = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)
    accuracy = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)
    goal_reached = traitlets.Bool(False).tag(sync=True, output=True)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of the input, of each hidden layer, of the output."""
        return (len(self.features), *self.hidden, 1)
