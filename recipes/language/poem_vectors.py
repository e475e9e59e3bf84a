"""Vectors of Chinese characters, from 57,000 Tang poems: chapter 09's experiment on Chinese text.

The text is made by `python data/tang_poems/make.py`. Every character is a token, every sentence a sentence.
The model goes to data/models/poem_vectors.safetensors; recorded is how good it is, against the size of the
text.

The test is the poets' own. In a couplet of a regulated poem the characters at the same place of both parts
match: the same part of speech, related or opposite things (對仗). Given a character of the first part, which
one of the second stands at its place? Guessing is right one time in five, or in seven. The two matched places
are five or seven characters apart, beyond window 4; one pair in twenty meets in a pass, as sub-sampling has
left out characters between them. The poems of the test, every tenth, are not trained on.

Counting is tried twice: as it is, and with what skip-gram has by habit: a window that is drawn and the power
0.75 (Levy, Goldberg & Dagan 2015). The difference is taken couplet by couplet, and so is its error.
"""

import math
import random
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import normalize

from firstgrad.data import path
from firstgrad.models.word2vec import Corpus, SkipGramConfig, train
from firstgrad.text import Vocabulary, WordVectors

NAME = "poem_vectors"
TOLERANCE = 1e-4
NEEDS = ("tang_poems",)
TEXT = Path(__file__).resolve().parents[2] / "data/cache/tang_poems.txt"
MODEL = Path(__file__).resolve().parents[2] / "data/models/poem_vectors.safetensors"
CONFIG = SkipGramConfig(dimension=64, window=4, negatives=5, sample=1e-3)
MIN_COUNT = 100
EPOCHS, RATE, SEEDS = 10, 0.05, (0, 1, 2)
SHARES = (1, 0.3, 0.1, 0.03, 0.01)  # of the poems that are trained on
SHOWN = tuple("月春酒山雁愁僧劍")  # characters whose neighbours are recorded
LENGTHS = (5, 7)  # of the two parts of a couplet


def poems() -> list[list[str]]:
    """Each poem as a list of its sentences."""
    if not TEXT.exists():
        raise SystemExit(f"{TEXT.name} is not there: python data/tang_poems/make.py makes it")
    return [poem.splitlines() for poem in TEXT.read_text("utf-8").split("\n\n")]


def parts() -> tuple[list[list[str]], list[list[str]]]:
    """Poems to train on, in an order that was drawn once, and poems to test with: every tenth."""
    every = poems()
    held = every[::10]
    seen = {line for poem in held for line in poem}  # the collection has some poems twice
    rest = [poem for i, poem in enumerate(every) if i % 10 and not seen.intersection(poem)]
    random.Random(0).shuffle(rest)
    return rest, held


def couplets(held: list[list[str]], known) -> list[tuple[str, str]]:
    """The matched parts of both middle couplets of eight-line poems; only known characters, none twice."""
    found = []
    for poem in held:
        halves = [tuple(line.split()) for line in poem]
        sizes = {len(part) for half in halves for part in half}
        regular = len(poem) == 4 and all(len(half) == 2 for half in halves) and len(sizes) == 1
        if not regular or sizes.pop() not in LENGTHS:
            continue
        for first, second in halves[1:3]:
            both = first + second
            if len(set(both)) == len(both) and all(character in known for character in both):
                found.append((first, second))
    return found


def rights(vectors: WordVectors, pairs: list[tuple[str, str]]) -> np.ndarray:
    """How many characters of each first part are nearest, of the second, to the one at their own place."""
    found = []
    for first, second in pairs:
        a, b = (normalize(torch.stack([vectors[one] for one in part])) for part in (first, second))
        found.append(int(((a @ b.T).argmax(1) == torch.arange(len(a))).sum()))  # (n, d) @ (d, n)
    return np.array(found)


def difference(ours: np.ndarray, theirs: np.ndarray, sizes: np.ndarray) -> dict:
    """The mean difference of two shares and its standard error; what is drawn is couplets, not characters."""
    mean = (ours - theirs).sum() / sizes.sum()
    rest = ours - theirs - mean * sizes
    return {"ahead": float(mean), "error": math.sqrt((rest**2).sum()) / float(sizes.sum())}


def characters(poems: list[list[str]]) -> list[list[str]]:
    return [list(line.replace(" ", "")) for poem in poems for line in poem]


def made(sentences: list[list[str]], vocabulary: Vocabulary, seed: int = 0) -> WordVectors:
    return train(Corpus(sentences, vocabulary), CONFIG, epochs=EPOCHS, rate=RATE, form="numba", seed=seed)


def counted(sentences: list[list[str]], vocabulary: Vocabulary, alike: bool = False) -> WordVectors:
    """For comparison: rows of the table max(0, PMI) of neighbours in the same window, V numbers each.

    alike: a pair d places apart counts 1 − (d − 1)/window; a neighbour's sum is raised to skip-gram's power.
    """
    corpus, size = Corpus(sentences, vocabulary), len(vocabulary)
    of = np.repeat(np.arange(len(corpus)), np.diff(corpus.starts))  # the sentence of each character
    table = np.zeros(size * size)
    for apart in range(1, CONFIG.window + 1):
        same = of[apart:] == of[:-apart]
        a, b = corpus.ids[:-apart][same].astype(np.int64), corpus.ids[apart:][same]
        weight = 1 - (apart - 1) / CONFIG.window if alike else 1
        table += weight * np.bincount(a * size + b, minlength=size * size)
    table = table.reshape(size, size)
    table += table.T
    sums = table.sum(1).clip(min=1)  # a small text lacks some of the characters
    others = sums**CONFIG.power if alike else sums
    table = np.log(np.maximum(table, 1e-9) * others.sum() / np.outer(sums, others)).clip(min=0)
    return WordVectors(vocabulary.tokens, table.astype(np.float32))


def neighbours(vectors: WordVectors) -> dict:
    return {character: vectors.most_similar(character, topn=8) for character in SHOWN}


def judged(sentences: list[list[str]], vocabulary: Vocabulary, pairs: list, first: WordVectors) -> dict:
    """Skip-gram from three starts, of which `first` is there already, beside the two ways to count."""
    sizes = np.array([len(part) for part, _ in pairs])
    starts = [rights(first, pairs)]
    starts += [rights(made(sentences, vocabulary, seed), pairs) for seed in SEEDS[1:]]
    plain, alike = (rights(counted(sentences, vocabulary, how), pairs) for how in (False, True))
    return {"right": [float(one.sum() / sizes.sum()) for one in starts],
            "counted": float(plain.sum() / sizes.sum()), "counted_alike": float(alike.sum() / sizes.sum()),
            **difference(np.mean(starts, axis=0), alike, sizes)}


def run(steps=None) -> dict:
    rest, held = parts()
    whole = characters(rest)
    vocabulary = Vocabulary.of_words(whole, min_count=MIN_COUNT)  # for all sizes: the same questions
    pairs, by_share = couplets(held, vocabulary), []
    for share in SHARES:
        some = rest[:round(share * len(rest))]
        sentences = characters(some)
        vectors = made(sentences, vocabulary)
        if share == 1:
            vectors = full = vectors.quantised()
            MODEL.parent.mkdir(exist_ok=True)
            vectors.save(MODEL)
        by_share.append({"share": share, "poems": len(some), "characters": sum(map(len, sentences)),
                         **judged(sentences, vocabulary, pairs, vectors)})
    settings = {"dimension": CONFIG.dimension, "window": CONFIG.window, "negatives": CONFIG.negatives,
                "sample": CONFIG.sample, "epochs": EPOCHS, "rate": RATE, "min_count": MIN_COUNT}
    sizes = [len(part) for part, _ in pairs]
    test = {"chance": len(sizes) / sum(sizes), "characters": sum(sizes), "couplets": len(sizes)}
    return {"settings": settings, "tokens": len(full), "test": test, "by_share": by_share,
            "neighbours": neighbours(full)}


def first_steps(recording):
    """The model that is stored has the neighbours that are recorded; no training."""
    vectors = WordVectors.load(path("models/poem_vectors.safetensors"))
    keys = ("tokens", "neighbours")
    here = {"tokens": len(vectors), "neighbours": neighbours(vectors)}
    return here, {key: recording[key] for key in keys}
