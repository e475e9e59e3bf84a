"""Batches on the device, epoch by epoch: from tensors, from a Dataset, from a DataLoader.

Each can take up an epoch in its middle: `epoch(skip)` gives the batches after the first `skip`, and these are
the same as ever if the generators (its own and the global ones), and whatever else of the data has a
`state_dict`, stand where they stood when the epoch began.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from firstgrad.training import nests, randomness
from firstgrad.training.distributed import ALONE, World
from firstgrad.training.nests import Nest

BLOCK_BYTES = 2**23  # gathered at once: hides the call; larger ones page-fault anew each time


class Batch(NamedTuple):
    """What one forward pass takes: this process's share of a batch."""

    nest: Nest  # tensors (B, …)
    rows: int  # for how many it counts: B, or 0 where others have them all (World.share)
    total: int  # rows of the whole batch, over all processes


class TensorBatches:
    """Batches of a nest of tensors: one permutation an epoch, blocks gathered in its order, then split.

    Collating sample by sample is what makes a DataLoader slow on small models; nothing is collated here.
    Where the tensors are not on `device`, a thread gathers and pins the next block while this one is in use.
    """

    workers = 0
    counts = False  # whether the loss is a mean over other than rows

    def __init__(self, nest: Nest, batch_size: int, device: torch.device,
                 generator: torch.Generator | None = None, world: World = ALONE):
        self.tensors, self.build = nests.tensors(nest), nests.builder(nest)
        self.rows, self.batch_size, self.device, self.world = len(self.tensors[0]), batch_size, device, world
        self.generators = randomness.several(generator)
        batch_bytes = max(1, sum(tensor[:1].nbytes for tensor in self.tensors) * batch_size)
        self.block = batch_size * max(1, BLOCK_BYTES // batch_bytes)  # rows

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    @property
    def last_rows(self) -> int | None:
        """The rows of the last batch of an epoch."""
        return self.rows % self.batch_size or self.batch_size

    def one_row(self) -> Nest:
        """A batch of one row, to try a step on."""
        return nests.moved(self.build([tensor[:1] for tensor in self.tensors]), self.device)

    def begin(self, epoch: int) -> None:
        """Nothing here depends on the epoch's number."""

    def state_dict(self) -> dict:
        return {}

    def load_state_dict(self, state: dict) -> None:
        """There is nothing but the generators."""

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`; the order is drawn before this returns."""
        order = _order(self.rows, self.generators)
        blocks = self._blocks(order, skip * self.batch_size)
        if any(tensor.device.type != self.device.type for tensor in self.tensors):
            blocks = _one_ahead(([nests.pinned(tensor, self.device) for tensor in block], sizes)
                                for block, sizes in blocks)
        return self._split(blocks)

    def _blocks(self, order, first: int) -> Iterator:
        """Rows of several batches, and the sizes of these."""
        order = order if order is None else order.to(self.tensors[0].device)
        for start in range(first, self.rows, self.block):
            end = min(start + self.block, self.rows)
            sizes = [min(self.batch_size, end - at) for at in range(start, end, self.batch_size)]
            rows: Any = slice(start, end) if order is None else order[start:end]
            if self.world.size > 1:
                rows = torch.arange(start, end) if order is None else rows
                rows = torch.cat([part[self.world.share(len(part))[0]] for part in rows.split(sizes)])
            yield [tensor[rows] for tensor in self.tensors], sizes

    def _split(self, blocks: Iterable) -> Iterator[Batch]:
        for block, sizes in blocks:
            block = [tensor.to(self.device, non_blocking=True) for tensor in block]
            counts = [self.world.share(size)[1] for size in sizes]
            lengths = [max(1, count) for count in counts]
            split = zip(*(tensor.split(lengths) for tensor in block), strict=True)
            yield from map(Batch, map(self.build, split), counts, sizes)


class LoaderBatches:
    """A DataLoader's batches, each checked on the host, then copied without blocking.

    Skipped batches are loaded once more, so that loader, workers and data set draw what they drew. (What
    workers draw for themselves is not repeated where they are persistent: they are never seeded again.)
    Of many processes each loads all of a batch and keeps its share, for only the loader knows its batches.
    check: called as check(name, batch), returns the nest to use and its number of rows.
    """

    counts = True  # what comes may have labels that are ignored, or lengths of its own

    def __init__(self, name: str, loader: DataLoader, device: torch.device,
                 check: Callable[[str, Any], tuple[Nest, int]], generator: torch.Generator | None = None,
                 world: World = ALONE):
        self.name, self.loader, self.device, self.check, self.world = name, loader, device, check, world
        self.generator = generator  # what the processes draw from where they have to draw the same
        self.batch_size, self.workers = loader.batch_size, loader.num_workers
        known = not isinstance(loader.dataset, IterableDataset) and hasattr(loader.sampler, "__len__")
        self.rows = len(loader.sampler) if known else None  # type: ignore[arg-type]
        self.generators = randomness.several(*(value for holder in self._holders()
                                               for value in vars(holder).values()))

    def _holders(self) -> list:
        """What may have a state of its own: the loader, its samplers, its data set; each once."""
        inner = getattr(self.loader.batch_sampler, "sampler", None)
        found = (self.loader, self.loader.sampler, self.loader.batch_sampler, inner, self.loader.dataset)
        return list({id(one): one for one in found if hasattr(one, "__dict__")}.values())

    def __len__(self) -> int:
        return len(self.loader)

    @property
    def last_rows(self) -> int | None:
        """The rows of the last batch of an epoch, where these are known and need no worker to be read."""
        if not self.batch_size or not self.rows or self.workers or self.loader.drop_last:
            return None
        return self.rows % self.batch_size or self.batch_size

    def one_row(self) -> Nest:
        """A batch of one row, to try a step on."""
        dataset: Any = self.loader.dataset
        state = self.state_dict()
        with randomness.unmoved(self.generators):
            batch = self.loader.collate_fn([dataset[next(iter(self.loader.sampler))]])
        self.load_state_dict(state)
        return nests.moved(self.check(f"{self.name}, one row", batch)[0], self.device)

    def begin(self, epoch: int) -> None:
        """Tell the epoch's number (0, 1, …) to a sampler or data set that orders its rows by it."""
        for holder in self._holders():
            if hasattr(holder, "set_epoch"):
                holder.set_epoch(epoch)

    def state_dict(self) -> dict:
        """The states of the loader, its samplers and its data set, where they have one."""
        states = {place: holder.state_dict() for place, holder in enumerate(self._holders())
                  if hasattr(holder, "state_dict") and hasattr(holder, "load_state_dict")}
        return {"states": states, "persist": getattr(self.loader, "_iterator", None) is not None}

    def load_state_dict(self, state: dict) -> None:
        holders = self._holders()
        for place, of_one in state["states"].items():
            holders[place].load_state_dict(of_one)
        if state["persist"]:  # workers that go on draw no new seed, which would move the order of the rows
            iter(self.loader)

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
            nest, total = self.check(f"{self.name}, batch {index}", batch)
            index += 1
            total = total if sizes is None else next(sizes)
            rows, count = self.world.share(total)
            if sizes is None and self.world.size > 1:
                if nests.is_own(nest):
                    raise ValueError(f"{self.name}: given batches of class {type(nest).__name__} in "
                                     f"{self.world.size} processes, expected nests of tensors, which can be "
                                     "divided among them")
                nest = nests.mapped(lambda tensor, rows=rows: tensor[rows], nest)
            yield Batch(nests.moved(nest, self.device), count, total)
        if index == 0:
            raise ValueError(f"{self.name}: the loader gave no batch, expected at least one")


class DatasetBatches(LoaderBatches):
    """A Dataset's batches: rows in the order of `TensorBatches`, and skipped ones are not loaded."""

    def __init__(self, name: str, dataset: Dataset, batch_size: int, device: torch.device, check: Callable,
                 generator: torch.Generator | None = None, world: World = ALONE):
        super().__init__(name, DataLoader(dataset, batch_size), device, check, generator, world)
        self.size = batch_size
        self.order = randomness.several(generator)
        self.generators = randomness.several(generator, *self.generators)

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """The epoch's batches but the first `skip`; the order is drawn before this returns."""
        count: int = len(self.loader.dataset)  # type: ignore[arg-type]  # Dataset promises none, this one has it
        order = _order(count, self.order)
        order = torch.arange(count) if order is None else order
        batches = [part for part in order[skip * self.size:].split(self.size) if len(part)]
        shares = (part[self.world.share(len(part))[0]].tolist() for part in batches)
        loader = DataLoader(self.loader.dataset, batch_sampler=shares)
        return self._checked(iter(loader), skip, iter(map(len, batches)))


Batches = TensorBatches | LoaderBatches


def _order(count: int, generators: list):
    """A permutation (count,), or None for the order as given."""
    return torch.randperm(count, generator=generators[0]) if generators else None


def _one_ahead(items: Iterator) -> Iterator:
    """The same items, each made by a thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as thread:
        upcoming = thread.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = thread.submit(next, items, None)
            yield item
