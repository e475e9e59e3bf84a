"""The explorable *word_map*: trained word vectors to search, compare and reckon with (chapter 09)."""

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, WithModels

# What is shown before the reader loads all the words; those that the file lacks are left out.
SAMPLE = tuple("""
king queen man woman boy girl father mother brother sister son daughter
france paris england london italy rome germany berlin spain greece
dog cat horse cow bird fish tree flower red blue green tea coffee water wine
one two three four first second good better best bad worse
walk walked run ran say said monday friday january july
""".split())  # noqa: SIM905


class Triple(traitlets.TraitType):
    """Three words. Raises: TypeError, ValueError."""

    def make_dynamic_default(self) -> list[str]:
        return list(self.default_value)

    def validate(self, obj: Any, value: Any) -> list[str]:
        if isinstance(value, str) or not hasattr(value, "__len__"):
            raise TypeError(f"{self.name} must be three words [a, b, c], not {value!r:.60}")
        if len(value) != 3 or not all(isinstance(word, str) and word.strip() for word in value):
            raise ValueError(f"{self.name} must be three words [a, b, c], not {value!r:.60}")
        return list(value)


class WordMap(WithModels):
    """The book's word vectors: ten neighbours by cosine or by distance, analogies, and a map of the words.

    A sample is there at once; `full` loads all the words of `data/models/word_vectors.safetensors`.
    word: the word whose neighbours are shown.  question: a, b and c of the analogy a : b = c : ?
    found: what the reader has found, "analogy" and "length".
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    models = ("word_vectors",)

    full = traitlets.Bool(False).tag(sync=True)
    task = Choice(("neighbours", "analogy"), "neighbours").tag(sync=True)
    metric = Choice(("cosine", "euclid"), "cosine").tag(sync=True)
    word = traitlets.Unicode("king").tag(sync=True)
    question = Triple(["man", "king", "woman"]).tag(sync=True)
    leave_out = traitlets.Bool(True).tag(sync=True)
    found = traitlets.List(traitlets.Enum(("analogy", "length"))).tag(sync=True, output=True)
    sample = traitlets.Dict().tag(sync=True, output=True)

    @traitlets.default("sample")
    def _sample_of_the_file(self):
        return sample_of(self.model("word_vectors"))


def sample_of(path: Path, words: Iterable[str] = SAMPLE) -> dict[str, Any]:
    """Some rows: tokens, scales, codes as base64. Raises: ValueError for a file of another kind."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            tokens = file.metadata()["tokens"].split("\n")
            codes, scales = file.get_tensor("codes"), file.get_tensor("scales")
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is not a file of quantised word vectors ({error})") from None
    row = {token: i for i, token in enumerate(tokens)}
    rows = [row[word] for word in words if word in row]
    return {"tokens": [tokens[i] for i in rows], "scales": [float(f"{scales[i]:.6g}") for i in rows],
            "codes": base64.b64encode(codes[rows].tobytes()).decode(), "words": len(tokens)}
