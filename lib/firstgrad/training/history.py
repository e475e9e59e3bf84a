"""What a training saw: the losses, the validations, and what it took."""

from dataclasses import dataclass, field

import torch


@dataclass(repr=False)
class History:
    """What a call of `fit` saw; of a resumed run, what the whole run saw.

    Two are equal when they saw the same; how long it took does not count.
    """

    steps: list[int] = field(default_factory=list)  # 0, 1, 2, …; a second fit goes on counting
    train_loss: list[float] = field(default_factory=list)  # of each step's batch, before the step's update
    validation: list[dict] = field(default_factory=list)  # each: epoch, step, loss, metrics, accuracy
    numbers: dict[str, list[float]] = field(default_factory=dict)  # what else `Run.record` was given
    seconds: float = field(default=0.0, compare=False)  # validation and saving included
    stopped: str | None = None  # why it ended early: "stop", "Ctrl-C", "SIGTERM", "early stopping"
    rows: int = 0  # trained on
    peak_memory: int | None = field(default=None, compare=False)  # bytes, of the GPU, else of the process

    @property
    def rows_per_second(self) -> float:
        """Throughput, validation and saving included."""
        return self.rows / self.seconds if self.seconds else 0.0

    def summary(self) -> str:
        """What it took, in one line for a reader."""
        peak = f" · peak memory {self.peak_memory / 2**20:,.0f} MiB" if self.peak_memory else ""
        return (f"{len(self.steps):,} steps · {self.rows:,} rows in {self.seconds:.1f} s · "
                f"{self.rows_per_second:,.0f} rows/s{peak}")

    def __repr__(self) -> str:
        early = f", stopped early ({self.stopped})" if self.stopped else ""
        return f"History({len(self.steps)} steps, {len(self.validation)} validations{early})"

    def state_dict(self) -> dict:
        """For a checkpoint: the numbers as tensors, since a long run has millions."""
        return {"steps": torch.tensor(self.steps, dtype=torch.int64),
                "train_loss": torch.tensor(self.train_loss, dtype=torch.float64),
                "validation": [dict(entry) for entry in self.validation],
                "numbers": {name: torch.tensor(values, dtype=torch.float64)
                            for name, values in self.numbers.items()},
                "seconds": self.seconds, "rows": self.rows}

    @classmethod
    def of_state(cls, state: dict) -> "History":
        """The history whose `state_dict` this is."""
        numbers = {name: values.tolist() for name, values in state["numbers"].items()}
        return cls(state["steps"].tolist(), state["train_loss"].tolist(), list(state["validation"]), numbers,
                   state["seconds"], rows=state["rows"])


class NonFiniteLossError(ArithmeticError):
    """The loss or its gradient became NaN or infinite; that step was not taken.

    On a GPU without fp16 a gradient that is not finite shows only in the next step's loss, when the
    parameters are NaN already: the message then says so.
    step: counted from 0.  history: what was recorded before it.
    """

    def __init__(self, step: int, what: str = "the loss is not finite", history: History | None = None,
                 spoilt: bool = False):
        kept = "The parameters are not finite either: make the model anew" if spoilt else \
            "The model keeps its parameters from before this step"
        super().__init__(f"step {step}: {what}. {kept}. Try a smaller learning rate, or clip_norm=1.0")
        self.step, self.history = step, history
