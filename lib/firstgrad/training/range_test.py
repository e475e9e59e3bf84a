"""Which learning rate? Let it grow on the way, and see where the loss falls."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from firstgrad.arguments import number, whole
from firstgrad.training.callbacks import Callback
from firstgrad.training.history import NonFiniteLossError
from firstgrad.training.trainer import Trainer


def range_test(model: nn.Module, loss: Callable, optimizer_class: Callable, data: Any, *, low: float = 1e-5,
               high: float = 10.0, steps: int = 100, batch_size: int = 64, seed: int = 0,
               device: str | torch.device = "auto") -> tuple[list[float], list[float]]:
    """Train a copy of `model` while the learning rate grows from `low` to `high`: where does the loss fall?

    optimizer_class: called as optimizer_class(parameters, learning_rate).
    Returns: the learning rates, each larger by the same factor, and the loss of the batch at each. Both end
    early where the loss exceeds four times the first or is not finite. `model` is left as it is.
    Source: Smith 2017, §3.3, arXiv:1506.01186.  Differs: geometric growth, to see orders of magnitude.
    """
    number("low", low, above=0)
    number("high", high, above=low)
    whole("steps", steps, least=2)
    rates = [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]
    model = copy.deepcopy(model)
    trainer = Trainer(model, loss, optimizer_class(model.parameters(), high), device=device, seed=seed,
                      schedule=lambda step: rates[step] / high, callbacks=[_StopWhenWorse()])
    try:
        losses = trainer.fit(data, steps=steps, batch_size=batch_size).train_loss
    except NonFiniteLossError as error:
        losses = error.history.train_loss if error.history else []
    return rates[:len(losses)], losses


class _StopWhenWorse(Callback):
    first: float | None = None

    def on_step(self, trainer, step, loss):
        self.first = loss if self.first is None else self.first
        if loss > 4 * self.first:
            trainer.stop()
