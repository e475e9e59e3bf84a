"""What watches a training: the base class, a progress bar, logs as CSV, as JSON lines, for TensorBoard."""

import csv
import json
import math
import os
import time
from pathlib import Path

from firstgrad.arguments import whole


class Callback:
    """Watches a training, and changes nothing; at most it calls `trainer.stop()`. Override what is needed."""

    def on_step(self, trainer, step: int, loss: float) -> None:
        """After the update of `step`; `loss` is the batch's, before the update."""

    def on_epoch(self, trainer, epoch: int, metrics: dict) -> None:
        """After epoch 1, 2, …; `metrics` is its entry of `History.validation`, {} without validation data."""

    def on_save(self, trainer) -> None:
        """Before a checkpoint is written."""

    def on_end(self, trainer) -> None:
        """When fit ends, be it by an error."""


METHODS = ("on_step", "on_epoch", "on_save", "on_end")
_PLACE = ("step", "epoch")  # where a record belongs; the rest of it are values


class Progress(Callback):
    """A bar of tqdm in the terminal or below the cell: steps, loss, and the last validation."""

    def __init__(self, label: str = "training"):
        self.label, self.bar, self.metrics = label, None, ""

    def on_step(self, trainer, step, loss):
        if self.bar is None:
            from tqdm import tqdm

            start = trainer.run.start  # a run that was taken up begins further on
            self.bar = tqdm(desc=self.label, total=trainer.total_steps and trainer.total_steps - start,
                            initial=step - start, unit=" steps", mininterval=0.2)
        self.bar.postfix = f"loss {loss:.4f}{self.metrics}"  # shown when tqdm next draws, not at every step
        self.bar.update()

    def on_epoch(self, trainer, epoch, metrics):
        shown = [f"{name} {metrics[name]:.4f}" for name in ("loss", "accuracy") if name in metrics]
        self.metrics = ", validation " + " ".join(shown) if shown else ""

    def on_end(self, trainer):
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class _Log(Callback):
    """Records of steps (step, train_loss, learning_rate) and of validations (step, epoch, validation_…)."""

    def __init__(self, every: int):
        self.every, self.is_open = whole("every", every), False

    def on_step(self, trainer, step, loss):
        if step % self.every == 0:
            rate = trainer.optimizer.param_groups[0]["lr"]
            self._log(trainer, {"step": step, "train_loss": loss, "learning_rate": float(rate)})

    def on_epoch(self, trainer, epoch, metrics):
        if metrics:
            values = {f"validation_{name}": value for name, value in metrics.items() if name not in _PLACE}
            self._log(trainer, {"step": trainer.step, "epoch": epoch, **values})

    def on_end(self, trainer):
        if self.is_open:
            self._close()
            self.is_open = False

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
        self.columns = ["step", "epoch", "train_loss", "learning_rate",
                        *(f"validation_{name}" for name in ("loss", *trainer.metrics, "accuracy"))]
        lines = self.path.read_text("utf-8").splitlines(keepends=True) if self.path.exists() else []
        kept = [line for line in lines if line.endswith("\n") and self._before(line, first)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.flushed = self.path.open("w", encoding="utf-8", newline=""), time.monotonic()
        self.file.write(self._head() + "".join(kept))

    def _before(self, line, first) -> bool:
        """Whether the line belongs before the record `first`; a validation comes before the step it names."""
        def when(record):
            return int(record["step"]), not record.get("epoch")

        try:
            return when(self._parse(line)) < when(first)
        except (ValueError, KeyError):  # the head
            return False

    def _write(self, record):
        self.file.write(self._line(record))
        if "epoch" in record or time.monotonic() - self.flushed > 1:
            self._flush()

    def _flush(self):
        self.file.flush()
        self.flushed = time.monotonic()

    def on_save(self, trainer):
        if self.is_open:  # a run that goes on from there does not write these lines again
            self._flush()

    def _close(self):
        self.file.close()

    def _head(self) -> str:
        return ""


class JSONLLog(_FileLog):
    """A file of JSON objects, one a line: {"step": 0, "train_loss": …, "learning_rate": …}, …

    path: of the file; a run that begins anew writes it anew, one that goes on goes on.
    every: steps from one line to the next; validations are all there.
    """

    def _line(self, record):
        finite = {name: value if math.isfinite(value) else None for name, value in record.items()}
        return json.dumps(finite) + "\n"

    def _parse(self, line):
        return json.loads(line)


class CSVLog(_FileLog):
    """A table: step, epoch, train_loss, learning_rate, validation_loss, …; what a line lacks is left empty.

    path: of the file; a run that begins anew writes it anew, one that goes on goes on.
    every: steps from one line to the next; validations are all there.
    """

    def _head(self):
        return ",".join(self.columns) + "\n"

    def _line(self, record):
        return ",".join(str(record.get(name, "")) for name in self.columns) + "\n"

    def _parse(self, line):
        return dict(zip(self.columns, next(csv.reader([line])), strict=True))


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
