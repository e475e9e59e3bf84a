"""The book's small real data, and how to take data apart honestly: `split` and `standardise`.

Origin, licence and checksum of each file: data/NAME/README.md. Importing this needs no torch.
"""

from firstgrad.data.files import path, recording
from firstgrad.data.images import FASHION_CLASSES, fashion_mnist
from firstgrad.data.splits import split, standardise
from firstgrad.data.texts import DEFINITION_CLASSES, definitions, moby_dick, tang_quatrains
from firstgrad.data.timeline import models

__all__ = ["DEFINITION_CLASSES", "FASHION_CLASSES", "definitions", "fashion_mnist", "moby_dick", "models",
           "path", "recording", "split", "standardise", "tang_quatrains"]
