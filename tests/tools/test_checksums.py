"""Recordings, models, tables and bundles are what they were when they were written down."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
import checksums


def test_what_is_kept_is_what_was_written_down():
    assert checksums.check() == []


def test_every_kind_is_listed_and_sha256sum_agrees():
    names = list(checksums.listed())
    for part in ("recordings/", "models/", ".csv", ".npz", ".gz", "static/"):
        assert any(part in name for name in names), part
    assert not any("cache" in name for name in names)
    command = ["sha256sum", "--check", "--strict", "--quiet", checksums.LIST]
    assert subprocess.run(command, cwd=checksums.ROOT, check=False).returncode == 0


@pytest.fixture
def project(tmp_path):
    """A project with one recording, one table and one bundle, written down."""
    for name, text in (("data/recordings/a.json", '{"a": [0.7, 0.6]}'), ("data/t/models.csv", "GPT-2,MIT\n"),
                       ("lib/firstgrad/widgets/static/b.js", "1"), ("data/cache/c.csv", "not kept")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert checksums.write(tmp_path) == ["data/recordings/a.json", "data/t/models.csv",
                                         "lib/firstgrad/widgets/static/b.js"]
    return tmp_path


@pytest.mark.parametrize(("name", "text"), [
    ("data/recordings/a.json", '{"a": [0.6, 0.7]}'), ("data/t/models.csv", "GPT-2,Apache\n"),
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
    (project / "data/t/models.csv").rename(project / "data/t/others.csv")
    named = [line.split(":")[0] for line in checksums.check(project)]
    assert named == ["data/t/others.csv", "data/t/models.csv"]
