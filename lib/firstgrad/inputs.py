"""From what the reader has (tensors, a Dataset, a DataLoader) to checked batches on the device.

Everything that can be wrong with the data is said here, before the first step changes a parameter.
"""

import functools
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

Batch = tuple[torch.Tensor, torch.Tensor]

_CLASS_LOSSES = {F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss, nn.NLLLoss}
_VALUE_LOSSES = {F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy,
                 F.binary_cross_entropy_with_logits, nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss,
                 nn.BCELoss, nn.BCEWithLogitsLoss}
_BLOCK_BYTES = 2**26  # gathered at once; large enough to hide the call, small enough for any device


class TensorBatches:
    """Batches of two tensors: one permutation an epoch, large blocks gathered in its order, then split (views).

    Per-sample collation is what makes a DataLoader slow on small models; this has none. Where the tensors live on
    another device than `device`, each block is pinned and copied without blocking.
    """

    def __init__(self, x, y, batch_size: int, device, generator: torch.Generator | None = None):
        self.x, self.y, self.batch_size, self.device, self.generator = x, y, batch_size, device, generator
        row_bytes = max(1, x[:1].nbytes + y[:1].nbytes)
        self.block = batch_size * max(1, _BLOCK_BYTES // (row_bytes * batch_size))

    def __len__(self) -> int:
        return -(-len(self.y) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        if self.generator is None:
            yield from zip(self.x.split(self.batch_size), self.y.split(self.batch_size), strict=True)
            return
        order = torch.randperm(len(self.y), generator=self.generator).to(self.x.device)
        for rows in order.split(self.block):
            x, y = self._move(self.x[rows]), self._move(self.y[rows])
            yield from zip(x.split(self.batch_size), y.split(self.batch_size), strict=True)

    def _move(self, block):
        if block.device == self.device:
            return block
        pinned = block.pin_memory() if self.device.type == "cuda" else block
        return pinned.to(self.device, non_blocking=True)


class LoaderBatches:
    """A DataLoader's batches, each checked on the host, then copied without blocking."""

    def __init__(self, name: str, loader: DataLoader, device, check):
        self.name, self.loader, self.device, self.check = name, loader, device, check

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        for index, batch in enumerate(self.loader):
            name = f"{self.name}, batch {index}"
            x, y = pair(name, batch)
            self.check(name, x, y)
            yield x.to(self.device, non_blocking=True), y.to(self.device, non_blocking=True)


def batches(name: str, data, batch_size: int, device, check, generator: torch.Generator | None = None):
    """Checked batches on `device`, in an order drawn from `generator` (None: in the order given).

    check: called as check(name, x, y) with all rows of tensors, or with each batch of a loader.
    Raises: TypeError or ValueError that says what is wrong with the data and where.
    """
    if isinstance(data, TensorDataset):
        data = data.tensors
    if isinstance(data, tuple | list):
        x, y = pair(name, data)
        check(name, x, y)
        if _fits(device, x.nbytes + y.nbytes):
            x, y = x.to(device), y.to(device)
        return TensorBatches(x, y, batch_size, device, generator)
    if isinstance(data, Dataset):
        _refuse_empty(name, data)
        data = DataLoader(data, batch_size, shuffle=generator is not None, generator=generator,
                          pin_memory=torch.device(device).type == "cuda")
    if not isinstance(data, DataLoader):
        raise TypeError(f"{name}: given {type(data).__name__}, expected tensors (x, y), a Dataset or a DataLoader")
    _refuse_empty(name, data.dataset)
    if _length(data) == 0:
        raise ValueError(f"{name}: given {len(data.dataset)} samples, expected at least batch_size "
                         f"({data.batch_size}), since the loader drops a short last batch (drop_last)")
    return LoaderBatches(name, data, device, check)


def pair(name: str, batch) -> Batch:
    """The two tensors of a batch, which must be as many inputs as targets, and finite."""
    if not isinstance(batch, tuple | list) or len(batch) != 2 or not all(map(torch.is_tensor, batch)):
        given = f"({', '.join(type(part).__name__ for part in batch)})" if isinstance(batch, tuple | list) else batch
        raise TypeError(f"{name}: given {given}, expected two tensors (x, y); torch.from_numpy makes one of an array")
    x, y = batch
    for part, tensor in (("x", x), ("y", y)):
        if tensor.ndim == 0 or len(tensor) == 0:
            raise ValueError(f"{name}: {part} is empty (shape {tuple(tensor.shape)}), expected at least one row")
    if len(x) != len(y):
        raise ValueError(f"{name}: given {len(x)} rows of x and {len(y)} of y, expected as many of each")
    check_finite(f"{name}, x", x)
    check_finite(f"{name}, y", y)
    return x, y


def check_finite(name: str, tensor) -> None:
    """Raise a ValueError that names the first row with a NaN or an infinity."""
    # One pass without a temporary: a sum is finite only if every term is (an overflow is looked at again below).
    if not tensor.is_floating_point() or torch.isfinite(tensor.sum()):
        return
    bad = ~torch.isfinite(tensor).reshape(len(tensor), -1).all(dim=1)  # (n, …) -> (n,)
    if bad.any():
        raise ValueError(f"{name}: NaN or infinity in row {int(bad.nonzero()[0])} ({int(bad.sum())} such rows), "
                         "expected finite numbers")


def check_dtype(name: str, x, model: nn.Module) -> None:
    """Inputs of floats must have the type of the model's parameters."""
    parameter = next(model.parameters(), None)
    if parameter is not None and x.is_floating_point() and x.dtype != parameter.dtype:
        raise TypeError(f"{name}: x is {_short(x.dtype)}, expected {_short(parameter.dtype)} like the model's "
                        f"parameters; use x.to(torch.{_short(parameter.dtype)})")


def check_targets(name: str, outputs, y, loss) -> None:
    """Targets must be what the loss takes: class numbers that the model has, or values of the outputs' shape.

    outputs: the model's, for a few rows.  y: the targets of all rows.
    """
    function = loss.func if isinstance(loss, functools.partial) else loss
    known = function if function.__hash__ and function in _CLASS_LOSSES | _VALUE_LOSSES else type(function)
    if known in _VALUE_LOSSES:
        _check_values(name, outputs, y)
    elif known in _CLASS_LOSSES and not (y.is_floating_point() and y.shape[1:] == outputs.shape[1:]):
        _check_labels(name, outputs, y, loss)  # floats of the outputs' shape are class probabilities
    elif known not in _CLASS_LOSSES and y.dtype == torch.int64 and outputs.ndim == y.ndim + 1:
        _check_labels(name, outputs, y, loss)


def _check_values(name, outputs, y):
    if not y.is_floating_point():
        raise TypeError(f"{name}: y is {_short(y.dtype)}, expected floats for this loss; use y.float()")
    if y.shape[1:] != outputs.shape[1:]:
        given, expected = ("(n" + "".join(f", {size}" for size in tensor.shape[1:]) + ("," * (tensor.ndim == 1)) + ")"
                           for tensor in (y, outputs))
        raise ValueError(f"{name}: y has shape {given}, expected {expected} like the model's outputs "
                         "(torch would broadcast one against the other and fit nonsense)")


def _check_labels(name, outputs, y, loss):
    if y.dtype != torch.int64:
        raise TypeError(f"{name}: y is {_short(y.dtype)}, expected int64 class numbers; use y.long()")
    classes = outputs.shape[1]
    if y.shape[1:] != outputs.shape[2:]:
        raise ValueError(f"{name}: y has shape {tuple(y.shape)}, expected one class number for each of the model's "
                         f"outputs, which have shape (n, {', '.join(map(str, outputs.shape[1:]))})")
    low, high = (int(bound) for bound in y.aminmax())
    if 0 <= low and high < classes:
        return
    ignored = _ignored_label(loss)
    if bool((y == ignored).all()):
        raise ValueError(f"{name}: all labels are {ignored}, which the loss ignores; expected some in 0…{classes - 1}")
    wrong = ((y < 0) | (y >= classes)) & (y != ignored)
    if wrong.any():
        where = wrong.nonzero()[0]
        raise ValueError(f"{name}: label {int(y[tuple(where)])} in row {int(where[0])}, expected 0…{classes - 1}, "
                         f"since the model has {classes} outputs")


def _ignored_label(loss) -> int:
    if isinstance(loss, functools.partial):
        return loss.keywords.get("ignore_index", -100)
    return getattr(loss, "ignore_index", -100)


def _refuse_empty(name, dataset):
    if _length(dataset) == 0:
        raise ValueError(f"{name}: given an empty data set, expected at least one row")


def _length(sized) -> int | None:
    """len, or None for a stream that has none."""
    try:
        return len(sized)
    except TypeError:
        return None


def _fits(device, size: int) -> bool:
    """Whether `size` bytes may live on the device and leave most of it free: on the CPU they are there already."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return size < free / 4


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
