"""Comparisons of chapter 11 are fair: equal trials, one criterion, other seeds in the test, paired rows."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import recordings

from firstgrad.data.files import recording
from firstgrad.text.batches import pad

TUNED, MEMORY = recordings.load("bag_or_lstm"), recordings.load("remembering")
SETS = ("definitions", "films", "reuters")


@pytest.fixture(scope="module")
def tuned():
    return recording("bag_or_lstm")


@pytest.fixture(scope="module")
def memory():
    return recording("remembering")


@pytest.mark.parametrize("name", SETS)
def test_all_sides_were_tuned_alike(name, tuned):
    for side, found in tuned["sets"][name]["sides"].items():
        tried = found["trials"]
        assert len(tried) == tuned["settings"]["trials"]
        best = max(tried, key=lambda trial: trial["validation"])
        assert found["chosen"] == {option: best[option] for option in tuned["space"][side]}
        if side != "logistic":
            assert len(found["test"]) == len(tuned["settings"]["seeds"]) >= 3
            assert [max(curve) for curve in found["curves"]] == found["validation"]
            assert {len(curve) for curve in found["curves"]} == {tuned["settings"]["epochs"]}
    assert 0 not in tuned["settings"]["seeds"]  # the search's


@pytest.mark.parametrize("name", SETS)
def test_differences_are_those_of_the_tests(name, tuned):
    one = tuned["sets"][name]
    for pair, apart in one["differences"].items():
        a, b = (np.array(one["sides"][side]["test"]) for side in pair.split(" - "))
        assert apart["by_seed"] == pytest.approx((a - b).tolist(), abs=1e-5)
        assert apart["mean"] == pytest.approx(np.mean(apart["by_seed"]), abs=1e-5)
    for side, told in one["judged"].items():
        assert told["accuracy"] == pytest.approx(one["sides"][side]["test"][0], abs=1e-5)


def test_what_may_not_be_passed_on_is_not_shown(tuned):
    assert "errors" not in tuned["sets"]["reuters"]
    quoted = [row["text"] for rows in tuned["sets"]["films"]["errors"].values() for row in rows]
    assert sum(map(len, quoted)) < 2500  # a few short quotations


@pytest.mark.parametrize("side", ["bag", "lstm", "gru", "logistic"])
def test_each_value_is_tried_as_often_as_any_other(side):
    trials = TUNED.trials(side)
    assert len(trials) == TUNED.TRIALS
    for option, values in TUNED.SPACE[side].items():
        assert set(Counter(trial[option] for trial in trials).values()) == {len(trials) // len(values)}


def test_the_error_of_a_difference_is_that_of_paired_rows():
    a = np.array([[1, 1, 0, 1], [1, 1, 0, 0]], bool)
    b = np.array([[1, 0, 0, 1]], bool)
    apart = TUNED.difference(a, b)
    rows = np.array([0, 1, 0, -0.5])
    assert apart["mean"] == pytest.approx(rows.mean())
    assert apart["by_seed"] == pytest.approx([0.25, 0])
    assert apart["error"] == pytest.approx(rows.std(ddof=1) / 2)


@pytest.mark.parametrize("pooling", TUNED.POOLS)
def test_no_pooling_reads_padding(pooling):
    torch.manual_seed(0)
    texts = [[3, 4, 5], [6], [7, 8]]
    model = TUNED.Reader(10, 2, "lstm", dropout=0.5, pooling=pooling, forget_bias=1.0).eval()
    alone = torch.cat([model(pad([text], len(text))) for text in texts])
    assert torch.allclose(model(pad(texts, 9)), alone, atol=1e-6)


def test_the_bag_is_the_mean_of_vectors():
    torch.manual_seed(0)
    model = TUNED.Reader(10, 2, "bag", dropout=0.0)
    row = pad([[3, 4, 4]], 6)
    expected = model.head(model.embedding.weight[[3, 4, 4]].mean(0, keepdim=True))
    assert torch.allclose(model(row), expected, atol=1e-6)


def test_lanes_bring_every_result_under_its_name():
    jobs = {name: (lambda name=name: name * 2) for name in ("a", "b", "c", "d", "e")}
    assert TUNED.at_once(jobs) == {name: name * 2 for name in jobs}


def test_a_rotation_keeps_every_length():
    torch.manual_seed(0)
    U = MEMORY.fresh("RNN, orthogonal").weight_hh_l0
    assert torch.allclose(torch.linalg.svdvals(U), torch.ones(len(U)), atol=1e-5)


def test_the_bias_opens_the_gate_that_keeps():
    for kind in ("GRU", "LSTM"):
        layers = []
        for name in (kind, f"{kind}, bias 3"):
            torch.manual_seed(0)
            layers.append(MEMORY.fresh(name))
        apart = layers[1].bias_ih_l0 - layers[0].bias_ih_l0
        assert torch.allclose(apart[32:64], torch.full((32,), 3.0))
        assert not apart[:32].any()
        assert not apart[64:].any()


def test_learnt_means_nearly_all_right(memory):
    most, every = memory["settings"]["batches"], memory["settings"]["every"]
    for cell in memory["cells"].values():
        for run in cell["runs"]:
            assert len(run["accuracy"]) == len(memory["settings"]["seeds"]) >= 3
            for curve, needed in zip(run["accuracy"], run["needed"], strict=True):
                learnt = curve[-1] >= memory["settings"]["learnt"]
                assert needed == (len(curve) * every if learnt else None)
                assert learnt or len(curve) == most // every


def test_what_was_chosen_by_hand_was_not_drawn_and_has_the_same_seeds(tuned):
    by_hand = recording("lstm_by_hand")
    chosen = {option: by_hand["settings"][option] for option in tuned["space"]["lstm"]}
    assert chosen not in TUNED.trials("lstm")
    assert by_hand["settings"]["seeds"] == tuned["settings"]["seeds"]
    for name in SETS:
        assert len(by_hand["sets"][name]["test"]) == len(by_hand["settings"]["seeds"])
