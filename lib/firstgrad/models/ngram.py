"""n-gram language models: the next token from the n − 1 before it, by counting.

All n-grams of a text stand in a trie, one level a length. The nodes of level k are the k-grams; a node is
named by its parent (its first k − 1 tokens) and its last token, as parent · V + token. Each level is one
sorted array of such names, so that a whole text is looked up at once, and no n-gram is ever written out.

Every smoothing here is one recursion, from short contexts to long ones:

    P_k(w | h) = (weight(h w) + mass(h) · lower(w)) / total(h)        total(h) = Σ_w weight(h w) + mass(h)

likelihood  weight: the count.  mass: 0.  A context that never came predicts nothing: probabilities 0.
add-k       weight: the count.  mass: k V.  lower: uniform, 1 / V.
absolute    weight: the count less D.  mass: all that was taken away.  lower: P_{k−1}; P_0 = 1 / V.
kneser-ney  the same, but below the highest order h w counts as often as different tokens come before it.
modified    the same, with three discounts: of counts of 1, of 2, and of 3 or more.

Source: Kneser & Ney 1995, doi:10.1109/ICASSP.1995.479394; Chen & Goodman 1999, §2.7 and §3,
doi:10.1006/csla.1999.0128.  Differs: one text without sentence marks, of which the first tokens are predicted
from the few before them, with the counts of the lower orders.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from ..arguments import choice, number, whole
from ..sampling import sample
from ..text import check_ids

SMOOTHINGS = ("likelihood", "add-k", "absolute", "kneser-ney", "modified")


def perplexity(nats: float) -> float:
    """exp of a cross-entropy in nats a token: among how many equally likely tokens one would be as unsure."""
    return math.exp(nats) if nats < 700 else math.inf


def bits_per_character(nats: float, tokens: int, characters: int) -> float:
    """A cross-entropy in nats a token, as bits a character of the same text."""
    return nats * number("tokens", tokens, above=0) / number("characters", characters, above=0) / math.log(2)


def discounts(counts, modified: bool = False) -> np.ndarray:
    """What is taken from counts of 1, of 2 and of 3 or more, from how many n-grams came once, twice, …

    counts: of all n-grams of one length.  Not modified, D = n₁ / (n₁ + 2 n₂) three times.
    Where too few counts are small to say (n₁ or n₂ is 0), D is ½; without n₃ it is not modified.
    """
    n1, n2, n3, n4 = (int((counts == r).sum()) for r in (1, 2, 3, 4))
    D = n1 / (n1 + 2 * n2) if n1 and n2 else 0.5
    if not modified or not n1 * n2 * n3:
        return np.array([D, D, D])
    return np.clip([1 - 2 * D * n2 / n1, 2 - 3 * D * n3 / n2, 3 - 4 * D * n4 / n3], 0, [1, 2, 3])


@dataclass(frozen=True)
class Level:
    """All k-grams of a text. `names` is sorted; node i is names[i] = parent · V + token."""

    names: np.ndarray  # (nodes,) int64
    counts: np.ndarray  # (nodes,) int64: how often each comes
    weights: np.ndarray  # (nodes,)
    totals: np.ndarray  # (nodes of the level above,)
    masses: np.ndarray  # (nodes of the level above,)

    def find(self, names):
        """The nodes of these names, −1 where there is none."""
        nodes = np.minimum(np.searchsorted(self.names, names), len(self.names) - 1)
        return np.where(self.names[nodes] == names, nodes, -1)


class NGram:
    """An n-gram model of the token ids of a text; the head of this file says what the smoothings are.

    ids: int64 (N,), such as `Vocabulary.encode` gives.  size: V.  order: n.  k: what add-k adds.
    `discounts` holds, for each order 1…n, what is taken from counts of 1, of 2 and of 3 or more.
    Cost: sorting the text n times; memory for at most n · N nodes.
    Raises: TypeError, ValueError that name the argument.
    """

    def __init__(self, ids: torch.Tensor, size: int, order: int = 3, *, smoothing: str = "kneser-ney",
                 k: float = 1.0):
        self.size, self.order = whole("size", size), whole("order", order)
        self.smoothing = choice("smoothing", smoothing, SMOOTHINGS)
        self.k = number("k", k, above=0)
        text = self._ids("ids", ids)
        if len(text) < order:
            raise ValueError(f"ids: given {len(text)} tokens, expected at least {order} for this order")
        self.interpolates = smoothing not in ("likelihood", "add-k")
        self.levels, self.discounts = [], []
        for names, parents, counts, adjusted in self._grow(text):
            self.levels.append(self._level(names, counts, adjusted, parents))

    # --- counting -------------------------------------------------------------------------------------------

    def _grow(self, text):
        """For each level its names, how many parents it has, the counts, and those that smoothing uses."""
        grown, nodes, parents = [], np.zeros(len(text), np.int64), 1  # level 0: one node, the empty context
        for k in range(1, self.order + 1):
            above, places = nodes, nodes[:len(text) - k + 1] * self.size + text[k - 1:]
            names, first, nodes, counts = np.unique(places, return_index=True, return_inverse=True,
                                                    return_counts=True)
            grown.append([names, parents, counts, counts])
            if k > 1 and self.smoothing in ("kneser-ney", "modified"):
                # A k-gram less its first token is one (k−1)-gram that has this token before it.
                grown[-2][3] = np.bincount(above[first + 1], minlength=parents)
            parents = len(names)
        return grown

    def _level(self, names, counts, adjusted, parents) -> Level:
        weights, taken = adjusted.astype(float), np.zeros(len(names))
        if self.interpolates:
            D = discounts(adjusted, self.smoothing == "modified")
            self.discounts.append(tuple(D.tolist()))
            taken = np.where(adjusted > 0, D[np.clip(adjusted, 1, 3) - 1], 0.0)
        parent = names // self.size
        masses = np.bincount(parent, taken, parents)
        if self.smoothing == "add-k":
            masses = np.full(parents, self.k * self.size)
        totals = np.bincount(parent, weights, parents) + (masses if self.smoothing == "add-k" else 0)
        return Level(names, counts, weights - taken, totals, masses)

    # --- asking ---------------------------------------------------------------------------------------------

    def probabilities(self, context=()) -> torch.Tensor:
        """P(w | context) of every token w: float64 (V,). Only the last n − 1 ids of the context count."""
        p = np.full(self.size, 1 / self.size)
        for level, node in self._path(context):
            if node is None:
                return torch.from_numpy(p * (self.smoothing != "likelihood"))
            low, high = np.searchsorted(level.names, [node * self.size, (node + 1) * self.size])
            lower = p if self.interpolates else 1 / self.size
            p = np.full(self.size, lower * level.masses[node] / level.totals[node])
            p[level.names[low:high] % self.size] += level.weights[low:high] / level.totals[node]
        return torch.from_numpy(p)

    def log_probabilities(self, ids: torch.Tensor) -> torch.Tensor:
        """log P(token | those before it) of every token of a text, in nats: (N,) -> float64 (N,)."""
        text = self._ids("ids", ids)
        p, nodes = np.full(len(text), 1 / self.size), np.zeros(len(text), np.int64)
        for k, level in enumerate(self.levels[:len(text)]):
            contexts, tokens = nodes[:len(text) - k], text[k:]  # (N − k,): k tokens, and the one after them
            nodes = np.where(contexts < 0, -1, level.find(contexts * self.size + tokens))
            known = (contexts >= 0) & (level.totals[contexts] > 0)
            weight = np.where(nodes >= 0, level.weights[nodes], 0.0)
            lower = p[k:] if self.interpolates else 1 / self.size
            unknown = lower if self.smoothing != "likelihood" else 0.0
            total = np.where(known, level.totals[contexts], 1.0)
            p[k:] = np.where(known, (weight + level.masses[contexts] * lower) / total, unknown)
        with np.errstate(divide="ignore"):
            return torch.from_numpy(np.log(p))

    def cross_entropy(self, ids: torch.Tensor) -> float:
        """The mean of −log P(token | those before it) over a text, in nats a token."""
        return -self.log_probabilities(ids).mean().item()

    def perplexity(self, ids: torch.Tensor) -> float:
        """exp of the cross-entropy."""
        return perplexity(self.cross_entropy(ids))

    def back_off(self, context=()) -> list[tuple[int, float]]:
        """For the last 0, 1, 2, … ids of the context: how often they came with a token after them, and the
        share of probability that they hand down to the shorter context (the empty one: to 1 / V).
        """
        found = []
        for level, node in self._path(context):
            if node is None:
                break
            low, high = np.searchsorted(level.names, [node * self.size, (node + 1) * self.size])
            found.append((int(level.counts[low:high].sum()), float(level.masses[node] / level.totals[node])))
        return found

    def count(self, ids) -> int:
        """How often these ids, 1 to n of them, come in the text one after the other."""
        ids, node = self._ids("ids", ids), 0
        if len(ids) > self.order:
            raise ValueError(f"ids: given {len(ids)} ids, expected at most {self.order}, the order")
        for level, token in zip(self.levels, ids, strict=False):
            node = int(level.find(node * self.size + token))
            if node < 0:
                return 0
        return int(level.counts[node])

    def generate(self, context, count: int, *, temperature: float = 1.0, top_k: int | None = None,
                 top_p: float | None = None, generator: torch.Generator | None = None) -> list[int]:
        """`count` further ids, each drawn from the model and appended before the next is drawn."""
        ids = list(self._ids("context", context, empty=True).tolist())
        for _ in range(whole("count", count)):
            logits = self.probabilities(ids).log()
            ids.append(sample(logits, temperature=temperature, k=top_k, p=top_p, generator=generator))
        return ids[-count:]

    def _path(self, context):
        """(level, node) of the last 0, 1, … n − 1 ids; the node is None where that context has no token after
        it, and then the longer ones are missing, too. (Add-k and likelihood know one context, the longest.)
        """
        context = self._ids("context", context, empty=True)
        lengths = range(min(self.order - 1, len(context)) + 1)
        for length in lengths if self.interpolates else lengths[-1:]:
            node = 0
            for level, token in zip(self.levels, context[len(context) - length:], strict=False):
                node = int(level.find(node * self.size + token)) if node >= 0 else -1
            level = self.levels[length]
            known = node >= 0 and level.totals[node] > 0
            yield level, node if known else None
            if not known:
                return

    def _ids(self, name: str, ids, *, empty: bool = False) -> np.ndarray:
        """The ids as an int64 array, each in 0…V−1."""
        if isinstance(ids, list | tuple):
            ids = torch.tensor(ids, dtype=None if len(ids) else torch.int64)
        if not torch.is_tensor(ids):
            raise TypeError(f"{name}: given {type(ids).__name__}, expected a tensor or a list of ids")
        if ids.ndim != 1 or (len(ids) == 0 and not empty):
            expected = "(N,)" if empty else "(N,), N ≥ 1"
            raise ValueError(f"{name}: given shape {tuple(ids.shape)}, expected {expected}")
        check_ids(name, ids, self.size)
        return ids.numpy()
