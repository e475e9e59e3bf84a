"""tools/bundles.py: a bundle that is older than its source is named in a line, without Node."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import bundles

ROOT = bundles.ROOT
LIST = "widgets/bundled.sha256"
LISTED = [line.partition("  ")[2] for line in (ROOT / LIST).read_text("utf-8").splitlines()]
# One of each kind of what bundles are made of, and a bundle.
KINDS = ["widgets/core/lstm.js", "widgets/ui/style.css", "widgets/explorables/adam/index.js",
         "widgets/build.mjs", "widgets/package-lock.json", "data/recordings/mlp_slice.json",
         "data/model_timeline/models.csv", "lib/firstgrad/design.json",
         "lib/firstgrad/widgets/static/adam.js"]


@pytest.fixture
def tree(tmp_path):
    """A copy of all that is listed, and of the list."""
    for name in [*LISTED, LIST, "tools/bundles.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_committed_bundles_are_of_their_sources():
    assert bundles.stale() == ""


@pytest.mark.parametrize("name", KINDS)
def test_what_changed_is_named(tree, name):
    with (tree / name).open("a") as file:
        file.write(" ")
    assert bundles.changed(tree) == [name]
    command = [sys.executable, str(tree / "tools/bundles.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"The explorables' bundles are stale: {name} changed; run `make widgets`.\n"


def test_what_is_gone_or_new_is_named_and_many_are_counted(tree):
    (tree / "widgets/core/lstm.js").unlink()
    for name in ("widgets/explorables/new/index.js", "lib/firstgrad/widgets/static/new.js"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).touch()
    (tree / "widgets/ui/dom.js").write_text("")
    assert bundles.stale(tree) == (
        "The explorables' bundles are stale: lib/firstgrad/widgets/static/new.js, widgets/core/lstm.js, "
        "widgets/explorables/new/index.js and 1 more changed; run `make widgets`.")


def test_line_ends_as_windows_has_them_are_no_change(tree):
    for name in LISTED:
        (tree / name).write_bytes((tree / name).read_bytes().replace(b"\n", b"\r\n"))
    assert bundles.changed(tree) == []
