"""CONTRIBUTING's map of the tree: every folder is in it, with a word on what it is for, and nothing else is.

`NAME/` stands for any one folder; what is below it needs a line of its own.
"""

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"( *)(\S+) {2,}(\S.*)")


def entries(text):
    """Path -> what it is for: a folder's ends with a slash."""
    block = re.search(r"^```\n(.*?)^```$", text, re.M | re.S)
    assert block, "CONTRIBUTING.md has no map: a code block"
    found, above = {}, []
    for line in block[1].splitlines():
        match = LINE.fullmatch(line)
        assert match, f"no line of a map (four spaces a level, name, two spaces, words): {line!r}"
        level = len(match[1]) // 4
        assert len(match[1]) % 4 == 0, f"four spaces a level: {line!r}"
        assert level <= len(above), f"nothing is above it: {line!r}"
        above = [*above[:level], match[2]]
        path = "".join(above)
        assert path not in found, f"{path} is there twice"
        found[path] = match[3]
    return found


def folders(files):
    """Every folder that one of the files lies in, with a slash at its end."""
    parents = {parent for file in files for parent in PurePosixPath(file).parents}
    return {f"{parent}/" for parent in parents if parent != PurePosixPath(".")}


def matches(entry, path):
    return re.fullmatch(re.escape(entry).replace("NAME", "[^/]+"), path) is not None


def compare(drawn, files):
    """Complaints: what is there and not in the map, what is in the map and not there."""
    there = folders(files)
    implied = folders(drawn)  # lib/, where the map has lib/firstgrad/
    missing = [path for path in there if path not in implied and not any(matches(e, path) for e in drawn)]
    flat = [f for f in files if re.fullmatch(r"lib/firstgrad/[^/]+\.py", f) and f not in drawn]
    gone = [entry for entry in drawn if not any(matches(entry, path) for path in there | set(files))]
    return sorted([f"not in the map: {path}" for path in missing + flat]
                  + [f"in the map, not there: {entry}" for entry in gone])


def test_the_map_is_the_tree():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no checkout: git does not know which files belong to the project")
    drawn = entries((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert compare(drawn, listed.stdout.rstrip("\0").split("\0")) == []


def test_it_comes_first():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert 0 < text.index("```\n") < text.index("\n## ")


MAP = """```
lib/firstgrad/    the library
    lazy.py       loads late
data/             sets
    NAME/         one
```
"""
FILES = ["README.md", "lib/firstgrad/lazy.py", "data/README.md", "data/digits/make.py"]


@pytest.mark.parametrize(("files", "complaint"), [
    (FILES, []),
    ([*FILES, "attic/old.py"], ["not in the map: attic/"]),
    ([*FILES, "data/digits/raw/a.bin"], ["not in the map: data/digits/raw/"]),
    ([*FILES, "lib/firstgrad/new.py"], ["not in the map: lib/firstgrad/new.py"]),
    (FILES[:3], ["in the map, not there: data/NAME/"]),
    ([FILES[0], *FILES[2:], "lib/firstgrad/x.json"], ["in the map, not there: lib/firstgrad/lazy.py"]),
])
def test_both_directions_are_seen(files, complaint):
    assert compare(entries(MAP), files) == complaint


@pytest.mark.parametrize("block", ["no block", "```\nlib/\n```\n", "```\n  lib/  two spaces\n```\n",
                                   "```\n    lib/  below nothing\n```\n", "```\nlib/  a\nlib/  b\n```\n"])
def test_a_line_that_is_none_is_said(block):
    with pytest.raises(AssertionError):
        entries(block)
