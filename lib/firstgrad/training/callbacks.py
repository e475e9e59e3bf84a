"""What watches a training: the base class, a progress bar, logs as CSV, as JSON lines, for TensorBoard."""

import abc
import csv
import itertools
import json
import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstgrad.arguments import whole

if TYPE_CHECKING:
    from firstgrad.training.trainer import Trainer


class Callback:
    """Watches a training, and changes nothing; at most it calls `trainer.stop()`. Override what is needed.

    What it has to remember when a run goes on it gives in state_dict() and takes in load_state_dict(state).
    """

    every_rank = False  # under torchrun: called in all processes, as `trainer.evaluate` needs it

    def on_step(self, trainer: "Trainer", step: int, loss: float) -> None:
        """After the update of `step`; `loss` is the batch's, before the update."""

    def on_validation(self, trainer: "Trainer", epoch: int, metrics: dict) -> None:
        """After each validation; `metrics` is its entry of `History.validation`."""

    def on_epoch(self, trainer: "Trainer", epoch: int, metrics: dict) -> None:
        """After epoch 1, 2, …; `metrics` is its entry of `History.validation`, {} where there is none."""

    def on_save(self, trainer: "Trainer") -> None:
        """Before a checkpoint is written."""

    def on_end(self, trainer: "Trainer") -> None:
        """When fit ends, be it by an error."""


METHODS = ("on_step", "on_validation", "on_epoch", "on_save", "on_end")
_PLACE = ("step", "epoch")  # where a record belongs; the rest of it are values


class Progress(Callback):
    """A bar of tqdm in the terminal or below the cell: steps, loss, and the last validation."""

    def __init__(self, label: str = "training"):
        self.label, self.metrics = label, ""
        self.bar: Any = None

    def on_step(self, trainer: "Trainer", step: int, loss: float) -> None:
        if self.bar is None:
            from tqdm.auto import tqdm  # in a notebook a bar of its own

            start = trainer.run.start if trainer.run else step  # one that was taken up begins further on
            self.bar = tqdm(desc=self.label, total=trainer.total_steps and trainer.total_steps - start,
                            initial=step - start, unit=" steps", mininterval=0.2)
        self.bar.postfix = f"loss {loss:.4f}{self.metrics}"  # shown when tqdm next draws, not at every step
        self.bar.update()

    def on_validation(self, trainer: "Trainer", epoch: int, metrics: dict) -> None:
        shown = [f"{name} {metrics[name]:.4f}" for name in ("loss", "accuracy") if name in metrics]
        self.metrics = ", validation " + " ".join(shown) if shown else ""

    def on_end(self, trainer: "Trainer") -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class _Log(Callback, abc.ABC):
    """Records of steps (step, train_loss, learning_rate) and of validations (step, epoch, validation_…)."""

    def __init__(self, every: int):
        self.every, self.is_open = whole("every", every), False

    def on_step(self, trainer: "Trainer", step: int, loss: float) -> None:
        if step % self.every == 0:
            rate = trainer.optimizer.param_groups[0]["lr"]
            reported = {name: float(value) for name, value in trainer.reported.items()}
            self._log(trainer, {"step": step, "train_loss": loss, "learning_rate": float(rate), **reported})

    def on_validation(self, trainer: "Trainer", epoch: int, metrics: dict) -> None:
        values = {f"validation_{name}": value for name, value in metrics.items() if name not in _PLACE}
        self._log(trainer, {"step": trainer.step, "epoch": epoch, **values})

    def on_end(self, trainer: "Trainer") -> None:
        if self.is_open:
            self._close()
            self.is_open = False

    @abc.abstractmethod
    def _open(self, trainer, first: dict) -> None: ...

    @abc.abstractmethod
    def _write(self, record: dict) -> None: ...

    @abc.abstractmethod
    def _close(self) -> None: ...

    def _log(self, trainer, record):
        if not self.is_open:
            self._open(trainer, record)
            self.is_open = True
        self._write(record)


class _FileLog(_Log):
    """A line for each record. What a killed run wrote after its last checkpoint is written again, not twice.

    path: of the file; a run that begins anew writes it anew.  every: steps from one line to the next.
    """

    def __init__(self, path: str | os.PathLike, every: int = 1):
        super().__init__(every)
        self.path = Path(path)

    def _open(self, trainer, first):
        kept = [record for record in self._read() if self._before(record, first)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.flushed = self.path.open("w", encoding="utf-8", newline=""), time.monotonic()
        self._begin(trainer, kept)

    @abc.abstractmethod
    def _begin(self, trainer, records: list[dict]) -> None: ...

    @abc.abstractmethod
    def _put(self, record: dict) -> None: ...

    @abc.abstractmethod
    def _parse(self, text: str) -> list[dict]: ...

    def _read(self) -> list[dict]:
        """The records of the file, without a last line that a kill has cut."""
        if not self.path.exists():
            return []
        text = self.path.read_text("utf-8")
        return self._parse(text[:text.rfind("\n") + 1])

    @staticmethod
    def _before(record, first) -> bool:
        """Whether the record belongs before `first`; a validation comes before the step it names."""
        def when(record):
            return int(record["step"]), not record.get("epoch")

        try:
            return when(record) < when(first)
        except (ValueError, KeyError, TypeError):  # no record of ours
            return False

    def _write(self, record):
        self._put(record)
        if "epoch" in record or time.monotonic() - self.flushed > 1:
            self._flush()

    def _flush(self):
        self.file.flush()
        self.flushed = time.monotonic()

    def on_save(self, trainer: "Trainer") -> None:
        if self.is_open:  # a run that goes on from there does not write these lines again
            self._flush()

    def _close(self):
        self.file.close()


class JSONLLog(_FileLog):
    """A file of JSON objects, one a line: {"step": 0, "train_loss": …, "learning_rate": …}, …

    path: of the file; a run that begins anew writes it anew, one that goes on goes on.
    every: steps from one line to the next; validations are all there.
    """

    def _begin(self, trainer, records):
        for record in records:
            self._put(record)

    def _put(self, record):
        finite = {name: value if value is not None and math.isfinite(value) else None
                  for name, value in record.items()}
        self.file.write(json.dumps(finite) + "\n")

    def _parse(self, text):
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class CSVLog(_FileLog):
    """A table: step, epoch, train_loss, learning_rate, validation_loss, …; what a line lacks is left empty.

    path: of the file; a run that begins anew writes it anew, one that goes on goes on.
    every: steps from one line to the next; validations are all there.
    """

    def _begin(self, trainer, records):
        """Columns: what there was, what is known to come; a name that comes later gets one then."""
        known = ["step", "epoch", "train_loss", "learning_rate",
                 *(f"validation_{name}" for name in ("loss", *trainer.metrics, "accuracy"))]
        self.columns = list(dict.fromkeys([*known, *itertools.chain.from_iterable(records)]))
        self.writer = csv.DictWriter(self.file, self.columns, restval="", lineterminator="\n")
        self.writer.writeheader()
        self.writer.writerows(records)

    def _put(self, record):
        new = [name for name in record if name not in self.columns]
        if new:  # all lines get the column: the table is written anew
            self.file.close()
            records = self._read()
            self.file = self.path.open("w", encoding="utf-8", newline="")
            self.columns += new
            self.writer = csv.DictWriter(self.file, self.columns, restval="", lineterminator="\n")
            self.writer.writeheader()
            self.writer.writerows(records)
        self.writer.writerow(record)

    def _parse(self, text):
        return list(csv.DictReader(text.splitlines()))


class TensorBoardLog(_Log):
    """Curves for TensorBoard, in `folder`.  every: steps from one point to the next.

    Raises: ImportError that says what to install.
    """

    def __init__(self, folder: str | os.PathLike, every: int = 1):
        super().__init__(every)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError("TensorBoardLog needs TensorBoard: pip install tensorboard") from error
        self.folder, self._make = os.fspath(folder), SummaryWriter

    def _open(self, trainer, first):
        # What a killed run wrote after its last checkpoint is hidden.
        self.writer = self._make(self.folder, purge_step=first["step"])

    def _write(self, record):
        for name, value in record.items():
            if name not in _PLACE:
                self.writer.add_scalar(name.replace("validation_", "validation/"), value, record["step"])

    def _close(self):
        self.writer.close()
