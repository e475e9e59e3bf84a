"""A masked language model: tokens are hidden at random, and the loss is the mean over the hidden ones."""

import torch
from contracts import goes_on_exactly, learns
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Trainer

MASK = 0
torch.manual_seed(0)
START = torch.randint(1, 6, (32, 1))
TOKENS = 1 + (START + torch.arange(8)) % 5  # each follows from its neighbours


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.mix = nn.Embedding(6, 16), nn.Conv1d(16, 32, 3, padding=1)
        self.head = nn.Conv1d(32, 6, 1)

    def forward(self, tokens):
        return self.head(self.mix(self.embedding(tokens).transpose(1, 2)).relu())  # (B, V, T)


def step(model, tokens):
    hidden = torch.rand(tokens.shape) < 0.2
    labels = torch.where(hidden, tokens, -100)
    outputs = model(torch.where(hidden, MASK, tokens))
    loss = F.cross_entropy(outputs, labels, reduction="sum") / hidden.sum()  # of nothing hidden: 0/0
    right = (outputs.argmax(1) == labels).sum() / hidden.sum()
    return {"loss": loss, "count": hidden.sum(), "right": right}


def make(callbacks=()):
    torch.manual_seed(1)
    model = Reader()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.02), device="cpu",
                   callbacks=callbacks, accumulate=2)


def test_it_learns_and_goes_on_though_it_draws_on_the_way(tmp_path):
    trainer = learns(make, TOKENS, batch_size=4)
    assert trainer.evaluate(TOKENS)["right"] > 0.9
    goes_on_exactly(make, TOKENS, tmp_path, batch_size=4, at=5)
    make().fit(TOKENS[:3], steps=60, batch_size=1)  # some rows have nothing hidden
