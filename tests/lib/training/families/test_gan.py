"""A GAN: two models and two optimisers, by Run alone."""

import pytest
import torch
from contracts import weights
from torch import nn
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Checkpoints, Run

torch.manual_seed(0)
REAL = torch.randn(64, 2) * 0.3 + torch.tensor([2.0, -1.0])


class Gan:
    """What is trained, and one turn of its loop."""

    def __init__(self):
        torch.manual_seed(1)
        self.generator = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
        self.critic = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        self.g, self.c = Adam(self.generator.parameters(), 0.01), Adam(self.critic.parameters(), 0.01)
        self.parts = {"generator": self.generator, "critic": self.critic, "g": self.g, "c": self.c}

    def turn(self, real, fail=None):
        if fail == "before":
            raise RuntimeError("before both")
        fake = self.generator(torch.randn(len(real), 3))
        self.c.zero_grad()
        (F.softplus(-self.critic(real)) + F.softplus(self.critic(fake.detach()))).mean().backward()
        self.c.step()
        if fail == "between":
            raise RuntimeError("between the two")
        self.g.zero_grad()
        loss = F.softplus(-self.critic(fake)).mean()
        loss.backward()
        self.g.step()
        return loss.item()

    def train(self, folder=None, steps=40, fail_at=None, fail=None, stop_at=None):
        checkpoints = folder and Checkpoints(folder, every_steps=7)
        run = Run(self.parts, REAL, steps=steps, batch_size=16, device="cpu", seed=5, checkpoints=checkpoints)
        for batch in run:
            run.record(self.turn(batch, fail if run.step == fail_at else None))
            if run.step == stop_at:
                run.stop()
        return run

    @property
    def weights(self):
        return torch.cat([weights(self.generator), weights(self.critic)])


def test_it_learns_where_the_points_are():
    gan = Gan()
    run = gan.train(steps=600)
    assert run.step == len(run.history.train_loss) == 600
    made = gan.generator(torch.randn(500, 3)).mean(0)
    assert (made - REAL.mean(0)).norm() < 0.7


@pytest.mark.parametrize("stop_at", [0, 3, 10, 21])
def test_stopped_and_begun_again_it_ends_with_the_same_bits(stop_at, tmp_path):
    whole = Gan()
    history = whole.train().history
    first = Gan().train(tmp_path, stop_at=stop_at)
    assert first.history.stopped == "stop"
    again = Gan()
    assert again.train(tmp_path).history == history
    assert torch.equal(again.weights, whole.weights)


def test_what_fails_before_any_moved_is_saved_and_what_fails_later_is_not(tmp_path):
    with pytest.raises(RuntimeError, match="before both"):
        Gan().train(tmp_path / "before", fail_at=10, fail="before")
    assert Checkpoints(tmp_path / "before").latest().step == 10
    with pytest.raises(RuntimeError, match="between the two"):
        Gan().train(tmp_path / "between", fail_at=10, fail="between")
    assert Checkpoints(tmp_path / "between").latest().step == 7
    again, whole = Gan(), Gan()
    again.train(tmp_path / "between")
    whole.train()
    assert torch.equal(again.weights, whole.weights)


def test_parts_that_cannot_be_saved_are_refused():
    with pytest.raises(TypeError, match=r"parts\['rate'\]: given float, expected something with state_dict"):
        Run({"rate": 0.1}, REAL, steps=1)
    with pytest.raises(TypeError, match="parts: given None, expected a dictionary"):
        Run(None, REAL, steps=1)
