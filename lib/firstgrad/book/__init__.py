"""What the book itself needs: checks of exercises, figures, the sizes of models."""

from firstgrad.book.answers import check, measured
from firstgrad.lazy import modules

__all__ = ["answers", "check", "exercises", "measured", "plots", "sizes"]

__getattr__ = modules(__name__, ["answers", "exercises", "plots", "sizes"])
