"""Back-propagation and regularisation in NumPy and plain Python, to be read (chapters 05 and 08)."""

from typing import TYPE_CHECKING

from firstgrad.lazy import modules

__all__ = ["autograd", "layers", "regularisation"]

if TYPE_CHECKING:
    from firstgrad.scratch import autograd, layers, regularisation
else:
    __getattr__ = modules(__name__, __all__)
