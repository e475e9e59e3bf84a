"""What tells one training's data from another's of the same form, so that a run goes on with its own."""

import hashlib
from typing import Any

import numpy as np
import torch

from firstgrad.training import nests, randomness
from firstgrad.training.batches import Batches, LoaderBatches, TensorBatches
from firstgrad.training.inputs import length

_ROWS = 256  # of tensors
_READ = 4  # of a Dataset, whose rows may take long to make; each is read twice
_CHECKSUM = ", checksum "


def fingerprint(data: Batches, reads: bool = True) -> str:
    """The kind and number of rows, with a checksum of some of them.

    Of a Dataset, where it `reads`, a few rows are read twice, with generators seeded anew and then put back;
    no checksum is taken where rows are random, cannot be read here, or are a stream's or for workers to read.
    """
    if isinstance(data, TensorBatches):
        places = torch.linspace(0, data.rows - 1, min(data.rows, _ROWS)).long()
        some = [tensor[places.to(tensor.device)] for tensor in data.tensors]
        shapes = [tuple(tensor.shape) for tensor in data.tensors]
        return f"{data.rows} rows{_CHECKSUM}{_checksum([shapes, some])}"
    dataset = data.loader.dataset
    kind = f"{type(dataset).__qualname__} of {length(dataset)} rows"
    # A file that a row opens here would be shared by workers that are forked later.
    found = _of_dataset(data) if reads and not data.workers and length(dataset) else None
    return f"{kind}{_CHECKSUM}{found}" if found else kind


def alike(given: Any, begun: Any) -> bool:
    """Whether two fingerprints may be of the same data: where one has no checksum, by the rest."""
    if not (isinstance(given, str) and isinstance(begun, str)):
        return given == begun
    if _CHECKSUM in given and _CHECKSUM in begun:
        return given == begun
    return given.split(_CHECKSUM)[0] == begun.split(_CHECKSUM)[0]


def _of_dataset(data: LoaderBatches) -> str | None:
    """A checksum of a few rows; None for those that are not twice the same."""
    dataset: Any = data.loader.dataset
    count = len(dataset)
    places = sorted({round(place * (count - 1) / (_READ - 1)) for place in range(_READ)})
    state = data.state_dict()
    with randomness.unmoved(data.generators):
        try:
            found = []
            for seed in (0, 1):
                randomness.reseed(data.generators, seed)
                found.append(_checksum([dataset[place] for place in places]))
        except Exception:  # no data set of rows by number; what else is wrong the training will say
            return None
        finally:
            data.load_state_dict(state)
    return found[0] if found[0] == found[1] else None


def _checksum(nest: nests.Nest) -> str:
    digest = hashlib.sha256()
    for path, part in nests.parts("", nest):
        if torch.is_tensor(part) and part.layout == torch.strided:
            digest.update(f"{path} {tuple(part.shape)} {part.dtype}".encode())
            digest.update(part.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        elif isinstance(part, np.ndarray | np.generic) and part.dtype.kind in "biufc":
            digest.update(f"{path} {part.shape} {part.dtype}".encode() + part.tobytes())
        elif isinstance(part, int | float | str | bytes | None):
            digest.update(f"{path} {part!r}".encode())
        else:  # of others nobody knows what is the same in the next process
            digest.update(f"{path} {type(part).__qualname__}".encode())
    return digest.hexdigest()[:12]
