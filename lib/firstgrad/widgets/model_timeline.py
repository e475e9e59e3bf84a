"""The explorable *model timeline*: the book's table of landmark models on logarithmic axes (chapter 01)."""

import difflib
from typing import Any

import traitlets

from firstgrad.data.timeline import models
from firstgrad.widgets.base import Choice, Explorable, Number

KINDS = ("all", "text", "image", "speech", "game", "multimodal", "science", "other")


class Model(Choice):
    """The name of a model of the table, or "". Raises: ValueError with the nearest name."""

    def __init__(self):
        super().__init__((), "")

    def validate(self, obj: Any, value: Any) -> str:
        names = [row["name"] for row in models()]
        if value == "" or value in names:
            return value
        near = difflib.get_close_matches(str(value), names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{self.name} must be the name of a model in data/model_timeline/models.csv, "
                         f"not {value!r}{hint}")


class ModelTimeline(Explorable):
    """`firstgrad.data.models()` as points; `x` and `y` choose the axes, `kind` the rows, `model` is marked.

    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    x = Choice(("year", "recent", "parameters", "data", "flops"), "year").tag(sync=True)
    y = Choice(("parameters", "data", "flops", "ratio"), "parameters").tag(sync=True)
    kind = Choice(KINDS, "all").tag(sync=True)
    model = Model().tag(sync=True)
    doubling = Number(40, 0.5, 1000).tag(sync=True)  # months, of the reader's line
    per = Number(200, 0, 1e9, open_low=True).tag(sync=True)  # tokens per parameter, of the reader's line
    table = traitlets.Bool(False).tag(sync=True)
