"""Recordings, models, tables and bundles are what they were when they were written down."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
import checksums


def test_what_is_kept_is_what_was_written_down():
    assert checksums.check() == []


def test_every_kind_is_listed():
    names = list(checksums.listed())
    for part in ("recordings/", "models/", "models.csv#GPT-3", ".npz", ".gz", "static/", "bib#kingma2015"):
        assert any(part in name for name in names), part
    assert not any("cache" in name for name in names)


@pytest.fixture
def project(tmp_path):
    """A project with one recording, one table and one bundle, written down."""
    for name, text in (("data/recordings/a.json", '{"a": [0.7, 0.6]}'), ("data/t/models.gz", "GPT-2"),
                       ("lib/firstgrad/widgets/static/b.js", "1"), ("data/cache/c.csv", "not kept")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert checksums.write(tmp_path) == ["data/recordings/a.json", "data/t/models.gz",
                                         "lib/firstgrad/widgets/static/b.js"]
    return tmp_path


@pytest.mark.parametrize(("name", "text"), [
    ("data/recordings/a.json", '{"a": [0.6, 0.7]}'), ("data/t/models.gz", "GPT-3"),
    ("lib/firstgrad/widgets/static/b.js", "2"),
])
def test_a_changed_file_is_named_until_it_is_written_down(project, name, text):
    assert checksums.check(project) == []
    (project / name).write_text(text)
    assert checksums.check(project) == [f"{name}: is not what data/checksums.txt says; if that is meant: "
                                        "python tools/checksums.py write"]
    assert checksums.write(project) == [name]
    assert checksums.check(project) == []


def test_a_missing_and_a_new_file_are_named(project):
    (project / "data/t/models.gz").rename(project / "data/t/others.gz")
    named = [line.split(":")[0] for line in checksums.check(project)]
    assert named == ["data/t/others.gz", "data/t/models.gz"]


@pytest.mark.parametrize(("file", "old", "new", "piece"), [
    ("references.bib", "10.1137/16M1080173", "10.1137/16M1080137", "bottou2018"),
    ("references.bib", "1412.6980", "1412.6890", "kingma2015"),
    ("data/model_timeline/models.csv", "Apache 2.0,devlin2019", "MIT,devlin2019", "BERT-base"),
    ("data/model_timeline/models.csv", "Kimi K2,2025-07", "Kimi K2,2025-01", "Kimi K2"),
])
def test_a_slip_in_an_entry_or_a_row_is_named(tmp_path, file, old, new, piece):
    for name in ("references.bib", "data/model_timeline/models.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((checksums.ROOT / name).read_text("utf-8"), "utf-8")
    checksums.write(tmp_path)
    text = (tmp_path / file).read_text("utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), "utf-8")
    assert [line.split(": ")[0] for line in checksums.check(tmp_path)] == [f"{file}#{piece}"]
