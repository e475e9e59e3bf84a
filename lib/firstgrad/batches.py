"""Batches on the device, epoch by epoch: from tensors, from a Dataset, from a DataLoader.

Each can take up an epoch in its middle: `epoch(skip)` gives the batches after the first `skip`, and these are
the same as ever if the generators (its own and the global ones) stand where they stood when the epoch began.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

_BLOCK_BYTES = 2**26  # gathered at once; large enough to hide the call, small enough for any device


class Batch(NamedTuple):
    """What one forward pass takes."""

    x: torch.Tensor  # (B, …)
    y: torch.Tensor  # (B, …)
    rows: int  # B


class TensorBatches:
    """Batches of two tensors: one permutation an epoch, blocks gathered in its order, then split (views).

    Collating sample by sample is what makes a DataLoader slow on small models; nothing is collated here.
    Where the tensors are not on `device`, a thread gathers and pins the next block while this one is in use.
    """

    def __init__(self, x, y, batch_size: int, device: torch.device, generator: torch.Generator | None = None):
        self.x, self.y, self.batch_size, self.device = x, y, batch_size, device
        self.generators = several(generator)
        batch_bytes = max(1, (x[:1].nbytes + y[:1].nbytes) * batch_size)
        self.block = batch_size * max(1, _BLOCK_BYTES // batch_bytes)  # rows

    def __len__(self) -> int:
        return -(-len(self.y) // self.batch_size)

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`; the order is drawn before this returns."""
        order = _order(len(self.y), self.generators)
        blocks = self._blocks(order, skip * self.batch_size)
        if self.x.device.type != self.device.type:
            blocks = _one_ahead([_pinned(x, self.device), _pinned(y, self.device)] for x, y in blocks)
        return self._split(blocks)

    def _blocks(self, order, first: int) -> Iterator:
        order = order if order is None else order.to(self.x.device)
        for start in range(first, len(self.y), self.block):
            rows = slice(start, start + self.block)
            yield [part[rows if order is None else order[rows]] for part in (self.x, self.y)]

    def _split(self, blocks: Iterable) -> Iterator[Batch]:
        for x, y in blocks:
            x, y = (part.to(self.device, non_blocking=True) for part in (x, y))
            for batch, targets in zip(x.split(self.batch_size), y.split(self.batch_size), strict=True):
                yield Batch(batch, targets, len(targets))


class LoaderBatches:
    """A DataLoader's batches, each checked on the host, then copied without blocking.

    Skipped batches are loaded once more, so that loader, workers and data set draw what they drew. (What
    workers draw for themselves is not repeated where they are persistent: they are never seeded again.)
    check: called as check(name, batch), returns x and y.
    """

    def __init__(self, name: str, loader: DataLoader, device: torch.device, check: Callable):
        self.name, self.loader, self.device, self.check = name, loader, device, check
        self.batch_size = loader.batch_size
        inner = getattr(loader.batch_sampler, "sampler", None)
        holders = (loader, loader.sampler, loader.batch_sampler, inner)
        self.generators = several(*(getattr(holder, "generator", None) for holder in holders))

    def __len__(self) -> int:
        return len(self.loader)

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`, which are loaded before this returns."""
        batches = iter(self.loader)
        return self._checked(batches, sum(1 for _ in itertools.islice(batches, skip)))

    def _checked(self, batches: Iterator, index: int) -> Iterator[Batch]:
        for batch in batches:
            x, y = self.check(f"{self.name}, batch {index}", batch)
            index += 1
            x, y = (_pinned(part, self.device).to(self.device, non_blocking=True) for part in (x, y))
            yield Batch(x, y, len(y))
        if index == 0:
            raise ValueError(f"{self.name}: the loader gave no batch, expected at least one")


class DatasetBatches(LoaderBatches):
    """A Dataset's batches: rows in the order of `TensorBatches`, and skipped ones are not loaded."""

    def __init__(self, name: str, dataset: Dataset, batch_size: int, device: torch.device, check: Callable,
                 generator: torch.Generator | None = None):
        super().__init__(name, DataLoader(dataset, batch_size), device, check)
        self.generators = several(generator)

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`; the order is drawn before this returns."""
        order = _order(len(self.loader.dataset), self.generators)
        order = torch.arange(len(self.loader.dataset)) if order is None else order
        rows = (part.tolist() for part in order[skip * self.batch_size:].split(self.batch_size) if len(part))
        return self._checked(iter(DataLoader(self.loader.dataset, batch_sampler=rows)), skip)


def several(*generators) -> list[torch.Generator]:
    """Those that there are, each once."""
    return list({id(one): one for one in generators if isinstance(one, torch.Generator)}.values())


def _order(count: int, generators: list):
    """A permutation (count,), or None for the order as given."""
    return torch.randperm(count, generator=generators[0]) if generators else None


def _pinned(tensor, device: torch.device):
    """In page-locked memory, from where a GPU copies while the host goes on."""
    return tensor.pin_memory() if device.type == "cuda" and tensor.device.type == "cpu" else tensor


def _one_ahead(items: Iterator) -> Iterator:
    """The same items, each made by a thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as thread:
        upcoming = thread.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = thread.submit(next, items, None)
            yield item
