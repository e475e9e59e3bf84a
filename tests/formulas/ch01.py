"""Chapter 01: sizes and costs, against what torch counts and against a list of what is kept."""

import itertools

import torch
from entries import Chapter
from torch.utils.flop_counter import FlopCounterMode

formula = Chapter("01")


@formula("lm-twelve", r"N \approx 12\,L\,h^2 .", about=0.01)
def _():
    found = []
    for h, layers in ((512, 3), (1024, 2)):
        with torch.device("meta"):
            block = torch.nn.TransformerEncoderLayer(d_model=h, nhead=8, dim_feedforward=4 * h)
        found.append({"N": layers * sum(p.numel() for p in block.parameters()), "L": layers, "h": h})
    return found


@formula(
    "lm-activations",
    r"s\,b\,h\left(34 + 5\,\frac{a\,s}{h}\right) \text{ bytes}",
    read=[(r"\text{ bytes}", "")],
)
def _():
    """What each operation keeps for its backward pass: 16-bit numbers, masks of one byte."""
    found = []
    for s, b, h, a in ((128, 2, 64, 4), (100, 1, 96, 8)):
        wide, pairs = s * b * h, a * s * s * b
        norms = 2 * 2 * wide
        attention = 2 * wide + 2 * 2 * wide + 2 * pairs + pairs + 2 * pairs + 2 * wide + 2 * wide + wide
        feed_forward = 2 * wide + 2 * 4 * wide + 2 * 4 * wide + wide
        found.append({"s": s, "b": b, "h": h, "a": a, "value": norms + attention + feed_forward})
    return found


@formula("lm-sixnd", r"C \approx 6\,N\,D ,", about=1e-9)
def _():
    found = []
    for rows, sizes in ((7, (8, 16, 4)), (5, (6, 6, 6))):
        model = torch.nn.Sequential(
            *(torch.nn.Linear(m, n, bias=False) for m, n in itertools.pairwise(sizes))
        )
        with FlopCounterMode(display=False) as counter:
            model(torch.randn(rows, sizes[0], requires_grad=True)).sum().backward()
        found.append(
            {"C": counter.get_total_flops(), "D": rows, "N": sum(p.numel() for p in model.parameters())}
        )
    return found


def block():
    with torch.device("meta"):
        return torch.nn.TransformerEncoderLayer(d_model=512, nhead=8, dim_feedforward=1536)


def size(*parts):
    return sum(p.numel() for part in parts for p in part.parameters())


@formula("$attention", r"4h^2 + 4h")
def _():
    return {"h": 512, "value": size(block().self_attn)}


@formula("$feed-forward", r"2hf + f + h")
def _():
    return {"h": 512, "f": 1536, "value": size(block().linear1, block().linear2)}


@formula("$block", r"12h^2 + 13h")
def _():
    with torch.device("meta"):
        whole = torch.nn.TransformerEncoderLayer(d_model=512, nhead=8, dim_feedforward=2048)
    return {"h": 512, "value": size(whole)}
