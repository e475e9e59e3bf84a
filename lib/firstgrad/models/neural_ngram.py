"""The neural n-gram: the next token from the n − 1 before it, by a small network instead of by counting."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from firstgrad.arguments import whole
from firstgrad.text.sampling import sample
from firstgrad.text.tokens import as_ids, check_ids


@dataclass(frozen=True)
class NeuralNGramConfig:
    """What a neural n-gram is made of. Raises: ValueError or TypeError that names the field."""

    vocabulary_size: int = 80  # V
    order: int = 6  # n: the context is the n − 1 tokens before
    embedding: int = 24  # numbers that stand for a token
    hidden: int = 128  # tanh units

    def __post_init__(self):
        for name in ("vocabulary_size", "embedding", "hidden"):
            whole(name, getattr(self, name))
        whole("order", self.order, least=2)


class NeuralNGram(nn.Module):
    """logits = U tanh(W e + d) + b, where e is the embeddings of the n − 1 tokens, one after the other.

    Shapes: context (B, n − 1) int64, the oldest token first.  Returns: logits (B, V) of the next token.
    Raises: TypeError, ValueError for a context of another type or width, and for ids that are not in 0…V−1.
    Source: Bengio et al. 2003, eq. 1, https://jmlr.org/papers/v3/bengio03a.html.  Differs: no direct
    connections from the embeddings to the output; W is the paper's H.
    """

    def __init__(self, config: NeuralNGramConfig | None = None):
        super().__init__()
        self.config = config = config or NeuralNGramConfig()
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding)
        self.hidden = nn.Linear((config.order - 1) * config.embedding, config.hidden)
        self.output = nn.Linear(config.hidden, config.vocabulary_size)
        nn.init.normal_(self.embedding.weight, std=0.5)

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, context: torch.Tensor) -> torch.Tensor:
        check_ids("context", context, self.config.vocabulary_size)
        width = self.config.order - 1
        if context.ndim != 2 or context.shape[1] != width:
            raise ValueError(f"context: given shape {tuple(context.shape)}, expected (B, {width}), "
                             f"since the order is {width + 1}")
        e = self.embedding(context).flatten(1)  # (B, n − 1) -> (B, n − 1, E) -> (B, (n − 1) E)
        return self.output(torch.tanh(self.hidden(e)))

    @torch.no_grad()
    def generate(self, tokens: torch.Tensor | Sequence[int], count: int, *, temperature: float = 1.0,
                 top_k: int | None = None, top_p: float | None = None,
                 generator: torch.Generator | None = None) -> list[int]:
        """Write on after `tokens` (T,), T ≥ n − 1: `count` ids, each drawn as `text.sample` does.

        Raises: TypeError, ValueError that name the argument.
        """
        tokens, width = as_ids("tokens", tokens), self.config.order - 1
        if tokens.ndim != 1 or len(tokens) < width:
            raise ValueError(f"tokens: given shape {tuple(tokens.shape)}, expected (T,) with T at least "
                             f"{width}, since the order is {width + 1}")
        check_ids("tokens", tokens, self.config.vocabulary_size)
        ids, device = tokens.tolist(), self.output.weight.device
        for _ in range(whole("count", count)):
            logits = self(torch.tensor([ids[-width:]], device=device))[0].cpu()  # (1, n − 1) -> (V,)
            ids.append(sample(logits, temperature=temperature, top_k=top_k, top_p=top_p, generator=generator))
        return ids[-count:]


def contexts(ids: torch.Tensor, order: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What a neural n-gram is trained on: every context of a text, and the token that follows it.

    Shapes: ids (N,) int64.  Returns: (N − n + 1, n − 1) and (N − n + 1,); views, not copies.
    Raises: TypeError, ValueError for ids that are no text of at least n tokens.
    """
    whole("order", order, least=2)
    if not torch.is_tensor(ids) or ids.dtype != torch.int64:
        raise TypeError(f"ids: given {getattr(ids, 'dtype', type(ids).__name__)}, expected an int64 tensor")
    if ids.ndim != 1 or len(ids) < order:
        raise ValueError(f"ids: given shape {tuple(ids.shape)}, expected (N,) with N at least "
                         f"{order}, the order")
    return ids.unfold(0, order - 1, 1)[:-1], ids[order - 1:]
