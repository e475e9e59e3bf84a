"""Kill savers with SIGKILL and see what they leave: python tests/faults/kill.py ours --kills 200

A child process saves step after step. It is killed at a random moment, or (--everywhere) before the first of
the file operations of a save, before the second, and so on. Then what lies there is read, and the next child
goes on from it. Prints one line of JSON:

    kills, inside     all of them, and those that hit a child inside a save
    unreadable        how often what lay there could not be read, or an older one had to be taken
    wrong             how often it was not bit by bit what was saved as that step
    lost              how often a step was gone whose save had returned
    debris            how often half a checkpoint lay about, which readers must not mind
    steps             the last that was read

Torch is loaded once; every child is forked from this process, which runs no other thread.
"""

import argparse
import json
import mmap
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from itertools import count
from pathlib import Path

import torch

from firstgrad.training.checkpoint import Checkpoints, load

SIZE = 30_000  # floats in the weights, and as many in the state
OPERATIONS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir"}


def values(step: int) -> torch.Tensor:
    """What is saved as this step."""
    return torch.randn(2, SIZE, generator=torch.Generator().manual_seed(step))


class Ours:
    def __init__(self, folder: Path):
        self.folder, self.checkpoints = folder, Checkpoints(folder, keep=2)

    def lock(self):
        return self.checkpoints.lock()

    def save(self, step, tensor):
        self.checkpoints.save(step, {"w": tensor[0]}, {"s": tensor[1]})

    def read(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # so that passing over a corrupt one counts as a failure
            found = self.checkpoints.latest()
        for path in self.checkpoints.paths():
            load(path)  # the older ones as well
        return found and (found.step, torch.stack([found.weights["w"], found.state["s"]]))

    def debris(self):
        return any(self.folder.glob(".tmp-*"))


class Naive:
    """What one writes at first: torch.save over the file of the step before."""

    def __init__(self, folder: Path):
        self.file = folder / "checkpoint.pt"

    def lock(self):
        return open(os.devnull)

    def save(self, step, tensor):
        torch.save({"step": step, "values": tensor}, self.file)

    def read(self):
        if self.file.exists():
            found = torch.load(self.file, weights_only=True)
            return found["step"], found["values"]

    def debris(self):
        return False


class Shared:
    """Whole numbers in memory that a forked child shares: what it tells before it dies."""

    def __init__(self):
        self.memory = memoryview(mmap.mmap(-1, 4096)).cast("q")

    inside = property(lambda self: self.memory[0], lambda self, value: self.memory.__setitem__(0, value))
    saved = property(lambda self: self.memory[1], lambda self, value: self.memory.__setitem__(1, value))
    ready = property(lambda self: self.memory[2], lambda self, value: self.memory.__setitem__(2, value))


def child(saver, start: int, told: Shared, deadly: int | None) -> None:
    """Save step after step, until killed or, with `deadly`, before operation number `deadly` of a save."""
    operations = 0

    def watch(event, arguments):
        nonlocal operations
        if told.inside and event in OPERATIONS:
            operations += 1
            if operations == deadly:
                os.kill(os.getpid(), signal.SIGKILL)

    if deadly:
        sys.addaudithook(watch)
    with saver.lock():
        for step in count(start):
            tensor, operations = values(step), 0
            told.ready, told.inside = 1, 1
            saver.save(step, tensor)
            told.inside, told.saved = 0, step
            if deadly and step > start + 3:
                os._exit(0)  # a save has fewer operations than that


def killed(saver, start: int, told: Shared, delay: float, deadly: int | None) -> bool:
    """Run a child; whether it died by SIGKILL, within `delay` seconds of its first save or at `deadly`."""
    told.inside = told.ready = 0
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            child(saver, start, told, deadly)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    if deadly is None:
        while not told.ready:
            time.sleep(0.0002)
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL), f"the child failed by itself, status {status}"
    return status != 0


def examine(saver, told: Shared, tally: Counter) -> int:
    """Look at what a kill left, add it to the tally; the step to go on with."""
    tally["kills"] += 1
    tally["inside"] += told.inside
    tally["debris"] += saver.debris()
    try:
        step, tensor = saver.read() or (0, values(0))
    except Exception:
        tally["unreadable"] += 1
        told.saved = 0
        return 1
    tally["wrong"] += not torch.equal(tensor, values(step))
    tally["lost"] += step < told.saved
    told.saved = tally["steps"] = step
    return step + 1


def main(options) -> None:
    torch.set_num_threads(1)
    random_, told = random.Random(options.seed), Shared()
    tally = Counter(dict.fromkeys(("kills", "inside", "unreadable", "wrong", "lost", "debris", "steps"), 0))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        saver = {"ours": Ours, "naive": Naive}[options.saver](Path(folder))
        for step in range(1, 4):  # so that the next save has an older one to remove, and nothing to import
            saver.save(step, values(step))
        step, told.saved = 4, 3
        for deadly in count(1) if options.everywhere else [None] * options.kills:
            if not killed(saver, step, told, random_.uniform(0, options.longest), deadly):
                break
            step = examine(saver, told, tally)
    print(json.dumps(tally))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("saver", choices=("ours", "naive"))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--everywhere", action="store_true", help="before each operation of a save")
    parser.add_argument("--longest", type=float, default=0.1, help="seconds before the kill, at most")
    parser.add_argument("--folder", help="where to save; a temporary folder is made there")
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args())
