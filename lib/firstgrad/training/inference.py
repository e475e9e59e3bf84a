"""A Trainer's model without gradients: how good it is over a data set, and what it gives for each row."""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from firstgrad.training import checks, evaluation, nests
from firstgrad.training.batches import Batch, Batches
from firstgrad.training.inputs import as_tensors, batches
from firstgrad.training.steps import read

if TYPE_CHECKING:
    from firstgrad.training.trainer import Trainer


class Inference:
    """Evaluates and predicts with a Trainer's model, in its precision, on its device."""

    def __init__(self, trainer: "Trainer"):
        self.trainer = trainer

    @contextlib.contextmanager
    def mode(self) -> Iterator[None]:
        """Inside, the model is in evaluation and has no gradients."""
        model = self.trainer.model
        with checks.kept_modes(model), torch.no_grad(), self.trainer.autocast():
            model.eval()
            yield

    @property
    def look(self) -> Callable:
        """What an evaluation calls with a batch."""
        trainer = self.trainer
        return functools.partial(trainer.pair.looked_at if trainer.pair else trainer.step_of, trainer.model)

    def evaluate(self, data: Batches, goes_on: Callable[[], bool] = lambda: True) -> dict[str, float]:
        """Over the rows of `data`, as long as it `goes_on`."""
        trainer = self.trainer
        trainer.world.spread(trainer.model.buffers())  # each has seen its own rows: batch norms' differ
        ignored = trainer.pair.ignored if trainer.pair else -100
        look, sums = self.look, evaluation.Evaluation(
            trainer.metrics, trainer.world, trainer.adds_up, ignored, trainer.pair is not None)
        with self.mode():
            for batch in itertools.takewhile(lambda _: goes_on(), data.epoch()):
                sums.add(read(look(batch.nest)), batch)
        return sums.results()

    def predict(self, x: Any, batch_size: int) -> torch.Tensor:
        """The outputs for all rows of `x`, on the CPU, of at least 32 bits."""
        model, device = self.trainer.model, self.trainer.device
        x = as_tensors("x", x, checks.floats_of(model))
        if torch.is_tensor(x):
            checks.check_rows("x", x, model)
            made = iter([Batch(part, len(part), len(part)) for part in x.split(batch_size)])
        else:
            made = batches("x", x, batch_size, device, checks.Check()).epoch()
        with self.mode():
            outputs = torch.cat([self._outputs(nests.moved(batch.nest, device)).cpu() for batch in made])
        return outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs

    def _outputs(self, nest: nests.Nest) -> torch.Tensor:
        trainer = self.trainer
        if torch.is_tensor(nest):
            return trainer.model(nest)
        if trainer.pair:
            return trainer.model(nest[0])
        outputs = read(trainer.step_of(trainer.model, nest)).outputs
        if outputs is None:
            raise ValueError("step: it returns no 'outputs', expected them among its names for predict")
        return outputs
