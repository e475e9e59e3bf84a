"""Word2Vec: skip-gram with negative sampling. Words that are found in the same company get similar vectors.

Every word has two vectors, v in the table `input` and u in `output`. A pair (word, neighbour) from the text
should score high, uᵀv, and pairs with words drawn at random low:

    loss of a pair = −log σ(uᵀv) − Σₖ log σ(−uₖᵀv),   k = 1…negatives

Three trainers make the same thing at very different speeds (make bench-word2vec). `form="plain"` is what a
reader reads: pairs in a list, autograd, a dense step. `form="torch"` works on blocks of text, by matrix
products, and on a GPU too: blocks.py. `form="numba"` is one compiled loop: compiled.py.

Source: Mikolov, Sutskever, Chen, Corrado & Dean 2013, arXiv:1310.4546, §2.2-2.3.  Differs from word2vec.c: a
word drawn at random may be the neighbour itself, as in the paper's formula.
"""

import importlib.util
import itertools
import warnings
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from firstgrad.arguments import choice, number, whole
from firstgrad.text.tokens import check_tokens
from firstgrad.text.vectors import WordVectors
from firstgrad.text.vocabulary import Vocabulary
from firstgrad.training.device import choose_device

FORMS = ("numba", "torch", "plain")
PLAIN_BATCH = 64  # pairs of a step of the plain form


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
        number("power", self.power, least=0, most=1)


class Corpus:
    """Sentences as ids, one after the other. Words that the vocabulary lacks are left out, or its `unknown`.

    Attributes: ids, int32 (N,); starts, int64 (S + 1,), sentence s is ids[starts[s]:starts[s + 1]]; words,
    how many there were before any was left out.
    Raises: TypeError for sentences that are strings and for tokens that are none, ValueError for a vocabulary
    of one word, and when no sentence has two words that it knows.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], vocabulary: Vocabulary):
        if isinstance(sentences, str | bytes):
            raise TypeError(f"sentences: given {type(sentences).__name__}, expected lists of tokens, such as "
                            "[words(text)]")
        if not isinstance(vocabulary, Vocabulary):
            raise TypeError(f"vocabulary: given {type(vocabulary).__name__}, expected a Vocabulary, such as "
                            "Vocabulary.of_words(sentences, min_count=5)")
        if len(vocabulary) < 2:
            raise ValueError(f"vocabulary: given only the word {vocabulary.tokens[0]!r}, expected at least "
                             "two: a word is known by the company it keeps")
        self.vocabulary, self.words = vocabulary, 0
        known: dict[str | None, int] = {token: id for id, token in enumerate(vocabulary.tokens)}
        ids, starts = array("i"), [0]
        unknown = known.get(vocabulary.unknown)
        for index, sentence in enumerate(sentences):
            self.words += len(check_tokens(f"sentences[{index}]", sentence))
            found = (known.get(token, unknown) for token in sentence)
            ids.extend(id for id in found if id is not None)
            starts.append(len(ids))
        self.ids, self.starts = np.array(ids, np.int32), np.array(starts, np.int64)
        if np.diff(self.starts).max(initial=0) < 2:
            raise ValueError(f"sentences: given {len(self)}, expected one at least with two words that the "
                             "vocabulary knows")

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[np.ndarray]:
        """The sentences, int32 (n,)."""
        return (self.ids[first:last] for first, last in zip(self.starts, self.starts[1:], strict=False))


def keep_chances(counts: Sequence[int], sample: float) -> np.ndarray:
    """The chance of a word to be read, float64 (V,): 1 for all but the frequent, (√(f/s) + 1)·s/f for those.

    f: a word's share of the text, s: `sample`.
    Source: word2vec.c (Mikolov et al. 2013).  Differs from the paper, arXiv:1310.4546, eq. 5: √(s/f).
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

    def forward(self, words: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bd,bkd->bk", F.embedding(words, self.input), F.embedding(targets, self.output))


def sampling_loss(scores: torch.Tensor) -> torch.Tensor:
    """The mean loss of pairs. scores: (B, 1 + negatives), the true neighbour's first. Returns: 0-d."""
    true, false = scores[:, 0], scores[:, 1:]
    return -(F.logsigmoid(true) + F.logsigmoid(-false).sum(1)).mean()


def train(corpus: Corpus, config: SkipGramConfig | None = None, *, epochs: int = 3, rate: float = 0.025,
          form: str = "auto", threads: int = 1, seed: int = 0,
          device: str | torch.device = "cpu") -> WordVectors:
    """Word vectors of a text.

    epochs: passes over the text.  rate: how far a pair moves its vectors, at first; it falls evenly to 0.
    form: "numba", "torch" or "plain"; "auto" is numba, or where it is not installed, and on a GPU, torch.
    threads: of the CPU.  device: "cuda", "mps" or "auto" only with form="torch".
    The same seed gives the same vectors on one thread; on several, and on a GPU, about the same.
    Returns: WordVectors; its `matrix` is the input table, its `outputs` the other.
    Raises: TypeError or ValueError that names the argument; ImportError for form="numba" without numba;
    FloatingPointError when the vectors are no longer finite, at far too large a rate.
    """
    if not isinstance(corpus, Corpus):
        raise TypeError(f"corpus: given {type(corpus).__name__}, expected Corpus(sentences, vocabulary)")
    config, device = config or SkipGramConfig(), choose_device(device)
    whole("epochs", epochs)
    number("rate", rate, above=0, most=1)
    whole("threads", threads)
    form = _form(form, device)
    model = SkipGram(len(corpus.vocabulary), config, seed=seed)
    if form == "numba":
        from firstgrad.models.word2vec.compiled import (
            fit,  # compiling it takes seconds, when it is first used
        )
    elif form == "torch":
        from firstgrad.models.word2vec.blocks import fit
    else:
        fit = _plain
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        fit(model.to(device), corpus, epochs=epochs, rate=rate, threads=threads, seed=seed)
    finally:
        torch.set_num_threads(before)
    tables = [table.detach().cpu() for table in (model.input, model.output)]
    if not all(table.isfinite().all() for table in tables):
        raise FloatingPointError(f"rate: given {rate}, the vectors are no longer finite; take a smaller one")
    return WordVectors(corpus.vocabulary.tokens, tables[0], outputs=tables[1])


def held_out_loss(vectors: WordVectors, corpus: Corpus, config: SkipGramConfig | None = None, *,
                  pairs: int = 100_000, seed: int = 0) -> float:
    """The loss on a text that was not trained on: the mean over its first `pairs`, drawn as in training.

    Raises: ValueError for vectors without `outputs`, or of other words than the corpus's vocabulary.
    """
    if vectors.outputs is None or vectors.tokens != corpus.vocabulary.tokens:
        raise ValueError("vectors: given those of another vocabulary or without outputs, expected what "
                         "`train` returned for this vocabulary")
    config, generator = config or SkipGramConfig(), np.random.default_rng(seed)
    found = _read(corpus, config, generator)
    words, neighbours = torch.tensor(list(itertools.islice(found, whole("pairs", pairs)))).unbind(1)
    drawn = _draw(corpus, config, (len(words), config.negatives), generator)
    targets = torch.cat([neighbours[:, None], drawn], 1)  # (B, 1 + negatives)
    scores = torch.einsum("bd,bkd->bk", vectors.matrix[words], vectors.outputs[targets])
    return float(sampling_loss(scores))


def _form(form: str, device: torch.device) -> str:
    choice("form", form, ("auto", *FORMS))
    installed = importlib.util.find_spec("numba") is not None
    if form == "auto":
        if device.type == "cpu" and not installed:
            warnings.warn("form: numba is not installed, so the slower form 'torch' is taken; pip install "
                          "firstgrad[fast]", stacklevel=3)
        return "numba" if device.type == "cpu" and installed else "torch"
    if form == "numba" and not installed:
        raise ImportError("form: given 'numba', which is not installed; pip install firstgrad[fast], or take "
                          "form='torch'")
    if form != "torch" and device.type != "cpu":
        raise ValueError(f"device: given {str(device)!r} for form={form!r}, expected 'cpu'; or take "
                         "form='torch'")
    return form


# --- the plain form ---


def pairs(sentence: Sequence[int], window: int, generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    """The pairs (word, neighbour) of a sentence; how far a word looks is drawn from 1…window."""
    for place, word in enumerate(sentence):
        reach = int(generator.integers(1, window + 1))
        for other in range(max(0, place - reach), min(len(sentence), place + reach + 1)):
            if other != place:
                yield word, sentence[other]


def _read(corpus: Corpus, config: SkipGramConfig, generator: np.random.Generator) -> Iterator:
    """The pairs of a text; frequent words are left out now and then."""
    keep = keep_chances(corpus.vocabulary.counts, config.sample)
    for sentence in corpus:
        kept = sentence[generator.random(len(sentence)) < keep[sentence]]
        yield from pairs(kept.tolist(), config.window, generator)


def _draw(corpus: Corpus, config: SkipGramConfig, shape: tuple[int, int], generator: np.random.Generator):
    """Words drawn at random, int64 of that shape."""
    chances = noise(corpus.vocabulary.counts, config.power)
    return torch.from_numpy(generator.choice(len(chances), shape, p=chances))


def _plain(model: SkipGram, corpus: Corpus, *, epochs, rate, threads, seed):
    config, generator = model.config, np.random.default_rng(seed)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    for epoch in range(epochs):
        found = list(_read(corpus, config, generator))
        for start in range(0, len(found), PLAIN_BATCH):
            words, neighbours = torch.tensor(found[start:start + PLAIN_BATCH]).unbind(1)  # (B, 2) -> 2 × (B,)
            drawn = _draw(corpus, config, (len(words), config.negatives), generator)
            targets = torch.cat([neighbours[:, None], drawn], 1)  # (B, 1 + negatives)
            optimizer.param_groups[0]["lr"] = rate * (1 - (epoch + start / len(found)) / epochs)
            optimizer.zero_grad()
            loss = sampling_loss(model(words, targets)) * len(words)  # the sum: each pair moves its vectors
            loss.backward()
            optimizer.step()
