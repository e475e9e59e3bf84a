"""Draw the next token: temperature, top-k, top-p, and the draw itself, over logits of all tokens.

A token that is cut away gets the logit −∞, so its probability is exactly zero and the others share the rest.
Logits may be log-probabilities, and may be −∞ from the start.
"""

import math

import torch

from firstgrad.arguments import number, whole


def temper(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Divide by the temperature: below 1 the likely tokens become likelier still, above 1 less likely.

    Shapes: logits (…, V).  Returns: the same.  Probabilities p become p^(1/T), divided by their sum.
    Raises: ValueError for a temperature that is not above 0, and for logits that are no distribution.
    """
    check_logits(logits)
    return logits / number("temperature", temperature, above=0)


def top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    """Keep the k largest logits. Whatever equals the k-th of them is kept as well, so ties are never broken.

    Shapes: logits (…, V).  Returns: the same, −∞ where cut.  A k of V or more keeps all.
    Source: Fan, Lewis & Dauphin 2018, §5.2, arXiv:1805.04833; ties as Hugging Face's TopKLogitsWarper.
    """
    check_logits(logits)
    k = min(whole("k", k), logits.shape[-1])
    return logits.masked_fill(logits < logits.topk(k).values[..., -1:], -math.inf)


def top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Keep the fewest tokens, the likeliest first, whose probabilities add up to at least p.

    Shapes: logits (…, V).  Returns: the same, −∞ where cut.  Among equal logits the lower id comes first.
    Source: Holtzman et al. 2020, §3.1, arXiv:1904.09751.
    """
    check_logits(logits)
    number("p", p, above=0, most=1)
    order = logits.argsort(dim=-1, descending=True, stable=True)
    probabilities = logits.gather(-1, order).softmax(-1)
    before = probabilities.cumsum(-1) - probabilities  # the mass of those that are likelier
    cut = torch.zeros_like(order, dtype=torch.bool).scatter(-1, order, (before >= p) & (p < 1))
    return logits.masked_fill(cut, -math.inf)


_keep_k, _keep_p = top_k, top_p  # their names are those of arguments, below


def chances(logits: torch.Tensor, *, temperature: float = 1.0, top_k: int | None = None,
            top_p: float | None = None) -> torch.Tensor:
    """The probabilities that are drawn from: temperature first, then top-k, then top-p.

    Shapes: logits (…, V).  Returns: the same.
    Raises: TypeError, ValueError that name the argument.
    """
    logits = temper(logits, temperature)
    logits = logits if top_k is None else _keep_k(logits, whole("top_k", top_k))
    logits = logits if top_p is None else _keep_p(logits, number("top_p", top_p, above=0, most=1))
    return logits.softmax(-1)


def pick(probabilities: torch.Tensor, u: float) -> int:
    """The id at which the running sum of `probabilities` (V,) passes u, a number in [0, 1)."""
    number("u", u, least=0, below=1)
    sums = probabilities.double().cumsum(0)
    id = int(torch.searchsorted(sums, u * sums[-1], right=True))
    return min(id, int(probabilities.nonzero()[-1]))  # u · sum may round up to the sum itself


def sample(logits: torch.Tensor, *, temperature: float = 1.0, top_k: int | None = None,
           top_p: float | None = None, generator: torch.Generator | None = None) -> int:
    """Draw one id from the `chances` of logits (V,); the same generator state gives the same id."""
    check_logits(logits, dimensions=1)
    u = torch.rand((), dtype=torch.float64, generator=generator).item()
    return pick(chances(logits, temperature=temperature, top_k=top_k, top_p=top_p), u)


def check_logits(logits: torch.Tensor, dimensions: int | None = None) -> None:
    """Raise TypeError or ValueError unless of each row of `logits` (…, V) a softmax can be taken."""
    if not torch.is_tensor(logits) or not logits.is_floating_point():
        given = logits.dtype if torch.is_tensor(logits) else type(logits).__name__
        raise TypeError(f"logits: given {given}, expected a tensor of floats")
    if logits.ndim == 0 or logits.numel() == 0 or dimensions not in (None, logits.ndim):
        expected = "(V,)" if dimensions == 1 else "(…, V)"
        raise ValueError(f"logits: given shape {tuple(logits.shape)}, expected {expected}, V ≥ 1")
    highest = logits.amax(-1)  # it passes a NaN on
    if not highest.isfinite().all():
        wrong = highest[~highest.isfinite()][0].item()
        raise ValueError(f"logits: given {wrong} as the largest, expected a finite number")
