"""Pictures: Fashion-MNIST, made smaller."""

from typing import TYPE_CHECKING

from firstgrad.arguments import choice
from firstgrad.data.files import path

if TYPE_CHECKING:
    import torch

# Names as published; the label is the position.
FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                   "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_FASHION_SPLITS = {"train": ("train", slice(0, 8000)), "validation": ("train", slice(8000, 10000)),
                   "test": ("test", slice(0, 2000))}


def fashion_mnist(split: str) -> "tuple[torch.Tensor, torch.Tensor]":
    """Photographs of clothes, 14×14 grey pixels, with one of ten classes (`FASHION_CLASSES`).

    split: "train" (8,000 images), "validation" (2,000) or "test" (2,000).
    Returns: images float32 (n, 196) in [0, 1], row by row from the top left; labels int64 (n,) in 0…9.
    Raises: ValueError for another split.
    Source: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.  Differs: 2×2 pixels averaged into one, and only
    the first 10,000 of the training images (training and validation) and 2,000 of the test images.
    """
    choice("split", split, _FASHION_SPLITS)
    # Imported here, so that the explorables can ask for a path without loading torch.
    import numpy as np
    import torch

    part, rows = _FASHION_SPLITS[split]
    with np.load(path("fashion_mnist/fashion_mnist_14x14.npz")) as arrays:
        images, labels = arrays[f"{part}_images"][rows], arrays[f"{part}_labels"][rows]
    images = torch.from_numpy(images).flatten(1).float() / 255  # (n, 14, 14) bytes -> (n, 196) in [0, 1]
    return images, torch.from_numpy(labels).long()
