"""The JavaScript core of *threshold* gives what firstgrad.metrics, scikit-learn and torch give; mutants are
caught.
"""

import math

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import assume
from hypothesis import strategies as st
from mutants import mutated
from sklearn import metrics as sklearn
from test_descent import RTOL, prove

from firstgrad import metrics

few = st.lists(st.floats(0, 1), min_size=1, max_size=5)  # so that scores tie
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=20)
share, ratio = st.floats(0.001, 0.999), st.floats(0.01, 100)


def drawn(values, pairs):
    """Labels of both classes, and scores of which many are equal."""
    labels = [label for label, _ in pairs]
    assume(set(labels) == {0, 1})
    return labels, [values[k % len(values)] for _, k in pairs]


def close(measured, expected):
    np.testing.assert_allclose(measured, expected, rtol=RTOL, atol=1e-12)


def weights_of(labels, prevalence):
    """A weight for each row, so that `prevalence` of the weight is positive."""
    labels = np.array(labels)
    return np.where(labels == 1, prevalence / labels.sum(), (1 - prevalence) / (1 - labels).sum())


def sigmoid_is_torchs(core):
    def check(z, p):
        close(core("sigmoid", z), torch.sigmoid(torch.tensor(z, dtype=torch.float64)).item())
        close(core("logit", p), torch.logit(torch.tensor(p, dtype=torch.float64)).item())

    prove(check, z=st.floats(-700, 700), p=st.floats(1e-9, 1 - 1e-9))


def curves_are_ours(core):
    def check(values, pairs):
        labels, scores = drawn(values, pairs)
        swept = core("sweep", scores, labels)
        fpr, tpr, thresholds = metrics.roc_curve(labels, scores)
        assert swept["thresholds"] == thresholds.tolist()
        rates = [core("ratesAt", swept, i) for i in range(len(thresholds))]
        close([r["fpr"] for r in rates], fpr)
        close([r["tpr"] for r in rates], tpr)
        close(core("rocArea", swept), metrics.roc_auc(labels, scores))
        own = sum(labels) / len(labels)
        close(core("averagePrecision", swept, own), metrics.average_precision(labels, scores))

    prove(check, values=few, pairs=rows)


def decisions_are_sklearns(core):
    """At any threshold, mixture and cost: scikit-learn with a weight for each row."""

    def check(values, pairs, threshold, prevalence, cost):
        labels, scores = drawn(values, pairs)
        if threshold < 0.3:  # often it is one of the scores
            threshold = values[int(100 * threshold) % len(values)]
        judged = core("judge", core("sweep", scores, labels), threshold, prevalence, cost)
        called, weight = np.array(scores) >= threshold, weights_of(labels, prevalence)
        options = {"sample_weight": weight, "zero_division": math.nan}
        (tn, fp), (fn, tp) = sklearn.confusion_matrix(labels, called, sample_weight=weight)
        close([judged["shares"][key] for key in ("tp", "fp", "fn", "tn")], [tp, fp, fn, tn])
        close(judged["precision"], sklearn.precision_score(labels, called, **options))
        close(judged["recall"], sklearn.recall_score(labels, called, **options))
        close(judged["f1"], sklearn.f1_score(labels, called, **options))
        close(judged["accuracy"], sklearn.accuracy_score(labels, called, sample_weight=weight))
        close(judged["cost"], cost * fn + fp)

    prove(check, values=few, pairs=rows, threshold=st.floats(0, 1), prevalence=share, cost=ratio)


def mixtures_are_sklearns(core):
    def check(values, pairs, prevalence):
        labels, scores = drawn(values, pairs)
        measured = core("averagePrecision", core("sweep", scores, labels), prevalence)
        weight = weights_of(labels, prevalence)
        close(measured, sklearn.average_precision_score(labels, scores, sample_weight=weight))

    prove(check, values=few, pairs=rows, prevalence=share)


def best_is_best(core):
    """No threshold, tried one by one, is better; and the value said is that of the threshold said."""

    def check(values, pairs, prevalence, cost):
        labels, scores = drawn(values, pairs)
        swept, weight = core("sweep", scores, labels), weights_of(labels, prevalence)
        labels = np.array(labels)

        def of(threshold):
            called = np.array(scores) >= threshold
            missed = (weight * (labels == 1) * ~called).sum()
            alarms = (weight * (labels == 0) * called).sum()
            found = (weight * (labels == 1) * called).sum()
            return 2 * found / (2 * found + missed + alarms), cost * missed + alarms

        every = [of(t) for t in [*scores, math.inf]]
        f1, cheapest = (core("best", swept, prevalence, cost, what) for what in ("f1", "cost"))
        close(f1["value"], max(f for f, _ in every))
        close(cheapest["value"], min(c for _, c in every))
        close(of(f1["threshold"])[0], f1["value"])
        close(of(cheapest["threshold"])[1], cheapest["value"])

    prove(check, values=few, pairs=rows, prevalence=share, cost=ratio)


def corners_draw_the_whole_curve(core):
    """Straight lines from corner to corner are the ROC curve: what was left out lies on them."""

    def check(values, pairs):
        labels, scores = drawn(values, pairs)
        swept = core("sweep", scores, labels)
        kept = core("corners", swept)
        assert kept[0] == 0
        assert kept[-1] == len(swept["tp"]) - 1
        tp, fp = np.array(swept["tp"]), np.array(swept["fp"])
        assert np.trapezoid(tp[kept], fp[kept]) == np.trapezoid(tp, fp)
        assert set(tp[kept]) == set(tp)
        for i in set(range(len(tp))) - set(kept):
            assert tp[i] == tp[i - 1] == tp[i + 1]

    prove(check, values=st.lists(st.floats(0, 1), min_size=5, max_size=9), pairs=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=20))


def histogram_is_numpys(core):
    edges = np.linspace(-10, 4, 43)

    def check(pairs):
        labels, values = [label for label, _ in pairs], np.array([value for _, value in pairs])
        assume(set(labels) == {0, 1})
        assume(np.abs((values + 10) * 3 - np.round((values + 10) * 3)).min() > 1e-6)  # on no edge
        measured = core("histogram", values.tolist(), labels, edges.tolist())
        for label in (0, 1):
            mine = np.clip(values[np.array(labels) == label], -9.99, 3.99)
            close(measured[label], np.histogram(mine, edges)[0] / len(mine))

    prove(check, pairs=st.lists(st.tuples(st.integers(0, 1), st.floats(-20, 12)), min_size=2, max_size=20))


PROPERTIES = [sigmoid_is_torchs, curves_are_ours, decisions_are_sklearns, mixtures_are_sklearns, best_is_best,
              corners_draw_the_whole_curve, histogram_is_numpys]


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "threshold.js")
    yield made
    made.close()


@pytest.mark.parametrize("prove_it", PROPERTIES)
def test_core(core, prove_it):
    prove_it(core)


@pytest.mark.parametrize(("call", "word"), [
    (("mix", {"tpr": 0.5, "fpr": 0.5}, 1.5), "prevalence"),
    (("mix", {"tpr": 0.5, "fpr": 0.5}, math.nan), "prevalence"),
    (("measures", {"tp": 1, "fn": 0, "fp": 0, "tn": 0}, 0), "cost"),
    (("measures", {"tp": 1, "fn": 0, "fp": 0, "tn": 0}, math.inf), "cost"),
    (("checkScores", "test", None), "test must have logits"),
    (("checkScores", "test", {"logits": [1, 2]}), "test must have logits"),
    (("checkScores", "test", {"logits": [1, math.nan], "labels": "01"}), "finite"),
    (("checkScores", "test", {"logits": [1, 2], "labels": "012"}), "label, 0 or 1"),
    (("checkScores", "test", {"logits": [1, 2], "labels": "0"}), "label, 0 or 1"),
    (("checkScores", "test", {"logits": [1, 2], "labels": "00"}), "both classes"),
])
def test_bad_input_is_named(core, call, word):
    with pytest.raises(CoreError, match=word) as caught:
        core(*call)
    assert caught.value.code in ("badRange", "badPositive", "badScores")


# --- mutants ------------------------------------------------------------------------------------------------

MUTANTS = {  # old, new, and the property that must notice
    "sigmoid": ("1 / (1 + Math.exp(-z))", "1 / (1 + Math.exp(z))", sigmoid_is_torchs),
    "logit": ("Math.log(p / (1 - p))", "Math.log(p)", sigmoid_is_torchs),
    "ties": ("if (scores[i] !== found.thresholds.at(-1))", "if (true)", curves_are_ours),
    "order": ("scores[b] - scores[a]", "scores[a] - scores[b]", curves_are_ours),
    "search": ("thresholds[middle] >= t", "thresholds[middle] > t", decisions_are_sklearns),
    "rates": ("fpr: fp[i] / negatives", "fpr: fp[i] / positives", curves_are_ours),
    "mix": ("tn: other * (1 - fpr)", "tn: prevalence * (1 - fpr)", decisions_are_sklearns),
    "precision": ("precision: tp / (tp + fp)", "precision: tp / (tp + fn)", decisions_are_sklearns),
    "f1": ("(2 * tp) / (2 * tp + fp + fn)", "tp / (tp + fp + fn)", decisions_are_sklearns),
    "cost": ("cost: cost * fn + fp", "cost: fn + cost * fp", decisions_are_sklearns),
    "best": ("here > value : here < value", "here > value : here > value", best_is_best),
    "area": ("(tp[i] + tp[i - 1])) / 2", "2 * tp[i]) / 2", curves_are_ours),
    "steps": ("(tp / (tp + fp));", "(tp / (tp + fp + 0.01));", mixtures_are_sklearns),
    "corners": ("|| tp[i + 1] !== tp[i]", "", corners_draw_the_whole_curve),
    "bins": ("Math.min(bins - 1, Math.max(0, Math.floor(", "Math.min(bins - 1, Math.max(0, Math.round(",
             histogram_is_numpys),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name, tmp_path):
    old, new, prove_it = MUTANTS[name]
    with mutated("explorables/threshold/core.js", [("core.js", old, new)], tmp_path) as made, \
            pytest.raises((AssertionError, CoreError)):
        prove_it(made)
