"""A run that was ended anywhere and is started again by the same command ends as if nothing had happened."""

import copy
import functools
import os
import random
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset

from firstgrad.optim.rules import SGD, Momentum
from firstgrad.optim.schedules import cosine
from firstgrad.training import NonFiniteLossError, Trainer
from firstgrad.training.callbacks import Callback
from firstgrad.training.checkpoint import CheckpointError, Checkpoints, CorruptCheckpointWarning
from firstgrad.training.early_stopping import EarlyStopping

ROWS, WIDTH, CLASSES, BATCH = 50, 6, 3, 8  # 7 batches an epoch, the last of 2 rows


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


class Killed(BaseException):
    """As good as kill -9: nothing of the trainer runs any more."""


def killed(trainer):
    """End it here, without the rescue that an exception gets."""
    trainer.run.rescue = lambda error: None
    raise Killed


class KillAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, step, loss):
        if step == self.step:
            killed(trainer)


class StopAt(KillAt):
    def on_step(self, trainer, step, loss):
        if step == self.step:
            trainer.stop()


class Augmented(Dataset):
    """Rows that are never twice the same: it draws from all three global generators."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, row):
        noise = torch.rand(WIDTH) + np.random.rand() + random.random()  # noqa: NPY002
        return self.x[row] + 0.1 * noise, self.y[row]


class Stream(IterableDataset):
    def __init__(self, x, y):
        self.rows = list(zip(x, y, strict=True))

    def __iter__(self):
        return iter(self.rows)


def rows():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(ROWS, WIDTH, generator=generator)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0.5).long()


def seeded(seed):
    return torch.Generator().manual_seed(seed)


DATA = {
    "tensors": lambda x, y: (x, y),
    "a Dataset": lambda x, y: Augmented(x, y),
    "a DataLoader": lambda x, y: DataLoader(Augmented(x, y), BATCH, shuffle=True),
    "a DataLoader with a generator": lambda x, y: DataLoader(TensorDataset(x, y), BATCH, shuffle=True,
                                                            generator=seeded(5)),
    "a sampler with a generator": lambda x, y: DataLoader(
        TensorDataset(x, y), BATCH,
        sampler=RandomSampler(x, replacement=True, num_samples=45, generator=seeded(3))),
    "a stream": lambda x, y: DataLoader(Stream(x, y), BATCH),
}


def train(folder, *callbacks, data="tensors", every_steps=4, make=Momentum, settings=(),
          loss=F.cross_entropy, **limits):
    """The command that is run again and again. Returns: weights and buffers, History."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(WIDTH, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3),
                          nn.Linear(16, CLASSES))
    torch.seed()  # whatever else was drawn before must not matter
    trainer = Trainer(model, loss, make(model.parameters(), 0.1), device="cpu", callbacks=callbacks,
                      **{"seed": 4, "schedule": cosine(40, 5), **dict(settings)})
    checkpoints = folder and Checkpoints(folder, every_steps=every_steps)
    history = trainer.fit(DATA[data](*rows()), rows(), batch_size=BATCH, checkpoints=checkpoints,
                          **(limits or {"epochs": 3}))
    return torch.cat([tensor.flatten().double() for tensor in model.state_dict().values()]), history


def same(one, other):
    return torch.equal(one[0], other[0]) and one[1] == other[1]


# --- killed, stopped, and run again ---


@pytest.mark.parametrize("data", DATA)
def test_a_run_killed_again_and_again_ends_as_if_it_never_was(data, tmp_path):
    whole = train(None, data=data)
    assert len(whole[1].steps) == (18 if "sampler" in data else 21)
    for step in (2, 5, 6, 7, 9, 13, 14):  # before the first checkpoint, in and between epochs
        with pytest.raises(Killed):
            train(tmp_path, KillAt(step), data=data)
    assert same(train(tmp_path, data=data), whole)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("step", [0, 3, 6, 7, 17, 20])  # 6, 20: a validation is due
def test_a_run_that_was_stopped_goes_on_from_that_very_step(data, step, tmp_path):
    whole = train(None, data=data)
    _, history = train(tmp_path, StopAt(step), data=data, every_steps=10**6)
    assert history.stopped == ("stop" if step < len(whole[1].steps) else None)
    assert len(history.steps) == min(step + 1, len(whole[1].steps))
    assert same(train(tmp_path, data=data, every_steps=10**6), whole)


@pytest.mark.parametrize("settings", [{"accumulate": 3}, {"precision": "bf16"}, {"precision": "fp16"},
                                      {"clip_norm": 0.5, "schedule": None}], ids=str)
@pytest.mark.parametrize("make", [torch.optim.Adam, SGD])
def test_whatever_the_trainer_is_set_to(settings, make, tmp_path):
    whole = train(None, make=make, settings=settings)
    for step in (1, 3, 5):
        with pytest.raises(Killed):
            train(tmp_path, KillAt(step), every_steps=2, make=make, settings=settings)
    assert same(train(tmp_path, every_steps=2, make=make, settings=settings), whole)


@pytest.mark.slow
@pytest.mark.parametrize("step", [5, 11])
def test_the_workers_of_a_loader_draw_the_same_again(step, tmp_path, monkeypatch):
    monkeypatch.setitem(DATA, "workers", lambda x, y: DataLoader(Augmented(x, y), BATCH, shuffle=True,
                                                                 num_workers=2))
    whole = train(None, data="workers", epochs=2)
    with pytest.raises(Killed):
        train(tmp_path, KillAt(step), data="workers", epochs=2)
    assert same(train(tmp_path, data="workers", epochs=2), whole)


OTHERS = {  # what is not as when the run was begun -> (how it is now, what is said)
    "rate": ({"make": lambda parameters, rate: Momentum(parameters, 9 * rate)},
             r"learning_rate: given \[0.9.*\], but the run .* was begun with \[0.1\]"),
    "momentum": ({"make": lambda parameters, rate: Momentum(parameters, rate, momentum=0.5)},
                 "optimizer: given"),
    "seed": ({"settings": {"seed": 5}}, "seed: given 5, but the run .* was begun with 4"),
    "clipping": ({"settings": {"clip_norm": 2.0}}, "clip_norm: given 2.0, but .* begun with None"),
    "accumulation": ({"settings": {"accumulate": 2}}, "accumulate: given 2, but .* begun with 1"),
    "data of the same size": ({"data": "other rows"}, "train: given '50 rows, checksum .*' but|train: given"),
    "loss": ({"loss": functools.partial(F.cross_entropy, label_smoothing=0.1)},
             r"loss: given 'cross_entropy\(label_smoothing=0.1\)', but .* begun with 'cross_entropy'"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_used_folder_is_refused_where_something_is_another(what, tmp_path, monkeypatch):
    monkeypatch.setitem(DATA, "other rows", lambda x, y: (x + 1, y))
    train(tmp_path, steps=10)
    before = Checkpoints(tmp_path).latest().step
    given, says = OTHERS[what]
    with pytest.raises(ValueError, match=says):
        train(tmp_path, steps=20, **given)
    assert Checkpoints(tmp_path).latest().step == before


def test_it_says_that_nothing_is_left_to_do(tmp_path, capsys):
    train(tmp_path, steps=10)
    train(tmp_path, steps=10)
    assert f"nothing is left to do: the run in {tmp_path} has ended after step 10" in capsys.readouterr().err


def test_steps_count_the_whole_run_and_a_longer_one_goes_on(tmp_path):
    assert len(train(tmp_path, steps=10)[1].steps) == 10
    finished = train(tmp_path, steps=10)
    assert len(finished[1].steps) == 10  # nothing was left to do
    parameters, history = train(tmp_path, steps=17)
    whole = train(None, steps=17)
    assert history.steps == whole[1].steps
    assert history.train_loss == whole[1].train_loss
    assert torch.equal(parameters, whole[0])
    assert [entry["step"] for entry in history.validation] == [7, 10, 14, 17]  # the first ended at step 10


def test_a_kill_in_the_last_validation_leaves_it_to_be_done(tmp_path):
    class InValidation(Callback):
        def on_epoch(self, trainer, epoch, metrics):
            if epoch == 3:
                killed(trainer)

    whole = train(None)
    with pytest.raises(Killed):
        train(tmp_path, InValidation(), every_steps=7)
    assert same(train(tmp_path, every_steps=7), whole)


def test_it_says_where_it_goes_on(tmp_path, capsys):
    train(tmp_path, StopAt(8))
    assert capsys.readouterr().err == ""
    train(tmp_path)
    assert capsys.readouterr().err == f"going on after step 9, from {tmp_path / 'step-00000009'}\n"


def test_the_validation_changes_nothing_of_the_training(tmp_path):
    model = nn.Sequential(nn.Linear(WIDTH, CLASSES), nn.Dropout(0.5))
    losses = []
    for validation in (None, DataLoader(TensorDataset(*rows()), 10, shuffle=True)):
        twin = copy.deepcopy(model)
        trainer = Trainer(twin, F.cross_entropy, SGD(twin.parameters(), 0.1), device="cpu")
        losses.append(trainer.fit(DATA["a Dataset"](*rows()), validation, epochs=3).train_loss)
    assert losses[0] == losses[1]


def test_the_scale_of_the_loss_goes_on_too(tmp_path):
    def trainer():
        torch.manual_seed(0)
        model = nn.Linear(WIDTH, CLASSES)
        made = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.1), device="cpu", precision="fp16")
        made.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
        return made

    first, second = trainer(), trainer()
    first.fit(rows(), steps=3, checkpoints=tmp_path)
    assert first.scaler.get_scale() == 2.0**37  # halved at every step that overflowed
    second.fit(rows(), steps=4, checkpoints=tmp_path)
    assert second.scaler.get_scale() == 2.0**36


# --- without files ---


@pytest.mark.parametrize("data", DATA)
def test_the_state_of_a_trainer_and_its_model_is_all_it_takes(data):
    class Copy(Callback):
        def on_step(self, trainer, step, loss):
            if step == 9:
                self.state, self.weights = copy.deepcopy((trainer.state_dict(), trainer.model.state_dict()))

    def trainer_of(model, *callbacks):
        return Trainer(model, F.cross_entropy, torch.optim.Adam(model.parameters(), 0.01), device="cpu",
                       callbacks=callbacks)

    def fit(trainer):
        return trainer.fit(DATA[data](*rows()), rows(), epochs=2, batch_size=BATCH)

    copied, model = Copy(), nn.Sequential(nn.Linear(WIDTH, CLASSES), nn.Dropout(0.5))
    history = fit(trainer_of(model, copied))
    twin = nn.Sequential(nn.Linear(WIDTH, CLASSES), nn.Dropout(0.5))
    twin.load_state_dict(copied.weights)
    other = trainer_of(twin)
    other.load_state_dict(copied.state)
    assert other.step == 10
    assert fit(other) == history
    assert all(map(torch.equal, model.parameters(), twin.parameters()))
    assert len(fit(other).steps) == len(history.steps)  # the next run is one of its own
    assert other.step == 2 * len(history.steps)


def test_a_validation_ends_within_a_batch_and_is_made_when_the_run_goes_on(tmp_path):
    def fit(stops):
        evaluated = []

        def loss(outputs, targets):
            if not torch.is_grad_enabled():
                evaluated.append(len(targets))
                if stops and len(targets) == 10:
                    trainer.stop()
            return F.cross_entropy(outputs, targets)

        torch.manual_seed(0)
        model = nn.Linear(WIDTH, CLASSES)
        trainer = Trainer(model, loss, SGD(model.parameters(), 0.1), device="cpu")
        validation = DataLoader(TensorDataset(*rows()), 10)
        return trainer.fit(rows(), validation, epochs=1, checkpoints=tmp_path), evaluated

    history, evaluated = fit(stops=True)
    assert evaluated.count(10) == 1
    assert history.stopped == "stop"
    assert history.validation == []
    history, evaluated = fit(stops=False)
    assert evaluated.count(10) == 5
    assert len(history.validation) == 1
    assert len(history.steps) == 1


# --- early stopping ---


def test_patience_ends_a_run_and_the_same_command_does_not_go_on(tmp_path):
    def fit(patience):
        model = nn.Linear(WIDTH, CLASSES)
        trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 1e-9), device="cpu",
                          schedule=lambda step: 0)  # so that nothing ever gets better
        return trainer.fit(rows(), rows(), epochs=20, early_stopping=patience, checkpoints=tmp_path)

    first = fit(3)
    assert first.stopped == "early stopping"
    assert len(first.validation) == 4  # the first, and three that were not better
    assert fit(3) == first
    assert len(fit(5).validation) == 6


@pytest.mark.parametrize(("losses", "patience", "expected"), [
    ([3, 2, 1], 1, False), ([3, 2, 2], 1, True), ([3, 1, 2], 2, False), ([3, 1, 2, 2], 2, True),
    ([1], 1, False), ([], 1, False), ([3, 1, 2, 0.5], 2, False), ([2, 1, 3, 4, 5], None, False),
    ([float("nan"), 1], 1, False), ([1, float("nan"), float("nan")], 2, True),
])
def test_patience_counts_validations_without_a_smaller_loss(losses, patience, expected):
    validation = [{"loss": loss} for loss in losses]
    early_stopping = EarlyStopping.of(patience)
    assert bool(early_stopping and early_stopping.gives_up(validation)) == expected


# --- the best, the corrupt, the not finite ---


def test_the_best_by_validation_is_kept(tmp_path):
    model = nn.Linear(WIDTH, CLASSES)
    trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.5), device="cpu",
                      schedule=lambda step: 0.0 if step >= 3 else 1.0)
    checkpoints = Checkpoints(tmp_path, every_steps=10**6, keep=1, best="loss")
    history = trainer.fit(rows(), rows(), epochs=6, batch_size=ROWS, checkpoints=checkpoints)
    best = min(history.validation, key=lambda entry: entry["loss"])
    kept = checkpoints.best()
    assert kept.step == best["step"] == 3
    assert kept.metrics["loss"] == best["loss"]
    assert checkpoints.latest().step == 6


def test_a_corrupt_checkpoint_costs_some_steps_only(tmp_path):
    whole = train(None)
    with pytest.raises(Killed):
        train(tmp_path, KillAt(13))
    newest = Checkpoints(tmp_path).paths()[-1] / "state.pt"
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.warns(CorruptCheckpointWarning, match="step-00000012"):
        again = train(tmp_path)
    assert same(again, whole)


@pytest.mark.parametrize("bad_step", [6, 11])
def test_a_loss_that_is_not_finite_leaves_the_last_good_checkpoint(bad_step, tmp_path):
    calls = iter(range(10**6))

    def loss(outputs, targets):
        spoilt = torch.is_grad_enabled() and next(calls) == bad_step
        return F.cross_entropy(outputs, targets) * (float("nan") if spoilt else 1)

    model = nn.Linear(WIDTH, CLASSES)
    trainer = Trainer(model, loss, SGD(model.parameters(), 0.1), device="cpu")
    checkpoints = Checkpoints(tmp_path, every_steps=4)
    with pytest.raises(NonFiniteLossError, match=f"step {bad_step}"):
        trainer.fit(rows(), steps=20, checkpoints=checkpoints)
    assert checkpoints.latest().step == bad_step // 4 * 4


# --- what does not fit together ---


def test_another_model_optimiser_or_batch_size_is_refused_and_nothing_changes(tmp_path):
    def attempt(model, make=Momentum, batch_size=10):
        before = copy.deepcopy(model.state_dict())
        trainer = Trainer(model, F.cross_entropy, make(model.parameters(), 0.1), device="cpu")
        try:
            trainer.fit(rows(), epochs=1, batch_size=batch_size, checkpoints=tmp_path)
        finally:
            unchanged = all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
        assert trainer.step == 5
        return unchanged

    attempt(nn.Linear(WIDTH, CLASSES))
    other = nn.Linear(WIDTH, CLASSES)
    before = copy.deepcopy(other.state_dict())
    with pytest.raises(ValueError, match=r"batch_size: given 5, but the run .* was begun with 10"):
        attempt(other, batch_size=5)
    with pytest.raises(CheckpointError, match="optimizer: the checkpoint has Momentum over groups of 2"):
        attempt(other, make=SGD)
    with pytest.raises(CheckpointError, match=r"0.weight: the checkpoint has nothing, the model float32"):
        attempt(nn.Sequential(nn.Linear(WIDTH, CLASSES)))
    with pytest.raises(CheckpointError, match="weight: the checkpoint has float32"):
        attempt(nn.Linear(WIDTH, CLASSES + 1))
    with pytest.raises(CheckpointError, match=r"bias: the checkpoint has float32 \(3,\), the model nothing"):
        attempt(nn.Linear(WIDTH, CLASSES, bias=False))
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_two_trainers_on_one_folder_are_one_too_many(tmp_path):
    with Checkpoints(tmp_path).lock(), pytest.raises(CheckpointError, match="is writing to it"):
        train(tmp_path)
    train(tmp_path)


# --- signals ---

COMMAND = textwrap.dedent("""
    import signal, sys, time, torch
    from torch.nn import functional as F
    from firstgrad.optim import Momentum
    from firstgrad.training import Trainer

    class Told:
        def on_step(self, trainer, step, loss):
            if step == 2:
                print("running", flush=True)
            time.sleep(float(sys.argv[3]))

        def on_end(self, trainer):
            print("over, not flushed")

    def slow(outputs, targets):
        if not torch.is_grad_enabled() and len(targets) == 10:
            print("validating", flush=True)
            time.sleep(0.05)
        return F.cross_entropy(outputs, targets)

    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    x = torch.randn(40, 4)
    trainer = Trainer(model, slow, Momentum(model.parameters(), 0.1), device="cpu", callbacks=[Told()])
    validation = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, (x[:, 0] > 0).long()), 10)
    {before}
    history = trainer.fit((x, (x[:, 0] > 0).long()), validation, epochs=int(sys.argv[2]), batch_size=8,
                          checkpoints=sys.argv[1])
    print(trainer.step, history.stopped)
""")


def run(folder, epochs=10**6, pause=0.01, before=""):
    code = COMMAND.replace("{before}", before)
    command = [sys.executable, "-c", code, str(folder), str(epochs), str(pause)]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=buffered)


def wait_for(process, word):
    for line in process.stdout:
        if line.strip() == word:
            return
    pytest.fail(f"it ended without {word!r}: {process.stderr.read()}")


@pytest.mark.parametrize("moment", ["running", "validating"])
def test_sigterm_saves_and_ends_the_process_as_the_shell_expects(moment, tmp_path):
    process = run(tmp_path)
    wait_for(process, moment)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)  # as schedulers do
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, err  # 143 in a shell
    assert out.endswith("over, not flushed\n")
    assert Checkpoints(tmp_path).latest().step > 0


def test_the_callers_own_handler_is_called_when_all_is_saved(tmp_path):
    handler = "signal.signal(signal.SIGTERM, lambda *_: print('mine', len(trainer.run.checkpoints.paths())))"
    process = run(tmp_path, before=handler)
    wait_for(process, "running")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.splitlines()[-2] == "mine 1"
    assert out.endswith("SIGTERM\n")


def test_a_signal_that_was_ignored_stays_ignored(tmp_path):
    process = run(tmp_path, epochs=6, before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    wait_for(process, "running")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.endswith("30 None\n")
