"""How good word vectors are, against the size of the text that they are made of: chapter 09.

The text is data/cache/english.txt (`python data/english/make.py`), whose paragraphs are in random order; a
share of it is its first lines. Each share is trained in the same way, with a vocabulary of its own: words
that come at least five times. What is too rare in a small text has no vector, and then counts as a wrong
answer of an analogy, and as a pair of average similarity: all shares answer the same questions.

The tests are in the package gensim (its test data): WordSim-353, SimLex-999 and the analogies of word2vec.
Questions of which even the whole text lacks a word are left out.
"""

import math
from importlib import resources

import numpy as np

from firstgrad.data import path
from firstgrad.models.word2vec import Corpus, SkipGramConfig, train
from firstgrad.text import Vocabulary, WordVectors, interval, read_pairs, read_questions, spearman

NAME = "word_vector_quality"
TOLERANCE = 1e-4
NEEDS = ("english",)
SHARES = (1, 0.3, 0.1, 0.03, 0.01)
LONGER = ((0.1, 30), (0.01, 100))  # with so many passes: as many words are read as of the whole text
CONFIG = SkipGramConfig(dimension=100, window=5, negatives=5, sample=1e-3)
EPOCHS, RATE, MIN_COUNT = 3, 0.025, 5


def tests() -> dict:
    folder = resources.files("gensim") / "test/test_data"
    return {"wordsim353": read_pairs(folder / "wordsim353.tsv"),
            "simlex999": read_pairs(folder / "simlex999.txt"),
            "analogies": read_questions(folder / "questions-words.txt")}


def known(every: dict, vectors) -> dict:
    """The questions whose words all have vectors."""
    return {name: [row for row in rows if all(word in vectors for word in row if isinstance(word, str))]
            for name, rows in every.items()}


def score(vectors: WordVectors, questions: dict) -> dict:
    result = {}
    for name in ("wordsim353", "simlex999"):
        here = [vectors.similarity(a, b) if a in vectors and b in vectors else math.nan
                for a, b, _ in questions[name]]
        filled = np.where(np.isnan(here), np.nanmean(here), here)
        rho, low, high, n = spearman(filled, [row[2] for row in questions[name]])
        result[name] = {"rho": rho, "interval": [low, high], "n": n,
                        "known": int(np.isfinite(here).sum())}
    all_known = [row for row in questions["analogies"] if all(word in vectors for word in row)]
    right = vectors.analogies(all_known).share * len(all_known) if all_known else 0.0
    n = len(questions["analogies"])
    result["analogies"] = {"share": right / n, "n": n, "known": len(all_known)}
    return result


def made(lines: list[str], share: float, epochs: int) -> tuple[WordVectors, dict]:
    sentences = [line.split() for line in lines[:round(share * len(lines))]]
    vocabulary = Vocabulary.of_words(sentences, min_count=MIN_COUNT)
    vectors = train(Corpus(sentences, vocabulary), CONFIG, epochs=epochs, rate=RATE, form="numba")
    return vectors, {"share": share, "epochs": epochs, "words": sum(map(len, sentences)),
                     "vocabulary": len(vocabulary)}


def run(steps=None) -> dict:
    lines = path("cache/english.txt").read_text("utf-8").splitlines()
    questions, results = None, []
    for share, epochs in [(share, EPOCHS) for share in SHARES] + list(LONGER):
        vectors, facts = made(lines, share, epochs)
        questions = questions or known(tests(), vectors)
        results.append(facts | score(vectors, questions))
        print(results[-1], flush=True)
    settings = {"dimension": CONFIG.dimension, "window": CONFIG.window, "negatives": CONFIG.negatives,
                "sample": CONFIG.sample, "rate": RATE, "min_count": MIN_COUNT}
    return {"settings": settings, "by_share": results[:len(SHARES)], "longer": results[len(SHARES):]}


def first_steps(recording):
    """The intervals again, no more: training takes minutes, and its text a download. See word2vec's check."""
    kept = [run[name] for run in recording["by_share"] for name in ("wordsim353", "simlex999")]
    return [list(interval(one["rho"], one["n"])) for one in kept], [one["interval"] for one in kept]
