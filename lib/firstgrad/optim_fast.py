"""The fast form of the optimisers (`fast=True`): the same rules on fewer and larger tensors, compiled.

A step over many small tensors costs hundreds of calls, whatever is in them; a step over large ones costs what
it takes to read and write memory: once if the whole rule is one compiled loop, some five times if not. Hence:

- Parameters of fewer than 2¹⁸ numbers become views of one buffer (for each group, type and device), and so do
  their averages; their gradients are copied side by side. A larger parameter and its gradient stay where they
  are: to copy the gradient would cost more than the call that it saves.
- torch.compile makes one loop of the rule. What changes from step to step comes in as a tensor, so that
  nothing is compiled again when the learning rate changes. Buffers too small for the call of a compiled
  function to pay run uncompiled, and so does everything where compiling fails, which a warning says, once.

As in the plain form, a parameter without a gradient stays as it is, and so do its averages and its step
count; the neighbours on its two sides are then updated apart. Parameters must be ordinary tensors: for FSDP2
take the plain form. A CUDA graph of a model must be captured after the first step, which moves parameters.
"""

import functools
import warnings
from collections.abc import Iterator
from itertools import groupby

import torch

LARGE = 2**18  # numbers: from here on a parameter stays where it is
COMPILED = 2**15  # numbers: from here on one compiled call is faster than some ten plain ones
_PIECE = 2**18  # numbers: what the calls of the uncompiled rule find in the cache, all tensors together
_ALIGNED = 16  # numbers: parameters start at multiples in a buffer, as matrix products like it

_not_compiling: set[str] = set()  # device types where it has failed


# --- the words that rules are written in ---
# They take a number where the rule runs as it stands, and do one pass over memory. They take a 0-d tensor
# where it is compiled: there a number would become a constant of the loop, its change a new compilation.


def plus(tensor, factor, other):
    """tensor + factor · other."""
    if torch.is_tensor(factor):
        return tensor + factor * other
    return tensor.add(other, alpha=factor) if factor else tensor


def mix(average, share, new) -> None:
    """average ← (1 − share) · average + share · new."""
    if torch.is_tensor(share):
        average.add_(share * (new - average))
    else:
        average.lerp_(new, share)


def descend(parameter, rate, direction, divisor=None) -> None:
    """parameter ← parameter − rate · direction / divisor."""
    if torch.is_tensor(rate):
        parameter.sub_(rate * (direction if divisor is None else direction / divisor))
    elif divisor is None:
        parameter.add_(direction, alpha=-rate)
    else:
        parameter.addcdiv_(direction, divisor, value=-rate)


# --- a step ---


def step(optimizer) -> None:
    """One update of every parameter that has a gradient."""
    if optimizer._layout is None or not optimizer._layout.holds():
        optimizer._layout = Layout(optimizer)
    for group, buffer in optimizer._layout.buffers:
        for count, tensors in buffer.stretches():
            _apply(type(optimizer), tensors, optimizer.numbers(group, count))


def _apply(optimiser: type, tensors: list, numbers: tuple[float, ...]) -> None:
    """The rule, compiled where that is possible and worth it."""
    values = tensors[0]
    device = values.device.type
    if len(values) >= COMPILED and device in ("cpu", "cuda") and device not in _not_compiling:
        try:
            _compiled(optimiser)(*tensors, _tensor(numbers, values.dtype, values.device))
            return
        except (RuntimeError, OSError, ImportError) as error:  # in compiling: nothing has moved yet
            _not_compiling.add(device)
            warnings.warn(_excuse(error), stacklevel=2)
    if len(values) <= _PIECE or device != "cpu":
        optimiser.rule(*tensors, numbers)
        return
    for pieces in zip(*(tensor.split(_PIECE) for tensor in tensors), strict=True):
        optimiser.rule(*pieces, numbers)


@functools.cache
def _compiled(optimiser: type):
    return torch.compile(optimiser.rule, dynamic=True, fullgraph=True)


@functools.lru_cache(maxsize=8)
def _tensor(numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device):
    """`numbers` on `device`; all buffers of a group ask for the same ones."""
    precise = torch.float64 if dtype == torch.float64 else torch.float32
    return torch.tensor(numbers, dtype=precise).to(device, non_blocking=True)


def _excuse(error: Exception) -> str:
    inner = getattr(error, "inner_exception", error)
    reason = next((line for line in str(inner).splitlines() if line.strip()), type(inner).__name__)
    return ("fast=True: torch.compile does not work here, so optimisers run uncompiled, at about half the "
            f"speed. On a CPU it needs a C++ compiler, such as g++. It said: {reason}")


# --- where everything lies ---


class Layout:
    """The buffers of an optimiser: of all its parameters that have or had a gradient."""

    def __init__(self, optimizer):
        self.buffers, self.left_out = [], []
        for group in optimizer.param_groups:
            small = []
            for parameter in group["params"]:
                if parameter.grad is None and parameter not in optimizer.state:
                    self.left_out.append(parameter)
                    continue
                row = _ordinary(parameter), optimizer.remembered(parameter)
                if parameter.numel() >= LARGE and parameter.is_contiguous():
                    self.buffers.append((group, _Alone(*row, optimizer.remembers)))
                else:
                    small.append(row)
            _refuse_shared(small)
            small.sort(key=_kind)
            self.buffers += [(group, _Shared(list(rows), optimizer.remembers))
                             for _, rows in groupby(small, _kind)]

    def holds(self) -> bool:
        """Whether everything still lies there, and nothing has to be added."""
        return (all(buffer.holds() for _, buffer in self.buffers)
                and all(parameter.grad is None for parameter in self.left_out))


def _refuse_shared(rows: list[tuple]) -> None:
    addresses = [parameter.data_ptr() for parameter, _ in rows if parameter.numel()]
    if len(set(addresses)) < len(addresses):
        raise ValueError("fast: given True for two parameters in the same memory, expected each in its own; "
                         "tie them by using one Parameter twice, or use fast=False")


def _ordinary(parameter):
    if type(parameter.data) is not torch.Tensor:
        raise TypeError(f"fast: given True for a parameter of type {type(parameter.data).__name__}, expected "
                        "ordinary tensors; use fast=False")
    return parameter


def _kind(row: tuple) -> tuple[str, str]:
    return str(row[0].dtype), str(row[0].device)


# Of both kinds, `stretches` yields a step count and tensors for the rule. `.data` makes each its own base: of
# views, torch.compile would compile anew for each kind of base.


class _Alone:
    """One large parameter, where it is."""

    def __init__(self, parameter, state: dict, names: tuple[str, ...]):
        self.parameter, self.state = parameter, state
        for name in names:
            state[name] = state[name].contiguous()
        tensors = parameter.detach(), *(state[name] for name in names)
        self.flat = [tensor.view(-1).data for tensor in tensors]

    def holds(self) -> bool:
        return self.parameter.data_ptr() == self.flat[0].data_ptr()

    def stretches(self) -> Iterator[tuple]:
        if self.parameter.grad is not None:
            self.state["step"] += 1
            values, *averages = self.flat
            yield self.state["step"], [values, self.parameter.grad.reshape(-1).data, *averages]


class _Shared:
    """Small parameters of one type and device, side by side."""

    def __init__(self, rows: list[tuple], names: tuple[str, ...]):
        sizes = [-(-parameter.numel() // _ALIGNED) * _ALIGNED for parameter, _ in rows]
        self.flat = [rows[0][0].detach().new_zeros(sum(sizes)) for _ in ("values", "gradients", *names)]
        self.rows, start = [], 0
        for (parameter, state), size in zip(rows, sizes, strict=True):
            values, gradient, *averages = (_view(flat, start, parameter) for flat in self.flat)
            parameter.data = values.copy_(parameter.data)
            for name, average in zip(names, averages, strict=True):
                state[name] = average.copy_(state[name])
            self.rows.append((parameter, parameter.data_ptr(), gradient, state, start, start + size))
            start += size

    def holds(self) -> bool:
        return all(parameter.data_ptr() == address for parameter, address, *_ in self.rows)

    def stretches(self) -> Iterator[tuple]:
        """Neighbours that have a gradient and the same step count together."""
        arrived, places, stretches = [], [], []
        for parameter, _, place, state, start, stop in self.rows:
            if parameter.grad is None:
                continue
            arrived.append(parameter.grad)
            places.append(place)
            count = state["step"] = state["step"] + 1
            if stretches and stretches[-1][1:] == [start, count]:
                stretches[-1][1] = stop
            else:
                stretches.append([start, stop, count])
        if arrived:
            torch._foreach_copy_(places, arrived)
        for start, stop, count in stretches:
            whole = stop - start == len(self.flat[0])
            yield count, self.flat if whole else [flat[start:stop].data for flat in self.flat]


def _view(flat, start: int, like):
    """The part of `flat` that begins at `start`, with the shape of `like` and its order in memory."""
    return flat.as_strided(like.shape, torch.empty_like(like, device="meta").stride(), start)
