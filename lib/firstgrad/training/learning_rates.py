"""The learning rates of a training: a function of the step, or a scheduler of torch's, moves them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from firstgrad.arguments import number

# What a scheduler changes in a group as a run goes on.
SCHEDULED = ("params", "lr", "initial_lr", "max_lr", "min_lr", "momentum", "betas", "max_momentum",
             "base_momentum")


class LearningRates:
    """Those of an optimiser's groups.

    schedule: step -> what to multiply them by, or a scheduler of torch.optim.lr_scheduler, or None.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, schedule: Any = None):
        self.optimizer, self.schedule = optimizer, schedule
        self.base = [group["lr"] for group in optimizer.param_groups]
        self.scheduler: Any = schedule if isinstance(schedule, LRScheduler) else None
        self.at_validations = isinstance(schedule, ReduceLROnPlateau)
        self.by_step = schedule is not None and self.scheduler is None

    def before_step(self, step: int) -> None:
        """Set the rates of that step. Raises: TypeError or ValueError that names it."""
        groups = self.optimizer.param_groups
        if len(groups) > len(self.base):  # a callback has added some
            self.base += [group["lr"] for group in groups[len(self.base):]]
        if self.by_step:
            multiplier = float(number(f"schedule({step})", self.schedule(step), least=0))
            for group, rate in zip(groups, self.base, strict=True):
                group["lr"] = rate * multiplier

    def after_step(self) -> None:
        """The optimiser has moved."""
        if self.scheduler and not self.at_validations:
            self.scheduler.step()

    def after_validation(self, metrics: Mapping[str, float]) -> None:
        """A validation has given these."""
        if self.at_validations:
            self.scheduler.step(metrics["loss"])

    def state_dict(self) -> dict:
        """Functions in the state of a scheduler cannot be saved, and need not be."""
        state = {} if self.scheduler is None else {
            name: value for name, value in self.scheduler.state_dict().items() if not callable(value)
            and not (isinstance(value, list) and any(map(callable, value)))}
        return {"base": list(self.base), "scheduler": state}

    def load_state_dict(self, state: dict) -> None:
        self.base = list(state["base"])
        if self.scheduler and state["scheduler"]:
            self.scheduler.load_state_dict(state["scheduler"])
