"""Checks of arguments, said in one form: which argument, what was given, what is expected."""

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypeGuard, TypeVar

T = TypeVar("T")


def is_real(value: Any) -> TypeGuard[float]:
    """Is it a real number, Python's or NumPy's? A bool is none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def number(name: str, value: Any, *, above: float | None = None, least: float | None = None,
           below: float | None = None, most: float | None = None) -> float:
    """Return `value` if it is a finite real number within the bounds that are given; of NumPy's, Python's.

    Raises: TypeError when it is no real number (a bool is none), ValueError when it is out of bounds.
    """
    bounds = [("above", above), ("at least", least), ("below", below), ("at most", most)]
    limits = [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
    expected = f"a finite number {' and '.join(limits)}".strip()
    if not is_real(value):
        raise TypeError(f"{name}: given {value!r}, expected {expected}")
    inside = (math.isfinite(value)
              and (above is None or value > above) and (least is None or value >= least)
              and (below is None or value < below) and (most is None or value <= most))
    if not inside:
        raise ValueError(f"{name}: given {value!r}, expected {expected}")
    return value.item() if hasattr(value, "item") else value


def whole(name: str, value: Any, *, least: int = 1) -> int:
    """Return `value` if it is an integer of at least `least`. Raises TypeError or ValueError."""
    expected = f"a whole number of at least {least}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: given {value!r}, expected {expected}")
    if value < least:
        raise ValueError(f"{name}: given {value!r}, expected {expected}")
    return int(value)


def choice(name: str, value: T, allowed: Iterable[T]) -> T:
    """Return `value` if it is one of `allowed`. Raises ValueError that lists them."""
    if value not in allowed:
        raise ValueError(f"{name}: given {value!r}, expected one of {', '.join(map(repr, allowed))}")
    return value
