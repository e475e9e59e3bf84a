"""A trial before step 1: do data, model, loss, metrics and names fit? Nothing of the model changes."""

from typing import TYPE_CHECKING, Any

import torch

from firstgrad.arguments import whole
from firstgrad.training import checks, evaluation, nests, randomness
from firstgrad.training.batches import Batches, TensorBatches
from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.early_stopping import EarlyStopping
from firstgrad.training.inputs import batches, length
from firstgrad.training.nests import Nest
from firstgrad.training.steps import described, read
from firstgrad.training.trainer_state import SCHEDULED

if TYPE_CHECKING:
    from firstgrad.training.trainer import Trainer


class Trial:
    """Tries a Trainer's parts on its data. Raises: TypeError or ValueError that names the argument."""

    def __init__(self, trainer: "Trainer"):
        self.trainer = trainer

    def data_of_fit(self, train: Any, validation: Any, batch_size: int, validation_batch_size: int | None,
                    ) -> tuple[Batches, Batches | None]:
        """The batches of a fit, on the device."""
        train = self.data("train", train, batch_size, self.trainer.generator)
        if isinstance(train, TensorBatches):
            self._last_batch(train)
        if validation is not None:
            validation = self.data("validation", validation, validation_batch_size or batch_size)
            self._metrics(validation)
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

    def names(self, early_stopping: EarlyStopping | None, checkpoints: Checkpoints | None) -> None:
        """Raises: ValueError for a metric to choose by that there will not be."""
        known = ("loss", "accuracy", *self.trainer.metrics)
        chosen = {"early_stopping": early_stopping and early_stopping.metric,
                  "checkpoints": checkpoints and checkpoints.metric}
        for name, metric in chosen.items():
            if metric and metric not in known and self.trainer.pair:  # a step may report any name
                raise ValueError(f"{name}: given the metric {metric!r}, expected one of {', '.join(known)}")

    def _step(self, nest: Nest) -> Any:
        with self.trainer.autocast():
            return self.trainer.step_of(self.trainer.model, nest)

    def _last_batch(self, train: TensorBatches) -> None:
        trainer = self.trainer

        def one_row():
            with randomness.tried(trainer.model, trainer.device), torch.no_grad():
                self._step(nests.moved(train.build([t[:1] for t in train.tensors]), trainer.device))

        checks.check_last_batch(train.rows, train.batch_size, trainer.model, one_row)

    def _metrics(self, validation: Batches) -> None:
        """Call each metric once, on true targets and on outputs of one batch. Raises: ValueError."""
        trainer = self.trainer
        if not trainer.metrics or length(validation) is None:  # a stream may give its rows once only
            return
        kept = randomness.snapshot(trainer.device, validation.generators)
        batch = next(iter(validation.epoch()))
        randomness.restore(kept, trainer.device, validation.generators)
        with trainer.inference.mode():
            outcome = read(trainer.inference.look(batch.nest))
        known = validation.tensors[1] if trainer.pair and isinstance(validation, TensorBatches) else None
        try:
            evaluation.try_all(trainer.metrics, outcome, known)
        except ValueError:
            if known is not None:
                raise
            trainer.inference.evaluate(validation)  # a batch may lack a class, all of them not


def check_numbers(batch_size: int, validate_every: int | None, validation_batch_size: int | None,
                  early_stopping: EarlyStopping | None, validation: Any) -> None:
    """Raises: TypeError or ValueError for arguments of fit that are no whole numbers, or lack data."""
    given = {"batch_size": batch_size, "validate_every": validate_every,
             "validation_batch_size": validation_batch_size}
    for name, value in given.items():
        if value is not None:
            whole(name, value)
    for name, needs in {"early_stopping": early_stopping, "validate_every": validate_every}.items():
        if needs is not None and validation is None:
            raise ValueError(f"{name}: given without validation data, expected both")


def settings(trainer: "Trainer") -> dict:
    """What a run that goes on has to have in common with the one that was begun, beside the data."""
    changing = SCHEDULED if trainer.rates.scheduler else ("params", "lr")
    groups = [{name: value for name, value in group.items() if name not in changing
               and isinstance(value, int | float | str | tuple)} for group in trainer.optimizer.param_groups]
    return {"learning_rate": None if changing is SCHEDULED else list(trainer.rates.base),
            "optimizer": groups, "clip_norm": trainer.clip_norm, "clip_value": trainer.clip_value,
            "loss": described(trainer.loss or trainer.step_of)}
