"""What the book and its data say they come from is there: who moves a recipe, tool or file follows it."""

import json
import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("data", "recipes", "lib", "chapters", "zh", "README.md", "README.zh-CN.md", "index.md",
          "benchmarks/README.md", "benchmarks/RESULTS.md")
KINDS = {".md", ".json", ".ipynb", ".py", ".safetensors"}
# NAME, PART and <part> stand for something; data/cache is made on the reader's machine.
PATH = re.compile(r"(?<![\w/.])(?:recipes|tools|benchmarks|data|tests)/(?!cache/)"
                  r"[a-z0-9_/]+\.(?:py|json|md|safetensors|gz)\b")


def text_of(file):
    """What a file says; of tensors, their metadata."""
    if file.suffix != ".safetensors":
        return file.read_text("utf-8")
    stored = file.read_bytes()
    (length,) = struct.unpack("<Q", stored[:8])
    return json.dumps(json.loads(stored[8:8 + length]).get("__metadata__", {}))


def texts():
    """Relative name -> text of every file that may say where something comes from."""
    files = (file for place in PLACES for file in [ROOT / place, *sorted((ROOT / place).rglob("*"))])
    return {str(file.relative_to(ROOT)): text_of(file) for file in files
            if file.suffix in KINDS and file.is_file() and "cache" not in file.parts}


def lost(text, root=ROOT):
    return sorted({path for path in PATH.findall(text) if not (root / path).exists()})


def test_every_path_that_something_says_it_comes_from_exists():
    said = texts()
    assert sum(len(PATH.findall(text)) for text in said.values()) > 100
    assert {name: gone for name, text in said.items() if (gone := lost(text))} == {}


def test_each_kind_of_file_is_read():
    assert {Path(name).suffix for name in texts()} == KINDS


@pytest.mark.parametrize(("text", "gone"), [
    ("made by `recipes/char_lstm.py`", ["recipes/char_lstm.py"]),
    ("`python data/moby_dick/make.py`, then tools/recordings.py", []),
    ("recipes/PART/NAME.py, recipes/<part>/<name>.py, data/cache/english.txt.gz, data/NAME/", []),
    ("https://example.org/data/gone.json and lib/firstgrad/data/gone.py", []),
])
def test_a_path_that_is_gone_is_seen(text, gone):
    assert lost(text) == gone
