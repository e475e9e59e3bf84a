"""From what the reader has (tensors, a Dataset, a DataLoader) to checked batches on the device.

Everything that can be wrong with the inputs is said here, before the first step changes a parameter.
"""

import functools
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

from .callbacks import METHODS

Batch = tuple[torch.Tensor, torch.Tensor]  # inputs (B, …) and targets (B, …)
Check = Callable[[str, torch.Tensor, torch.Tensor], None]

_CLASS_LOSSES = {F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss, nn.NLLLoss}
_VALUE_LOSSES = {F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy,
                 F.binary_cross_entropy_with_logits, nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss,
                 nn.BCELoss, nn.BCEWithLogitsLoss}
_BLOCK_BYTES = 2**26  # gathered at once; large enough to hide the call, small enough for any device


class TensorBatches:
    """Batches of two tensors: one permutation an epoch, blocks gathered in its order, then split (views).

    Collating sample by sample is what makes a DataLoader slow on small models; nothing is collated here.
    Where the tensors are not on `device`, each block is pinned and copied without blocking.
    """

    def __init__(self, x, y, batch_size: int, device: torch.device, generator: torch.Generator | None = None):
        self.x, self.y, self.batch_size, self.device, self.generator = x, y, batch_size, device, generator
        batch_bytes = max(1, (x[:1].nbytes + y[:1].nbytes) * batch_size)
        self.block = batch_size * max(1, _BLOCK_BYTES // batch_bytes)  # rows

    def __len__(self) -> int:
        return -(-len(self.y) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for x, y in self._blocks():
            yield from zip(x.split(self.batch_size), y.split(self.batch_size), strict=True)

    def _blocks(self) -> Iterator[Batch]:
        if self.generator is None:
            for x, y in zip(self.x.split(self.block), self.y.split(self.block), strict=True):
                yield self._move(x), self._move(y)
            return
        order = torch.randperm(len(self.y), generator=self.generator).to(self.x.device)
        for rows in order.split(self.block):
            yield self._move(self.x[rows]), self._move(self.y[rows])

    def _move(self, block):
        if block.device.type == self.device.type:
            return block
        pinned = block.pin_memory() if self.device.type == "cuda" else block
        return pinned.to(self.device, non_blocking=True)


class LoaderBatches:
    """A DataLoader's batches, each checked on the host, then copied without blocking."""

    def __init__(self, name: str, loader: DataLoader, device: torch.device, check: Check):
        self.name, self.loader, self.device, self.check = name, loader, device, check

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        empty = True
        for index, batch in enumerate(self.loader):
            name, empty = f"{self.name}, batch {index}", False
            x, y = _pair(name, batch)
            self.check(name, x, y)
            yield x.to(self.device, non_blocking=True), y.to(self.device, non_blocking=True)
        if empty:
            raise ValueError(f"{self.name}: the loader gave no batch, expected at least one")


def batches(name: str, data, batch_size: int, device: torch.device, check: Check,
            generator: torch.Generator | None = None) -> TensorBatches | LoaderBatches:
    """Checked batches on `device`, in an order drawn from `generator` (None: in the order given).

    check: called as check(name, x, y), with all rows of tensors, or with each batch of a loader.
    Raises: TypeError or ValueError that says what is wrong with the data, and where.
    """
    if isinstance(data, TensorDataset):
        data = data.tensors
    if isinstance(data, tuple | list):
        x, y = _pair(name, data)
        check(name, x, y)
        if _fits(device, x.nbytes + y.nbytes):
            x, y = x.to(device), y.to(device)
        return TensorBatches(x, y, batch_size, device, generator)
    if isinstance(data, Dataset):
        _refuse_empty(name, data)
        data = DataLoader(data, batch_size, shuffle=generator is not None, generator=generator,
                          pin_memory=device.type == "cuda")
    if not isinstance(data, DataLoader):
        raise TypeError(f"{name}: given {type(data).__name__}, expected two tensors (x, y), a Dataset or a "
                        "DataLoader")
    _refuse_empty(name, data.dataset)
    if _length(data) == 0:
        raise ValueError(f"{name}: given {len(data.dataset)} rows, expected at least the loader's batch_size "
                         f"({data.batch_size}), since it drops a short last batch (drop_last)")
    return LoaderBatches(name, data, device, check)


def _pair(name: str, batch) -> Batch:
    """The two tensors of a batch, which must be as many inputs as targets, and finite."""
    if not isinstance(batch, tuple | list):
        raise TypeError(f"{name}: given {type(batch).__name__}, expected two tensors (x, y)")
    if len(batch) != 2 or not all(map(torch.is_tensor, batch)):
        given = ", ".join(type(part).__name__ for part in batch)
        raise TypeError(f"{name}: given ({given}), expected two tensors (x, y); "
                        "torch.from_numpy makes one of an array")
    x, y = batch
    for part, tensor in (("x", x), ("y", y)):
        if tensor.ndim == 0 or len(tensor) == 0:
            raise ValueError(f"{name}: given an empty {part} of shape {tuple(tensor.shape)}, "
                             "expected at least one row")
    if len(x) != len(y):
        raise ValueError(f"{name}: given {len(x)} rows of x and {len(y)} of y, expected as many of each")
    check_finite(f"{name}, x", x)
    check_finite(f"{name}, y", y)
    return x, y


def check_finite(name: str, tensor) -> None:
    """Raise a ValueError that names the first row with a NaN or an infinity."""
    # A sum is finite only if its terms are, and makes no temporary; one that overflows is looked at again.
    if not tensor.is_floating_point() or torch.isfinite(tensor.sum()):
        return
    bad = ~torch.isfinite(tensor).reshape(len(tensor), -1).all(dim=1)  # (n, …) -> (n,)
    if bad.any():
        row, count = int(bad.nonzero()[0]), int(bad.sum())
        raise ValueError(f"{name}: given NaN or infinity in row {row} ({count} such), expected only finite "
                         "numbers")


def check_dtype(name: str, x, model: nn.Module) -> None:
    """Inputs of floats must have the type of the model's parameters."""
    wanted = next((parameter.dtype for parameter in model.parameters()), x.dtype)
    if x.is_floating_point() and x.dtype != wanted:
        raise TypeError(f"{name}: given {_short(x.dtype)}, expected {_short(wanted)} like the model's "
                        f"parameters; use x.to({wanted})")


def check_targets(name: str, outputs, y, loss) -> None:
    """Targets must be what the loss takes: class numbers that the model has, or values shaped like outputs.

    outputs: the model's, for a few rows.  y: the targets of all rows.
    """
    function = loss.func if isinstance(loss, functools.partial) else loss
    kinds = {type(function), function} if callable(getattr(function, "__hash__", None)) else {type(function)}
    if kinds & _VALUE_LOSSES:
        _check_values(name, outputs, y)
    elif kinds & _CLASS_LOSSES:
        # Floats of the outputs' shape are class probabilities, which these losses take as well.
        if not y.is_floating_point() or y.shape[1:] != outputs.shape[1:]:
            _check_labels(name, outputs, y, loss)
    elif gives_classes(outputs, y):  # a loss of the reader's own
        _check_labels(name, outputs, y, loss)


def gives_classes(outputs, y) -> bool:
    """Whether targets are class numbers (n, …) for outputs (n, C, …)."""
    return y.dtype == torch.int64 and outputs.ndim == y.ndim + 1


def _check_values(name: str, outputs, y) -> None:
    if not y.is_floating_point():
        raise TypeError(f"{name}, y: given {_short(y.dtype)}, expected floats for this loss; use y.float()")
    if y.shape[1:] != outputs.shape[1:]:
        raise ValueError(f"{name}, y: given shape {_shape(y)}, expected {_shape(outputs)} like the model's "
                         "outputs; torch would broadcast one against the other and fit nonsense")


def _check_labels(name: str, outputs, y, loss) -> None:
    if y.dtype != torch.int64:
        raise TypeError(f"{name}, y: given {_short(y.dtype)}, expected int64 class numbers; use y.long()")
    if y.ndim + 1 != outputs.ndim or y.shape[1:] != outputs.shape[2:]:
        raise ValueError(f"{name}, y: given shape {_shape(y)}, expected a class number for each of the "
                         f"model's outputs, which are {_shape(outputs)}")
    classes = outputs.shape[1]
    low, high = (int(bound) for bound in y.aminmax())
    if low >= 0 and high < classes:
        return
    ignored = _ignored_label(loss)
    if bool((y == ignored).all()):
        raise ValueError(f"{name}, y: given only {ignored}, which the loss ignores, expected some labels in "
                         f"0…{classes - 1}")
    wrong = ((y < 0) | (y >= classes)) & (y != ignored)
    if wrong.any():
        place = tuple(wrong.nonzero()[0])
        raise ValueError(f"{name}, y: given label {int(y[place])} in row {int(place[0])}, expected "
                         f"0…{classes - 1}, since the model has {classes} outputs")


def check_parts(model, loss, optimizer, schedule, callbacks) -> None:
    """What a Trainer is made of. Raises TypeError or ValueError that names the argument."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: given {type(model).__name__}, expected a torch.nn.Module")
    if not callable(loss) or isinstance(loss, type):
        raise TypeError(f"loss: given {loss!r}, expected a function of (outputs, targets), "
                        "such as F.cross_entropy")
    if getattr(loss, "reduction", "mean") != "mean":
        raise ValueError(f"loss: given reduction={loss.reduction!r}, expected 'mean'")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer: given {optimizer!r}, expected one such as SGD(model.parameters(), 0.1)")
    own = set(map(id, model.parameters()))
    if not any(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"]):
        raise ValueError("optimizer: given one without parameters of this model, expected model.parameters()")
    if schedule is not None and not callable(schedule):
        raise TypeError(f"schedule: given {schedule!r}, expected a function of the step, as cosine(1000)")
    for callback in callbacks:
        if isinstance(callback, type) or not any(hasattr(callback, method) for method in METHODS):
            raise TypeError(f"callbacks: given {callback!r}, expected an object with {' or '.join(METHODS)}")


def _ignored_label(loss) -> int:
    given = loss.keywords.get("ignore_index") if isinstance(loss, functools.partial) else None
    return getattr(loss, "ignore_index", -100) if given is None else given


def _refuse_empty(name: str, dataset) -> None:
    if _length(dataset) == 0:
        raise ValueError(f"{name}: given an empty data set, expected at least one row")


def _length(sized) -> int | None:
    """len, or None for a stream that has none."""
    try:
        return len(sized)
    except TypeError:
        return None


def _fits(device: torch.device, size: int) -> bool:
    """Whether so many bytes may stay on the device and leave most of it free; on the CPU they are already."""
    return device.type != "cuda" or size < torch.cuda.mem_get_info(device)[0] / 4


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _shape(tensor) -> str:
    """(n, 10), or (n,)"""
    return f"(n, {', '.join(map(str, tensor.shape[1:]))})" if tensor.ndim > 1 else "(n,)"
