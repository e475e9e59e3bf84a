"""Trainings that are the same on one process and on several: torchrun runs this file, and the test, alone.

    torchrun --nproc-per-node 3 scenarios.py FOLDER        writes FOLDER/rank0.pt, FOLDER/rank1.pt, …
"""

import os
import sys
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset

from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.optim.rules import Adam, Momentum
from firstgrad.optim.schedules import cosine
from firstgrad.training import Callback, NonFiniteLossError, Trainer
from firstgrad.training.checkpoint import CheckpointError, Checkpoints

ROWS, WIDTH, CLASSES, BATCH = 33, 6, 3, 8  # the last batch has one row, fewer than processes


def rows(count=ROWS):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, WIDTH, generator=generator, dtype=torch.float64)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()


def perceptron(rank=0):
    torch.manual_seed(rank)  # each process another: the first one's has to win
    return MLP(MLPConfig((WIDTH, 16, 8, CLASSES), "tanh")).double()


class Counted(Dataset):
    """Writes down which rows were read."""

    def __init__(self):
        (self.x, self.y), self.read = rows(), []

    def __len__(self):
        return ROWS

    def __getitem__(self, row):
        self.read.append(row)
        return self.x[row], self.y[row]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(zip(*rows(), strict=True))


class StopAt(Callback):
    def __init__(self, step):
        self.step, self.seen = step, 0

    def on_step(self, trainer, step, loss):
        self.seen += 1
        if step == self.step:
            trainer.stop()


def train(rank, data=None, make=Momentum, model=None, loss=F.cross_entropy, limits=None, settings=None,
          **more):
    """Returns: what the history and the model are in the end."""
    model = model or perceptron(rank)
    metrics = {"largest": lambda outputs, targets: outputs.max(1).values.mean()}
    trainer = Trainer(model, loss, make(model.parameters(), 0.05), device="cpu", seed=2, metrics=metrics,
                      **{"schedule": cosine(30, 3), **(settings or {})})
    history = trainer.fit(rows() if data is None else data, rows(21), batch_size=BATCH,
                          **(limits or {"epochs": 3}), **more)
    whole = {name: getattr(tensor, "full_tensor", lambda tensor=tensor: tensor)().clone()
             for name, tensor in model.state_dict().items()}
    return {"losses": history.train_loss, "validation": history.validation, "stopped": history.stopped,
            "rows": history.rows, "weights": whole, "evaluated": trainer.evaluate(rows(5)),
            "predicted": trainer.predict(rows(3)[0]), "trainer": repr(type(trainer._forward).__name__)}


def some_ignored():
    """Labels of which some are ignored, so that shares of a batch count for different numbers."""
    x, y = rows()
    return x, torch.where(torch.arange(len(y)) % 5 < 2, -100, y)


def weighed(reduction="mean"):
    return nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 0.5], dtype=torch.float64), reduction=reduction)


class Idle(nn.Module):
    """A model of which a part is never used."""

    def __init__(self):
        super().__init__()
        self.model, self.idle = perceptron(), nn.Linear(3, 3).double()

    def forward(self, x):
        return self.model(x)


def own_step(model, batch):
    outputs = model(batch["x"])
    known = batch["y"] != -100
    loss = F.cross_entropy(outputs[known], batch["y"][known], reduction="sum") / known.sum().clamp(min=1)
    return {"loss": loss, "count": known.sum(), "outputs": outputs, "targets": batch["y"],
            "size": outputs[known].abs().sum() / known.sum().clamp(min=1)}


def stepped(rank):
    """A training by a step of its own, over a dictionary."""
    model = perceptron(rank)
    trainer = Trainer(model, step=own_step, optimizer=Momentum(model.parameters(), 0.05), device="cpu",
                      accumulate=2, metrics={"largest": lambda out, targets: out.max(1).values.mean()})
    x, y = some_ignored()
    data = {"x": x, "y": y}
    history = trainer.fit(data, data, epochs=3, batch_size=BATCH)
    return {"losses": history.train_loss, "validation": history.validation, "stopped": history.stopped,
            "rows": history.rows, "weights": dict(model.state_dict()),
            "evaluated": trainer.evaluate(data, 5), "predicted": trainer.predict(x[:3]), "trainer": ""}


def loader(**settings):
    return DataLoader(TensorDataset(*rows()), BATCH, **settings)


def generator():
    return torch.Generator().manual_seed(9)


# Name -> a training; on several processes it has to be what it is on one.
SAME = {
    "tensors": lambda rank: train(rank),
    "groups of three batches": lambda rank: train(rank, settings={"accumulate": 3}),
    "a clipped gradient": lambda rank: train(rank, settings={"clip_norm": 0.1, "schedule": None}),
    "a Dataset": lambda rank: train(rank, Counted()),
    "a loader": lambda rank: train(rank, loader(shuffle=True, generator=generator())),
    "a sampler": lambda rank: train(rank, loader(sampler=RandomSampler(
        range(ROWS), replacement=True, num_samples=20, generator=generator()))),
    "a stream": lambda rank: train(rank, DataLoader(Stream(), BATCH)),
    "ignored labels": lambda rank: train(rank, some_ignored(), settings={"accumulate": 2}),
    "weights of classes": lambda rank: train(rank, some_ignored(), loss=weighed()),
    "a loss that is a sum": lambda rank: train(rank, some_ignored(), loss=weighed("sum"),
                                               settings={"accumulate": 3}),
    "a step of its own": stepped,
    "three rows": lambda rank: train(rank, rows(3)),
    "idle parameters": lambda rank: train(rank, model=Idle()),
    "torch's Adam": lambda rank: train(rank, make=torch.optim.Adam),
    "sharded": lambda rank: train(rank, make=Adam, settings={"shard": True, "clip_norm": 0.1,
                                                             "accumulate": 2}),
    "early stopping": lambda rank: train(rank, settings={"schedule": lambda step: 0.0}, limits={"epochs": 9},
                                         early_stopping=2),
}


# --- what only makes sense on several ---


def read_rows(rank):
    """Which rows this process read, epoch by epoch of two."""
    data = Counted()
    model = perceptron()
    trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.05), device="cpu")
    trainer.fit(data, epochs=2, batch_size=BATCH)
    return {"read": data.read}


def shuffled_without_a_generator(rank):
    """The inputs of every batch: a loader that draws from the global generator, after dropout has, too."""
    seen, drawn = [], []
    model = nn.Sequential(nn.Dropout(0.5), perceptron())
    trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.05), device="cpu")
    model.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0]) if module.training else None)
    model[0].register_forward_hook(
        lambda module, inputs, output: drawn.append((output == 0).tolist()) if module.training else None)
    trainer.fit(loader(shuffle=True), epochs=2)
    # The first pass is made three times: see Replicated.
    return {"seen": [batch[:, 0].tolist() for batch in seen[2:]],
            "drawn": [str(mask[0]) for mask in drawn[2:]]}


def resumed(rank, folder, shard=False):
    """Stopped in the middle of an epoch, and gone on with; against the same in one piece."""
    def noisy(checkpoints, *callbacks):
        model = nn.Sequential(nn.Dropout(0.3), perceptron(), nn.Dropout(0.3))
        return train(rank, model=model, make=Adam, settings={"callbacks": callbacks, "shard": shard},
                     checkpoints=checkpoints)

    whole, watcher, saves = noisy(None), StopAt(5), []
    checkpoints = Checkpoints(folder, every_steps=4)
    save = checkpoints.save
    checkpoints.save = lambda *arguments: saves.append(arguments[0]) or save(*arguments)
    stopped = noisy(checkpoints, watcher)
    return {"whole": whole, "stopped": stopped, "seen": watcher.seen, "saves": saves,
            "again": noisy(Checkpoints(folder, every_steps=4))}


def stopped_by_the_last(rank):
    """Only the last process is asked to stop, at the sixth step."""
    steps = []

    def loss(outputs, targets):
        if torch.is_grad_enabled():
            steps.append(len(steps))
            if len(steps) == 6 and rank == int(os.environ["WORLD_SIZE"]) - 1:
                trainer.stop("SIGTERM")
        return F.cross_entropy(outputs, targets)

    model = perceptron()
    trainer = Trainer(model, loss, Momentum(model.parameters(), 0.05), device="cpu")
    history = trainer.fit(rows(), epochs=9, batch_size=BATCH)
    return {"stopped": history.stopped, "steps": len(history.steps)}


class Asks(Callback):
    """Calls what all processes have to call."""

    def __init__(self, every_rank):
        self.every_rank, self.found, self.said = every_rank, [], []

    def on_epoch(self, trainer, epoch, metrics):
        try:
            self.found.append(trainer.evaluate(rows(9))["loss"])
            self.found.append(len(trainer.state_dict()["random"]))
        except RuntimeError as error:
            self.said.append(str(error))


def asked_by_a_callback(rank):
    found = []
    for every_rank in (True, False):
        asks, model = Asks(every_rank), perceptron()
        Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.05), device="cpu",
                callbacks=[asks]).fit(rows(), epochs=2, batch_size=BATCH)
        found.append({"found": asks.found, "said": asks.said})
    return {"everywhere": found[0], "in the first": found[1]}


def stopped_for_a_reason_of_its_own(rank):
    class Reason(Callback):
        every_rank = True

        def on_step(self, trainer, step, loss):
            if step == 3 and rank == 1:
                trainer.stop("the budget is spent")

    model = perceptron()
    history = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.05), device="cpu",
                      callbacks=[Reason()]).fit(rows(), epochs=9, batch_size=BATCH)
    return {"stopped": history.stopped, "steps": len(history.steps)}


def normalised(rank):
    """Batch norm over processes: what is warned of."""
    model = nn.Sequential(nn.Linear(WIDTH, CLASSES), nn.BatchNorm1d(CLASSES))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.05), device="cpu")
    return {"said": [str(warning.message) for warning in found]}


def not_finite(rank):
    """The loss of the last process's share is NaN at the fourth step."""
    calls = []

    def loss(outputs, targets):
        calls.append(torch.is_grad_enabled())
        spoilt = sum(calls) == 4 and rank == int(os.environ["WORLD_SIZE"]) - 1
        return F.cross_entropy(outputs, targets) * (float("nan") if spoilt else 1)

    try:
        train(rank, loss=loss)
    except NonFiniteLossError as error:
        return {"step": error.step}


def not_finite_in_one_part(rank):
    """A gradient that is NaN in one process's part of a sharded model only."""
    class Spoilt(nn.Module):
        def __init__(self):
            super().__init__()
            self.model, self.shift = perceptron(), nn.Parameter(torch.zeros(CLASSES).double())

        def forward(self, x):
            return self.model(x) + (0 * self.shift[-1]).abs().sqrt()  # √ has no slope at 0

    try:
        train(rank, model=Spoilt(), make=Adam, settings={"shard": True})
    except NonFiniteLossError as error:
        return {"step": error.step}


def cannot_save(rank, folder):
    """The first process's disk is full."""
    checkpoints = Checkpoints(folder, every_steps=2)

    def full(*arguments):
        raise CheckpointError("the disk is full")

    checkpoints.save = full
    try:
        train(rank, checkpoints=checkpoints)
    except CheckpointError as error:
        return {"says": str(error)}


def refused(rank):
    """What cannot be, and is said by all."""
    said = []
    try:
        train(rank, loader(sampler=torch.utils.data.DistributedSampler(range(ROWS))))
    except ValueError as error:
        said.append(str(error))
    return {"said": said}


def main(folder: Path) -> None:
    rank = int(os.environ["RANK"])
    results = {name: training(rank) for name, training in SAME.items()}
    results |= {
        "read": read_rows(rank), "shuffled": shuffled_without_a_generator(rank),
        "resumed": resumed(rank, folder / "run"),
        "resumed, sharded": resumed(rank, folder / "sharded", shard=True),
        "asked by a callback": asked_by_a_callback(rank), "a reason": stopped_for_a_reason_of_its_own(rank),
        "batch norm": normalised(rank), "stopped": stopped_by_the_last(rank), "not finite": not_finite(rank),
        "not finite in one part": not_finite_in_one_part(rank),
        "cannot save": cannot_save(rank, folder / "full"), "refused": refused(rank),
    }
    torch.save(results, folder / f"rank{rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
