"""How sure is a metric? Its interval over data sets drawn with repeats."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from firstgrad.metrics.arguments import as_array, same_length


def bootstrap_interval(metric: Callable[..., float], *columns: ArrayLike, draws: int = 1000,
                       level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Between which two numbers `metric(*columns)` falls for `level` of the data sets drawn with repeats.

    A draw for which the metric is not defined (NaN, or a ValueError) is left out.
    """
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise ValueError(f"draws: given {draws!r}, expected a whole number of at least 1")
    if not 0 < level < 1:
        raise ValueError(f"level: given {level!r}, expected a number above 0 and below 1")
    if not columns:
        raise ValueError("columns: given none, expected what the metric takes")
    arrays = [as_array(f"columns[{i}]", column, (1, 2)) for i, column in enumerate(columns)]
    for i, array in enumerate(arrays):
        same_length("columns[0]", arrays[0], f"columns[{i}]", array)
    generator, values = np.random.default_rng(seed), []
    for _ in range(draws):
        rows = generator.integers(0, len(arrays[0]), len(arrays[0]))
        try:
            values.append(metric(*(array[rows] for array in arrays)))
        except ValueError:
            continue
    values = [value for value in values if not math.isnan(value)]
    if not values:
        raise ValueError("metric: given one that is defined for none of the draws")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
