"""A trial before step 1: do data, model, loss, metrics and names fit? Nothing of the model changes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from firstgrad.arguments import whole
from firstgrad.training import checks, evaluation, randomness
from firstgrad.training.acceleration import autocast
from firstgrad.training.batches import Batches, TensorBatches
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.early_stopping import EarlyStopping
from firstgrad.training.inputs import batches, length, refuse_two
from firstgrad.training.learning_rates import SCHEDULED
from firstgrad.training.nests import Nest
from firstgrad.training.steps import Outcome, described, read

if TYPE_CHECKING:
    from firstgrad.training.trainer import Trainer


class Trial:
    """Tries a Trainer's parts on its data. Raises: TypeError or ValueError that names the argument."""

    def __init__(self, trainer: "Trainer"):
        self.trainer = trainer

    def data_of_fit(self, train: Any, validation: Any, batch_size: int, validation_batch_size: int | None,
                    chosen_by: Mapping[str, str]) -> tuple[Batches, Batches | None]:
        """The batches of a fit, on the device.

        chosen_by: argument -> the metric that it decides by.
        """
        if self.trainer.pair:
            refuse_two("fit", train, validation)
        train = self.data("train", train, batch_size, self.trainer.generator)
        self._last_batch(train)
        if validation is not None:
            validation = self.data("validation", validation, validation_batch_size or batch_size)
            self._validation(validation, chosen_by)
        return train, validation

    def data(self, name: str, data: Any, batch_size: int,
             generator: torch.Generator | None = None) -> Batches:
        """Batches of the data, found to fit the model and the loss: now, or a loader's one by one."""
        trainer = self.trainer
        check: checks.PairCheck | checks.StepCheck
        if trainer.pair:
            check = checks.PairCheck(trainer.model, trainer.pair, trainer.device, trainer.inference.mode)
        else:
            check = checks.StepCheck(trainer.model, trainer.device, self._step, name == "train")
        made = batches(name, data, batch_size, trainer.device, check, generator, trainer.world)
        made.counts = check.counts or not isinstance(made, TensorBatches)
        return made

    def _step(self, nest: Nest) -> Any:
        with autocast(self.trainer.precision, self.trainer.device):
            return self.trainer.step_of(self.trainer.model, nest)

    def _last_batch(self, train: Batches) -> None:
        trainer = self.trainer

        def one_row():
            with randomness.tried(trainer.model, trainer.device), torch.no_grad():
                self._step(train.one_row())

        checks.check_last_batch(train, trainer.model, one_row)

    def _validation(self, validation: Batches, chosen_by: Mapping[str, str]) -> None:
        """Are all metrics that are asked for there, and does each give a number?"""
        trainer, pair = self.trainer, self.trainer.pair is not None
        if not trainer.metrics and set(chosen_by.values()) <= {"loss"}:
            return
        known = ["loss", *trainer.metrics, "accuracy"]
        if length(validation) is not None:  # a stream may give its rows once only
            outcome = self._looked_at(validation)
            known = evaluation.names(outcome, trainer.metrics, pair)
            self._metrics(validation, outcome)
        elif not pair:
            return  # a step may report any name
        for argument, metric in chosen_by.items():
            if metric not in known:
                raise ValueError(f"{argument}: given the metric {metric!r}, expected one of "
                                 f"{', '.join(known)}")

    def _looked_at(self, validation: Batches) -> Outcome:
        """What the first batch gives."""
        kept = randomness.snapshot(self.trainer.device, validation.generators)
        batch = next(iter(validation.epoch()))
        randomness.restore(kept, self.trainer.device, validation.generators)
        with self.trainer.inference.mode():
            return read(self.trainer.inference.look(batch.nest))

    def _metrics(self, validation: Batches, outcome: Outcome) -> None:
        """Call each metric once, on true targets and on outputs of one batch. Raises: ValueError."""
        trainer = self.trainer
        known = validation.tensors[1] if trainer.pair and isinstance(validation, TensorBatches) else None
        if not trainer.metrics:
            return
        evaluation.check_outcome(trainer.metrics, outcome)
        try:
            evaluation.try_all(trainer.metrics, outcome, known)
        except ValueError:
            if known is not None:
                raise
            trainer.inference.evaluate(validation)  # a batch may lack a class, all of them not


def check_numbers(batch_size: int, validate_every: int | None, validation_batch_size: int | None) -> None:
    """Raises: TypeError or ValueError for what is no whole number."""
    given = {"batch_size": batch_size, "validate_every": validate_every,
             "validation_batch_size": validation_batch_size}
    for name, value in given.items():
        if value is not None:
            whole(name, value)


def chosen(early_stopping: EarlyStopping | None, checkpoints: Checkpoints | None, validate_every: int | None,
           validation: Any) -> dict[str, str]:
    """The metrics that decide something, by the argument that names them.

    Raises: ValueError for an argument that needs validation data where there are none.
    """
    found = {"early_stopping": early_stopping and early_stopping.metric,
             "best": checkpoints and checkpoints.metric}
    for name, value in (found | {"validate_every": validate_every}).items():
        if value is not None and validation is None:
            raise ValueError(f"{name}: given without validation data, expected both")
    return {argument: metric for argument, metric in found.items() if metric}


def settings(trainer: "Trainer") -> dict:
    """What a run that goes on has to have in common with the one that was begun, beside the data."""
    changing = SCHEDULED if trainer.rates.scheduler else ("params", "lr")
    groups = [{name: value for name, value in group.items() if name not in changing
               and isinstance(value, int | float | str | tuple)} for group in trainer.optimizer.param_groups]
    return {"learning_rate": None if changing is SCHEDULED else list(trainer.rates.base),
            "optimizer": groups, "clip_norm": trainer.clip_norm, "clip_value": trainer.clip_value,
            "loss": described(trainer.loss or trainer.step_of)}
