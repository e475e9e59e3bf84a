"""`firstgrad.book` as the Chinese notebooks import it: `check` answers in Chinese, the rest is the same."""

from typing import Any

from firstgrad import book
from firstgrad.book import measured
from firstgrad.book.answers import grade
from firstgrad.book.words import speaking

__all__ = ["check", "measured"]


def check(exercise: str, answer: Any) -> None:
    """Say in one line of Chinese whether `answer` is right: see `firstgrad.book.check`."""
    with speaking("zh"):
        grade(exercise, answer)


def __getattr__(name: str) -> Any:
    return getattr(book, name)
