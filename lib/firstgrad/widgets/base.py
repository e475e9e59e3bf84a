"""What every explorable shares: its bundle, its language, its checks of bad input.

An explorable computes in JavaScript; Python holds its traits. So importing this needs no torch.
"""

import difflib
import math
from pathlib import Path

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"
HIDDEN = {"kernel", "layout", "tabbable", "tooltip"}  # synced, but nobody's setting


class Number(traitlets.TraitType):
    """A finite number between `low` and `high`; `open_low` leaves `low` itself out.

    Raises: TypeError for what is no number, ValueError for one that is out of range.
    """

    def __init__(self, default, low=-math.inf, high=math.inf, *, open_low=False, whole=False, **kwargs):
        super().__init__(default, **kwargs)
        self.low, self.high, self.open_low, self.whole = low, high, open_low, whole

    def allowed(self):
        kind = "a whole number" if self.whole else "a finite number"
        above = f" > {self.low:g}" if self.open_low else f" ≥ {self.low:g}"
        return kind + (above if self.low > -math.inf else "") + (
            f" and ≤ {self.high:g}" if self.high < math.inf else ""
        )

    def validate(self, obj, value):
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise TypeError(f"{self.name} must be {self.allowed()}, not {value!r}")
        number = float(value)
        inside = self.low < number if self.open_low else self.low <= number
        if not (math.isfinite(number) and inside and number <= self.high):
            raise ValueError(f"{self.name} must be {self.allowed()}, not {value!r}")
        if self.whole and number != int(number):
            raise ValueError(f"{self.name} must be {self.allowed()}, not {value!r}")
        return int(number) if self.whole else number


class Choice(traitlets.TraitType):
    """One of some words. Raises: ValueError that names them, and the nearest."""

    def __init__(self, words, default, **kwargs):
        super().__init__(default, **kwargs)
        self.words = tuple(words)

    def validate(self, obj, value):
        if value in self.words:
            return value
        near = difflib.get_close_matches(str(value), self.words, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{self.name} must be one of {', '.join(map(repr, self.words))}, not {value!r}{hint}")


class Point(traitlets.TraitType):
    """Two finite numbers, [x, y]. Raises: TypeError, ValueError."""

    def validate(self, obj, value):
        if isinstance(value, str) or not hasattr(value, "__iter__") or len(list(value)) != 2:
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

    def __init__(self, **settings):
        unknown = settings.keys() - set(self.settings())
        if unknown:
            known = ", ".join(sorted(self.settings()))
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}; it has: {known}")
        self._esm = self.bundle()
        super().__init__(**settings)

    @classmethod
    def bundle(cls):
        """The front end as text. Raises: FileNotFoundError where it was not built."""
        path = STATIC / f"{cls.__module__.rpartition('.')[2]}.js"
        if not path.is_file():
            raise FileNotFoundError(f"{cls.__name__} has no bundle {path.name}: run `make widgets`")
        return path.read_text("utf-8")

    @classmethod
    def settings(cls):
        """The names of the traits that a reader may set."""
        return [name for name in cls.class_trait_names(sync=True) if name[0] != "_" and name not in HIDDEN]

    def __repr__(self):
        # Only what differs from the default: short, and the same in every run.
        traits = self.traits()
        values = {name: getattr(self, name) for name in sorted(self.settings())}
        changed = [f"{name}={value!r}" for name, value in values.items() if value != traits[name].default_value]
        return f"{type(self).__name__}({', '.join(changed)})"
