"""How good a model is over a whole data set: sums of losses, and metrics of all outputs together."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from firstgrad.training.batches import Batch
from firstgrad.training.checks import gives_classes
from firstgrad.training.distributed import World
from firstgrad.training.nests import wide
from firstgrad.training.steps import Outcome


class Evaluation:
    """Adds up what steps give, batch by batch; sums stay on the device until the end.

    metrics: name -> function of (outputs, targets), called once with those of all rows, or an object with
        update(outputs, targets), compute() and reset(), which is shown one batch after the other.
    adds_up: whether losses are sums, not means.
    ignored: the class number that is no label.
    pair: whether they are a loss's; of a step's, accuracy is taken of (n, C) against (n,) only.
    """

    def __init__(self, metrics: Mapping[str, Any], world: World, adds_up: bool = False, ignored: int = -100,
                 pair: bool = True):
        self.functions = {name: metric for name, metric in metrics.items() if not hasattr(metric, "compute")}
        self.running = {name: metric for name, metric in metrics.items() if hasattr(metric, "compute")}
        self.world, self.adds_up, self.ignored, self.pair = world, adds_up, ignored, pair
        self.sums: dict[str, Any] = {"loss": 0.0}
        self.count, self.right, self.labels = 0, 0, 0
        self.collected: list[tuple] = []
        for metric in self.running.values():
            metric.reset()

    def add(self, outcome: Outcome, batch: Batch) -> None:
        """Take one batch's into account; a share that counts for no row changes nothing."""
        count = batch.rows if outcome.count is None or not batch.rows else outcome.count
        for name, value in {"loss": outcome.loss, **outcome.reports}.items():
            value = torch.as_tensor(value).detach()
            weight = min(batch.rows, 1) if self.adds_up else count  # a loss alone adds up, it reports nothing
            # What all labels were ignored of is 0/0.
            value = torch.where(torch.as_tensor(weight, device=value.device) > 0, value, 0)
            self.sums[name] = self.sums.get(name, 0.0) + value * weight
        self.count = self.count + count
        if torch.is_tensor(outcome.outputs) and torch.is_tensor(outcome.targets):
            self._look(outcome.outputs.detach(), outcome.targets, batch.rows)

    def _look(self, outputs, targets, rows: int) -> None:
        if rows and has_accuracy(outputs, targets, self.pair):
            counts = targets != self.ignored
            self.right = self.right + ((outputs.argmax(1) == targets) & counts).sum()  # (n, C, …) to (n, …)
            self.labels = self.labels + counts.sum()
        if not (self.functions or self.running):
            return
        mine = (wide(outputs[:rows]), targets[:rows].cpu())
        parts = self.world.gather(mine)  # in the order of the rows
        both = tuple(torch.cat(part) for part in zip(*parts, strict=True)) if len(parts) > 1 else mine
        for metric in self.running.values():
            metric.update(*both)
        if self.functions:
            self.collected.append(both)

    def results(self) -> dict[str, float]:
        """{"loss": …, reports, metrics, and with class numbers "accuracy"}."""
        *totals, count, right, labels = self.world.sum(
            [*map(float, self.sums.values()), float(self.count), float(self.right), float(self.labels)])
        found = {name: total / (1 if self.adds_up else count or 1)
                 for name, total in zip(self.sums, totals, strict=True)}
        if self.collected or self.running:
            found |= self.metrics()
        return found | {"accuracy": right / labels} if labels else found

    def metrics(self) -> dict[str, float]:
        """Each metric over all rows that were added."""
        found = {}
        if self.functions and self.collected:
            outputs, targets = (_together(parts) for parts in zip(*self.collected, strict=True))
            found = {name: float(called(name, function, outputs, targets))
                     for name, function in self.functions.items()}
        return found | {name: float(metric.compute()) for name, metric in self.running.items()}


def has_accuracy(outputs: Any, targets: Any, pair: bool) -> bool:
    """Whether an accuracy is taken of these: class numbers; of a step's, for (n, C) only."""
    return gives_classes(outputs, targets) and (pair or outputs.ndim == 2)


def names(outcome: Outcome, metrics: Iterable[str], pair: bool) -> list[str]:
    """What an evaluation will give, by what a batch of it gave."""
    accuracy = ["accuracy"] * has_accuracy(outcome.outputs, outcome.targets, pair)
    return list(dict.fromkeys(["loss", *outcome.reports, *metrics, *accuracy]))


def called(name: str, function: Callable, outputs: Any, targets: Any) -> Any:
    """The metric's value. Raises: ValueError that names it, from whatever it raises."""
    try:
        return function(outputs, targets)
    except Exception as error:
        shapes = " and ".join(str(tuple(part.shape)) for part in (outputs, targets))
        raise ValueError(f"metrics[{name!r}]: it fails for outputs and targets of shapes {shapes}: "
                         f"{type(error).__name__}: {error}") from error


def try_all(metrics: Mapping[str, Any], outcome: Outcome, targets: Any = None) -> None:
    """Call each metric once.  targets: of all rows, where these are known; outputs are repeated for them.

    Raises: ValueError that names the metric which fails.
    """
    outputs = wide(outcome.outputs.detach())
    if targets is not None:
        outputs = outputs[torch.arange(len(targets)) % len(outputs)]
    for name, metric in metrics.items():
        tried(name, metric, outputs, (outcome.targets if targets is None else targets).cpu())


def check_outcome(metrics: Mapping[str, Any], outcome: Outcome) -> None:
    """Raises: ValueError where a step returns nothing that metrics could be taken of."""
    if outcome.outputs is None or outcome.targets is None:
        raise ValueError(f"metrics: given {', '.join(metrics)}, but the step returns no 'outputs' and "
                         "'targets', expected both")
    for name, part in {"outputs": outcome.outputs, "targets": outcome.targets}.items():
        if not torch.is_tensor(part):
            raise ValueError(f"metrics: given {', '.join(metrics)}, but the step's {name!r} are "
                             f"{type(part).__name__}, expected a tensor")


def tried(name: str, metric: Any, outputs: Any, targets: Any) -> None:
    """Call a metric once. Raises: ValueError that names it."""
    if not hasattr(metric, "compute"):
        float(called(name, metric, outputs, targets))
        return
    metric.reset()
    called(name, metric.update, outputs, targets)
    called(name, lambda *_: metric.compute(), outputs, targets)
    metric.reset()


def _together(parts: tuple) -> torch.Tensor:
    if len({part.shape[1:] for part in parts}) > 1:
        raise ValueError("metrics: given batches whose rows have different shapes, which no function can be "
                         "given at once; use an object with update, compute and reset")
    return torch.cat(parts)
