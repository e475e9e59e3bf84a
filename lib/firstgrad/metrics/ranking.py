"""Scores of two classes, at every threshold: ROC and precision-recall curves, and the areas under them."""

import numpy as np
from numpy.typing import ArrayLike

from firstgrad.metrics.arguments import labels_and_scores


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """False and true positive rates (n,) of every threshold, and the thresholds, falling from infinity.

    A row counts as positive where its score is at least the threshold; equal scores move together.
    """
    tp, fp, thresholds = _sweep(labels, scores, need_both=True)
    return fp / fp[-1], tp / tp[-1], thresholds


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """The area under the ROC curve: 0.5 for a coin, 1 for a perfect ranking."""
    fpr, tpr, _ = roc_curve(labels, scores)
    return float(np.trapezoid(tpr, fpr))


def ranked_right(labels: ArrayLike, scores: ArrayLike) -> float:
    """The probability that a random positive has a larger score than a random negative; a tie counts half.

    This is the Mann-Whitney statistic, divided by the number of pairs, and it equals `roc_auc`.
    """
    labels, scores = labels_and_scores(labels, scores, "scores", need_both=True)
    positive, negative = scores[labels == 1], np.sort(scores[labels == 0])
    below, up_to = (np.searchsorted(negative, positive, side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(negative)))


def precision_recall_curve(labels: ArrayLike,
                           scores: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision and recall (n + 1,) of every threshold, ending in (1, 0), and the thresholds (n,), rising."""
    tp, fp, thresholds = (part[1:] for part in _sweep(labels, scores))
    precisions, recalls = tp / (tp + fp), tp / tp[-1]
    return np.append(precisions[::-1], 1.0), np.append(recalls[::-1], 0.0), thresholds[::-1]


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """The mean precision over the recalls that the thresholds reach: the area under the steps."""
    precisions, recalls, _ = precision_recall_curve(labels, scores)
    return float(-np.sum(np.diff(recalls) * precisions[:-1]))


def _sweep(labels, scores, need_both=False):
    """True and false positives at every threshold, from none (infinity) to all."""
    labels, scores = labels_and_scores(labels, scores, "scores", need_both)
    order = np.argsort(-scores, kind="stable")
    labels, scores = labels[order], scores[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of each run of equal scores
    tp = np.cumsum(labels)[last]
    start = np.zeros(1)
    return np.append(start, tp), np.append(start, last + 1 - tp), np.append(np.inf, scores[last])
