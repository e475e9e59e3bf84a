"""The explorable *descent*: an optimiser walks down a surface (chapter 06)."""

from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number, Point

# Each surface's own start, learning rate and number of steps. A test holds them equal to the front end's.
SURFACES = {
    "quadratic": ([-2.4, 0.6], 0.02, 100),
    "rosenbrock": ([-1.2, 1.0], 1e-3, 300),
    "beale": ([0.5, -1.0], 5e-3, 150),
    "saddle": ([-1.6, 0.0], 0.2, 60),
    "mlp": ([0.1, 0.2], 0.1, 40),
}
OPTIMISERS = ("sgd", "momentum", "nesterov")


class Descent(Explorable):
    """An optimiser on a surface that can be seen: path, loss curve, stability limit, and a goal to reach.

    `Descent(surface="beale")` takes that surface's own start, learning rate and steps, unless they are given.
    `goal_reached` and `final_loss` (None when it is not finite) come back from the front end.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    surface = Choice(SURFACES, "quadratic").tag(sync=True)
    optimiser = Choice(OPTIMISERS, "sgd").tag(sync=True)
    learning_rate = Number(0.02, 0, open_low=True).tag(sync=True)  # α
    momentum = Number(0.9, 0, 1, open_high=True).tag(sync=True)  # μ; gradient descent has no use for it
    condition = Number(30.0, 1, 1000).tag(sync=True)  # κ = λ_max / λ_min of the quadratic
    start = Point([-2.4, 0.6]).tag(sync=True)
    steps = Number(100, 1, 10000, whole=True).tag(sync=True)
    step = Number(-1, -1, whole=True).tag(sync=True)  # the step shown; -1: all of them
    compare = traitlets.Bool(False).tag(sync=True)  # the other optimisers' paths too
    goal_reached = traitlets.Bool(False).tag(sync=True, output=True)
    final_loss = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)

    def __init__(self, **settings: Any) -> None:
        surface = settings.get("surface", "quadratic")
        if isinstance(surface, str) and surface in SURFACES:
            own = dict(zip(("start", "learning_rate", "steps"), SURFACES[surface], strict=True))
            settings = own | settings
        super().__init__(**settings)
