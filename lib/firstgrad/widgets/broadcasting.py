"""The explorable *broadcasting*: two shapes in, the aligned result out (chapter 02)."""

import numbers
from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, Explorable, Number

# Where each task begins. A test holds them equal to the front end's.
TASKS = {
    "table": ([4], [3]),
    "rows": ([3, 5], [3]),
    "silent": ([3, 3], [3]),
    "channels": ([2, 3, 4, 4], [3]),
}
MOST_AXES = 4
MOST_SIZE = 1_000_000


class Shape(traitlets.TraitType):
    """A shape of at most four axes, such as `tensor.shape`. Raises: TypeError, ValueError."""

    def validate(self, obj: Any, value: Any) -> list[int]:
        if isinstance(value, str) or not hasattr(value, "__len__"):
            raise TypeError(f"{self.name} must be a shape such as [4, 1], not {value!r}")
        if len(value) > MOST_AXES:
            raise ValueError(f"{self.name} must have at most {MOST_AXES} axes, not {len(value)}: {value!r}")
        for size in value:
            if isinstance(size, bool) or not isinstance(size, numbers.Integral):
                raise TypeError(f"{self.name} must be a list of whole numbers, not {value!r}")
            if not 0 <= int(size) <= MOST_SIZE:
                raise ValueError(f"{self.name} must have sizes from 0 to {MOST_SIZE}, not {value!r}")
        return [int(size) for size in value]


class Broadcasting(Explorable):
    """Two shapes aligned at the right: who is stretched, what fails and why, which elements meet.

    `Broadcasting(a=x.shape, b=y.shape)` looks at two tensors of your own; `Broadcasting(task="rows")` begins
    with that task's shapes. `won` becomes True when the reader has solved the four tasks.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    a = Shape([4, 1]).tag(sync=True)
    b = Shape([3]).tag(sync=True)
    cell = Number(5, 0, whole=True).tag(sync=True)  # the element of the result that is pointed at
    task = Choice(("free", *TASKS), "free").tag(sync=True)
    solved = traitlets.List(traitlets.Unicode()).tag(sync=True, output=True)
    won = traitlets.Bool(False).tag(sync=True, output=True)

    def __init__(self, **settings: Any):
        task = settings.get("task", "free")
        if isinstance(task, str) and task in TASKS:
            settings = dict(zip("ab", TASKS[task], strict=True)) | {"cell": 0} | settings
        super().__init__(**settings)
