"""What the chapter tells of the source's classifier stands in the recording; and how the recipe measures."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import recordings

from firstgrad import metrics
from firstgrad.data.files import recording
from firstgrad.text.batches import pad

RECIPE = recordings.load("text_classifier")
PROJECTS = ("definitions", "films", "reuters")


@pytest.fixture(scope="module")
def recorded():
    return recording("text_classifier")


def test_the_sources_sizes(recorded):
    settings, projects = recorded["settings"], recorded["projects"]
    assert [settings[name] for name in ("vocabulary", "length", "embedding", "hidden", "batch_size")] == [
        10_000, 100, 64, 128, 32]
    assert projects["definitions"]["parameters"] == 740_618
    assert len(projects["reuters"]["classes"]) == 8
    assert len(projects["films"]["classes"]) == 2
    for project in projects.values():
        held_out, training = project["rows"]["validation"], project["rows"]["train"]
        assert held_out / (held_out + training) == pytest.approx(0.2, abs=0.001)


@pytest.mark.parametrize("name", PROJECTS)
def test_the_figures_agree_with_each_other(name, recorded):
    project = recorded["projects"][name]
    for run in project["seeds"]:
        matrix = np.array(run["test"]["confusion"])
        assert matrix.sum() == project["rows"]["test"]
        assert np.trace(matrix) / matrix.sum() == pytest.approx(run["test"]["accuracy"], abs=1e-5)
        assert run["best"]["test"] == pytest.approx(run["test"]["accuracy"], abs=1e-5)
        assert run["best_epoch"] == 1 + np.argmin(run["validation_loss"])
    for curve, auc in zip(project["roc"], project["seeds"][0]["test"]["auc"], strict=True):
        assert np.trapezoid(curve["tpr"], curve["fpr"]) == pytest.approx(auc, abs=0.02)


@pytest.mark.parametrize("name", PROJECTS)
def test_the_older_method_wins(name, recorded):
    project = recorded["projects"][name]
    assert project["baseline"]["accuracies"]["test"] > max(run["best"]["test"] for run in project["seeds"])


@pytest.mark.parametrize("name", PROJECTS)
def test_what_the_source_would_report_is_far_above_what_is_true(name, recorded):
    """E21"""
    for run in recorded["leak"]["reported"][name]:
        assert run["given"] > run["test"] + 0.03


def test_padding_read_as_words_costs_what_the_chapter_says(recorded):
    """E22: after the text it hides all; before it, it does not."""
    padding = recorded["padding"]
    assert padding["post"]["best"]["test"] < 0.2
    assert padding["masked"]["best"]["test"] > 0.65
    accuracy = padding["appended"]["accuracy"]
    assert accuracy[0] == pytest.approx(padding["masked"]["best"]["test"], abs=1e-3)
    assert accuracy[-1] < accuracy[0] - 0.2


def test_what_may_not_be_passed_on_is_not_shown(recorded):
    assert "errors" not in recorded["projects"]["reuters"]
    quoted = [row["text"] for rows in recorded["projects"]["films"]["errors"].values() for row in rows]
    assert sum(map(len, quoted)) < 2500  # a few short quotations


def test_a_thinned_roc_curve_is_still_the_curve():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 500)
    scores = labels + generator.normal(size=500)
    (curve,) = RECIPE.roc(1 - labels, scores[:, None], 1)
    assert (curve["fpr"][0], curve["tpr"][0], curve["fpr"][-1], curve["tpr"][-1]) == (0, 0, 1, 1)
    assert len(curve["fpr"]) <= RECIPE.CURVE
    area = np.trapezoid(curve["tpr"], curve["fpr"])
    assert area == pytest.approx(metrics.roc_auc(labels, scores), abs=0.01)


def test_appended_padding_is_exactly_that():
    seen = []

    class Trainer:
        def predict(self, x):
            seen.append((tuple(x.shape), (x == 0).sum(1).unique().tolist()))
            return torch.eye(2)[x[:, 0] - 1]

    tokens = pad([[1], [2], [1, 1, 1]], 5)
    assert RECIPE.appended(Trainer(), tokens, torch.tensor([0, 1, 1]), 4) == pytest.approx(2 / 3)
    assert seen == [((2, 5), [4]), ((1, 7), [4])]


def test_data_that_are_not_there_say_how_to_make_them():
    with pytest.raises(SystemExit, match=r"cache/nothing.tsv is not there: python data/reuters/make.py"):
        RECIPE.cached("nothing.tsv", "reuters")
