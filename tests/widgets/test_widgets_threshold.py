"""The explorable *threshold*: its Python side, its recorded scores, and that both sides agree."""

import copy
import json
import re
import subprocess

import numpy as np
import pytest
from parity.bridge import ROOT, STATIC, Core, node

from firstgrad import metrics
from firstgrad.widgets import Threshold
from firstgrad.widgets.threshold import SETS, check_scores, read_scores

RECORDED = read_scores()


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def columns(name):
    """Labels and probabilities of a recorded data set."""
    part = RECORDED[name]
    logits = np.array(part["logits"])
    return np.array(list(part["labels"]), dtype=int), 1 / (1 + np.exp(-logits))


def test_the_scores_show_what_the_chapter_says():
    for name in SETS:
        labels, p = columns(name)
        half = metrics.f1(labels, p >= 0.5)
        best = max(metrics.f1(labels, p >= t) for t in np.arange(0.05, 0.9, 0.01))
        assert metrics.f1(labels, p >= 0.33) > best - 0.02 > half + 0.05
        assert metrics.accuracy(labels, p >= 0.5) < 0.03 + (labels == 0).mean()


def test_the_front_end_counts_what_the_metrics_count():
    core = Core(STATIC / "threshold.js")
    try:
        for name in SETS:
            labels, p = columns(name)
            swept = core("sweep", p.tolist(), RECORDED[name]["labels"])
            assert core("rocArea", swept) == pytest.approx(metrics.roc_auc(labels, p), rel=1e-12)
            for t in (0.1, 0.33, 0.5, 0.9):
                judged = core("judge", swept, t, labels.mean(), 10.0)
                assert judged["f1"] == pytest.approx(metrics.f1(labels, p >= t), rel=1e-12)
                matrix = metrics.confusion_matrix(labels, p >= t)
                assert 2000 * judged["cost"] == pytest.approx(10 * matrix[1, 0] + matrix[0, 1], rel=1e-12)
    finally:
        core.close()


def test_defaults_are_the_same_on_both_sides():
    url = (STATIC / "threshold.js").as_uri()
    printed = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.default.traits)))")
    traits, widget = json.loads(printed), Threshold()
    assert traits.pop("scores") == {}  # they come with the page
    assert traits == {key: getattr(widget, key) for key in traits}
    assert set(Threshold.settings()) - {"language", "scores"} <= set(traits)


def test_the_prevalence_is_that_of_the_data_unless_it_is_given():
    for name in SETS:
        labels, _ = columns(name)
        assert Threshold(data=name).prevalence == pytest.approx(labels.mean())
    assert Threshold(data="test", prevalence=0.5).prevalence == 0.5


def test_scores_of_ones_own():
    own = {name: {"logits": [-1.0, 0.5, 2.0, 0.0], "labels": "0110"} for name in SETS}
    assert Threshold(scores=own).prevalence == 0.5
    widget = Threshold(scores=own, threshold=0.25)
    assert repr(widget) == "Threshold(data='validation', threshold=0.25, prevalence=0.5, cost=1)"


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"threshold": 1.1}, ValueError, ["threshold", "≤ 1", "1.1"]),
    ({"threshold": float("nan")}, ValueError, ["threshold", "nan"]),
    ({"threshold": "half"}, TypeError, ["threshold", "'half'"]),
    ({"prevalence": 0}, ValueError, ["prevalence", "≥ 0.001"]),
    ({"prevalence": 1}, ValueError, ["prevalence", "≤ 0.999"]),
    ({"cost": 0}, ValueError, ["cost", "≥ 0.01"]),
    ({"cost": float("inf")}, ValueError, ["cost", "inf"]),
    ({"data": "train"}, ValueError, ["data", "'validation', 'test'"]),
    ({"found": ["f1"]}, TypeError, ["found", "threshold"]),
    ({"scores": [1]}, ValueError, ["scores", "validation and test"]),
])
def test_bad_input_names_the_argument_what_was_given_and_what_is_allowed(given, error, words):
    with pytest.raises(error) as caught:
        Threshold(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(("change", "says"), [
    (lambda s: s.pop("test"), "with validation and test"),
    (lambda s: s["test"].pop("labels"), r"scores\['test'\] must have logits and labels"),
    (lambda s: s["test"].update(logits="no"), "logits must be a list of finite numbers"),
    (lambda s: s["test"]["logits"].__setitem__(3, float("nan")), "logits must be a list of finite numbers"),
    (lambda s: s["test"].update(labels="0" * 2000), "labels must be a string of both 0 and 1"),
    (lambda s: s["test"].update(labels="01"), "one for each of the 2000 logits"),
])
def test_damaged_scores_are_named(change, says):
    scores = copy.deepcopy(RECORDED)
    change(scores)
    with pytest.raises(ValueError, match=says):
        check_scores(scores)


def test_a_damaged_file_says_how_to_make_it_again(tmp_path):
    for text in ("{}", "[1]", '{"validation": 1, "test": 2}', "no"):
        (tmp_path / "scores.json").write_text(text)
        with pytest.raises(ValueError, match=r"scores\.json is damaged.*tools/recordings\.py all"):
            read_scores(tmp_path / "scores.json")


def test_both_languages_have_the_same_strings_with_the_same_holes():
    url = (ROOT / "widgets/explorables/threshold/strings.js").as_uri()
    tables = run_node(f"import('{url}').then((m) => console.log(JSON.stringify(m.strings)))")
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in json.loads(tables).items()}
    assert holes["en"] == holes["zh"]
