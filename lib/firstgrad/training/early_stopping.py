"""When a training has got as good as it gets: patience, by any metric."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from firstgrad.arguments import choice, number, whole

_SIGNS = {"min": 1, "max": -1}  # times this, lower is better
_KNOWN = {"loss": "min", "accuracy": "max"}


def sign(argument: str, metric: str, mode: str | None) -> int:
    """1 where a lower value of `metric` is better, −1 where a higher one is.

    mode: "min", "max", or None for loss and accuracy, of which it is known.
    Raises: ValueError for another mode, and for none where it is not known.
    """
    if mode is None and metric not in _KNOWN:
        raise ValueError(f"{argument}: given the metric {metric!r} without a mode, expected mode='min' where "
                         "lower is better, or mode='max'")
    return _SIGNS[choice("mode", mode or _KNOWN[metric], _SIGNS)]


@dataclass(frozen=True)
class EarlyStopping:
    """End a training after so many validations in a row that were not better than the best before them.

    Better is what lies below (of mode "max": above) the best by more than `min_delta`; exactly as much does
    not do. It is a difference in the metric's own units, not a share of it. `restore_best` does not ask for
    it: any lower (higher) value is the best, and of equal ones the first.
    Raises: TypeError or ValueError that names the argument.
    """

    patience: int  # validations
    metric: str = "loss"  # "loss", "accuracy", or the name of one of the Trainer's metrics
    mode: str | None = None  # "min" or "max"; None for loss and accuracy
    min_delta: float = 0.0  # in the metric's units
    restore_best: bool = False  # in the end, the parameters are those of the best validation

    def __post_init__(self) -> None:
        whole("early_stopping", self.patience)
        number("min_delta", self.min_delta, least=0)
        sign("early_stopping", self.metric, self.mode)

    @classmethod
    def of(cls, given: "EarlyStopping | int | None") -> "EarlyStopping | None":
        """What a number stands for: that patience, by the loss."""
        return given if given is None or isinstance(given, cls) else cls(whole("early_stopping", given))

    def scores(self, validation: Sequence[dict]) -> list[float]:
        """The metric of each validation, so that lower is better; infinity where it is not finite."""
        values = [sign("", self.metric, self.mode) * entry[self.metric] for entry in validation]
        return [value if math.isfinite(value) else math.inf for value in values]

    def improved(self, validation: Sequence[dict]) -> bool:
        """Whether the last validation is the best so far."""
        *before, last = self.scores(validation)
        return last < min(before, default=math.inf)

    def gives_up(self, validation: Sequence[dict]) -> bool:
        """Whether none of the last `patience` validations was better than the best before them."""
        scores = self.scores(validation)
        if len(scores) <= self.patience:
            return False
        return min(scores[-self.patience:]) >= min(scores[:-self.patience]) - self.min_delta
