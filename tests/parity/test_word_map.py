"""The JavaScript core of *word_map* gives what NumPy gives; a seeded mutant of each part is caught."""

import functools

import numpy as np
import pytest
from bridge import STATIC, Core, CoreError
from hypothesis import strategies as st
from mutants import mutated
from test_descent import close, prove

SEEDS = st.integers(0, 2**32 - 1)
METRICS = st.sampled_from(["cosine", "euclid"])


def drawn_table(core, seed, words, d):
    """Codes and scales of a file, in the core's form; and the vectors themselves."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(-127, 128, size=(words, d))
    codes[:, 0] |= 1  # no vector is zero
    scales = draw.uniform(1e-3, 2e-2, size=words)
    tokens = [f"w{i}" for i in range(words)]
    return core("tableOf", tokens, codes.flatten().tolist(), scales.tolist()), codes * scales[:, None]


def values(vectors, query, metric):
    """How near each row is; the larger the nearer."""
    if metric == "euclid":
        return -np.linalg.norm(vectors - query, axis=1)
    return vectors @ query / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(query))


def same_order(measured, score, count, without=()):
    """The best rows in order, where NumPy tells them apart, and their values."""
    rows = [i for i in np.argsort(-score, kind="stable") if i not in without][:count]
    assert len(measured) == len(rows)
    close([abs(one["value"]) for one in measured], np.abs(score[rows]), scale=1.0)
    close(score[[one["row"] for one in measured]], score[rows], scale=1.0)
    assert not {one["row"] for one in measured} & set(without)
    assert len({one["row"] for one in measured}) == len(measured)


def nearest_are_numpys(core):
    def check(seed, words, d, metric, count):
        table, vectors = drawn_table(core, seed, words, d)
        close(table["lengths"], np.linalg.norm(vectors, axis=1))
        query = np.random.default_rng(seed + 1).normal(size=d)
        without = [seed % words]
        found = core("nearest", table, query.tolist(), {"metric": metric, "count": count, "without": without})
        same_order(found, values(vectors, query, metric), count, without)
        distance = core("likeness", table, query.tolist(), without[0], metric)
        close(abs(distance), abs(values(vectors, query, metric)[without[0]]), scale=1.0)
        found = core("neighbours", table, seed % words, {"metric": metric, "count": count})
        same_order(found, values(vectors, vectors[seed % words], metric), count, without)

    prove(check, seed=SEEDS, words=st.integers(2, 60), d=st.integers(1, 30), metric=METRICS,
          count=st.integers(1, 12))


def analogies_are_numpys(core):
    def check(seed, words, d, metric, leave_out):
        table, vectors = drawn_table(core, seed, words, d)
        a, b, c = np.random.default_rng(seed + 1).integers(words, size=3).tolist()
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        used = unit if metric == "cosine" else vectors
        target = used[b] - used[a] + used[c]
        options = {"metric": metric, "count": 5, "leaveOut": leave_out}
        found = core("analogy", table, [a, b, c], options)
        close(found["target"], target, scale=1e-3)
        if np.linalg.norm(target) > 1e-6:
            same_order(found["answers"], values(vectors, target, metric), 5, [a, b, c] if leave_out else [])

    prove(check, seed=SEEDS, words=st.integers(3, 40), d=st.integers(2, 30), metric=METRICS,
          leave_out=st.booleans())


def plane_is_numpys(core):
    """Mean, axes and shares of the variance, against the singular value decomposition."""

    def check(seed, n, d, scale, weighted):
        draw = np.random.default_rng(seed)
        rows = draw.normal(size=(n, d)) * draw.uniform(0.1, 3, size=d) * scale
        weights = draw.integers(1, 6, size=n) if weighted else np.ones(n, int)
        more = [weights.tolist()] if weighted else []
        measured = core("principalPlane", rows.flatten().tolist(), n, d, *more)
        repeated = rows.repeat(weights, axis=0)
        centred = repeated - repeated.mean(0)
        _, s, axes = np.linalg.svd(centred, full_matrices=False)
        close(measured["mean"], repeated.mean(0), scale=scale)
        close(measured["shares"], (np.append(s, 0) ** 2 / (s**2).sum())[:2], scale=1.0)
        places = core("project", rows.flatten().tolist(), n, d, measured)
        for axis in range(min(2, len(s), d)):
            apart = np.abs(np.delete(s, axis) - s[axis]).min(initial=s[0])
            if s[axis] < 1e-3 * s[0] or apart < 1e-2 * s[0]:
                continue  # where two are equal the axes are anybody's choice
            expected = axes[axis] * np.sign(axes[axis][np.abs(axes[axis]).argmax()])
            close(measured["axes"][axis * d:(axis + 1) * d], expected, scale=1e-2)
            close(places[axis::2], (rows - repeated.mean(0)) @ expected, scale=scale)

    prove(check, seed=SEEDS, n=st.integers(2, 40), d=st.integers(1, 40),
          scale=st.sampled_from([1e-3, 1.0, 1e3]), weighted=st.booleans())


def letters_are_counted(core):
    """The distance between spellings (optimal string alignment), by its recursive definition."""

    def check(a, b, most):
        @functools.cache
        def far(i, j):
            if not i or not j:
                return i + j
            ways = [far(i - 1, j) + 1, far(i, j - 1) + 1, far(i - 1, j - 1) + (a[i - 1] != b[j - 1])]
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                ways.append(far(i - 2, j - 2) + 1)
            return min(ways)

        expected = far(len(a), len(b))
        assert core("edits", a, b) == expected
        limited = core("edits", a, b, most)
        assert limited == expected if expected <= most else limited > most

    check("ab", "ba", 1)  # whatever is drawn
    word = st.text("abc", max_size=8)
    prove(check, a=word, b=word, most=st.integers(0, 3))


CHECKS = (nearest_are_numpys, analogies_are_numpys, plane_is_numpys, letters_are_counted)


# --- the committed bundle -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "word_map.js")
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS)
def test_core(core, check):
    check(core)


def test_words_are_found_by_beginning_and_by_spelling(core):
    tokens = ["the", "king", "queen", "kind", "kings", "thing"]
    table = core("tableOf", tokens, [1] * 6, [1.0] * 6)
    assert core("beginningWith", table, "kin") == ["king", "kind", "kings"]
    assert core("beginningWith", table, "kin", 2) == ["king", "kind"]
    assert core("beginningWith", table, "x") == []
    assert core("spelling", table, "qeuen") == ["queen"]
    assert core("spelling", table, "knig") == ["king", "kind", "kings"]
    assert core("spelling", table, "teh") == ["the"]  # three letters: at most one may be wrong
    assert core("spelling", table, "zzzzzz") == []


def test_equal_vectors_come_in_the_tables_order(core):
    table = core("tableOf", ["a", "b", "c", "d"], [1, 1, 1, -1], [1.0] * 4)
    assert [one["row"] for one in core("neighbours", table, 1, {"count": 3})] == [0, 2, 3]


def test_a_single_point_has_no_plane_and_breaks_nothing(core):
    flat = core("principalPlane", [1.0, 2.0] * 3, 3, 2)
    assert flat["axes"] == [0] * 4
    assert flat["shares"] == [0, 0]


@pytest.mark.parametrize(("call", "code", "word"), [
    (("tableOf", ["a", "b"], [1, 2, 3], [1.0, 1.0]), "badTable", "3 numbers"),
    (("tableOf", [], [], []), "badTable", "0 words"),
    (("tableOf", ["a"], [1], [1.0, 2.0]), "badTable", "2 scales"),
    (("nearest", {"lengths": [1]}, [1.0], {"metric": "taxi"}), "badName", "taxi"),
    (("principalPlane", [1.0, 2.0], 3, 2), "badRange", "rows"),
])
def test_bad_input_is_named(core, call, code, word):
    with pytest.raises(CoreError, match=word) as caught:
        core(*call)
    assert caught.value.code == code


# --- mutants: one for each part of the core -------------------------------------------------------------

MUTANTS = [
    ("core.js", "own * lengths[row] || 1", "own * lengths[0] || 1"),
    ("core.js", "const score = needName(\"metric\", metric, METRICS);", "const score = METRICS.cosine;"),
    ("core.js", "best[place - 1].value < value) place -= 1;",
     "best[place - 1].value < value && place > 1) place -= 1;"),
    ("core.js", "value - x[k] + z[k]", "value + x[k] - z[k]"),
    ("core.js", "a[i - 2] === b[j - 1])", "a[i - 2] === b[j - 2])"),
    ("projection.js", "out[k] += u[i] * x[i * d + k]", "out[k] += u[k] * x[i * d + k]"),
]


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    with mutated("explorables/word_map/core.js", MUTANTS, tmp_path_factory.mktemp("mutant")) as made:
        yield made


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_mutant_is_caught(mutant, check):
    with pytest.raises(AssertionError):
        check(mutant)
