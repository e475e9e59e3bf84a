"""Batches of any shape: a nest is a tensor, or tuples, lists, dictionaries and dataclasses of nests.

All tensors of a nest have one leading length, the rows. A part may be None. A batch may also be an object of
your own that has `to(device)` and a length, such as a batch of graphs that are laid end to end.
"""

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

import torch

Nest = Any  # a tensor, or tuples, lists, dictionaries, dataclasses of nests, or None


def inside(nest: Nest) -> list | None:
    """The parts of a container; None for what is none, a tensor among them."""
    if torch.is_tensor(nest):
        return None
    if isinstance(nest, Mapping):
        return list(nest.values())
    if _is_dataclass(nest):
        return [getattr(nest, field.name) for field in dataclasses.fields(nest)]
    return list(nest) if isinstance(nest, tuple | list) else None


def paths(nest: Nest) -> list[str]:
    """What stands behind a container's name for each part: ["mask"], [0], .ids."""
    if isinstance(nest, Mapping):
        return [f"[{key!r}]" for key in nest]
    if _is_dataclass(nest):
        return [f".{field.name}" for field in dataclasses.fields(nest)]
    names = getattr(nest, "_fields", None)
    return [f".{name}" for name in names] if names else [f"[{place}]" for place in range(len(nest))]


def parts(name: str, nest: Nest) -> Iterator[tuple[str, Any]]:
    """Every part that is no container, with its path, such as batch["mask"] or batch[0].ids."""
    inner = inside(nest)
    if inner is None:
        yield name, nest
        return
    for path, part in zip(paths(nest), inner, strict=True):
        yield from parts(name + path, part)


def mapped(function: Callable, nest: Nest) -> Nest:
    """The same nest with function(tensor) for every tensor."""
    if torch.is_tensor(nest):
        return function(nest)
    inner = inside(nest)
    return nest if inner is None else filled(nest, [mapped(function, part) for part in inner])


def filled(nest: Nest, values: list) -> Nest:
    """A container of the same kind with other parts, in their order."""
    if isinstance(nest, Mapping):
        return _filled_mapping(nest, dict(zip(nest, values, strict=True)))
    if not isinstance(nest, tuple | list):
        return _filled_dataclass(nest, values)
    return type(nest)(*values) if hasattr(nest, "_fields") else type(nest)(values)


def _filled_mapping(nest: Mapping, values: dict) -> Mapping:
    if not isinstance(nest, MutableMapping) or type(nest) is dict:
        return values
    made = copy.copy(nest)  # which keeps what else it has: a default, an encoding
    for key, value in values.items():
        made[key] = value
    return made


def _filled_dataclass(nest: Any, values: list) -> Any:
    fields = dataclasses.fields(nest)
    made = dataclasses.replace(nest, **{field.name: value for field, value in zip(fields, values, strict=True)
                                        if field.init})
    for field, value in zip(fields, values, strict=True):
        if not field.init and value is not getattr(nest, field.name):  # numbers its own __post_init__ makes
            object.__setattr__(made, field.name, value)  # also where it is frozen
    return made


def _is_dataclass(nest: Any) -> bool:
    return dataclasses.is_dataclass(nest) and not isinstance(nest, type)


def tensors(nest: Nest) -> list[torch.Tensor]:
    """All tensors of a nest, in order."""
    return [part for _, part in parts("", nest) if torch.is_tensor(part)]


def builder(nest: Nest) -> Callable[[Iterable[torch.Tensor]], Nest]:
    """A function that puts other tensors, in the order of `tensors`, into a nest of this form."""
    if type(nest) is tuple and all(map(torch.is_tensor, nest)):
        return tuple

    def build(values: Iterable[torch.Tensor]) -> Nest:
        following = iter(values)
        return mapped(lambda _: next(following), nest)

    return build


def is_own(nest: Nest) -> bool:
    """Whether it is a batch of a class of its own, which says itself how long it is and how it is moved."""
    return (not torch.is_tensor(nest) and not isinstance(nest, Mapping | tuple | list | str | bytes)
            and not _is_dataclass(nest) and hasattr(nest, "to") and hasattr(nest, "__len__"))


def moved(nest: Nest, device: torch.device) -> Nest:
    """The nest on the device; to a GPU from page-locked memory, so that the host goes on meanwhile."""
    if is_own(nest):
        return nest.to(device)
    return mapped(lambda tensor: pinned(tensor, device).to(device, non_blocking=True), nest)


def pinned(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """In page-locked memory, from where a GPU copies while the host goes on."""
    return tensor.pin_memory() if device.type == "cuda" and tensor.device.type == "cpu" else tensor


def wide(tensor: torch.Tensor) -> torch.Tensor:
    """On the CPU, of at least 32 bits."""
    tensor = tensor.cpu()
    return tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor


def rows(name: str, nest: Nest) -> int:
    """The one leading length of all tensors.

    Raises: TypeError for a part that is no tensor; ValueError for none, for no row, and for unequal lengths;
    each names the part by its path.
    """
    if is_own(nest):
        return check_rows(name, len(nest), "")
    first = None
    for path, part in parts(name, nest):
        if part is None:
            continue
        if not torch.is_tensor(part):
            raise TypeError(f"{path}: given {type(part).__name__}, expected a tensor, which can go to a "
                            "device; let the collate function leave out, or make a tensor of, what is none")
        if part.ndim == 0:
            raise ValueError(f"{path}: given a tensor without rows, shape (), expected (n, …)")
        check_rows(path, len(part), f" of shape {tuple(part.shape)}")
        if first is None:
            first = path, len(part)
        elif len(part) != first[1]:
            raise ValueError(f"{path}: given {len(part)} rows, expected {first[1]}, as many as {first[0]} "
                             "has")
    if first is None:
        raise ValueError(f"{name}: given an empty {type(nest).__name__}, expected at least one tensor")
    return first[1]


def check_rows(name: str, count: int, what: str) -> int:
    """Raises: ValueError for none."""
    if count == 0:
        raise ValueError(f"{name}: given an empty batch{what}, expected at least one row")
    return count
