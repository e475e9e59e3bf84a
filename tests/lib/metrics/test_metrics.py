"""The book's metrics equal scikit-learn's: on drawn cases, where a class is empty, scores tie, all is one.

Where scikit-learn warns and gives 0 or NaN, ours give NaN (or `undefined`), or a ValueError: both stand here.
"""

import math
import tracemalloc
import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs
from sklearn.calibration import calibration_curve
from sklearn.exceptions import UndefinedMetricWarning

from firstgrad import metrics as ours

exact = settings(max_examples=150, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
                 suppress_health_check=list(HealthCheck))
PRF = [("precision", theirs.precision_score), ("recall", theirs.recall_score), ("f1", theirs.f1_score)]


@st.composite
def decided(draw, most=4):
    """Labels and predictions; classes that are missing on either side come often."""
    classes = st.sampled_from(draw(st.lists(st.integers(0, most - 1), min_size=1, max_size=most)))
    pairs = draw(st.lists(st.tuples(classes, classes), min_size=1, max_size=12))
    return [a for a, _ in pairs], [b for _, b in pairs]


@st.composite
def scored(draw, scores):
    """Two classes with scores; a few values, so that they tie."""
    few = draw(st.lists(scores, min_size=1, max_size=6))
    pairs = st.tuples(st.integers(0, 1), st.sampled_from(few))
    return tuple(zip(*draw(st.lists(pairs, min_size=1, max_size=25)), strict=True))


any_score = st.floats(-1e6, 1e6) | st.integers(-3, 3)
probability = st.floats(0, 1) | st.sampled_from([0, 0.1, 0.2, 0.3, 0.5, 0.7, 1])


# --- equal to scikit-learn ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:A single label was found")
@exact
@given(decided())
def test_confusion_matrix_and_accuracy(case):
    labels, predictions = case
    classes = max(labels + predictions) + 1
    expected = theirs.confusion_matrix(labels, predictions, labels=range(classes))
    assert (ours.confusion_matrix(labels, predictions) == expected).all()
    wide = theirs.confusion_matrix(labels, predictions, labels=range(7))
    assert (ours.confusion_matrix(labels, predictions, 7) == wide).all()
    assert ours.accuracy(labels, predictions) == theirs.accuracy_score(labels, predictions)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize(("name", "reference"), PRF)
def test_averages(name, reference, average):
    @exact
    @given(decided(), st.sampled_from([0.0, 1.0, math.nan]))
    def check(case, undefined):
        expected = reference(*case, average=average, zero_division=undefined)
        measured = getattr(ours, name)(*case, average=average, undefined=undefined)
        assert measured == pytest.approx(expected, rel=1e-12, nan_ok=True)

    check()


@pytest.mark.parametrize(("name", "reference"), PRF)
def test_each_class_and_class_one(name, reference):
    @exact
    @given(decided())
    def each(case):
        classes = max(case[0] + case[1]) + 1
        expected = reference(*case, average=None, labels=range(classes), zero_division=math.nan)
        np.testing.assert_allclose(getattr(ours, name)(*case, average=None), expected, rtol=1e-12)

    @exact
    @given(decided(most=2))
    def one(case):
        expected = reference(*case, zero_division=math.nan, pos_label=1, labels=[0, 1])
        assert getattr(ours, name)(*case) == pytest.approx(expected, rel=1e-12, nan_ok=True)

    each()
    one()


def test_many_classes_take_little_memory():
    classes, generator = 200_000, np.random.default_rng(0)
    labels, drawn = generator.integers(0, classes, (2, 10_000))
    predictions = np.where(generator.random(10_000) < 0.7, labels, drawn)
    labels[0] = classes - 1
    tracemalloc.start()
    try:
        measured = {name: getattr(ours, name)(labels, predictions, "macro") for name, _ in PRF}
        share = ours.accuracy(labels, predictions)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30e6  # bytes; the confusion matrix has 40 billion entries
    assert share == theirs.accuracy_score(labels, predictions)
    for name, reference in PRF:
        expected = reference(labels, predictions, average="macro", zero_division=math.nan)
        assert measured[name] == pytest.approx(expected, rel=1e-12)


@exact
@given(scored(any_score))
def test_curves(case):
    labels, scores = case
    assume(1 in labels)
    expected = theirs.precision_recall_curve(labels, scores)
    for measured, reference in zip(ours.precision_recall_curve(labels, scores), expected, strict=True):
        np.testing.assert_allclose(measured, reference, rtol=1e-12)
    average = theirs.average_precision_score(labels, scores)
    assert ours.average_precision(labels, scores) == pytest.approx(average, rel=1e-12)
    assume(0 in labels)
    expected = theirs.roc_curve(labels, scores, drop_intermediate=False)
    for measured, reference in zip(ours.roc_curve(labels, scores), expected, strict=True):
        np.testing.assert_allclose(measured, reference, rtol=1e-12)
    area = theirs.roc_auc_score(labels, scores)
    assert ours.roc_auc(labels, scores) == pytest.approx(area, rel=1e-12)
    assert ours.ranked_right(labels, scores) == pytest.approx(area, rel=1e-9)


@exact
@given(scored(any_score))
def test_the_area_is_a_share_of_pairs(case):
    labels, scores = map(np.array, case)
    assume(set(labels) == {0, 1})
    difference = np.sign(scores[labels == 1][:, None] - scores[labels == 0][None, :])
    assert ours.ranked_right(labels, scores) == pytest.approx((1 + difference.mean()) / 2, rel=1e-12)


@exact
@given(scored(st.floats(1e-9, 1 - 1e-9)))
def test_log_loss(case):
    expected = theirs.log_loss(*case, labels=[0, 1])
    assert ours.log_loss(*case) == pytest.approx(expected, rel=1e-9)


@exact
@given(scored(probability), st.integers(1, 15))
def test_brier_and_calibration(case, bins):
    labels, p = case
    expected = theirs.brier_score_loss(labels, p, labels=[0, 1], pos_label=1)
    assert ours.brier_score(labels, p) == pytest.approx(expected, rel=1e-12)
    predicted, observed, counts = ours.calibration_curve(labels, p, bins)
    assert counts.sum() == len(labels)
    error = ours.expected_calibration_error(labels, p, bins)
    assert error == pytest.approx(np.sum(counts * np.abs(predicted - observed)) / len(labels))
    assume(set(labels) == {0, 1})  # scikit-learn wants both
    share, mean = calibration_curve(labels, p, n_bins=bins)
    np.testing.assert_allclose(observed, share, rtol=1e-12)
    np.testing.assert_allclose(predicted, mean, rtol=1e-12)


@pytest.mark.parametrize("bins", [2, 4, 5, 10])
def test_a_probability_on_an_edge_belongs_to_the_bin_below(bins):
    p = np.linspace(0, 1, bins + 1)  # 0 has no bin below
    labels = np.arange(bins + 1) % 2
    predicted, observed, counts = ours.calibration_curve(labels, p, bins)
    assert counts.tolist() == [2] + [1] * (bins - 1)
    share, mean = calibration_curve(labels, p, n_bins=bins)
    np.testing.assert_allclose(observed, share, rtol=1e-12)
    np.testing.assert_allclose(predicted, mean, rtol=1e-12)


@exact
@given(st.integers(0, 2**32), st.integers(2, 5), st.integers(1, 20))
def test_log_loss_of_many_classes_is_torchs_cross_entropy(seed, classes, rows):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, classes, (rows,), generator=generator)
    expected = torch.nn.functional.cross_entropy(logits, labels).item()
    assert ours.log_loss(labels, logits.softmax(1)) == pytest.approx(expected, rel=1e-9)
    expected = theirs.log_loss(labels, logits.softmax(1), labels=range(classes))
    assert ours.log_loss(labels, logits.softmax(1)) == pytest.approx(expected, rel=1e-9)


# --- where scikit-learn warns -------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "name", "reference"), [
    (([0, 1], [0, 0]), "precision", theirs.precision_score),  # nothing is predicted as positive
    (([0, 0], [0, 1]), "recall", theirs.recall_score),  # nothing is positive
    (([0, 0], [0, 0]), "f1", theirs.f1_score),  # neither
])
def test_a_share_of_nothing(case, name, reference):
    with pytest.warns(UndefinedMetricWarning):
        assert reference(*case) == 0.0
    assert math.isnan(getattr(ours, name)(*case))
    assert getattr(ours, name)(*case, undefined=0.0) == 0.0


def test_one_class_only_has_no_roc_curve():
    with pytest.warns(UndefinedMetricWarning):
        assert math.isnan(theirs.roc_auc_score([1, 1], [0.2, 0.3]))
    for labels in ([1, 1], [0, 0]):
        for metric in (ours.roc_auc, ours.ranked_right, ours.roc_curve):
            with pytest.raises(ValueError, match="labels: given only"):
                metric(labels, [0.2, 0.3])


def test_no_positives_have_no_precision_recall_curve():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert theirs.average_precision_score([0, 0], [0.2, 0.3]) == 0
    assert said
    with pytest.raises(ValueError, match="labels: given only 0, expected some 1"):
        ours.average_precision([0, 0], [0.2, 0.3])


def test_all_positive_is_all_precision():
    assert ours.average_precision([1, 1], [0.2, 0.3]) == 1.0


def test_constant_scores_rank_like_a_coin():
    assert ours.roc_auc([0, 1, 1], [2, 2, 2]) == 0.5 == ours.ranked_right([0, 1, 1], [2, 2, 2])
    assert ours.average_precision([0, 1, 1], [2, 2, 2]) == pytest.approx(2 / 3)


def test_a_certain_mistake_costs_infinitely_much():
    assert ours.log_loss([0, 1], [0.1, 0.0]) == math.inf
    assert theirs.log_loss([0, 1], [0.1, 0.0]) < 40  # scikit-learn moves 0 to 2e-16 first
    assert ours.log_loss([1], [1.0]) == 0.0


def test_a_class_that_never_occurs_is_no_zero_in_the_macro_mean():
    labels, predictions = [0, 0, 2, 2], [0, 0, 2, 0]
    expected = theirs.f1_score(labels, predictions, average="macro")
    assert ours.f1(labels, predictions, "macro") == pytest.approx(expected)


# --- bootstrap ----------------------------------------------------------------------------------------------


def test_the_bootstrap_finds_the_standard_error():
    labels = np.repeat([0, 1], [60, 140])
    low, high = ours.bootstrap_interval(lambda y: y.mean(), labels, draws=4000)
    error = math.sqrt(0.7 * 0.3 / 200)
    assert (low, high) == pytest.approx((0.7 - 1.96 * error, 0.7 + 1.96 * error), abs=0.006)
    assert (low, high) == ours.bootstrap_interval(lambda y: y.mean(), labels, draws=4000)


def test_draws_without_a_class_are_left_out():
    low, high = ours.bootstrap_interval(ours.roc_auc, [0, 1, 1], [0.1, 0.2, 0.3], draws=50)
    assert low == high == 1.0
    with pytest.raises(ValueError, match="metric: given one that is defined for none"):
        ours.bootstrap_interval(ours.roc_auc, [1, 1], [0.1, 0.2], draws=20)


# --- bad input ----------------------------------------------------------------------------------------------

BAD = {
    "no rows": (lambda: ours.accuracy([], []), r"labels: given shape \(0,\), expected \(n,\)"),
    "another number of rows": (
        lambda: ours.accuracy([0, 1], [0]), "predictions: given 1 rows, expected 2, as many as labels"),
    "a column": (lambda: ours.accuracy([[0], [1]], [0, 1]), r"labels: given shape \(2, 1\), expected \(n,\)"),
    "rows of different lengths": (lambda: ours.accuracy([[0], [0, 1]], [0, 1]), "labels: given rows of diff"),
    "words": (lambda: ours.accuracy(["cat"], ["dog"]), "labels: given <U3, expected numbers"),
    "half a class": (lambda: ours.accuracy([0, 1], [0, 0.5]), "predictions: given 0.5 in row 1, expected"),
    "a negative class": (lambda: ours.f1([0, -1], [0, 1]), "labels: given -1 in row 1, expected class"),
    "a label that is NaN": (lambda: ours.f1([0, math.nan], [0, 1]), "labels: given nan in row 1"),
    "fewer classes than there are": (
        lambda: ours.confusion_matrix([0, 2], [0, 1], 2), "classes: given 2, expected at least 3"),
    "three classes as two": (lambda: ours.f1([0, 2], [0, 1]), "classes: given 2, expected at least 3"),
    "an average that there is not": (
        lambda: ours.recall([0, 1], [0, 1], "mean"), "average: given 'mean', expected one of 'binary'"),
    "scores of three classes": (
        lambda: ours.roc_auc([0, 2, 1], [1, 2, 3]), "labels: given 2 in row 1, expected 0 and 1 only"),
    "a score that is NaN": (
        lambda: ours.roc_auc([0, 1], [0.5, math.nan]), "scores: given nan in row 1, expected only finite"),
    "a score that is infinite": (
        lambda: ours.average_precision([0, 1], [math.inf, 1]), "scores: given inf in row 0"),
    "logits for probabilities": (
        lambda: ours.log_loss([0, 1], [-1.5, 3.0]),
        "probabilities: given -1.5 in row 0, expected numbers from 0 to 1; a sigmoid"),
    "probabilities that do not sum to 1": (
        lambda: ours.log_loss([0, 1], [[0.5, 0.5], [0.5, 0.6]]), "probabilities: given a sum of 1.1 in row"),
    "a label without a probability": (
        lambda: ours.log_loss([0, 2], [[0.5, 0.5], [0.5, 0.5]]), "labels: given 2, expected 0…1"),
    "a Brier score of logits": (lambda: ours.brier_score([0, 1], [0.1, 1.2]), "probabilities: given 1.2 in"),
    "no bins": (lambda: ours.calibration_curve([0, 1], [0.1, 0.9], 0), "bins: given 0, expected a whole"),
    "half a bin": (lambda: ours.expected_calibration_error([0, 1], [0.1, 0.9], 2.5), "bins: given 2.5"),
    "no draws": (lambda: ours.bootstrap_interval(ours.accuracy, [0], [0], draws=0), "draws: given 0"),
    "a level of one": (lambda: ours.bootstrap_interval(ours.accuracy, [0], [0], level=1), "level: given 1"),
    "nothing to draw from": (lambda: ours.bootstrap_interval(ours.accuracy), "columns: given none"),
    "columns of different lengths": (
        lambda: ours.bootstrap_interval(ours.accuracy, [0, 1], [0]), r"columns\[1\]: given 1 rows"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named(what):
    attempt, says = BAD[what]
    with pytest.raises(ValueError, match=says):
        attempt()


def test_tensors_arrays_and_lists_are_all_the_same():
    labels, scores = [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4]
    tensors = torch.tensor(labels), torch.tensor(scores, requires_grad=True)
    expected = ours.roc_auc(labels, scores)
    assert expected == ours.roc_auc(np.array(labels), np.array(scores)) == ours.roc_auc(*tensors)
    assert ours.accuracy(np.array(labels, dtype=bool), torch.tensor([0.0, 1.0, 1.0, 1.0])) == 0.75
