"""A GAN: two models and two optimisers, by Run alone."""

import pytest
import torch
from contracts import weights
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from firstgrad.optim import Adam
from firstgrad.training import Checkpoints, History, Run

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


def begun(folder, rate=0.01, steps=5, schedule=None, **more):
    """A Run of one model, gone through."""
    model = nn.Linear(2, 1)
    optimizer = Adam(model.parameters(), rate, **more)
    parts = {"model": model, "optimizer": optimizer}
    if schedule:
        parts["schedule"] = schedule(optimizer)
    run = Run(parts, REAL, steps=steps, batch_size=16, device="cpu", checkpoints=folder)
    for batch in run:
        optimizer.zero_grad()
        loss = model(batch).square().mean()
        loss.backward()
        optimizer.step()
        if schedule:
            parts["schedule"].step()
        run.record(loss.item())
    return run


@pytest.mark.parametrize(("given", "says"), [
    ({"rate": 0.02}, r"parts\['optimizer'\], lr: given \[0.02\], but the run .* was begun with \[0.01\]"),
    ({"beta1": 0.5}, r"parts\['optimizer'\], .*: given"),
])
def test_a_run_in_a_used_folder_is_refused_where_an_optimiser_was_made_otherwise(given, says, tmp_path):
    begun(tmp_path)
    with pytest.raises(ValueError, match=says):
        begun(tmp_path, steps=9, **given)
    assert begun(tmp_path, steps=9).step == 9


@pytest.mark.parametrize("schedule", [
    lambda o: OneCycleLR(o, 0.2, total_steps=30), lambda o: LambdaLR(o, lambda step: 0.9**step),
], ids=["OneCycleLR", "LambdaLR"])
def test_what_a_schedule_has_changed_on_the_way_is_no_other_setting(schedule, tmp_path):
    whole = begun(None, steps=9, schedule=schedule).history
    begun(tmp_path, schedule=schedule)
    assert len(begun(tmp_path, steps=9, schedule=schedule).history.train_loss) == len(whole.train_loss)
    with pytest.raises(ValueError, match=r"parts\['optimizer'\], initial_lr: given \[0.03\]"):
        begun(tmp_path, 0.03, steps=12, schedule=lambda o: LambdaLR(o, lambda step: 1.0))


def test_a_loss_that_was_recorded_in_a_turn_that_failed_is_not_in_the_history(tmp_path):
    def train(fails):
        gan = Gan()
        run = Run(gan.parts, REAL, steps=10, batch_size=16, device="cpu", checkpoints=tmp_path)
        for batch in run:
            run.record(1.0 + run.step, size=2.0)
            if fails and run.step == 4:
                raise RuntimeError
            gan.turn(batch)
        return run.history

    with pytest.raises(RuntimeError):
        train(fails=True)
    assert len(History.of_state(Checkpoints(tmp_path).latest().state["run"]["history"]).train_loss) == 4
    history = train(fails=False)
    assert history.train_loss == [1.0 + step for step in range(10)]
    assert history.numbers == {"size": [2.0] * 10}


def test_what_was_saved_at_a_break_is_said(tmp_path, capsys):
    gan = Gan()
    run = Run(gan.parts, REAL, steps=10, batch_size=16, device="cpu", checkpoints=tmp_path)
    for batch in run:
        if run.step == 3:
            break
        gan.turn(batch)
    assert capsys.readouterr().err == f"Saved after step 3: the same call goes on from {tmp_path}\n"
    assert Checkpoints(tmp_path).latest().step == 3
    again = Run(gan.parts, REAL, steps=10, batch_size=16, device="cpu", checkpoints=tmp_path)
    for batch in again:
        gan.turn(batch)
        if again.step == 5:
            break
    said = capsys.readouterr().err
    assert "Not saved, for an optimizer had begun step 6: the same call goes on from the last" in said


def test_parts_that_cannot_be_saved_are_refused():
    with pytest.raises(TypeError, match=r"parts\['rate'\]: given float, expected something with state_dict"):
        Run({"rate": 0.1}, REAL, steps=1)
    with pytest.raises(TypeError, match="parts: given None, expected a dictionary"):
        Run(None, REAL, steps=1)
