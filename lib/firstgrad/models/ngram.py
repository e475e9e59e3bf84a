"""n-gram language models: the next token from the n − 1 before it, by counting.

All n-grams of a text stand in a trie, one level a length. The nodes of level k are the k-grams; a node is
named by its parent (its first k − 1 tokens) and its last token, as parent · V + token. Each level is one
sorted array of such names, so that a whole text is looked up at once, and no n-gram is ever written out.

Every smoothing here is one recursion, from short contexts to long ones:

    P_k(w | h) = (weight(h w) + mass(h) · lower(w)) / total(h)        total(h) = Σ_w weight(h w) + mass(h)

likelihood  weight: the count.  mass: 0.  A context that never came predicts nothing: probabilities 0.
add-k       weight: the count.  mass: k V.  lower: uniform, 1 / V.
absolute    weight: the count less D.  mass: all that was taken away.  lower: P_{k−1}; P_0 = 1 / V.
kneser-ney  the same, but below the longest context h w counts as often as different tokens come before it.
modified    the same, with three discounts: of counts of 1, of 2, and of 3 or more.

Source: Kneser & Ney 1995, doi:10.1109/ICASSP.1995.479394; Chen & Goodman 1999, §2.7 and §3,
doi:10.1006/csla.1999.0128.  Differs: one text without sentence marks; where fewer than n − 1 tokens are known
they are the longest context, as in a model of that order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from firstgrad.arguments import choice, number, whole
from firstgrad.text.sampling import sample
from firstgrad.text.tokens import as_ids, check_ids

Ids = torch.Tensor | Sequence[int]  # of tokens
SMOOTHINGS = ("likelihood", "add-k", "absolute", "kneser-ney", "modified")


def perplexity(nats: float) -> float:
    """exp of a cross-entropy in nats a token: among how many equally likely tokens one would be as unsure."""
    return math.exp(nats) if nats < 700 else math.inf


def bits_per_character(nats: float, tokens: int, characters: int) -> float:
    """A cross-entropy in nats a token, as bits a character of the same text."""
    return nats * number("tokens", tokens, above=0) / number("characters", characters, above=0) / math.log(2)


def discounts(counts: np.ndarray, modified: bool = False) -> np.ndarray:
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
    longest: "Table"  # of counts: used for the longest context
    shorter: "Table"  # of what smoothing counts below that

    def find(self, names: np.ndarray) -> np.ndarray:
        """The nodes of these names, −1 where there is none."""
        nodes = np.minimum(np.searchsorted(self.names, names), len(self.names) - 1)
        return np.where(self.names[nodes] == names, nodes, -1)

    def children(self, parent: int, size: int) -> slice:
        """Where the nodes of one parent stand."""
        return slice(*np.searchsorted(self.names, [parent * size, (parent + 1) * size]))


@dataclass(frozen=True)
class Table:
    """The recursion's numbers for one length of context."""

    weights: np.ndarray  # (nodes,)
    totals: np.ndarray  # (nodes of the level above,)
    masses: np.ndarray  # (nodes of the level above,)
    discounts: tuple  # what was taken from counts of 1, of 2 and of 3 or more


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
        self.levels = []
        for names, parents, counts, different in self._grow(text):
            parent = names // self.size
            longest = self._table(parent, parents, counts)
            shorter = longest if different is counts else self._table(parent, parents, different)
            self.levels.append(Level(names, counts, longest, shorter))
        self.discounts = [level.shorter.discounts for level in self.levels[:-1]]
        self.discounts.append(self.levels[-1].longest.discounts)

    # --- counting -------------------------------------------------------------------------------------------

    def _grow(self, text):
        """For each level its names, how many parents it has, the counts, and how many tokens come before."""
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

    def _table(self, parent, parents, counts) -> Table:
        D = discounts(counts, self.smoothing == "modified") if self.interpolates else np.zeros(3)
        taken = np.where(counts > 0, D[np.clip(counts, 1, 3) - 1], 0.0)
        masses, totals = np.bincount(parent, taken, parents), np.bincount(parent, counts, parents)
        if self.smoothing == "add-k":
            masses = np.full(parents, self.k * self.size)
            totals = totals + masses
        return Table(counts - taken, totals, masses, tuple(D.tolist()))

    # --- asking ---------------------------------------------------------------------------------------------

    def probabilities(self, context: Ids = ()) -> torch.Tensor:
        """P(w | context) of every token w: float64 (V,). The last n − 1 ids count."""
        p = np.full(self.size, 1 / self.size)
        for level, table, node in self._path(context):
            if node is None:
                return torch.from_numpy(p * (self.smoothing != "likelihood"))
            lower = p if self.interpolates else 1 / self.size
            p = np.full(self.size, lower * table.masses[node] / table.totals[node])
            after = level.children(node, self.size)
            tokens = level.names[after] % self.size
            p[tokens] += table.weights[after] / table.totals[node]
        return torch.from_numpy(p)

    def log_probabilities(self, ids: torch.Tensor) -> torch.Tensor:
        """log P(token | those before it) of every token of a text, in nats: (N,) -> float64 (N,)."""
        text = self._ids("ids", ids)
        p, nodes = np.full(len(text), 1 / self.size), np.zeros(len(text), np.int64)
        for k, level in enumerate(self.levels[:len(text)]):
            table = level.longest if k == self.order - 1 else level.shorter
            contexts, tokens = nodes[:len(text) - k], text[k:]  # (N − k,): k tokens, and the one after them
            nodes = np.where(contexts < 0, -1, level.find(contexts * self.size + tokens))
            known = (contexts >= 0) & (table.totals[contexts] > 0)
            weight = np.where(nodes >= 0, table.weights[nodes], 0.0)
            lower = p[k:] if self.interpolates else 1 / self.size
            unknown = lower if self.smoothing != "likelihood" else 0.0
            total = np.where(known, table.totals[contexts], 1.0)
            p[k:] = np.where(known, (weight + table.masses[contexts] * lower) / total, unknown)
        for i in range(min(self.order - 1, len(text))):  # the first have a shorter longest context
            p[i] = self.probabilities(text[:i].tolist())[text[i]]
        with np.errstate(divide="ignore"):
            return torch.from_numpy(np.log(p))

    def cross_entropy(self, ids: torch.Tensor) -> float:
        """The mean of −log P(token | those before it) over a text, in nats a token."""
        return -self.log_probabilities(ids).mean().item()

    def perplexity(self, ids: torch.Tensor) -> float:
        """exp of the cross-entropy."""
        return perplexity(self.cross_entropy(ids))

    def back_off(self, context: Ids = ()) -> list[tuple[int, float]]:
        """For the last 0, 1, 2, … ids of the context: how often they came with a token after them, and the
        share of probability that they hand down to the shorter context (the empty one: to 1 / V).
        """
        found = []
        for level, table, node in self._path(context):
            if node is None:
                break
            times = level.counts[level.children(node, self.size)].sum()
            found.append((int(times), float(table.masses[node] / table.totals[node])))
        return found

    def count(self, ids: Ids) -> int:
        """How often these ids, 1 to n of them, come in the text one after the other."""
        found, node = self._ids("ids", ids), 0
        if len(found) > self.order:
            raise ValueError(f"ids: given {len(found)} ids, expected at most {self.order}, the order")
        for level, token in zip(self.levels, found, strict=False):
            node = int(level.find(node * self.size + token))
            if node < 0:
                return 0
        return int(level.counts[node])

    def generate(self, tokens: Ids, count: int, *, temperature: float = 1.0, top_k: int | None = None,
                 top_p: float | None = None, generator: torch.Generator | None = None) -> list[int]:
        """Write on after `tokens` (T,), T ≥ 0: `count` ids, each drawn as `text.sample` does.

        Raises: TypeError, ValueError that name the argument.
        """
        ids = self._ids("tokens", tokens, empty=True).tolist()
        for _ in range(whole("count", count)):
            logits = self.probabilities(ids).log()
            ids.append(sample(logits, temperature=temperature, top_k=top_k, top_p=top_p, generator=generator))
        return ids[-count:]

    def _path(self, context):
        """(level, table, node) of the last 0, 1, … n − 1 ids; the node is None where that context has no
        token after it, and then the longer ones are missing, too. (Add-k and likelihood know the longest.)
        """
        context = self._ids("context", context, empty=True)
        lengths = range(min(self.order - 1, len(context)) + 1)
        for length in lengths if self.interpolates else lengths[-1:]:
            node = 0
            for level, token in zip(self.levels, context[len(context) - length:], strict=False):
                node = int(level.find(node * self.size + token)) if node >= 0 else -1
            level = self.levels[length]
            table = level.longest if length == lengths[-1] else level.shorter
            known = node >= 0 and table.totals[node] > 0
            yield level, table, node if known else None
            if not known:
                return

    def _ids(self, name: str, ids, *, empty: bool = False) -> np.ndarray:
        """The ids as an int64 array, each in 0…V−1."""
        ids = as_ids(name, ids)
        if ids.ndim != 1 or (len(ids) == 0 and not empty):
            expected = "(N,)" if empty else "(N,), N ≥ 1"
            raise ValueError(f"{name}: given shape {tuple(ids.shape)}, expected {expected}")
        check_ids(name, ids, self.size)
        return ids.numpy()
