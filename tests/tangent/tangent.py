"""A cubic and its tangent: the smallest explorable. Copy it to start your own (CONTRIBUTING.md)."""

import traitlets

from firstgrad.widgets.base import Explorable, Number


class Tangent(Explorable):
    """Drag the point until the slope is zero."""

    x = Number(2.0, -3, 3).tag(sync=True)
    goal_reached = traitlets.Bool(False).tag(sync=True)
