"""The explorable *adam*: what Adam keeps, what its steps are made of, and a race (chapter 07)."""

from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number, Point

# Each surface's own start, learning rate and number of steps. A test holds them equal to the front end's.
SURFACES = {
    "quadratic": ([-2.4, 0.6], 0.1, 100),
    "rosenbrock": ([-1.2, 1.0], 0.05, 300),
    "beale": ([0.5, -1.0], 0.05, 150),
    "saddle": ([-1.6, 0.0], 0.1, 60),
    "mlp": ([0.1, 0.2], 0.05, 40),
}


class AdamLab(Explorable):
    """Adam on a surface that can be seen, its averages and step sizes over time; or a race of four.

    `AdamLab(surface="beale")` takes that surface's own start, learning rate and steps, unless they are given.
    `goal_reached` and `final_loss` (None when it is not finite) come back from the front end.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    surface = Choice(SURFACES, "quadratic").tag(sync=True)
    view = Choice(("inside", "race"), "inside").tag(sync=True)
    watch = Choice(("x", "y"), "x").tag(sync=True)  # the coordinate whose averages are shown
    corrected = traitlets.Bool(True).tag(sync=True)  # m̂ and v̂ in the place of m and v
    tuned = traitlets.Bool(True).tag(sync=True)  # in the race: each at its best learning rate
    learning_rate = Number(0.1, 0, open_low=True).tag(sync=True)  # α
    beta1 = Number(0.9, 0, 1, open_high=True).tag(sync=True)  # in the race also momentum's μ
    beta2 = Number(0.999, 0, 1, open_high=True).tag(sync=True)  # in the race also RMSProp's β
    epsilon = Number(1e-8, 0, open_low=True).tag(sync=True)
    condition = Number(30.0, 1, 1000).tag(sync=True)  # κ of the quadratic
    angle = Number(23.0, 0, 90).tag(sync=True)  # degrees from the x axis to the quadratic's flat axis
    start = Point([-2.4, 0.6]).tag(sync=True)
    steps = Number(100, 1, 10000, whole=True).tag(sync=True)
    step = Number(-1, -1, whole=True).tag(sync=True)  # the step shown; -1: all of them
    goal_reached = traitlets.Bool(False).tag(sync=True, output=True)
    final_loss = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)

    def __init__(self, **settings: Any) -> None:
        surface = settings.get("surface", "quadratic")
        if isinstance(surface, str) and surface in SURFACES:
            own = dict(zip(("start", "learning_rate", "steps"), SURFACES[surface], strict=True))
            settings = own | settings
        super().__init__(**settings)
