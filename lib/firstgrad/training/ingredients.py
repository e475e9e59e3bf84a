"""What a Trainer is made of: model, loss or step, optimizer, and what watches it, seen to fit together."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from firstgrad.training.callbacks import METHODS
from firstgrad.training.steps import LossStep


def check_parts(model: Any, loss: Any, step: Any, optimizer: Any, schedule: Any, callbacks: Any,
                metrics: Any) -> None:
    """Raises: TypeError or ValueError that names the argument."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: given {type(model).__name__}, expected a torch.nn.Module")
    _check_loss_or_step(loss, step)
    _check_optimizer(optimizer, model)
    _check_schedule(schedule, optimizer)
    _check_callbacks(callbacks)
    _check_metrics(metrics)


def _check_callbacks(callbacks: Any) -> None:
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks: given {_shown(callbacks)}, expected a list, such as [Progress()]")
    for callback in callbacks:
        if isinstance(callback, type) or not any(hasattr(callback, method) for method in METHODS):
            raise TypeError(f"callbacks: given {_shown(callback)}, expected an object with "
                            f"{' or '.join(METHODS)}")


def _check_metrics(metrics: Any) -> None:
    if metrics is not None and not isinstance(metrics, Mapping):
        raise TypeError(f"metrics: given {_shown(metrics)}, expected a dictionary of names and functions of "
                        "(outputs, targets), such as {'f1': f1}")
    for name, metric in (metrics or {}).items():
        updates = hasattr(metric, "update") and hasattr(metric, "compute") and hasattr(metric, "reset")
        if name in ("loss", "accuracy", "epoch", "step") or not (callable(metric) or updates):
            raise TypeError(f"metrics: given {name!r}: {_shown(metric)}, expected a name that is free and a "
                            "function of (outputs, targets), or an object with update, compute and reset")


def _check_loss_or_step(loss: Any, step: Any) -> None:
    if step is not None:
        if loss is not None:
            raise TypeError("step: given together with loss, expected one of the two")
        if not callable(step) or isinstance(step, type):
            raise TypeError(f"step: given {_shown(step)}, expected a function of (model, batch)")
        return
    if isinstance(loss, torch.optim.Optimizer):
        raise TypeError(f"loss: given the optimizer {type(loss).__name__}, expected a function of (outputs, "
                        "targets): the order is Trainer(model, loss, optimizer)")
    if not callable(loss) or isinstance(loss, type):
        raise TypeError(f"loss: given {_shown(loss)}, expected a function of (outputs, targets), "
                        "such as F.cross_entropy")
    if LossStep(loss).reduction not in ("mean", "sum", "batchmean"):
        raise ValueError(f"loss: given reduction={LossStep(loss).reduction!r}, expected 'mean' or 'sum'")


def _check_optimizer(optimizer: Any, model: nn.Module) -> None:
    if any(isinstance(part, nn.parameter.UninitializedParameter) for part in model.parameters()):
        raise ValueError("model: given one with lazy parameters, expected their shapes to be known: call it "
                         "once on a batch before the optimizer is made")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer: given {_shown(optimizer)}, expected one such as SGD(model.parameters(), "
                        "0.1)")
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError("optimizer: given LBFGS, which evaluates the loss many times a step, expected one "
                         "that takes one gradient a step; write its loop with Run")
    own = set(map(id, model.parameters()))
    if not any(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"]):
        raise ValueError("optimizer: given one without parameters of this model, expected model.parameters()")


def _check_schedule(schedule: Any, optimizer: torch.optim.Optimizer) -> None:
    if isinstance(schedule, torch.optim.lr_scheduler.LRScheduler):
        if schedule.optimizer is not optimizer:
            raise ValueError(f"schedule: given {type(schedule).__name__} of another optimizer, expected one "
                             "of this Trainer's")
    elif schedule is not None and not callable(schedule):
        raise TypeError(f"schedule: given {_shown(schedule)}, expected a function of the step, as "
                        "cosine(1000), or a scheduler of torch.optim.lr_scheduler")


def _shown(value: Any) -> str:
    """As it prints, where that is a line; else what it is."""
    printed = repr(value)
    return printed if len(printed) <= 80 and "\n" not in printed else type(value).__name__
