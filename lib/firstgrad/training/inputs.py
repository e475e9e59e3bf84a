"""From what the reader has (tensors, a Dataset, a DataLoader) to checked batches on the device.

Everything that can be wrong with the inputs is said here, before the first step changes a parameter.
"""

import functools
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, DistributedSampler, IterableDataset, TensorDataset

from firstgrad.training import device as devices
from firstgrad.training.batches import DatasetBatches, LoaderBatches, TensorBatches
from firstgrad.training.callbacks import METHODS
from firstgrad.training.distributed import ALONE, World

Check = Callable[[str, torch.Tensor, torch.Tensor], None]

_CLASS_LOSSES = {F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss, nn.NLLLoss}
_VALUE_LOSSES = {F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy,
                 F.binary_cross_entropy_with_logits, nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss,
                 nn.BCELoss, nn.BCEWithLogitsLoss}


def batches(name: str, data, batch_size: int, device: torch.device, check: Check,
            generator: torch.Generator | None = None, world: World = ALONE) -> TensorBatches | LoaderBatches:
    """Checked batches on `device`, in an order drawn from `generator` (None: in the order given).

    check: called as check(name, x, y), with all rows of tensors, or with each batch of a loader.
    Raises: TypeError or ValueError that says what is wrong with the data, and where.
    """
    def check_batch(name, batch):
        x, y = _pair(name, batch)
        check(name, x, y)
        return x, y

    if isinstance(data, TensorDataset):
        data = data.tensors
    if isinstance(data, tuple | list):
        x, y = check_batch(name, data)
        if x.nbytes + y.nbytes <= devices.room(device):
            x, y = x.to(device), y.to(device)
        return TensorBatches(x, y, batch_size, device, generator, world)
    if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        _refuse_empty(name, data)
        return DatasetBatches(name, data, batch_size, device, check_batch, generator, world)
    loader = DataLoader(data, batch_size) if isinstance(data, IterableDataset) else data
    _check_loader(name, loader)
    return LoaderBatches(name, loader, device, check_batch, generator, world)


def _check_loader(name: str, loader) -> None:
    if not isinstance(loader, DataLoader):
        raise TypeError(f"{name}: given {type(loader).__name__}, expected two tensors (x, y), a Dataset or a "
                        "DataLoader")
    if isinstance(loader.sampler, DistributedSampler):
        raise ValueError(f"{name}: given a DataLoader with a DistributedSampler, expected one without: every "
                         "batch is divided among the processes here")
    _refuse_empty(name, loader.dataset)
    if length(loader) == 0:
        raise ValueError(f"{name}: given {len(loader.dataset)} rows, expected at least the loader's "
                         f"batch_size ({loader.batch_size}), since it drops a short last batch (drop_last)")


def _pair(name: str, batch) -> tuple:
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


def check_by_model(name: str, x, model: nn.Module) -> None:
    """Let a model that has a method `check_inputs(name, x)` look at all rows, before the first step."""
    if hasattr(model, "check_inputs"):
        model.check_inputs(name, x)


def check_model(name: str, model: nn.Module, x):
    """The model's outputs for the rows x. Raises a ValueError where it cannot take them."""
    try:
        return model(x)
    except RuntimeError as error:
        shape = ", ".join(["n", *map(str, x.shape[1:])])
        raise ValueError(f"{name}: the model refuses x of shape ({shape}): {error}") from error


def check_loss(loss, outputs, y) -> None:
    """Raises a ValueError where the loss is not one number."""
    value = loss(outputs, y)
    if not torch.is_tensor(value) or value.ndim:
        given = f"shape {tuple(value.shape)}" if torch.is_tensor(value) else type(value).__name__
        raise ValueError(f"loss: it returns {given}, expected a scalar tensor, the mean over the batch")


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


def check_parts(model, loss, optimizer, schedule, callbacks, metrics) -> None:
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
    for name, metric in (metrics or {}).items():
        if name in ("loss", "accuracy", "epoch", "step") or not callable(metric):
            raise TypeError(f"metrics: given {name!r}: {metric!r}, expected a name that is free and a "
                            "function of (outputs, targets)")


def check_rows(name: str, x, model: nn.Module) -> None:
    """Rows to predict. Raises TypeError or ValueError that says what is wrong with them."""
    if not torch.is_tensor(x):
        raise TypeError(f"{name}: given {type(x).__name__}, expected a tensor")
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"{name}: given shape {tuple(x.shape)}, expected at least one row")
    check_dtype(name, x, model)
    check_finite(name, x)


def _ignored_label(loss) -> int:
    given = loss.keywords.get("ignore_index") if isinstance(loss, functools.partial) else None
    return getattr(loss, "ignore_index", -100) if given is None else given


def _refuse_empty(name: str, dataset) -> None:
    if length(dataset) == 0:
        raise ValueError(f"{name}: given an empty data set, expected at least one row")


def length(sized) -> int | None:
    """len, or None for a stream that has none."""
    try:
        return len(sized)
    except TypeError:
        return None


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _shape(tensor) -> str:
    """(n, 10), or (n,)"""
    return f"(n, {', '.join(map(str, tensor.shape[1:]))})" if tensor.ndim > 1 else "(n,)"
