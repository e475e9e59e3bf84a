"""Do the data, the model, the loss and the optimiser fit together? Found out before a parameter changes."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from firstgrad.training import nests, randomness
from firstgrad.training.batches import Batches
from firstgrad.training.nests import Nest
from firstgrad.training.steps import LossStep, Outcome, read


class Check:
    """What is asked of every batch: rows. Subclasses try the model as well."""

    dtype = torch.float32  # what arrays of floats become

    def of_all(self, name: str, nest: Nest, batch_size: int) -> Nest:
        """Look at all the rows of a data set."""
        nests.rows(name, nest)
        self.look(name, nest, batch_size, whole=True)
        return nest

    def of_loader(self, name: str, batch: Any) -> tuple[Nest, int]:
        """Look at a batch of a loader. Returns: what to train on, and its number of rows."""
        batch = tuple(batch) if isinstance(batch, list) else batch  # as a loader makes them of tuples
        rows = nests.rows(name, batch)
        self.look(name, batch, rows, whole=False)
        return batch, rows

    def look(self, name: str, nest: Nest, batch_size: int, whole: bool) -> None:
        """Raise TypeError or ValueError for what does not fit.

        batch_size: rows of a batch.  whole: whether these are all rows of a data set, and not a batch of it.
        """


class StepCheck(Check):
    """Does the step take the batch, and return a loss? It is tried once; nothing of the model changes.

    run: called as run(nest), the step as it is in training.
    """

    def __init__(self, model: nn.Module, device: torch.device, run: Callable, trains: bool):
        self.model, self.device, self.run, self.trains, self.tried = model, device, run, trains, False
        self.dtype = floats_of(model)
        self.counts = False

    def look(self, name: str, nest: Nest, batch_size: int, whole: bool) -> None:
        if self.tried:
            return
        few = nest if nests.is_own(nest) else nests.mapped(lambda tensor: tensor[:batch_size], nest)
        kept = randomness.tried(self.model, self.device), kept_modes(self.model)
        with kept[0], kept[1], torch.set_grad_enabled(self.trains):
            self.model.train(self.trains and self.model.training)
            outcome = read(self.run(nests.moved(few, self.device)))
        if self.trains:
            check_outcome(outcome)
        self.tried = True


class PairCheck(Check):
    """Do inputs, model, targets and loss fit together? Targets are checked in every row.

    infer: a context for trying the model, without gradients.
    """

    def __init__(self, model: nn.Module, step: LossStep, device: torch.device, infer: Callable):
        self.model, self.step, self.device, self.infer = model, step, device, infer
        self.dtype = floats_of(model)
        self.seen: dict = {}  # shape of x -> the model's outputs for a few rows of it (their shape only)
        self.counts = False  # whether the loss is a mean over other than rows

    def of_all(self, name: str, nest: Nest, batch_size: int) -> Nest:
        nest = self._pair(name, nest)
        super().of_all(name, nest, batch_size)
        self.counts = self.step.counts(nest[1])
        return nest

    def of_loader(self, name: str, batch: Any) -> tuple[Nest, int]:
        batch = self._pair(name, batch)
        self.counts = True  # labels to come may be ignored
        return super().of_loader(name, batch)

    def _pair(self, name: str, batch) -> tuple:
        if torch.is_tensor(batch):
            raise TypeError(f"{name}: given Tensor, expected two tensors (x, y) for loss=…; or give step=…, "
                            "which takes any nest")
        if not isinstance(batch, tuple | list):
            raise TypeError(f"{name}: given {type(batch).__name__}, expected two tensors (x, y) for loss=…; "
                            "or give step=…, which takes any nest")
        if len(batch) != 2 or not all(map(torch.is_tensor, batch)):
            given = ", ".join(type(part).__name__ for part in batch)
            raise TypeError(f"{name}: given ({given}), expected two tensors (x, y) for loss=…; or give "
                            "step=…, which takes any nest")
        x, y = batch
        for part, tensor in (("x", x), ("y", y)):
            if tensor.ndim == 0 or len(tensor) == 0:
                raise ValueError(f"{name}: given an empty {part} of shape {tuple(tensor.shape)}, "
                                 "expected at least one row")
        if len(x) != len(y):
            raise ValueError(f"{name}: given {len(x)} rows of x and {len(y)} of y, expected as many of each")
        return x, y

    def look(self, name: str, nest: Nest, batch_size: int, whole: bool) -> None:
        x, y = nest
        check_finite(f"{name}, x", x)
        if self.step.of_values or self.step.of_classes:  # a loss of the reader's own may mask what is NaN
            check_finite(f"{name}, y", y, "; mask them in a loss of your own where none is known")
        check_dtype(f"{name}, x", x, self.model)
        check_by_model(f"{name}, x", x, self.model)
        shape = x.shape[1:]
        with self.infer():
            few, outputs = None, self.seen.get(shape)
            if outputs is None:
                few, outputs = self._try(name, x, batch_size)
            check_targets(name, outputs, y, self.step, whole)
            if few is not None:
                check_loss(self.step, outputs, y[:few].to(self.device))
                self.seen[shape] = outputs.to("meta")

    def _try(self, name: str, x, batch_size: int):
        """The model's outputs for two rows; for a whole batch, where it takes no other number."""
        try:
            return 2, check_model(name, self.model, x[:2].to(self.device))
        except ValueError as error:
            if len(x) <= 2 or not isinstance(error.__cause__, RuntimeError):
                raise
            with contextlib.suppress(ValueError):
                return batch_size, check_model(name, self.model, x[:batch_size].to(self.device))
            raise


@contextlib.contextmanager
def kept_modes(model: nn.Module) -> Iterator[None]:
    """Whatever the modules are switched to inside, outside each is in training or evaluation as it was."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def floats_of(model: nn.Module) -> torch.dtype:
    """The type of the model's parameters."""
    return next((parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()),
                torch.float32)


def check_outcome(outcome: Outcome) -> None:
    """Raises: ValueError for a loss that leads nowhere."""
    if not outcome.loss.requires_grad:
        raise ValueError("step: it returns a loss without a gradient, expected one that is computed from the "
                         "model's parameters (no .item(), no .detach(), no torch.no_grad)")


def check_finite(name: str, tensor: torch.Tensor, hint: str = "") -> None:
    """Raise a ValueError that names the first row with a NaN or an infinity."""
    # A sum is finite only if its terms are, and makes no temporary; one that overflows is looked at again.
    if not tensor.is_floating_point() or torch.isfinite(tensor.sum()):
        return
    bad = ~torch.isfinite(tensor).reshape(len(tensor), -1).all(dim=1)  # (n, …) -> (n,)
    if bad.any():
        row, count = int(bad.nonzero()[0]), int(bad.sum())
        raise ValueError(f"{name}: given NaN or infinity in row {row} ({count} such), expected only finite "
                         f"numbers{hint}")


def check_dtype(name: str, x: torch.Tensor, model: nn.Module) -> None:
    """Inputs of floats must have the type of the model's parameters."""
    wanted = next((parameter.dtype for parameter in model.parameters()), x.dtype)
    if x.is_floating_point() and x.dtype != wanted:
        raise TypeError(f"{name}: given {_short(x.dtype)}, expected {_short(wanted)} like the model's "
                        f"parameters; use x.to({wanted})")


def check_by_model(name: str, x: torch.Tensor, model: nn.Module) -> None:
    """Let a model that has a method `check_inputs(name, x)` look at all rows, before the first step."""
    look = getattr(model, "check_inputs", None)
    if look is not None:
        look(name, x)


def check_model(name: str, model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The model's outputs for the rows x. Raises a ValueError where it cannot take them."""
    try:
        outputs = model(x)
    except RuntimeError as error:
        shape = ", ".join(["n", *map(str, x.shape[1:])])
        raise ValueError(f"{name}: the model refuses x of shape ({shape}): {error}") from error
    if not torch.is_tensor(outputs):
        raise TypeError(f"model: it returns {type(outputs).__name__}, expected a tensor for loss=…; take "
                        "what the loss needs in step=…")
    return outputs


def check_loss(step: LossStep, outputs: torch.Tensor, y: torch.Tensor) -> None:
    """Raises a ValueError where the loss is not one number, or one that it can never be."""
    value = step.loss(outputs, y)
    if not torch.is_tensor(value) or value.ndim:
        given = f"shape {tuple(value.shape)}" if torch.is_tensor(value) else type(value).__name__
        raise ValueError(f"loss: it returns {given}, expected a scalar tensor, the mean over the batch")
    if (step.of_values or step.of_classes) and value < -1e-6:
        raise ValueError(f"loss: it is {value.item():.4g} for the first rows, expected 0 or more: nll_loss "
                         "takes log-probabilities, cross_entropy logits, binary cross-entropy targets in 0…1")


def check_targets(name: str, outputs: torch.Tensor, y: torch.Tensor, step: LossStep,
                  whole: bool = True) -> None:
    """Targets must be what the loss takes: class numbers that the model has, or values shaped like outputs.

    outputs: the model's, for a few rows.  y: the targets of all rows.  whole: whether these are a data set.
    """
    if step.of_values:
        _check_values(name, outputs, y)
    elif step.of_classes:
        # Floats of the outputs' shape are class probabilities, which these losses take as well.
        if not y.is_floating_point() or y.shape[1:] != outputs.shape[1:]:
            _check_labels(name, outputs, y, step, whole)
    elif gives_classes(outputs, y):  # a loss of the reader's own
        _check_labels(name, outputs, y, step, whole)


def gives_classes(outputs: Any, y: Any) -> bool:
    """Whether targets are class numbers (n, …) for outputs (n, C, …)."""
    return (torch.is_tensor(outputs) and torch.is_tensor(y) and y.dtype == torch.int64
            and outputs.ndim == y.ndim + 1)


def _check_values(name: str, outputs, y) -> None:
    if not y.is_floating_point():
        raise TypeError(f"{name}, y: given {_short(y.dtype)}, expected floats for this loss; use y.float()")
    if y.shape[1:] != outputs.shape[1:]:
        raise ValueError(f"{name}, y: given shape {_shape(y)}, expected {_shape(outputs)} like the model's "
                         "outputs; torch would broadcast one against the other and fit nonsense")


def _check_labels(name: str, outputs, y, step: LossStep, whole: bool) -> None:
    if y.dtype != torch.int64:
        raise TypeError(f"{name}, y: given {_short(y.dtype)}, expected int64 class numbers; use y.long()")
    if y.ndim + 1 != outputs.ndim or y.shape[1:] != outputs.shape[2:]:
        raise ValueError(f"{name}, y: given shape {_shape(y)}, expected a class number for each of the "
                         f"model's outputs, which are {_shape(outputs)}")
    classes = outputs.shape[1]
    low, high = (int(bound) for bound in y.aminmax())
    if low >= 0 and high < classes:
        return
    if whole and bool((y == step.ignored).all()):
        raise ValueError(f"{name}, y: given only {step.ignored}, which the loss ignores, expected some "
                         f"labels in 0…{classes - 1}")
    wrong = ((y < 0) | (y >= classes)) & (y != step.ignored)
    if wrong.any():
        place = tuple(wrong.nonzero()[0])
        raise ValueError(f"{name}, y: given label {int(y[place])} in row {int(place[0])}, expected "
                         f"0…{classes - 1}, since the model has {classes} outputs")


def check_last_batch(data: Batches, model: nn.Module, run: Callable[[], None]) -> None:
    """Raises: ValueError where the last batch has one row, of which batch norm can take no variance.

    run: takes a step with one row.
    """
    if data.last_rows != 1 or not any(isinstance(part, nn.modules.batchnorm._BatchNorm) and part.training
                            for part in model.modules()):
        return
    try:
        run()
    except ValueError as error:
        which = "every" if data.batch_size == 1 else "the last"
        raise ValueError(f"batch_size: given {data.batch_size} for {data.rows} rows, so that {which} batch "
                         f"has one row, expected another, since batch norm needs more ({error})") from error


def check_rows(name: str, x: torch.Tensor, model: nn.Module) -> None:
    """Rows to predict. Raises TypeError or ValueError that says what is wrong with them."""
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"{name}: given shape {tuple(x.shape)}, expected at least one row")
    check_dtype(name, x, model)
    check_finite(name, x)


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _shape(tensor) -> str:
    """(n, 10), or (n,)"""
    return f"(n, {', '.join(map(str, tensor.shape[1:]))})" if tensor.ndim > 1 else "(n,)"
