"""What every explorable shares: its bundle, its language, its checks of bad input.

An explorable computes in JavaScript; Python holds its traits. So importing this needs no torch.
"""

import difflib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from firstgrad import data
from firstgrad.arguments import is_real

STATIC = Path(__file__).parent / "static"
HIDDEN = {"kernel", "layout", "model_sizes", "tabbable", "tooltip"}  # synced, but nobody's setting


class Number(traitlets.TraitType):
    """A finite number from `low` to `high`; `open_low` and `open_high` leave the ends themselves out.

    Raises: TypeError for what is no number, ValueError for one that is out of range.
    """

    def __init__(self, default: float, low: float | None = None, high: float | None = None, *,
                 open_low: bool = False, open_high: bool = False, whole: bool = False):
        super().__init__(default)
        self.low, self.high, self.whole = low, high, whole
        self.above, self.below = (">" if open_low else "≥"), ("<" if open_high else "≤")

    def allowed(self) -> str:
        """What it may be, in words."""
        ends = ((self.above, self.low), (self.below, self.high))
        bounds = " and ".join(f"{sign} {end:g}" for sign, end in ends if end is not None)
        return f"{'a whole' if self.whole else 'a finite'} number {bounds}".strip()

    def fits(self, number: float) -> bool:
        """Is it within the bounds, and whole if it must be?"""
        low = self.low is None or (number > self.low if self.above == ">" else number >= self.low)
        high = self.high is None or (number < self.high if self.below == "<" else number <= self.high)
        return math.isfinite(number) and low and high and not (self.whole and number % 1)

    def validate(self, obj: Any, value: Any) -> float:
        if not is_real(value):
            raise TypeError(f"{self.name} must be {self.allowed()}, not {value!r}")
        if not self.fits(float(value)):
            raise ValueError(f"{self.name} must be {self.allowed()}, not {value!r}")
        return int(value) if self.whole else float(value)


class Choice(traitlets.TraitType):
    """One of some words. Raises: ValueError that names them, and the nearest."""

    def __init__(self, words: Iterable[str], default: str):
        super().__init__(default)
        self.words = tuple(words)

    def validate(self, obj: Any, value: Any) -> str:
        if value in self.words:
            return value
        near = difflib.get_close_matches(str(value), self.words, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        words = ", ".join(map(repr, self.words))
        raise ValueError(f"{self.name} must be one of {words}, not {value!r}{hint}")


class Point(traitlets.TraitType):
    """Two finite numbers, [x, y]. Raises: TypeError, ValueError."""

    def validate(self, obj: Any, value: Any) -> list[float]:
        if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != 2:
            raise TypeError(f"{self.name} must be two numbers [x, y], not {value!r}")
        point = [float(v) for v in value]
        if not all(map(math.isfinite, point)):
            raise ValueError(f"{self.name} must be two finite numbers [x, y], not {value!r}")
        return point


class Explorable(anywidget.AnyWidget):
    """An explorable: `static/<module name>.js` draws and computes, the traits hold its state.

    A subclass names its traits and nothing else. An unknown keyword is a TypeError.
    """

    language = Choice(("auto", "en", "zh"), "auto").tag(sync=True)
    kernel = traitlets.Bool(True).tag(sync=True)  # the static page sets it to False

    def __init__(self, **settings: Any):
        unknown = settings.keys() - set(self.settings())
        if unknown:
            known = ", ".join(sorted(self.settings()))
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}; it has: {known}")
        self._esm = self.bundle()
        super().__init__(**settings)

    @classmethod
    def bundle(cls) -> str:
        """The front end as text. Raises: FileNotFoundError where it was not built."""
        path = STATIC / f"{cls.__module__.rpartition('.')[2]}.js"
        if not path.is_file():
            raise FileNotFoundError(f"{cls.__name__} has no bundle {path.name}: run `make widgets`")
        return path.read_text("utf-8")

    @classmethod
    def settings(cls) -> list[str]:
        """The traits that a reader may set; what the front end reports is tagged `output=True`."""
        names = cls.class_trait_names(sync=True, output=lambda is_output: not is_output)
        return [name for name in names if name[0] != "_" and name not in HIDDEN]

    def __repr__(self) -> str:
        # Only what differs from the default: short, and the same in every run.
        traits = self.traits()
        values = ((name, getattr(self, name)) for name in self.settings())
        changed = [f"{name}={value!r}" for name, value in values if value != traits[name].default_value]
        return f"{type(self).__name__}({', '.join(changed)})"


class WithModels(Explorable):
    """An explorable that shows trained models: `models` names files of data/models, without their ending.

    None travels before the reader asks for it; the button says its size.
    Raises: FileNotFoundError where a file is missing.
    """

    models: tuple[str, ...] = ()
    model_sizes = traitlets.Dict().tag(sync=True)  # name → bytes

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.model_sizes = {name: self.model(name).stat().st_size for name in self.models}
        self.on_msg(self._asked)

    @staticmethod
    def model(name: str) -> Path:
        """Where the file of a trained model is. Raises: FileNotFoundError."""
        return data.path(f"models/{name}.safetensors")

    def _asked(self, _, message, buffers):
        name = message.get("load") if isinstance(message, dict) else None
        if name in self.models:
            self.send({"model": name}, buffers=[self.model(name).read_bytes()])
        elif name is not None:
            self.send({"model": name, "error": f"{type(self).__name__} has no model {name!r}"})
