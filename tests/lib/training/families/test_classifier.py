"""A classifier: (x, y) and a loss, with labels that are ignored and classes that have weights."""

import pytest
import torch
from contracts import goes_on_exactly, learns, parts_add_up
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Trainer

torch.manual_seed(0)
X = torch.randn(32, 5, dtype=torch.float64)
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0.5).long()
IGNORED = torch.where(torch.arange(32) % 3 == 0, -100, Y)
LOSSES = {
    "plain": (F.cross_entropy, Y),
    "ignored": (nn.CrossEntropyLoss(), IGNORED),
    "a whole batch ignored": (nn.CrossEntropyLoss(), torch.where(torch.arange(32) < 20, -100, Y)),
    "weights": (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 2.0], dtype=torch.float64)), IGNORED),
    "sum": (nn.CrossEntropyLoss(reduction="sum"), Y),
    "sum, some ignored": (nn.CrossEntropyLoss(reduction="sum"), IGNORED),
}


def maker(loss):
    def make(callbacks=()):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3)).double()
        return Trainer(model, loss, Adam(model.parameters(), 0.02), device="cpu", callbacks=callbacks)

    return make


@pytest.mark.parametrize("kind", LOSSES)
def test_it_learns_and_adds_up_and_goes_on(kind, tmp_path):
    loss, y = LOSSES[kind]
    learns(maker(loss), (X, y))
    parts_add_up(maker(loss), (X, y))
    goes_on_exactly(maker(loss), (X, y), tmp_path)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_the_validation_is_the_loss_of_all_rows_at_once(kind, batch_size):
    loss, y = LOSSES[kind]
    trainer = maker(loss)()
    expected = loss(trainer.model(X), y).item()
    assert trainer.evaluate((X, y), batch_size)["loss"] == pytest.approx(expected, rel=1e-12)


def test_ignored_labels_are_no_wrong_answers():
    model = nn.Linear(3, 3, bias=False).double()
    model.weight.data = torch.eye(3, dtype=torch.float64)
    trainer = Trainer(model, nn.CrossEntropyLoss(), Adam(model.parameters()), device="cpu")
    y = torch.arange(30) % 3
    x = F.one_hot(y, 3).double()
    y[::4] = -100
    assert trainer.evaluate((x, y), 7)["accuracy"] == 1.0
