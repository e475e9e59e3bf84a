"""Texts: a novel, definitions of nouns, quatrains of the Tang dynasty."""

import gzip

from firstgrad.arguments import choice
from firstgrad.data.files import path

# Kinds of nouns; the label is the position.
DEFINITION_CLASSES = ("act", "animal", "artifact", "body", "food", "location", "person", "plant", "state",
                      "substance")
_DEFINITION_SPLITS = {"train": slice(0, 640), "validation": slice(640, 800), "test": slice(800, 1000)}
_TANG_SPLITS = ("train", "validation", "test")
_MOBY_SPLITS = {"train": (1, 51), "validation": (52, 54), "test": (55, 60)}  # first and last chapter


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
    kinds: dict[str, list[tuple[str, int, str]]] = {kind: [] for kind in DEFINITION_CLASSES}
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
