"""What one step computes: from a model and a batch to a loss, and to what that loss is the mean of.

The loss of a step is the loss of all its batches, on all processes, as if they were one. So it matters what a
loss divides by: rows, or the labels that are not ignored, or the weights of their classes, or nothing at all.
"""

import functools
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from firstgrad.training.nests import Nest

CLASS_LOSSES = {F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss, nn.NLLLoss}
VALUE_LOSSES = {F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy,
                F.binary_cross_entropy_with_logits, nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss,
                nn.BCELoss, nn.BCEWithLogitsLoss}


class Outcome(NamedTuple):
    """What a step gives."""

    loss: torch.Tensor  # a scalar
    count: Any = None  # what the loss is the mean of, a number or a scalar; None: the rows
    outputs: Any = None  # of the model, for metrics
    targets: Any = None  # for metrics
    reports: Mapping[str, Any] = {}


class LossStep:
    """The step of most trainings: outputs = model(x), then loss(outputs, y), for batches (x, y)."""

    def __init__(self, loss: Callable):
        self.loss = loss
        self.function = loss.func if isinstance(loss, functools.partial) else loss
        given = loss.keywords if isinstance(loss, functools.partial) else {}
        self.reduction = given.get("reduction", getattr(loss, "reduction", "mean"))
        self.ignored = given.get("ignore_index", getattr(loss, "ignore_index", -100))
        self.class_weights = given.get("weight", getattr(loss, "weight", None)) if self.of_classes else None

    def _is_one_of(self, known: set) -> bool:
        kinds = {type(self.function)}
        return bool(known & (kinds | {self.function} if callable(getattr(self.function, "__hash__", None))
                             else kinds))

    @property
    def of_classes(self) -> bool:
        """Whether the loss is one of torch's over class numbers."""
        return self._is_one_of(CLASS_LOSSES)

    @property
    def of_values(self) -> bool:
        """Whether the loss is one of torch's over values shaped like the outputs."""
        return self._is_one_of(VALUE_LOSSES)

    def __call__(self, model: Callable, batch: Nest) -> torch.Tensor:
        x, y = batch
        return self.loss(model(x), y)

    def counted(self, model: Callable, batch: Nest) -> dict:
        """The same, with what the loss is the mean of."""
        x, y = batch
        outputs = model(x)
        return {"loss": self.loss(outputs, y), "count": self.count(outputs, y)}

    def looked_at(self, model: Callable, batch: Nest) -> dict:
        """The same, with outputs and targets for metrics."""
        x, y = batch
        outputs = model(x)
        return {"loss": self.loss(outputs, y), "count": self.count(outputs, y), "outputs": outputs,
                "targets": y}

    def count(self, outputs: torch.Tensor, y: torch.Tensor) -> Any:
        """What torch's loss divides by; None where that is the rows, or where nobody knows."""
        if self.of_values:
            return outputs.numel()
        if not self.of_classes or y.is_floating_point():
            return None
        counts = y != self.ignored
        if self.class_weights is None:
            return counts.sum()
        return self.class_weights[torch.where(counts, y, 0)][counts].sum()

    def counts(self, y: torch.Tensor) -> bool:
        """Whether the mean over labels `y`, of a whole data set, is another than that over its rows."""
        labels = self.of_classes and not y.is_floating_point()
        return labels and (self.class_weights is not None or bool((y == self.ignored).any()))


def read(outcome: Any) -> Outcome:
    """What a step returned, a scalar or a dictionary. Raises: TypeError or ValueError that names it."""
    if not isinstance(outcome, Mapping):
        return Outcome(_scalar(outcome))
    if "loss" not in outcome:
        raise ValueError(f"step: it returns {', '.join(map(repr, outcome)) or 'an empty dictionary'}, "
                         "expected 'loss' among its names")
    others = {name: _number(name, value) for name, value in outcome.items()
              if name not in ("loss", "count", "outputs", "targets")}
    count = outcome.get("count")
    return Outcome(_scalar(outcome["loss"]), None if count is None else _number("count", count),
                   outcome.get("outputs"), outcome.get("targets"), others)


def _number(name: str, value: Any) -> Any:
    """What a step gives beside the loss: a number, or a tensor of one."""
    if name in ("epoch", "step"):
        raise ValueError(f"step: it returns {name!r}, which is counted here already, expected another name")
    if isinstance(value, Real) or (torch.is_tensor(value) and not value.ndim):
        return value
    if hasattr(value, "shape"):
        raise ValueError(f"step: it returns {name!r} of shape {tuple(value.shape)}, expected a scalar, such "
                         "as a mean")
    raise TypeError(f"step: it returns {name!r}, a {type(value).__name__}, expected a scalar, such as a mean")


def _scalar(loss: Any) -> torch.Tensor:
    if not torch.is_tensor(loss):
        raise TypeError(f"step: it returns {type(loss).__name__}, expected a scalar tensor, or a dictionary "
                        "with 'loss'")
    if loss.ndim:
        raise ValueError(f"step: it returns a loss of shape {tuple(loss.shape)}, expected a scalar, such as "
                         "its mean")
    return loss


def described(function: Callable) -> str:
    """A loss or a step in words that are the same when the same program is started again."""
    if isinstance(function, functools.partial):
        given = [*map(repr, function.args), *(f"{name}={_short(value)}" for name, value
                                              in function.keywords.items())]
        return f"{described(function.func)}({', '.join(given)})"
    if isinstance(function, nn.Module):
        given = [f"{name}={value!r}" for name, value in sorted(vars(function).items())
                 if isinstance(value, int | float | str) and not name.startswith("_") and name != "training"]
        return f"{type(function).__qualname__}({', '.join(given)})"
    return getattr(function, "__qualname__", type(function).__qualname__)


def _short(value) -> str:
    return f"a tensor {tuple(value.shape)}" if torch.is_tensor(value) else repr(value)
