"""Whoever watches a training, told in the right process and in order."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from firstgrad.training.callbacks import METHODS
from firstgrad.training.distributed import World


class Listeners:
    """The callbacks' methods, by name: in the first process all of them, in others those of every rank."""

    def __init__(self, callbacks: Sequence[Any], world: World):
        self.callbacks, self.world = callbacks, world
        self.by_one = False  # one that only the first process calls is being called
        self.of: dict[str, list[Callable]] = {name: [] for name in METHODS}
        for callback in callbacks:
            everywhere = getattr(callback, "every_rank", False) or world.size == 1
            for name in METHODS:
                if hasattr(callback, name) and (everywhere or world.is_first):
                    tell = getattr(callback, name)
                    self.of[name].append(tell if everywhere else self._alone(tell))

    def _alone(self, tell: Callable) -> Callable:
        def told(*arguments):
            self.by_one = True
            try:
                tell(*arguments)
            finally:
                self.by_one = False

        return told

    def tell(self, name: str, *arguments: Any) -> None:
        """Call the method of that name of all that have it."""
        for method in self.of[name]:
            method(*arguments)

    def refuse_one(self, what: str) -> None:
        """Refuse what all processes have to do, where one does it: it would wait for the others for ever."""
        if self.by_one:
            raise RuntimeError(f"{what}: called by one of {self.world.size} processes, expected all: set "
                               "every_rank = True in the callback")

    def warn_of_what_is_lost(self) -> None:
        """Name what a callback holds that no checkpoint will hold."""
        for place, callback in enumerate(self.callbacks):
            if hasattr(callback, "state_dict"):
                continue
            held = [name for name, value in getattr(callback, "__dict__", {}).items()
                    if isinstance(value, torch.Tensor | nn.Module | torch.optim.Optimizer | LRScheduler)]
            if held:
                warnings.warn(f"callbacks[{place}]: {type(callback).__name__}.{held[0]} is not saved, so a "
                              "run that goes on begins it anew; give it state_dict and load_state_dict",
                              stacklevel=4)
