"""The book's small real data, and how to take data apart honestly: `split` and `standardise`.

Origin, licence and checksum of each file: data/NAME/README.md.
"""

import csv
import gzip
import json
import math
from pathlib import Path

from .arguments import choice, number, whole

# Names as published; the label is the position.
FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                   "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_FASHION_SPLITS = {"train": ("train", slice(0, 8000)), "validation": ("train", slice(8000, 10000)),
                   "test": ("test", slice(0, 2000))}
# Kinds of nouns; the label is the position.
DEFINITION_CLASSES = ("act", "animal", "artifact", "body", "food", "location", "person", "plant", "state",
                      "substance")
_DEFINITION_SPLITS = {"train": slice(0, 640), "validation": slice(640, 800), "test": slice(800, 1000)}
_TANG_SPLITS = ("train", "validation", "test")
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


def recording(name: str) -> dict:
    """A recorded run of `tools/recordings.py`, with where it comes from under "provenance".

    Raises: FileNotFoundError that says where it was looked for.
    """
    return json.loads(path(f"recordings/{name}.json").read_text("utf-8"))


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
    with np.load(path("fashion_mnist/fashion_mnist_14x14.npz")) as arrays:
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
    text = gzip.decompress(path("moby_dick/moby_dick.txt.gz").read_bytes()).decode()
    start, end = (text.find(f"CHAPTER {number}. ") for number in (first, last + 1))
    return text[start:end if end > 0 else None]


def definitions(split: str) -> tuple[list[str], list[int], list[str]]:
    """What nouns mean, in WordNet's words, and of which kind they are: "a young domestic cat", animal.

    split: "train" (6,400), "validation" (1,600) or "test" (2,000); in each as many of all ten kinds.
    Returns: the definitions; labels 0…9 (`DEFINITION_CLASSES`); the words that are defined, to look at.
    Raises: ValueError for another split.
    Source: Fellbaum 1998, WordNet 3.0.  Differs: 1,000 definitions a kind, drawn at random; of nouns only.
    """
    rows = _DEFINITION_SPLITS[choice("split", split, _DEFINITION_SPLITS)]
    lines = gzip.decompress(path("definitions/definitions.tsv.gz").read_bytes()).decode().splitlines()
    kinds = {kind: [] for kind in DEFINITION_CLASSES}
    for kind, word, definition in (line.split("\t") for line in lines):
        kinds[kind].append((definition, DEFINITION_CLASSES.index(kind), word))
    texts, labels, words = zip(*(row for found in kinds.values() for row in found[rows]), strict=True)
    return list(texts), list(labels), list(words)


def tang_quatrains(split: str) -> str:
    """Quatrains of the Tang dynasty (618-907) with five characters a line, one poem a line, as one string.

    split: of every ten poems in a row "train" has eight, "validation" the ninth and "test" the tenth. A
    poem is 24 characters, 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 (traditional), and a line break.
    Raises: ValueError for another split.
    """
    lasts = {"train": range(8), "validation": (8,), "test": (9,)}[choice("split", split, _TANG_SPLITS)]
    text = gzip.decompress(path("tang_quatrains/tang_quatrains.txt.gz").read_bytes()).decode()
    poems = text.splitlines(keepends=True)
    return "".join(poem for number, poem in enumerate(poems) if number % 10 in lasts)


def models() -> list[dict]:
    """Landmark models from 1958 to 2025, one dictionary a model, in the order of their dates.

    Words, "" where unknown: name, date ("1989-12"), organisation, kind, unit (of data: "tokens", …), licence
    (of the weights), source (a key of references.bib, or an address), where (in the source).
    Numbers, None where the source does not say: parameters, active (of them for each token, where not all
    are), data (read in training), flops (of the training, as published).  year: the date, as 1989.92.
    seen: "text" where the passage was looked up, "quoted" where a data set quotes it (see the README.md
    beside the table, in data/model_timeline).
    """
    with path("model_timeline/models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column in ("parameters", "active", "data", "flops"):
            row[column] = float(row[column]) if row[column] else None
        year, month = map(int, row["date"].split("-"))
        row["year"] = round(year + (month - 1) / 12, 2)
    return rows


def split(rows: int, shares=(0.8, 0.1, 0.1), *, labels=None, groups=None, seed: int = 0):
    """Row numbers for training, validation, test (or other parts): drawn at random, no row in two of them.

    rows: how many there are.  shares: of the parts, adding up to 1; sizes are right to within a row.
    labels: one a row; every part then has the same share of each label, to within a row (stratified).
    groups: one a row (a patient, a document, a picture with its copies); a group stays in one part, and the
    shares are those of the groups.
    Returns: a list of int64 tensors, in random order.  Two calls with the same arguments give the same.
    Raises: TypeError, ValueError that name the argument; when a part would get no row, or none of a label.
    """
    import torch

    whole("rows", rows)
    shares = _shares(shares)
    whole("seed", seed, least=0)
    if labels is not None and groups is not None:
        raise ValueError("groups: given together with labels, expected one of the two")
    generator = torch.Generator().manual_seed(seed)
    kind, keys = ("labels", labels) if groups is None else ("groups", groups)
    if keys is None:
        return _parts("rows", torch.randperm(rows, generator=generator), shares)
    numbers = _numbered(kind, keys, rows)
    if groups is not None:
        chosen = _parts("groups", torch.randperm(int(numbers.max()) + 1, generator=generator), shares)
        found = [torch.isin(numbers, part).nonzero()[:, 0] for part in chosen]
    else:
        classes = [(numbers == value).nonzero()[:, 0] for value in range(int(numbers.max()) + 1)]
        mixed = [where[torch.randperm(len(where), generator=generator)] for where in classes]
        names = [f"labels: of label {_said(keys[int(where[0])])}" for where in classes]
        each = [_parts(name, where, shares) for name, where in zip(names, mixed, strict=True)]
        found = [torch.cat(parts) for parts in zip(*each, strict=True)]
    return [part[torch.randperm(len(part), generator=generator)] for part in found]


def standardise(train, *others):
    """Each column less its mean, over its standard deviation; both are those of `train` alone.

    train, others: float tensors (n, columns), or (n,).  A column that is constant in `train` is only shifted.
    Returns: a list of tensors, `train`'s first. That one has mean 0 and standard deviation 1 (dividing by n).
    Raises: TypeError, ValueError that name the argument: no floats, no rows, other columns, NaN or infinity.
    """
    import torch

    parts = {"train": train} | {f"others[{i}]": part for i, part in enumerate(others)}
    for name, part in parts.items():
        if not torch.is_tensor(part) or not part.is_floating_point():
            given = part.dtype if torch.is_tensor(part) else type(part).__name__
            raise TypeError(f"{name}: given {given}, expected a tensor of floats")
        if part.ndim == 0 or len(part) == 0 or part.shape[1:] != train.shape[1:]:
            columns = "".join(f", {size}" for size in train.shape[1:])
            raise ValueError(f"{name}: given shape {tuple(part.shape)}, expected (n{columns or ','}), n ≥ 1")
        if not part.isfinite().all():
            row = int((~part.isfinite()).nonzero()[0, 0])
            raise ValueError(f"{name}: given NaN or infinity in row {row}, expected finite numbers")
    mean, deviation = train.mean(0), train.std(0, correction=0)
    constant = (train == train[0]).all(0)  # its computed deviation may be a rounding error instead of 0
    deviation = torch.where(constant | (deviation == 0), 1.0, deviation)  # 0: an underflow
    return [(part - mean) / deviation for part in parts.values()]


def _shares(shares) -> list[float]:
    try:
        found = [number("shares", share, above=0, most=1) for share in shares]
    except TypeError:
        raise TypeError(f"shares: given {shares!r}, expected numbers such as (0.8, 0.1, 0.1)") from None
    if not math.isclose(sum(found), 1, abs_tol=1e-9):
        raise ValueError(f"shares: given {tuple(found)}, which add up to {sum(found):g}, expected 1")
    return found


def _numbered(name: str, keys, rows: int):
    """The keys as numbers 0, 1, 2, … in the order in which they first come: (rows,) int64."""
    import torch

    keys = keys.tolist() if hasattr(keys, "tolist") else list(keys)
    if len(keys) != rows:
        raise ValueError(f"{name}: given {len(keys)}, expected {rows}, one a row")
    known = {}
    return torch.tensor([known.setdefault(key, len(known)) for key in keys])


def _said(key) -> str:
    return repr(key.item() if hasattr(key, "item") else key)


def _parts(name: str, rows, shares: list[float]) -> list:
    """`rows` cut into parts by their shares: rounded down, and what is left to the largest remainders."""
    exact = [share * len(rows) for share in shares]
    sizes = [math.floor(size + 1e-9) for size in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda i: sizes[i] - exact[i])
    for i in by_remainder[:len(rows) - sum(sizes)]:
        sizes[i] += 1
    if min(sizes) == 0:
        raise ValueError(f"{name}: given {len(rows)}, too few for {len(shares)} parts with the shares "
                         f"{tuple(shares)}")
    return list(rows.split(sizes))
