"""The data that the book carries: what it is, where it lies, and that it can be made again."""

import gzip
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from firstgrad import data

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import data as maker

ROOT = Path(__file__).resolve().parent.parent
FASHION = ROOT / "data" / "fashion_mnist_14x14.npz"
SPLITS = {"train": 8000, "validation": 2000, "test": 2000}


@pytest.mark.parametrize("split", SPLITS)
def test_fashion_mnist(split):
    images, labels = data.fashion_mnist(split)
    assert images.shape == (SPLITS[split], 196)
    assert images.dtype == torch.float32
    assert images.min() == 0
    assert 0.99 < images.max() <= 1
    assert labels.shape == (SPLITS[split],)
    assert labels.dtype == torch.int64
    counts = labels.bincount()
    assert len(counts) == len(data.FASHION_CLASSES) == 10
    assert counts.min() > 0.08 * len(labels)


def test_the_splits_share_no_picture():
    pictures = [{row.tobytes() for row in data.fashion_mnist(split)[0].numpy()} for split in SPLITS]
    assert [len(a & b) for a, b in [(pictures[0], pictures[1]), (pictures[0], pictures[2])]] == [0, 0]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_pictures_and_labels_belong_together(split):
    """The nearest class mean is right two times in three; with labels out of step, one time in ten."""
    images, labels = data.fashion_mnist("train")
    means = torch.stack([images[labels == label].mean(0) for label in range(10)])
    held_out, truth = data.fashion_mnist(split)
    assert (torch.cdist(held_out, means).argmin(1) == truth).float().mean() > 0.65


def test_another_split_is_refused():
    with pytest.raises(ValueError, match="split: given 'dev', expected one of 'train', 'validation'"):
        data.fashion_mnist("dev")


def test_a_missing_file_says_where_it_was_looked_for():
    with pytest.raises(FileNotFoundError, match=r"no data 'nothing.npz' at .*data.nothing.npz or .*_data"):
        data.path("nothing.npz")


def test_a_path_needs_no_torch():
    code = "import sys; from firstgrad import data; data.path('recordings'); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_readme_tells_the_truth_about_the_file():
    readme, file = (ROOT / "data" / "README.md").read_text(encoding="utf-8"), FASHION.read_bytes()
    section = readme[readme.index("## fashion_mnist_14x14.npz"):]
    assert f"sha256 | `{hashlib.sha256(file).hexdigest()}`" in section
    assert f"{len(file):,} bytes" in section
    assert maker.FASHION_PACKAGE_SHA256 in section
    for label, name in enumerate(data.FASHION_CLASSES):
        assert f"{label} {name}" in section
    with np.load(FASHION) as arrays:
        for name in arrays.files:
            array = arrays[name]
            assert f"`{name}` {array.dtype} {array.shape}" in section


def test_every_data_file_is_in_the_readme_and_small():
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    files = [file for file in (ROOT / "data").rglob("*") if file.is_file() and "cache" not in file.parts]
    for file in files:
        assert file.name in {"README.md"} or file.parent.name == "recordings" or file.name in readme
    assert FASHION.stat().st_size <= 1_700_000
    assert sum(file.stat().st_size for file in files) <= 2_000_000


# --- the tool that makes it ---


def test_the_file_holds_the_pinned_numbers():
    with np.load(FASHION) as arrays:
        arrays = dict(arrays)
    assert maker.content_sha256(arrays) == maker.FASHION_CONTENT_SHA256
    arrays["test_labels"] = arrays["test_labels"].copy()
    arrays["test_labels"][7] ^= 1
    assert maker.content_sha256(arrays) != maker.FASHION_CONTENT_SHA256


def test_the_archive_has_no_date_and_numpy_reads_it(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.zeros(0)}
    (tmp_path / "x.npz").write_bytes(maker.npz_bytes(arrays))
    assert maker.npz_bytes(arrays) == (tmp_path / "x.npz").read_bytes()
    with np.load(tmp_path / "x.npz") as read:
        assert all(np.array_equal(read[name], array) for name, array in arrays.items())
    dates = re.findall(rb"PK\x01\x02.{8}(.{4})", maker.npz_bytes(arrays), re.S)
    assert dates == [b"\x00\x00\x21\x00"] * 2  # 1 January 1980, the first that the format can say


def test_four_pixels_become_one_and_halves_go_up():
    pixels = np.array([[[0, 1, 255, 255], [0, 1, 255, 254]]], dtype=np.uint8)
    assert maker.halve(pixels).tolist() == [[[1, 255]]]


def test_idx_files_are_read_after_their_header(tmp_path):
    pictures = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    header = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in pictures.shape)
    (tmp_path / "x.gz").write_bytes(gzip.compress(header + pictures.tobytes()))
    assert np.array_equal(maker.read_idx(tmp_path / "x.gz", 2, (2, 2)), pictures[:2])


def test_a_package_with_another_checksum_is_refused(tmp_path, monkeypatch):
    def download(command, cwd, check):
        (cwd / "thing_1_all.deb").write_bytes(b"not what was pinned")

    monkeypatch.setattr(maker.subprocess, "run", download)
    with pytest.raises(SystemExit, match=r"thing_1_all.deb: its checksum is not the pinned one"):
        maker.fetch_debian("thing", "0" * 64, tmp_path)
