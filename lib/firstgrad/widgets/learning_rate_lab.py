"""The learning-rate lab: recorded trainings for a grid of learning rates, and real ones where Python runs.

A recording (`recipes/learning/learning_rate_grid.py` makes the book's) is a dictionary:

    settings        what was trained, as in the recipe
    learning_rates  the grid, rising
    runs            optimiser -> one run for each learning rate:
        train                mean training loss of every `window` steps
        validation_loss      after each epoch
        validation_accuracy  after each epoch
        dead_units           hidden units that answer 0 to every validation image, at the end
        diverged_at          the step at which the loss was not finite, or None; the lists end there
    provenance      date, device, versions, … (`tools/recordings.py`)
"""

import itertools
import json
import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from firstgrad import data
from firstgrad.widgets.base import Choice, Explorable, Number

if TYPE_CHECKING:
    import torch

    from firstgrad.models.mlp import MLP
    from firstgrad.training import History
    from firstgrad.training.trainer import Trainer

    Tensors = tuple[torch.Tensor, ...]

OPTIMISERS = ("SGD", "Momentum", "Nesterov")
RECORDING = "recordings/learning_rate_grid.json"
LIVE = {"live", "message", "progress", "running"}  # what a training in progress reports
REFRESH = 0.1  # seconds between two updates of the live curve

_SETTINGS = ("sizes", "batch_size", "epochs", "steps", "window", "momentum", "seed", "train", "validation")


# --- the recording --------------------------------------------------------------------------------------


def read_recording(path: Path | None = None) -> dict[str, Any]:
    """The recording at `path`, the book's by default, checked.

    Raises: FileNotFoundError; ValueError that says what is wrong with it.
    """
    path = path or data.path(RECORDING)
    try:
        return check_recording(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise ValueError(f"{path.name} is damaged: {error}. Reinstall firstgrad, or make it again "
                         "with `python tools/recordings.py all`") from None


def check_recording(recording: Any) -> dict[str, Any]:
    """Return `recording` if it has the form that the head of this file describes. Raises: ValueError."""
    settings = _part(recording, "settings", dict, "recording")
    for name in _SETTINGS:
        _part(settings, name, list if name == "sizes" else Real, "settings")
    _part(recording, "provenance", dict, "recording")
    rates = _numbers(recording, "learning_rates", "recording")
    if not rates or rates[0] <= 0 or any(a >= b for a, b in itertools.pairwise(rates)):
        raise ValueError("recording: learning_rates must be positive and rising")
    runs = _part(recording, "runs", dict, "recording")
    for optimiser in OPTIMISERS:
        of_one = _part(runs, optimiser, list, "runs")
        if len(of_one) != len(rates):
            raise ValueError(f"runs.{optimiser} has {len(of_one)} runs for {len(rates)} learning rates")
        for i, run in enumerate(of_one):
            _check_run(run, f"runs.{optimiser}[{i}]", settings)
    return recording


def _check_run(run, where, settings):
    _part(run, "dead_units", Real, where)
    diverged = run.get("diverged_at", ...)
    if diverged is not None:
        _part(run, "diverged_at", Real, where)
    points = math.ceil(settings["steps"] / settings["window"])
    for name, full in {"train": points, "validation_loss": settings["epochs"],
                       "validation_accuracy": settings["epochs"]}.items():
        count = len(_numbers(run, name, where))
        if count > full or (count < full and diverged is None):
            raise ValueError(f"{where}.{name} has {count} numbers, expected {full}")


def _part(parent, key, kind, where):
    if not isinstance(parent, dict):
        raise ValueError(f"{where} must be a dictionary, not {parent!r:.40}")
    if key not in parent:
        raise ValueError(f"{where} lacks {key!r}")
    value = parent[key]
    fine = isinstance(value, kind) and not isinstance(value, bool)
    if not fine or (kind is Real and not math.isfinite(value)):
        words = {dict: "a dictionary", list: "a list", Real: "a finite number"}[kind]
        raise ValueError(f"{where}.{key} must be {words}, not {value!r:.40}")
    return value


def _numbers(parent, key, where):
    values = _part(parent, key, list, where)
    for i, value in enumerate(values):
        _part({i: value}, i, Real, f"{where}.{key}")
    return values


class Recording(traitlets.TraitType):
    """A recording. Raises: ValueError that says what is wrong with it."""

    def validate(self, obj: Any, value: Any) -> dict[str, Any]:
        return check_recording(value)


# --- the training ---------------------------------------------------------------------------------------


def experiment(settings: Mapping[str, Any], optimiser: str, learning_rate: float,
               callbacks: Sequence[Any] = ()) -> "tuple[Trainer, Tensors, Tensors]":
    """The training that was recorded, ready to `fit`: the same start, the same order of the batches.

    It stays on the CPU, which is the fastest device for a network as small as this.

    Returns: the Trainer, the training data, the validation data.
    Raises: ValueError or TypeError that names a bad learning rate or optimiser.
    """
    import torch

    from firstgrad import optim
    from firstgrad.arguments import choice
    from firstgrad.models.mlp import MLP, MLPConfig
    from firstgrad.training import Trainer

    make = getattr(optim, choice("optimiser", optimiser, OPTIMISERS))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings["seed"])
        model = MLP(MLPConfig(tuple(settings["sizes"])))
    more = {} if optimiser == "SGD" else {"momentum": settings["momentum"]}
    optimizer = make(model.parameters(), learning_rate, **more)
    trainer = Trainer(model, torch.nn.functional.cross_entropy, optimizer, device="cpu", precision="fp32",
                      seed=settings["seed"], callbacks=callbacks)
    train, validation = data.fashion_mnist("train"), data.fashion_mnist("validation")
    return (trainer, tuple(part[: settings["train"]] for part in train),
            tuple(part[: settings["validation"]] for part in validation))


def dead_units(model: "MLP", images: "torch.Tensor") -> int:
    """How many units of the first hidden layer answer 0 to all `images`: no gradient can wake them."""
    import torch

    with torch.no_grad():
        hidden = model.activation(model.layers[0](images))  # (n, 196) -> (n, 64)
    return int((hidden == 0).all(dim=0).sum())


def windows(losses: Sequence[float], window: int) -> list[float]:
    """The mean of every `window` losses; the last mean may be of fewer."""
    parts = (losses[i : i + window] for i in range(0, len(losses), window))
    return [sum(part) / len(part) for part in parts]


def four_digits(values: Iterable[float]) -> list[float]:
    """Rounded to four digits each, as recordings keep them."""
    return [float(f"{value:.4g}") for value in values]


# --- the explorable -------------------------------------------------------------------------------------


class LearningRateLab(Explorable):
    """Recorded trainings of one small network for a grid of learning rates; `train` runs one for real.

    optimiser: "SGD", "Momentum" or "Nesterov".  learning_rate: one of the recorded rates.
    found: the optimisers whose best learning rate the reader has found.
    slowed: seconds that a training takes at least, so that one can watch it; 0 for full speed.
    recording: the recorded runs, the book's by default (see the head of this file).
    Raises: TypeError or ValueError that names the argument.
    """

    recording = Recording().tag(sync=True)
    optimiser = Choice(OPTIMISERS, "SGD").tag(sync=True)
    learning_rate = Number(0.01, low=0, open_low=True).tag(sync=True)
    found = traitlets.List(traitlets.Enum(OPTIMISERS)).tag(sync=True)
    slowed = Number(4.0, low=0, high=3600).tag(sync=True)
    # Set to True, here or by the Train button, `running` starts a training; False stops it after the step.
    running = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)  # share of the steps that are done
    live = traitlets.Dict().tag(sync=True)  # the training in progress, or the last one: a run, as recorded
    message = traitlets.Dict().tag(sync=True)  # what went wrong: {"code": …}, said in the reader's language

    def __init__(self, **settings: Any):
        self._thread: threading.Thread | None = None
        self._training: _Training | None = None
        super().__init__(**settings)

    @classmethod
    def settings(cls) -> list[str]:
        return [name for name in super().settings() if name not in LIVE]

    def __repr__(self) -> str:
        return f"LearningRateLab(optimiser={self.optimiser!r}, learning_rate={self.learning_rate:g})"

    @traitlets.default("recording")
    def _book_recording(self):
        return read_recording()

    @traitlets.validate("learning_rate")
    def _one_of_the_grid(self, proposal):
        rate, rates = proposal["value"], self.recording["learning_rates"]
        nearest = min(rates, key=lambda known: abs(math.log(known / rate)))
        if not math.isclose(nearest, rate, rel_tol=1e-6):
            raise ValueError(f"learning_rate must be a recorded one, not {rate:g}; the nearest is "
                             f"{nearest:g}. lab.train(learning_rate={rate:g}) trains with any")
        return nearest

    def train(self, learning_rate: float | None = None, optimiser: str | None = None, *,
              wait: bool = False) -> "History | None":
        """Train the recorded network once more; the curve appears in the explorable as it grows.

        learning_rate, optimiser: those chosen in the explorable by default; any positive rate.
        Returns: None at once, the training runs in a background thread; with `wait` the `trainer.History`.
        Raises: ValueError or TypeError that names the argument; RuntimeError while another training runs;
            with `wait` what the training raises, such as NonFiniteLossError.
        """
        if self._training and not self._training.done:
            raise RuntimeError("a training is running: wait for it, or end it with lab.stop()")
        training = _Training(self, self.optimiser if optimiser is None else optimiser,
                             self.learning_rate if learning_rate is None else learning_rate)
        self._training = training
        self._thread = threading.Thread(target=training.run, name="learning-rate-lab", daemon=True)
        self.message, self.progress, self.running = {}, 0.0, True
        training.tell("running")
        self._thread.start()
        if not wait:
            return None
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self.stop()
            raise
        if training.error:
            raise training.error
        return training.history

    def stop(self) -> None:
        """End the training after the step in progress, and wait for that. Nothing happens when none runs."""
        if self._training:
            self._training.stop()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def close(self) -> None:
        self.stop()
        super().close()

    @traitlets.observe("running")
    def _on_running(self, change):
        training = None if self._training is None or self._training.done else self._training
        if not change["new"] and training:
            training.stop(forget=not self.live)
        if change["new"] and not training:
            try:
                self.train()
            except Exception as error:
                # Called by the front end: nobody would see it raised.
                self.message, self.running = _said(error), False


class _Training:
    """One training in a thread, and what it tells the explorable."""

    def __init__(self, lab, optimiser, learning_rate):
        self.lab, self.settings = lab, lab.recording["settings"]
        self.trainer, *self.data = experiment(self.settings, optimiser, learning_rate, callbacks=[self])
        self.name = {"optimiser": optimiser, "learning_rate": float(learning_rate), "slowed": lab.slowed}
        self.losses, self.metrics = [], []
        self.history, self.error = None, None
        self.stopped, self.forgotten, self.done = threading.Event(), False, False
        self.began = self.told = time.monotonic()

    def stop(self, forget=False):
        """From any thread, also before `fit` has begun. `forget`: its curve is not wanted any more."""
        self.forgotten |= forget
        self.stopped.set()
        self.trainer.stop()

    def run(self):
        """The thread's whole life: whatever happens, the explorable hears of it."""
        lab, state = self.lab, "failed"
        try:
            self.history = self.trainer.fit(*self.data, epochs=self.settings["epochs"],
                                            batch_size=self.settings["batch_size"])
            state = "stopped" if self.stopped.is_set() else "finished"
        except Exception as error:
            self.error = error
            lab.message = _said(error)
        finally:
            self.tell(state)
            self.done = True
            lab.running = False

    def on_step(self, trainer, step, loss):
        self.losses.append(loss)
        if time.monotonic() - self.told >= REFRESH:
            self.tell("running")
        due = self.began + self.name["slowed"] * len(self.losses) / self.settings["steps"]
        if self.stopped.wait(max(0.0, due - time.monotonic())):
            trainer.stop()

    def on_epoch(self, trainer, epoch, metrics):
        self.metrics.append(metrics)

    def tell(self, state):
        if self.forgotten:
            return
        self.told, window = time.monotonic(), self.settings["window"]
        # A mean of the first few losses of a window would make the curve's tip jump.
        whole = len(self.losses) - (len(self.losses) % window if state == "running" else 0)
        run = {
            "train": four_digits(windows(self.losses[:whole], window)),
            "validation_loss": four_digits(entry["loss"] for entry in self.metrics),
            "validation_accuracy": four_digits(entry["accuracy"] for entry in self.metrics),
        }
        self.lab.live = {**self.name, "state": state, "steps": len(self.losses), **run}
        self.lab.progress = len(self.losses) / self.settings["steps"]


def _said(error):
    """An exception as the front end translates it."""
    from firstgrad.training import NonFiniteLossError

    if isinstance(error, NonFiniteLossError):
        return {"code": "nonFinite", "step": error.step}
    return {"code": "failed", "text": f"{type(error).__name__}: {error}"}
