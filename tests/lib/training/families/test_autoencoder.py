"""An autoencoder: a batch is one tensor, there are no targets."""

import torch
from contracts import goes_on_exactly, learns, parts_add_up
from torch import nn

from firstgrad.optim import Adam
from firstgrad.training import Trainer

torch.manual_seed(0)
X = torch.randn(32, 2, dtype=torch.float64) @ torch.randn(2, 7, dtype=torch.float64)


def step(model, x):
    outputs = model(x)
    return {"loss": (outputs - x).square().mean(), "code_size": model[0](x).abs().mean(), "outputs": outputs}


def make(callbacks=()):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(7, 2), nn.Linear(2, 7)).double()
    return Trainer(model, step=step, optimizer=Adam(model.parameters(), 0.02), device="cpu",
                   callbacks=callbacks)


def test_it_learns_and_adds_up_and_goes_on(tmp_path):
    trainer = learns(make, X)
    parts_add_up(make, X)
    goes_on_exactly(make, X, tmp_path)
    assert trainer.predict(X).shape == (32, 7)
    assert trainer.evaluate(X, 8)["code_size"] > 0  # what a step reports is averaged too
