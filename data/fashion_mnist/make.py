"""Make fashion_mnist_14x14.npz again: 12,000 photographs of clothes, 14×14 grey pixels.

    python data/fashion_mnist/make.py

From a package of Debian, checked. Pixels are averaged two by two.
"""

import gzip
import hashlib
import io
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

PACKAGE = "dataset-fashion-mnist"
PACKAGE_SHA256 = "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0"
CONTENT_SHA256 = "96acf0b9e254f2d4d0a75066b80f8c000969dec749d5ec70b443042193c8c020"


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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrays = fashion_mnist(packages.fetch_debian(PACKAGE, PACKAGE_SHA256, Path(folder)))
    packages.store("fashion_mnist/fashion_mnist_14x14.npz", npz_bytes(arrays), CONTENT_SHA256,
                   lambda file: content_sha256(dict(np.load(io.BytesIO(file)))))


if __name__ == "__main__":
    main()
