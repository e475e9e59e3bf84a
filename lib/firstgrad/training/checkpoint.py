"""A run's checkpoints: each is whole or not there; a kill, a full disk, a flipped bit cost some steps only.

Each is a folder of four files (see checkpoint_files). It is written under a name that no reader looks for,
forced to the disk, and renamed: from then on it is there, whole. Every byte is checked before one is used;
where the newest is corrupt, the one before it is taken. Needs a POSIX system (Linux, macOS), for the lock.
"""

import contextlib
import math
import os
import re
import shutil
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError

from firstgrad.arguments import number, whole
from firstgrad.training.checkpoint_files import (
    UNSUPPORTED,
    Checkpoint,
    CheckpointError,
    CorruptCheckpointError,
    damaged,
    load,
    plain,
    read_manifest,
    sync,
    write,
)
from firstgrad.training.early_stopping import sign

__all__ = ["Checkpoint", "CheckpointError", "Checkpoints", "CorruptCheckpointError",
           "CorruptCheckpointWarning", "load"]

_SECONDS = 300  # between two checkpoints, where neither every_steps nor every_seconds is given
_NAME = re.compile(r"step-(\d+)(?:\.(\d+))?")  # .1, .2, …: the same step, saved again
_TEMPORARY = ".tmp-"  # what a killed process leaves under such a name, the next lock removes


class CorruptCheckpointWarning(UserWarning):
    """A corrupt checkpoint was passed over and an older one taken."""


class Checkpoints:
    """The checkpoints of one run, in `folder`: when to save, what to keep, which to take.

    every_steps, every_seconds: how often one is due, by either; every five minutes when neither is given.
    keep: how many of the newest stay; with two, there is one to fall back on.
    best: "loss", "accuracy" or the name of another metric: the best by it stays as well.
    mode: whether "min" or "max" is best by it; of loss and accuracy that is known.
    Raises: TypeError or ValueError that names the argument.
    """

    def __init__(self, folder: str | os.PathLike, *, every_steps: int | None = None,
                 every_seconds: float | None = None, keep: int = 2, best: str | None = None,
                 mode: str | None = None):
        if not isinstance(folder, str | os.PathLike):
            raise TypeError(f"folder: given {folder!r}, expected a path")
        if every_steps is None and every_seconds is None:
            every_seconds = _SECONDS
        self.folder = Path(folder)
        self.every_steps = math.inf if every_steps is None else whole("every_steps", every_steps)
        self.every_seconds = (math.inf if every_seconds is None else
                              number("every_seconds", every_seconds, above=0))
        self.keep = whole("keep", keep)
        self.metric, self.sign = best, 0 if best is None else sign("best", best, mode)
        self._locked, self._saved_at = False, time.monotonic()

    @classmethod
    def of(cls, given: "Checkpoints | str | os.PathLike | None") -> "Checkpoints | None":
        """What a folder stands for: its checkpoints, one every five minutes."""
        return given if given is None or isinstance(given, Checkpoints) else cls(given)

    def __repr__(self) -> str:
        return (f"Checkpoints('{self.folder}', every_steps={self.every_steps}, "
                f"every_seconds={self.every_seconds}, keep={self.keep}, best={self.metric!r})")

    def due(self, step: int) -> bool:
        """Whether it is time to save after so many steps; no clock that can be set has a say in it."""
        if time.monotonic() - self._saved_at >= self.every_seconds:
            return True
        return step > 0 and step % self.every_steps == 0

    # --- writing ---

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Inside, nobody else writes to the folder; it is made, tidied and tried out first.

        `save` takes the lock for itself; a training holds it from start to end. It ends with the process,
        however that ends.
        Raises: CheckpointError when another process or object has it, or the folder cannot be written.
        """
        if self._locked:
            yield
            return
        with self._own_lock_file():
            self._locked, self._saved_at = True, time.monotonic()
            try:
                yield
            finally:
                self._locked = False

    def save(self, step: int, weights: dict[str, torch.Tensor], state: dict,
             metrics: dict[str, float] | None = None) -> Path:
        """Write a checkpoint, then remove those that are no longer to be kept. Returns: its folder.

        step: at least the newest in the folder.
        weights: dense tensors by name, as of model.state_dict(); on any device, of any shape, tied or not.
        state: dictionaries, lists and tuples of tensors, numbers, strings and None.
        metrics: numbers by name, for `best` and for a reader.
        Raises: CheckpointError when it cannot be written; TypeError or ValueError that names the argument.
        Whatever is raised, the checkpoints before it are as they were.
        """
        step = whole("step", step, least=0)
        metrics = {name: float(value) for name, value in (metrics or {}).items()}
        state = plain("state", state)
        with self.lock(), self._whole_or_gone(step) as partial:
            self._clear_later(step)
            write(partial, step, weights, state, metrics)
            path = self._free_path(step)
            partial.rename(path)
            sync(self.folder)
            self._rotate()
        self._saved_at = time.monotonic()
        return path

    # --- reading; needs no lock ---

    def paths(self) -> list[Path]:
        """The folders of the checkpoints, oldest first: by step, since a clock may have been set back."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), key=_order)

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint whose checksums agree, None if there is none at all.

        A corrupt one is passed over, with a CorruptCheckpointWarning.
        Raises: CheckpointError when there are some and none is good, or a whole one is not such as we write.
        """
        return self._first_good(lambda: self.paths()[::-1])

    def best(self) -> Checkpoint | None:
        """The checkpoint that is best by the metric chosen for `best`, None if none has that metric."""
        if self.metric is None:
            raise ValueError("best: given None, expected Checkpoints(…, best='loss') or 'accuracy'")
        return self._first_good(self._ranked)

    # --- the parts ---

    @contextlib.contextmanager
    def _own_lock_file(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                _make(self.folder)
                file = stack.enter_context(open(self.folder / ".lock", "a+", encoding="utf-8"))
                _lock(file, self.folder)
                # A forked child (a DataLoader's worker) would hold the lock on after this process was killed.
                os.register_at_fork(after_in_child=file.close)
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}")
                file.flush()
                self._tidy()
            except BlockingIOError:
                file.seek(0)
                raise CheckpointError(f"{self.folder}: {file.read() or 'another process'} is writing to it; "
                                      "end that first, or use another folder") from None
            except OSError as error:
                raise CheckpointError(f"{self.folder}: it cannot be written: {error}") from error
            yield

    def _tidy(self) -> None:
        """Remove what killed processes left, and see that the folder takes a file."""
        for path in self.folder.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        probe = self.folder / f"{_TEMPORARY}probe"
        probe.write_text("Can this folder be written?", encoding="utf-8")
        sync(probe)
        probe.unlink()

    @contextlib.contextmanager
    def _whole_or_gone(self, step: int) -> Iterator[Path]:
        """A folder to write into; whatever fails, it goes, and a failure of the disk is said as such."""
        partial = self.folder / f"{_TEMPORARY}step-{step:08d}"
        try:
            yield partial
        except BaseException as error:
            shutil.rmtree(partial, ignore_errors=True)
            if not isinstance(error, OSError | SafetensorError):
                raise
            raise CheckpointError(f"{self.folder}: saving step {step} failed: {error}; "
                                  "the checkpoints before it are as they were") from error

    def _clear_later(self, step: int) -> None:
        """Put corrupt checkpoints of later steps aside; for a good one this run should have begun there."""
        for path in self.paths():
            if _order(path)[0] <= step:
                continue
            if not damaged(path):
                raise CheckpointError(f"{path}: it is newer than step {step}; go on from there, "
                                      "or use another folder")
            path.rename(self.folder / f"corrupt-{path.name}-{time.time_ns()}")

    def _free_path(self, step: int) -> Path:
        """The step's folder, another one when it is saved again: the first may be the only good one."""
        again = max((_order(path)[1] + 1 for path in self.paths() if _order(path)[0] == step), default=0)
        return self.folder / (f"step-{step:08d}" + f".{again}" * (again > 0))

    def _rotate(self) -> None:
        paths = self.paths()
        last_saves = {_order(path)[0]: path for path in paths}  # of each step
        keep = list(last_saves.values())[-self.keep:]
        if self.metric:
            keep += self._ranked()[:1]
        for path in paths:
            if path not in keep:  # renamed first, for half a checkpoint would look like a corrupt one
                shutil.rmtree(path.rename(self.folder / f"{_TEMPORARY}{path.name}"), ignore_errors=True)

    def _ranked(self) -> list[Path]:
        """The checkpoints that have the metric, the best first, of equals the older."""
        scores = {}
        for path in self.paths():
            metrics = (read_manifest(path) or {}).get("metrics", {})
            scores[path] = self.sign * metrics.get(self.metric, math.nan)
        return sorted((path for path in scores if math.isfinite(scores[path])), key=lambda path: scores[path])

    def _first_good(self, candidates: Callable[[], list[Path]]) -> Checkpoint | None:
        corrupt = []
        for path in candidates():
            try:
                checkpoint = load(path)
            except CheckpointError as error:
                if not path.exists():  # a writer has removed it meanwhile, so there are newer ones
                    return self._first_good(candidates)
                if not isinstance(error, CorruptCheckpointError):
                    raise
                corrupt.append(str(error))
                continue
            if corrupt:
                message = f"{'; '.join(corrupt)}; taking {path.name} instead"
                warnings.warn(message, CorruptCheckpointWarning, stacklevel=3)
            return checkpoint
        if corrupt:  # to begin anew is for the user to decide
            raise CheckpointError(f"none of the checkpoints is good: {'; '.join(corrupt)}")
        return None


def _lock(file, folder: Path) -> None:
    """Lock an open file, or say that its file system cannot. Raises: BlockingIOError, OSError."""
    import fcntl  # here, so that the rest of the library can be imported where there is none

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        warnings.warn(f"{folder}: this file system has no locks ({error.strerror}): see to it that no other "
                      "process writes there", stacklevel=2)


def _order(path: Path) -> tuple[int, int]:
    """The step, and how many times it had been saved before."""
    step, again = _NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]  # `paths` finds such only
    return int(step), int(again or 0)


def _make(folder: Path) -> None:
    """Make a folder and those above it, on the disk when this returns."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        sync(place.parent)
