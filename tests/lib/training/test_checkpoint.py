"""Checkpoints: what goes in comes out, the right ones stay, one process writes. (Faults: tests/faults.)"""

import datetime
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from firstgrad.training import checkpoint_files
from firstgrad.training.checkpoint import CheckpointError, Checkpoints, load

LIBRARY = Path(checkpoint_files.__file__).parents[1]


def weights(value=0.0):
    return {"weight": torch.full((3, 2), value), "bias": torch.arange(3.0)}


def names(checkpoints):
    return [path.name for path in checkpoints.paths()]


def everything(folder):
    """All files below, with their bytes: is a folder as it was?"""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what goes in comes out ---


def test_a_round_trip(tmp_path):
    state = {"optimizer": {"state": {0: {"step": 7.0}}, "betas": (0.9, 0.999)},
             "random": torch.get_rng_state(), "seed": 3, "done": False,
             "history": [0.5, math.inf], "name": "ü", "none": None}
    path = Checkpoints(tmp_path / "runs" / "mlp").save(1200, weights(2.0), state, {"loss": 0.25})
    assert path == tmp_path / "runs" / "mlp" / "step-00001200"
    for found in (load(path), load(str(path)), Checkpoints(path.parent).latest()):
        assert (found.path, found.step, found.metrics) == (path, 1200, {"loss": 0.25})
        assert all(torch.equal(found.weights[name], tensor) for name, tensor in weights(2.0).items())
        assert torch.equal(found.state.pop("random"), state["random"])
        assert found.state == {name: value for name, value in state.items() if name != "random"}


KINDS = [torch.bfloat16, torch.float16, torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool,
         torch.float8_e4m3fn]


@pytest.mark.parametrize("dtype", KINDS, ids=str)
def test_weights_of_every_type(dtype, tmp_path):
    tensor = torch.tensor([[0, 1], [1, 0]]).to(dtype)
    found = load(Checkpoints(tmp_path).save(0, {"w": tensor}, {})).weights["w"]
    assert found.dtype == dtype
    assert torch.equal(found.view(torch.uint8), tensor.view(torch.uint8))


def test_weights_of_every_form(tmp_path):
    base = torch.randn(4, 6)
    forms = {"transposed": base.T, "every other": base[:, ::2], "scalar": torch.tensor(3.0), "all": base,
             "part": base[1:3], "flat": base.view(-1), "expanded": base[:1].expand(3, 6),
             "none": torch.empty(0, 5), "parameter": torch.nn.Parameter(torch.randn(2))}
    found = load(Checkpoints(tmp_path).save(0, forms, {})).weights
    assert found.keys() == forms.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in forms.items())


def test_parameters_that_are_views_of_one_buffer_are_saved_without_a_copy(tmp_path):
    buffer = torch.arange(10.0)
    views = {"a": buffer[:4], "b": buffer[4:]}
    ready, tied = checkpoint_files.storable(views)
    assert [ready[name].data_ptr() for name in "ab"] == [views[name].data_ptr() for name in "ab"]
    assert not tied
    found = load(Checkpoints(tmp_path).save(0, views, {})).weights
    assert torch.equal(torch.cat([found["a"], found["b"]]), buffer)


def test_tied_weights_are_stored_once_and_come_back_tied(tmp_path):
    model = torch.nn.Sequential(torch.nn.Embedding(100, 50), torch.nn.Linear(50, 100))
    model[1].weight = model[0].weight
    path = Checkpoints(tmp_path).save(0, model.state_dict(), {})
    assert (path / "model.safetensors").stat().st_size < 1.1 * 4 * 100 * 51
    found = load(path).weights
    assert found["0.weight"] is found["1.weight"]
    model.load_state_dict(found)  # strict: no name is missing


def test_a_checkpoint_without_weights_or_state(tmp_path):
    found = load(Checkpoints(tmp_path).save(0, {}, {}))
    assert (found.weights, found.state, found.metrics) == ({}, {}, {})


def test_weights_can_be_changed_after_loading_and_the_file_stays(tmp_path):
    path = Checkpoints(tmp_path).save(0, weights(), {})
    load(path).weights["weight"].add_(1)
    assert torch.equal(load(path).weights["weight"], weights()["weight"])


def test_a_torch_model_and_optimizer_go_on_as_if_nothing_had_been(tmp_path):
    def parts():
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1))
        return model, torch.optim.Adam(model.parameters())

    def train(model, optimizer, steps):
        for step in steps:
            optimizer.zero_grad()
            x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
            model(x).square().mean().backward()
            optimizer.step()

    model, optimizer = parts()
    train(model, optimizer, range(5))
    path = Checkpoints(tmp_path).save(5, model.state_dict(), {"optimizer": optimizer.state_dict()})
    train(model, optimizer, range(5, 10))
    again, its_optimizer = parts()
    again.load_state_dict(load(path).weights)
    its_optimizer.load_state_dict(load(path).state["optimizer"])
    train(again, its_optimizer, range(5, 10))
    assert all(torch.equal(ours, theirs) for ours, theirs in
               zip(model.state_dict().values(), again.state_dict().values(), strict=True))


@pytest.mark.cuda
def test_weights_on_a_gpu_come_back_on_the_cpu(tmp_path):
    found = load(Checkpoints(tmp_path).save(0, {"w": torch.ones(3, device="cuda")},
                                            {"s": torch.ones(2, device="cuda")}))
    assert found.weights["w"].device.type == found.state["s"].device.type == "cpu"


def test_sha256sum_agrees(tmp_path):
    path = Checkpoints(tmp_path).save(3, weights(), {})
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    run = subprocess.run(command, cwd=path, capture_output=True, text=True)
    assert (run.returncode, run.stdout.count(": OK")) == (0, 3)


# --- when to save, what to keep, which to take ---


def test_due_by_steps():
    checkpoints = Checkpoints("unused", every_steps=3)
    assert [step for step in range(10) if checkpoints.due(step)] == [3, 6, 9]


@pytest.mark.parametrize(("given", "seconds"), [({"every_seconds": 10}, 10), ({}, 300),
                                                ({"every_seconds": 10, "every_steps": 1000}, 10)])
def test_due_by_time_since_the_last_save(given, seconds, tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    checkpoints = Checkpoints(tmp_path, **given)
    with checkpoints.lock():
        for _ in range(2):
            assert not checkpoints.due(1)
            now += seconds - 0.1
            assert not checkpoints.due(1)
            now += 0.2
            assert checkpoints.due(1)
            checkpoints.save(1, weights(), {})


def test_the_last_ones_stay(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=3)
    for step in range(0, 60, 10):
        checkpoints.save(step, weights(step), {})
    assert names(checkpoints) == ["step-00000030", "step-00000040", "step-00000050"]
    assert {path.name for path in tmp_path.iterdir()} == {*names(checkpoints), ".lock"}


LOSSES = {1: 0.9, 2: 0.3, 3: 0.5, 4: None, 5: math.nan, 6: 0.3, 7: 0.4}


@pytest.mark.parametrize(("metric", "best"), [("loss", 2), ("accuracy", 1)])
def test_the_best_stays_as_well(metric, best, tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2, best=metric)
    assert checkpoints.best() is None
    for step, value in LOSSES.items():
        checkpoints.save(step, weights(step), {}, None if value is None else {metric: value, "other": 1})
    assert names(checkpoints) == [f"step-0000000{step}" for step in (best, 6, 7)]
    assert checkpoints.best().step == best
    assert checkpoints.latest().step == 7


def test_the_best_is_asked_for_without_a_metric(tmp_path):
    with pytest.raises(ValueError, match="best: given None, expected"):
        Checkpoints(tmp_path).best()


def test_order_is_by_step_whatever_the_clock_says(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step, day in ((9, 30), (10, 20), (100_000_000, 10)):  # by its file times each is older
        path = checkpoints.save(step, weights(step), {})
        moment = datetime.datetime(2001, 1, day).timestamp()
        for file in (path, *path.iterdir()):
            os.utime(file, (moment, moment))
    assert [load(path).step for path in checkpoints.paths()] == [10, 100_000_000]
    assert checkpoints.latest().step == 100_000_000


def test_a_step_saved_again_replaces_the_first(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    checkpoints.save(1, weights(1), {})
    for value in (2, 3, 4):
        checkpoints.save(2, weights(value), {})
    assert [load(path).step for path in checkpoints.paths()] == [1, 2]
    assert checkpoints.latest().weights["weight"][0, 0] == 4


def test_an_earlier_step_is_refused(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(30, weights(), {})
    before = everything(tmp_path)
    with pytest.raises(CheckpointError, match="step-00000030: it is newer than step 20; go on from there"):
        checkpoints.save(20, weights(), {})
    assert everything(tmp_path) == before


def test_an_empty_or_absent_folder_has_no_latest(tmp_path):
    assert Checkpoints(tmp_path).latest() is None
    absent = tmp_path / "absent"
    assert Checkpoints(absent).latest() is None
    assert not absent.exists()  # who only reads makes nothing


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    for name in ("log.csv", "step-1.txt", "step-00000001-copy", "step-x", "tmp-step-3"):
        (tmp_path / name).write_text("mine")
    checkpoints = Checkpoints(tmp_path, keep=1)
    for step in (1, 2):
        checkpoints.save(step, weights(), {})
    assert names(checkpoints) == ["step-00000002"]
    assert sum(path.is_file() and path.read_text() == "mine" for path in tmp_path.iterdir()) == 5


def test_who_reads_while_another_writes_finds_a_whole_one(tmp_path):
    writer, reader, failures = Checkpoints(tmp_path, keep=1), Checkpoints(tmp_path, keep=1), []
    writer.save(0, weights(0), {})
    done = threading.Event()

    def read():
        try:
            while not done.is_set():
                found = reader.latest()
                assert found.weights["weight"][0, 0] == found.step
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    with writer.lock():
        for step in range(1, 60):
            writer.save(step, weights(step), {})
    done.set()
    thread.join()
    assert not failures


# --- one writer ---


def test_one_writer_a_folder(tmp_path):
    first, second = Checkpoints(tmp_path), Checkpoints(tmp_path)
    with first.lock():
        with first.lock():  # its holder may ask again
            first.save(1, weights(), {})
        for attempt in (second.lock, lambda: second.save(2, weights(), {})):
            with pytest.raises(CheckpointError, match=f"process {os.getpid()} on .* is writing to it"):
                second_attempt(attempt)
    second.save(2, weights(), {})
    assert names(first) == ["step-00000001", "step-00000002"]


def second_attempt(attempt):
    context = attempt()
    with context:
        pass


def test_the_lock_goes_when_its_holder_is_killed_though_its_children_live(tmp_path):
    code = """
import os, sys, time
from firstgrad.training import Checkpoints
with Checkpoints(sys.argv[1]).lock():
    child = os.fork()  # as a DataLoader's worker is made
    if child:
        print(child, flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True)
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(CheckpointError, match=f"process {holder.pid} on "):
            Checkpoints(tmp_path).save(1, weights(), {})
        holder.kill()
        holder.wait()
        Checkpoints(tmp_path).save(1, weights(), {})
        os.kill(child, 0)  # it lives
    finally:
        os.kill(child, signal.SIGKILL)
        holder.stdout.close()


def test_debris_of_a_killed_save_goes_at_the_next_lock(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, weights(), {})
    (tmp_path / ".tmp-step-00000002").mkdir()
    (tmp_path / ".tmp-step-00000002" / "model.safetensors").write_text("half")
    (tmp_path / ".tmp-probe").write_text("")
    assert checkpoints.latest().step == 1
    with checkpoints.lock():
        assert {path.name for path in tmp_path.iterdir()} == {"step-00000001", ".lock"}


def test_all_is_on_the_disk_before_the_name_appears(tmp_path, monkeypatch):
    """What a power cut could lose was asked of the disk in time: files, their folder, the rename."""
    events, opened = [], {}
    real_open, real_fsync, real_rename = os.open, os.fsync, Path.rename

    def spy_open(path, *rest, **named):
        descriptor = real_open(path, *rest, **named)
        opened[descriptor] = Path(path)
        return descriptor

    def spy_fsync(descriptor):
        events.append(("fsync", opened[descriptor].name))
        real_fsync(descriptor)

    def spy_rename(path, target):
        events.append(("rename", target.name))
        return real_rename(path, target)

    checkpoints = Checkpoints(tmp_path / "new" / "run", keep=1)
    monkeypatch.setattr(os, "open", spy_open)
    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(Path, "rename", spy_rename)
    checkpoints.save(1, weights(), {})
    files = ["model.safetensors", "state.pt", "manifest.json", "SHA256SUMS"]
    assert events == [("fsync", "new"), ("fsync", tmp_path.name), ("fsync", ".tmp-probe"),
                      *(("fsync", name) for name in files), ("fsync", ".tmp-step-00000001"),
                      ("rename", "step-00000001"), ("fsync", "run")]
    events.clear()
    with checkpoints.lock():
        checkpoints.save(2, weights(), {})
    assert events[-2:] == [("fsync", "run"), ("rename", ".tmp-step-00000001")]  # the old one goes last


# --- bad input ---

SAVES = {
    "step": (ValueError, "step: given -1, expected", lambda c: c.save(-1, weights(), {})),
    "step's type": (TypeError, "step: given 1.5, expected", lambda c: c.save(1.5, weights(), {})),
    "weights": (TypeError, r"weights\['w'\]: given ndarray, expected",
                lambda c: c.save(1, {"w": np.ones(3)}, {})),
    "sparse": (TypeError, r"weights\['w'\]: given a sparse",
               lambda c: c.save(1, {"w": torch.eye(3).to_sparse()}, {})),
    "meta": (TypeError, r"weights\['w'\]: given .*meta",
             lambda c: c.save(1, {"w": torch.empty(3, device="meta")}, {})),
    "complex": (TypeError, r"weights\['w'\]: given torch.complex64, expected .* floats",
                lambda c: c.save(1, {"w": torch.ones(2, dtype=torch.complex64)}, {})),
    "state": (TypeError, r"state\['a'\]\[1\]\['b'\]: given set, expected",
              lambda c: c.save(1, {}, {"a": [0, {"b": {1}}]})),
    "state's keys": (TypeError, "the keys of state", lambda c: c.save(1, {}, {frozenset({1}): 1})),
    "state's class": (TypeError, "state: given Thread", lambda c: c.save(1, {}, threading.Thread())),
    "metrics": (ValueError, "could not convert", lambda c: c.save(1, {}, {}, {"loss": "low"})),
}


@pytest.mark.parametrize("name", SAVES)
def test_what_cannot_be_read_back_is_refused_at_once(name, tmp_path):
    kind, message, save = SAVES[name]
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(0, weights(), {})
    before = everything(tmp_path)
    with pytest.raises(kind, match=message):
        save(checkpoints)
    assert everything(tmp_path) == before


def test_whatever_is_taken_as_plain_is_read_back(tmp_path):
    """The list in `plain` against what weights_only=True lets through."""
    plain = [None, True, 3, 0.5, 1j, "word", b"bytes", torch.ones(2), torch.nn.Parameter(torch.ones(2)),
             torch.Size([2]), torch.float16, torch.device("cpu"), (1, [2, {"b": (3,)}])]
    assert {type(value) for value in plain} >= checkpoint_files._PLAIN
    found = load(Checkpoints(tmp_path).save(0, {}, {"plain": plain})).state["plain"]
    assert list(map(type, found)) == list(map(type, plain))


def test_numpys_numbers_become_pythons(tmp_path):
    """As of a schedule by np.cos, a batch size by np.int64, a metric of scikit-learn's."""
    state = {"rate": np.float64(0.5), np.int64(3): np.int32(4), "flag": np.bool_(True),
             "rows": [np.arange(3), (np.float32(2),)], "ordered": OrderedDict(a=np.float64(1))}
    found = load(Checkpoints(tmp_path).save(0, {}, state)).state
    assert torch.equal(found.pop("rows")[0], torch.arange(3))
    assert found == {"rate": 0.5, 3: 4, "flag": True, "ordered": {"a": 1.0}}


ARGUMENTS = [({"every_steps": 0}, ValueError, "every_steps: given 0"),
             ({"every_steps": 2.5}, TypeError, "every_steps: given 2.5"),
             ({"every_seconds": 0}, ValueError, "every_seconds: given 0"),
             ({"keep": 0}, ValueError, "keep: given 0"),
             ({"best": "los"}, ValueError, "best: given the metric 'los' without a mode, expected mode="),
             ({"folder": 3}, TypeError, "folder: given 3")]


@pytest.mark.parametrize(("given", "kind", "message"), ARGUMENTS)
def test_arguments_are_checked(given, kind, message):
    with pytest.raises(kind, match=message):
        Checkpoints(**{"folder": "unused", **given})


def test_loading_what_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load(tmp_path / "step-00000001")


def test_a_format_of_the_future_is_not_taken_for_a_corrupt_one(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, weights(), {})
    with monkeypatch.context() as later:
        later.setattr(checkpoint_files, "FORMAT", checkpoint_files.FORMAT + 1)
        checkpoints.save(2, weights(), {})
    with pytest.raises(CheckpointError, match=r"format \d, this firstgrad reads \d"):
        checkpoints.latest()


def test_nothing_in_the_package_reads_a_pickle_that_could_run_code():
    unsafe = r"weights_only\s*=\s*(?!True)|\b(pickle|joblib)\.loads?\(|allow_pickle\s*=\s*True"
    for file in LIBRARY.rglob("*.py"):
        code = file.read_text(encoding="utf-8")
        assert not re.search(unsafe, code), file
        assert all("weights_only=True" in call for call in re.findall(r"torch\.load\([^\n]*", code)), file


def test_one_that_a_writer_removes_while_it_is_read_is_no_error(tmp_path, monkeypatch):
    """Its checksums agreed; before it was opened, another process removed it in favour of a newer one."""
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (1, 2):
        checkpoints.save(step, {"w": torch.ones(1)}, {})
    newest = checkpoints.paths()[-1]
    open_weights = checkpoint_files.load_file

    def removed(file):
        if newest.exists():
            shutil.rmtree(newest)
            raise RuntimeError("unable to open file")  # what safetensors says of it, at times
        return open_weights(file)

    monkeypatch.setattr(checkpoint_files, "load_file", removed)
    assert checkpoints.latest().step == 1
