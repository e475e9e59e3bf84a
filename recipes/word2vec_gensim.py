"""gensim's vectors of the same text with the same settings, judged by the same questions as ours: chapter 09.

One training, on one thread, in gensim's own way. `word_vector_quality` has ours and all of the judging; the
recording `word2vec` compares three seeds of both.
"""

import importlib.util
from pathlib import Path

from firstgrad.data import path
from firstgrad.text import Vocabulary
from firstgrad.vectors import WordVectors

NAME = "word2vec_gensim"
TOLERANCE = 1e-4


def ours():
    """The recipe whose settings and questions these are."""
    file = Path(__file__).with_name("word_vector_quality.py")
    spec = importlib.util.spec_from_file_location("quality", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(steps=None) -> dict:
    from gensim import __version__
    from gensim.models import Word2Vec

    quality = ours()
    config = quality.CONFIG
    sentences = [line.split() for line in path("cache/english.txt").read_text("utf-8").splitlines()]
    vocabulary = Vocabulary.of_words(sentences, min_count=quality.MIN_COUNT)
    model = Word2Vec(sentences, vector_size=config.dimension, window=config.window, negative=config.negatives,
                     sample=config.sample, sg=1, alpha=quality.RATE, min_count=quality.MIN_COUNT,
                     epochs=quality.EPOCHS, workers=1, seed=1)
    rows = [model.wv.key_to_index[token] for token in vocabulary.tokens]
    vectors = WordVectors(vocabulary.tokens, model.wv.vectors[rows])
    scores = quality.score(vectors, quality.known(quality.tests(), vectors))
    return {"gensim": __version__, "epochs": quality.EPOCHS, **scores}


def first_steps(recording):
    """The intervals again: the training takes minutes, and its text a download."""
    names = ("wordsim353", "simlex999")
    here = [ours().interval(recording[name]["rho"], recording[name]["n"]) for name in names]
    return here, [recording[name]["interval"] for name in names]
