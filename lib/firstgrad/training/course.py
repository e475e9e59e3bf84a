"""The way of one training: where it is, when it ends, and how it is saved and taken up again.

What `Run` (any loop) and `Fit` (a Trainer's) share. They say what a step and what the end of an epoch is.
"""

import contextlib
import itertools
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from firstgrad.training import acceleration, randomness
from firstgrad.training.batches import Batch, Batches
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.checkpoint_files import CheckpointError, check_dense, plain
from firstgrad.training.distributed import World, lost_processes_named
from firstgrad.training.fingerprints import alike, fingerprint
from firstgrad.training.history import History, NonFiniteLossError
from firstgrad.training.restoring import (
    Stateful,
    check_part,
    check_weights,
    load_part,
    load_weights,
    state_of,
    weights_of,
)
from firstgrad.training.stopping import NAMES, alone, deaf, on_signals

_APART = 1_000_003  # between the seeds of two processes, so that they draw different dropout
_LATER = 0.2  # seconds by which a signal to a whole group may reach this process after a worker


class Course:
    """A training from its first step to its last, over batches that are checked and on the device."""

    def __init__(self, parts: Mapping[str, Stateful], train: Batches, *, epochs: int | None,
                 steps: int | None, device: torch.device, world: World, seed: int,
                 checkpoints: Checkpoints | None, settings: Mapping[str, Any],
                 generators: Sequence[Any] = (), step: int = 0, accumulate: int = 1):
        self.parts, self.world, self.device = dict(parts), world, device
        self.modules = {f"{name}." if name else "": part for name, part in self.parts.items()
                        if isinstance(part, nn.Module)}
        self._train: Batches | None = train
        self.epochs, self.steps, self.accumulate, self.seed = epochs, steps, accumulate, seed
        self.checkpoints = checkpoints
        self.generators = randomness.several(*generators, *train.generators)
        try:
            self.count: float = len(train)  # batches an epoch
        except TypeError:
            self.count = math.inf  # a stream: nobody knows before its end
        self.settings = {"batch_size": train.batch_size, "accumulate": accumulate, "seed": seed,
                         "batches an epoch": self.count, "kind of data": type(train).__name__,
                         "train": fingerprint(train, reads=checkpoints is not None), **settings}
        self.history = History()
        self.start = self.step = step  # updates: that it began with, and that were made
        self.epoch, self.batches = 1, 0  # where it is: so many batches of this epoch are done
        self.epoch_start: dict | None = None  # all generators, as they were when the epoch began
        self.asked: str | None = None  # to stop, by any word: "stop", "Ctrl-C", "SIGTERM"
        self.moving = False  # parameters are changing at this moment
        self.interrupted = False  # by a second Ctrl-C, while they were
        self.given_up = False  # it has a reason to end before its last step
        self.loaded: dict | None = None  # a state to go on from, where the folder has none
        self._exhausted = False  # the data of this epoch
        self._begun = 0  # the epoch whose data were last begun
        self._taken_up: dict | None = None  # what generators and data were when the run was saved
        self._final: dict | None = None  # the same, in the end
        self._saved: Any = None  # where it was when it was last saved
        self._ticked = time.perf_counter()

    @property
    def train(self) -> Batches:
        """The data, as long as the run is under way."""
        assert self._train is not None, "the run is over"
        return self._train

    # --- the way through ---

    def stop(self, reason: str = "stop") -> None:
        """End the run after the step in progress. May be called from any thread, with any reason."""
        self.asked = self.asked or str(reason)

    @property
    def stopped(self) -> str | None:
        """Why it ends early."""
        return self.asked

    @property
    def last_step(self) -> float:
        """The step at the end; infinity when only the end of a stream tells."""
        limit = math.inf if self.steps is None else self.steps
        if self.epochs is not None and self.count < math.inf:
            limit = min(limit, self.epochs * -(-self.count // self.accumulate))
        return self.start + limit

    @property
    def complete(self) -> bool:
        """Whether all its steps are made; of a stream only its end tells."""
        made = self.epoch - 1 + self._exhausted
        return self.step >= self.last_step or (self.epochs is not None and made >= self.epochs)

    @property
    def over(self) -> bool:
        """Whether no step is left to do."""
        return self.complete or self.given_up

    @property
    def done(self) -> bool:
        """Whether nothing at all is left to do."""
        return self.over

    def left(self) -> Iterator[int]:
        """The epochs that are still to do."""
        while not (self.stopped or self.done):
            yield self.epoch

    def groups(self) -> Iterator[list[Batch]]:
        """What is left of the epoch, in lists of `accumulate` batches; the last list may be shorter."""
        batches, last_step, self._exhausted = self._epoch(), self.last_step, False
        while not self.stopped and self.step < last_step and not self.given_up:
            group = list(itertools.islice(batches, self.accumulate))
            if not group:
                self._exhausted = True
                return
            yield group

    def _epoch(self) -> Iterator[Batch]:
        self.train.begin(self.epoch - 1)
        if self._taken_up and not self.batches:  # at the end of an epoch
            self.train.load_state_dict(self._taken_up["data"])
            randomness.restore(self._taken_up, self.device, self.generators)
        self._taken_up = None
        now = randomness.snapshot(self.device, self.generators)
        if not self.batches:
            self.epoch_start, self._begun = now | {"data": self.train.state_dict()}, self.epoch
            return self.train.epoch()
        # Taken up in its middle: it is begun again as it was begun, then all goes on as it was left.
        assert self.epoch_start is not None  # of the epoch that is taken up
        self.train.load_state_dict(self.epoch_start["data"])
        randomness.restore(self.epoch_start, self.device, self.generators)
        batches = self.train.epoch(self.batches)
        randomness.restore(now, self.device, self.generators)
        return batches

    def count_step(self, loss: float | None, group: Sequence[Batch]) -> None:
        """The step of these batches is made."""
        self.history.steps.append(self.step)
        if loss is not None:
            self.history.train_loss.append(loss)
        for batch in group:
            self.history.rows += batch.total
        self.batches += len(group)
        self.step += 1
        if len(self.history.steps) == 1:
            self._check_savable()  # now that optimisers have a state

    def due(self) -> bool:
        """Whether it is time for a checkpoint, after a step."""
        return self.checkpoints is not None and self.checkpoints.due(self.step)

    def close_epoch(self) -> None:
        """The epoch is over, unless something cut it short."""
        if self._exhausted or self.batches >= self.count:
            self.epoch, self.batches, self._exhausted = self.epoch + 1, 0, False

    # --- its beginning and its end ---

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Around the loop: signals, the folder's lock, randomness; taken up before it, saved after it."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(on_signals(self.stop, self._interrupt))
            if self.world.size > 1:
                stack.enter_context(lost_processes_named())
            if self.checkpoints:
                lock = self.checkpoints.lock
                self.world.first(lambda: stack.enter_context(lock()))
            stack.enter_context(randomness.kept(self.device))
            stack.enter_context(alone())
            acceleration.reset_peak_memory(self.device)
            randomness.seed_all(self.seed + self.step + _APART * self.world.rank)
            self._take_up()
            stack.callback(self._finish)
            self._check_savable()
            try:
                yield
            except BaseException as error:
                with deaf(self.train.workers):  # another worker may die in these very lines
                    if not self._is_a_signals(error):
                        self.rescue(error)
                        raise
            stack.enter_context(deaf(self.train.workers))
            self.save()

    def _interrupt(self) -> None:
        """A second Ctrl-C: at once, or when the parameters are whole again."""
        self.interrupted = True
        if not self.moving:
            raise KeyboardInterrupt

    def _is_a_signals(self, error: BaseException) -> bool:
        """Whether the error is that a signal to all processes of the group has ended a loader's worker."""
        # A dying worker shows as torch's RuntimeError, a broken pipe, an end of file, a socket that is gone.
        if self.moving or not self.train.workers or not isinstance(error, RuntimeError | OSError | EOFError):
            return False
        time.sleep(_LATER)
        return self.asked in NAMES.values() and self.world.size == 1

    def rescue(self, error: BaseException) -> None:
        """Save what an exception has ended, if the parameters are whole; it then says so.

        After a loss that is not finite the last checkpoint is the better one, and several processes cannot
        save when one of them has failed.
        """
        better_not = isinstance(error, NonFiniteLossError | CheckpointError) or self.world.size > 1
        if better_not or not self.checkpoints:
            return
        try:
            if self.whole():
                self.save()
                words = f"Saved after step {self.step}: the same call goes on from {self.checkpoints.folder}"
            else:
                words = (f"Not saved, for an optimizer had begun step {self.step + 1}: the same call goes on "
                         f"from the last checkpoint in {self.checkpoints.folder}")
        except Exception as second:
            words = f"Nor could step {self.step} be saved: {second}"
        if isinstance(error, GeneratorExit):  # nobody sees it, nor whatever ended the loop's body
            print(words, file=sys.stderr)
        else:
            error.add_note(words)

    def whole(self) -> bool:
        """Whether the parameters are those of a step, and not half of the next one's."""
        return not self.moving

    def _finish(self) -> None:
        """Whatever has happened: the history is complete."""
        self._tick()
        self.history.stopped = self.stopped
        self._final, self._train = self._now(), None  # the data may go

    def _take_up(self) -> None:
        """Go on where the newest checkpoint is."""
        found = self.world.first(self.checkpoints.latest) if self.checkpoints else None
        if not found or not self.checkpoints:
            if self.loaded:
                self.load_state_dict(self.loaded)
            return
        check_weights(self.modules, found.weights)
        self.load_state_dict(found.state)
        load_weights(self.modules, found.weights, found.state["extra"])
        self._saved = self.place()
        if self.world.is_first:
            print(f"nothing is left to do: the run in {self.checkpoints.folder} has ended after step "
                  f"{found.step}" if self.done else f"going on after step {found.step}, from {found.path}",
                  file=sys.stderr)

    def place(self) -> Any:
        """Where it is: a checkpoint of the same place needs not be made again."""
        return self.step

    def before_save(self) -> None:
        """What has to be done before a checkpoint is made."""

    def metrics(self) -> dict:
        """Of the parameters as they are, for a checkpoint; {} where there are none."""
        return {}

    def save(self) -> None:
        """Make a checkpoint, unless there is one of just this."""
        here, checkpoints = self.place(), self.checkpoints
        if not checkpoints or self._saved == here:
            return
        self._tick()
        self.before_save()
        (weights, extra), state, metrics = weights_of(self.modules), self.state_dict(), self.metrics()
        self.world.first(lambda: checkpoints.save(self.step, weights, state | {"extra": extra}, metrics))
        self._saved = here

    def _check_savable(self) -> None:
        """Find out now, and not hours later, what could not be saved. Raises: TypeError that names it."""
        if not self.checkpoints:
            return
        (weights, extra), state = weights_of(self.modules), self.state_dict()
        plain("state", state | {"extra": extra})
        for name, tensor in weights.items():
            check_dense(name, tensor)

    def _tick(self) -> None:
        """Bring the history's seconds and memory up to now."""
        now = time.perf_counter()
        self.history.seconds, self._ticked = self.history.seconds + now - self._ticked, now
        self.history.peak_memory = acceleration.peak_memory(self.device)

    # --- to and from a checkpoint ---

    def state_dict(self) -> dict:
        """All but the tensors of modules. Of several processes all have to call it."""
        own = {name: state_of(part) for name, part in self.parts.items() if not isinstance(part, nn.Module)}
        run = {"settings": self.settings, "start": self.start, "step": self.step, "epoch": self.epoch,
               "batches": self.batches, "history": self.history.state_dict()}
        return {"parts": own, "run": run, "random": self.world.gather(self._random())}

    def _random(self) -> dict:
        # Before its first step an epoch begins anew, whatever its loader has drawn ahead.
        at_start = not self.batches and self._begun == self.epoch
        now = self.epoch_start if at_start else self._final or self._now()
        return {"now": now, "epoch_start": self.epoch_start}

    def _now(self) -> dict:
        return randomness.snapshot(self.device, self.generators) | {"data": self.train.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """Take up what `state_dict` gave. Raises: CheckpointError or ValueError; nothing is changed then."""
        others = {name: part for name, part in self.parts.items() if not isinstance(part, nn.Module)}
        for name, part in others.items():
            check_part(name, part, state["parts"])
        self.check_settings(state["run"]["settings"])
        for name, part in others.items():
            load_part(part, state["parts"][name])
        self._go_on(state["run"])
        self._restore(state["random"])

    def check_settings(self, begun: dict) -> None:
        """Raises: ValueError that names the first setting that is another than the run was begun with."""
        for name in self.settings | begun:
            given, before = self.settings.get(name), begun.get(name)
            if not (alike(given, before) if name == "train" else given == before):
                raise ValueError(f"{name}: given {given!r}, but the run that is to go on was begun with "
                                 f"{before!r}; go on with that, or begin in another folder")

    def _go_on(self, run: dict) -> None:
        self.start, self.step, self.epoch, self.batches = (run[name] for name in ("start", "step", "epoch",
                                                                                 "batches"))
        self.history = History.of_state(run["history"])

    def _restore(self, random: list[dict]) -> None:
        """Put this process's generators back; where it is one more than there were, only the rows' order."""
        mine = random[self.world.rank % len(random)]
        self.epoch_start, own = mine["epoch_start"], randomness.snapshot(self.device)
        randomness.restore(mine["now"], self.device, self.generators)
        if self.world.rank >= len(random):
            randomness.restore(own, self.device)
        else:
            self._taken_up = mine["now"]
