"""Kill trainings, start each again until it ends: python tests/faults/kill_training.py --kills 200

Each draws from all generators (order, dropout, augmentation by torch, NumPy and Python), and has momentum, a
schedule, accumulation, validation and a checkpoint after every step. Prints one line of JSON:

    kills, inside     all of them, and those that hit a child inside a save
    unreadable        how often the newest checkpoint could not be read after a kill
    runs              trainings that came to their end
    differ            those whose parameters, optimiser or history were not, bit by bit, those of the training
                      that nobody killed
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch._dynamo  # an optimiser loads it at its first step; here it is loaded once for all children
from kill import Shared
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from firstgrad.optim.rules import AdamW
from firstgrad.optim.schedules import cosine
from firstgrad.training import Trainer
from firstgrad.training.checkpoint import Checkpoints

ROWS, EPOCHS = 120, 5  # in batches of 8, two a step: 8 steps an epoch, the last of one batch


class Augmented(Dataset):
    def __init__(self):
        self.x = torch.randn(ROWS, 10, generator=torch.Generator().manual_seed(1))

    def __len__(self):
        return ROWS

    def __getitem__(self, row):
        noise = torch.from_numpy(np.random.randn(10)).float() + torch.rand(10)  # noqa: NPY002
        return self.x[row] * random.uniform(0.9, 1.1) + 0.1 * noise, int(self.x[row, 0] > 0)


class Watched(Checkpoints):
    """It tells when it is inside a save."""

    def save(self, *arguments):
        self.told.ready, self.told.inside = 1, 1
        path = super().save(*arguments)
        self.told.inside = 0
        return path


def train(folder: Path, told: Shared) -> str:
    """Train, going on from what `folder` has; a digest of all that comes out."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 2))
    optimizer = AdamW(model.parameters(), 0.01)
    trainer = Trainer(model, F.cross_entropy, optimizer, device="cpu", accumulate=2, schedule=cosine(40))
    checkpoints = Watched(folder, every_steps=1, best="loss")
    checkpoints.told = told
    validation = torch.randn(30, 10, generator=torch.Generator().manual_seed(2)), torch.arange(30) % 2
    history = trainer.fit(Augmented(), validation, epochs=EPOCHS, batch_size=8, checkpoints=checkpoints)
    digest = hashlib.sha256(repr((history.steps, history.train_loss, history.validation)).encode())
    moments = [moment for state in optimizer.state_dict()["state"].values() for moment in state.values()]
    for tensor in [*model.state_dict().values(), *map(torch.as_tensor, moments)]:
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def fork(folder: Path, told: Shared) -> int:
    """A child that trains and writes down what came out. Returns: its process id."""
    told.inside = told.ready = 0
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            (folder / "result.txt").write_text(train(folder, told))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return pid


def ended(pid: int, told: Shared, delay: float | None) -> bool:
    """Kill the child `delay` seconds after it first saved, None for never; whether it came to its end."""
    if delay is not None:
        while not told.ready and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.0002)
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)  # nothing happens to one that has ended
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL), f"the child failed by itself, status {status}"
    return status == 0


def main(options) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    random_, told = random.Random(options.seed), Shared()
    tally = Counter(dict.fromkeys(("kills", "inside", "unreadable", "runs", "differ"), 0))
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        def folder(name):
            made = Path(place, str(name))
            made.mkdir()
            return made

        reference = folder("reference")
        os.waitpid(fork(reference, told), 0)
        expected = (reference / "result.txt").read_text()
        run = folder(0)
        while tally["kills"] < options.kills or not tally["runs"]:
            delay = random_.uniform(0, options.longest) if tally["kills"] < options.kills else None
            if ended(fork(run, told), told, delay):
                tally["runs"] += 1
                tally["differ"] += (run / "result.txt").read_text() != expected
                run = folder(tally["runs"])
                continue
            tally["kills"] += 1
            tally["inside"] += told.inside
            try:
                Checkpoints(run).latest()
            except Exception:
                tally["unreadable"] += 1
    print(json.dumps(tally))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--longest", type=float, default=0.2, help="seconds before the kill, at most")
    parser.add_argument("--folder", help="where to save; a temporary folder is made there")
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args())
