"""Draw the next token: temperature, top-k, top-p, and the draw itself, over one vector of logits.

A token that is cut away gets the logit −∞, so its probability is exactly zero and the others share the rest.
Logits may be log-probabilities, and may be −∞ from the start.
"""

import math

import torch

from firstgrad.arguments import number, whole


def temper(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Divide by the temperature: below 1 the likely tokens become likelier still, above 1 less likely.

    Shapes: logits (V,).  Returns: (V,).  Probabilities p become p^(1/T), divided by their sum.
    Raises: ValueError for a temperature that is not above 0, and for logits that are no distribution.
    """
    check_logits(logits)
    return logits / number("temperature", temperature, above=0)


def top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    """Keep the k largest logits. Whatever equals the k-th of them is kept as well, so ties are never broken.

    Shapes: logits (V,).  Returns: (V,), −∞ where cut.  A k of V or more keeps all.
    Source: Fan, Lewis & Dauphin 2018, §5.2, arXiv:1805.04833; ties as Hugging Face's TopKLogitsWarper.
    """
    check_logits(logits)
    k = min(whole("k", k), len(logits))
    return logits.masked_fill(logits < logits.topk(k).values[-1], -math.inf)


def top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Keep the fewest tokens, the likeliest first, whose probabilities add up to at least p.

    Shapes: logits (V,).  Returns: (V,), −∞ where cut.  Among equal logits the lower id comes first.
    Source: Holtzman et al. 2020, §3.1, arXiv:1904.09751.
    """
    check_logits(logits)
    number("p", p, above=0, most=1)
    order = logits.argsort(descending=True, stable=True)
    probabilities = logits[order].softmax(0)
    before = probabilities.cumsum(0) - probabilities  # the mass of those that are likelier
    cut = torch.zeros_like(order, dtype=torch.bool)
    cut[order] = (before >= p) & (p < 1)
    return logits.masked_fill(cut, -math.inf)


def chances(logits: torch.Tensor, *, temperature: float = 1.0, k: int | None = None,
            p: float | None = None) -> torch.Tensor:
    """The probabilities that are drawn from: temperature first, then top-k, then top-p; (V,) -> (V,)."""
    logits = temper(logits, temperature)
    logits = logits if k is None else top_k(logits, k)
    logits = logits if p is None else top_p(logits, p)
    return logits.softmax(0)


def pick(probabilities: torch.Tensor, u: float) -> int:
    """The id at which the running sum of `probabilities` (V,) passes u, a number in [0, 1)."""
    number("u", u, least=0, below=1)
    sums = probabilities.double().cumsum(0)
    id = int(torch.searchsorted(sums, u * sums[-1], right=True))
    return min(id, int(probabilities.nonzero()[-1]))  # u · sum may round up to the sum itself


def sample(logits: torch.Tensor, *, temperature: float = 1.0, k: int | None = None, p: float | None = None,
           generator: torch.Generator | None = None) -> int:
    """Draw one id from `chances`; the same generator state gives the same id."""
    u = torch.rand((), dtype=torch.float64, generator=generator).item()
    return pick(chances(logits, temperature=temperature, k=k, p=p), u)


def check_logits(logits: torch.Tensor) -> None:
    """Raise TypeError or ValueError unless `logits` is a vector of which a softmax can be taken."""
    if not torch.is_tensor(logits) or not logits.is_floating_point():
        given = logits.dtype if torch.is_tensor(logits) else type(logits).__name__
        raise TypeError(f"logits: given {given}, expected a tensor of floats")
    if logits.ndim != 1 or len(logits) == 0:
        raise ValueError(f"logits: given shape {tuple(logits.shape)}, expected (V,), V ≥ 1")
    highest = logits.max().item()
    if not math.isfinite(highest):  # max passes a NaN on
        raise ValueError(f"logits: given {highest} as the largest, expected a finite number")
