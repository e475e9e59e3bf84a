"""The JavaScript core of *regularisation* gives what torch and scikit-learn give; mutants are caught."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from bridge import STATIC, Core, CoreError
from hypothesis import assume
from hypothesis import strategies as st
from mutants import mutated
from test_descent import RTOL, close, prove

seeds, sizes = st.integers(0, 2**32), st.integers(1, 12)
penalties = st.one_of(st.just(0.0), st.floats(-5, 1).map(lambda e: 10.0**e))
rates = st.floats(0.01, 0.95)
DRAWN = {"seed": seeds, "n": sizes, "p": sizes, "strength": penalties, "rate": rates,
         "sigma": st.floats(0, 2)}


def draw(seed, n, p):
    rng = np.random.default_rng(seed)
    rows, y = rng.normal(size=(n, p)), rng.normal(size=n)
    assume(np.linalg.cond(rows) < 1e4)  # beyond it no method has eight digits
    return rows, y


def ridge(rows, y, penalty):
    """By torch, on the matrix to which √(nλ) is appended; at 0 the pseudo-inverse, so the least norm."""
    n, p = rows.shape
    matrix, right = torch.tensor(rows), torch.tensor(y)
    if penalty:
        matrix = torch.cat([matrix, math.sqrt(n * penalty) * torch.eye(p, dtype=torch.float64)])
        right = torch.cat([right, torch.zeros(p, dtype=torch.float64)])
        return torch.linalg.lstsq(matrix, right, driver="gelsd").solution.numpy()
    return (torch.linalg.pinv(matrix) @ right).numpy()


def design(x, p):
    k = np.arange(1, p + 1)
    return math.sqrt(2) / k * np.cos(np.pi * np.outer(x, k))


def points_of(rows, y, held):
    """Any numbers as the core's data: it builds its own waves from x."""
    return {"x": rows, "f": y, "noise": held}


def places(seed, n):
    rng = np.random.default_rng(seed)
    return (np.arange(n) + rng.uniform(0.2, 0.8, n)) / n, rng.normal(size=n)


def drawn_points(seed, n, p, sigma):
    """n training and 7 held-out points with their noise, the design, and the same for the core."""
    rng = np.random.default_rng(seed)
    x, f = places(seed, n)
    noise, held_noise, held_x, held_f = (rng.normal(size=k) for k in (n, 7, 7, 7))
    held_x = np.abs(np.tanh(held_x))
    rows, held = design(x, p), design(held_x, p)
    assume(np.linalg.cond(rows) < 1e4)
    both = {"train": points_of(x.tolist(), f.tolist(), noise.tolist()),
            "held": points_of(held_x.tolist(), held_f.tolist(), held_noise.tolist())}
    return rows, f, f + sigma * noise, held, held_f, held_f + sigma * held_noise, both


def dropout_penalty(rows, rate):
    return rate / (1 - rate), np.sqrt((rows**2).mean(0))


def operator(method, rows, strength):
    """θ = T y, as a matrix."""
    scales = np.ones(rows.shape[1])
    if method == "dropout":
        strength, scales = dropout_penalty(rows, strength)
    columns = [ridge(rows / scales, unit, strength if method != "none" else 0) for unit in np.eye(len(rows))]
    return np.array(columns).T / scales[:, None]


def strength_of(method, strength, rate):
    return rate if method == "dropout" else strength


# --- the properties: each takes a core, so that a mutant can be put to the same test ---------------------


def fits_like_torch(core, method):
    def check(seed, n, p, strength, rate, sigma):
        strength = strength_of(method, strength, rate)
        rows, _, y, held, _, held_y, both = drawn_points(seed, n, p, sigma)
        got = core("fit", {"method": method, "n": n, "p": p, "strength": strength, "sigma": sigma}, both)
        theta = operator(method, rows, strength) @ y
        close(got["theta"], theta, scale=np.abs(theta).max())
        close(got["held"], np.mean((held_y - held @ theta) ** 2), scale=1e-3)
        # What is left of y after an exact fit is rounding, however it is computed.
        np.testing.assert_allclose(got["train"], np.mean((y - rows @ theta) ** 2), rtol=RTOL, atol=1e-12)
        close(got["norm"], np.linalg.norm(theta))
        assert got["used"] == p

    prove(check, **DRAWN)


def splits_like_numpy(core, method):
    def check(seed, n, p, strength, rate, sigma):
        strength = strength_of(method, strength, rate)
        rows, f, _, held, held_f, _, both = drawn_points(seed, n, p, sigma)
        got = core("parts", {"method": method, "n": n, "p": p, "strength": strength, "sigma": sigma}, both)
        smoother = held @ operator(method, rows, strength)
        close(got["bias"], np.mean((held_f - smoother @ f) ** 2), scale=1e-3)
        close(got["variance"], sigma**2 * np.mean((smoother**2).sum(1)), scale=1e-6)

    prove(check, **DRAWN)


def lasso_is_optimal(core, _):
    """The conditions of the minimum: convexity makes them sufficient."""

    def check(seed, n, p, low, share):
        rows, y = draw(seed, n, p)
        known = {"gram": (rows.T @ rows / n).tolist(), "slope": (rows.T @ y / n).tolist(), "n": n}
        top = np.abs(rows.T @ y / n).max()
        least = top * 10.0**low
        knots = core("lassoPath", known, p, least)
        assert knots[0]["penalty"] == pytest.approx(top, rel=RTOL)
        assert knots[-1]["penalty"] == pytest.approx(least, rel=RTOL)
        assert all(a["penalty"] >= b["penalty"] for a, b in pairwise(knots))
        for penalty in (least, least + share * (top - least)):
            theta = np.array(core("onPath", knots, penalty))
            slope = rows.T @ (y - rows @ theta) / n
            used = theta != 0
            close(slope[used], penalty * np.sign(theta[used]), scale=top)
            assert np.all(np.abs(slope) <= penalty + RTOL * top)
            assert used.sum() <= n

    prove(check, seed=seeds, n=st.integers(2, 12), p=st.integers(1, 16), low=st.floats(-4, -0.05),
          share=st.floats(0, 1))


def lasso_is_scikit_learn_s(core, _):
    from sklearn.linear_model import lars_path_gram

    def check(seed, n, p, low):
        rows, y = draw(seed, n, p)
        known = {"gram": (rows.T @ rows / n).tolist(), "slope": (rows.T @ y / n).tolist(), "n": n}
        penalty = np.abs(rows.T @ y / n).max() * 10.0**low
        theta = core("onPath", core("lassoPath", known, p, penalty), penalty)
        alphas, _, path = lars_path_gram(rows.T @ y, rows.T @ rows, n_samples=n, method="lasso",
                                         alpha_min=penalty)
        close(theta, path[:, -1], scale=np.abs(path).max())
        assert alphas[-1] == pytest.approx(penalty, rel=RTOL)

    prove(check, seed=seeds, n=st.integers(6, 14), p=st.integers(1, 6), low=st.floats(-3, -0.05))


def decomposes(core, _):
    def check(seed, n, p):
        rows, _ = draw(seed, n, p)
        got = core("singular", rows.tolist())
        order = np.argsort(got["values"])[::-1]
        close(np.array(got["values"])[order], np.linalg.svd(rows)[1], scale=1.0)
        again = np.einsum("k,ki,kj->ij", got["values"], np.array(got["left"]), np.array(got["right"]))
        close(again, rows, scale=1.0)
        for side in ("left", "right"):
            vectors = np.array(got[side])
            close(vectors @ vectors.T, np.eye(len(vectors)), scale=1.0)

    prove(check, seed=seeds, n=sizes, p=sizes)


def curves_are_single_fits(core, method):
    """What a curve computes all at once is what one fit after the other gives."""

    def check(seed, n, p, strength, rate, sigma, axis, watch, at):
        strength = strength_of(method, strength, rate)
        settings = {"method": method, "n": n, "p": p, "strength": strength, "sigma": sigma}
        both = core("sample", seed)
        got = core("curve", axis, watch, settings, both)
        assert got["at"] == core("places", axis, settings)
        i = int(at * (len(got["at"]) - 1))
        name = {"size": "p", "penalty": "strength", "data": "n"}[axis]
        one = settings | {name: got["at"][i]}
        if axis == "penalty" and method == "none":
            one["method"] = "l2"
        split = watch == "parts" and method != "l1"
        single = core("parts" if split else "fit", one, both)
        first, second = ("bias", "variance") if split else ("train", "held")
        cond = np.linalg.cond(design(np.array(both["train"]["x"])[: one["n"]], one["p"]))
        exact = max(1e-7, 1e-11 * cond)  # near the peak both have fewer digits
        np.testing.assert_allclose(got["first"][i], single[first], rtol=exact, atol=1e-9 + 1e-16 * cond**2)
        np.testing.assert_allclose(got["second"][i], single[second], rtol=exact, atol=1e-9)

    prove(check, seed=st.integers(0, 2**31), n=st.integers(4, 40), p=st.integers(1, 60),
          strength=st.floats(-5, 0).map(lambda e: 10.0**e), rate=rates, sigma=st.floats(0, 1),
          axis=st.sampled_from(["size", "penalty", "data"]), watch=st.sampled_from(["errors", "parts"]),
          at=st.floats(0, 1))


def the_sample_is_as_said(core, _):
    """Places inside [0, 1] and near a golden-ratio grid, the rule, standard normal noise."""
    noises = []
    for seed in range(60):
        both = core("sample", seed)
        train, held = both["train"], both["held"]
        x = np.array(train["x"])
        assert len(x) == 40
        assert x.min() >= 0
        assert x.max() <= 1
        assert np.diff(np.sort(x)).max() < 0.15
        for part in (train, held):
            at = np.array(part["x"])
            rule = sum(a * np.cos(k * np.pi * at) for a, k in ((0.8, 1), (-0.6, 3), (0.4, 6)))
            close(part["f"], rule, scale=1.0)
        np.testing.assert_allclose(held["x"], (np.arange(100) + 0.5) / 100)
        noises += train["noise"] + held["noise"]
    noises = np.array(noises)
    error = 1 / math.sqrt(len(noises))
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(noises**power) - expected) < 4 * math.sqrt(variance) * error


@pytest.fixture(scope="module")
def core():
    made = Core(STATIC / "regularisation.js")
    yield made
    made.close()


LINEAR = ("none", "l2", "dropout")


@pytest.mark.parametrize("method", LINEAR)
def test_fit(core, method):
    fits_like_torch(core, method)


@pytest.mark.parametrize("method", LINEAR)
def test_bias_and_variance(core, method):
    splits_like_numpy(core, method)


def test_lasso(core):
    lasso_is_optimal(core, None)


def test_lasso_against_scikit_learn(core):
    lasso_is_scikit_learn_s(core, None)


def test_singular_values(core):
    decomposes(core, None)


@pytest.mark.parametrize("method", [*LINEAR, "l1"])
def test_curves(core, method):
    curves_are_single_fits(core, method)


def test_sample(core):
    the_sample_is_as_said(core, None)


def test_dropout_is_the_mean_over_masks(core):
    """Not only the formula: real masks, all of them."""
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.uniform(size=9)), rng.normal(size=9)
    rows, rate = design(x, 4), 0.3
    masks = np.array([[mask >> j & 1 for j in range(4)] for mask in range(16)])
    weight = rate ** (4 - masks.sum(1)) * (1 - rate) ** masks.sum(1)
    stacked = np.concatenate([math.sqrt(w) * rows * mask / (1 - rate)
                              for w, mask in zip(weight, masks, strict=True)])
    target = np.concatenate([math.sqrt(w) * y for w in weight])
    expected = np.linalg.lstsq(stacked, target, rcond=None)[0]
    both = {"train": points_of(x.tolist(), y.tolist(), [0.0] * 9), "held": points_of([0.5], [0.0], [0.0])}
    got = core("fit", {"method": "dropout", "n": 9, "p": 4, "strength": rate, "sigma": 0}, both)
    np.testing.assert_allclose(got["theta"], expected, rtol=1e-9)


@pytest.mark.parametrize("method", ["l2", "l1"])
def test_goals_can_be_reached(core, method):
    """With the first data: past the peak the error falls, and the best penalty shrinks with more data."""
    both = core("sample", 39)

    def held(p):
        return core("fit", {"method": "none", "n": 20, "p": p, "strength": 0, "sigma": 0.3}, both)["held"]

    assert held(p=20) > 20 * held(p=8)
    assert held(p=40) < held(p=20) / 5
    best = []
    for n in (20, 40):
        settings = {"method": method, "n": n, "p": 40, "strength": 1, "sigma": 0.3}
        got = core("curve", "penalty", "errors", settings, both)
        best.append(got["at"][int(np.argmin(got["second"]))])
    assert best[1] < 0.6 * best[0]


@pytest.mark.parametrize(("changes", "word"), [
    ({"method": "l3"}, "method"), ({"n": 41}, "points"), ({"n": 0}, "points"), ({"n": 4.5}, "points"),
    ({"p": 61}, "waves"), ({"p": math.nan}, "waves"), ({"sigma": -1}, "noise"),
    ({"sigma": math.inf}, "noise"),
    ({"method": "l2", "strength": -1}, "penalty"), ({"method": "l2", "strength": math.nan}, "penalty"),
    ({"method": "l1", "strength": 0}, "penalty"), ({"method": "dropout", "strength": 1}, "rate"),
    ({"method": "l2", "strength": "big"}, "penalty"),
])
def test_bad_input_is_named(core, changes, word):
    both = core("sample", 1)
    with pytest.raises(CoreError, match=word):
        core("fit", {"method": "none", "n": 10, "p": 5, "strength": 0.1, "sigma": 0.3} | changes, both)


def test_bias_and_variance_of_the_lasso_are_refused(core):
    with pytest.raises(CoreError, match="lasso"):
        core("parts", {"method": "l1", "n": 10, "p": 5, "strength": 0.1, "sigma": 0.3}, core("sample", 1))


MUTANTS = [
    ("const root = Math.sqrt(n * penalty)", "const root = Math.sqrt(penalty)", (fits_like_torch, "l2")),
    ("const tall = p < n;", "const tall = p <= n + 1;", (fits_like_torch, "none")),
    ("rate / (1 - rate),\n  );\n  return (y)", "rate,\n  );\n  return (y)", (fits_like_torch, "dropout")),
    ("(sigma * sigma * variance) / heldRows.length", "(sigma * variance) / heldRows.length",
     (splits_like_numpy, "l2")),
    ("const mean = solve(all.train.f.slice(0, n))", "const mean = solve(noisy(all.train, sigma).slice(0, n))",
     (splits_like_numpy, "none")),
    ("if (t > 0 && t < drop) [drop, enters, leaves] = [t, -1, k];", "", (lasso_is_optimal, None)),
    ("c[j] -= drop * flow[j]", "c[j] -= drop * flow[j] * 0.99", (lasso_is_optimal, None)),
    ("for (const sign of [1, -1])", "for (const sign of [1])", (lasso_is_scikit_learn_s, None)),
    ("const share = (a.penalty - penalty) / (a.penalty - b.penalty)", "const share = 1",
     (lasso_is_optimal, None)),
    ("const zeta = (bb - aa) / (2 * ab)", "const zeta = (bb - aa) / ab; if (aa > 4 * bb) return false",
     (decomposes, None)),
    ("s / (s * s + n * penalty)", "s / (s * s + penalty)", (curves_are_single_fits, "l2")),
    ("theta.set(onPath(lassoPath(known, p, strength)",
     "theta.set(onPath(lassoPath(known, Math.max(1, p - 1), strength)", (curves_are_single_fits, "l1")),
    ("const JITTER = 0.02", "const JITTER = 0.2", (the_sample_is_as_said, None)),
]


@pytest.mark.parametrize(("old", "new", "caught_by"), MUTANTS, ids=[old[:30] for old, _, _ in MUTANTS])
def test_mutant_is_caught(old, new, caught_by, tmp_path):
    check, name = caught_by
    changes = [("core.js", old, new)]
    with mutated("explorables/regularisation/core.js", changes, tmp_path) as made, \
            pytest.raises((AssertionError, CoreError)):
        check(made, name)
