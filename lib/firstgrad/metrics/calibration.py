"""Are probabilities what they say? Log loss, Brier score, calibration by bins."""

import numpy as np
from numpy.typing import ArrayLike

from firstgrad.metrics.arguments import (
    as_array,
    check_probabilities,
    class_numbers,
    labels_and_scores,
    same_length,
)


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The mean of −ln p(what is true): (n,) of class 1, or (n, C). Infinite where that p is 0."""
    probabilities = as_array("probabilities", probabilities, (1, 2))
    labels = class_numbers("labels", labels)
    same_length("labels", labels, "probabilities", probabilities)
    check_probabilities(probabilities)
    if probabilities.ndim == 1:
        probabilities = np.stack([1 - probabilities, probabilities], axis=1)  # (n,) -> (n, 2)
    classes = probabilities.shape[1]
    if labels.max() >= classes:
        raise ValueError(f"labels: given {labels.max()}, expected 0…{classes - 1}, as probabilities has")
    with np.errstate(divide="ignore"):
        return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean()) + 0.0


def brier_score(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The mean of (p − y)² for two classes: the squared error of a probability."""
    labels, probabilities = labels_and_scores(labels, probabilities, "probabilities")
    check_probabilities(probabilities)
    return float(np.mean((probabilities - labels) ** 2))


def calibration_curve(labels: ArrayLike, probabilities: ArrayLike,
                      bins: int = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By bins of equal width: the mean probability, the share of class 1, and the number of rows.

    Bins without rows are left out. A probability on an edge belongs to the bin below.
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"bins: given {bins!r}, expected a whole number of at least 1")
    labels, probabilities = labels_and_scores(labels, probabilities, "probabilities")
    check_probabilities(probabilities)
    which = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probabilities)
    counts = np.bincount(which, minlength=bins)
    some = counts > 0
    predicted, observed = (np.bincount(which, values, bins)[some] / counts[some]
                           for values in (probabilities, labels))
    return predicted, observed, counts[some]


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """The mean distance of predicted from observed shares, each bin by its number of rows."""
    predicted, observed, counts = calibration_curve(labels, probabilities, bins)
    return float(np.sum(counts * np.abs(predicted - observed)) / counts.sum())
