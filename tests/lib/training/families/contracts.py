"""What the engine promises every family of models: it learns, and a run that was ended goes on exactly."""

import contextlib

import torch

from firstgrad.training.callbacks import Callback
from firstgrad.training.checkpoint import Checkpoints


class EndAt(Callback):
    """As good as kill -9 after a step: nothing is rescued."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, step, loss):
        if step == self.step:
            trainer.run.rescue = lambda error: None
            raise SystemExit


def weights(model):
    return torch.cat([tensor.detach().flatten().double() for tensor in model.state_dict().values()])


def learns(make, data, *, falls=0.5, epochs=30, batch_size=8, **more):
    """The loss falls to `falls` of what it was.  make: callbacks -> a new Trainer.  Returns: the Trainer."""
    trainer = make()
    before = trainer.evaluate(data, batch_size)["loss"]
    history = trainer.fit(data, data, epochs=epochs, batch_size=batch_size, **more)
    assert history.validation[-1]["loss"] < falls * before
    return trainer


def goes_on_exactly(make, data, folder, *, epochs=3, batch_size=8, at=4):
    """Killed in the middle of an epoch and started again, it ends with the same bits.

    data: or a function that makes it, where it changes as it is gone through (a loader's generator).
    """
    def fit(trainer, checkpoints=None):
        rows = data() if callable(data) else data
        return trainer.fit(rows, rows, epochs=epochs, batch_size=batch_size, checkpoints=checkpoints)

    whole = make()
    history = fit(whole)
    with contextlib.suppress(SystemExit):
        fit(make([EndAt(at)]), Checkpoints(folder, every_steps=2))
    assert Checkpoints(folder).latest().step < len(history.steps)
    again = make()
    assert fit(again, folder) == history
    assert torch.equal(weights(again.model), weights(whole.model))


def parts_add_up(make, data, *, batch_size=8, rows=32):
    """Batches of a step are as one large batch; so are those of an evaluation."""
    large, small = make(), make()
    small.accumulate = rows // batch_size
    assert abs(large.evaluate(data, rows)["loss"] - large.evaluate(data, batch_size)["loss"]) < 1e-9
    losses = [trainer.fit(data, steps=3, batch_size=size).train_loss
              for trainer, size in ((large, rows), (small, batch_size))]
    torch.testing.assert_close(torch.tensor(losses[1]), torch.tensor(losses[0]), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(weights(small.model), weights(large.model), rtol=1e-8, atol=1e-9)
