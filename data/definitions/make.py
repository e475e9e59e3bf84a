"""Make definitions.tsv.gz again: what 10,000 nouns mean, a thousand of each of ten kinds.

    python data/definitions/make.py

From WordNet, in a package of Debian, checked.
"""

import collections
import gzip
import random
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

PACKAGE = "wordnet-base"
PACKAGE_SHA256 = "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752"
CONTENT_SHA256 = "254f70e5b4d904ba804b1954ffef39ae7ebf78ac13a8c06ae3dec0e20862dc91"
A_CLASS = 1_000
# Lexicographers' files: the number that WordNet gives the file, and what its nouns are.
DEFINED = {4: "act", 5: "animal", 6: "artifact", 8: "body", 13: "food", 15: "location", 18: "person",
           20: "plant", 26: "state", 27: "substance"}


def definitions(lines: list[str], count: int = A_CLASS) -> str:
    """Of each kind of noun `count` definitions, drawn at random: lines of kind, word, definition.

    A line of WordNet: offset, file, type, count, word, … | definition; "example". Left out: definitions that
    stand for two words or more (the answer would be in the training texts), very short ones, insults.
    """
    found = {kind: [] for kind in DEFINED.values()}
    for line in lines:
        synset, _, gloss = line.partition("|")
        fields = synset.split()
        if not line.startswith("  ") and int(fields[1]) in DEFINED:  # the licence, at the head, is indented
            definition = re.split(' "', gloss.strip())[0].strip(" ;:,")
            found[DEFINED[int(fields[1])]].append((fields[4].replace("_", " "), definition))
    often = collections.Counter(definition for rows in found.values() for _, definition in rows)
    out = []
    for kind, rows in found.items():
        usable = [row for row in rows if often[row[1]] == 1 and len(re.findall(r"\w+", row[1])) >= 3
                  and not re.search(r"slur|offensive|disparag|derogat|insult|vulgar|obscen", row[1])]
        random.Random(kind).shuffle(usable)
        out += ["\t".join([kind, *row]) for row in usable[:count]]
    return "\n".join(out) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = packages.fetch_debian(PACKAGE, PACKAGE_SHA256, Path(folder))
        text = definitions((root / "usr/share/wordnet/data.noun").read_text("utf-8").splitlines())
    packages.store("definitions/definitions.tsv.gz", gzip.compress(text.encode(), 9, mtime=0), CONTENT_SHA256,
                   lambda file: packages.sha256(gzip.decompress(file)))


if __name__ == "__main__":
    main()
