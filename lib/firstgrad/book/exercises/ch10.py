"""The exercises of chapter 10, language models."""

import math
from collections import Counter
from functools import wraps
from itertools import pairwise

from firstgrad.book.answers import Choice, Function, Value


def _continuation(tokens):
    different = set(pairwise(tokens))
    after = Counter(b for _, b in different)
    return sorted((token, count / len(different)) for token, count in after.items())


def _nucleus(probabilities, p):
    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    kept: list[int] = []
    mass = 0.0
    for i in order:
        if mass < p or not kept:
            kept.append(i)
            mass += probabilities[i]
    return [q / mass if i in kept else 0.0 for i, q in enumerate(probabilities)]


def _as_list(answer):
    """Dictionaries as sorted pairs, which can be compared one by one."""
    def listed(tokens):
        given = answer(tokens)
        return sorted(given.items()) if isinstance(given, dict) else given

    return wraps(answer)(listed)


_judge_continuation = Function(
    _continuation,
    cases=[(list("abab"),), (list("tea tea eat"),),
           (["moby", "dick", "and", "moby", "dick", "and", "the", "dick"],), (["a", "b"],)],
    explain="Four texts agree. The second dick after moby does not count, one after another word does.",
    hint="Each different pair counts once, however often it came; divide by the number of different pairs.",
)


EXERCISES = {
    "10.1": Value(
        [0.4, 1.0, 0.5, 1.0],
        explain="0.4 · 1 · 0.5 · 1 = 0.2, the share of sea.",
        hint="Each time, only among the texts that begin like this.",
    ),
    "10.2": Value(
        [math.exp(3.2), 3.2 / math.log(2), 3.2 / math.log(2) / 4.5],
        explain="e^3.2 = 24.5, and 2 to the power of 4.62 is the same.",
        hint="exp of the nats; divide by ln 2; then by the characters a token has.",
    ),
    "10.3": Choice("b", {
        "a": "20 is less than 60, but a pays it 1,500 times: 1500 ln 20 = 4494 nats.",
        "b": "1000 ln 60 = 4094 nats are fewer than 1500 ln 20 = 4494, whatever a single token costs.",
        "same": "Compare 1500 ln 20 with 1000 ln 60.",
    }),
    "10.4": Value(
        [0.375, 0.4325],
        explain="Five different words gave 0.75 each, of ten; a little of it comes back to whale.",
        hint="λ = D · N₁₊ / c. P is (5 − D)/10, and λ times 0.02 on top.",
    ),
    "10.5": lambda answer: _judge_continuation(_as_list(answer) if callable(answer) else answer),
    "10.6": Value(
        2.0,
        explain="The ratio 9 becomes 9^(1/2) = 3.",
        hint="Which power of 9 is 3?",
        mistakes={0.5: "That is 1/T, the power. At T = 0.5 the two would be further apart.",
                  1.2: "Not 0.9/0.75: the ratio of the two is what a temperature changes."},
    ),
    "10.7": Function(
        _nucleus,
        cases=[([0.5, 0.3, 0.2], 0.6), ([0.1, 0.2, 0.3, 0.4], 0.7), ([0.25, 0.25, 0.25, 0.25], 0.4),
               ([0.7, 0.2, 0.1], 0.05), ([0.2, 0.5, 0.3], 1.0)],
        explain="Five cases agree. The token that reaches p is kept.",
        hint="The likeliest first; stop when what is kept already has p; divide by what is kept.",
    ),
    "10.8": Choice("a", {
        "a": "The derivative is Var(z)/T² ≥ 0: warmer text is more surprising to its own model.",
        "b": "At T → 0 only the likeliest token is drawn, the least surprising of all.",
        "c": "At T = 1 it equals the entropy, but below 1 the drawn tokens are likelier still.",
        "d": "It does: compare the bits of T = 0.5 and T = 1.5 in the table of samples.",
    }),
    "10.9": Value(
        0.61,
        absolute=0.01,
        explain="Ahab is all but certain there, so one is left at any such p; no top-k does both.",
        hint="Which of the two asks for a larger p? Lower it until the tenth one goes.",
    ),
}
