"""Who remembers the first of 20 or 40 symbols, at which learning rate, and after how many batches?

The first symbol is one of four, the others are noise, and at the end the first is asked for. Beside it
stands how far the gradient reaches in each cell when its weights are fresh: does that tell who will learn?
"""

import torch
from torch import nn
from torch.nn import functional as F

from firstgrad.models.recurrent import gradient_reach
from firstgrad.training import Callback, Trainer

NAME = "remembering"
TOLERANCE = 1e-2
SEEDS = (0, 1, 2, 3, 4)
RATES = (5e-3, 1e-2, 2e-2)
LENGTHS = (20, 40)
# name -> torch's layer, and what is added to the bias of the gate that keeps; of a plain network None: as
# torch draws it, 1.0: U is that times a rotation
CELLS = {"RNN": ("RNN", None), "RNN, orthogonal": ("RNN", 1.0),
         "GRU": ("GRU", 0.0), "GRU, bias 1": ("GRU", 1.0), "GRU, bias 3": ("GRU", 3.0),
         "LSTM": ("LSTM", 0.0), "LSTM, bias 1": ("LSTM", 1.0), "LSTM, bias 3": ("LSTM", 3.0)}
SETTINGS = {"inputs": 16, "hidden": 32, "batch_size": 32, "batches": 600, "every": 50, "clip_norm": 1.0,
            "learnt": 0.99}  # every: batches from one validation to the next
FIRST = 20  # batches that every check runs again


def fresh(name):
    """A recurrent layer, as it is before training."""
    kind, extra = CELLS[name]
    hidden = SETTINGS["hidden"]
    layer = getattr(nn, kind)(SETTINGS["inputs"], hidden, batch_first=True)
    if kind == "RNN" and extra:
        nn.init.orthogonal_(layer.weight_hh_l0, extra)
    elif extra:
        with torch.no_grad():  # torch's second block keeps: f of an LSTM, z of a GRU
            layer.bias_ih_l0[hidden:2 * hidden] += extra
    return layer


class Rememberer(nn.Module):
    """Logits of the four symbols, from the state at the end."""

    def __init__(self, name):
        super().__init__()
        self.embedding, self.layer = nn.Embedding(12, SETTINGS["inputs"]), fresh(name)
        self.head = nn.Linear(SETTINGS["hidden"], 4)

    def forward(self, x):
        return self.head(self.layer(self.embedding(x))[0][:, -1])


def sequences(count, length, generator):
    first = torch.randint(0, 4, (count, 1), generator=generator)
    noise = torch.randint(4, 12, (count, length - 1), generator=generator)
    return torch.cat([first, noise], dim=1), first[:, 0]


class Learnt(Callback):
    """Ends the training once nearly all is right."""

    def on_validation(self, trainer, epoch, metrics):
        if metrics["accuracy"] >= SETTINGS["learnt"]:
            trainer.stop("learnt")


def trained(name, length, rate, seed, batches):
    """The losses, and the accuracy on 1,000 new sequences after every 50 batches, until it is learnt."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Rememberer(name)
    trainer = Trainer(model, F.cross_entropy, torch.optim.Adam(model.parameters(), rate), device="cpu",
                      clip_norm=SETTINGS["clip_norm"], seed=seed, callbacks=[Learnt()])
    size = SETTINGS["batch_size"]
    history = trainer.fit(sequences(batches * size, length, generator), sequences(1000, length, generator),
                          epochs=1, batch_size=size, validate_every=SETTINGS["every"])
    return history.train_loss, [entry["accuracy"] for entry in history.validation]


def needed(accuracies):
    """After how many batches it was learnt; None: not in time."""
    return len(accuracies) * SETTINGS["every"] if accuracies[-1] >= SETTINGS["learnt"] else None


def reach(name, seed):
    """What is left of the gradient after each number of steps, relative to the last input's."""
    torch.manual_seed(seed)
    x = torch.randn(16, max(LENGTHS) + 1, SETTINGS["inputs"]).double()
    slopes = gradient_reach(fresh(name).double(), x)
    return (slopes / slopes[0]).tolist()


def run(steps=None):
    cells = {}
    for name in CELLS:
        reached = [reach(name, seed) for seed in SEEDS]
        runs = []
        for length in LENGTHS:
            for rate in RATES:
                batches = steps or SETTINGS["batches"]
                curves = [trained(name, length, rate, seed, batches)[1] for seed in SEEDS]
                runs.append({"length": length, "rate": rate, "accuracy": curves,
                             "needed": [needed(curve) for curve in curves]})
                print(name, length, rate, runs[-1]["needed"], [curve[-1] for curve in curves], flush=True)
        cells[name] = {"reach": {str(length): [curve[length] for curve in reached] for length in LENGTHS},
                       "runs": runs}
    return {"settings": SETTINGS | {"seeds": list(SEEDS), "rates": list(RATES), "lengths": list(LENGTHS)},
            "first": beginning(), "cells": cells}


def beginning():
    """The first losses of two cells: seconds."""
    return {name: trained(name, 20, 5e-3, 0, FIRST)[0] for name in ("RNN", "LSTM, bias 3")}


def first_steps(recording):
    return beginning(), recording["first"]
