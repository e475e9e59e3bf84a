"""A reward model: pairs of texts of which one is preferred; the loss is −log σ(difference)."""

import torch
from contracts import goes_on_exactly, learns, parts_add_up
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Trainer

torch.manual_seed(0)
TEXTS = torch.randint(1, 20, (64, 6))
GOOD = (TEXTS == 7).sum(1) + TEXTS.double().mean(1) / 20  # what people like
ORDER = GOOD[:32] > GOOD[32:]
DATA = {"chosen": torch.where(ORDER[:, None], TEXTS[:32], TEXTS[32:]),
        "rejected": torch.where(ORDER[:, None], TEXTS[32:], TEXTS[:32])}


class Reward(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(20, 16), nn.Linear(16, 1)

    def forward(self, tokens):
        return self.head(self.embedding(tokens).mean(1))[:, 0]


def step(model, batch):
    difference = model(batch["chosen"]) - model(batch["rejected"])
    return {"loss": -F.logsigmoid(difference).mean(), "agree": (difference > 0).double().mean()}


def make(callbacks=()):
    torch.manual_seed(1)
    model = Reward().double()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.02), device="cpu",
                   callbacks=callbacks)


def test_it_learns_and_adds_up_and_goes_on(tmp_path):
    trainer = learns(make, DATA)
    assert trainer.evaluate(DATA)["agree"] > 0.9
    parts_add_up(make, DATA)
    goes_on_exactly(make, DATA, tmp_path)
