"""Our Trainer against the loop of every tutorial, on one thread: python benchmarks/trainer.py [rounds]

MLP 196-64-10 on Fashion-MNIST, batches of 64, SGD, one epoch a round, the two in turn. The tutorial loop is a
shuffling DataLoader over a TensorDataset, torch.optim.SGD with its defaults, and loss.item() at every step.
Prints one line: ratio (ours / tutorial, the median of the rounds), its 10th and 90th percentile, the goal.
"""

import statistics
import sys
import time

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from firstgrad.data import fashion_mnist
from firstgrad.models.mlp import MLP
from firstgrad.optim import SGD
from firstgrad.trainer import Trainer

GOAL = 0.75


def tutorial(x, y) -> None:
    model = MLP()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    total = 0.0
    for batch, labels in DataLoader(TensorDataset(x, y), 64, shuffle=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()


def ours(x, y) -> None:
    model = MLP()
    Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.1), device="cpu").fit((x, y), epochs=1)


def seconds(run, *data) -> float:
    started = time.perf_counter()
    run(*data)
    return time.perf_counter() - started


def main(rounds: int) -> None:
    torch.set_num_threads(1)
    data = fashion_mnist("train")
    tutorial(*data), ours(*data)  # the first run of each pays for what is loaded lazily
    ratios = [seconds(ours, *data) / seconds(tutorial, *data) for _ in range(rounds)]
    deciles = statistics.quantiles(ratios, n=10)
    ratio, low, high = statistics.median(ratios), deciles[0], deciles[-1]
    met = "yes" if ratio <= GOAL else "no"
    print(f"bench=trainer-mlp ratio={ratio:.2f} low={low:.2f} high={high:.2f} goal={GOAL} met={met}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
