"""One training on its way: where it is, when it ends, and how it is saved and taken up again.

    run = Run({"generator": g, "critic": c, "g_optimizer": a, "c_optimizer": b}, images, steps=20_000,
              checkpoints="runs/gan")
    for batch in run:
        …                          # any loop body: several models, several optimisers
        run.record(loss.item())    # if the History should have it

Killed and started again, that program ends as if nothing had happened, as one with a `Trainer` does, which is
a Run's first user.
"""

import contextlib
import itertools
import math
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import nn

from firstgrad.arguments import whole
from firstgrad.training import acceleration, randomness
from firstgrad.training import device as devices
from firstgrad.training.batches import Batch, Batches, LoaderBatches, TensorBatches
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.checkpoint_files import CheckpointError, check_dense, plain
from firstgrad.training.checks import Check
from firstgrad.training.distributed import World, lost_processes_named
from firstgrad.training.early_stopping import EarlyStopping
from firstgrad.training.history import History, NonFiniteLossError
from firstgrad.training.inputs import batches as batches_of
from firstgrad.training.inputs import fingerprint
from firstgrad.training.nests import Nest
from firstgrad.training.restoring import (
    check_optimizer,
    check_weights,
    load_optimizer,
    load_weights,
    optimizer_state,
    weights_of,
)
from firstgrad.training.stopping import NAMES, on_signals

_APART = 1_000_003  # between the seeds of two processes, so that they draw different dropout
_NOTHING = contextlib.nullcontext()
_LATER = 0.2  # seconds by which a signal to a whole group may reach this process after a worker
_under_way: set[int] = set()  # threads with a run


class Stateful(Protocol):
    """What can be saved and taken up: a module, an optimiser, a scheduler, anything with these two."""

    def state_dict(self) -> dict: ...

    def load_state_dict(self, state: dict, /) -> Any: ...


class Run:
    """A training from its first step to its last; go through it by `for batch in run`.

    parts: name -> all that changes on the way and has state_dict and load_state_dict: modules, optimisers,
        schedulers, averages of your own. What is not among them is not saved.
    train: tensors, arrays, a nest of them, a Dataset or a DataLoader; batches come on the device.
    epochs, steps: how many in all, whichever ends first; a step is one turn of the loop.
    batch_size: rows a batch.  device: as a Trainer's.  seed: of the order of the data and of all else.
    checkpoints: a Checkpoints, or its folder. Where that holds one already, the run goes on from there.
    Ctrl-C, SIGTERM and `stop()` end it after the step in progress. What an exception ends is saved too,
    unless an optimiser had moved in that turn: others may not have. To end it early use `run.stop()`.
    Raises: TypeError or ValueError that names the argument; CheckpointError.
    """

    def __init__(self, parts: Mapping[str, Stateful], train: Any, *, epochs: int | None = None,
                 steps: int | None = None, batch_size: int = 64, device: str | torch.device = "auto",
                 seed: int = 0, checkpoints: Any = None, accumulate: int = 1,
                 early_stopping: EarlyStopping | None = None, validate_every: int | None = None,
                 settings: Mapping[str, Any] | None = None, generator: torch.Generator | None = None,
                 step: int = 0, on_save: Callable[[], None] | None = None,
                 on_end: Callable[[], None] | None = None):
        check_limits(epochs, steps)
        self.world = World.join()
        self.device = self.world.place(devices.choose_device(device))
        self.parts = _checked(parts)
        self.modules = {f"{name}." if name else "": part for name, part in self.parts.items()
                        if isinstance(part, nn.Module)}
        if isinstance(train, TensorBatches | LoaderBatches):
            self._train: Batches | None = train
        else:
            if accumulate != 1 or early_stopping or validate_every:
                raise ValueError("Run: given accumulate, early_stopping or validate_every, which are a "
                                 "Trainer's, expected none of them alone")
            if self.world.size > 1:
                raise ValueError("Run: given alone in several processes, expected one, since it cannot know "
                                 "which gradients to share; use a Trainer")
            for module in self.modules.values():
                module.to(self.device)
            generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
            self._train = batches_of("train", train, whole("batch_size", batch_size), self.device, Check(),
                                    generator, self.world)
        self.checkpoints = Checkpoints.of(checkpoints)
        self.epochs, self.steps, self.accumulate, self.seed = epochs, steps, accumulate, seed
        self.early_stopping, self.validate_every = early_stopping, validate_every
        self.generators = randomness.several(generator, *self.train.generators)
        try:
            self.count: float = len(self.train)  # batches an epoch
        except TypeError:
            self.count = math.inf  # a stream: nobody knows before its end
        self.settings = {"batch_size": self.train.batch_size, "accumulate": accumulate, "seed": seed,
                         "batches an epoch": self.count, "kind of data": type(self.train).__name__,
                         "train": fingerprint(self.train), **(settings or {})}
        self.history = History()
        self.start = self.step = step  # updates: that it began with, and that were made
        self.epoch, self.batches = 1, 0  # where it is: so many batches of this epoch are done
        self.unvalidated = False  # steps were made since the last validation
        self.given_up = False  # early stopping has its reason
        self.best: dict | None = None  # the weights of the best validation, where these are to be restored
        self.epoch_start: dict | None = None  # all generators, as they were when the epoch began
        self.asked: str | None = None  # to stop, by any word: "stop", "Ctrl-C", "SIGTERM"
        self.moving = False  # parameters are changing at this moment
        self.interrupted = False  # by a second Ctrl-C, while they were
        self.loaded: dict | None = None  # a state to go on from, where the folder has none
        self._on_save, self._on_end = on_save, on_end
        self._moves: Moves | None = None  # of `for batch in run`
        self._exhausted = False  # the data of this epoch
        self._begun = 0  # the epoch whose data were last begun
        self._taken_up: dict | None = None  # what generators and data were when the run was saved
        self._final: dict | None = None  # the same, in the end
        self._saved: tuple | None = None  # where it was when it was last saved
        self._agreed: str | None = None  # why all processes stop
        self._wanted = False  # by the first process: a checkpoint after this step
        self._ticked = time.perf_counter()

    def __repr__(self) -> str:
        return (f"Run({', '.join(name or 'model' for name in self.parts)}; step {self.step}, "
                f"epoch {self.epoch}, {len(self.history.steps)} steps made)")

    @property
    def train(self) -> Batches:
        """The data, as long as the run is under way."""
        assert self._train is not None, "the run is over"
        return self._train

    # --- the way through ---

    def __iter__(self) -> Iterator[Nest]:
        """Batches, each a step; after each, what is due is saved."""
        moves = Moves(self.parts.values())
        with self.under_way(), moves:
            self._moves = moves
            for _ in self.left():
                for group in self.groups():
                    moves.begun = False
                    yield group[0].nest
                    self._made(group)
                self.close_epoch()

    def _made(self, group: list[Batch]) -> None:
        """The body of the loop is through."""
        assert self._moves is not None
        self._moves.begun = False
        self.count_step(None, group)
        if self.due():
            self.save()

    def record(self, loss: float, **numbers: float) -> None:
        """Put the loss of the step in progress, and other numbers of it, into the History."""
        self.history.train_loss.append(float(loss))
        for name, value in numbers.items():
            self.history.numbers.setdefault(name, []).append(float(value))

    def stop(self, reason: str = "stop") -> None:
        """End the run after the step in progress. May be called from any thread, with any reason."""
        self.asked = self.asked or str(reason)

    @property
    def last_step(self) -> float:
        """The step at the end; infinity when only the end of a stream tells."""
        limit = math.inf if self.steps is None else self.steps
        if self.epochs is not None and self.count < math.inf:
            limit = min(limit, self.epochs * -(-self.count // self.accumulate))
        return self.start + limit

    def left(self) -> Iterator[int]:
        """The epochs that are still to do."""
        while not (self.stopped or (self.over and not self.unvalidated)):
            yield self.epoch

    @property
    def complete(self) -> bool:
        """Whether all its steps are made."""
        return self.step >= self.last_step or (self.epochs is not None and self.epoch > self.epochs)

    @property
    def over(self) -> bool:
        """Whether no step is left to do."""
        return self.complete or self.given_up

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

    @property
    def stopped(self) -> str | None:
        """Why it ends early; of many processes, only when all know it."""
        return self.asked if self.world.size == 1 else self._agreed

    def agree(self, *sums: float) -> list[float]:
        """The sums over all processes, which from now on agree on whether to stop, and whether to save.

        They have to do both at the same step: one that did not would wait for the others for ever.
        """
        if self.world.size == 1:
            return list(sums)
        wanted = bool(self.checkpoints and self.world.is_first and self.checkpoints.due(self.step + 1))
        *totals, to_save, asked = self.world.sum([*sums, float(wanted), float(self.asked is not None)])
        if asked and not self._agreed:
            self._agreed = next(reason for reason in self.world.gather(self.asked) if reason)
        self._wanted = to_save > 0
        return totals

    def goes_on(self) -> bool:
        """Asked before every batch of a validation."""
        self.agree()
        return not self.stopped

    def due(self) -> bool:
        """Whether it is time for a checkpoint, after a step."""
        if self.world.size > 1:
            return self._wanted
        return self.checkpoints is not None and self.checkpoints.due(self.step)

    def move(self, update: Callable[[], Any], loss: float, group: list[Batch]) -> None:
        """Let `update` change the parameters, and count the step: nothing comes between.

        A worker of a loader that dies makes torch raise at any moment, a second Ctrl-C too: they wait.
        """
        with self._undisturbed() if self.train.workers else _NOTHING:
            self.moving = True  # not before: an error on the way in has moved nothing
            update()
            self.count_step(loss, group)
            self.moving = False
        if self.interrupted:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Inside, the death of a child is not told; it is afterwards."""
        children = {signal.SIGCHLD} if _in_main_thread() else set()
        signal.pthread_sigmask(signal.SIG_BLOCK, children)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, children)

    def count_step(self, loss: float | None, group: list[Batch]) -> None:
        """The step of these batches is made."""
        self.history.steps.append(self.step)
        if loss is not None:
            self.history.train_loss.append(loss)
        for batch in group:
            self.history.rows += batch.total
        self.batches += len(group)
        self.step += 1
        self.unvalidated = True
        if len(self.history.steps) == 1:
            self._check_savable()  # now that optimisers have a state

    # --- validations ---

    @property
    def validation_due(self) -> bool:
        """Whether one is due after so many steps."""
        return bool(self.validate_every and self.unvalidated and self.step % self.validate_every == 0)

    def validated(self, metrics: dict) -> None:
        """Take a validation's results into account."""
        self.unvalidated = False
        self.history.validation.append(metrics)
        if self.early_stopping:
            self.given_up = self.early_stopping.gives_up(self.history.validation)
            if self.early_stopping.restore_best and self.early_stopping.improved(self.history.validation):
                weights, _ = weights_of(self.modules)
                self.best = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}

    def close_epoch(self) -> None:
        """The epoch is over, unless the limit of steps or a lost patience cut it short."""
        if not self.validate_every:
            self.unvalidated = False
        if self._exhausted or self.batches >= self.count:
            self.epoch, self.batches = self.epoch + 1, 0

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
            stack.enter_context(_alone())
            acceleration.reset_peak_memory(self.device)
            randomness.seed_all(self.seed + self.step + _APART * self.world.rank)
            self._take_up()
            stack.callback(self._finish)
            self._check_savable()
            try:
                yield
            except BaseException as error:
                with self._deaf():  # another worker may die in these very lines
                    if not self._is_a_signals(error):
                        self.rescue(error)
                        raise
            stack.enter_context(self._deaf())
            self.save()

    @contextlib.contextmanager
    def _deaf(self) -> Iterator[None]:
        """Inside, a worker that dies (of the signal that ends the run, say) makes torch raise nothing."""
        if not self.train.workers or not _in_main_thread():
            yield
            return
        before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            yield
        finally:
            signal.signal(signal.SIGCHLD, before)

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
        """Save what an exception has ended, if the parameters are whole; the exception then says so.

        After a loss that is not finite the last checkpoint is the better one, and several processes cannot
        save when one of them has failed.
        """
        if isinstance(error, NonFiniteLossError | CheckpointError) or not self.checkpoints:
            return
        if self.world.size > 1 or self.moving or not self._body_was_whole():
            return
        try:
            self.save()
        except Exception as second:
            error.add_note(f"Nor could step {self.step} be saved: {second}")
        else:
            error.add_note(f"Saved after step {self.step}: the same call goes on from "
                           f"{self.checkpoints.folder}")

    def _body_was_whole(self) -> bool:
        """Of `for batch in run`: whether no optimiser had begun to move in the turn that was left."""
        return self._moves is None or not self._moves.begun

    def _finish(self) -> None:
        """Whatever has happened: the history is complete, and who watches knows."""
        self._tick()
        lost_patience = self.given_up and not self.complete
        self.history.stopped = self.stopped or ("early stopping" if lost_patience else None)
        self._final, self._train = self._now(), None  # the data may go
        if self._on_end:
            self._on_end()

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
        self._saved = (self.step, self.unvalidated)
        if self.world.is_first:
            over = self.over and not self.unvalidated
            print(f"nothing is left to do: the run in {self.checkpoints.folder} has ended after step "
                  f"{found.step}" if over else f"going on after step {found.step}, from {found.path}",
                  file=sys.stderr)

    def save(self) -> None:
        """Make a checkpoint, unless there is one of just this."""
        here, checkpoints = (self.step, self.unvalidated), self.checkpoints
        if not checkpoints or self._saved == here:
            return
        self._tick()
        if self._on_save:
            self._on_save()
        validation = self.history.validation
        metrics = {} if self.unvalidated or not validation else validation[-1]
        (weights, extra), state = weights_of(self.modules), self.state_dict()
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
        own = {name: _state_of(part) for name, part in self.parts.items() if not isinstance(part, nn.Module)}
        run = {"settings": self.settings, "start": self.start, "step": self.step, "epoch": self.epoch,
               "batches": self.batches, "unvalidated": self.unvalidated, "best": self.best,
               "history": self.history.state_dict()}
        # Before its first step an epoch begins anew, whatever its loader has drawn ahead.
        at_start = not self.batches and self._begun == self.epoch
        now = self.epoch_start if at_start else self._final or self._now()
        random = {"now": now, "epoch_start": self.epoch_start}
        return {"parts": own, "run": run, "random": self.world.gather(random)}

    def _now(self) -> dict:
        return randomness.snapshot(self.device, self.generators) | {"data": self.train.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """Take up what `state_dict` gave. Raises: CheckpointError or ValueError; nothing is changed then."""
        for name, part in self.parts.items():
            if not isinstance(part, nn.Module):
                _check_part(name, part, state["parts"])
        self.check_settings(state["run"]["settings"])
        for name, part in self.parts.items():
            if isinstance(part, torch.optim.Optimizer):
                load_optimizer(part, state["parts"][name])
            elif not isinstance(part, nn.Module):
                part.load_state_dict(state["parts"][name])
        self._go_on(state["run"])
        self._restore(state["random"])

    def check_settings(self, begun: dict) -> None:
        """Raises: ValueError that names the first setting that is another than the run was begun with."""
        for name in self.settings | begun:
            given, before = self.settings.get(name), begun.get(name)
            if given != before:
                raise ValueError(f"{name}: given {given!r}, but the run that is to go on was begun with "
                                 f"{before!r}; go on with that, or begin in another folder")

    def _go_on(self, run: dict) -> None:
        self.start, self.step, self.epoch, self.batches = (run[name] for name in ("start", "step", "epoch",
                                                                                 "batches"))
        self.unvalidated, self.best = run["unvalidated"], run["best"]
        self.history = History.of_state(run["history"])
        if self.early_stopping:
            self.given_up = self.early_stopping.gives_up(self.history.validation)

    def _restore(self, random: list[dict]) -> None:
        """Put this process's generators back; where it is one more than there were, only the rows' order."""
        mine = random[self.world.rank % len(random)]
        self.epoch_start, own = mine["epoch_start"], randomness.snapshot(self.device)
        randomness.restore(mine["now"], self.device, self.generators)
        if self.world.rank >= len(random):
            randomness.restore(own, self.device)
        else:
            self._taken_up = mine["now"]


class Moves:
    """Knows whether an optimiser has begun to move in this turn of a loop."""

    def __init__(self, parts):
        self.optimizers = [part for part in parts if isinstance(part, torch.optim.Optimizer)]
        self.begun = False

    def __enter__(self):
        self._hooks = [optimizer.register_step_pre_hook(self._begin) for optimizer in self.optimizers]
        return self

    def __exit__(self, *_):
        for hook in self._hooks:
            hook.remove()

    def _begin(self, *_) -> None:
        self.begun = True


def check_limits(epochs: int | None, steps: int | None) -> None:
    """Raises: ValueError or TypeError unless there is an end in sight."""
    if epochs is None and steps is None:
        raise ValueError("epochs, steps: given neither, expected at least one of them")
    for name, value in {"epochs": epochs, "steps": steps}.items():
        if value is not None:
            whole(name, value)


def _checked(parts: Mapping[str, Stateful]) -> dict[str, Stateful]:
    if not isinstance(parts, Mapping) or not parts:
        raise TypeError(f"parts: given {parts!r:.60}, expected a dictionary of what is trained, such as "
                        "{'model': model, 'optimizer': optimizer}")
    for name, part in parts.items():
        if not (hasattr(part, "state_dict") and hasattr(part, "load_state_dict")):
            raise TypeError(f"parts[{name!r}]: given {type(part).__name__}, expected something with "
                            "state_dict and load_state_dict")
    return dict(parts)


def _state_of(part: Stateful) -> dict:
    return optimizer_state(part) if isinstance(part, torch.optim.Optimizer) else part.state_dict()


def _check_part(name: str, part: Stateful, states: dict) -> None:
    if name not in states:
        raise CheckpointError(f"parts[{name!r}]: the checkpoint has none of that name, it has "
                              f"{', '.join(states)}; go on with those, or begin in another folder")
    if isinstance(part, torch.optim.Optimizer):
        check_optimizer(part, states[name])
    elif hasattr(part, "check_state"):
        part.check_state(states[name])


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Warn where another thread trains: what both draw from torch's one global generator is not repeated."""
    mine = threading.get_ident()
    if _under_way - {mine}:
        warnings.warn("another training is under way in this process; both draw from torch's global "
                      "generator, so dropout and augmentation will differ from run to run", stacklevel=4)
    nested = mine in _under_way
    _under_way.add(mine)
    try:
        yield
    finally:
        if not nested:
            _under_way.discard(mine)
