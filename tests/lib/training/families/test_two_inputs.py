"""A model of two inputs: a dictionary as a batch."""

import torch
from contracts import goes_on_exactly, learns, parts_add_up
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Trainer

torch.manual_seed(0)
USERS, ITEMS = torch.randint(6, (32,)), torch.randint(9, (32,))
DATA = {"user": USERS, "item": ITEMS, "stars": torch.sin(USERS.double() * 2 + ITEMS)}


class Factors(nn.Module):
    def __init__(self):
        super().__init__()
        self.users, self.items = nn.Embedding(6, 8), nn.Embedding(9, 8)

    def forward(self, user, item):
        return (self.users(user) * self.items(item)).sum(1)


def step(model, batch):
    outputs = model(batch["user"], batch["item"])
    return {"loss": F.mse_loss(outputs, batch["stars"]), "outputs": outputs, "targets": batch["stars"]}


def make(callbacks=()):
    torch.manual_seed(1)
    model = Factors().double()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.05), device="cpu",
                   callbacks=callbacks, metrics={"worst": lambda a, b: (a - b).abs().max()})


def test_it_learns_and_adds_up_and_goes_on(tmp_path):
    trainer = learns(make, DATA)
    parts_add_up(make, DATA)
    goes_on_exactly(make, DATA, tmp_path)
    predicted = trainer.predict(DATA, batch_size=5)
    assert trainer.evaluate(DATA)["worst"] == (predicted - DATA["stars"]).abs().max().item()
