"""Logs: what they write; and a run that was killed and taken up leaves the log of one that was not."""

import csv
import json
import shutil
import sys
import types

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from firstgrad.optim.rules import SGD
from firstgrad.training import Trainer
from firstgrad.training.callbacks import Callback, CSVLog, JSONLLog, Progress, TensorBoardLog
from firstgrad.training.checkpoint import Checkpoints


class Killed(BaseException):
    """As good as kill -9."""


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


def train(log, *callbacks, folder=None, epochs=3, validation=True):
    """Epochs of four steps. Returns: History."""
    torch.manual_seed(0)
    x = torch.randn(40, 3)
    y = (x[:, 0] > 0).long()
    model = nn.Linear(3, 2)
    trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.5), device="cpu",
                      schedule=lambda step: 1 / (step + 1), callbacks=[log, *callbacks],
                      metrics={"error": lambda out, y: (out.argmax(1) != y).float().mean()})
    return trainer.fit((x, y), (x, y) if validation else None, epochs=epochs, batch_size=10,
                       checkpoints=folder and Checkpoints(folder, every_steps=3))


def test_json_lines_hold_every_step_and_validation(tmp_path):
    history = train(JSONLLog(tmp_path / "logs" / "run.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "logs" / "run.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "epoch" not in line]
    assert [line["step"] for line in steps] == history.steps
    assert [line["train_loss"] for line in steps] == history.train_loss
    assert [line["learning_rate"] for line in steps] == [0.5 / (step + 1) for step in range(12)]
    for line, entry in zip([line for line in lines if "epoch" in line], history.validation, strict=True):
        assert line == {"step": entry["step"], "epoch": entry["epoch"], "validation_loss": entry["loss"],
                        "validation_error": entry["error"], "validation_accuracy": entry["accuracy"]}
    assert "epoch" in lines[4]  # before the fifth step


def test_a_table_leaves_empty_what_a_line_lacks(tmp_path):
    history = train(CSVLog(tmp_path / "run.csv", every=3))
    with (tmp_path / "run.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "epoch", "train_loss", "learning_rate", "validation_loss",
                             "validation_error", "validation_accuracy"]
    assert [(row["step"], row["epoch"]) for row in rows] == [
        ("0", ""), ("3", ""), ("4", "1"), ("6", ""), ("8", "2"), ("9", ""), ("12", "3")]
    assert [float(row["train_loss"]) for row in rows if row["train_loss"]] == history.train_loss[::3]
    assert float(rows[-1]["validation_accuracy"]) == history.validation[-1]["accuracy"]


@pytest.mark.parametrize("log", [CSVLog, JSONLLog])
def test_a_run_that_was_killed_and_taken_up_leaves_the_log_of_one_that_was_not(log, tmp_path):
    train(log(tmp_path / "whole"))
    for step in (1, 4, 8, 10):  # also just after a validation that has to be made once more
        with pytest.raises(Killed):
            train(log(tmp_path / "log"), KillAt(step), folder=tmp_path / "run")
        with (tmp_path / "log").open("a") as file:
            file.write('{"step": 0}' if log is JSONLLog else "0,,0.5,0.5,,,0.")  # half a line
    train(log(tmp_path / "log"), folder=tmp_path / "run")
    assert (tmp_path / "log").read_text() == (tmp_path / "whole").read_text()


@pytest.mark.parametrize("log", [CSVLog, JSONLLog])
def test_a_log_loses_no_line_before_the_last_checkpoint(log, tmp_path):
    """A real kill -9 leaves what is on the disk; nothing closes the file."""
    class Pulled(KillAt):
        def on_step(self, trainer, step, loss):
            if step == self.step:
                shutil.copy(tmp_path / "log", tmp_path / "disk")
                killed(trainer)

    train(log(tmp_path / "whole"))
    with pytest.raises(Killed):
        train(log(tmp_path / "log"), Pulled(7), folder=tmp_path / "run")
    shutil.copy(tmp_path / "disk", tmp_path / "log")
    train(log(tmp_path / "log"), folder=tmp_path / "run")
    assert (tmp_path / "log").read_text() == (tmp_path / "whole").read_text()


@pytest.mark.parametrize("log", [CSVLog, JSONLLog])
def test_a_run_that_is_made_longer_keeps_the_validation_it_ended_with(log, tmp_path):
    train(log(tmp_path / "whole"))
    for epochs in (1, 3):
        train(log(tmp_path / "log"), folder=tmp_path / "run", epochs=epochs)
    assert (tmp_path / "log").read_text() == (tmp_path / "whole").read_text()


def test_a_run_that_begins_anew_writes_anew(tmp_path):
    for epochs in (3, 1):
        train(JSONLLog(tmp_path / "log"), epochs=epochs, validation=False)
    assert len((tmp_path / "log").read_text().splitlines()) == 4


def test_what_is_not_finite_is_null_in_json(tmp_path):
    log = JSONLLog(tmp_path / "log")
    with (tmp_path / "log").open("w") as log.file:
        log._put({"step": 1, "validation_loss": float("nan")})
    assert json.loads((tmp_path / "log").read_text()) == {"step": 1, "validation_loss": None}


def test_tensorboard_gets_curves_that_go_on_after_a_kill(tmp_path, monkeypatch):
    class SummaryWriter:
        def __init__(self, folder, purge_step):
            self.points = []
            made.append((folder, purge_step, self.points))

        def add_scalar(self, name, value, step):
            self.points.append((name, step))

        def close(self):
            self.points.append("closed")

    made = []
    module = types.SimpleNamespace(SummaryWriter=SummaryWriter)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    with pytest.raises(Killed):
        train(TensorBoardLog(tmp_path / "curves", every=2), KillAt(5), folder=tmp_path / "run")
    train(TensorBoardLog(tmp_path / "curves", every=2), folder=tmp_path / "run")
    (folder, purged, points), (_, purged_again, _) = made
    assert folder == str(tmp_path / "curves")
    assert (purged, purged_again) == (0, 4)  # it goes on with step 3, and 4 is the next even one
    assert points == [("train_loss", 0), ("learning_rate", 0), ("train_loss", 2), ("learning_rate", 2),
                      ("validation/loss", 4), ("validation/error", 4), ("validation/accuracy", 4),
                      ("train_loss", 4), ("learning_rate", 4), "closed"]


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        TensorBoardLog(tmp_path)


@pytest.mark.parametrize(("every", "error"), [(0, ValueError), (1.5, TypeError)])
def test_every_is_a_whole_number(every, error, tmp_path):
    with pytest.raises(error, match="every: given"):
        CSVLog(tmp_path / "log", every)


def test_the_bar_of_a_run_that_goes_on_begins_where_it_is(tmp_path, capsys):
    with pytest.raises(Killed):
        train(Progress("first"), KillAt(7), folder=tmp_path)  # after the checkpoint of step 6
    capsys.readouterr()
    train(Progress("second"), folder=tmp_path)
    bar = capsys.readouterr().err.split("\r")
    assert any("| 6/12" in part for part in bar)
    assert "| 12/12" in bar[-1]
