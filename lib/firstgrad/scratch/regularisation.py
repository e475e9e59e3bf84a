"""Ways to fit less closely: ridge, lasso, dropout; and the folds of cross-validation (chapter 08)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from firstgrad.arguments import number, whole

if TYPE_CHECKING:
    import torch


def ridge(X: ArrayLike, y: ArrayLike, penalty: float) -> np.ndarray:
    """The θ with the least ‖y − Xθ‖²/2n + λ‖θ‖²/2: (XᵀX/n + λI)⁻¹ Xᵀy/n.

    Shapes: X (n, p), y (n,) or (n, outputs).  Returns: (p,) or (p, outputs).  penalty: λ; at 0, of all
    solutions the one of least norm.  No intercept: centre X and y first, an intercept should not shrink.
    Raises: ValueError or TypeError that names the argument.
    """
    X, y = _data(X, y)
    n, p = X.shape
    number("penalty", penalty, least=0)
    if penalty == 0:
        return np.linalg.lstsq(X, y, rcond=1e-12)[0]
    if p > n:  # the same by a smaller matrix, n × n
        return X.T @ np.linalg.solve(X @ X.T + n * penalty * np.eye(n), y)
    return np.linalg.solve(X.T @ X + n * penalty * np.eye(p), X.T @ y)


def soft_threshold(z: ArrayLike, threshold: float) -> np.ndarray:
    """Move every number towards 0 by `threshold`, and those that are nearer to 0: sign(z) max(|z| − t, 0).

    Raises: ValueError or TypeError when the threshold is not a finite number ≥ 0.
    """
    number("threshold", threshold, least=0)
    z = np.asarray(z, dtype=float)
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)


def lasso(X: ArrayLike, y: ArrayLike, penalty: float, *, tolerance: float = 1e-10,
          most_steps: int = 200_000) -> np.ndarray:
    """The θ with the least ‖y − Xθ‖²/2n + λ‖θ‖₁, by proximal gradient descent (ISTA).

    A gradient step, then a soft threshold.  Ends when no number of θ moves by more than `tolerance`.
    Shapes: X (n, p), y (n,).  Returns: (p,).  penalty: λ ≥ 0.
    Raises: ValueError or TypeError that names the argument; RuntimeError when it does not settle.
    Source: Daubechies, Defrise & De Mol 2004, arXiv:math/0307152.
    """
    X, y = _data(X, y)
    number("penalty", penalty, least=0)
    number("tolerance", tolerance, above=0)
    whole("most_steps", most_steps)
    H, b = X.T @ X / len(X), X.T @ y / len(X)
    rate = 1 / max(np.linalg.eigvalsh(H)[-1], 1e-300)  # 1/λ_max: the loss cannot grow
    theta = np.zeros_like(b)
    for _ in range(most_steps):
        moved = soft_threshold(theta - rate * (H @ theta - b), rate * penalty)
        settled = np.abs(moved - theta).max(initial=0.0) <= tolerance
        theta = moved
        if settled:
            return theta
    raise RuntimeError(f"not settled after {most_steps} steps: raise most_steps or tolerance")


def dropout(x: "torch.Tensor", rate: float, generator: "torch.Generator | None" = None) -> "torch.Tensor":
    """Inverted dropout: each number becomes 0 with probability `rate`, else x / (1 − rate).

    x: tensor of floats.  generator: a torch.Generator, or torch's own.  The mean over all masks is x.
    Raises: ValueError or TypeError when the rate is not in [0, 1).
    Source: Srivastava et al. 2014, JMLR 15(56).  Differs: scaled at training time, as torch's.
    """
    import torch

    number("rate", rate, least=0, below=1)
    keep = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    return x * (keep / (1 - rate))  # in torch's order, so equal to the last bit


def folds(rows: int, count: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Shuffle `rows` numbers 0, 1, … into `count` parts of nearly equal size; yield (training, held out).

    Every row is held out exactly once.  Raises: ValueError when there are fewer than 2 folds or rows.
    """
    whole("rows", rows, least=2)
    whole("count", count, least=2)
    if count > rows:
        raise ValueError(f"count: given {count}, expected at most the number of rows, {rows}")
    parts = np.array_split(np.random.default_rng(seed).permutation(rows), count)
    for i, held in enumerate(parts):
        yield np.concatenate(parts[:i] + parts[i + 1:]), held


def _data(X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f"X: given shape {X.shape}, expected (n, p) with at least one row and one column")
    if y.ndim not in (1, 2) or len(y) != len(X):
        raise ValueError(f"y: given shape {y.shape}, expected one row for each of X's {len(X)}")
    for name, array in (("X", X), ("y", y)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name}: it holds numbers that are not finite")
    return X, y
