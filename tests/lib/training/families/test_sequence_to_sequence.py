"""Sequence to sequence: lengths differ from batch to batch, so the loss counts tokens, not rows."""

from typing import NamedTuple

import pytest
import torch
from contracts import goes_on_exactly, learns
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from firstgrad.optim import Adam
from firstgrad.training import Trainer

PAD, BEGIN = 0, 1


class Pair(NamedTuple):
    source: torch.Tensor  # (B, S)
    target: torch.Tensor  # (B, T), begins with BEGIN


def pairs():
    generator = torch.Generator().manual_seed(0)
    made = []
    for _ in range(32):
        length = int(torch.randint(2, 6, (), generator=generator))
        tokens = torch.randint(2, 7, (length,), generator=generator)
        made.append((tokens, torch.cat([torch.tensor([BEGIN]), tokens.flip(0)])))
    return made


def collate(rows):
    return Pair(*(nn.utils.rnn.pad_sequence(side, batch_first=True) for side in zip(*rows, strict=True)))


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 24)
        self.encoder, self.decoder = nn.GRU(24, 48, batch_first=True), nn.GRU(24, 48, batch_first=True)
        self.head = nn.Linear(48, 7)

    def forward(self, source, target):
        lengths = (source != PAD).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(source), lengths, batch_first=True,
                                                   enforce_sorted=False)
        _, state = self.encoder(packed)
        return self.head(self.decoder(self.embedding(target), state)[0])  # (B, T, V)


def step(model, batch):
    outputs = model(batch.source, batch.target[:, :-1]).transpose(1, 2)
    labels = batch.target[:, 1:]
    known = (labels != PAD).sum()
    return {"loss": F.cross_entropy(outputs, labels, ignore_index=PAD), "count": known}


def make(callbacks=()):
    torch.manual_seed(1)
    model = Translator()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.01), device="cpu", clip_norm=1.0,
                   callbacks=callbacks)


def loader(batch_size=8):
    return DataLoader(pairs(), batch_size, shuffle=True, collate_fn=collate,
                      generator=torch.Generator().manual_seed(3))


def test_it_learns_and_goes_on(tmp_path):
    learns(make, loader(), epochs=25)
    goes_on_exactly(make, loader, tmp_path)


def test_the_loss_of_an_evaluation_is_over_tokens():
    trainer = make()
    whole = trainer.evaluate(DataLoader(pairs(), 32, collate_fn=collate))["loss"]
    parts = trainer.evaluate(DataLoader(pairs(), 5, collate_fn=collate))["loss"]
    assert parts == pytest.approx(whole, rel=1e-6)
