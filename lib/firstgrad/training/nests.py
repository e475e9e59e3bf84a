"""Batches of any shape: a nest is a tensor, or tuples, lists, dictionaries and dataclasses of nests.

All tensors of a nest have one leading length, the rows. A part may be None. A batch may also be an object of
your own that has `to(device)` and a length, such as a batch of graphs that are laid end to end.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch

Nest = Any  # a tensor, or tuples, lists, dictionaries, dataclasses of nests, or None


def parts(name: str, nest: Nest) -> Iterator[tuple[str, Any]]:
    """Every part that is no container, with its path, such as batch["mask"] or batch[0].ids."""
    if isinstance(nest, Mapping):
        for key, part in nest.items():
            yield from parts(f"{name}[{key!r}]", part)
    elif dataclasses.is_dataclass(nest) and not isinstance(nest, type):
        for field in dataclasses.fields(nest):
            yield from parts(f"{name}.{field.name}", getattr(nest, field.name))
    elif isinstance(nest, tuple | list):
        names = getattr(nest, "_fields", None)
        for index, part in enumerate(nest):
            yield from parts(f"{name}.{names[index]}" if names else f"{name}[{index}]", part)
    else:
        yield name, nest


def mapped(function: Callable, nest: Nest) -> Nest:
    """The same nest with function(tensor) for every tensor."""
    if torch.is_tensor(nest):
        return function(nest)
    if isinstance(nest, Mapping):
        return type(nest)((key, mapped(function, part)) for key, part in nest.items())  # type: ignore[call-arg]
    if dataclasses.is_dataclass(nest) and not isinstance(nest, type):
        changed = {field.name: mapped(function, getattr(nest, field.name))
                   for field in dataclasses.fields(nest) if field.init}
        return dataclasses.replace(nest, **changed)
    if isinstance(nest, tuple | list):
        made = [mapped(function, part) for part in nest]
        return type(nest)(*made) if hasattr(nest, "_fields") else type(nest)(made)
    return nest


def tensors(nest: Nest) -> list[torch.Tensor]:
    """All tensors of a nest, in order."""
    return [part for _, part in parts("", nest) if torch.is_tensor(part)]


def builder(nest: Nest) -> Callable[[Iterable[torch.Tensor]], Nest]:
    """A function that puts other tensors, in the order of `tensors`, into a nest of this form."""
    if type(nest) is tuple and all(map(torch.is_tensor, nest)):
        return tuple
    def build(values):
        following = iter(values)
        return mapped(lambda _: next(following), nest)

    return build


def is_own(nest: Nest) -> bool:
    """Whether it is a batch of a class of its own, which says itself how long it is and how it is moved."""
    return (not torch.is_tensor(nest) and not isinstance(nest, Mapping | tuple | list | str | bytes)
            and not dataclasses.is_dataclass(nest) and hasattr(nest, "to") and hasattr(nest, "__len__"))


def moved(nest: Nest, device: torch.device) -> Nest:
    """The nest on the device; to a GPU from page-locked memory, so that the host goes on meanwhile."""
    if is_own(nest):
        return nest.to(device)
    return mapped(lambda tensor: pinned(tensor, device).to(device, non_blocking=True), nest)


def pinned(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """In page-locked memory, from where a GPU copies while the host goes on."""
    return tensor.pin_memory() if device.type == "cuda" and tensor.device.type == "cpu" else tensor


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
    if count == 0:
        raise ValueError(f"{name}: given an empty batch{what}, expected at least one row")
    return count
