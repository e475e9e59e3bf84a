"""How large is a model, and what does it take to train it? Parameters, memory, arithmetic, time, money.

Everything here is counting: no torch, no rounding. `widgets/explorables/model_sizer/core.js` holds the same
formulas for the explorable *model sizer*; a test holds the two equal. Symbols: h width, f feed-forward
units, L layers, a heads, s context in tokens, v vocabulary, b sequences at a time, N parameters, D tokens of
the training.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from firstgrad.arguments import choice, number, whole

# What three families of Transformers keep differently: is there a gate in the feed-forward layer, a dropout?
_FAMILIES = {
    "gpt": {"gated": False, "dropout": True},
    "bert": {"gated": False, "dropout": True},
    "llama": {"gated": True, "dropout": False},
}
FAMILIES = tuple(_FAMILIES)
PRECISIONS = {"mixed": (2, 2, 12), "fp32": (4, 4, 8)}  # bytes a parameter: weight, gradient, optimiser
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True)
class Shape:
    """A Transformer's measures. Raises: TypeError or ValueError that names the field."""

    layers: int  # L, blocks
    width: int  # h, numbers that stand for a token
    heads: int  # a, of attention; they share the width
    vocabulary: int  # v, different tokens
    context: int  # s, tokens that are read at once
    feed_forward: int = 0  # f, hidden units; 0: four times the width
    family: str = "gpt"  # a name of FAMILIES

    def __post_init__(self):
        for name in ("layers", "width", "heads", "vocabulary", "context"):
            whole(name, getattr(self, name))
        whole("feed_forward", self.feed_forward, least=0)
        choice("family", self.family, FAMILIES)
        if self.width % self.heads:
            raise ValueError(f"heads: given {self.heads}, expected a divisor of the width {self.width}")
        if not self.feed_forward:
            object.__setattr__(self, "feed_forward", 4 * self.width)


@dataclass(frozen=True)
class Gpu:
    """A processor as its maker describes it; the peaks are dense matrix products."""

    peak_16: float  # FLOP/s with 16-bit numbers
    peak_32: float  # FLOP/s with 32-bit numbers, without tensor cores
    memory: float  # bytes


GPUS = {  # NVIDIA's white papers of the three generations; the H200 is an H100 with more memory
    "V100": Gpu(125e12, 15.7e12, 32e9),
    "A100": Gpu(312e12, 19.5e12, 80e9),
    "H100": Gpu(989e12, 67e12, 80e9),
    "H200": Gpu(989e12, 67e12, 141e9),
}


def mlp_parameters(sizes: Sequence[int]) -> int:
    """Weights and biases of an MLP: n·m + m for each layer from n to m units.

    sizes: units of the input, of each hidden layer, of the output, as in `MLPConfig`.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes: given {tuple(sizes)}, expected at least an input and an output size")
    sizes = [whole("sizes", size) for size in sizes]
    return sum(n * m + m for n, m in pairwise(sizes))


def lstm_parameters(vocabulary_size: int, embedding_size: int, hidden_size: int, num_layers: int = 1) -> int:
    """Of an `LSTMLanguageModel`: an embedding, LSTM layers with two biases as in torch, an affine map."""
    v, e = whole("vocabulary_size", vocabulary_size), whole("embedding_size", embedding_size)
    h = whole("hidden_size", hidden_size)
    layers = sum(4 * h * ((h if i else e) + h + 2) for i in range(whole("num_layers", num_layers)))
    return v * e + layers + h * v + v


def parameters(shape: Shape) -> dict[str, int]:
    """Where the parameters of a Transformer are; their sum is N.

    gpt: learned positions, biases, the output layer shares the token embedding (Radford et al. 2019).
    bert: besides, two segment vectors, a norm after the embedding and a pooler (Devlin et al. 2019).
    llama: no positions, no biases, a gated feed-forward layer, one vector a norm, an output layer of its own.
    """
    L, h, f, v, s = shape.layers, shape.width, shape.feed_forward, shape.vocabulary, shape.context
    if shape.family == "llama":
        return {"embeddings": v * h, "attention": L * 4 * h * h, "feed_forward": L * 3 * h * f,
                "norms": (2 * L + 1) * h, "output": v * h}
    bert = shape.family == "bert"
    return {"embeddings": (v + s + 2 * bert) * h, "attention": L * (4 * h * h + 4 * h),
            "feed_forward": L * (2 * h * f + f + h), "norms": (2 * L + 1) * 2 * h,
            "output": h * h + h if bert else 0}


def activations(shape: Shape, batch: int = 1, precision: str = "mixed", recompute: str = "none") -> int:
    """Bytes of the intermediate results that the forward pass keeps for the backward pass, `batch` sequences.

    recompute: "none" keeps all; "selective" computes the attention matrices again; "full" keeps the input of
    each block and computes all else again.
    Source: Korthikanti et al. 2022, §4, arXiv:2205.05198 (s·b·h·(34 + 5·a·s/h) bytes a block for f = 4h,
    16-bit numbers and dropout).  Differs: any f, 32-bit numbers, a gated block without dropout. As there, the
    scratch space of the block that is being recomputed is not counted.
    """
    b = whole("batch", batch)
    e = PRECISIONS[choice("precision", precision, PRECISIONS)][0]
    choice("recompute", recompute, RECOMPUTE)
    L, h, f, a, s = shape.layers, shape.width, shape.feed_forward, shape.heads, shape.context
    family = _FAMILIES[shape.family]
    mask = 1 if family["dropout"] else 0  # bytes
    # Of each token: the inputs of two norms and of three matrix products, then Q, K and V: 8h in all.
    linear = e * (8 * h + (4 if family["gated"] else 2) * f) + 2 * mask * h
    # Of each pair of tokens and head: the softmax and, with dropout, its mask and what is left of it.
    scores = (2 * e + 1 if mask else e) * a * s
    block = e * h if recompute == "full" else linear + (scores if recompute == "none" else 0)
    ends = 2 * e * h + 4 * shape.vocabulary + mask * h  # last norm, output layer, 32-bit scores of the words
    return s * b * (L * block + ends)


def memory(shape: Shape, batch: int = 1, precision: str = "mixed", recompute: str = "none") -> dict[str, int]:
    """Bytes to train with Adam: weights, gradients, optimiser, activations.

    precision: "fp32"; or "mixed", 16-bit weights and gradients, while the optimiser keeps 32-bit weights.
    Source: Rajbhandari et al. 2020, §3.1 (2 + 2 + 12 bytes a parameter), arXiv:1910.02054.
    """
    kept = activations(shape, batch, precision, recompute)
    N = sum(parameters(shape).values())
    weight, gradient, optimiser = PRECISIONS[precision]
    return {"weights": weight * N, "gradients": gradient * N, "optimiser": optimiser * N, "activations": kept}


def training_flops(count: float, tokens: float) -> float:
    """6·N·D: two FLOPs a parameter and token forward, four backward. Source: Kaplan et al. 2020, §2.1."""
    return 6.0 * number("count", count, above=0) * number("tokens", tokens, above=0)


def attention_flops(shape: Shape, tokens: float) -> float:
    """12·L·h·s·D: what 6·N·D leaves out, the products of Q with K and of the weights with V, all pairs."""
    return 12.0 * shape.layers * shape.width * shape.context * number("tokens", tokens, above=0)


def training_seconds(flops: float, gpus: int, peak: float, utilisation: float,
                     recompute: str = "none") -> float:
    """How long `gpus` processors work.

    peak: FLOP/s of one.  utilisation: the share of it that is reached.
    recompute: "full" runs the forward pass twice, so 8 FLOPs where `flops` has 6; "selective" costs little.
    """
    number("flops", flops, above=0)
    whole("gpus", gpus)
    number("peak", peak, above=0)
    number("utilisation", utilisation, above=0, most=1)
    work = flops * (4 / 3 if choice("recompute", recompute, RECOMPUTE) == "full" else 1)
    return work / (gpus * peak * utilisation)


def cost(seconds: float, gpus: int, price: float) -> float:
    """Of the processors' time. price: of one processor for an hour, in any currency."""
    hours = number("seconds", seconds, least=0) / 3600
    return hours * whole("gpus", gpus) * number("price", price, least=0)


def gpus_needed(total: float, gpu: Gpu) -> int:
    """The fewest processors whose memories together hold `total` bytes, were it spread without loss."""
    return max(1, math.ceil(number("total", total, above=0) / gpu.memory))
