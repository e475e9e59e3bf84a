"""Our Adam's step against torch's, on the CPU: python benchmarks/optim.py [--rounds N] [--dry]

Four tiny tensors (a 10-20-1 MLP's), 1M and 25M parameters (as of small transformers), on one and two threads.
Peers: torch.optim.Adam as it comes, foreach, fused. What is timed is `step`, with gradients as a backward
pass leaves them, each in memory of its own: that ours copies the small ones side by side is counted. Ours is
the fast form; "uncompiled" is the same where no C++ compiler is; plain is the form that a reader reads.
"""

import sys

import bench
import torch

from firstgrad.optim import Adam
from firstgrad.optim import fast as optim_fast

BLOCK = [(768, 2304), (2304,), (768, 768), (768,), (768,), (768,)]
SHAPES = {
    "tiny": [(20, 10), (20,), (1, 20), (1,)],
    "1M": [(256, 768), (256,), (256,), (256, 256)] * 4,
    "25M": BLOCK * 8 + [(8192, 768)],
}
GOALS = {"tiny": 1.0, "1M": 1.05, "25M": 1.05}  # ours / fused
UNCOMPILED = {"1M": 2.0}
MAKE = {
    "ours": lambda weights: Adam(weights, fast=True),
    "plain": Adam,
    "torch default": torch.optim.Adam,
    "foreach": lambda weights: torch.optim.Adam(weights, foreach=True),
    "fused": lambda weights: torch.optim.Adam(weights, fused=True),
}


def steps(size: str, labels: list[str]) -> dict:
    """label -> a step of that optimiser; each has weights of its own, and the same gradients."""
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(shape, generator=generator) for shape in SHAPES[size]]
    runs = {}
    for label in labels:
        weights = [torch.ones_like(gradient).requires_grad_() for gradient in gradients]
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        runs[label] = MAKE[label](weights).step
    return runs


def main(options) -> None:
    rows = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for size, goal in GOALS.items():
            rows += bench.compare(f"Adam {size}", steps(size, list(MAKE)), goals={"fused": goal},
                                  rounds=options.rounds)
            compiled_from, optim_fast.COMPILED = optim_fast.COMPILED, sys.maxsize
            goals = {"fused": UNCOMPILED[size]} if size in UNCOMPILED else {}
            rows += bench.compare(f"Adam {size} uncompiled", steps(size, ["ours", "fused"]), goals=goals,
                                  rounds=options.rounds)
            optim_fast.COMPILED = compiled_from
    bench.report("optim", rows, options, peers=["torch"],
                 note="One step of Adam, each gradient in memory of its own, as a backward pass leaves it.")


if __name__ == "__main__":
    main(bench.options(__doc__, rounds=25))
