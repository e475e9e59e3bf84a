"""Word vectors once they are made: look them up, compare them, test them, store them.

    vectors = WordVectors.load("data/models/word_vectors.safetensors")
    vectors.most_similar(["king", "woman"], ["man"], topn=3)

Names and results are those of gensim's KeyedVectors, where it has such a method.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors
import torch
from numpy.typing import ArrayLike
from safetensors.torch import save_file
from torch.nn import functional as F

from firstgrad.arguments import whole
from firstgrad.text.tokens import Lines, UnknownTokenError, near_spellings

SEPARATOR = "\n"  # between the tokens in a file's metadata


class RankCorrelation(NamedTuple):
    """Spearman's ρ with its 95 % confidence interval, over `n` pairs."""

    rho: float
    low: float
    high: float
    n: int


class Accuracy(NamedTuple):
    """The share that is right with its 95 % confidence interval, over `n` questions."""

    share: float
    low: float
    high: float
    n: int


class WordVectors:
    """Tokens, the most frequent first, and a vector for each.

    Attributes: tokens, a tuple; matrix, float32 (V, d); outputs, the other table of the training or None.
    Raises: ValueError for shapes that do not fit, for tokens that come twice and for numbers that are not
    finite; TypeError for what is no table of floats.
    """

    def __init__(self, tokens: Sequence[str], matrix: ArrayLike, *, outputs: ArrayLike | None = None):
        self.tokens = tuple(tokens)
        self.matrix = _table("matrix", matrix, len(self.tokens))
        self.outputs = None if outputs is None else _table("outputs", outputs, len(self.tokens))
        self._ids = {token: id for id, token in enumerate(self.tokens)}
        if len(self._ids) < len(self.tokens):
            twice = next(token for id, token in enumerate(self.tokens) if self._ids[token] != id)
            raise ValueError(f"tokens: given {twice!r} twice, expected each once")
        self._units = F.normalize(self.matrix)
        self._codes: tuple[torch.Tensor, torch.Tensor] | None = None

    # --- looking up ---

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def __repr__(self) -> str:
        return f"WordVectors({len(self)} words, {self.matrix.shape[1]} numbers each)"

    def id(self, token: str) -> int:
        """The row of a token. Raises: TypeError for no string, UnknownTokenError (a KeyError)."""
        if not isinstance(token, str):
            raise TypeError(f"token: given {token!r}, expected a string")
        if token not in self._ids:
            raise UnknownTokenError(f"token: given {token!r}, expected one of the {len(self)} that have a "
                                    f"vector{near_spellings(token, self.tokens)}")
        return self._ids[token]

    def __getitem__(self, token: str) -> torch.Tensor:
        """The vector of a token, float32 (d,)."""
        return self.matrix[self.id(token)]

    # --- comparing ---

    def similarity(self, a: str, b: str) -> float:
        """The cosine of the angle between two words' vectors, −1…1."""
        return float(self._units[self.id(a)] @ self._units[self.id(b)])

    def most_similar(self, positive: str | Sequence[str], negative: str | Sequence[str] = (),
                     topn: int = 10) -> list[tuple[str, float]]:
        """The words whose vectors point where the sum of these points, the nearest first, with the cosines.

        The sum is of unit vectors: plus `positive`, minus `negative`; these words themselves are left out.
        Raises: ValueError when no word is given; as `id` does.
        """
        positive, negative = ([w] if isinstance(w, str) else list(w) for w in (positive, negative))
        if not positive and not negative:
            raise ValueError("positive: given no word, expected at least one")
        given = [self.id(word) for word in [*positive, *negative]]
        signs = torch.tensor([1.0] * len(positive) + [-1.0] * len(negative))
        direction = F.normalize(signs @ self._units[given], dim=0)  # (n,) @ (n, d) -> (d,)
        cosines = self._units @ direction
        cosines[given] = -math.inf
        best = cosines.topk(min(whole("topn", topn), len(self) - len(set(given))))
        return [(self.tokens[id], cosine) for cosine, id in zip(*map(torch.Tensor.tolist, best), strict=True)]

    def most_frequent(self, count: int) -> "WordVectors":
        """The first `count` words, and their vectors."""
        count = min(whole("count", count), len(self))
        outputs = None if self.outputs is None else self.outputs[:count]
        return WordVectors(self.tokens[:count], self.matrix[:count], outputs=outputs)

    # --- testing ---

    def rank_correlation(self, pairs: Iterable[tuple[str, str, float]]) -> RankCorrelation:
        """Do cosines put pairs of words in the order that people do? Spearman's ρ over the pairs it knows.

        pairs: (a, b, what people say of them), the higher the more alike; such as `read_pairs` gives.
        Raises: ValueError when fewer than four pairs are known, or all of them are the same.
        """
        known = [pair for pair in pairs if pair[0] in self and pair[1] in self]
        n = len(known)
        if n < 4:
            raise ValueError(f"pairs: given {n} whose words both have a vector, expected at least 4")
        first, second, scores = zip(*known, strict=True)
        units = (self._units[[self.id(word) for word in side]] for side in (first, second))
        cosines = np.prod(list(units), 0).sum(1)
        if not all(np.ptp(values) for values in (cosines, scores)):
            raise ValueError(f"pairs: given {n} of the same score, expected different ones")
        return spearman(cosines, scores)

    def analogies(self, questions: Iterable[tuple[str, str, str, str]], *, batch: int = 512) -> Accuracy:
        """How often is the word nearest to b − a + c the right one? a, b and c cannot be the answer.

        questions: (a, b, c, d), "a is to b as c is to d"; such as `read_questions` gives. Only those count of
        which all words have vectors.  batch: questions at a time.
        Raises: ValueError when none is known.
        Source: Mikolov, Yih & Zweig 2013 (3CosAdd, on unit vectors). The interval: Wilson 1927.
        """
        known = [question for question in questions if all(word in self for word in question)]
        if not known:
            raise ValueError("questions: given none whose words all have a vector, expected at least one")
        ids, right = torch.tensor([[self.id(word) for word in question] for question in known]), 0
        for part in ids.split(batch):
            a, b, c, d = part.T
            direction = self._units[b] - self._units[a] + self._units[c]  # (n, d)
            cosines = direction @ self._units.T  # (n, V); their lengths do not change which is the largest
            cosines.scatter_(1, part[:, :3], -math.inf)
            right += int((cosines.argmax(1) == d).sum())
        return Accuracy(right / len(known), *_wilson(right, len(known)), len(known))

    # --- storing ---

    def quantised(self) -> "WordVectors":
        """The same with numbers rounded to 255 steps: int8 and a scale for the row, a quarter of the size."""
        scales = self.matrix.abs().amax(1).clamp(min=1e-30) / 127  # (V,)
        codes = (self.matrix / scales[:, None]).round().to(torch.int8)
        return _of_codes(self.tokens, codes, scales)

    def save(self, path: str | Path) -> None:
        """Write a safetensors file: `matrix` float32, or of quantised ones `codes` int8 and `scales` float32.

        The tokens are in the file's metadata, a line each. `outputs` is not stored.
        """
        if any(SEPARATOR in token for token in self.tokens):
            raise ValueError("tokens: given one with a line break, expected none")
        tensors = {"matrix": self.matrix}
        if self._codes:
            tensors = dict(zip(("codes", "scales"), self._codes, strict=True))
        save_file(tensors, path, {"tokens": SEPARATOR.join(self.tokens)})

    @classmethod
    def load(cls, path: str | Path) -> "WordVectors":
        """Read what `save` wrote. Raises: FileNotFoundError; ValueError for a file of another kind."""
        try:
            with safetensors.safe_open(path, "pt") as file:
                tokens = (file.metadata() or {})["tokens"].split(SEPARATOR)
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (safetensors.SafetensorError, KeyError) as error:
            raise ValueError(f"path: given {str(path)!r}, expected a file that WordVectors.save wrote; "
                             f"{error} is wrong with it") from None
        if "codes" in tensors:
            return _of_codes(tokens, tensors["codes"], tensors["scales"])
        return cls(tokens, tensors["matrix"])


def _of_codes(tokens: Sequence[str], codes, scales) -> WordVectors:
    vectors = WordVectors(tokens, codes.float() * scales[:, None])
    vectors._codes = codes, scales
    return vectors


def _table(name: str, table, rows: int) -> torch.Tensor:
    """`table` as float32 (rows, d)."""
    table = torch.as_tensor(table)
    if not table.is_floating_point():
        raise TypeError(f"{name}: given {table.dtype}, expected floats")
    if table.ndim != 2 or len(table) != rows or not table.numel():
        raise ValueError(f"{name}: given shape {tuple(table.shape)}, expected ({rows}, d), a row for a token")
    table = table.detach().float()
    spoilt = (~table.isfinite()).any(1).nonzero()
    if len(spoilt):
        raise ValueError(f"{name}: given NaN or infinity in row {int(spoilt[0])} ({len(spoilt)} such), "
                         "expected only finite numbers")
    return table


def spearman(first: Sequence[float], second: Sequence[float]) -> RankCorrelation:
    """Do two lists of numbers, neither of them constant, have the same order? Spearman's ρ.

    Source: the interval is Bonett & Wright 2000, doi:10.1007/BF02294183.
    """
    rho = float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])
    return RankCorrelation(rho, *interval(rho, len(first)), len(first))


def interval(rho: float, n: int) -> tuple[float, float]:
    """95 % of a rank correlation of n pairs. Source: see `spearman`."""
    z = math.atanh(max(-1 + 1e-15, min(rho, 1 - 1e-15)))
    half = 1.96 * math.sqrt((1 + rho**2 / 2) / (n - 3))
    return math.tanh(z - half), math.tanh(z + half)


def _ranks(values: Sequence[float]) -> np.ndarray:
    """1…n by size; equal ones share the mean of theirs."""
    _, places, counts = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    share, middle = right / n, right / n + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def read_pairs(path: str | Path) -> list[tuple[str, str, float]]:
    """Pairs of words and what people say of them: lines "a b 7.5" between tabs, as WordSim-353 comes.

    Words are made lower-case; lines that begin with # are left out.
    """
    rows = (line.lower().split("\t") for line in _lines(path) if not line.startswith("#"))
    return [(row[0], row[1], float(row[2])) for row in rows if len(row) > 2]


def read_questions(path: str | Path) -> list[tuple[str, str, str, str]]:
    """Analogies, "a b c d" in a line, as word2vec's questions-words.txt has them; titles (:) are left out."""
    rows = (line.lower().split() for line in _lines(path) if line.strip() and not line.startswith(":"))
    return [(a, b, c, d) for a, b, c, d in rows]


def _lines(path: str | Path) -> Iterator[str]:
    return (line for (line,) in Lines(path, split=lambda line: [line.rstrip("\r\n")]))
