"""CTC: sounds longer than their words, with the lengths of both in the batch; a dataclass as a batch."""

from dataclasses import dataclass

import torch
from contracts import goes_on_exactly, learns, parts_add_up
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Trainer


@dataclass
class Sounds:
    sound: torch.Tensor  # (B, T, 4)
    word: torch.Tensor  # (B, 3)
    frames: torch.Tensor  # (B,)
    letters: torch.Tensor  # (B,)


torch.manual_seed(0)
WORD = torch.randint(1, 4, (32, 3))
WORD[:, 1] = WORD[:, 0] % 3 + 1  # no letter twice in a row
WORD[:, 2] = WORD[:, 1] % 3 + 1
SOUND = F.one_hot(WORD.repeat_interleave(3, 1), 4).double() + 0.1 * torch.randn(32, 9, 4).double()
DATA = Sounds(SOUND, WORD, torch.full((32,), 9), torch.full((32,), 3))


def step(model, batch):
    scores = model(batch.sound).log_softmax(-1).transpose(0, 1)  # (T, B, C)
    losses = F.ctc_loss(scores, batch.word, batch.frames, batch.letters, reduction="none")
    return losses.mean()


def make(callbacks=()):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 4)).double()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.03), device="cpu",
                   callbacks=callbacks)


def test_it_learns_and_adds_up_and_goes_on(tmp_path):
    learns(make, DATA)
    parts_add_up(make, DATA)
    goes_on_exactly(make, DATA, tmp_path)
