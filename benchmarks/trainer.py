"""Our Trainer against the loop of every tutorial, a bare loop of our own, and the trainers of others.

MLP 10-20-1 (medical records), MLP 784-256-10 (photographs), LSTM 64→128 (a novel's words), the recipe's text
classifier (definitions of different lengths, padded to 100), on one thread and on two. A run is all that a
script does once its data are there: it makes the model, the optimiser and the trainer, and trains some epochs
in shuffled batches by Adam. The models are torch's own modules. "Ours" takes torch's fused Adam; "bare" is a
loop with the same tensors, order and Adam, without our Trainer; "tutorial" and the others take
torch.optim.Adam as it comes; they write no logs, bars or checkpoints and validate nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import bench
import torch
import trainer_peers
from sklearn.datasets import load_diabetes
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from firstgrad.data import DEFINITION_CLASSES, definitions, fashion_mnist, moby_dick
from firstgrad.models.recurrent import TextClassifier, TextClassifierConfig
from firstgrad.text import Tokenizer, Vocabulary, words
from firstgrad.training import Trainer

WORDS, LENGTH, WINDOWS = 10_000, 100, 640  # of the LSTM's vocabulary, of a window; windows


@dataclass(frozen=True)
class Task:
    """What is trained, and for how long."""

    name: str
    data: tuple[torch.Tensor, torch.Tensor]
    make: Callable[[], nn.Module]
    loss: Callable
    batch_size: int
    epochs: int
    goals: dict[str, float]  # the most that ours may be, times the peer's


class LSTMClassifier(nn.Module):
    """Reads a window of words; its last state is mapped to a score for each of two classes."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 64)
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.head = nn.Linear(128, 2)

    def forward(self, tokens):
        return self.head(self.lstm(self.embedding(tokens))[0][:, -1])


def tasks() -> list[Task]:
    return [
        Task("MLP 10-20-1", records(), lambda: perceptron(10, 20, 1), F.mse_loss, 32, 4,
             {"tutorial": 0.6, "Lightning": 1 / 2.3}),
        Task("MLP 784-256-10", photographs(), lambda: perceptron(784, 256, 10), F.cross_entropy, 128, 4,
             {"tutorial": 0.75, "bare": 1.1}),
        Task("LSTM 64-128", windows(), LSTMClassifier, F.cross_entropy, 32, 1,
             {"tutorial": 0.93, "bare": 1.03}),
        Task("text classifier", padded_texts(), text_classifier, F.cross_entropy, 32, 1,
             {"Lightning": 1.0, "HF Trainer": 1.0, "skorch": 1.0}),
    ]


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def records(copies: int = 16):
    """Ten measurements of a patient, how far the illness went: float32 (n, 10), (n, 1), standardised."""
    x, y = (torch.from_numpy(part).float() for part in load_diabetes(return_X_y=True))
    x, y = ((part - part.mean(0)) / part.std(0) for part in (x, y[:, None]))
    return x.repeat(copies, 1), y.repeat(copies, 1)


def photographs():
    """Fashion-MNIST, every pixel of the book's as 2×2: float32 (n, 784), int64 (n,)."""
    x, y = fashion_mnist("train")
    x = x.unflatten(1, (14, 14)).repeat_interleave(2, 1).repeat_interleave(2, 2)  # (n, 196) -> (n, 28, 28)
    return x.flatten(1), y


def windows():
    """Windows of Moby-Dick's words: int64 (n, LENGTH). Is the next one a punctuation mark? int64 (n,)."""
    text = words(moby_dick("train"))
    counted = Vocabulary.of_words([text], unknown="<unk>")
    number = {word: min(place, WORDS - 1) for place, word in enumerate(counted.tokens)}
    ids = torch.tensor([number[word] for word in text])
    parts = ids.unfold(0, LENGTH, LENGTH)[:WINDOWS]
    following = text[LENGTH:(WINDOWS + 1) * LENGTH:LENGTH]
    return parts.contiguous(), torch.tensor([int(not word[0].isalnum()) for word in following])


def padded_texts():
    """WordNet's definitions of every fifth noun, padded: int64 (n, LENGTH), and their kinds (n,)."""
    texts, labels, _ = (part[::5] for part in definitions("train"))
    return Tokenizer.fit(texts, WORDS).batch(texts, LENGTH), torch.tensor(labels)


def text_classifier() -> nn.Module:
    """The one of recipes/language/text_classifier.py, which takes the padding off."""
    return TextClassifier(TextClassifierConfig(WORDS, len(DEFINITION_CLASSES)))


def ours(task: Task) -> nn.Module:
    model = task.make()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    trainer = Trainer(model, task.loss, optimizer, device="cpu")
    trainer.fit(task.data, epochs=task.epochs, batch_size=task.batch_size)
    return model


def bare(task: Task) -> nn.Module:
    model, losses = task.make(), []
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for _ in range(task.epochs):
        order = torch.randperm(len(task.data[0]))
        batches = zip(*(part[order].split(task.batch_size) for part in task.data), strict=True)
        for x, y in batches:
            optimizer.zero_grad()
            loss = task.loss(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return model


def tutorial(task: Task) -> nn.Module:
    model, total = task.make(), 0.0
    optimizer = torch.optim.Adam(model.parameters())
    loader = DataLoader(TensorDataset(*task.data), task.batch_size, shuffle=True)
    for _ in range(task.epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = task.loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
    return model


def check_same_work(task: Task, runs: dict[str, Callable]) -> None:
    """All must train on as many batches, as large, and learn about as much as the tutorial loop."""
    *full, last = task.data[0].split(task.batch_size)
    sizes = sorted([*map(len, full), len(last)] * task.epochs)
    learnt = {}
    for label, run in runs.items():
        torch.manual_seed(0)
        seen, before = [], loss(task, task.make())
        torch.manual_seed(0)
        model = run(replace(task, make=partial(counting, task.make, seen)))
        if sorted(seen) != sizes:
            raise SystemExit(f"{task.name}: {label} trains on {len(seen)} batches, {sum(seen)} rows in all, "
                             f"expected {len(sizes)} and {sum(sizes)}")
        learnt[label] = before - loss(task, model)
    if not all(0.8 < fall / learnt["tutorial"] < 1.25 for fall in learnt.values()):
        raise SystemExit(f"{task.name}: the loss falls by {learnt}, expected about the same for all")


def counting(make: Callable[[], nn.Module], seen: list[int]) -> nn.Module:
    """The model that `make` makes; it puts the size of every batch that it trains on into `seen`."""
    def count(model, inputs, outputs):
        if torch.is_grad_enabled():
            seen.append(len(outputs))

    model = make()
    model.register_forward_hook(count)
    return model


@torch.no_grad()
def loss(task: Task, model: nn.Module) -> float:
    x, y = task.data
    return task.loss(model.eval()(x), y).item()


def main(options) -> None:
    peers, versions = trainer_peers.available()
    runs, rows = {"ours": ours, "bare": bare, "tutorial": tutorial, **peers}, []
    for task in tasks():
        check_same_work(task, runs)
        goals = {peer: goal for peer, goal in task.goals.items() if peer in runs}
        calls = {label: partial(run, task) for label, run in runs.items()}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            rows += bench.compare(task.name, calls, goals=goals, rounds=options.rounds)
    bench.report("trainer", rows, options, peers=versions, note=" ".join(__doc__.split("\n\n")[1].split()))


if __name__ == "__main__":
    main(bench.options(__doc__, rounds=15))
