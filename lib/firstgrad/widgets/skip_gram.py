"""The explorable *skip_gram*: word vectors learned, in view, from the reader's own sentences (chapter 09)."""

from typing import Any

import traitlets

from firstgrad.widgets.base import Explorable, Number

LONGEST = 20_000  # characters


class Text(traitlets.TraitType):
    """A text that is not too long, or None for the book's own. Raises: TypeError, ValueError."""

    def validate(self, obj: Any, value: Any) -> str | None:
        if value is None:
            return value
        if not isinstance(value, str):
            raise TypeError(f"{self.name} must be a text (str) or None, not {value!r:.60}")
        if len(value) > LONGEST:
            raise ValueError(f"{self.name} must have at most {LONGEST} characters, not {len(value)}")
        return value


class Words(traitlets.TraitType):
    """A list of words. Raises: TypeError, ValueError."""

    def make_dynamic_default(self) -> list[str]:
        return list(self.default_value)

    def validate(self, obj: Any, value: Any) -> list[str]:
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise TypeError(f"{self.name} must be a list of words, not {value!r:.60}")
        words = list(value)
        wrong = [word for word in words if not isinstance(word, str) or not word.strip()]
        if wrong:
            raise ValueError(f"{self.name} must be a list of words, not with {wrong[0]!r:.60}")
        return words


class SkipGramLab(Explorable):
    """Skip-gram with negative sampling, trained in the page on a text that the reader may edit.

    text: one sentence a line; Chinese in words with spaces, or else in characters. None: the book's own.
    pair: the goal's words: a stranger, and the words that it should come to stand beside.
    window, negatives, dimension and sample are those of `firstgrad.models.word2vec.SkipGramConfig`;
    here the window is always whole, and the rate stays as it is.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    text = Text(None, allow_none=True).tag(sync=True)
    word = traitlets.Unicode("").tag(sync=True)  # the word shown; "": the stranger
    pair = Words([]).tag(sync=True)
    window = Number(2, 1, 10, whole=True).tag(sync=True)
    negatives = Number(5, 1, 20, whole=True).tag(sync=True)
    learning_rate = Number(0.1, 0, 100, open_low=True).tag(sync=True)
    dimension = Number(8, 2, 32, whole=True).tag(sync=True)
    sample = Number(1.0, 0, 1, open_low=True).tag(sync=True)
    seed = Number(1, 0, whole=True).tag(sync=True)
    epochs = Number(200, 1, 1000, whole=True).tag(sync=True)
    epoch = Number(-1, -1, whole=True).tag(sync=True)  # the epoch shown; -1: the last
    goal_reached = traitlets.Bool(False).tag(sync=True, output=True)
    final_loss = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)
