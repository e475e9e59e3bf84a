"""What the book itself needs: checks of exercises, figures, the sizes of models."""

from typing import TYPE_CHECKING

from firstgrad.book.answers import check, measured
from firstgrad.lazy import modules

__all__ = ["answers", "check", "exercises", "measured", "plots", "sizes"]

if TYPE_CHECKING:
    from firstgrad.book import answers, exercises, plots, sizes
else:
    __getattr__ = modules(__name__, ["answers", "exercises", "plots", "sizes"])
