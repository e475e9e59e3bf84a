"""The JavaScript cores of *model_sizer* and *model_timeline* give what Python gives; mutants are caught."""

import math

import numpy as np
import pytest
from bridge import ROOT, STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, prove

from firstgrad.book import sizes
from firstgrad.book.sizes import FAMILIES, GPUS, PRECISIONS, RECOMPUTE, Shape
from firstgrad.data.timeline import models

SHAPES = {"layers": st.integers(1, 150), "head": st.integers(1, 300), "heads": st.integers(1, 130),
          "vocabulary": st.integers(1, 300_000), "context": st.integers(1, 200_000),
          "feed_forward": st.integers(0, 60_000), "family": st.sampled_from(FAMILIES)}


def both(head, heads, **fields):
    """The same shape for Python and for JavaScript."""
    fields = {"width": head * heads, "heads": heads, **fields}
    return Shape(**fields), fields


def parameters_agree(core):
    def check(**fields):
        shape, given = both(**fields)
        ours = sizes.parameters(shape)
        assert core("parameters", given) == ours
        assert core("total", core("parameters", given)) == sum(ours.values())

    prove(check, **SHAPES)


def memory_agrees(core):
    def check(batch, precision, recompute, **fields):
        shape, given = both(**fields)
        expected = sizes.memory(shape, batch, precision, recompute)
        measured = core("memory", given, batch, precision, recompute)
        assert measured == pytest.approx(expected, rel=1e-15)  # beyond 2⁵³ JavaScript rounds

    prove(check, **SHAPES, batch=st.integers(1, 5000), precision=st.sampled_from(list(PRECISIONS)),
          recompute=st.sampled_from(RECOMPUTE))


def training_agrees(core):
    def check(tokens, gpus, utilisation, price, gpu, recompute, total, **fields):
        shape, given = both(**fields)
        N, peak = sum(sizes.parameters(shape).values()), GPUS[gpu].peak_16
        flops = sizes.training_flops(N, tokens)
        assert core("trainingFlops", N, tokens) == pytest.approx(flops, rel=RTOL)
        attention = sizes.attention_flops(shape, tokens)
        assert core("attentionFlops", given, tokens) == pytest.approx(attention, rel=RTOL)
        seconds = sizes.training_seconds(flops, gpus, peak, utilisation, recompute)
        measured = core("trainingSeconds", flops, gpus, peak, utilisation, recompute)
        assert measured == pytest.approx(seconds, rel=RTOL)
        expected = sizes.cost(seconds, gpus, price)
        assert core("cost", seconds, gpus, price) == pytest.approx(expected, rel=RTOL)
        assert core("gpusNeeded", total, gpu) == sizes.gpus_needed(total, GPUS[gpu])

    prove(check, **SHAPES, tokens=st.floats(1, 1e15), gpus=st.integers(1, 10**6), price=st.floats(0, 1e4),
          utilisation=st.floats(0.001, 1), gpu=st.sampled_from(list(GPUS)),
          recompute=st.sampled_from(RECOMPUTE), total=st.floats(1, 1e16))


def heads_fit(core):
    def check(width, heads):
        used = core("fittingHeads", width, heads)
        assert used == max(a for a in range(1, min(heads, width) + 1) if width % a == 0)

    prove(check, width=st.integers(1, 3000), heads=st.integers(1, 200))


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "model_sizer.js")
    yield made
    made.close()


CHECKS = [parameters_agree, memory_agrees, training_agrees, heads_fit]


@pytest.mark.parametrize("check", CHECKS)
def test_sizes(core, check):
    check(core)


GPT3 = {"layers": 96, "width": 12288, "heads": 96, "vocabulary": 50257, "context": 2048}


@pytest.mark.parametrize(("function", "arguments", "word"), [
    ("parameters", [{**GPT3, "heads": 97}], "heads"), ("parameters", [{**GPT3, "layers": 0}], "layers"),
    ("parameters", [{**GPT3, "width": 1.5}], "width"), ("parameters", [{**GPT3, "family": "t5"}], "family"),
    ("parameters", [{**GPT3, "vocabulary": "many"}], "vocabulary"), ("memory", [GPT3, 0], "batch"),
    ("memory", [GPT3, 1, "fp8"], "precision"), ("memory", [GPT3, 1, "mixed", "some"], "recompute"),
    ("trainingFlops", [1e9, -1], "tokens"), ("trainingFlops", [math.nan, 1], "count"),
    ("trainingSeconds", [1e20, 0, 1e12, 0.4], "gpus"),
    ("trainingSeconds", [1e20, 8, 1e12, 1.5], "utilisation"),
    ("cost", [1, 8, -2], "price"), ("gpusNeeded", [1e9, "H9000"], "gpu"),
])
def test_bad_input_is_named(core, function, arguments, word):
    with pytest.raises(CoreError, match=word):
        core(function, *arguments)


MUTANTS = [
    (parameters_agree, "L * 3 * h * f", "L * 2 * h * f"),
    (parameters_agree, "(4 * h * h + 4 * h)", "(4 * h * h + h)"),
    (parameters_agree, "(2 * L + 1) * 2 * h", "2 * L * 2 * h"),
    (parameters_agree, "bert ? h * h + h : 0", "0"),
    (memory_agrees, "mixed: [2, 2, 12]", "mixed: [2, 2, 8]"),
    (memory_agrees, "(dropout ? 2 * e + 1 : e) * a * s", "(dropout ? 2 * e + 1 : e) * h * s"),
    (memory_agrees, "recompute === \"full\" ? e * h : linear", "linear"),
    (memory_agrees, "4 * v + mask * h", "2 * v + mask * h"),
    (training_agrees, "? 4 / 3 : 1", "? 3 / 2 : 1"),
    (training_agrees, "12 * layers * width * context", "6 * layers * width * context"),
    (training_agrees, "Math.ceil(needPositive", "Math.round(needPositive"),
    (heads_fit, "while (width % a) a -= 1", "while (width % a) a -= 2"),
]


@pytest.mark.parametrize(("check", "old", "new"), MUTANTS)
def test_mutant_is_caught(check, old, new, tmp_path):
    with mutated("explorables/model_sizer/core.js", [("core.js", old, new)], tmp_path) as made, \
            pytest.raises((AssertionError, CoreError, TimeoutError)):
        check(made)


# --- the timeline -------------------------------------------------------------------------------------

def lines_are_least_squares(core):
    def check(seed, count, slope, noise):
        draw = np.random.default_rng(seed)
        x = 2012 + np.sort(draw.uniform(0, 13, count))
        y = 2.0 ** (30 + slope * (x - 2012) + noise * draw.normal(size=count))
        points = [{"x": float(a), "y": float(b)} for a, b in zip(x, y, strict=True)]
        fitted = core("fit", points)
        expected = np.polyfit(x - x.mean(), np.log2(y), 1)
        assert 12 / fitted["months"] == pytest.approx(expected[0], rel=1e-6, abs=1e-9)
        assert math.log2(fitted["y"]) == pytest.approx(expected[1], rel=RTOL)
        assert fitted["x"] == pytest.approx(x.mean(), rel=RTOL)
        line = expected[1] + (x - x.mean()) * 12 / 30
        miss = 2 ** np.abs(np.log2(y) - line).mean()
        assert core("miss", points, fitted, 30.0) == pytest.approx(miss, rel=1e-7)

    prove(check, seed=st.integers(0, 2**32), count=st.integers(3, 40), slope=st.floats(0.2, 3),
          noise=st.floats(0, 3))


@pytest.fixture(scope="module")
def timeline():
    made = Core(STATIC / "model_timeline.js")
    yield made
    made.close()


def test_lines(timeline):
    lines_are_least_squares(timeline)


def test_the_page_reads_the_table_that_python_reads(timeline):
    rows = timeline("rowsOf", (ROOT / "data/model_timeline/models.csv").read_text("utf-8"))
    for theirs, ours in zip(rows, models(), strict=True):
        assert theirs["year"] == pytest.approx(ours["year"], abs=0.006)
        assert {**theirs, "year": 0} == {**ours, "year": 0}
    ratio = timeline("points", rows, "year", "ratio", "text")
    best = max((r["data"] / r["parameters"], r["name"]) for r in models()
               if r["unit"] == "tokens" and r["parameters"] and r["kind"] == "text")
    assert (timeline("highest", ratio)["y"], timeline("highest", ratio)["name"]) == best
    recent = timeline("points", rows, "recent", "flops")
    assert {p["name"] for p in recent} == {r["name"] for r in models() if r["flops"] and r["year"] >= 2012}
    with pytest.raises(CoreError, match="axis"):
        timeline("points", rows, "size", "flops")
    with pytest.raises(CoreError, match="points"):
        timeline("fit", recent[:1])


@pytest.mark.parametrize(("old", "new"), [
    ("12 / slope", "12 * slope"), ("Math.log2(middle.y) +", ""), ("(point.x - x) ** 2", "(point.x - x)"),
])
def test_mutant_of_the_timeline_is_caught(old, new, tmp_path):
    with mutated("explorables/model_timeline/core.js", [("core.js", old, new)], tmp_path) as made, \
            pytest.raises((AssertionError, CoreError)):
        lines_are_least_squares(made)
