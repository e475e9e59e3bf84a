"""Back-propagation and regularisation in NumPy and plain Python, to be read (chapters 05 and 08)."""

from firstgrad.lazy import modules

__all__ = ["autograd", "layers", "regularisation"]

__getattr__ = modules(__name__, __all__)
