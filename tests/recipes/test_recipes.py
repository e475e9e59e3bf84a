"""The recipes that come with the book: they learn, and what their files and README.md say of them is so."""

import math
import os
import re
import shlex
from pathlib import Path

import pytest
import torch

from firstgrad import __main__ as command
from firstgrad import recipe as recipes
from firstgrad.data.texts import moby_dick
from firstgrad.text.vocabulary import Vocabulary

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in (ROOT / "recipes").glob("*/*.py")
               if "def recipe(" in path.read_text("utf-8"))
# Smaller than by default, to be quick: (settings, steps, by how much the loss falls at least)
SMALL = {"mlp_fashion_mnist": ({"hidden": 32}, 30, 0.8), "lstm_text": ({"hidden": 32, "epochs": 1}, 30, 1.0)}
README = (ROOT / "recipes/README.md").read_text("utf-8")


def losses(folder) -> list[float]:
    """The training losses that a run has logged."""
    head, *lines = (line.split(",") for line in (folder / "log.csv").read_text().splitlines())
    column = head.index("train_loss")
    return [float(line[column]) for line in lines if line[column]]


def test_every_recipe_is_tried_here():
    assert {path.stem for path in FILES} == set(SMALL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_first_steps_reduce_the_loss(path, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    settings, steps, fall = SMALL[path.stem]
    options = [f"--{name}={value}" for name, value in {**settings, "steps": steps}.items()]
    always = [f"--folder={tmp_path}", "--device=cpu", "--quiet"]
    assert command.main(["train", str(path), *always, *options]) == 0
    seen = losses(tmp_path)
    assert len(seen) == steps
    assert seen[0] - sum(seen[-5:]) / 5 > fall
    assert re.search(r"validation loss \d+\.\d{4}.*test loss .*rows/s", capsys.readouterr().out)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recipe_is_read_in_a_minute(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 70
    settings = recipes.settings(recipes.load(path))
    assert {"epochs", "batch_size", "learning_rate"} <= set(settings)
    about = recipes.load(path).__doc__
    assert [name for name in settings if name not in ("learning_rate", "batch_size")
            and f"{name}:" not in about] == []  # what needs words has them


def bits(n: int) -> float:
    """Bits a character of the validation text, guessed from the n−1 before it, as counted in training."""
    texts = [moby_dick(split) for split in ("train", "validation", "test")]
    vocabulary = Vocabulary.of_characters("".join(texts))
    counts = torch.ones((len(vocabulary),) * n, dtype=torch.float64)  # one each, so that none is impossible
    train, validation = (tuple(vocabulary.encode(text).unfold(0, n, 1).unbind(1)) for text in texts[:2])
    counts.index_put_(train, torch.ones(1, dtype=torch.float64), accumulate=True)
    chances = counts / counts.sum(-1, keepdim=True)
    return -chances[validation].log2().mean().item()


def test_the_baselines_that_lstm_text_names_are_those():
    about = " ".join((ROOT / "recipes/language/lstm_text.py").read_text("utf-8").split('"""')[1].split())
    named = re.search(r"([\d.]+) bits by how often each comes, ([\d.]+) by the one before it", about)
    assert [float(part) for part in named.groups()] == [round(bits(1), 2), round(bits(2), 2)]
    reached = float(re.search(r"It reaches ([\d.]+) bits", about)[1])
    assert reached < bits(2) - 1


def test_bits_are_nats_over_log_two():
    module = recipes.load(ROOT / "recipes/language/lstm_text.py").__globals__
    logits = torch.zeros(2, 4, 3)  # four characters, equally likely
    assert module["bits"](logits, torch.zeros(2, 3, dtype=torch.int64)).item() == pytest.approx(2)
    assert math.isclose(math.log(4) / math.log(2), 2)


COMMANDS = re.findall(r"^(?: |torchrun).*-m firstgrad (train .*)$", README.replace("\\\n", " "), re.MULTILINE)


def test_there_are_commands_in_the_readme():
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_in_the_readme_are_understood(line, monkeypatch):
    monkeypatch.setattr(command, "_train", lambda build, settings, options: 0)
    monkeypatch.chdir(ROOT)
    assert command.main([os.path.expandvars(word) for word in shlex.split(line.split("#")[0])]) == 0


def test_the_recipe_in_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    Path("mine.py").write_text(code)
    assert command.main(["train", "mine.py", "--epochs", "30", "--quiet"]) == 0
    assert float(re.search(r"validation loss ([\d.]+)", capsys.readouterr().out)[1]) < 0.1
