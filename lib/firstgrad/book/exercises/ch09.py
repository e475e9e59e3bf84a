"""The exercises of chapter 09, Word2Vec."""

import math
from functools import cache

from firstgrad.book.answers import Function, Lazily, Value, Verdict, plain, short
from firstgrad.book.words import say


def _gradient(v, u):
    import numpy as np

    error = 1 / (1 + np.exp(-u @ v))
    error[0] -= 1
    return error @ u


def _analogy(table, a, b, c):
    import numpy as np

    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    score = unit @ (unit[b] - unit[a] + unit[c])
    score[[a, b, c]] = -np.inf
    return int(score.argmax())


def _gradients():
    import numpy as np

    rng = np.random.default_rng(0)
    shapes = ((1, 1), (2, 1), (3, 5), (4, 2))  # numbers of a vector, negatives
    return [(rng.normal(size=d), rng.normal(size=(1 + k, d))) for d, k in shapes]


def _analogies():
    """Rows of different lengths, so that it matters what is brought to length 1, and when."""
    import numpy as np

    rng = np.random.default_rng(0)
    tables = [rng.normal(size=(30, 4)) * rng.uniform(0.2, 5, size=(30, 1)) for _ in range(12)]
    return [(table, *map(int, rng.permutation(30)[:3])) for table in tables]


@cache
def _vectors():
    """The book's, read once."""
    from firstgrad.data.files import path
    from firstgrad.text.vectors import WordVectors

    return WordVectors.load(path("models/word_vectors.safetensors"))


def _deserves(answer) -> Verdict:
    """3CosAdd answers d, and d is the nearest word neither of b nor of c."""
    words = plain(answer)
    if not isinstance(words, list) or len(words) != 4 or not all(isinstance(word, str) for word in words):
        return Verdict(False, say("Give four words: (a, b, c, d)."))
    vectors, words = _vectors(), [word.strip().lower() for word in words]
    unknown = [word for word in words if word not in vectors]
    if unknown:
        text = "{word} is not among the {count} words that have a vector."
        return Verdict(False, say(text, word=short(unknown[0]), count=f"{len(vectors):,}"))
    if len(set(words)) < 4:
        return Verdict(False, say("Take four different words."))
    a, b, c, d = words
    said = vectors.most_similar([b, c], [a], topn=1)[0][0]
    if said != d:
        return Verdict(False, say("3CosAdd answers {said}, not {word}.", said=short(said), word=short(d)))
    for word in (b, c):
        if vectors.most_similar(word, topn=1)[0][0] == d:
            text = "{word} is the answer, but it is the nearest word of {other} by itself: " \
                   "nothing had to be added or subtracted."
            return Verdict(False, say(text, word=short(d), other=short(word)))
    return Verdict(True, say("{word}, and nobody's nearest word but the sum's.", word=short(d)))


EXERCISES = {
    "09.1": Value(
        [24 / 25, math.sqrt(2 - 48 / 25)],
        explain="24/25, and √(2 − 2 · 24/25) = √0.08.",
        hint="The product is 24, both lengths are 5; then the squared distance of unit vectors is 2 − 2 cos.",
    ),
    "09.2": Value(
        34,
        explain="9 pairs one place apart and 8 two apart, each in both directions.",
        hint="Words near an end have fewer neighbours.",
        mistakes={40: "Ten times four would be right if no word stood near an end.",
                  17: "Each of these counts twice: either word is the centre once.",
                  18: "These are the pairs one place apart. The window reaches two."},
    ),
    "09.3": Value(
        [math.log(10_000), 11 * math.log(2)],
        explain="ln 10,000 and 11 ln 2: the second does not know how large the vocabulary is.",
        hint="The softmax gives every word 1/V, the sigmoid 1/2 to each of the k + 1 questions.",
    ),
    "09.4": Value(
        1000,
        explain="10,000 to the power of 0.75.",
        hint="Raise the ratio of the counts to the power.",
        mistakes={7500: "0.75 is a power, not a factor.",
                  10_000: "That is how often it comes in the text; the noise is flatter."},
    ),
    "09.5": Value(
        [(3 + math.sqrt(5)) / 2, (math.sqrt(5) - 1) / 2],
        explain="The golden ratio, squared, and the inverse of the golden ratio.",
        hint="x² + x = 1 has one positive solution; f/t is 1/x², and the paper keeps with probability x.",
    ),
    "09.6": Value(
        [math.log(3 / 5), 3 / 8],
        explain="log 3 − log 5, and σ of it is 3/8: three true pairs come for five false ones.",
        hint="The score is PMI − log k; put it into the sigmoid.",
    ),
    "09.7": Function(
        _gradient,
        cases=Lazily(_gradients),
        explain="Four cases agree.",
        hint="Take 1 off the error of the first row only, then add up error times row.",
    ),
    "09.8": Function(
        _analogy,
        cases=Lazily(_analogies),
        relative=0.0,
        explain="Twelve tables agree.",
        hint="Length 1 first, then b − a + c, then the largest product, without a, b and c.",
    ),
    "09.9": _deserves,
}
