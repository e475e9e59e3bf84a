"""Whatever ends a training, its parameters are saved; whatever could not be saved is found before step 1.

The situations are those of public reports against other trainers (FINDINGS of the project, section A).
"""

import errno
import fcntl
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, RandomSampler, Sampler, TensorDataset

from firstgrad.optim import SGD, Momentum
from firstgrad.training import Callback, CheckpointError, Checkpoints, EarlyStopping, Trainer
from firstgrad.training.checks import Check
from firstgrad.training.fingerprints import alike, fingerprint
from firstgrad.training.inputs import batches

torch.manual_seed(0)
X = torch.randn(40, 4)
Y = (X[:, 0] > 0).long()


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def trainer_of(model=None, **settings):
    model = model or network()
    settings = {"loss": F.cross_entropy, "device": "cpu", "optimizer": Momentum(model.parameters(), 0.1),
                **settings}
    return Trainer(model, **settings)


def weights(model):
    return torch.cat([tensor.detach().flatten() for tensor in model.parameters()])


def equal(checkpoint, model):
    return all(torch.equal(checkpoint.weights[name], tensor) for name, tensor in model.state_dict().items())


# --- exceptions ---


class FailAt(Callback):
    def __init__(self, step, error=RuntimeError):
        self.step, self.error = step, error

    def on_step(self, trainer, step, loss):
        if step == self.step:
            raise self.error("of a callback")


@pytest.mark.parametrize("error", [RuntimeError, KeyError, MemoryError, KeyboardInterrupt, SystemExit])
def test_a_callback_that_fails_loses_no_step(error, tmp_path):
    trainer = trainer_of(callbacks=[FailAt(6, error)])
    with pytest.raises(error) as raised:
        trainer.fit((X, Y), steps=20, batch_size=8, checkpoints=tmp_path)
    saved = Checkpoints(tmp_path).latest()
    assert saved.step == 7
    assert equal(saved, trainer.model)
    assert f"Saved after step 7: the same call goes on from {tmp_path}" in raised.value.__notes__


def test_a_validation_that_runs_out_of_memory_loses_no_step(tmp_path):
    class Large(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network()

        def forward(self, x):
            if not self.training and len(x) == 8 and trainer.run and trainer.run.step:
                raise torch.OutOfMemoryError("out of memory")
            return self.inner(x)

    trainer = trainer_of(Large())
    with pytest.raises(torch.OutOfMemoryError):
        trainer.fit((X, Y), (X, Y), epochs=3, batch_size=8, checkpoints=tmp_path)
    assert Checkpoints(tmp_path).latest().step == 5
    assert equal(Checkpoints(tmp_path).latest(), trainer.model)


def test_an_optimiser_that_fails_in_the_middle_leaves_the_checkpoint_before(tmp_path):
    class Torn(SGD):
        def step(self, closure=None):
            if trainer.step == 5:
                with torch.no_grad():
                    self.param_groups[0]["params"][0].add_(1)
                raise RuntimeError("half of it moved")
            return super().step(closure)

    model = network()
    trainer = trainer_of(model, optimizer=Torn(model.parameters(), 0.1))
    with pytest.raises(RuntimeError, match="half of it") as raised:
        trainer.fit((X, Y), steps=20, batch_size=8, checkpoints=Checkpoints(tmp_path, every_steps=2))
    assert Checkpoints(tmp_path).latest().step == 4
    assert raised.value.__notes__ == ["Not saved, for an optimizer had begun step 6: the same call goes on "
                                      f"from the last checkpoint in {tmp_path}"]


def test_a_disk_that_is_full_in_the_rescue_does_not_hide_the_error(tmp_path, monkeypatch):
    def full(*arguments):
        raise CheckpointError("the disk is full")

    checkpoints = Checkpoints(tmp_path)
    monkeypatch.setattr(checkpoints, "save", full)
    with pytest.raises(RuntimeError, match="of a callback") as raised:
        trainer_of(callbacks=[FailAt(2)]).fit((X, Y), steps=9, checkpoints=checkpoints)
    assert raised.value.__notes__ == ["Nor could step 3 be saved: the disk is full"]


def test_what_was_rescued_goes_on_as_if_nothing_had_happened(tmp_path):
    whole, ended, again = trainer_of(), trainer_of(callbacks=[FailAt(6)]), trainer_of()
    history = whole.fit((X, Y), epochs=4, batch_size=8)
    with pytest.raises(RuntimeError):
        ended.fit((X, Y), epochs=4, batch_size=8, checkpoints=tmp_path)
    assert again.fit((X, Y), epochs=4, batch_size=8, checkpoints=tmp_path) == history
    assert torch.equal(weights(again.model), weights(whole.model))


# --- signals, and workers that die of them ---

WORKERS = textwrap.dedent("""
    import os, signal, sys, time, torch
    from torch.nn import functional as F
    from torch.utils.data import DataLoader, Dataset
    from firstgrad.optim import SGD
    from firstgrad.training import Trainer

    class Rows(Dataset):
        def __len__(self): return 4000
        def __getitem__(self, row):
            time.sleep(0.002)
            return torch.randn(4), row % 2

    class Told:
        def on_step(self, trainer, step, loss):
            if step == 3:
                print("running", trainer.run.train.loader._iterator is not None, flush=True)
                if sys.argv[3] == "worker":
                    os.kill(int(open(sys.argv[1] + ".worker").read()), signal.SIGKILL)

    def note(number):
        open(sys.argv[1] + ".worker", "w").write(str(os.getpid()))

    if __name__ == "__main__":
        model = torch.nn.Linear(4, 2)
        loader = DataLoader(Rows(), 8, num_workers=2, multiprocessing_context=sys.argv[2],
                            worker_init_fn=note, persistent_workers=True)
        trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.1), device="cpu",
                          callbacks=[Told()])
        try:
            print(trainer.fit(loader, epochs=99, checkpoints=sys.argv[1]).stopped)
        except RuntimeError as error:
            print("raised", *error.__notes__)
""")


@pytest.mark.slow
@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_ends_it_as_promised(context, number, tmp_path):
    (tmp_path / "train.py").write_text(WORKERS)
    process = subprocess.Popen([sys.executable, tmp_path / "train.py", tmp_path / "run", context, "signal"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    assert process.stdout.readline().startswith("running")
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert Checkpoints(tmp_path / "run").latest().step >= 4, err
    if number == signal.SIGTERM:
        assert process.returncode == -signal.SIGTERM, err
    else:
        assert out == "Ctrl-C\n", err


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_no_step(tmp_path):
    (tmp_path / "train.py").write_text(WORKERS)
    done = subprocess.run([sys.executable, tmp_path / "train.py", tmp_path / "run", "fork", "worker"],
                          capture_output=True, text=True, timeout=60, check=False)
    step = Checkpoints(tmp_path / "run").latest().step
    assert step >= 4, done.stderr
    assert f"raised Saved after step {step}" in done.stdout


def test_a_second_ctrl_c_waits_until_the_parameters_are_whole(tmp_path):
    class Slow(SGD):
        def step(self, closure=None):
            if trainer.step == 5:
                for _ in range(2):
                    signal.raise_signal(signal.SIGINT)
                    for _ in range(1000):  # Python handles a signal some instructions later
                        pass
            return super().step(closure)

    model = network()
    trainer = trainer_of(model, optimizer=Slow(model.parameters(), 0.1))
    with pytest.raises(KeyboardInterrupt):
        trainer.fit((X, Y), steps=20, batch_size=8, checkpoints=tmp_path)
    saved = Checkpoints(tmp_path).latest()
    assert saved.step == 6
    assert equal(saved, model)


# --- what cannot be saved ---


@pytest.mark.parametrize("schedule", [lambda step: np.cos(step / 100), lambda step: np.float32(0.5),
                                      lambda step: np.logspace(0, -1, 50)[step]])
def test_numpys_numbers_are_taken_and_saved(schedule, tmp_path):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=np.float64(0.1), momentum=np.float32(0.5))
    trainer = trainer_of(model, optimizer=optimizer, schedule=schedule)
    trainer.fit((X, Y), steps=np.int64(7), batch_size=np.int64(20), checkpoints=tmp_path)
    assert Checkpoints(tmp_path).latest().step == 7


class Remembers(nn.Linear):
    """As a normaliser that was fitted: what it knows is no tensor."""

    def get_extra_state(self):
        return {"words": ["a", "b"], "mean": np.float64(0.5)}

    def set_extra_state(self, state):
        self.found = state


def test_the_extra_state_of_modules_is_saved(tmp_path):
    for steps in (3, 6):
        model = nn.Sequential(Remembers(4, 2))
        trainer_of(model).fit((X, Y), steps=steps, checkpoints=tmp_path)
    assert model[0].found == {"words": ["a", "b"], "mean": 0.5}


def test_a_state_that_cannot_be_saved_is_found_before_the_first_step(tmp_path):
    class Odd(Callback):
        def state_dict(self):
            return {"lock": threading.Lock()}

        def load_state_dict(self, state):
            pass

        def on_step(self, trainer, step, loss):
            pytest.fail("a step was made")

    model = network()
    before = weights(model)
    with pytest.raises(TypeError, match=r"\['callbacks'\]\['0'\]\['lock'\]: given lock"):
        trainer_of(model, callbacks=[Odd()]).fit((X, Y), steps=3, checkpoints=tmp_path)
    assert torch.equal(weights(model), before)


def test_a_file_system_that_cannot_wait_for_folders_is_said_and_done_without(tmp_path, monkeypatch):
    sync = os.fsync

    def refuses_folders(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuses_folders)
    with pytest.warns(UserWarning, match="this file system cannot wait for a folder"):
        trainer_of().fit((X, Y), steps=3, checkpoints=tmp_path / "run")
    assert Checkpoints(tmp_path / "run").latest().step == 3


def test_a_file_system_without_locks_is_said_and_done_without(tmp_path, monkeypatch):
    def none(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.warns(UserWarning, match="this file system has no locks"):
        trainer_of().fit((X, Y), steps=3, checkpoints=tmp_path)
    assert Checkpoints(tmp_path).latest().step == 3


# --- state that a resumed run needs ---


class ByEpoch(Sampler):
    """Orders rows by the number of the epoch, as distributed samplers do."""

    epoch = 0

    def __len__(self):
        return 40

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        return iter(torch.randperm(40, generator=torch.Generator().manual_seed(self.epoch)).tolist())


class Noisy(Dataset):
    """Draws from a generator of its own, under a name of its own."""

    def __init__(self, kind):
        self.draws = {"numpy": np.random.default_rng, "old numpy": np.random.RandomState}[kind](7)

    def __len__(self):
        return 40

    def __getitem__(self, row):
        return X[row] + float(self.draws.uniform()), Y[row]


class Curriculum(Dataset):
    """Counts what was read, and has a state."""

    def __init__(self):
        self.read = 0

    def __len__(self):
        return 40

    def __getitem__(self, row):
        self.read += 1
        return X[row] * (1 + self.read / 100), Y[row]

    def state_dict(self):
        return {"read": self.read}

    def load_state_dict(self, state):
        self.read = state["read"]


class Average(Callback):
    """An exponential moving average of the weights."""

    def __init__(self):
        self.values = torch.zeros(10)

    def on_step(self, trainer, step, loss):
        self.values = 0.9 * self.values + 0.1 * weights(trainer.model)[:10]


class SavedAverage(Average):
    def state_dict(self):
        return {"values": self.values}

    def load_state_dict(self, state):
        self.values = state["values"]


DATA = {
    "a sampler that knows its epoch": lambda: DataLoader(TensorDataset(X, Y), 8, sampler=ByEpoch()),
    "a data set with a generator": lambda: DataLoader(Noisy("numpy"), 8),
    "a data set with an old generator": lambda: DataLoader(Noisy("old numpy"), 8),
    "a data set with a state": lambda: DataLoader(Curriculum(), 8),
    "a data set with a generator, no loader": lambda: Noisy("numpy"),
}


@pytest.mark.parametrize("at", [9, 12])  # at the end of an epoch, and within one
@pytest.mark.parametrize("data", DATA)
def test_data_with_a_state_of_their_own_go_on_with_it(data, at, tmp_path):
    whole, again = trainer_of(), trainer_of()
    history = whole.fit(DATA[data](), epochs=4, batch_size=8)
    with pytest.raises(RuntimeError):
        trainer_of(callbacks=[FailAt(at)]).fit(DATA[data](), epochs=4, batch_size=8, checkpoints=tmp_path)
    assert again.fit(DATA[data](), epochs=4, batch_size=8, checkpoints=tmp_path) == history
    assert torch.equal(weights(again.model), weights(whole.model))


class Crops(Dataset):
    """Random rows: of the global generators, of one of its own, or of one that nobody finds."""

    def __init__(self, kind, shift=0.0):
        self.kind, self.shift = kind, shift
        self.own, self.hidden = np.random.default_rng(3), [random.Random(5)]

    def __len__(self):
        return 40

    def __getitem__(self, row):
        noise = {"fixed": lambda: 0.0, "torch": lambda: torch.rand(()).item(), "own": self.own.normal,
                 "numpy": np.random.normal, "hidden": self.hidden[0].random,
                 "flips": lambda: float(torch.rand(()) < 0.5)}[self.kind]()
        return X[row] + self.shift + noise, Y[row]


@pytest.mark.parametrize("form", ["a Dataset", "a DataLoader"])
@pytest.mark.parametrize("kind", ["fixed", "torch", "own", "numpy", "hidden", "flips"])
def test_another_data_set_of_that_class_and_length_is_refused_if_its_rows_can_be_told(kind, form, tmp_path):
    def fit(steps, shift=0.0):
        data = Crops(kind, shift)
        trainer_of().fit(data if form == "a Dataset" else DataLoader(data, 8), steps=steps, batch_size=8,
                         checkpoints=tmp_path)

    fit(3)
    fit(6)  # random or not, it goes on
    if kind == "fixed":
        with pytest.raises(ValueError, match=r"train: given 'Crops of 40 rows, checksum \w+', but the run"):
            fit(9, shift=1.0)
    else:
        fit(9, shift=1.0)  # nobody can know


@pytest.mark.parametrize(("given", "begun", "same"), [
    ("A of 9 rows, checksum 1", "A of 9 rows, checksum 1", True),
    ("A of 9 rows, checksum 1", "A of 9 rows, checksum 2", False),
    ("A of 9 rows, checksum 1", "A of 9 rows", True), ("A of 9 rows", "A of 9 rows, checksum 1", True),
    ("A of 9 rows", "B of 9 rows, checksum 1", False), ("A of 9 rows", None, False)])
def test_data_of_which_one_has_no_checksum_are_told_by_the_rest(given, begun, same):
    assert alike(given, begun) is same


@pytest.mark.parametrize("kind", ["fixed", "torch", "own", "numpy"])
def test_to_look_at_a_few_rows_moves_nothing(kind, tmp_path):
    histories = [trainer_of().fit(Crops(kind), epochs=2, batch_size=8, checkpoints=folder)
                 for folder in (None, tmp_path)]
    assert histories[0] == histories[1]


def test_rows_that_fail_here_are_no_error_and_workers_read_their_own(tmp_path):
    class Far(Crops):
        def __getitem__(self, row):
            if self.closed:
                raise RuntimeError("it is not open here")
            return super().__getitem__(row)

    data = Far("fixed")
    data.closed = True
    made = batches("train", data, 8, torch.device("cpu"), Check())
    assert fingerprint(made).endswith(".Far of 40 rows")
    loader = DataLoader(Crops("fixed"), 8, num_workers=1)
    assert fingerprint(batches("train", loader, 8, torch.device("cpu"), Check())) == "Crops of 40 rows"


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("at", [9, 12])  # at the end of an epoch, and within one
def test_the_validations_own_generator_goes_on_too(at, share, tmp_path):
    def fit(*callbacks, checkpoints=None):
        own = torch.Generator().manual_seed(3)
        train = DataLoader(TensorDataset(X, Y), 8, shuffle=True, generator=own if share else None)
        sampler = RandomSampler(X, replacement=True, num_samples=16, generator=own)
        held = DataLoader(TensorDataset(X, Y), 8, sampler=sampler)
        trainer = trainer_of(callbacks=callbacks)
        return trainer.fit(train, held, epochs=4, checkpoints=checkpoints)

    whole = fit()
    assert len({entry["loss"] for entry in whole.validation}) == 4
    with pytest.raises(RuntimeError):
        fit(FailAt(at), checkpoints=tmp_path)
    assert fit(checkpoints=tmp_path) == whole


def test_a_run_goes_on_with_other_validation_data(tmp_path):
    held = DataLoader(TensorDataset(X, Y), 8, shuffle=True, generator=torch.Generator())
    trainer_of().fit((X, Y), held, steps=3, checkpoints=tmp_path)
    for steps, validation in ((6, (X, Y)), (9, None), (12, held)):
        trainer_of().fit((X, Y), validation, steps=steps, checkpoints=tmp_path)
    assert Checkpoints(tmp_path).latest().step == 12


SCHEDULERS = {
    "OneCycleLR": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.2, total_steps=30),
    "CosineAnnealingLR": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20),
    "LambdaLR": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda step: 0.9**step),
    "ReduceLROnPlateau": lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=10.0),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_torchs_schedulers_are_taken_and_go_on(name, tmp_path):
    def make(*callbacks):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
        return trainer_of(model, optimizer=optimizer, schedule=SCHEDULERS[name](optimizer),
                          callbacks=callbacks)

    whole, again = make(), make()
    history = whole.fit((X, Y), (X, Y), epochs=4, batch_size=8)
    rate = whole.optimizer.param_groups[0]["lr"]
    assert rate != 0.1
    with pytest.raises(RuntimeError):
        make(FailAt(12)).fit((X, Y), (X, Y), epochs=4, batch_size=8, checkpoints=tmp_path)
    assert again.fit((X, Y), (X, Y), epochs=4, batch_size=8, checkpoints=tmp_path) == history
    assert torch.equal(weights(again.model), weights(whole.model))
    assert again.optimizer.param_groups[0]["lr"] == rate


def test_a_callbacks_state_is_saved_and_what_has_none_is_named(tmp_path):
    averages = [SavedAverage() for _ in range(3)]
    trainer_of(callbacks=[averages[0]]).fit((X, Y), epochs=4, batch_size=8)
    with pytest.raises(RuntimeError):
        trainer_of(callbacks=[averages[1], FailAt(12)]).fit((X, Y), epochs=4, batch_size=8,
                                                            checkpoints=tmp_path)
    trainer_of(callbacks=[averages[2]]).fit((X, Y), epochs=4, batch_size=8, checkpoints=tmp_path)
    assert torch.equal(averages[0].values, averages[2].values)
    with pytest.warns(UserWarning, match=r"callbacks\[0\]: Average.values is not saved, so a run that"):
        trainer_of(callbacks=[Average()]).fit((X, Y), steps=1, checkpoints=tmp_path / "other")


def test_early_stopping_remembers_the_best_over_an_interruption(tmp_path):
    early = EarlyStopping(3, restore_best=True)

    def make(*callbacks):
        return trainer_of(schedule=lambda step: 1.0 if step < 15 else -(-step // 15) * 3.0,
                          callbacks=callbacks)

    whole, again = make(), make()
    history = whole.fit((X, Y), (X, Y), epochs=30, batch_size=8, early_stopping=early)
    assert history.stopped == "early stopping"
    with pytest.raises(RuntimeError):
        make(FailAt(12)).fit((X, Y), (X, Y), epochs=30, batch_size=8, early_stopping=early,
                             checkpoints=tmp_path)
    assert again.fit((X, Y), (X, Y), epochs=30, batch_size=8, early_stopping=early,
                     checkpoints=tmp_path) == history
    assert torch.equal(weights(again.model), weights(whole.model))
    best = min(entry["loss"] for entry in history.validation)
    assert whole.evaluate((X, Y), 8)["loss"] == pytest.approx(best, rel=1e-6)


# --- lists and defaults that others freeze or assume ---


def test_parameters_that_a_callback_adds_are_trained_cleared_and_scheduled():
    class Unfreeze(Callback):
        def on_epoch(self, trainer, epoch, metrics):
            if len(trainer.optimizer.param_groups) == 1:
                trainer.optimizer.add_param_group({"params": list(model[3].parameters()), "lr": 0.05})

    model = network()
    before = weights(model[3])
    trainer = trainer_of(model, optimizer=torch.optim.SGD(model[0].parameters(), 0.1), clip_norm=1.0,
                         schedule=lambda step: 0.5, callbacks=[Unfreeze()])
    trainer.fit((X, Y), epochs=2, batch_size=40)
    first = weights(model[3])
    assert not torch.equal(first, before)
    assert trainer.optimizer.param_groups[1]["lr"] == 0.025
    gradient = model[3].weight.grad.clone()
    trainer.fit((X, Y), epochs=1, batch_size=40)
    assert model[3].weight.grad.norm() < 1.5 * gradient.norm()  # not the sum of two steps'


def test_a_part_that_is_frozen_in_evaluation_stays_so():
    modes = []
    model = nn.Sequential(nn.BatchNorm1d(4), network())
    model[0].eval()
    model[0].register_forward_hook(lambda *_: modes.append(model[0].training))
    before = model[0].running_mean.clone()
    trainer_of(model).fit((X, Y), (X, Y), epochs=3, batch_size=8)
    assert not any(modes)
    assert torch.equal(model[0].running_mean, before)
    assert not model[0].training
    assert model[1].training


def test_a_double_default_type_changes_nothing():
    torch.set_default_dtype(torch.float64)
    try:
        model = nn.Linear(4, 2)
        history = trainer_of(model, precision="fp32").fit((X.double(), Y), (X.double(), Y), epochs=2)
        single = nn.Linear(4, 2).float()
        trainer_of(single, clip_norm=1.0).fit((X.float(), Y), epochs=2)
    finally:
        torch.set_default_dtype(torch.float32)
    assert len(history.validation) == 2


def test_trainings_in_threads_are_warned_of():
    first, second = threading.Event(), threading.Event()

    class Waits(Callback):
        def on_step(self, trainer, step, loss):
            first.set()
            second.wait(10)

    thread = threading.Thread(target=lambda: trainer_of(callbacks=[Waits()]).fit((X, Y), steps=1))
    thread.start()
    first.wait(10)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        trainer_of().fit((X, Y), steps=1)
    second.set()
    thread.join()
    assert any("another training is under way in this process" in str(w.message) for w in found)
