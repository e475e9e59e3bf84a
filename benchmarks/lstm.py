"""Our LSTM against torch's nn.LSTM: forward and backward, 64 → 128 units, 32 sequences of 100 steps.

Plain: autograd differentiates the cell step by step. Fast: its gradient is derived by hand.
"""

import bench
import torch
from torch import nn

from firstgrad.models.recurrent import LSTM

BATCH, STEPS, INPUT, HIDDEN = 32, 100, 64, 128
GOALS = {"plain": 2.2, "fast": 1.8}  # for one thread


def forward_and_backward(layer, x, weights):
    outputs, _ = layer(x)
    (outputs * weights).sum().backward()


def main() -> None:
    options = bench.options(__doc__, rounds=40)
    torch.manual_seed(0)
    x = torch.randn(BATCH, STEPS, INPUT, requires_grad=True)
    weights = torch.randn(BATCH, STEPS, HIDDEN)
    theirs = nn.LSTM(INPUT, HIDDEN, batch_first=True)
    rows = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for form, goal in GOALS.items():
            ours = LSTM(INPUT, HIDDEN, form=form)
            ours.load_state_dict(theirs.state_dict())
            runs = {"ours": lambda ours=ours: forward_and_backward(ours, x, weights),
                    "nn.LSTM": lambda: forward_and_backward(theirs, x, weights)}
            rows += bench.compare(f"LSTM {form}", runs, goals={"nn.LSTM": goal} if threads == 1 else {},
                                  rounds=options.rounds)
    bench.report("lstm", rows, options, peers=["torch"], note=" ".join(__doc__.split()))


if __name__ == "__main__":
    main()
