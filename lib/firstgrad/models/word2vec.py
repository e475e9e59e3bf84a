"""Word2Vec: skip-gram with negative sampling. Words that are found in the same company get similar vectors.

Every word has two vectors, u in the table `input` and v in `output`. A pair (word, neighbour) from the text should
score high, uᵀv, and pairs with words drawn at random low:

    loss of a pair = −log σ(uᵀv) − Σₖ log σ(−uᵀvₖ),   k = 1…negatives

Three trainers make the same thing at very different speeds (make bench-word2vec). `form="plain"` is what a reader
reads: pairs in a list, autograd, a dense step. `form="torch"` works on blocks of text by matrix products, on a GPU
too. `form="numba"` is one compiled loop: see word2vec_fast.py.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..arguments import choice, number, whole
from ..text import Vocabulary, _tokens

FORMS = ("numba", "torch", "plain")


@dataclass(frozen=True)
class SkipGramConfig:
    """How word vectors are made. Raises: ValueError or TypeError that names the field."""

    dimension: int = 100  # numbers of a vector
    window: int = 5  # neighbours on each side, at most: how many is drawn from 1…window for each word
    negatives: int = 5  # words drawn at random for each pair
    sample: float = 1e-3  # words with a larger share of the text are now and then left out; 0: none is
    power: float = 0.75  # negatives are drawn in proportion to count ** power

    def __post_init__(self):
        for name in ("dimension", "window", "negatives"):
            whole(name, getattr(self, name))
        number("sample", self.sample, least=0)
        number("power", self.power, least=0)


class Corpus:
    """Sentences as ids, one after the other; words that the vocabulary lacks are left out.

    ids: int32 (N,).  starts: int64 (S + 1,), sentence s is ids[starts[s]:starts[s + 1]].
    Raises: TypeError for sentences that are strings, ValueError when fewer than two words are left.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], vocabulary: Vocabulary):
        if isinstance(sentences, str):
            raise TypeError("sentences: given a string, expected lists of tokens, such as [words(text)]")
        self.vocabulary, self.words = vocabulary, 0
        ids, starts, known = [], [0], {token: id for id, token in enumerate(vocabulary.tokens)}
        for index, sentence in enumerate(sentences):
            self.words += len(_tokens(f"sentences[{index}]", sentence))
            ids.extend(known[token] for token in sentence if token in known)
            starts.append(len(ids))
        if len(ids) < 2:
            raise ValueError(f"sentences: given {len(ids)} words of the vocabulary, expected at least two")
        self.ids, self.starts = np.array(ids, np.int32), np.array(starts, np.int64)


def keep_chances(counts: Sequence[int], sample: float) -> np.ndarray:
    """The chance of a word to be read, float64 (V,): 1 up to the share `sample`, and some more; then it falls.

    Source: word2vec.c (Mikolov et al. 2013), (√(f/s) + 1)·s/f.  Differs from the paper, arXiv:1310.4546, eq. 5.
    """
    share = np.asarray(counts, float) / sum(counts)
    if sample == 0:
        return np.ones(len(share))
    return np.minimum(1, (np.sqrt(share / sample) + 1) * sample / share)


def noise(counts: Sequence[int], power: float) -> np.ndarray:
    """The distribution that negatives are drawn from, float64 (V,): counts ** power, over their sum."""
    weights = np.asarray(counts, float) ** power
    return weights / weights.sum()


class SkipGram(nn.Module):
    """Two tables of vectors; `forward` says how well targets go with words.

    Shapes: words (B,) int64, targets (B, K) int64.  Returns: scores uᵀv (B, K).
    Initialisation: input uniform in ±1/(2·dimension), output 0, as word2vec.c.
    Source: Mikolov et al. 2013, arXiv:1310.4546, §2.2.
    """

    def __init__(self, vocabulary_size: int, config: SkipGramConfig | None = None, *, seed: int = 0):
        super().__init__()
        whole("vocabulary_size", vocabulary_size, least=2)
        self.config = config = config or SkipGramConfig()
        generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
        uniform = torch.rand(vocabulary_size, config.dimension, generator=generator)
        self.input = nn.Parameter((uniform - 0.5) / config.dimension)
        self.output = nn.Parameter(torch.zeros(vocabulary_size, config.dimension))

    def forward(self, words, targets):
        return torch.einsum("bd,bkd->bk", self.input[words], self.output[targets])


def sampling_loss(scores):
    """The mean loss of pairs. scores: (B, 1 + negatives), the true neighbour's first. Returns: 0-d."""
    true, false = scores[:, 0], scores[:, 1:]
    return -(F.logsigmoid(true) + F.logsigmoid(-false).sum(1)).mean()
