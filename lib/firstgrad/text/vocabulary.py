"""Tokens and their ids: `Vocabulary` for language models, `Tokenizer` for texts that are classified."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import torch

from firstgrad.arguments import whole
from firstgrad.text.batches import PADDING, UNKNOWN, pad
from firstgrad.text.tokens import (
    UnknownTokenError,
    check_ids,
    check_texts,
    check_tokens,
    near_spellings,
    words,
)


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
        self._ids: dict[str | None, int] = {token: id for id, token in enumerate(self.tokens)}

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
            check_tokens(f"sentences[{number}]", sentence) for number, sentence in enumerate(sentences)))
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
                                    f"{near_spellings(token, self.tokens)}")
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


_RESERVED = ("<pad>", "<unk>")  # tokens[PADDING], tokens[UNKNOWN]


class Tokenizer:
    """Texts to ids of a fixed number of tokens, learnt from the training texts and from no others.

    Id 0 is padding, id 1 stands for every unknown token; the others are the most frequent tokens of the texts
    that `fit` was given, the most frequent first (equally frequent ones by spelling). A text that holds
    "<pad>" or "<unk>" itself means these two.
    `tokens[id]` is a token, `counts[id]` how often it came (of id 1: how often rarer ones came).
    """

    def __init__(self, counts: dict[str, int], size: int = 10_000, split: Callable = words):
        """counts: of every token.  size: ids in all, the two reserved ones included."""
        whole("size", size, least=3)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ordered = [item for item in ordered if item[0] not in _RESERVED]
        kept, rare = ordered[:size - 2], ordered[size - 2:]
        padding, unknown = (counts.get(token, 0) for token in _RESERVED)
        self.tokens = (*_RESERVED, *(token for token, _ in kept))
        self.counts = (padding, unknown + sum(count for _, count in rare), *(count for _, count in kept))
        self.split = split
        self._ids = {token: id for id, token in enumerate(self.tokens)}

    @classmethod
    def fit(cls, texts: Iterable[str], size: int = 10_000, *, split: Callable = words) -> "Tokenizer":
        """Count the tokens of the training texts, and keep the `size` − 2 most frequent.

        split: text -> list of tokens: `words`, or `list` for characters, as Chinese wants it.
        Raises: TypeError for a text that is no string, ValueError when there is no token.
        """
        counts: Counter[str] = Counter()
        for number, text in enumerate(check_texts(texts)):
            counts.update(check_tokens(f"split(texts[{number}])", split(text)))
        if not counts:
            raise ValueError("texts: given an empty corpus, expected at least one token")
        return cls(counts, size, split)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids and token not in _RESERVED

    def encode(self, text: str) -> torch.Tensor:
        """Ids int64 (n,) of a text of n tokens. Raises: TypeError for no string."""
        (text,) = check_texts([text], "text")
        return torch.tensor([self._ids.get(token, UNKNOWN) for token in self.split(text)], dtype=torch.int64)

    def batch(self, texts: Iterable[str], length: int = 100, *, padding: str = "post",
              truncation: str = "post") -> torch.Tensor:
        """Texts as rows of ids, int64 (n, length): what is shorter is padded, what is longer is cut.

        padding, truncation: on which side, "pre" (before the text) or "post" (after it).
        Raises: TypeError for a text that is no string, ValueError that names a text without a token.
        """
        sequences = [self.encode(text) for text in check_texts(texts)]
        for number, ids in enumerate(sequences):
            if not (ids != PADDING).any():
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
