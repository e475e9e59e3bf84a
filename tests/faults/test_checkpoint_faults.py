"""What can happen to a checkpoint, and that it costs some steps at most: kills, flips, cuts, full disks."""

import contextlib
import errno
import hashlib
import json
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import torch

from firstgrad.training import checkpoint_files
from firstgrad.training.checkpoint import (
    CheckpointError,
    Checkpoints,
    CorruptCheckpointError,
    CorruptCheckpointWarning,
    load,
)

FILES = ("model.safetensors", "state.pt", "manifest.json", "SHA256SUMS")


def kill(script, folder, *options):
    """What the script counted."""
    command = [sys.executable, Path(__file__).with_name(script), "--folder", folder, *map(str, options)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    print(script, *options, run.stdout)
    return json.loads(run.stdout)


def weights(step):
    return {"w": torch.full((50,), float(step)), "b": torch.arange(20).bfloat16()}


def state(step):
    return {"optimizer": {"momentum": torch.full((50,), step / 2)}, "seed": 7}


@pytest.fixture
def saved(tmp_path):
    """A folder with the steps 10 and 20."""
    checkpoints = Checkpoints(tmp_path / "run", keep=2)
    for step in (10, 20):
        checkpoints.save(step, weights(step), state(step), {"loss": 1 / step})
    return checkpoints


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- killed ---


def test_killed_at_any_moment(tmp_path, full):
    found = kill("kill.py", tmp_path, "ours", "--kills", 300 if full else 20)
    assert found["kills"] >= (200 if full else 20)
    assert found["inside"] >= (100 if full else 8)
    assert found["debris"] > 0  # it did hit unfinished saves
    assert (found["unreadable"], found["wrong"], found["lost"]) == (0, 0, 0)


def test_killed_before_every_operation_of_a_save(tmp_path):
    found = kill("kill.py", tmp_path, "ours", "--everywhere")
    assert found["inside"] == found["kills"] >= 20
    assert (found["unreadable"], found["wrong"], found["lost"]) == (0, 0, 0)


def test_the_naive_saver_does_not_survive_that(tmp_path, full):
    """The control: if this one came through, the tests above would show nothing."""
    found = kill("kill.py", tmp_path, "naive", "--kills", 300 if full else 25, "--longest", 0.02)
    assert found["unreadable"] > 0.1 * found["kills"]


def test_a_training_killed_again_and_again_ends_as_if_nothing_had_been(tmp_path, full):
    found = kill("kill_training.py", tmp_path, "--kills", 220 if full else 10)
    assert found["inside"] >= (50 if full else 1)
    assert (found["unreadable"], found["differ"]) == (0, 0)
    assert found["runs"] >= (5 if full else 1)


# --- damaged ---


def flip(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def positions(count, sizes, generator):
    """`count` places of a file, drawn from all, and both ends of each file."""
    yield from ((name, place) for name, size in sizes.items() for place in (0, size - 1))
    names = list(sizes)
    for _ in range(count - 2 * len(names)):
        name = generator.choice(names)
        yield name, generator.randrange(sizes[name])


@pytest.mark.parametrize("kind", ["flip", "cut"])
def test_each_of_300_flipped_bits_and_of_300_cuts_is_found(kind, saved):
    newest = saved.paths()[-1]
    whole = {name: (newest / name).read_bytes() for name in FILES}
    sizes = {name: len(data) * (8 if kind == "flip" else 1) for name, data in whole.items()}
    found = 0
    for name, place in positions(300, sizes, random.Random(0)):
        file = newest / name
        flip(file, place) if kind == "flip" else os.truncate(file, place)
        with pytest.raises(CorruptCheckpointError, match=r"step-00000020: corrupt, .*" + name):
            load(newest)
        with pytest.warns(CorruptCheckpointWarning, match=r"step-00000020: .*; taking step-00000010 instead"):
            fallen_back = saved.latest()
        found += fallen_back.step == 10 and torch.equal(fallen_back.weights["w"], weights(10)["w"])
        file.write_bytes(whole[name])
    assert found == 300
    assert saved.latest().step == 20  # undamaged, it is good again


def test_torch_load_does_not_notice(tmp_path):
    """The control: the same flips in a plain torch.save go unnoticed."""
    file = tmp_path / "plain.pt"
    torch.save(weights(1), file)
    whole, silent = file.read_bytes(), 0
    for bit in random.Random(0).sample(range(8 * len(whole)), 60):
        flip(file, bit)
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.load(file, weights_only=True)
            silent += 1
        file.write_bytes(whole)
    assert silent > 30


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["gone", "longer"])
def test_a_file_that_is_gone_or_longer(kind, name, saved):
    file = saved.paths()[-1] / name
    file.unlink() if kind == "gone" else file.write_bytes(file.read_bytes() + b"\n")
    with pytest.warns(CorruptCheckpointWarning, match=name):
        assert saved.latest().step == 10


def test_when_none_is_good_it_does_not_begin_anew(saved):
    for path in saved.paths():
        flip(path / "model.safetensors", 900)
    with pytest.raises(CheckpointError, match=r"none of the checkpoints is good: .*20: corrupt.*10: corrupt"):
        saved.latest()


@pytest.mark.parametrize("keep", [1, 2])
def test_a_run_that_fell_back_saves_again_and_nothing_good_is_lost(keep, saved):
    checkpoints = Checkpoints(saved.folder, keep=keep)
    flip(saved.paths()[-1] / "state.pt", 900)
    with pytest.warns(CorruptCheckpointWarning):
        assert checkpoints.latest().step == 10
    for step in (15, 20):  # before the corrupt one, and in its place
        checkpoints.save(step, weights(step), state(step))
        assert checkpoints.latest().step == step
    assert [load(path).step for path in checkpoints.paths()] == [15, 20][-keep:]


def test_a_corrupt_one_is_never_the_best(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=3, best="loss")
    for step, loss in ((1, 0.5), (2, 0.1), (3, 0.3)):
        checkpoints.save(step, weights(step), {}, {"loss": loss})
    flip(tmp_path / "step-00000002" / "model.safetensors", 900)
    with pytest.warns(CorruptCheckpointWarning, match="taking step-00000003 instead"):
        assert checkpoints.best().step == 3
    flip(tmp_path / "step-00000002" / "manifest.json", 100)
    assert checkpoints.best().step == 3


# --- disks that are full, failing, closed to us ---


@contextlib.contextmanager
def largest_file(size):
    """The system refuses to let a file grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


BIG = torch.zeros(500_000)  # 2 MB


@pytest.mark.parametrize(("big_weights", "big_state"), [({"w": BIG}, {}), ({}, {"s": BIG})],
                         ids=["weights", "state"])
def test_a_disk_that_takes_no_more(big_weights, big_state, saved):
    before = files(saved.folder)
    with saved.lock(), largest_file(1_000_000), pytest.raises(CheckpointError, match=r"30 failed.*too large"):
        saved.save(30, big_weights, big_state)
    assert files(saved.folder) == before
    assert saved.latest().step == 20
    saved.save(30, big_weights, big_state)  # there is room again
    assert saved.latest().step == 30


def test_a_full_disk(tmp_path):
    """A small file system of its own, filled up."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a file system takes root")
    try:
        checkpoints = Checkpoints(disk / "run", keep=1)
        checkpoints.save(1, weights(1), {})
        before = files(disk)
        for big_weights, big_state in (({"w": BIG, "v": BIG.clone()}, {}), ({"w": BIG}, {"s": BIG})):
            with pytest.raises(CheckpointError, match=r"saving step 2 failed: .*No space left on device"):
                checkpoints.save(2, big_weights, big_state)
            assert files(disk) == before
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        with pytest.raises(CheckpointError, match=r"cannot be written: .*No space left on device"):
            checkpoints.save(2, weights(2), {})
        assert checkpoints.latest().step == 1
        (disk / "filler").unlink()
        checkpoints.save(2, weights(2), {})
        assert checkpoints.latest().step == 2
    finally:
        subprocess.run(["umount", disk], check=True)


OPERATIONS = {"a file's data": (os, "fsync"), "the folder": (Path, "mkdir"), "the rename": (Path, "rename"),
              "the weights": (checkpoint_files, "save_file"), "the manifest": (Path, "write_text")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_that_fails_midway_leaves_all_as_it_was(name, saved, monkeypatch):
    place, function = OPERATIONS[name]
    before = files(saved.folder)

    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    with saved.lock():
        with monkeypatch.context() as broken:
            broken.setattr(place, function, fail)
            with pytest.raises(CheckpointError, match=r"step 30 failed: .*Input/output error") as caught:
                saved.save(30, weights(30), {})
        assert isinstance(caught.value.__cause__, OSError)
        assert files(saved.folder) == before
        assert not list(saved.folder.glob(".tmp-*"))
        saved.save(30, weights(30), {})
    assert saved.latest().step == 30


def test_ctrl_c_within_a_save(saved, monkeypatch):
    before = files(saved.folder)

    def interrupt(descriptor):
        raise KeyboardInterrupt

    with saved.lock(), monkeypatch.context() as broken:
        broken.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            saved.save(30, weights(30), {})
        assert files(saved.folder) == before


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize("operation", ["mkdir", "open", "write"])
def test_a_folder_that_cannot_be_written_is_found_before_the_work(operation, code, tmp_path, monkeypatch):
    """The error is injected, because nothing is forbidden to root."""
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    place = {"mkdir": "pathlib.Path.mkdir", "open": "builtins.open", "write": "os.fsync"}[operation]
    checkpoints = Checkpoints(tmp_path / "run")
    if operation != "mkdir":
        checkpoints.folder.mkdir()
    with monkeypatch.context() as broken:
        broken.setattr(place, fail)
        refused = pytest.raises(CheckpointError, match=rf"run: it cannot be written: .*{os.strerror(code)}")
        with refused, checkpoints.lock():
            pytest.fail("the work began")
    checkpoints.save(1, weights(1), {})


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "run").write_text("I am a file")
    for folder in (tmp_path / "run", tmp_path / "run" / "deeper"):
        with pytest.raises(CheckpointError, match="it cannot be written"):
            Checkpoints(folder).save(1, weights(1), {})
    assert (tmp_path / "run").read_text() == "I am a file"


# --- two writers, clocks, bad intent ---

WRITER = """
import sys, torch
from firstgrad.training import CheckpointError, Checkpoints
checkpoints = Checkpoints(sys.argv[1], keep=2)
saved = refused = 0
while saved < 40 and refused < 4000:
    try:
        found = checkpoints.latest()
        step = found.step + 1 if found else 1
        checkpoints.save(step, {"w": torch.full((1000,), float(step))}, {"step": step})
        saved += 1
    except CheckpointError as error:
        assert "is writing to it" in str(error) or "it is newer than step" in str(error), error
        refused += 1
print(saved, refused)
"""


def test_two_processes_that_write_to_one_folder(tmp_path):
    """They may refuse each other, but every checkpoint is one process's own and whole."""
    command = [sys.executable, "-W", "error", "-c", WRITER, tmp_path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = [tuple(map(int, process.communicate()[0].split())) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(saved for saved, _ in counts) > 0
    checkpoints = Checkpoints(tmp_path)
    for path in checkpoints.paths():
        found = load(path)
        assert found.step == found.state["step"] == found.weights["w"][0]


def test_a_clock_that_goes_backwards(tmp_path, monkeypatch):
    """A year a call: neither what is due, nor what is latest, nor what goes changes."""
    now = time.time()

    def backwards():
        nonlocal now
        now -= 365 * 86400
        return now

    monkeypatch.setattr(time, "time", backwards)
    monkeypatch.setattr(time, "time_ns", lambda: int(backwards() * 1e9))
    checkpoints = Checkpoints(tmp_path, every_steps=2, every_seconds=3600, keep=2)
    saved = []
    with checkpoints.lock():
        for step in range(1, 9):
            if checkpoints.due(step):
                path = checkpoints.save(step, weights(step), {})
                os.utime(path, (backwards(), backwards()))
                saved.append(step)
    assert saved == [2, 4, 6, 8]
    assert [load(path).step for path in checkpoints.paths()] == [6, 8]
    assert checkpoints.latest().step == 8


class Malice:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("how", ["torch.save", "pickle"])
def test_a_malicious_checkpoint_with_the_right_checksums_runs_no_code(how, saved, tmp_path):
    evil, newest = Malice(tmp_path / "owned"), saved.paths()[-1]
    if how == "torch.save":
        torch.save({"optimizer": evil}, newest / "state.pt")
    else:
        (newest / "state.pt").write_bytes(pickle.dumps(evil))
    sums = (f"{hashlib.sha256((newest / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES[:3])
    (newest / "SHA256SUMS").write_text("".join(sums))
    for read in (lambda: load(newest), saved.latest):
        with pytest.raises(CheckpointError, match="its checksums agree, but it cannot be read"):
            read()
    assert not evil.file.exists()
    how == "torch.save" and torch.load(newest / "state.pt", weights_only=False)  # the control
    assert evil.file.exists() == (how == "torch.save")
