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

from firstgrad.training.distributed import ALONE, World

_BLOCK_BYTES = 2**23  # gathered at once: hides the call; larger ones page-fault anew each time


class Batch(NamedTuple):
    """What one forward pass takes: this process's share of a batch."""

    x: torch.Tensor  # (B, …)
    y: torch.Tensor  # (B, …)
    rows: int  # for how many it counts: B, or 0 where others have them all (World.share)
    total: int  # rows of the whole batch, over all processes


class TensorBatches:
    """Batches of two tensors: one permutation an epoch, blocks gathered in its order, then split (views).

    Collating sample by sample is what makes a DataLoader slow on small models; nothing is collated here.
    Where the tensors are not on `device`, a thread gathers and pins the next block while this one is in use.
    """

    def __init__(self, x, y, batch_size: int, device: torch.device, generator: torch.Generator | None = None,
                 world: World = ALONE):
        self.x, self.y, self.batch_size, self.device, self.world = x, y, batch_size, device, world
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
            blocks = _one_ahead((_pinned(x, self.device), _pinned(y, self.device), sizes)
                                for x, y, sizes in blocks)
        return self._split(blocks)

    def _blocks(self, order, first: int) -> Iterator:
        """Rows of several batches, and the sizes of these."""
        order = order if order is None else order.to(self.x.device)
        for start in range(first, len(self.y), self.block):
            end = min(start + self.block, len(self.y))
            sizes = [min(self.batch_size, end - at) for at in range(start, end, self.batch_size)]
            rows = slice(start, end) if order is None else order[start:end]
            if self.world.size > 1:
                rows = torch.arange(start, end) if order is None else rows
                rows = torch.cat([part[self.world.share(len(part))[0]] for part in rows.split(sizes)])
            yield self.x[rows], self.y[rows], sizes

    def _split(self, blocks: Iterable) -> Iterator[Batch]:
        for x, y, sizes in blocks:
            x, y = (part.to(self.device, non_blocking=True) for part in (x, y))
            counts = [self.world.share(size)[1] for size in sizes]
            lengths = [max(1, count) for count in counts]
            yield from map(Batch, x.split(lengths), y.split(lengths), counts, sizes)


class LoaderBatches:
    """A DataLoader's batches, each checked on the host, then copied without blocking.

    Skipped batches are loaded once more, so that loader, workers and data set draw what they drew. (What
    workers draw for themselves is not repeated where they are persistent: they are never seeded again.)
    Of many processes each loads all of a batch and keeps its share, for only the loader knows its batches.
    check: called as check(name, batch), returns x and y.
    """

    def __init__(self, name: str, loader: DataLoader, device: torch.device, check: Callable,
                 generator: torch.Generator | None = None, world: World = ALONE):
        self.name, self.loader, self.device, self.check, self.world = name, loader, device, check, world
        self.generator = generator  # what the processes draw from where they have to draw the same
        self.batch_size = loader.batch_size
        inner = getattr(loader.batch_sampler, "sampler", None)
        holders = (loader, loader.sampler, loader.batch_sampler, inner)
        self.generators = several(*(getattr(holder, "generator", None) for holder in holders))

    def __len__(self) -> int:
        return len(self.loader)

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`, which are loaded before this returns."""
        batches = iter(self.loader) if self.world.size == 1 else self._alike()
        return self._checked(batches, sum(1 for _ in itertools.islice(batches, skip)))

    def _alike(self) -> Iterator:
        """The loader's batches, its order drawn alike by all processes, whose generators differ."""
        seed = int(torch.randint(2**62, (), generator=self.generator)) if self.generator else 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            batches = iter(self.loader)
            first = list(itertools.islice(batches, 1))  # samplers draw when they are first asked
        return itertools.chain(first, batches)

    def _checked(self, batches: Iterator, index: int, sizes: Iterator[int] | None = None) -> Iterator[Batch]:
        """sizes: of the whole batches, where `batches` are shares of them already."""
        for batch in batches:
            x, y = self.check(f"{self.name}, batch {index}", batch)
            index += 1
            total = len(y) if sizes is None else next(sizes)
            rows, count = self.world.share(total)
            if sizes is None:
                x, y = x[rows], y[rows]
            x, y = (_pinned(part, self.device).to(self.device, non_blocking=True) for part in (x, y))
            yield Batch(x, y, count, total)
        if index == 0:
            raise ValueError(f"{self.name}: the loader gave no batch, expected at least one")


class DatasetBatches(LoaderBatches):
    """A Dataset's batches: rows in the order of `TensorBatches`, and skipped ones are not loaded."""

    def __init__(self, name: str, dataset: Dataset, batch_size: int, device: torch.device, check: Callable,
                 generator: torch.Generator | None = None, world: World = ALONE):
        super().__init__(name, DataLoader(dataset, batch_size), device, check, generator, world)
        self.generators = several(generator)

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`; the order is drawn before this returns."""
        order = _order(len(self.loader.dataset), self.generators)
        order = torch.arange(len(self.loader.dataset)) if order is None else order
        batches = [part for part in order[skip * self.batch_size:].split(self.batch_size) if len(part)]
        shares = (part[self.world.share(len(part))[0]].tolist() for part in batches)
        loader = DataLoader(self.loader.dataset, batch_sampler=shares)
        return self._checked(iter(loader), skip, iter(map(len, batches)))


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
