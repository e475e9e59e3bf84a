"""How to take data apart honestly: `split` and `standardise`."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from firstgrad.arguments import number, whole

if TYPE_CHECKING:
    import torch


def split(rows: int, shares: Sequence[float] = (0.8, 0.1, 0.1), *, labels: Any = None, groups: Any = None,
          seed: int = 0) -> "list[torch.Tensor]":
    """Row numbers for training, validation, test (or other parts): drawn at random, no row in two of them.

    rows: how many there are.  shares: of the parts, adding up to 1; sizes are right to within a row.
    labels: one a row; every part then has the same share of each label, to within a row (stratified).
    groups: one a row (a patient, a document, a picture with its copies); a group stays in one part, and the
    shares are those of the groups.
    Returns: a list of int64 tensors, in random order.  Two calls with the same arguments give the same.
    Raises: TypeError, ValueError that name the argument; when a part would get no row, or none of a label.
    """
    import torch

    whole("rows", rows)
    shares = _shares(shares)
    whole("seed", seed, least=0)
    if labels is not None and groups is not None:
        raise ValueError("groups: given together with labels, expected one of the two")
    generator = torch.Generator().manual_seed(seed)
    kind, keys = ("labels", labels) if groups is None else ("groups", groups)
    if keys is None:
        return _parts("rows", torch.randperm(rows, generator=generator), shares)
    numbers = _numbered(kind, keys, rows)
    if groups is not None:
        chosen = _parts("groups", torch.randperm(int(numbers.max()) + 1, generator=generator), shares)
        found = [torch.isin(numbers, part).nonzero()[:, 0] for part in chosen]
    else:
        classes = [(numbers == value).nonzero()[:, 0] for value in range(int(numbers.max()) + 1)]
        mixed = [where[torch.randperm(len(where), generator=generator)] for where in classes]
        names = [f"labels: of label {_said(keys[int(where[0])])}" for where in classes]
        each = [_parts(name, where, shares) for name, where in zip(names, mixed, strict=True)]
        found = [torch.cat(parts) for parts in zip(*each, strict=True)]
    return [part[torch.randperm(len(part), generator=generator)] for part in found]


def standardise(train: "torch.Tensor", *others: "torch.Tensor") -> "list[torch.Tensor]":
    """Each column less its mean, over its standard deviation; both are those of `train` alone.

    train, others: float tensors (n, columns), or (n,).  A column that is constant in `train` is only shifted.
    Returns: a list of tensors, `train`'s first. That one has mean 0 and standard deviation 1 (dividing by n).
    Raises: TypeError, ValueError that name the argument: no floats, no rows, other columns, NaN or infinity.
    """
    import torch

    parts = {"train": train} | {f"others[{i}]": part for i, part in enumerate(others)}
    for name, part in parts.items():
        if not torch.is_tensor(part) or not part.is_floating_point():
            given = part.dtype if torch.is_tensor(part) else type(part).__name__
            raise TypeError(f"{name}: given {given}, expected a tensor of floats")
        if part.ndim == 0 or len(part) == 0 or part.shape[1:] != train.shape[1:]:
            columns = "".join(f", {size}" for size in train.shape[1:])
            raise ValueError(f"{name}: given shape {tuple(part.shape)}, expected (n{columns or ','}), n ≥ 1")
        if not part.isfinite().all():
            row = int((~part.isfinite()).nonzero()[0, 0])
            raise ValueError(f"{name}: given NaN or infinity in row {row}, expected finite numbers")
    mean, deviation = train.mean(0), train.std(0, correction=0)
    constant = (train == train[0]).all(0)  # its computed deviation may be a rounding error instead of 0
    deviation = torch.where(constant | (deviation == 0), 1.0, deviation)  # 0: an underflow
    return [(part - mean) / deviation for part in parts.values()]


def _shares(shares) -> list[float]:
    try:
        found = [number("shares", share, above=0, most=1) for share in shares]
    except TypeError:
        raise TypeError(f"shares: given {shares!r}, expected numbers such as (0.8, 0.1, 0.1)") from None
    if not math.isclose(sum(found), 1, abs_tol=1e-9):
        raise ValueError(f"shares: given {tuple(found)}, which add up to {sum(found):g}, expected 1")
    return found


def _numbered(name: str, keys: Any, rows: int) -> "torch.Tensor":
    """The keys as numbers 0, 1, 2, … in the order in which they first come: (rows,) int64."""
    import torch

    keys = keys.tolist() if hasattr(keys, "tolist") else list(keys)
    if len(keys) != rows:
        raise ValueError(f"{name}: given {len(keys)}, expected {rows}, one a row")
    known: dict[Any, int] = {}
    return torch.tensor([known.setdefault(key, len(known)) for key in keys])


def _said(key) -> str:
    return repr(key.item() if hasattr(key, "item") else key)


def _parts(name: str, rows, shares: list[float]) -> list:
    """`rows` cut into parts by their shares: rounded down, and what is left to the largest remainders."""
    exact = [share * len(rows) for share in shares]
    sizes = [math.floor(size + 1e-9) for size in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda i: sizes[i] - exact[i])
    for i in by_remainder[:len(rows) - sum(sizes)]:
        sizes[i] += 1
    if min(sizes) == 0:
        raise ValueError(f"{name}: given {len(rows)}, too few for {len(shares)} parts with the shares "
                         f"{tuple(shares)}")
    return list(rows.split(sizes))
