"""What the book itself needs: checks of exercises, figures, the sizes of models."""

from firstgrad.lazy import modules

__all__ = ["check", "exercises", "plots", "sizes"]

__getattr__ = modules(__name__, __all__)
