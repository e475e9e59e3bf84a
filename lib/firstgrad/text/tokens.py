"""From text to tokens: words of a string, lines of a file; and checks of tokens and ids."""

import codecs
import difflib
import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import torch


class UnknownTokenError(KeyError):
    """A token that the vocabulary does not have; the message names near spellings."""

    def __str__(self) -> str:
        return self.args[0]  # KeyError's own would show it in quotes


def words(text: str) -> list[str]:
    """Lower-case words, numbers and punctuation marks: "Who ain't a slave?" → who, ain't, a, slave, ?

    The marks of a letter (é as e and an accent, the vowels of हिन्दी) are parts of its word, and one spelling
    is taken of several that look the same (NFC). What a writing without spaces holds between two punctuation
    marks is one word.
    Source: Unicode Standard Annex 29, rule WB4.  Differs: "-", "." and ":" always end a word.
    """
    text = unicodedata.normalize("NFC", text.lower().removeprefix(BOM))  # lower first: it takes İ apart
    return _unicode_words().findall(text)


@functools.cache
def _unicode_words() -> re.Pattern:
    """What `words` looks for. Python's \\w has no combining marks: they are gathered, when first needed."""
    planes = itertools.chain(range(0x300, 0x20000), range(0xE0100, 0xE01F0))  # there are none elsewhere
    codes = [code for code in planes if unicodedata.category(chr(code)).startswith("M")]
    runs = (list(run) for _, run in itertools.groupby(enumerate(codes), lambda pair: pair[1] - pair[0]))
    marks = "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)  # one by one is 4 times slower
    marks += "\u00ad\u200c\u200d\U0001f3fb-\U0001f3ff"  # soft hyphen, (non-)joiner, colours of skin
    word = rf"\w+(?:[{marks}]+\w*)*"
    sign = rf"[^\w\s][{marks}]*"  # a sign may have marks, too, and joiners make one picture of several
    return re.compile(rf"{word}(?:['’]{word})*|[🇦-🇿]{{2}}|{sign}(?:(?<=\u200d){sign})*")


BOM = "\ufeff"  # at the beginning of a file: a mark of the encoding, and no part of the text
_WIDE = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",  # before the two that they begin with
         codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Lines:
    """A text file's lines, each as a list of words: to be gone through again and again, never all in memory.

    split: what makes words of a line; such as `words`, above.  A byte order mark at the start is left out.
    Raises, when it is gone through: ValueError for bytes that are not in that encoding, FileNotFoundError.
    """

    def __init__(self, path: str | Path, *, encoding: str = "utf-8",
                 split: Callable[[str], list[str]] = str.split):
        self.path, self.encoding, self.split = Path(path), encoding, split

    def __iter__(self) -> Iterator[list[str]]:
        bytewise = "\n".encode(self.encoding) == b"\n"  # in the others a byte 10 may be half of a letter
        for number, line in enumerate(self._encoded() if bytewise else self._wide()):
            yield self.split(line if number else line.removeprefix(BOM))

    def _encoded(self) -> Iterator[str]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                found = _wide_encoding(line) if number == 1 else None
                if found:
                    raise ValueError(f"{self.path}: given text in {found}, as its first bytes say, expected "
                                     f"{self.encoding}; name it, encoding={found!r}")
                try:
                    yield line.decode(self.encoding)
                except UnicodeDecodeError as error:
                    byte = f"0x{line[error.start]:02x} in line {number}"
                    raise ValueError(f"{self.path}: given the byte {byte}, expected text in {self.encoding}; "
                                     "name its own as `encoding`, such as 'latin-1' or 'gb18030'") from None

    def _wide(self) -> Iterator[str]:
        number = 0
        with self.path.open(encoding=self.encoding, newline="\n") as file:
            try:
                for number, line in enumerate(file, 1):  # noqa: B007 (for the message)
                    yield line
            except UnicodeError as error:  # UTF-16 without its mark is one that has no bytes
                raise ValueError(f"{self.path}: given {error} after line {number}, expected text in "
                                 f"{self.encoding}") from None


def _wide_encoding(start: bytes) -> str | None:
    """The encoding of two or four bytes a character that a file has, to judge by how it starts; or None."""
    for mark, name in _WIDE.items():
        if start.startswith(mark):
            return name
    no_mark = {(False, True): "utf-16-le", (True, False): "utf-16-be"}  # a Latin letter and a zero
    return no_mark.get((start[:1] == b"\0", start[1:2] == b"\0"))


def near_spellings(token: str, tokens: Sequence[str]) -> str:
    """What a message adds about a token that is not there: up to three like it, or nothing.

    Only the first 20,000 tokens are looked at: to compare a hundred thousand takes seconds.
    """
    near = difflib.get_close_matches(token, tokens[:20_000], n=3)
    return f"; near spellings: {', '.join(map(repr, near))}" if near else ""


def as_ids(name: str, ids: torch.Tensor | Sequence[int]) -> torch.Tensor:
    """`ids`, a tensor or a list (of lists), as a tensor. Raises: TypeError for something else."""
    if isinstance(ids, list | tuple):
        ids = torch.tensor(ids, dtype=None if len(ids) else torch.int64)  # torch takes [] for floats
    if not torch.is_tensor(ids):
        raise TypeError(f"{name}: given {type(ids).__name__}, expected a tensor or a list of ids")
    return ids


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
