"""One training on its way: where it is, when it ends, and how it is saved and taken up again."""

import contextlib
import itertools
import math
import sys
import time
from collections.abc import Iterator

from . import acceleration, randomness
from .batches import Batch, LoaderBatches, TensorBatches, several
from .checkpoint import CheckpointError, Checkpoints
from .history import History, gives_up
from .stopping import on_signals


class Run:
    """A training from its first step to its last, over however many processes it takes.

    epochs, steps: how many in all; None for no limit.
    patience: it ends after so many validations in a row without a smaller loss; None for never.
    """

    def __init__(self, trainer, train: TensorBatches | LoaderBatches, epochs: int | None, steps: int | None,
                 patience: int | None, checkpoints: Checkpoints | None):
        self.trainer, self.train, self.checkpoints = trainer, train, checkpoints
        self.epochs, self.steps, self.patience = epochs, steps, patience
        self.generators = several(trainer.generator, *train.generators)
        try:
            self.count = len(train)  # batches an epoch
        except TypeError:
            self.count = math.inf  # a stream: nobody knows before its end
        self.history = History()
        self.start = trainer.step  # the step that it began with
        self.epoch, self.batches = 1, 0  # where it is: so many batches of this epoch are done
        self.unvalidated = False  # steps were made since the last validation
        self.epoch_start: dict | None = None  # all generators, as they were when the epoch began
        self._saved: tuple | None = None  # where it was when it was last saved
        self._ticked = time.perf_counter()

    # --- the way through ---

    @property
    def last_step(self) -> float:
        """The trainer's step at the end; infinity when only the end of a stream tells."""
        limit = math.inf if self.steps is None else self.steps
        if self.epochs is not None and self.count < math.inf:
            limit = min(limit, self.epochs * -(-self.count // self.trainer.accumulate))
        return self.start + limit

    def left(self) -> Iterator[int]:
        """The epochs that are still to do."""
        def over():
            return not self.unvalidated and (self._complete() or self.gives_up())

        while not (self.trainer.stopped or over()):
            yield self.epoch

    def _complete(self) -> bool:
        return self.trainer.step >= self.last_step or (self.epochs is not None and self.epoch > self.epochs)

    def gives_up(self) -> bool:
        return gives_up(self.history.validation, self.patience)

    def groups(self) -> Iterator[list[Batch]]:
        """What is left of the epoch, in lists of `accumulate` batches; the last list may be shorter."""
        trainer, batches, last_step = self.trainer, self._epoch(), self.last_step
        while not trainer.stopped and trainer.step < last_step:
            group = list(itertools.islice(batches, trainer.accumulate))
            if not group:
                return
            yield group

    def _epoch(self) -> Iterator[Batch]:
        device, now = self.train.device, randomness.snapshot(self.train.device, self.generators)
        if not self.batches:
            self.epoch_start = now
            return self.train.epoch()
        # Taken up in its middle: it is begun again as it was begun, then all goes on as it was left.
        randomness.restore(self.epoch_start, device, self.generators)
        batches = self.train.epoch(self.batches)
        randomness.restore(now, device, self.generators)
        return batches

    def count_step(self, step: int, loss: float, rows: int, batches: int) -> None:
        self.history.steps.append(step)
        self.history.train_loss.append(loss)
        self.history.rows += rows
        self.batches += batches
        self.unvalidated = True

    def close_epoch(self, metrics: dict) -> None:
        """It was validated; it is over, unless the limit of steps cut it short."""
        self.unvalidated = False
        if metrics:
            self.history.validation.append(metrics)
        if self.trainer.step < self.last_step or self.batches >= self.count:
            self.epoch, self.batches = self.epoch + 1, 0

    # --- its beginning and its end ---

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Around the loop: signals, the folder's lock, randomness; taken up before it, saved after it."""
        trainer = self.trainer
        with contextlib.ExitStack() as stack:
            stack.enter_context(on_signals(trainer.stop))
            if self.checkpoints:
                stack.enter_context(self.checkpoints.lock())
            stack.enter_context(randomness.kept(trainer.device))
            stack.enter_context(acceleration.matmul_precision(trainer.precision))
            acceleration.reset_peak_memory(trainer.device)
            randomness.seed_all(trainer.seed + trainer.step)
            self._take_up()
            stack.callback(self._finish, trainer.model.training)
            yield
            self.save()

    def _finish(self, training: bool) -> None:
        """Whatever has happened: the history is complete, the model's mode as before, the callbacks know."""
        self._tick()
        patience_is_over = self.gives_up() and not self._complete()
        self.history.stopped = self.trainer.stopped or ("early stopping" if patience_is_over else None)
        self.trainer.model.train(training)
        for listen in self.trainer.listeners["on_end"]:
            listen(self.trainer)

    def _take_up(self) -> None:
        """Go on where the newest checkpoint is, or where `load_state_dict` has put the trainer."""
        trainer = self.trainer
        found = self.checkpoints.latest() if self.checkpoints else None
        if found:
            check_weights(trainer.model, found.weights)
            self._check(found.state["run"])
            trainer.load_state_dict(found.state)
            trainer.model.load_state_dict(found.weights)
            print(f"going on after step {found.step}, from {found.path}", file=sys.stderr)
        state = trainer.loaded
        if state and state["run"]:
            self._check(state["run"])
            self.load_state_dict(state["run"])
            randomness.restore(state["random"], trainer.device, self.generators)
        trainer.run, trainer.loaded = self, None
        self._saved = (trainer.step, self.unvalidated) if found else None

    def save(self) -> None:
        """Make a checkpoint, unless there is one of just this."""
        here = (self.trainer.step, self.unvalidated)
        if self.checkpoints and self._saved != here:
            self._tick()
            last = self.history.validation[-1] if self.history.validation else {}
            metrics = {} if self.unvalidated else last
            trainer = self.trainer
            self.checkpoints.save(trainer.step, trainer.model.state_dict(), trainer.state_dict(), metrics)
            self._saved = here

    def _tick(self) -> None:
        """Bring the history's seconds and memory up to now."""
        now = time.perf_counter()
        self.history.seconds, self._ticked = self.history.seconds + now - self._ticked, now
        self.history.peak_memory = acceleration.peak_memory(self.train.device)

    # --- to and from a checkpoint ---

    def _settings(self) -> dict:
        """What has to be the same when it is taken up."""
        return {"batch_size": self.train.batch_size, "accumulate": self.trainer.accumulate,
                "batches an epoch": self.count, "kind of data": type(self.train).__name__}

    def _check(self, state: dict) -> None:
        for name, given in self._settings().items():
            if state["settings"][name] != given:
                raise ValueError(f"{name}: given {given!r}, but the run that is to go on was begun with "
                                 f"{state['settings'][name]!r}; go on with that, or begin in another folder")

    def state_dict(self) -> dict:
        return {"settings": self._settings(), "start": self.start, "epoch": self.epoch,
                "batches": self.batches, "unvalidated": self.unvalidated, "epoch_start": self.epoch_start,
                "history": self.history.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        self.start, self.epoch, self.batches = state["start"], state["epoch"], state["batches"]
        self.unvalidated, self.epoch_start = state["unvalidated"], state["epoch_start"]
        self.history = History.of_state(state["history"])


def check_weights(model, weights: dict) -> None:
    """Raises: CheckpointError that names the first tensor which is not as in the model."""
    expected = model.state_dict()
    for name in [*expected, *weights]:
        given, wanted = _kind(weights.get(name)), _kind(expected.get(name))
        if given != wanted:
            raise CheckpointError(f"{name}: the checkpoint has {given}, the model {wanted}; make the model "
                                  "that was trained, or begin in another folder")


def check_optimizer(optimizer, state: dict) -> None:
    """Raises: CheckpointError where `state` is of another optimiser, or of other parameter groups."""
    def kind(name, groups):
        return f"{name} over groups of {', '.join(str(len(group['params'])) for group in groups)} tensors"

    given = kind(state["class"], state["param_groups"])
    wanted = kind(type(optimizer).__name__, optimizer.param_groups)
    if given != wanted:
        raise CheckpointError(f"optimizer: the checkpoint has {given}, given is {wanted}; go on with that of "
                              "the checkpoint, or begin in another folder")


def _kind(tensor) -> str:
    if tensor is None:
        return "nothing"
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
