"""The book's small real data. Origin, licence and checksum of each file: data/README.md."""

import csv
import gzip
from pathlib import Path

from .arguments import choice

# Names as published; the label is the position.
FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                   "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_FASHION_SPLITS = {"train": ("train", slice(0, 8000)), "validation": ("train", slice(8000, 10000)),
                   "test": ("test", slice(0, 2000))}
_MOBY_SPLITS = {"train": (1, 51), "validation": (52, 54), "test": (55, 60)}  # first and last chapter


def path(name: str) -> Path:
    """Where the data file or folder `name` (such as "recordings") lies, in the checkout or the package.

    Raises: FileNotFoundError that says where it was looked for. Needs no torch.
    """
    package = Path(__file__).resolve().parent
    checkout = package.parents[1]
    places = [package / "_data" / name]
    if (checkout / "pyproject.toml").is_file():
        places.insert(0, checkout / "data" / name)
    for place in places:
        if place.exists():
            return place
    looked = " or ".join(map(str, places))
    raise FileNotFoundError(f"no data {name!r} at {looked}; reinstall firstgrad, or see data/README.md")


def fashion_mnist(split: str):
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
    with np.load(path("fashion_mnist_14x14.npz")) as arrays:
        images, labels = arrays[f"{part}_images"][rows], arrays[f"{part}_labels"][rows]
    images = torch.from_numpy(images).flatten(1).float() / 255  # (n, 14, 14) bytes -> (n, 196) in [0, 1]
    return images, torch.from_numpy(labels).long()


def moby_dick(split: str) -> str:
    """The first sixty chapters of Herman Melville's novel *Moby-Dick* (1851), as one string.

    split: "train" (chapters 1 to 51), "validation" (52 to 54) or "test" (55 to 60); about 490,000, 58,000 and
    43,000 characters, 80 different ones. A chapter begins with its title on a line of its own.
    Raises: ValueError for another split.
    """
    first, last = _MOBY_SPLITS[choice("split", split, _MOBY_SPLITS)]
    text = gzip.decompress(path("moby_dick.txt.gz").read_bytes()).decode()
    start, end = (text.find(f"CHAPTER {number}. ") for number in (first, last + 1))
    return text[start:end if end > 0 else None]


def models() -> list[dict]:
    """Landmark models from 1958 to 2025, one dictionary a model, in the order of their dates.

    Words, "" where unknown: name, date ("1989-12"), organisation, kind, unit (of data: "tokens", …), licence
    (of the weights), source (a key of references.bib, or an address), where (in the source).
    Numbers, None where the source does not say: parameters, active (of them for each token, where not all
    are), data (read in training), flops (of the training, as published).  year: the date, as 1989.92.
    seen: "text" where the passage was looked up, "quoted" where a data set quotes it: see data/README.md.
    """
    with path("models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column in ("parameters", "active", "data", "flops"):
            row[column] = float(row[column]) if row[column] else None
        year, month = map(int, row["date"].split("-"))
        row["year"] = round(year + (month - 1) / 12, 2)
    return rows
