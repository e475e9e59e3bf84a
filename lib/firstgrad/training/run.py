"""One training by a loop of your own, that is saved and taken up again.

    run = Run({"generator": g, "critic": c, "g_optimizer": a, "c_optimizer": b}, images, steps=20_000,
              checkpoints="runs/gan")
    for batch in run:
        …                          # any loop body: several models, several optimisers
        run.record(loss.item())    # if the History should have it

Killed and started again, that program ends as if nothing had happened, as one with a `Trainer` does.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from firstgrad.arguments import whole
from firstgrad.training import device as devices
from firstgrad.training.batches import Batch
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.checks import Check
from firstgrad.training.course import Course
from firstgrad.training.distributed import World
from firstgrad.training.inputs import batches
from firstgrad.training.learning_rates import SCHEDULED
from firstgrad.training.nests import Nest
from firstgrad.training.restoring import Stateful


class Run(Course):
    """A training from its first step to its last; go through it by `for batch in run`.

    parts: name -> all that changes on the way and has state_dict and load_state_dict: modules, optimisers,
        schedulers, averages of your own. What is not among them is not saved.
    train: tensors, arrays, a nest of them, a Dataset or a DataLoader; batches come on the device.
    epochs, steps: how many in all, whichever ends first; a step is one turn of the loop.
    batch_size: rows a batch.  device: as a Trainer's.  seed: of the order of the data and of all else.
    checkpoints: a Checkpoints, or its folder. Where that holds one already, the run goes on from there; it is
        refused where data, settings or what optimisers were made with (learning rate, …) are others.
    Ctrl-C, SIGTERM and `stop()` end it after the step in progress. What an exception ends is saved too,
    unless an optimiser had moved in that turn: others may not have. To end it early use `run.stop()`; `break`
    is as an exception, and what was saved stands in sys.stderr.
    On the way: step, epoch (from 1), batches (of this epoch, that are done) and history.
    Raises: TypeError or ValueError that names the argument; CheckpointError.
    """

    def __init__(self, parts: Mapping[str, Stateful], train: Any, *, epochs: int | None = None,
                 steps: int | None = None, batch_size: int = 64, device: str | torch.device = "auto",
                 seed: int = 0, checkpoints: Any = None):
        check_limits(epochs, steps)
        checkpoints, world = Checkpoints.of(checkpoints), World.join()
        if checkpoints and checkpoints.metric:
            raise ValueError(f"best: given {checkpoints.metric!r}, expected None, since a Run alone "
                             "validates nothing")
        if world.size > 1:
            raise ValueError("Run: given alone in several processes, expected one, since it cannot know "
                             "which gradients to share; use a Trainer")
        parts, on = _checked(parts), devices.choose_device(device)
        for part in parts.values():
            if isinstance(part, nn.Module):
                part.to(on)
        generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
        made = batches("train", train, whole("batch_size", batch_size), on, Check(), generator)
        super().__init__(parts, made, epochs=epochs, steps=steps, device=on, world=world, seed=seed,
                         checkpoints=checkpoints, settings=made_with(parts), generators=[generator])
        self._moves = Moves(self.parts.values())
        self._recorded: tuple[float, dict[str, float]] | None = None  # of the turn in progress

    def __repr__(self) -> str:
        return (f"Run({', '.join(self.parts)}; step {self.step}, epoch {self.epoch}, "
                f"{len(self.history.steps)} steps made)")

    def __iter__(self) -> Iterator[Nest]:
        """Batches, each a step; after each, what is due is saved."""
        with self.under_way(), self._moves:
            for _ in self.left():
                for group in self.groups():
                    self._moves.begun, self._recorded = False, None
                    yield group[0].nest
                    self._made(group)
                self.close_epoch()

    def _made(self, group: list[Batch]) -> None:
        """The body of the loop is through."""
        self._moves.begun = False
        loss, numbers = self._recorded or (None, {})
        self.count_step(loss, group)
        for name, value in numbers.items():
            self.history.numbers.setdefault(name, []).append(value)
        if self.due():
            self.save()

    def record(self, loss: float, **numbers: float) -> None:
        """Put the loss of the step in progress, and other numbers of it, into the History once it is made."""
        self._recorded = float(loss), {name: float(value) for name, value in numbers.items()}

    def whole(self) -> bool:
        """Whether no optimiser had begun to move in the turn that was left."""
        return not self._moves.begun


class Moves:
    """Knows whether an optimiser has begun to move in this turn of a loop."""

    def __init__(self, parts: Iterable[Any]):
        self.optimizers = [part for part in parts if isinstance(part, torch.optim.Optimizer)]
        self.begun = False

    def __enter__(self) -> "Moves":
        self._hooks = [optimizer.register_step_pre_hook(self._begin) for optimizer in self.optimizers]
        return self

    def __exit__(self, *_: object) -> None:
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


def made_with(parts: Mapping[str, Any]) -> dict[str, list]:
    """What the optimisers among them were given, by group; of what a scheduler moves, the first."""
    found: dict[str, list] = {}
    for name, part in parts.items():
        groups = part.param_groups if isinstance(part, torch.optim.Optimizer) else []
        for setting in dict.fromkeys(setting for group in groups for setting in group):
            moves = any("initial_lr" in group for group in groups) and setting != "initial_lr"
            if setting != "params" and not (moves and setting in SCHEDULED):
                found[f"parts[{name!r}], {setting}"] = [_plain(group.get(setting)) for group in groups]
    return found


def _plain(value: Any) -> Any:
    """A number where it is a tensor of one, None for what cannot be compared."""
    value = value.item() if torch.is_tensor(value) and value.numel() == 1 else value
    return value if isinstance(value, int | float | str | tuple) else None


def _checked(parts: Mapping[str, Stateful]) -> dict[str, Stateful]:
    if not isinstance(parts, Mapping) or not parts:
        raise TypeError(f"parts: given {parts!r:.60}, expected a dictionary of what is trained, such as "
                        "{'model': model, 'optimizer': optimizer}")
    for name, part in parts.items():
        if not (hasattr(part, "state_dict") and hasattr(part, "load_state_dict")):
            raise TypeError(f"parts[{name!r}]: given {type(part).__name__}, expected something with "
                            "state_dict and load_state_dict")
    return dict(parts)
