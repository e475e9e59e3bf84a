"""Our Adam's step against torch's, on the CPU: python benchmarks/optim.py [--rounds N] [--dry]

Four tiny tensors (a 10-20-1 MLP's), 1M and 25M parameters (as of small transformers), on one and two threads.
Peers: torch.optim.Adam as it comes, foreach, fused. What is timed is `step`, with gradients as a backward
pass leaves them, each in memory of its own. Ours is written to be read; who wants speed takes torch's fused.
"""

import bench
import torch

from firstgrad.optim import Adam

BLOCK = [(768, 2304), (2304,), (768, 768), (768,), (768,), (768,)]
SHAPES = {
    "tiny": [(20, 10), (20,), (1, 20), (1,)],
    "1M": [(256, 768), (256,), (256,), (256, 256)] * 4,
    "25M": BLOCK * 8 + [(8192, 768)],
}
GOAL = 1.0  # ours / torch's default
MAKE = {
    "ours": Adam,
    "torch default": torch.optim.Adam,
    "foreach": lambda weights: torch.optim.Adam(weights, foreach=True),
    "fused": lambda weights: torch.optim.Adam(weights, fused=True),
}


def steps(size: str) -> dict:
    """label -> a step of that optimiser; each has weights of its own, and the same gradients."""
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(shape, generator=generator) for shape in SHAPES[size]]
    runs = {}
    for label, make in MAKE.items():
        weights = [torch.ones_like(gradient).requires_grad_() for gradient in gradients]
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        runs[label] = make(weights).step
    return runs


def main(options) -> None:
    rows = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for size in SHAPES:
            rows += bench.compare(f"Adam {size}", steps(size), goals={"torch default": GOAL},
                                  rounds=options.rounds)
    bench.report("optim", rows, options, peers=["torch"],
                 note="One step of Adam, each gradient in memory of its own, as a backward pass leaves it.")


if __name__ == "__main__":
    main(bench.options(__doc__, rounds=25))
