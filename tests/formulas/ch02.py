"""Chapter 02: where an element lies, what broadcasting gives, and what limits a speed; torch is asked."""

import torch
from entries import Chapter
from torch.utils.flop_counter import FlopCounterMode

formula = Chapter("02")


def flops(operation, *shapes):
    with FlopCounterMode(display=False) as counter:
        operation(*(torch.zeros(shape) for shape in shapes))
    return counter.get_total_flops()


@formula("tools-address", r"o + i_1 s_1 + \dots + i_k s_k .", read=[(r"\dots", "i_2 s_2")])
def _():
    memory = torch.arange(120).reshape(4, 5, 6)  # each element is its own address
    found = []
    for view in (memory, memory.permute(2, 0, 1), memory[1:, ::2, 1::2]):
        for place in ((0, 0, 0), (1, 2, 1), (2, 1, 2)):
            found.append(
                {
                    "o": view.storage_offset(),
                    "i": dict(enumerate(place, 1)),
                    "k": 3,
                    "s": dict(enumerate(view.stride(), 1)),
                    "value": view[place].item(),
                }
            )
    return found


@formula(
    "tools-broadcast",
    r"""
\begin{cases}
n & \text{if } m = 1, \\
m & \text{if } n = 1 \text{ or } n = m,
\end{cases}
""",
)
def _():
    return [
        {"m": m, "n": n, "value": torch.broadcast_shapes((m,), (n,))[0]}
        for m, n in ((1, 0), (0, 1), (1, 5), (5, 1), (4, 4), (1, 1))
    ]


@formula(
    "tools-intensity",
    r"""
I_\text{matmul} = \frac{2n^3}{3n^2 s} = \frac{2n}{3s},
\qquad
I_\text{add} = \frac{n}{3ns} = \frac{1}{3s} .
""",
)
def _():
    found = []
    for n, dtype in ((12, torch.float32), (7, torch.float64)):
        one = torch.zeros(n, n, dtype=dtype)
        found.append(
            {
                "n": n,
                "s": one.element_size(),
                r"I_\text{add}": n / (3 * one[0].nbytes),
                r"I_\text{matmul}": flops(torch.mm, (n, n), (n, n)) / (3 * one.nbytes),
            }
        )
    return found


@formula("tools-roofline", r"\min(P,\ \beta I) .")
def _():
    """Arithmetic and transport go on at once: the slower one says how long it takes."""
    found = []
    for work, moved in ((1e9, 1e6), (1e6, 1e9), (5e7, 4e7)):
        seconds = max(work / 3e12, moved / 2e11)
        found.append({"P": 3e12, r"\beta": 2e11, "I": work / moved, "value": work / seconds})
    return found


@formula("tools-layer", r"I_\text{layer} = \frac{2Bn^2}{s\,(n^2 + 2Bn)} = \frac{2B}{s\,(1 + 2B/n)} ,")
def _():
    found = []
    for n, rows in ((16, 3), (8, 8)):
        moved = torch.zeros(n, n).nbytes + 2 * torch.zeros(rows, n).nbytes
        found.append(
            {"n": n, "B": rows, "s": 4, r"I_\text{layer}": flops(torch.mm, (rows, n), (n, n)) / moved}
        )
    return found
