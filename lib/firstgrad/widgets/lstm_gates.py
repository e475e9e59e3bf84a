"""The explorable *LSTM gates*: a trained character LSTM reads the reader's sentence (chapter 11)."""

from typing import Any

import traitlets

from firstgrad.widgets.base import Choice, Number, WithModels

LONGEST = 200  # characters
SENTENCE = ('Queequeg looked up. "Aye, aye!" cried the old captain (he had but one leg), "a white whale!"')


class Sentence(traitlets.TraitType):
    """A text of at most LONGEST characters. Raises: TypeError, ValueError."""

    def validate(self, obj: Any, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} must be a string, not {value!r:.60}")
        if len(value) > LONGEST:
            raise ValueError(f"{self.name} must have at most {LONGEST} characters, not {len(value)}")
        return value


class LSTMGates(WithModels):
    """Gates, cell and output of every unit while an LSTM reads, and what it expects next.

    Until the reader loads the trained model (`recipes/language/char_lstm.py`), four units set by hand read
    instead.
    `found` names what the reader has found: "reset", "surprise". `bits` is the mean surprise a character,
    None before the model is loaded.
    Raises: TypeError, ValueError that name the argument, what was given and what is allowed.
    """

    models = ("char_lstm",)
    text = Sentence(SENTENCE).tag(sync=True)
    quantity = Choice(("i", "f", "g", "o", "c", "h"), "f").tag(sync=True)  # shown for all units
    unit = Number(0, 0, 10_000, whole=True).tag(sync=True)
    step = Number(-1, -1, whole=True).tag(sync=True)  # the character pointed to; -1: the last
    trained = traitlets.Bool(False).tag(sync=True, output=True)  # whether the reader asked for the model
    found = traitlets.List(traitlets.Enum(("reset", "surprise"))).tag(sync=True, output=True)
    bits = traitlets.Float(None, allow_none=True).tag(sync=True, output=True)
