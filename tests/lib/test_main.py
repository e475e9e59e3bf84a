"""The command line: what it says, what it refuses, and that a run goes on where it was ended."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from firstgrad import __main__ as command
from firstgrad import info
from firstgrad.training.checkpoint import Checkpoints, load

# A line through four points; END_AT=7 and END_BY=9 end the process by signal 9 in its step 7.
RECIPE = """\
import os
import signal

import torch
from torch.nn import functional as F

from firstgrad.optim import Adam
from firstgrad.training import Recipe


def recipe(epochs=3, batch_size=4, width=2, learning_rate=0.01, bias=True, dropout=0.1):
    \"\"\"A line.

    width: inputs.
    \"\"\"
    x = torch.linspace(-1, 1, 20 * width).reshape(20, width)
    y = x.sum(1, keepdim=True)
    model = torch.nn.Sequential(torch.nn.Dropout(dropout), torch.nn.Linear(width, 1, bias=bias))
    return Recipe(model, F.mse_loss, Adam(model.parameters(), learning_rate), (x, y), (x, y), (x, y),
                  batch_size=batch_size, epochs=epochs, schedule=schedule, best="loss",
                  metrics={"absolute": F.l1_loss}, report=lambda model: f"training: {model.training}")


def schedule(step):
    if step == int(os.environ.get("END_AT", -1)):
        os.kill(os.getpid(), int(os.environ["END_BY"]))
    return 1.0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The present folder is one with line.py, and nothing waits for the disk."""
    (tmp_path / "line.py").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    return tmp_path


def train(*arguments) -> int:
    return command.main(["train", "line.py", *map(str, arguments)])


def refused(capsys, *arguments) -> str:
    """The one line that a wrong command line gets."""
    try:
        status = command.main([str(argument) for argument in arguments])
    except SystemExit as exit:  # argparse's way
        status = exit.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    return err


def weights(run="runs/line") -> dict:
    return load(Checkpoints(run).paths()[-1]).weights


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def process(*arguments, **environment):
    return subprocess.run([sys.executable, "-m", "firstgrad", *arguments], capture_output=True, text=True,
                          env=os.environ | environment, timeout=100)


# --- info and help ---

def test_info_says_versions_devices_and_what_auto_chooses(capsys):
    assert command.main(["info"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["torch"] == torch.__version__
    assert "GiB" in rows["memory"]
    assert f"torch uses {torch.get_num_threads()}" in rows["cpu"]
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        assert rows["auto"] == "device cpu, precision fp32"
        assert rows["cuda"].startswith("none")


@pytest.mark.parametrize("compiler", ["g++-of-nobody", sys.executable])
def test_info_says_whether_there_is_a_compiler(monkeypatch, compiler):
    monkeypatch.setenv("CXX", compiler)
    words = info.table()["C++ compiler"]
    assert words == compiler if compiler == sys.executable else words.startswith(f"none ({compiler}")


def test_help_needs_no_torch():
    code = "import sys, firstgrad.__main__ as m\ntry: m.main(['train', '--help'])\n" \
           "finally: assert 'torch' not in sys.modules"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "goes on where the newest checkpoint is" in out
    assert "--every-steps" in out


def test_help_after_a_recipe_shows_its_settings(folder, capsys):
    assert train("--help") == 0
    out = capsys.readouterr().out
    assert "width: inputs." in out
    assert "--learning-rate FLOAT" in out
    assert "--no-bias" in out


# --- what is wrong is said in one line ---

@pytest.mark.parametrize(("arguments", "words"), [
    (["train"], "given no recipe"),
    (["learn"], "invalid choice: 'learn'"),
    (["info", "--loud"], "unrecognized arguments: --loud"),
    (["train", "circle.py"], "circle.py: there is no such file"),
    (["train", "."], ".: there is no such file"),
    (["train", "notes.txt"], "notes.txt: it is no Python file"),
    (["train", "empty.py"], "empty.py: it has no function recipe()"),
    (["train", "needs.py"], "its parameter width has no default"),
    (["train", "clash.py"], "its parameter seed is called like an option"),
    (["train", "other.py"], "it returns list, expected a Recipe"),
    (["train", "line.py", "--depth", "2"], "unrecognized arguments: --depth 2"),
    (["train", "line.py", "--width", "two"], "argument --width: invalid int value: 'two'"),
    (["train", "line.py", "--epochs", "0"], "epochs: given 0, expected a whole number of at least 1"),
    (["train", "line.py", "--batch-size", "0"], "batch_size: given 0"),
    (["train", "line.py", "--learning-rate", "-1"], "learning_rate: given -1.0"),
    (["train", "line.py", "--steps", "0"], "steps: given 0"),
    (["train", "line.py", "--seed", "-1"], "seed: given -1"),
    (["train", "line.py", "--device", "tpu"], "device: given 'tpu', expected 'auto', 'cpu'"),
    (["train", "line.py", "--precision", "int8"], "precision: given 'int8', expected one of 'auto'"),
    (["train", "line.py", "--every-steps", "0"], "every_steps: given 0"),
    (["train", "line.py", "--every-seconds", "nan"], "every_seconds: given nan"),
])
def test_a_wrong_command_is_refused_in_one_line(folder, capsys, arguments, words):
    Path("notes.txt").write_text("")
    Path("empty.py").write_text("")
    Path("needs.py").write_text("def recipe(width): ...")
    Path("clash.py").write_text("def recipe(seed=1): ...")
    Path("other.py").write_text("def recipe(): return []")
    assert words in refused(capsys, *arguments, *(["--quiet"] if "line.py" in arguments else []))
    assert not list(folder.glob("runs/*/step-*"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_refused(folder, capsys):
    line = refused(capsys, "train", "line.py", "--device", "cuda", "--quiet")
    assert "device: given 'cuda', which this machine does not have; use device='cpu'" in line


def test_the_process_ends_with_two():
    result = process("train", "nowhere/nothing.py")
    assert result.returncode == 2
    assert result.stderr == "firstgrad train: nowhere/nothing.py: there is no such file\n"


def test_a_mistake_in_the_recipe_gets_its_traceback(folder):
    Path("line.py").write_text(RECIPE.replace("y = x.sum", "y = z.sum"))
    with pytest.raises(NameError):
        train()
    Path("line.py").write_text(RECIPE.replace("y = x.sum", "y = 1 + 'one'  # "))
    with pytest.raises(TypeError, match="unsupported operand"):  # of a kind that our own checks raise, too
        train()


def test_a_mistake_of_our_own_gets_its_traceback(folder, monkeypatch):
    monkeypatch.setattr(info, "table", None)
    with pytest.raises(TypeError, match="not callable"):
        command.main(["info"])
    monkeypatch.setattr(command, "_trainer", None)
    with pytest.raises(TypeError, match="not callable"):
        train()


def test_a_traceback_can_be_asked_for(folder):
    with pytest.raises(ValueError, match="epochs: given 0"):
        train("--epochs", 0, "--traceback")


def test_a_loss_that_is_not_finite_ends_with_one(folder, capsys):
    assert train("--learning-rate", 1e38, "--quiet") == 1
    assert capsys.readouterr().err.startswith("firstgrad train: step ")


# --- a run ---

def test_a_run_says_what_came_of_it(folder, capsys):
    assert train() == 0
    out, err = capsys.readouterr()
    report, _, figures, where = out.splitlines()
    assert report == "training: False"
    best = Checkpoints("runs/line", best="loss").best()
    assert figures.startswith(f"line: validation loss {best.metrics['loss']:.4f}, absolute ")
    assert f"test loss {best.metrics['loss']:.4f}" in figures  # the same data, the same model
    for words in ("15 steps", "60 rows in", "rows/s", "peak memory", "MiB"):
        assert words in figures
    assert where == f"weights: {best.path}/model.safetensors"
    assert "Sequential of 3 parameters · Adam · " in err
    assert "15/15" in err  # the bar
    assert len(Path("runs/line/log.csv").read_text().splitlines()) == 1 + 15 + 3


def test_the_best_model_is_taken_in_the_end_not_the_last(folder, capsys):
    Path("line.py").write_text(RECIPE.replace("return 1.0", "return 1.0 if step < 10 else 1e4"))
    assert train("--quiet") == 0
    _, _, figures, where = capsys.readouterr().out.splitlines()
    assert "step-00000010/" in where
    seen = [float(part) for part in re.findall(r"(?:validation|test) loss ([\d.]+)", figures)]
    assert seen[0] == seen[1] < 10  # the last has thousands


def test_quiet_is_quiet(folder, capsys):
    assert train("--quiet", "--steps", 2) == 0
    assert capsys.readouterr().err == ""


def test_settings_reach_the_recipe(folder):
    assert train("--width", 3, "--no-bias", "--folder", "elsewhere", "--epochs", 1, "--quiet") == 0
    shapes = {name: tuple(tensor.shape) for name, tensor in weights("elsewhere").items()}
    assert shapes == {"1.weight": (1, 3)}
    assert json.loads(Path("elsewhere/run.json").read_text())["width"] == 3


KINDS = """\
import torch
from firstgrad.optim import SGD
from firstgrad.training import Recipe
from typing import Optional, Union
from collections.abc import Callable


def recipe(epochs=1, clip_norm: float | None = None, patience: int | None = 2, rate: float = 1, rows=4,
           name: Optional[str] = None, either: Union[int, float] = 1, bias: bool = True,
           nesterov: bool | None = None, quoted: "float" = 1, unknown: "Missing" = 1,
           mixed: Callable | int = 3, scale: float = None, schedule: Callable | None = None, guess=None):
    print([clip_norm, patience, rate, name, either, bias, nesterov, quoted, unknown, mixed, scale,
           schedule, guess])
    model, data = torch.nn.Linear(1, 1), (torch.ones(4, 1), torch.ones(4, 1))
    return Recipe(model, torch.nn.functional.mse_loss, SGD(model.parameters(), 0.1), data,
                  batch_size=rows, epochs=epochs, clip_norm=clip_norm)
"""
UNSET = [None, 2, 1, None, 1, True, None, 1, 1, 3, None, None, None]


@pytest.mark.parametrize(("arguments", "place", "value"), [
    ("", 0, None),
    ("--clip-norm 0.5", 0, 0.5), ("--clip-norm 2", 0, 2.0), ("--clip-norm none", 0, None),
    ("--patience 5", 1, 5), ("--patience None", 1, None),
    ("--rate 0.5", 2, 0.5), ("--rate 3", 2, 3.0),
    ("--name ship", 3, "ship"), ("--name none", 3, None),
    ("--either 2", 4, 2), ("--either 2.5", 4, 2.5),
    ("--no-bias", 5, False),
    ("--nesterov true", 6, True), ("--nesterov False", 6, False), ("--nesterov none", 6, None),
    ("--quoted 0.5", 7, 0.5),
    ("--unknown 2", 8, 2), ("--mixed 4", 9, 4),
    ("--scale 0.5", 10, 0.5), ("--scale none", 10, None),
])
def test_an_annotation_says_what_an_option_takes(folder, capsys, arguments, place, value):
    Path("line.py").write_text(KINDS)
    assert train(*arguments.split(), "--quiet", "--device", "cpu") == 0
    got = ast.literal_eval(capsys.readouterr().out.splitlines()[0])
    assert (got[place], type(got[place])) == (value, type(value))
    assert got == [*UNSET[:place], value, *UNSET[place + 1:]]


def test_a_run_with_none_goes_on_and_is_not_another(folder, capsys):
    Path("line.py").write_text(KINDS)
    assert train("--patience", "none", "--quiet", "--device", "cpu") == 0
    assert json.loads(Path("runs/line/run.json").read_text())["patience"] is None
    assert train("--patience", "none", "--quiet", "--device", "cpu") == 0
    assert train("--quiet", "--device", "cpu") == 2
    assert "patience: given 2, but the run in runs/line was begun with None" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "words"), [
    ("--clip-norm much", "argument --clip-norm: invalid float or none value: 'much'"),
    ("--patience 2.5", "argument --patience: invalid int or none value: '2.5'"),
    ("--rows 2.5", "argument --rows: invalid int value: '2.5'"),  # no annotation: as its default
    ("--rate none", "argument --rate: invalid float value: 'none'"),
    ("--nesterov maybe", "argument --nesterov: invalid bool or none value: 'maybe'"),
    ("--schedule 3", "unrecognized arguments: --schedule 3"),
    ("--guess 3", "unrecognized arguments: --guess 3"),  # nothing says what it is
])
def test_what_an_annotation_does_not_allow_is_refused(folder, capsys, arguments, words):
    Path("line.py").write_text(KINDS)
    assert words in refused(capsys, "train", "line.py", *arguments.split())


def test_help_shows_what_an_option_takes(folder, capsys):
    Path("line.py").write_text(KINDS)
    assert train("--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    for words in ("--clip-norm FLOAT|NONE (default: none)", "--patience INT|NONE (default: 2)", "--no-bias",
                  "--rate FLOAT (default: 1)", "--either INT|FLOAT", "--nesterov BOOL|NONE"):
        assert words in out


def test_annotations_may_be_postponed(folder, capsys):
    Path("line.py").write_text("from __future__ import annotations\n" + KINDS)
    assert train("--clip-norm", "0.5", "--quoted", "1.5", "--quiet", "--device", "cpu") == 0
    got = ast.literal_eval(capsys.readouterr().out.splitlines()[0])
    assert (got[0], got[7]) == (0.5, 1.5)


def test_the_seed_decides_the_start_and_what_follows(folder):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(hash(name))  # what was drawn before does not matter
        assert train("--seed", seed, "--folder", name, "--quiet") == 0
    assert same(weights("a"), weights("b"))
    assert not same(weights("a"), weights("c"))


# --- going on ---

def whole_run():
    assert train("--folder", "whole", "--every-steps", 2, "--quiet") == 0


def test_a_run_that_was_killed_goes_on_to_the_same_end(folder):
    whole_run()
    killed = process("train", "line.py", "--every-steps", "2", END_AT="7", END_BY="9")
    assert killed.returncode == -9
    assert load(Checkpoints("runs/line").paths()[-1]).step == 6
    assert train("--every-steps", 2, "--quiet") == 0
    assert same(weights(), weights("whole"))


def test_ctrl_c_saves_and_says_how_to_go_on(folder, capsys, monkeypatch):
    whole_run()
    monkeypatch.setattr(sys, "argv", ["…/firstgrad/__main__.py", "train", "line.py", "--quiet"])
    monkeypatch.setenv("END_AT", "7")
    monkeypatch.setenv("END_BY", "2")
    assert train("--quiet") == 130
    err = capsys.readouterr().err
    assert "stopped by Ctrl-C after step 8; the same command goes on from runs/line:" in err
    assert "  python -m firstgrad train line.py --quiet\n" in err
    monkeypatch.delenv("END_AT")
    assert train("--quiet") == 0
    assert "going on after step 8" in capsys.readouterr().err
    assert same(weights(), weights("whole"))
    assert Path("runs/line/log.csv").read_text() == Path("whole/log.csv").read_text()


def test_sigterm_saves_says_how_to_go_on_and_ends_the_process(folder):
    ended = process("train", "line.py", "--quiet", END_AT="7", END_BY="15")
    assert ended.returncode == -15
    assert ended.stderr.endswith("runs/line:\n  python -m firstgrad train line.py --quiet\n")
    assert load(Checkpoints("runs/line").paths()[-1]).step == 8


def test_a_run_that_is_done_is_not_done_again(folder, capsys):
    assert train("--quiet") == 0
    first, before = capsys.readouterr().out, weights()
    assert train("--quiet") == 0
    assert capsys.readouterr().out.split("rows in")[0] == first.split("rows in")[0]
    assert same(weights(), before)


def test_more_epochs_go_on_and_other_settings_are_refused(folder, capsys):
    assert train("--epochs", 1, "--quiet") == 0
    capsys.readouterr()
    line = refused(capsys, "train", "line.py", "--learning-rate", 0.5, "--quiet")
    assert "learning_rate: given 0.5, but the run in runs/line was begun with 0.01" in line
    assert "--folder" in line
    assert "seed: given 3" in refused(capsys, "train", "line.py", "--seed", 3, "--quiet")
    assert train("--epochs", 2, "--quiet") == 0
    assert load(Checkpoints("runs/line").paths()[-1]).step == 10


def test_settings_of_a_run_that_never_saved_do_not_bind(folder):
    Path("runs/line").mkdir(parents=True)
    Path("runs/line/run.json").write_text('{"width": 9}')
    assert train("--quiet", "--steps", 1) == 0
    assert json.loads(Path("runs/line/run.json").read_text())["width"] == 2


def test_two_runs_do_not_write_to_one_folder(folder, capsys):
    assert train("--steps", 1, "--quiet") == 0
    capsys.readouterr()
    with Checkpoints("runs/line").lock():
        assert train("--quiet") == 1
    assert f"process {os.getpid()}" in capsys.readouterr().err


# --- several processes ---

def test_two_processes_are_as_good_as_one(folder):
    settings = ["train", "line.py", "--device", "cpu", "--dropout", "0"]
    assert command.main([*settings, "--folder", "one", "--quiet"]) == 0
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run = subprocess.run([*torchrun, "-m", "firstgrad", *settings, "--folder", "two"], capture_output=True,
                         text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("line: validation loss") == 1  # one of them says it, for both
    assert run.stderr.count("15/15") == 1
    one, two = weights("one"), weights("two")
    assert all(torch.allclose(one[name], two[name], rtol=1e-5) for name in one)
    assert Path("two/log.csv").read_text().count("\n") == Path("one/log.csv").read_text().count("\n")
