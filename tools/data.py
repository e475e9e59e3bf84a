"""Make the data files under data/ again from the packages that they come from.

    python tools/data.py fashion-mnist

The package is fetched by the machine's own client (apt-get), checked, unpacked in a temporary folder and
reduced.
"""

import argparse
import gzip
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[1] / "data"

FASHION_PACKAGE = "dataset-fashion-mnist"
FASHION_PACKAGE_SHA256 = "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0"
FASHION_CONTENT_SHA256 = "96acf0b9e254f2d4d0a75066b80f8c000969dec749d5ec70b443042193c8c020"


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


def fetch_debian(package: str, expected: str, folder: Path) -> Path:
    """Download a Debian package with apt-get, verify it, unpack it under `folder`."""
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    (file,) = folder.glob(f"{package}_*.deb")
    if sha256(file.read_bytes()) != expected:
        raise SystemExit(f"{file.name}: its checksum is not the pinned one ({expected}); "
                         "look at what changed before pinning the new one")
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


def make_fashion_mnist() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrays = fashion_mnist(fetch_debian(FASHION_PACKAGE, FASHION_PACKAGE_SHA256, Path(folder)))
    if content_sha256(arrays) != FASHION_CONTENT_SHA256:
        raise SystemExit(f"the numbers made are not the ones pinned: {content_sha256(arrays)}")
    target, data = DATA / "fashion_mnist_14x14.npz", npz_bytes(arrays)
    if target.exists() and target.read_bytes() == data:
        print(f"{target.name} is what its origin gives ({len(data):,} bytes)")
    elif target.exists() and content_sha256(dict(np.load(target))) == FASHION_CONTENT_SHA256:
        print(f"{target.name} holds the same numbers, compressed by another zlib: left as it is")
    else:
        target.write_bytes(data)
        print(f"{target.name} written; {len(data):,} bytes, sha256 {sha256(data)}: update data/README.md")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["fashion-mnist"])
    parser.parse_args(arguments)
    make_fashion_mnist()


if __name__ == "__main__":
    main(sys.argv[1:])
