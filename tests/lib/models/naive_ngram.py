"""n-gram probabilities straight from their definitions, with dictionaries and fractions: to compare with."""

from collections import Counter
from fractions import Fraction


def counts(ids, k):
    return Counter(tuple(ids[i:i + k]) for i in range(len(ids) - k + 1))


def adjusted(ids, k, order, smoothing):
    """What stands for the count of each k-gram: how often, or after how many different tokens, it comes."""
    if k == order or smoothing == "absolute":
        return counts(ids, k)
    before = {}
    for gram in counts(ids, k + 1):
        before.setdefault(gram[1:], set()).add(gram[0])
    return Counter({gram: len(tokens) for gram, tokens in before.items()})


def taken(table, modified):
    """D₁, D₂, D₃ of Chen & Goodman; three times n₁ / (n₁ + 2 n₂) unless modified."""
    n = [sum(c == r for c in table.values()) for r in range(5)]
    D = Fraction(n[1], n[1] + 2 * n[2]) if n[1] and n[2] else Fraction(1, 2)
    if not modified or 0 in n[1:4]:
        return [D, D, D]
    values = [r - (r + 1) * D * Fraction(n[r + 1], n[r]) for r in (1, 2, 3)]
    return [min(max(v, Fraction(0)), Fraction(r)) for r, v in enumerate(values, 1)]


def chance(ids, size, order, smoothing, context, w, k=Fraction(1)):
    """P(w | context), of which the last order − 1 tokens count."""
    context = tuple(context)[max(0, len(context) - order + 1):]
    if smoothing in ("likelihood", "add-k"):
        table = counts(ids, len(context) + 1)
        total = sum(c for gram, c in table.items() if gram[:-1] == context)
        if smoothing == "add-k":
            return (table[(*context, w)] + k) / (total + k * size)
        return Fraction(table[(*context, w)], total) if total else Fraction(0)
    lower = Fraction(1, size)
    for length in range(len(context) + 1):
        h = context[len(context) - length:]
        table = adjusted(ids, length + 1, len(context) + 1, smoothing)
        D = taken(table, smoothing == "modified")
        after = {gram: c for gram, c in table.items() if gram[:-1] == h}
        total = sum(after.values())
        if not total:
            return lower
        mass = sum(min(D[min(c, 3) - 1], c) for c in after.values())
        c = after.get((*h, w), 0)
        lower = (max(c - (D[min(c, 3) - 1] if c else 0), 0) + mass * lower) / total
    return lower
