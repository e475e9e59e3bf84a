"""firstgrad: the small library under *Large Models, from the First Gradient*.

Importing it does nothing: no device is chosen, nothing is downloaded, torch is not loaded.
Take what you need, `from firstgrad.optim import Momentum`; or `import firstgrad`, and `firstgrad.optim` loads
when it is used.
"""

from typing import TYPE_CHECKING

from firstgrad.lazy import modules

__version__ = "0.1.0"
__all__ = ["book", "data", "metrics", "models", "optim", "scratch", "text", "training", "widgets"]

if TYPE_CHECKING:  # what a type checker and an editor see of the rooms
    from firstgrad import book, data, metrics, models, optim, scratch, text, training, widgets
else:
    __getattr__ = modules(__name__, __all__)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
