"""Classes against classes: confusion matrix, accuracy, precision, recall, F1."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from firstgrad.metrics.arguments import class_numbers, same_length

AVERAGES = ("binary", "macro", "micro", "weighted", None)


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, classes: int | None = None) -> np.ndarray:
    """Counts (C, C): row = what is true, column = what was predicted.  classes: C, if more than seen."""
    labels, predictions, count = _pairs(labels, predictions, classes)
    return np.bincount(labels * count + predictions, minlength=count**2).reshape(count, count)


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """The share of predictions that are right."""
    labels, predictions, _ = _pairs(labels, predictions)
    return float((labels == predictions).mean())


def precision(labels: ArrayLike, predictions: ArrayLike, average: str | None = "binary",
              undefined: float = math.nan) -> float | np.ndarray:
    """Of those predicted as a class, the share that is of it: TP / (TP + FP)."""
    return _averaged(labels, predictions, average, undefined, lambda tp, fp, fn: (tp, tp + fp))


def recall(labels: ArrayLike, predictions: ArrayLike, average: str | None = "binary",
           undefined: float = math.nan) -> float | np.ndarray:
    """Of those of a class, the share that is predicted as it: TP / (TP + FN)."""
    return _averaged(labels, predictions, average, undefined, lambda tp, fp, fn: (tp, tp + fn))


def f1(labels: ArrayLike, predictions: ArrayLike, average: str | None = "binary",
       undefined: float = math.nan) -> float | np.ndarray:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    average: "binary": of class 1, where there are only 0 and 1. "macro": the mean over the classes, all
        alike. "weighted": the mean, each class by its number of labels. "micro": from the sums of TP, FP and
        FN. None: the array of all classes.
    undefined: the value of 0/0. NaN is left out of a mean; scikit-learn warns and takes 0.
    """
    return _averaged(labels, predictions, average, undefined, lambda tp, fp, fn: (2 * tp, 2 * tp + fp + fn))


def _pairs(labels: ArrayLike, predictions: ArrayLike,
           classes: int | None = None) -> tuple[np.ndarray, np.ndarray, int]:
    """Class numbers (n,) and (n,), and how many classes there are: `classes`, or as many as are seen."""
    labels, predictions = class_numbers("labels", labels), class_numbers("predictions", predictions)
    same_length("labels", labels, "predictions", predictions)
    seen = int(max(labels.max(), predictions.max())) + 1
    count = seen if classes is None else classes
    if count < seen:
        raise ValueError(f"classes: given {classes}, expected at least {seen}, since class {seen - 1} occurs")
    return labels, predictions, count


def _averaged(labels, predictions, average, undefined,
              fraction: Callable[..., tuple[Any, Any]]) -> float | np.ndarray:
    if average not in AVERAGES:
        raise ValueError(f"average: given {average!r}, expected one of {', '.join(map(repr, AVERAGES))}")
    labels, predictions, count = _pairs(labels, predictions, 2 if average == "binary" else None)
    # Each class's three counts alone: of 50,000 classes the confusion matrix would take 20 GB.
    true, predicted, tp = (np.bincount(found, minlength=count).astype(float)
                           for found in (labels, predictions, labels[labels == predictions]))
    fp, fn = predicted - tp, true - tp
    if average == "micro":
        return float(_share(*fraction(tp.sum(), fp.sum(), fn.sum()), undefined))
    each = _share(*fraction(tp, fp, fn), undefined)
    if average is None:
        return each
    if average == "binary":
        return float(each[1])
    there = (tp + fp + fn > 0) & ~np.isnan(each)  # a class that neither occurs nor is predicted is none
    if not there.any():
        return undefined
    weights = (tp + fn)[there] if average == "weighted" else None
    weights = None if weights is None or weights.sum() == 0 else weights
    return float(np.average(each[there], weights=weights))


def _share(part, whole, undefined):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.asarray(whole) > 0, np.divide(part, whole), undefined)
