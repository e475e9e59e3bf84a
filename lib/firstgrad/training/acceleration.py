"""What makes a GPU wait less: losses read without stopping it, CUDA graphs, compiled models, TF32."""

import contextlib
import sys
from collections.abc import Callable, Iterator

import torch

from firstgrad.training import randomness
from firstgrad.training.device import DeviceUnavailableError
from firstgrad.training.distributed import World


class HostLoss:
    """Sums a step's losses and brings the sum to the host without keeping a GPU waiting.

    The copy to pinned memory is queued before the backward pass and awaited after that is queued: the GPU has
    work while the host reads, so that every loss is recorded and checked at no cost.
    """

    def __init__(self, device: torch.device):
        self.sum, self.cuda = None, device.type == "cuda"
        if self.cuda:
            self.host = torch.empty((), dtype=torch.float64, pin_memory=True)
            self.arrived = torch.cuda.Event()

    def add(self, loss) -> None:
        loss = loss.detach().double() if self.cuda else loss.item()
        self.sum = loss if self.sum is None else self.sum + loss
        if self.cuda:
            self.host.copy_(self.sum, non_blocking=True)
            self.arrived.record()

    def take(self) -> float:
        if self.cuda:
            self.arrived.synchronize()
        value, self.sum = self.host.item() if self.cuda else self.sum, None
        return value


class Gradients:
    """The gradients of an optimiser's parameters: forgotten and looked through faster than one by one."""

    def __init__(self, optimizer: torch.optim.Optimizer):
        self.parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        self._zero_grad = optimizer.zero_grad
        if type(optimizer).zero_grad is torch.optim.Optimizer.zero_grad:
            self._zero_grad = self._forget  # torch's own keeps books, which a small step takes longer for
        self._sharded = any(hasattr(parameter, "to_local") for parameter in self.parameters)
        self._found, self._one = torch.zeros(1), torch.ones(1)

    def clear(self) -> None:
        """What optimizer.zero_grad() does."""
        self._zero_grad()

    def _forget(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def finite(self) -> bool:
        """Whether none has a NaN or an infinity, in this process's part of the model; on the CPU only."""
        given = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        if self._sharded:
            given = [gradient.to_local() for gradient in given]
        dense = [gradient._values() if gradient.is_sparse else gradient for gradient in given]
        # What a GradScaler looks with: one call for all; it multiplies by one, which changes nothing.
        torch._amp_foreach_non_finite_check_and_unscale_(dense, self._found.zero_(), self._one)
        return not self._found.item()

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


class Graphed:
    """`model` for training: its forward and backward pass are recorded as CUDA graphs at the first batch.

    A graph launches all its kernels at once; batches of another shape (a last short one) go the usual way.
    """

    def __init__(self, model: torch.nn.Module, device: torch.device):
        self.model, self.device, self.recorded, self.shape = model, device, None, None

    def __call__(self, x):
        if self.recorded is None:
            self.recorded, self.shape = self._record(x), x.shape
        return (self.recorded if x.shape == self.shape else self.model)(x)

    def _record(self, x) -> Callable:
        cache = torch.is_autocast_cache_enabled()
        torch.set_autocast_cache_enabled(False)  # a cached cast would lie outside of the graph
        try:
            with randomness.tried(self.model, self.device):
                # Wrapped, because recording replaces the module's `forward`.
                return torch.cuda.make_graphed_callables(_Wrapped(self.model), (torch.zeros_like(x),))
        finally:
            torch.set_autocast_cache_enabled(cache)


class _Wrapped(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)


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
