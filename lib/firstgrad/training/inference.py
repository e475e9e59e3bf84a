"""A Trainer's model without gradients: how good it is over a data set, and what it gives for each row."""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from firstgrad.training import checks, evaluation, nests
from firstgrad.training.acceleration import autocast
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
        model, cast = self.trainer.model, autocast(self.trainer.precision, self.trainer.device)
        with checks.kept_modes(model), torch.no_grad(), cast:
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

    def predict(self, x: Any, batch_size: int) -> nests.Nest:
        """The outputs for all rows of `x`, on the CPU, floats of at least 32 bits."""
        model, device = self.trainer.model, self.trainer.device
        x = as_tensors("x", x, checks.floats_of(model))
        if torch.is_tensor(x):
            checks.check_rows("x", x, model)
            made = iter([Batch(part, len(part), len(part)) for part in x.split(batch_size)])
        else:
            made = batches("x", x, batch_size, device, checks.Check()).epoch()
        with self.mode():
            return _joined([nests.mapped(nests.wide, self._outputs(batch, device)) for batch in made])

    def _outputs(self, batch: Batch, device: torch.device) -> nests.Nest:
        """The model's for a batch, whose rows are as many."""
        trainer, nest = self.trainer, nests.moved(batch.nest, device)
        if not torch.is_tensor(nest) and not trainer.pair:
            outputs = read(trainer.step_of(trainer.model, nest)).outputs
            if outputs is None:
                raise ValueError("step: it returns no 'outputs', expected them among its names for predict")
            return outputs
        x = nest if torch.is_tensor(nest) else nest[0]
        one = "; one row alone is x[None]" if x.ndim < 4 else ""
        try:
            outputs = trainer.model(x)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, IndexError) as error:
            raise ValueError(f"x: the model refuses rows of shape {tuple(x.shape[1:])}{one}: "
                             f"{error}") from error
        given = nests.rows("model", outputs)
        if given != len(x):
            raise ValueError(f"x: given {len(x)} rows, of which the model makes {given}, expected as "
                             f"many{one}")
        return outputs


def _joined(outputs: list[nests.Nest]) -> nests.Nest:
    """Outputs of all batches as one nest, one after the other."""
    columns = zip(*(nests.tensors(nest) for nest in outputs), strict=True)
    return nests.builder(outputs[0])([torch.cat(column) for column in columns])
