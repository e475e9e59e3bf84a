"""A Trainer's training on its way: steps of many batches and processes, validations, early stopping."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firstgrad.training import randomness
from firstgrad.training.batches import Batch, Batches
from firstgrad.training.course import Course
from firstgrad.training.early_stopping import EarlyStopping
from firstgrad.training.restoring import weights_of
from firstgrad.training.stopping import undisturbed


class Fit(Course):
    """What `Trainer.fit` goes through.

    validation: of whose generators and state a run that goes on needs as well.
    chosen_by: argument -> the metric that it decides by.
    early_stopping, validate_every: as a Trainer's.  on_save, on_end: called before a checkpoint, in the end.
    others: as of a Course.
    """

    def __init__(self, *arguments: Any, validation: Batches | None = None,
                 chosen_by: Mapping[str, str] = {},
                 early_stopping: EarlyStopping | None = None, validate_every: int | None = None,
                 on_save: Callable[[], None] = lambda: None, on_end: Callable[[], None] = lambda: None,
                 **others: Any):
        super().__init__(*arguments, **others)
        self.validation, self.chosen_by = validation, chosen_by
        self._looked: dict | None = None  # the state of the validation's data, in the end
        self.early_stopping, self.validate_every = early_stopping, validate_every
        self.before_save, self._on_end = on_save, on_end  # type: ignore[method-assign]
        self.unvalidated = False  # steps were made since the last validation
        self.best: dict | None = None  # the weights of the best validation, where these are to be restored
        self._agreed: str | None = None  # why all processes stop
        self._wanted = False  # by the first process: a checkpoint after this step
        self._workers = self.train.workers  # of the loader

    # --- steps ---

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
        return self._wanted if self.world.size > 1 else super().due()

    def move(self, update: Callable[[], Any], loss: float, group: Sequence[Batch]) -> None:
        """Let `update` change the parameters, and count the step: nothing comes between.

        A worker of a loader that dies makes torch raise at any moment, a second Ctrl-C too: they wait.
        """
        if self._workers:
            with undisturbed():
                self._move(update, loss, group)
        else:
            self._move(update, loss, group)
        if self.interrupted:
            raise KeyboardInterrupt

    def _move(self, update: Callable[[], Any], loss: float, group: Sequence[Batch]) -> None:
        self.moving = True  # not before: an error on the way in has moved nothing
        update()
        self.unvalidated = True
        self.count_step(loss, group)
        self.moving = False

    # --- validations ---

    @property
    def validation_due(self) -> bool:
        """Whether one is due after so many steps."""
        return bool(self.validate_every and self.unvalidated and self.step % self.validate_every == 0)

    def validated(self, metrics: dict) -> None:
        """Take a validation's results into account. Raises: ValueError where there is none to choose by."""
        for argument, metric in self.chosen_by.items():
            if metric not in metrics:
                given = ", ".join(name for name in metrics if name not in ("epoch", "step"))
                raise ValueError(f"{argument}: given the metric {metric!r}, but the validation after step "
                                 f"{self.step} gives {given}; expected it at every validation")
        self.unvalidated = False
        self.history.validation.append(metrics)
        if self.early_stopping:
            self.given_up = self.early_stopping.gives_up(self.history.validation)
            if self.early_stopping.restore_best and self.early_stopping.improved(self.history.validation):
                weights, _ = weights_of(self.modules)
                self.best = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}

    def metrics(self) -> dict:
        """Of the last validation, if no step was made since."""
        return {} if self.unvalidated or not self.history.validation else self.history.validation[-1]

    # --- epochs, the end, the state ---

    @property
    def done(self) -> bool:
        """Whether nothing at all is left to do, not even a validation."""
        return self.over and not self.unvalidated

    def close_epoch(self) -> None:
        """The epoch is over, unless the limit of steps or a lost patience cut it short."""
        if not self.validate_every:
            self.unvalidated = False
        super().close_epoch()

    def place(self) -> Any:
        """Where it is: a checkpoint of the same place needs not be made again."""
        return self.step, self.unvalidated

    def _finish(self) -> None:
        super()._finish()
        self._looked, self.validation = self._validation_state(), None  # the data may go
        if self.given_up and not self.complete and not self.stopped:
            self.history.stopped = "early stopping"
        self._on_end()

    def state_dict(self) -> dict:
        """All but the tensors of modules. Of several processes all have to call it."""
        state = super().state_dict()
        state["run"] |= {"unvalidated": self.unvalidated, "best": self.best}
        return state

    def _random(self) -> dict:
        return super()._random() | {"validation": self._looked or self._validation_state()}

    def _validation_state(self) -> dict | None:
        if self.validation is None:
            return None
        return {"kind": type(self.validation).__name__, "data": self.validation.state_dict(),
                "generators": randomness.states(self.validation.generators)}

    def _restore(self, random: list[dict]) -> None:
        now, then = self._validation_state(), random[self.world.rank % len(random)]["validation"]
        if self.validation is not None and now and then and _form(now) == _form(then):
            self.validation.load_state_dict(then["data"])
            randomness.put_back(self.validation.generators, then["generators"])
        super()._restore(random)

    def _go_on(self, run: dict) -> None:
        super()._go_on(run)
        self.unvalidated, self.best = run["unvalidated"], run["best"]
        if self.early_stopping:
            self.given_up = self.early_stopping.gives_up(self.history.validation)


def _form(state: dict) -> tuple:
    """What validations have in common whose states fit each other."""
    return state["kind"], len(state["generators"]), list(state["data"].get("states", ()))
