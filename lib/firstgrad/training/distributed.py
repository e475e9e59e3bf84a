"""The same recipe on many processes, on one machine or several: those that torchrun starts find each other.

All processes go through the same batches in the same order, and each takes its share of every batch's rows.
The loss and the gradient are those of the whole batch, so that a run on N processes is the run on one. Only
the first process writes, and only its callbacks are called.

    torchrun --nproc-per-node 4 recipe.py                                        # one machine
    torchrun --nnodes 2 --nproc-per-node 4 --rdzv-endpoint HOST:29500 recipe.py  # on each of two
"""

import atexit
import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from firstgrad.training import randomness


class LostProcessError(RuntimeError):
    """Another process of the run has died, or cannot be reached any more."""

    def __init__(self, cause: BaseException):
        super().__init__("another process of this run has died or is out of reach; start the same command "
                         f"again to go on from the last checkpoint ({str(cause).splitlines()[0]})")


@dataclass(frozen=True)
class World:
    """The processes that train together, and which of them this is."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # among those on this machine

    @classmethod
    def join(cls) -> "World":
        """The world that torchrun, or the caller by torch.distributed, has started; one of one without."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        started = dist.is_available() and dist.is_initialized()
        if size == 1 and not started:
            return ALONE
        if not started:
            # Numbers on the CPU go by gloo: nobody waits for a GPU to read a loss.
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
            atexit.register(_leave)
        return cls(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", dist.get_rank())))

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def place(self, device: torch.device) -> torch.device:
        """Where this process computes: each of a machine has a GPU of its own."""
        if self.size == 1 or device.type != "cuda" or device.index is not None:
            return device
        if self.local_rank >= torch.cuda.device_count():
            raise ValueError(f"nproc-per-node: given more than {torch.cuda.device_count()}, expected at most "
                             "one process for each GPU of this machine; or use device='cpu'")
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def share(self, rows: int) -> tuple[slice, int]:
        """Which rows of a batch this process computes, and for how many they count.

        The shares of all processes are disjoint and differ by one row at most. Where there are fewer rows
        than processes some compute the first row as well, since all have to take part; there it counts for 0.
        """
        start, stop = (rows * rank // self.size for rank in (self.rank, self.rank + 1))
        return (slice(start, stop), stop - start) if stop > start else (slice(0, 1), 0)

    # --- talking to each other: all of them have to call these at the same place ---

    def sum(self, numbers: list[float]) -> list[float]:
        """The sums over all processes."""
        if self.size == 1:
            return numbers
        total = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(total)
        return total.tolist()

    def gather(self, value: Any) -> list:
        """What each process has, by rank."""
        values = [value] * self.size
        if self.size > 1:
            dist.all_gather_object(values, value)
        return values

    def first(self, function: Callable[[], Any]) -> Any:
        """Let the first process call it; all get what it returns, or raise what it raises."""
        if self.size == 1:
            return function()
        answer: list[Any] = [None, None]
        if self.is_first:
            try:
                answer[0] = function()
            except Exception as error:
                answer[1] = error
        dist.broadcast_object_list(answer)
        if answer[1] is not None:
            raise answer[1]
        return answer[0]

    def spread(self, tensors: Iterable[torch.Tensor]) -> None:
        """Give all the first one's values, in place."""
        for tensor in tensors if self.size > 1 else ():
            dist.broadcast(tensor, 0)

    # --- the model ---

    def wrap(self, model: nn.Module, forward: Callable, device: torch.device,
             step: Callable | None = None) -> Callable:
        """What the loop calls in place of `forward`, so that gradients are the means over all processes.

        step: what calls it, where that is no simple loss; what comes back then takes a batch, as it does.
        The first process's parameters are given to all.
        """
        if self.size == 1 or is_sharded(model):
            return forward
        self.spread([*model.parameters(), *model.buffers()])
        if any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules()):
            warnings.warn(f"batch norm: each of {self.size} processes normalises by its own rows, so the run "
                          "is not that of one process; nn.SyncBatchNorm.convert_sync_batchnorm(model) mends "
                          "it on GPUs", stacklevel=4)
        return Replicated(self, model, forward if step is None else _Stepping(step, model, forward), device)

    def shard(self, model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device) -> None:
        """Leave to each process a part of every parameter (FSDP2); the optimiser gets to hold the parts.

        The whole of a block (an entry of an nn.ModuleList) is together only while it computes.
        Alone, a process keeps it all. Raises: ValueError where the optimiser could not go over to the parts.
        """
        if self.size == 1:
            return
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        if optimizer.state:
            raise ValueError("shard: given an optimizer that has made steps, expected a new one")
        self.spread([*model.parameters(), *model.buffers()])
        names = {parameter: name for name, parameter in model.named_parameters()}
        mesh = init_device_mesh(device.type, (self.size,))
        for part in [part for part in model.modules() if isinstance(part, nn.ModuleList)]:
            for block in part:
                fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        sharded = dict(model.named_parameters())
        for group in optimizer.param_groups:
            group["params"] = [sharded[names[parameter]] for parameter in group["params"]]


ALONE = World()


class _Stepping(nn.Module):
    """A step as a module, whose parameters are the model's."""

    def __init__(self, step: Callable, model: nn.Module, forward: Callable):
        super().__init__()
        self.step, self.model, self.called = step, model, [forward]  # in a list: it is no module of its own

    def forward(self, batch):
        return self.step(self.called[0], batch)


class Replicated:
    """The model by DDP, which adds gradients up in the same order at every step.

    DDP lays its buffers out anew after its first backward pass, and three numbers or more round differently
    in another order: a run that was taken up would differ in the last bit. So one pass is made in advance. A
    pass before that one, without DDP, finds parameters that no gradient reaches, which DDP has to be told of.
    """

    def __init__(self, world: World, model: nn.Module, forward: Any, device: torch.device):
        self.world, self.model, self.forward, self.device = world, model, forward, device
        self.ddp: nn.parallel.DistributedDataParallel | None = None
        self.sends = True  # gradients, after this pass

    def __call__(self, x: Any) -> Any:
        if self.ddp is None:
            self.ddp = self._made(x)
        self.ddp.require_backward_grad_sync = self.sends
        return self.ddp(x)

    def _made(self, x) -> nn.parallel.DistributedDataParallel:
        with randomness.tried(self.model, self.device):
            for parameter in self.model.parameters():
                parameter.grad = None
            _differentiate(self.forward(x))
            idle = any(parameter.requires_grad and parameter.grad is None
                       for parameter in self.model.parameters())
        own = [self.device.index] if self.device.type == "cuda" else None
        ddp = nn.parallel.DistributedDataParallel(
            self.forward, device_ids=own, find_unused_parameters=self.world.sum([float(idle)])[0] > 0)
        with randomness.tried(self.model, self.device):
            _differentiate(ddp(x))
        return ddp

    def last_reduces(self, group: list) -> Iterator:
        """The batches of a step; gradients are sent only with the last, when those before it are in them."""
        for batch in group:
            self.sends = batch is group[-1]
            yield batch


def _differentiate(outcome) -> None:
    (outcome["loss"] if isinstance(outcome, Mapping) else outcome).sum().backward()


def is_sharded(model: nn.Module) -> bool:
    """Whether this process has only a part of each of its parameters."""
    return any(hasattr(parameter, "full_tensor") for parameter in model.parameters())


def together(value: Any) -> Any:
    """The same with every sharded tensor brought together, in all entries of dictionaries and lists."""
    if isinstance(value, dict):
        return {name: together(part) for name, part in value.items()}
    if isinstance(value, list):
        return [together(part) for part in value]
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def like(tensor: Any, parameter: Any) -> Any:
    """A whole tensor, in parts as `parameter` is; as it is, if that is whole or has another shape."""
    if not hasattr(parameter, "full_tensor") or getattr(tensor, "shape", None) != parameter.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    there = tensor.to(parameter.device)
    return distribute_tensor(there, parameter.device_mesh, parameter.placements, src_data_rank=None)


@contextlib.contextmanager
def lost_processes_named() -> Iterator[None]:
    """Inside, a failure to reach another process is said, and is a LostProcessError."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            lost = LostProcessError(error)
            # Now, for torchrun may end this process before its traceback is out.
            print(f"rank {dist.get_rank()}: {lost}", file=sys.stderr, flush=True)
            raise lost from error
        raise


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
