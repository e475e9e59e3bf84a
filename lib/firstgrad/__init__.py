"""firstgrad: the small library under *Large Models, from the First Gradient*.

Importing it does nothing: no device is chosen, nothing is downloaded, torch is not loaded.
Take what you need: `from firstgrad.optim import Momentum`.
"""

__version__ = "0.1.0"
