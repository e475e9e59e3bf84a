"""One training on its way: where it is, when it ends, and how it is saved and taken up again."""

import contextlib
import itertools
import math
import sys
import time
from collections.abc import Iterator

from firstgrad.training import acceleration, randomness
from firstgrad.training.batches import Batch, LoaderBatches, TensorBatches, several
from firstgrad.training.checkpoint import CheckpointError, Checkpoints
from firstgrad.training.distributed import like, lost_processes_named, together
from firstgrad.training.history import History, gives_up
from firstgrad.training.stopping import REASONS, on_signals

_APART = 1_000_003  # between the seeds of two processes, so that they draw different dropout


class Run:
    """A training from its first step to its last, over however many processes it takes.

    epochs, steps: how many in all; None for no limit.
    patience: it ends after so many validations in a row without a smaller loss; None for never.
    """

    def __init__(self, trainer, train: TensorBatches | LoaderBatches, epochs: int | None, steps: int | None,
                 patience: int | None, checkpoints: Checkpoints | None):
        self.trainer, self.train, self.checkpoints, self.world = trainer, train, checkpoints, trainer.world
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
        self.settings = {"batch_size": train.batch_size, "accumulate": trainer.accumulate,
                         "batches an epoch": self.count, "kind of data": type(train).__name__}
        self._saved: tuple | None = None  # where it was when it was last saved
        self._agreed: str | None = None  # why all processes stop
        self._wanted = False  # by the first process: a checkpoint after this step
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

        while not (self.stopped or over()):
            yield self.epoch

    def _complete(self) -> bool:
        return self.trainer.step >= self.last_step or (self.epochs is not None and self.epoch > self.epochs)

    def gives_up(self) -> bool:
        return gives_up(self.history.validation, self.patience)

    def groups(self) -> Iterator[list[Batch]]:
        """What is left of the epoch, in lists of `accumulate` batches; the last list may be shorter."""
        trainer, batches, last_step = self.trainer, self._epoch(), self.last_step
        while not self.stopped and trainer.step < last_step:
            group = list(itertools.islice(batches, trainer.accumulate))
            if not group:
                return
            yield group

    def _epoch(self) -> Iterator[Batch]:
        device, now = self.trainer.device, randomness.snapshot(self.trainer.device, self.generators)
        if not self.batches:
            self.epoch_start = now
            return self.train.epoch()
        # Taken up in its middle: it is begun again as it was begun, then all goes on as it was left.
        randomness.restore(self.epoch_start, device, self.generators)
        batches = self.train.epoch(self.batches)
        randomness.restore(now, device, self.generators)
        return batches

    @property
    def stopped(self) -> str | None:
        """Why it ends early; of many processes, only when all know it."""
        return self.trainer.asked if self.world.size == 1 else self._agreed

    def agree(self, loss: float = 0.0) -> float:
        """The mean loss over all processes, which from now on agree on whether to stop, and whether to save.

        They have to do both at the same step: one that did not would wait for the others for ever.
        """
        if self.world.size == 1:
            return loss
        writes = self.checkpoints is not None and self.world.is_first
        wanted = writes and self.checkpoints.due(self.trainer.step + 1)
        asked = [float(self.trainer.asked == reason) for reason in REASONS]
        loss, wanted, *asked = self.world.sum([loss, float(wanted), *asked])
        self._agreed = next((reason for reason, count in zip(REASONS, asked, strict=True) if count), None)
        self._wanted = wanted > 0
        return loss / self.world.size

    def goes_on(self) -> bool:
        """Asked before every batch of a validation."""
        self.agree()
        return not self.stopped

    def due(self) -> bool:
        """Whether it is time for a checkpoint, after a step."""
        if self.world.size > 1:
            return self._wanted
        return self.checkpoints is not None and self.checkpoints.due(self.trainer.step)

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
            if self.world.size > 1:
                stack.enter_context(lost_processes_named())
            if self.checkpoints:
                self.world.first(lambda: stack.enter_context(self.checkpoints.lock()))
            stack.enter_context(randomness.kept(trainer.device))
            stack.enter_context(acceleration.matmul_precision(trainer.precision))
            acceleration.reset_peak_memory(trainer.device)
            randomness.seed_all(trainer.seed + trainer.step + _APART * self.world.rank)
            self._take_up()
            stack.callback(self._finish, trainer.model.training)
            yield
            self.save()

    def _finish(self, training: bool) -> None:
        """Whatever has happened: the history is complete, the model's mode as before, the callbacks know."""
        self._tick()
        patience_is_over = self.gives_up() and not self._complete()
        self.history.stopped = self.stopped or ("early stopping" if patience_is_over else None)
        self.trainer.model.train(training)
        self.train = None  # the data may go
        for listen in self.trainer.listeners["on_end"]:
            listen(self.trainer)

    def _take_up(self) -> None:
        """Go on where the newest checkpoint is, or where `load_state_dict` has put the trainer."""
        trainer = self.trainer
        found = self.world.first(self.checkpoints.latest) if self.checkpoints else None
        if found:
            check_weights(trainer.model, found.weights)
            self._check(found.state["run"])
            trainer.load_state_dict(found.state)
            load_weights(trainer.model, found.weights)
            if self.world.is_first:
                print(f"going on after step {found.step}, from {found.path}", file=sys.stderr)
        state = trainer.loaded
        if state and state["run"]:
            self._check(state["run"])
            self.load_state_dict(state["run"])
            self._restore(state["random"])
        trainer.run, trainer.loaded = self, None
        self._saved = (trainer.step, self.unvalidated) if found else None

    def _restore(self, random: list[dict]) -> None:
        """Put this process's generators back; where it is one more than there were, only the rows' order."""
        mine = random[self.world.rank % len(random)]
        self.epoch_start, own = mine["epoch_start"], randomness.snapshot(self.trainer.device)
        randomness.restore(mine["now"], self.trainer.device, self.generators)
        if self.world.rank >= len(random):
            randomness.restore(own, self.trainer.device)

    def save(self) -> None:
        """Make a checkpoint, unless there is one of just this."""
        here = (self.trainer.step, self.unvalidated)
        if self.checkpoints and self._saved != here:
            self._tick()
            trainer, validation = self.trainer, self.history.validation
            for listen in trainer.listeners["on_save"]:
                listen(trainer)
            metrics = {} if self.unvalidated or not validation else validation[-1]
            weights, state = together(trainer.model.state_dict()), trainer.state_dict()
            self.world.first(lambda: self.checkpoints.save(trainer.step, weights, state, metrics))
            self._saved = here

    def _tick(self) -> None:
        """Bring the history's seconds and memory up to now."""
        now = time.perf_counter()
        self.history.seconds, self._ticked = self.history.seconds + now - self._ticked, now
        self.history.peak_memory = acceleration.peak_memory(self.trainer.device)

    # --- to and from a checkpoint ---

    def _check(self, state: dict) -> None:
        for name, given in self.settings.items():
            if state["settings"][name] != given:
                raise ValueError(f"{name}: given {given!r}, but the run that is to go on was begun with "
                                 f"{state['settings'][name]!r}; go on with that, or begin in another folder")

    def state_dict(self) -> dict:
        return {"settings": self.settings, "start": self.start, "epoch": self.epoch, "batches": self.batches,
                "unvalidated": self.unvalidated, "history": self.history.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        self.start, self.epoch, self.batches = state["start"], state["epoch"], state["batches"]
        self.unvalidated = state["unvalidated"]
        self.history = History.of_state(state["history"])


def check_weights(model, weights: dict) -> None:
    """Raises: CheckpointError that names the first tensor which is not as in the model."""
    expected = model.state_dict()
    for name in [*expected, *weights]:
        given, wanted = _kind(weights.get(name)), _kind(expected.get(name))
        if given != wanted:
            raise CheckpointError(f"{name}: the checkpoint has {given}, the model {wanted}; make the model "
                                  "that was trained, or begin in another folder")


def load_weights(model, weights: dict) -> None:
    """Put `weights` into the model, in parts if it is in parts."""
    model.load_state_dict({name: like(weights[name], tensor) for name, tensor in model.state_dict().items()})


def load_optimizer(optimizer, state: dict) -> None:
    """Put `state` into the optimiser, in parts where its parameters are."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    parts = {index: {name: like(value, parameters[index]) for name, value in of_one.items()}
             for index, of_one in state["state"].items()}
    optimizer.load_state_dict({"state": parts, "param_groups": state["param_groups"]})


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
