"""What metrics take (lists, arrays, tensors), as NumPy arrays of numbers that make sense; or a ValueError."""

from collections.abc import Collection
from typing import Any

import numpy as np


def as_array(name: str, values: Any, dimensions: Collection[int] = (1,)) -> np.ndarray:
    """The values as an array of finite numbers with at least one row."""
    values = values.detach().cpu() if hasattr(values, "detach") else values
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name}: given rows of different lengths, expected an array") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: given {array.dtype}, expected numbers")
    if array.ndim not in dimensions or array.size == 0:
        wanted = " or ".join("(n,)" if d == 1 else "(n, C)" for d in dimensions)
        raise ValueError(f"{name}: given shape {array.shape}, expected {wanted} with at least one row")
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise ValueError(f"{name}: given {array[row]} in row {row}, expected only finite numbers")
    return array


def class_numbers(name: str, values: Any) -> np.ndarray:
    """The values as int64, each a whole number from 0 on."""
    array = as_array(name, values)
    bad = (array < 0) | (array % 1 != 0)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{name}: given {array[row]} in row {row}, expected class numbers 0, 1, 2, …")
    return array.astype(np.int64)


def labels_and_scores(labels: Any, scores: Any, name: str,
                      need_both: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Labels 0 or 1, as int64, and as many scores, as float64; `name` is what the scores are called."""
    labels, scores = class_numbers("labels", labels), as_array(name, scores).astype(float)
    same_length("labels", labels, name, scores)
    if labels.max() > 1:
        raise ValueError(f"labels: given {labels.max()} in row {labels.argmax()}, expected 0 and 1 only")
    if name == "scores" and labels.max() == 0:
        raise ValueError("labels: given only 0, expected some 1: without positives there is no recall")
    if need_both and labels.min() == 1:
        raise ValueError("labels: given only 1, expected some 0: without negatives there are no false alarms")
    return labels, scores


def same_length(first: str, a: np.ndarray, second: str, b: np.ndarray) -> None:
    """Raise ValueError unless both have as many rows."""
    if len(a) != len(b):
        raise ValueError(f"{second}: given {len(b)} rows, expected {len(a)}, as many as {first}")


def check_probabilities(array: np.ndarray) -> None:
    """Raise ValueError unless all are from 0 to 1, and rows of several add up to 1."""
    if array.min() < 0 or array.max() > 1:
        row = int(np.argwhere((array < 0) | (array > 1))[0][0])
        raise ValueError(f"probabilities: given {array[row]} in row {row}, expected numbers from 0 to 1; "
                         "a sigmoid or a softmax makes probabilities of logits")
    if array.ndim == 2 and not np.allclose(array.sum(axis=1), 1, atol=1e-4):
        row = int(np.argmax(np.abs(array.sum(axis=1) - 1)))
        raise ValueError(f"probabilities: given a sum of {array[row].sum():.6g} in row {row}, expected 1")
