"""From what the reader has (tensors, arrays, a nest of them, a Dataset, a DataLoader) to checked batches.

Everything that can be wrong with the inputs is said here, before the first step changes a parameter.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, DistributedSampler, IterableDataset, TensorDataset

from firstgrad.training import device as devices
from firstgrad.training import nests
from firstgrad.training.batches import Batches, DatasetBatches, LoaderBatches, TensorBatches
from firstgrad.training.checks import Check
from firstgrad.training.distributed import ALONE, World
from firstgrad.training.nests import Nest

_HOLDERS = (np.ndarray, tuple, list, Mapping)


def batches(name: str, data: Any, batch_size: int, device: torch.device, check: Check,
            generator: torch.Generator | None = None, world: World = ALONE) -> Batches:
    """Checked batches on `device`, in an order drawn from `generator` (None: in the order given).

    check: looks at all rows of tensors at once, at those of a loader batch by batch.
    Raises: TypeError or ValueError that says what is wrong with the data, and where.
    """
    data = data.tensors if type(data) is TensorDataset else data  # others may augment
    if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        _refuse_empty(name, data)
        return DatasetBatches(name, data, batch_size, device, check.of_loader, generator, world)
    if isinstance(data, IterableDataset | DataLoader):
        loader = DataLoader(data, batch_size) if isinstance(data, IterableDataset) else data
        _check_loader(name, loader)
        return LoaderBatches(name, loader, device, check.of_loader, generator, world)
    if not _is_rows(data):
        raise TypeError(f"{name}: given {type(data).__name__}, expected tensors (x, y), a nest of tensors, a "
                        "Dataset or a DataLoader (of ready batches: DataLoader(list(…), batch_size=None))")
    try:
        nest = check.of_all(name, as_tensors(name, data, check.dtype), batch_size)
    except (TypeError, ValueError) as error:
        if not _is_ready(data):
            raise
        raise TypeError(f"{name}: given a list of {len(data)} batches, expected their rows in one nest, or "
                        "DataLoader(batches, batch_size=None), which takes them as they are") from error
    if sum(tensor.nbytes for tensor in nests.tensors(nest)) <= devices.room(device):
        nest = nests.mapped(lambda tensor: tensor.to(device), nest)
    return TensorBatches(nest, batch_size, device, generator, world)


def refuse_two(call: str, first: Any, second: Any) -> None:
    """Raises: TypeError for fit(x, y), which is to be fit((x, y))."""
    if all(torch.is_tensor(part) or isinstance(part, np.ndarray) for part in (first, second)):
        raise TypeError(f"{call}: given x and y as two arguments, expected one, {call}((x, y))")


def _is_ready(data: Any) -> bool:
    """Whether it looks like a list of batches, where a data set belongs."""
    return (isinstance(data, list) and all(isinstance(part, tuple | list | Mapping) for part in data)
            and any(map(torch.is_tensor, nests.tensors(data))))


def _is_rows(data: Any) -> bool:
    """Whether it is tensors or arrays, or a container, which may hold them."""
    return (torch.is_tensor(data) or isinstance(data, _HOLDERS) or hasattr(data, "to_numpy")
            or (hasattr(data, "__dataclass_fields__") and not isinstance(data, type)))


def as_tensors(name: str, data: Any, dtype: torch.dtype) -> Nest:
    """The nest with a tensor for every array, frame and column, where that is safe.

    Arrays of floats are of 64 bits because NumPy's are, not because anyone chose so: they become `dtype`, as
    the model is. Whole numbers become int64.  Raises: TypeError for an array of anything but numbers.
    """
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    if isinstance(data, np.ndarray):
        return _tensor(name, data, dtype)
    if isinstance(data, tuple | list) and not hasattr(data, "_fields"):
        return tuple(as_tensors(f"{name}, {part}", value, dtype) for part, value in _named(data))
    inner = nests.inside(data)
    if inner is None:
        return data
    return nests.filled(data, [as_tensors(name + path, part, dtype)
                               for path, part in zip(nests.paths(data), inner, strict=True)])


def _named(data: Any) -> Iterable:
    """x and y are called so; parts of anything else by their place."""
    return zip("xy", data, strict=True) if len(data) == 2 else ((f"part {i}", v) for i, v in enumerate(data))


def _tensor(name: str, array: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    kind, array = array.dtype.kind, np.ascontiguousarray(array)  # in the order of rows, as tensors are
    if kind not in "biuf":
        raise TypeError(f"{name}: given an array of {array.dtype}, expected numbers")
    if kind == "f":
        return torch.tensor(array if array.itemsize <= 8 else array.astype(np.float64), dtype=dtype)
    return torch.tensor(array.astype(bool if kind == "b" else np.int64))


def _check_loader(name: str, loader: DataLoader) -> None:
    if isinstance(loader.sampler, DistributedSampler):
        raise ValueError(f"{name}: given a DataLoader with a DistributedSampler, expected one without: every "
                         "batch is divided among the processes here")
    _refuse_empty(name, loader.dataset)
    if length(loader) == 0:
        raise ValueError(f"{name}: given {length(loader.dataset)} rows, expected at least the loader's "
                         f"batch_size ({loader.batch_size}), since it drops a short last batch (drop_last)")


def _refuse_empty(name: str, dataset) -> None:
    if length(dataset) == 0:
        raise ValueError(f"{name}: given an empty data set, expected at least one row")


def length(sized: Any) -> int | None:
    """len, or None for a stream that has none."""
    try:
        return len(sized)
    except TypeError:
        return None
