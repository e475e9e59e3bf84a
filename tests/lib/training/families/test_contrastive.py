"""Contrastive pairs: the loss of a batch compares all of its rows with one another."""

import torch
from contracts import goes_on_exactly, learns
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Trainer

torch.manual_seed(0)
THINGS = torch.randn(32, 6)
DATA = (THINGS @ torch.randn(6, 8), THINGS @ torch.randn(6, 5))  # two views of each


class Towers(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(8, 6), nn.Linear(5, 6)
        self.heat = nn.Parameter(torch.tensor(1.0))


def step(model, batch):
    left, right = (F.normalize(part, dim=1) for part in (model.left(batch[0]), model.right(batch[1])))
    scores = model.heat.exp() * left @ right.T  # (B, B): row i belongs to column i
    return F.cross_entropy(scores, torch.arange(len(scores)))


def make(callbacks=()):
    torch.manual_seed(1)
    model = Towers()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.02), device="cpu",
                   callbacks=callbacks)


def test_it_learns_and_goes_on(tmp_path):
    learns(make, DATA)
    goes_on_exactly(make, DATA, tmp_path)
