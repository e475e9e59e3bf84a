"""How many words a second each way of training word vectors reads: chapter 09, *Where the speed comes from*.

Same text (`python data/english/make.py`), same settings, one thread, the vocabulary of the whole text; the
slow ways read a smaller part of it. They take turns, and the best of the rounds counts, since whatever else
the machine does can only make one longer. `make bench-word2vec` measures the library's own forms more
thoroughly.

Times are this machine's, and no check compares them. What is compared: one step of the chapter's thirty lines
does the same as autograd's.
"""

import time

import numpy as np
import torch

from firstgrad.data import path
from firstgrad.models.word2vec import (
    Corpus,
    SkipGram,
    SkipGramConfig,
    keep_chances,
    noise,
    sampling_loss,
    train,
)
from firstgrad.text import Vocabulary

NAME = "word2vec_speed"
TOLERANCE = 1e-4
NEEDS = ("english",)
TIMES = ("words_a_second",)
CONFIG = SkipGramConfig(dimension=100, window=5, negatives=5, sample=1e-3)
# Words of the text that each way reads in a round.
WORDS = {"plain": 5_000, "thirty lines": 20_000, "torch": 300_000, "gensim": 300_000, "numba": 1_000_000}
ROUNDS = 5
BATCH = 64  # pairs of a step of the thirty lines


def step(V, U, centres, targets, rate):
    """The chapter's: one step on a batch. centres (B,); targets (B, 1 + k), the true one first."""
    v, u = V[centres], U[targets]  # (B, d), (B, 1 + k, d)
    error = torch.sigmoid(torch.einsum("bd,bkd->bk", v, u))
    error[:, 0] -= 1
    V.index_add_(0, centres, torch.einsum("bk,bkd->bd", error, u), alpha=-rate)
    of_u = error[:, :, None] * v[:, None]  # (B, 1 + k, d)
    U.index_add_(0, targets.flatten(), of_u.flatten(0, 1), alpha=-rate)


def thirty_lines(corpus: Corpus) -> None:
    """The chapter's training, one pass."""
    rng, counts = np.random.default_rng(0), corpus.vocabulary.counts
    V, U = torch.rand(len(counts), CONFIG.dimension) - 0.5, torch.zeros(len(counts), CONFIG.dimension)
    keep, chances, found = keep_chances(counts, CONFIG.sample), noise(counts, CONFIG.power), []
    for sentence in corpus:
        read = [word for word in sentence.tolist() if rng.random() < keep[word]]
        for at, centre in enumerate(read):
            reach = rng.integers(1, CONFIG.window + 1)
            around = read[max(0, at - reach):at] + read[at + 1:at + 1 + reach]
            found += [(centre, neighbour) for neighbour in around]
    seen = torch.tensor(rng.permutation(found))
    drawn = torch.tensor(rng.choice(len(counts), (len(seen), CONFIG.negatives), p=chances))
    targets = torch.cat([seen[:, 1:], drawn], 1)
    for at in range(0, len(seen), BATCH):
        step(V, U, seen[at:at + BATCH, 0], targets[at:at + BATCH], 0.025)


def by_gensim(sentences: list[list[str]], vocabulary: Vocabulary):
    """A function that trains one pass; the vocabulary is ready before."""
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=CONFIG.dimension, window=CONFIG.window, negative=CONFIG.negatives,
                     sample=CONFIG.sample, sg=1, min_count=1, workers=1, seed=1)
    model.build_vocab_from_freq(dict(zip(vocabulary.tokens, vocabulary.counts, strict=True)))
    known = [[word for word in sentence if word in vocabulary] for sentence in sentences]
    total = sum(map(len, known))
    return lambda: model.train(known, total_words=total, total_examples=len(known), epochs=1)


def first(sentences: list[list[str]], words: int) -> list[list[str]]:
    found, total = [], 0
    for sentence in sentences:
        if total >= words:
            break
        found.append(sentence)
        total += len(sentence)
    return found


def seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def run(steps=None) -> dict:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    sentences = [line.split() for line in path("cache/english.txt").read_text("utf-8").splitlines()]
    vocabulary = Vocabulary.of_words(sentences, min_count=5)
    calls, words = {}, {}
    for way, size in WORDS.items():
        some = first(sentences, size)
        corpus = Corpus(some, vocabulary)
        words[way] = corpus.words
        if way == "gensim":
            calls[way] = by_gensim(some, vocabulary)
        elif way == "thirty lines":
            calls[way] = lambda corpus=corpus: thirty_lines(corpus)
        else:
            calls[way] = lambda corpus=corpus, way=way: train(corpus, CONFIG, epochs=1, form=way)
    best = dict.fromkeys(WORDS, float("inf"))
    calls["numba"]()  # compiled at first use
    for _ in range(ROUNDS):
        for way, call in calls.items():
            best[way] = min(best[way], seconds(call))
    torch.set_num_threads(before)
    return {"threads": 1, "dimension": CONFIG.dimension, "vocabulary": len(vocabulary), "words": words,
            "words_a_second": {way: words[way] / best[way] for way in WORDS}, "facts": facts()}


def facts() -> dict:
    """By how much a step of the thirty lines moves both tables, and a step of autograd's the same.

    No training: one gradient is looked at. The thirty lines' own loop is what is timed, so it stays plain.
    """
    generator = torch.Generator().manual_seed(0)
    model = SkipGram(50, SkipGramConfig(dimension=8))
    model.output.data = torch.randn(50, 8, generator=generator)
    pairs = torch.randint(50, (BATCH, 7), generator=generator)
    V, U = model.input.detach().clone(), model.output.detach().clone()
    step(V, U, pairs[:, 0], pairs[:, 1:], 0.1)
    (sampling_loss(model(pairs[:, 0], pairs[:, 1:])) * BATCH).backward()
    tables = ((V, model.input), (U, model.output))
    return {"by_hand": [float((moved - table.detach()).norm()) for moved, table in tables],
            "by_autograd": [float(0.1 * table.grad.norm()) for _, table in tables]}


def first_steps(recording):
    return facts(), recording["facts"]
