"""From text to tokens: words of a string, lines of a file; and checks of tokens and ids."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import torch


class UnknownTokenError(KeyError):
    """A token that the vocabulary does not have; the message names near spellings."""

    def __str__(self) -> str:
        return self.args[0]  # KeyError's own would show it in quotes


def words(text: str) -> list[str]:
    """Lower-case words, numbers and punctuation marks: "Who ain't a slave?" → who, ain't, a, slave, ?"""
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower())


class Lines:
    """A text file's lines, each as a list of words: to be gone through again and again, never all in memory.

    split: what makes words of a line; such as `words`, above.
    Raises, when it is gone through: ValueError for bytes that are not in that encoding, FileNotFoundError.
    """

    def __init__(self, path: str | Path, *, encoding: str = "utf-8",
                 split: Callable[[str], list[str]] = str.split):
        self.path, self.encoding, self.split = Path(path), encoding, split

    def __iter__(self) -> Iterator[list[str]]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield self.split(line.decode(self.encoding))
                except UnicodeDecodeError as error:
                    byte = f"0x{line[error.start]:02x} in line {number}"
                    raise ValueError(f"{self.path}: given the byte {byte}, expected text in {self.encoding}; "
                                     "name its own as `encoding`, such as 'latin-1' or 'gb18030'") from None


def near_spellings(token: str, tokens: Sequence[str]) -> str:
    """What a message adds about a token that is not there: up to three like it, or nothing.

    Only the first 20,000 tokens are looked at: to compare a hundred thousand takes seconds.
    """
    near = difflib.get_close_matches(token, tokens[:20_000], n=3)
    return f"; near spellings: {', '.join(map(repr, near))}" if near else ""


def check_ids(name: str, ids: torch.Tensor, size: int) -> None:
    """Raise TypeError unless `ids` is int64, ValueError when one is not in 0…size−1."""
    if ids.dtype != torch.int64:
        raise TypeError(f"{name}: given {ids.dtype}, expected torch.int64")
    low, high = (int(bound) for bound in ids.aminmax()) if ids.numel() else (0, 0)
    if low < 0 or high >= size:
        raise ValueError(f"{name}: given id {low if low < 0 else high}, expected 0…{size - 1}, since the "
                         f"vocabulary has {size} tokens")


def check_texts(texts: Iterable[str], name: str = "") -> list[str]:
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


def check_tokens(name: str, tokens: Sequence[str]) -> Sequence[str]:
    """`tokens`, if it is a list of strings."""
    if isinstance(tokens, str) or not isinstance(tokens, Sequence):
        raise TypeError(f"{name}: given {tokens!r:.40}, expected a list of tokens, such as words(text)")
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(f"{name}: given the token {token!r}, expected strings")
    return tokens
