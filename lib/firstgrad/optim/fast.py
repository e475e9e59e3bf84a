"""The fast form of the optimisers (`fast=True`): the same rules on fewer and larger tensors, compiled.

A step over many small tensors costs hundreds of calls, whatever is in them; a step over large ones costs what
it takes to read and write memory: once if the whole rule is one compiled loop, some five times if not. Hence:

- Parameters of fewer than 2¹⁶ numbers become views of one buffer (for each group, type and device), and so do
  their averages; their gradients are copied side by side. A larger parameter and its gradient stay where they
  are: to copy the gradient would cost more than it saves.
  (Gradients that are views as well make the step shorter and the backward pass longer: autograd adds to them,
  and they have to be zeroed, where it now hands over what it has.)
- torch.compile makes one loop of the rule, and one call updates eight large parameters. What changes from
  step to step comes in as a tensor, so that nothing is compiled again when the learning rate changes. Buffers
  too small for the call of a compiled function to pay run uncompiled, and so does everything where compiling
  fails, which a warning says, once.

As in the plain form, a parameter without a gradient stays as it is, and so do its averages and its step
count; the neighbours on its two sides are then updated apart. Parameters must be ordinary tensors: for FSDP2
take the plain form. A CUDA graph of a model must be captured after the first step, which moves parameters.
"""

import functools
import warnings
from collections.abc import Iterable, Iterator
from itertools import groupby

import torch

LARGE = 2**16  # numbers: from here on a parameter stays where it is
COMPILED = 2**15  # numbers: from here on one compiled call is faster than some ten plain ones
_TOGETHER = 8  # parameters that one compiled call updates
_PIECE = 2**18  # numbers that the uncompiled rule takes at a time: it makes tensors of as many
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
        for count, sets in buffer.stretches():
            _apply(type(optimizer), sets, optimizer.numbers(group, count))


def _apply(optimiser: type, sets: list, numbers: tuple[float, ...]) -> None:
    """The rule on every set of tensors, compiled where that is possible and worth it."""
    values = sets[0][0]
    device = values.device.type
    if len(values) >= COMPILED and device in ("cpu", "cuda") and device not in _not_compiling:
        try:
            given = _tensor(numbers, values.dtype, values.device)
            while sets:  # a call that fails has moved nothing
                size = _TOGETHER if len(sets) > 2 else 1
                kind = size, len(sets[0]), values.dtype, values.device
                _compiled(optimiser, len(numbers), *kind)(sets[:size] + _padding(*kind)[len(sets):], given)
                sets = sets[size:]
            return
        except (RuntimeError, OSError, ImportError) as error:  # in compiling
            _not_compiling.add(device)
            warnings.warn(_excuse(error), stacklevel=2)
    for tensors in sets:
        pieces = [[tensor] for tensor in tensors]
        if len(tensors[0]) > _PIECE and device == "cpu":
            pieces = [tensor.split(_PIECE) for tensor in tensors]
        for piece in zip(*pieces, strict=True):
            optimiser.rule(*piece, numbers)


@functools.cache
def _compiled(optimiser: type, numbers: int, *kind):
    """The rule on so many sets of tensors of one kind, of whatever lengths, in one call."""
    def each(sets, numbers):
        for tensors in sets:
            optimiser.rule(*tensors, numbers)

    # torch.compile counts by its code how often a function was compiled: each kind needs a code of its own.
    each.__code__ = each.__code__.replace(co_name=f"{optimiser.__name__} {kind}")
    compiled = torch.compile(each, dynamic=True, fullgraph=True)
    # Compiled now, for different lengths: of equal ones it would conclude that they always are.
    compiled(_padding(*kind), _tensor((1.0,) * numbers, *kind[2:]))
    return compiled


@functools.cache
def _padding(sets: int, tensors: int, dtype: torch.dtype, device: torch.device) -> list:
    """Sets that nobody needs, to fill a call with."""
    return [[torch.zeros(16 + index, dtype=dtype, device=device) for _ in range(tensors)]
            for index in range(sets)]


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
            rows = []
            for parameter in group["params"]:
                if parameter.grad is None and parameter not in optimizer.state:
                    self.left_out.append(parameter)
                else:
                    rows.append((_ordinary(parameter), optimizer.remembered(parameter)))
            _refuse_shared(rows)
            rows.sort(key=_kind)
            self.buffers += [(group, (_Large if large else _Shared)(list(alike), optimizer.remembers))
                             for (large, *_), alike in groupby(rows, _kind)]

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


def _kind(row: tuple) -> tuple[bool, str, str]:
    parameter = row[0]
    large = parameter.numel() >= LARGE and parameter.is_contiguous()
    return large, str(parameter.dtype), str(parameter.device)


# Of both kinds, `stretches` yields a step count and sets of tensors for the rule. `.data` makes each its own
# base: of views, torch.compile would compile anew for each kind of base.


class _Large:
    """Large parameters of one type and device, each where it is."""

    def __init__(self, rows: list[tuple], names: tuple[str, ...]):
        self.rows = []
        for parameter, state in rows:
            for name in names:
                state[name] = state[name].contiguous()
            tensors = parameter.detach(), *(state[name] for name in names)
            self.rows.append((parameter, parameter.data_ptr(), state, [t.view(-1).data for t in tensors]))

    def holds(self) -> bool:
        return all(parameter.data_ptr() == address for parameter, address, *_ in self.rows)

    def stretches(self) -> Iterable[tuple]:
        """Those that have a gradient and the same step count together."""
        stretches = {}
        for parameter, _, state, (values, *averages) in self.rows:
            if parameter.grad is not None:
                count = state["step"] = state["step"] + 1
                tensors = [values, parameter.grad.reshape(-1).data, *averages]
                stretches.setdefault(count, []).append(tensors)
        return stretches.items()


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
            yield count, [self.flat if whole else [flat[start:stop].data for flat in self.flat]]


def _view(flat, start: int, like):
    """The part of `flat` that begins at `start`, with the shape of `like` and its order in memory."""
    return flat.as_strided(like.shape, torch.empty_like(like, device="meta").stride(), start)
