"""What checks say, in English or in Chinese; in the code a sentence stands in English, with its {values}."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

_language: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within it, `say` speaks this language: "en" or "zh"."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def say(text: str, **values: object) -> str:
    """The sentence in the language of the moment, its values filled in."""
    text = chinese().get(text, text) if _language.get() == "zh" else text
    return text.format(**values) if values else text


def join(*sentences: str) -> str:
    """Sentences in a row; between Chinese ones stands no space."""
    return ("" if _language.get() == "zh" else " ").join(filter(None, sentences))


@cache
def chinese() -> dict[str, str]:
    """English sentence → Chinese."""
    return json.loads((Path(__file__).parent / "exercises/zh.json").read_text("utf-8"))
