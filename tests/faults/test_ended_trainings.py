"""Trainings that callbacks and dying workers end, again and again: no step is lost, no bit is another."""

import os
import random
import signal

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from firstgrad.optim import AdamW
from firstgrad.training import Callback, Checkpoints, Trainer

ROWS, BATCH, EPOCHS = 160, 8, 5  # 100 steps


class Ends(Callback):
    """Ends the training at a step drawn at random: it fails, or it kills one of the loader's workers."""

    def __init__(self, worker: bool, draws: random.Random):
        self.worker, self.left, self.ended = worker, draws.randrange(1, 40), False

    def on_step(self, trainer, step, loss):
        self.left -= 1
        if self.left:
            return
        self.ended, self.at = True, step
        if not self.worker:
            raise random.choice([RuntimeError, MemoryError, KeyError, KeyboardInterrupt])
        loader = trainer.run.train.loader
        os.kill(loader._iterator._workers[0].pid, signal.SIGKILL)


def train(folder, workers=0, ends=None):
    torch.manual_seed(0)
    x = torch.randn(ROWS, 6)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))
    data = DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), BATCH, shuffle=True, num_workers=workers,
                      persistent_workers=workers > 0, generator=torch.Generator().manual_seed(3))
    trainer = Trainer(model, F.cross_entropy, AdamW(model.parameters(), 0.01), device="cpu",
                      callbacks=[ends] if ends else [])
    checkpoints = folder and Checkpoints(folder, every_seconds=1e6)  # only the rescue saves
    history = trainer.fit(data, (x, (x[:, 1] > 0).long()), epochs=EPOCHS, checkpoints=checkpoints)
    return history, torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("worker", [False, True], ids=["failing callbacks", "killed workers"])
def test_every_end_is_survived_with_its_step(worker, tmp_path, full):
    draws, ends, runs, workers = random.Random(5), 0, 0, 2 if worker else 0
    whole = train(None, workers)
    while ends < (100 if full else 10) // (2 if worker else 1):
        ender = Ends(worker, draws)
        folder = tmp_path / str(runs)
        try:
            history, parameters = train(folder, workers, ender)
        except (RuntimeError, OSError, EOFError, MemoryError, KeyError, KeyboardInterrupt):
            pass  # a dying worker shows in several ways
        else:
            assert history == whole[0]
            assert torch.equal(parameters, whole[1])
            runs += 1
        if ender.ended:
            ends += 1
            step = Checkpoints(folder).latest().step
            # A worker's death is noticed when its next batch is missed: what was loaded before is trained on.
            assert step >= ender.at + 1 if worker else step == ender.at + 1
    assert runs > 0
