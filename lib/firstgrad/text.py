"""From text to numbers and back: tokens, a vocabulary, windows of ids to train a language model on, and
texts of different lengths as one tensor.
"""

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import torch

from .arguments import choice, whole

PADDING, UNKNOWN = 0, 1  # ids that a Tokenizer keeps free
_SIDES = ("pre", "post")


class UnknownTokenError(KeyError):
    """A token that the vocabulary does not have; the message names near spellings."""

    def __str__(self) -> str:
        return self.args[0]  # KeyError's own would show it in quotes


def words(text: str) -> list[str]:
    """Lower-case words, numbers and punctuation marks: "Who ain't a slave?" → who, ain't, a, slave, ?"""
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower())


class Vocabulary:
    """Tokens and their ids 0…V−1, the most frequent first (equally frequent ones by spelling).

    Make one with `of_characters` or `of_words`. `tokens[id]` is a token, `counts[id]` how often it came.
    unknown: the token, such as "<unk>", that stands for all that the vocabulary lacks; None: they are errors.
    separator: what `decode` puts between tokens.
    """

    def __init__(self, counts: dict[str, int], *, separator: str = "", unknown: str | None = None):
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        self.tokens = tuple(token for token, _ in ordered)
        self.counts = tuple(count for _, count in ordered)
        self.separator, self.unknown = separator, unknown
        self._ids = {token: id for id, token in enumerate(self.tokens)}

    @classmethod
    def of_characters(cls, text: str) -> "Vocabulary":
        """Every character is a token.

        Raises: TypeError when `text` is no string, ValueError when it is empty.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: given {type(text).__name__}, expected a string")
        if not text:
            raise ValueError("text: given an empty string, expected at least one character")
        return cls(Counter(text))

    @classmethod
    def of_words(cls, sentences: Iterable[Sequence[str]], *, min_count: int = 1,
                 unknown: str | None = None) -> "Vocabulary":
        """The tokens that come at least `min_count` times in `sentences`, each a list of tokens.

        Rarer ones are counted for `unknown`, if there is one.
        Raises: TypeError for a sentence that is a string (its letters would become the words) and for tokens
        that are none, ValueError when nothing is left.
        """
        whole("min_count", min_count)
        if isinstance(sentences, str):
            raise TypeError("sentences: given a string, expected lists of tokens, such as [words(text)]")
        counts = Counter(itertools.chain.from_iterable(
            _tokens(f"sentences[{number}]", sentence) for number, sentence in enumerate(sentences)))
        if not counts:
            raise ValueError("sentences: given an empty corpus, expected at least one token")
        kept = {token: count for token, count in counts.items() if count >= min_count}
        if not kept:
            raise ValueError(f"min_count: given {min_count}, expected at most {max(counts.values())}, since "
                             "no token comes more often")
        if unknown is not None:
            kept[unknown] = kept.get(unknown, 0) + counts.total() - sum(kept.values())
        return cls(kept, separator=" ", unknown=unknown)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def id(self, token: str) -> int:
        """The id of one token. Raises: TypeError for no string, UnknownTokenError (a KeyError)."""
        if not isinstance(token, str):
            raise TypeError(f"token: given {token!r}, expected a string")
        id = self._ids.get(token, self._ids.get(self.unknown))
        if id is None:
            raise UnknownTokenError(f"token: given {token!r}, expected one of the vocabulary's {len(self)}"
                                    f"{self._near(token)}")
        return id

    def encode(self, tokens: Sequence[str]) -> torch.Tensor:
        """Ids int64 (n,) of a list of n tokens; of characters, a string will do.

        Raises: TypeError for a string where the tokens are words, and as `id` does.
        """
        if isinstance(tokens, str) and self.separator:
            raise TypeError("tokens: given a string, expected a list of tokens, such as words(text)")
        return torch.tensor([self.id(token) for token in tokens], dtype=torch.int64)

    def decode(self, ids: torch.Tensor | Sequence[int]) -> str:
        """The text of ids (n,). Raises: TypeError unless they are whole, ValueError for one not in 0…V−1."""
        ids = torch.as_tensor(ids, dtype=None if len(ids) else torch.int64)  # torch takes [] for floats
        if ids.ndim != 1:
            raise ValueError(f"ids: given shape {tuple(ids.shape)}, expected (n,)")
        check_ids("ids", ids, len(self))
        return self.separator.join(self.tokens[id] for id in ids.tolist())

    def _near(self, token: str) -> str:
        near = difflib.get_close_matches(token, self.tokens, n=3)
        return f"; near spellings: {', '.join(map(repr, near))}" if near else ""


def check_ids(name: str, ids: torch.Tensor, size: int) -> None:
    """Raise TypeError unless `ids` is int64, ValueError when one is not in 0…size−1."""
    if ids.dtype != torch.int64:
        raise TypeError(f"{name}: given {ids.dtype}, expected torch.int64")
    low, high = (int(bound) for bound in ids.aminmax()) if ids.numel() else (0, 0)
    if low < 0 or high >= size:
        raise ValueError(f"{name}: given id {low if low < 0 else high}, expected 0…{size - 1}, since the "
                         f"vocabulary has {size} tokens")


def windows(ids: torch.Tensor, length: int, stride: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut a text into windows: what is read, and, at each place, the token that comes next.

    Shapes: ids (N,) int64.  Returns: x (n, length) and y (n, length), y one token further; views, not copies.
    stride: tokens from the start of one window to the next; None: `length`, so that each token is read once.
    The tokens after the last whole window are left out.
    Raises: TypeError or ValueError for arguments that make no window.
    """
    whole("length", length)
    stride = length if stride is None else whole("stride", stride)
    if not torch.is_tensor(ids) or ids.dtype != torch.int64:
        raise TypeError(f"ids: given {getattr(ids, 'dtype', type(ids).__name__)}, expected an int64 tensor")
    if ids.ndim != 1 or len(ids) <= length:
        raise ValueError(f"ids: given shape {tuple(ids.shape)}, expected (N,) with N at least {length + 1}, "
                         "one more than length")
    both = ids.unfold(0, length + 1, stride)  # (N,) -> (n, length + 1)
    return both[:, :-1], both[:, 1:]


class Tokenizer:
    """Texts to ids of a fixed number of tokens, learnt from the training texts and from no others.

    Id 0 is padding, id 1 stands for every unknown token; the others are the most frequent tokens of the texts
    that `fit` was given, the most frequent first (equally frequent ones by spelling).
    `tokens[id]` is a token, `counts[id]` how often it came (of id 1: how often rarer ones came).
    """

    def __init__(self, counts: dict[str, int], size: int = 10_000, split: Callable = words):
        """counts: of every token.  size: ids in all, the two reserved ones included."""
        whole("size", size, least=3)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        kept, rare = ordered[:size - 2], ordered[size - 2:]
        self.tokens = ("<pad>", "<unk>", *(token for token, _ in kept))
        self.counts = (0, sum(count for _, count in rare), *(count for _, count in kept))
        self.split = split
        self._ids = {token: id for id, (token, _) in enumerate(kept, 2)}

    @classmethod
    def fit(cls, texts: Iterable[str], size: int = 10_000, *, split: Callable = words) -> "Tokenizer":
        """Count the tokens of the training texts, and keep the `size` − 2 most frequent.

        split: text -> list of tokens: `words`, or `list` for characters, as Chinese wants it.
        Raises: TypeError for a text that is no string, ValueError when there is no token.
        """
        counts = Counter()
        for number, text in enumerate(_texts(texts)):
            counts.update(_tokens(f"split(texts[{number}])", split(text)))
        if not counts:
            raise ValueError("texts: given an empty corpus, expected at least one token")
        return cls(counts, size, split)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def encode(self, text: str) -> torch.Tensor:
        """Ids int64 (n,) of a text of n tokens. Raises: TypeError for no string."""
        (text,) = _texts([text], "text")
        return torch.tensor([self._ids.get(token, UNKNOWN) for token in self.split(text)], dtype=torch.int64)

    def batch(self, texts: Iterable[str], length: int = 100, *, padding: str = "post",
              truncation: str = "post") -> torch.Tensor:
        """Texts as rows of ids, int64 (n, length): what is shorter is padded, what is longer is cut.

        padding, truncation: on which side, "pre" (before the text) or "post" (after it).
        Raises: TypeError for a text that is no string, ValueError that names a text without a token.
        """
        sequences = [self.encode(text) for text in _texts(texts)]
        for number, ids in enumerate(sequences):
            if not len(ids):
                raise ValueError(f"texts[{number}]: given no token, expected at least one, since a text of "
                                 "padding alone says nothing")
        return pad(sequences, length, padding=padding, truncation=truncation)

    def decode(self, ids: torch.Tensor | Sequence[int]) -> str:
        """The tokens of ids (n,) with spaces between them, without padding. Raises: as Vocabulary.decode."""
        ids = torch.as_tensor(ids, dtype=None if len(ids) else torch.int64)
        if ids.ndim != 1:
            raise ValueError(f"ids: given shape {tuple(ids.shape)}, expected (n,)")
        check_ids("ids", ids, len(self))
        return " ".join(self.tokens[id] for id in ids.tolist() if id != PADDING)


def pad(sequences: Sequence, length: int, *, padding: str = "post", truncation: str = "post") -> torch.Tensor:
    """Sequences of ids, each int64 (n,) with an n of its own, as rows of one tensor (N, length).

    padding, truncation: the side that is filled with PADDING, and the side that is cut: "pre" or "post".
    Raises: TypeError or ValueError that names the argument.
    """
    whole("length", length)
    choice("padding", padding, _SIDES)
    choice("truncation", truncation, _SIDES)
    rows = torch.full((len(sequences), length), PADDING, dtype=torch.int64)
    for number, ids in enumerate(sequences):
        ids = torch.as_tensor(ids, dtype=None if len(ids) else torch.int64)
        if ids.dtype != torch.int64 or ids.ndim != 1:
            raise TypeError(f"sequences[{number}]: given {ids.dtype} of shape {tuple(ids.shape)}, expected "
                            "torch.int64 of shape (n,)")
        ids = ids[:length] if truncation == "post" else ids[-length:]
        rows[number, slice(0, len(ids)) if padding == "post" else slice(length - len(ids), None)] = ids
    return rows


def lengths(tokens: torch.Tensor) -> torch.Tensor:
    """How many of each row's tokens are not padding: int64 (n,).  tokens: int64 (n, T)."""
    return (tokens != PADDING).sum(1)


class ByLength(torch.utils.data.Sampler):
    """Batches of texts of about the same length, in random order: little padding is computed for nothing.

    DataLoader(TensorDataset(tokens, labels), batch_sampler=ByLength(lengths(tokens), 32, seed)) draws them.
    count: how long each row is, int64 (n,).
    blocks: batches among whose rows lengths are compared. Many give batches that are all alike in length and
        in what goes with it, which trains worse.
    """

    def __init__(self, count: torch.Tensor, batch_size: int, seed: int = 0, *, blocks: int = 8):
        self.count, self.batch_size = count, whole("batch_size", batch_size)
        self.generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
        self.rows = batch_size * whole("blocks", blocks)

    def __len__(self) -> int:
        return -(-len(self.count) // self.batch_size)

    def __iter__(self):
        batches = []
        for block in torch.randperm(len(self.count), generator=self.generator).split(self.rows):
            batches += block[self.count[block].argsort(stable=True)].split(self.batch_size)
        for number in torch.randperm(len(batches), generator=self.generator).tolist():
            yield batches[number].tolist()


def _texts(texts: Iterable[str], name: str = "") -> list[str]:
    """`texts`, if they are strings. Bytes are refused: to guess their encoding would be to guess words."""
    if isinstance(texts, str | bytes):
        raise TypeError(f"texts: given {type(texts).__name__}, expected a list of strings")
    texts = list(texts)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            hint = "; decode them first, as text.decode('utf-8')" if isinstance(text, bytes) else ""
            raise TypeError(f"{name or f'texts[{number}]'}: given {type(text).__name__}, expected a string"
                            f"{hint}")
    return texts


def _tokens(name: str, tokens: Sequence[str]) -> Sequence[str]:
    """`tokens`, if it is a list of strings."""
    if isinstance(tokens, str) or not isinstance(tokens, Sequence):
        raise TypeError(f"{name}: given {tokens!r:.40}, expected a list of tokens, such as words(text)")
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"{name}: given the token {token!r}, expected strings")
    return tokens
