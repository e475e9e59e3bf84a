"""What makes a GPU wait less: losses read without stopping it, CUDA graphs, compiled models, TF32."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from firstgrad.training import randomness
from firstgrad.training.batches import Batch
from firstgrad.training.device import DeviceUnavailableError
from firstgrad.training.distributed import World
from firstgrad.training.steps import read


class StepLoss:
    """The loss of a step, of all its batches and processes as if they were one, read without stopping a GPU.

    What a batch's loss is the mean of decides its share: rows, or the count that it returns. Where it is a
    sum (`adds_up`), shares are whole. The copy to pinned memory is queued before the backward pass and
    awaited after that is queued: the GPU has work while the host reads, so that every loss is checked at no
    cost.
    """

    def __init__(self, device: torch.device, world: World, adds_up: bool = False):
        self.world, self.adds_up, self.cuda = world, adds_up, device.type == "cuda"
        self.sum: Any = None  # of losses, each by its share
        self.count: Any = None  # of what they are means of, None for rows
        self.alone = True  # one batch, one process: its loss is the step's
        self.reports: Mapping[str, Any] = {}  # what else the step has returned: means over the same
        self._means: dict[str, list] = {}  # name -> [sum, what it is divided by]
        if self.cuda:
            self.host = torch.empty(2, dtype=torch.float64, pin_memory=True)
            self.arrived = torch.cuda.Event()

    def part(self, outcome: Any, batch: Batch, group: Sequence[Batch]) -> torch.Tensor:
        """What to differentiate for one batch of the group."""
        self.alone = len(group) == 1 and self.world.size == 1
        if self.alone and type(outcome) is torch.Tensor and not outcome.ndim:  # most steps, and the smallest
            self._add(outcome, None)
            return outcome
        loss, count, _, _, reports = read(outcome)
        if len(group) == 1:
            self.reports = {name: value.detach() if torch.is_tensor(value) else value
                            for name, value in reports.items()}
        else:
            self._add_reports(reports, loss, batch.rows if count is None or not batch.rows else count,
                              batch is group[0])
        if count is None:
            loss = self._by_rows(loss, batch, group)
        else:
            loss, count = self._by_count(loss, count if batch.rows else 0, group)
        self._add(loss, count)
        return loss

    def _add_reports(self, reports: Mapping[str, Any], loss: torch.Tensor, weight: Any, first: bool) -> None:
        if first:
            self._means = {}
        for name, value in reports.items():
            given, share = (torch.as_tensor(number, dtype=torch.promote_types(loss.dtype, torch.float32),
                                            device=loss.device).detach() for number in (value, weight))
            sums = self._means.setdefault(name, [0.0, 0.0])
            sums[0] = sums[0] + torch.where(share > 0, given * share, 0)  # what nothing counts in is 0/0
            sums[1] = sums[1] + share
        self.reports = {name: total / weights for name, (total, weights) in self._means.items()}

    def _by_rows(self, loss, batch: Batch, group: Sequence[Batch]) -> torch.Tensor:
        if self.alone:
            return loss
        share = min(batch.rows, 1) if self.adds_up else batch.rows / sum(one.total for one in group)
        share = share * self.world.size  # over which gradients are averaged
        return loss * share if share != 1 else loss

    def _by_count(self, loss, count, group: Sequence[Batch]) -> tuple[torch.Tensor, Any]:
        """The loss times its count; `take` divides by the sum of them. Nothing counted, 0/0, is 0."""
        scale = sum(one.total for one in group)  # so that products keep their size
        wide = torch.promote_types(loss.dtype, torch.float32)  # counts of tokens pass what 16 bits hold
        count = torch.as_tensor(count, dtype=wide, device=loss.device)
        if not self.cuda and self.world.size == 1 and not count:
            loss = torch.zeros((), dtype=loss.dtype, requires_grad=True)  # through 0/0 no gradient comes back
        weight = 1 if self.alone else count / scale
        return torch.where(count > 0, loss * weight, 0), count / scale

    def _add(self, loss, count) -> None:
        # A copy: a graph may write the next batch's loss into the same place.
        value = loss.detach().to(torch.float64, copy=True) if self.cuda else loss.item()
        self.sum = value if self.sum is None else self.sum + value
        if count is not None:
            value = count.detach().double() if self.cuda else count.item()
            self.count = value if self.count is None else self.count + value
        if self.cuda:
            for place, value in enumerate((self.sum, self.count)):
                if value is not None:
                    self.host[place].copy_(value, non_blocking=True)
            self.arrived.record()

    def take(self, agree: Callable[..., list[float]], gradients: "Gradients") -> float:
        """The step's loss, and the gradients divided by what it is the mean of; begins the next step."""
        if self.cuda:
            self.arrived.synchronize()
        values = self.host.tolist() if self.cuda else [self.sum, self.count]
        counted, self.sum, self.count = self.count is not None, None, None
        if not counted and self.world.size == 1:
            return values[0]
        if not counted:
            (loss,) = agree(values[0])
            return loss / self.world.size
        loss, count = agree(*values)
        if not count:
            gradients.clear_to_zero()
        if self.alone:
            return loss
        gradients.scale(self.world.size / count if count else 0.0)
        return loss / count if count else 0.0


class Gradients:
    """The gradients of an optimiser's parameters: forgotten and looked through faster than one by one."""

    def __init__(self, optimizer: torch.optim.Optimizer, clip_norm: float | None = None,
                 clip_value: float | None = None):
        self.optimizer, self.clip_norm, self.clip_value = optimizer, clip_norm, clip_value
        self.parameters: list[torch.nn.Parameter] = []
        self._zero_grad: Callable[[], None] = optimizer.zero_grad
        if type(optimizer).zero_grad is torch.optim.Optimizer.zero_grad:
            self._zero_grad = self._forget  # torch's own keeps books, which a small step takes longer for
        # Of 32 bits, whatever the default type is: the check takes no other.
        self._found, self._one = torch.zeros(1, dtype=torch.float32), torch.ones(1, dtype=torch.float32)
        self._list()

    def _list(self) -> None:
        """A callback may add a group of parameters on the way."""
        self.groups = len(self.optimizer.param_groups)
        self.parameters = [parameter for group in self.optimizer.param_groups
                           for parameter in group["params"]]
        self._sharded = any(hasattr(parameter, "to_local") for parameter in self.parameters)

    def clear(self) -> None:
        """What optimizer.zero_grad() does."""
        if len(self.optimizer.param_groups) != self.groups:
            self._list()
        self._zero_grad()

    def clear_to_zero(self) -> None:
        """Zero where there is none: a step of which nothing counts is a step all the same."""
        for parameter in self.parameters:
            if parameter.grad is None and parameter.requires_grad:
                parameter.grad = torch.zeros_like(parameter)

    def scale(self, factor: float) -> None:
        """Multiply all by a number."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def clip(self, scaler: torch.amp.GradScaler) -> None:
        """Make what is too long shorter, once the loss's scale is taken away."""
        if self.clip_norm or self.clip_value:
            scaler.unscale_(self.optimizer)
        if self.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        if self.clip_value:
            torch.nn.utils.clip_grad_value_(self.parameters, self.clip_value)

    def _forget(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def own(self) -> None:
        """Copy them to memory of their own."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad = parameter.grad.clone()

    def finite(self) -> bool:
        """Whether none has a NaN or an infinity, in this process's part of the model; on the CPU only."""
        dense = [gradient._values() if gradient.is_sparse else gradient for parameter in self.parameters
                 if (gradient := parameter.grad) is not None]
        if self._sharded:
            dense = [gradient.to_local() for gradient in dense]  # type: ignore[attr-defined]  # DTensor
        # What a GradScaler looks with: one call for all; it multiplies by one, which changes nothing.
        torch._amp_foreach_non_finite_check_and_unscale_(dense, self._found, self._one)
        found = self._found.item()
        if found:
            self._found.zero_()
        return not found

    def any_bad(self, world: World) -> bool:
        """Whether any has a NaN or an infinity, in any process: all get the same answer."""
        bad = not self.finite()
        return world.sum([float(bad)])[0] > 0 if self._sharded else bad


def check_options(compile: bool, cuda_graph: bool, shard: bool, device: torch.device, world: World) -> None:
    """Raises: TypeError for what is no bool; ValueError for a CUDA graph of several processes,
    DeviceUnavailableError for one without CUDA.
    """
    for name, value in {"compile": compile, "cuda_graph": cuda_graph, "shard": shard}.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name}: given {value!r}, expected True or False")
    if cuda_graph and device.type != "cuda":
        raise DeviceUnavailableError(f"cuda_graph: given True on {device.type}, expected False, since only "
                                     "CUDA has graphs")
    if cuda_graph and world.size > 1:  # DDP's exchange of gradients would not be in the graph
        raise ValueError(f"cuda_graph: given True in {world.size} processes, expected False there")


def forward(model: torch.nn.Module, device: torch.device, compile: bool, cuda_graph: bool) -> Callable:
    """What the training loop calls for `model`."""
    if compile:
        # A last short batch is compiled for itself, rather than all of them for any size.
        return torch.compile(model, dynamic=False, mode="reduce-overhead" if cuda_graph else None)
    return Graphed(model, device) if cuda_graph else model


def kept_apart(group: Sequence[Batch], gradients: Gradients) -> Iterator[Batch]:
    """The batches of a step under a CUDA graph.

    A graph gives every batch's gradients in the same memory, and torch takes the first ones as they lie:
    those of the second would be written over them, and counted twice.
    """
    for batch in group:
        yield batch
        if batch is group[0] and len(group) > 1:
            gradients.own()


class Graphed:
    """`model` for training: its forward and backward pass are recorded as CUDA graphs at the first batch.

    A graph launches all its kernels at once; batches of another shape (a last short one) go the usual way.
    """

    def __init__(self, model: torch.nn.Module, device: torch.device):
        self.model, self.device = model, device
        self.recorded: Callable | None = None
        self.shape: list[torch.Size] = []

    def __call__(self, *inputs: Any) -> Any:
        if not inputs or not all(map(torch.is_tensor, inputs)):
            return self.model(*inputs)
        shape = [x.shape for x in inputs]
        if self.recorded is None:
            self.recorded, self.shape = self._record(*inputs), shape
        return (self.recorded if shape == self.shape else self.model)(*inputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)  # what a step asks the model for

    def _record(self, *inputs) -> Callable:
        cache = torch.is_autocast_cache_enabled()
        torch.set_autocast_cache_enabled(False)  # a cached cast would lie outside of the graph
        try:
            with randomness.tried(self.model, self.device):
                # Wrapped, because recording replaces the module's `forward`.
                zeros = tuple(torch.zeros_like(x) for x in inputs)
                return torch.cuda.make_graphed_callables(_Wrapped(self.model), zeros)
        finally:
            torch.set_autocast_cache_enabled(cache)


class _Wrapped(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *inputs):
        return self.model(*inputs)


def autocast(precision: str, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Inside, the products that bear it are of 16 bits, if the precision is. May be entered many times."""
    if precision in ("fp32", "tf32"):
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if precision == "bf16" else torch.float16)


def autocasting(function: Callable, precision: str, device: torch.device) -> Callable:
    """The function under `autocast`; itself, where there is none, since a small step would feel it."""
    cast = autocast(precision, device)
    return cast(function) if isinstance(cast, torch.autocast) else function


@contextlib.contextmanager
def matmul_precision(precision: str) -> Iterator[None]:
    """Inside, float32 products are in TF32 if `precision` is "tf32"."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else before)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def reset_peak_memory(device: torch.device) -> None:
    """Begin to measure anew; the process's own peak cannot be reset."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> int | None:
    """The most bytes that were in use, on a GPU of its memory, else by the process; None if not known."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
