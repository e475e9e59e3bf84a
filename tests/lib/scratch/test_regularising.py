"""Ridge, lasso, dropout and folds against scikit-learn and torch; and what they refuse."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Lasso, Ridge

from firstgrad.scratch.regularisation import dropout, folds, lasso, ridge, soft_threshold


def data(n, p, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)), rng.normal(size=n)


@pytest.mark.parametrize(("n", "p"), [(30, 5), (30, 30), (8, 40), (1, 3), (5, 1)])
@pytest.mark.parametrize("penalty", [1e-3, 0.1, 10.0])
def test_ridge_is_scikit_learn_s(n, p, penalty):
    X, y = data(n, p)
    theirs = Ridge(n * penalty, fit_intercept=False, solver="svd").fit(X, y).coef_
    np.testing.assert_allclose(ridge(X, y, penalty), theirs, rtol=1e-8, atol=1e-10)
    both = ridge(X, np.stack([y, 2 * y], 1), penalty)
    np.testing.assert_allclose(both, np.stack([theirs, 2 * theirs], 1), rtol=1e-8, atol=1e-10)


def test_ridge_without_a_penalty_is_the_least_norm():
    X, y = data(8, 40)
    theta = ridge(X, y, 0)
    np.testing.assert_allclose(X @ theta, y)
    np.testing.assert_allclose(theta, np.linalg.pinv(X) @ y)
    np.testing.assert_allclose(theta, ridge(X, y, 1e-10), rtol=1e-6)


@pytest.mark.parametrize(("n", "p"), [(40, 6), (10, 30)])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 1.1])
def test_lasso_is_scikit_learn_s(n, p, share):
    X, y = data(n, p, seed=3)
    penalty = share * np.abs(X.T @ y).max() / n
    theirs = Lasso(penalty, fit_intercept=False, tol=1e-14, max_iter=1_000_000).fit(X, y).coef_
    ours = lasso(X, y, penalty, tolerance=1e-12)
    np.testing.assert_allclose(ours, theirs, atol=1e-7)
    assert np.array_equal(ours != 0, theirs != 0)


def test_lasso_that_does_not_settle_says_so():
    X, y = data(10, 30)
    with pytest.raises(RuntimeError, match="most_steps"):
        lasso(X, y, 1e-3, most_steps=3)


def test_soft_threshold():
    np.testing.assert_array_equal(soft_threshold([3, -0.4, 0.5, -2, 0], 0.5), [2.5, 0, 0, -1.5, 0])
    theirs = torch.nn.functional.softshrink(torch.linspace(-3, 3, 101, dtype=torch.float64), 0.7)
    np.testing.assert_allclose(soft_threshold(np.linspace(-3, 3, 101), 0.7), theirs, atol=1e-15)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.9])
def test_dropout_is_torch_s(rate):
    x = torch.randn(50, 20, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.manual_seed(5)
    theirs = torch.nn.functional.dropout(x, rate)
    torch.manual_seed(5)
    assert torch.equal(dropout(x, rate), theirs)
    first, again = (dropout(x, rate, torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(first, again)


def test_folds_hold_out_every_row_once():
    parts = list(folds(23, 5, seed=4))
    assert sorted(np.concatenate([held for _, held in parts])) == list(range(23))
    for train, held in parts:
        assert len(held) in (4, 5)
        assert sorted([*train, *held]) == list(range(23))
    assert not np.array_equal(parts[0][1], next(iter(folds(23, 5, seed=5)))[1])
    assert len(list(folds(4, 4))) == 4


X, Y = data(6, 3)
BAD = {
    "X of one dimension": (lambda: ridge(Y, Y, 1), ValueError, "X: given shape"),
    "empty X": (lambda: ridge(np.zeros((0, 3)), [], 1), ValueError, "X: given shape"),
    "y too short": (lambda: ridge(X, Y[:5], 1), ValueError, "y: given shape"),
    "NaN in X": (lambda: ridge(np.full((6, 3), np.nan), Y, 1), ValueError, "X: it holds"),
    "infinite y": (lambda: lasso(X, np.full(6, np.inf), 1), ValueError, "y: it"),
    "negative penalty": (lambda: ridge(X, Y, -1), ValueError, "penalty: given -1"),
    "NaN penalty": (lambda: lasso(X, Y, float("nan")), ValueError, "penalty: given nan"),
    "penalty of words": (lambda: lasso(X, Y, "1"), TypeError, "penalty"),
    "tolerance 0": (lambda: lasso(X, Y, 1, tolerance=0), ValueError, "tolerance"),
    "no steps": (lambda: lasso(X, Y, 1, most_steps=0), ValueError, "most_steps"),
    "negative threshold": (lambda: soft_threshold([1.0], -0.1), ValueError, "threshold"),
    "rate 1": (lambda: dropout(torch.ones(3), 1), ValueError, "rate: given 1"),
    "rate below 0": (lambda: dropout(torch.ones(3), -0.1), ValueError, "rate"),
    "rate True": (lambda: dropout(torch.ones(3), True), TypeError, "rate"),
    "one fold": (lambda: list(folds(10, 1)), ValueError, "count"),
    "more folds than rows": (lambda: list(folds(3, 4)), ValueError, "count: given 4"),
    "no rows": (lambda: list(folds(0, 2)), ValueError, "rows"),
    "half a fold": (lambda: list(folds(10, 2.5)), TypeError, "count"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_names_the_argument(name):
    call, error, words = BAD[name]
    with pytest.raises(error, match=words):
        call()
