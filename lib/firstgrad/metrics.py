"""How good are the predictions? Each metric in a few lines of NumPy, equal to scikit-learn's (chapter 04).

Arguments may be lists, arrays or tensors. `labels` are what is true, `predictions` are classes 0…C−1,
`scores` are any numbers that are larger for class 1, `probabilities` are of class 1 (or of each class).
Every function raises a ValueError that names the argument. A share of nothing (0/0) is NaN, not a warning.
"""

import math

import numpy as np

AVERAGES = ("binary", "macro", "micro", "weighted", None)


# --- decisions: classes against classes ---------------------------------------------------------------------


def confusion_matrix(labels, predictions, classes: int | None = None) -> np.ndarray:
    """Counts (C, C): row = what is true, column = what was predicted.  classes: C, if more than seen."""
    labels, predictions = _class_numbers("labels", labels), _class_numbers("predictions", predictions)
    _same_length("labels", labels, "predictions", predictions)
    seen = int(max(labels.max(), predictions.max())) + 1
    count = seen if classes is None else classes
    if count < seen:
        raise ValueError(f"classes: given {classes}, expected at least {seen}, since class {seen - 1} occurs")
    return np.bincount(labels * count + predictions, minlength=count**2).reshape(count, count)


def accuracy(labels, predictions) -> float:
    """The share of predictions that are right."""
    matrix = confusion_matrix(labels, predictions)
    return float(np.trace(matrix) / matrix.sum())


def precision(labels, predictions, average="binary", undefined=math.nan):
    """Of those predicted as a class, the share that is of it: TP / (TP + FP)."""
    return _averaged(labels, predictions, average, undefined, lambda tp, fp, fn: (tp, tp + fp))


def recall(labels, predictions, average="binary", undefined=math.nan):
    """Of those of a class, the share that is predicted as it: TP / (TP + FN)."""
    return _averaged(labels, predictions, average, undefined, lambda tp, fp, fn: (tp, tp + fn))


def f1(labels, predictions, average="binary", undefined=math.nan):
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    average: "binary": of class 1, where there are only 0 and 1. "macro": the mean over the classes, all
        alike. "weighted": the mean, each class by its number of labels. "micro": from the sums of TP, FP and
        FN. None: the array of all classes.
    undefined: the value of 0/0. NaN is left out of a mean; scikit-learn warns and takes 0.
    """
    return _averaged(labels, predictions, average, undefined, lambda tp, fp, fn: (2 * tp, 2 * tp + fp + fn))


def _averaged(labels, predictions, average, undefined, fraction):
    if average not in AVERAGES:
        raise ValueError(f"average: given {average!r}, expected one of {', '.join(map(repr, AVERAGES))}")
    matrix = confusion_matrix(labels, predictions, 2 if average == "binary" else None)
    tp = np.diag(matrix).astype(float)
    fp, fn = matrix.sum(axis=0) - tp, matrix.sum(axis=1) - tp
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


# --- rankings: scores of two classes -----------------------------------------------------------------------


def roc_curve(labels, scores):
    """False and true positive rates (n,) of every threshold, and the thresholds, falling from infinity.

    A row counts as positive where its score is at least the threshold; equal scores move together.
    """
    tp, fp, thresholds = _sweep(labels, scores, need_both=True)
    return fp / fp[-1], tp / tp[-1], thresholds


def roc_auc(labels, scores) -> float:
    """The area under the ROC curve: 0.5 for a coin, 1 for a perfect ranking."""
    fpr, tpr, _ = roc_curve(labels, scores)
    return float(np.trapezoid(tpr, fpr))


def ranked_right(labels, scores) -> float:
    """The probability that a random positive has a larger score than a random negative; a tie counts half.

    This is the Mann-Whitney statistic, divided by the number of pairs, and it equals `roc_auc`.
    """
    labels, scores = _labels_and_scores(labels, scores, "scores", need_both=True)
    positive, negative = scores[labels == 1], np.sort(scores[labels == 0])
    below, up_to = (np.searchsorted(negative, positive, side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(negative)))


def precision_recall_curve(labels, scores):
    """Precision and recall (n + 1,) of every threshold, ending in (1, 0), and the thresholds (n,), rising."""
    tp, fp, thresholds = (part[1:] for part in _sweep(labels, scores))
    precisions, recalls = tp / (tp + fp), tp / tp[-1]
    return np.append(precisions[::-1], 1.0), np.append(recalls[::-1], 0.0), thresholds[::-1]


def average_precision(labels, scores) -> float:
    """The mean precision over the recalls that the thresholds reach: the area under the steps."""
    precisions, recalls, _ = precision_recall_curve(labels, scores)
    return float(-np.sum(np.diff(recalls) * precisions[:-1]))


def _sweep(labels, scores, need_both=False):
    """True and false positives at every threshold, from none (infinity) to all."""
    labels, scores = _labels_and_scores(labels, scores, "scores", need_both)
    order = np.argsort(-scores, kind="stable")
    labels, scores = labels[order], scores[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of each run of equal scores
    tp = np.cumsum(labels)[last]
    start = np.zeros(1)
    return np.append(start, tp), np.append(start, last + 1 - tp), np.append(np.inf, scores[last])


# --- probabilities -----------------------------------------------------------------------------------------


def log_loss(labels, probabilities) -> float:
    """The mean of −ln p(what is true): (n,) of class 1, or (n, C). Infinite where that p is 0."""
    probabilities = _array("probabilities", probabilities, (1, 2))
    labels = _class_numbers("labels", labels)
    _same_length("labels", labels, "probabilities", probabilities)
    _check_probabilities(probabilities)
    if probabilities.ndim == 1:
        probabilities = np.stack([1 - probabilities, probabilities], axis=1)  # (n,) -> (n, 2)
    classes = probabilities.shape[1]
    if labels.max() >= classes:
        raise ValueError(f"labels: given {labels.max()}, expected 0…{classes - 1}, as probabilities has")
    with np.errstate(divide="ignore"):
        return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean()) + 0.0


def brier_score(labels, probabilities) -> float:
    """The mean of (p − y)² for two classes: the squared error of a probability."""
    labels, probabilities = _labels_and_scores(labels, probabilities, "probabilities")
    _check_probabilities(probabilities)
    return float(np.mean((probabilities - labels) ** 2))


def calibration_curve(labels, probabilities, bins: int = 10):
    """By bins of equal width: the mean probability, the share of class 1, and the number of rows.

    Bins without rows are left out. A probability on an edge belongs to the bin below.
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"bins: given {bins!r}, expected a whole number of at least 1")
    labels, probabilities = _labels_and_scores(labels, probabilities, "probabilities")
    _check_probabilities(probabilities)
    which = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probabilities)
    counts = np.bincount(which, minlength=bins)
    some = counts > 0
    predicted, observed = (np.bincount(which, values, bins)[some] / counts[some]
                           for values in (probabilities, labels))
    return predicted, observed, counts[some]


def expected_calibration_error(labels, probabilities, bins: int = 10) -> float:
    """The mean distance of predicted from observed shares, each bin by its number of rows."""
    predicted, observed, counts = calibration_curve(labels, probabilities, bins)
    return float(np.sum(counts * np.abs(predicted - observed)) / counts.sum())


# --- how sure is a metric? ---------------------------------------------------------------------------------


def bootstrap_interval(metric, *columns, draws: int = 1000, level: float = 0.95, seed: int = 0):
    """Between which two numbers `metric(*columns)` falls for `level` of the data sets drawn with repeats.

    A draw for which the metric is not defined (NaN, or a ValueError) is left out.
    """
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise ValueError(f"draws: given {draws!r}, expected a whole number of at least 1")
    if not 0 < level < 1:
        raise ValueError(f"level: given {level!r}, expected a number above 0 and below 1")
    if not columns:
        raise ValueError("columns: given none, expected what the metric takes")
    arrays = [_array(f"columns[{i}]", column, (1, 2)) for i, column in enumerate(columns)]
    for i, array in enumerate(arrays):
        _same_length("columns[0]", arrays[0], f"columns[{i}]", array)
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
    return tuple(float(q) for q in np.quantile(values, [(1 - level) / 2, (1 + level) / 2]))


# --- bad input ---------------------------------------------------------------------------------------------


def _array(name, values, dimensions=(1,)) -> np.ndarray:
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


def _class_numbers(name, values) -> np.ndarray:
    array = _array(name, values)
    bad = (array < 0) | (array % 1 != 0)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"{name}: given {array[row]} in row {row}, expected class numbers 0, 1, 2, …")
    return array.astype(np.int64)


def _labels_and_scores(labels, scores, name, need_both=False):
    labels, scores = _class_numbers("labels", labels), _array(name, scores).astype(float)
    _same_length("labels", labels, name, scores)
    if labels.max() > 1:
        raise ValueError(f"labels: given {labels.max()} in row {labels.argmax()}, expected 0 and 1 only")
    if name == "scores" and labels.max() == 0:
        raise ValueError("labels: given only 0, expected some 1: without positives there is no recall")
    if need_both and labels.min() == 1:
        raise ValueError("labels: given only 1, expected some 0: without negatives there are no false alarms")
    return labels, scores


def _same_length(first, a, second, b) -> None:
    if len(a) != len(b):
        raise ValueError(f"{second}: given {len(b)} rows, expected {len(a)}, as many as {first}")


def _check_probabilities(array) -> None:
    if array.min() < 0 or array.max() > 1:
        row = int(np.argwhere((array < 0) | (array > 1))[0][0])
        raise ValueError(f"probabilities: given {array[row]} in row {row}, expected numbers from 0 to 1; "
                         "a sigmoid or a softmax makes probabilities of logits")
    if array.ndim == 2 and not np.allclose(array.sum(axis=1), 1, atol=1e-4):
        row = int(np.argmax(np.abs(array.sum(axis=1) - 1)))
        raise ValueError(f"probabilities: given a sum of {array[row].sum():.6g} in row {row}, expected 1")
