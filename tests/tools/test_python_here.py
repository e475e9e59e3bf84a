"""What the page's Python gets: judges that need the standard library alone, and a package that is known."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import python_here

ROOT = python_here.ROOT

JUDGE = """
import sys
sys.modules |= dict.fromkeys(("numpy", "torch", "safetensors"))  # none of them can be imported
sys.path.insert(0, sys.argv[1])
import importlib
from firstgrad.book.answers import Function, grade
for exercise in sys.argv[2:]:
    judge = importlib.import_module(f"firstgrad.book.exercises.ch{exercise[:2]}").EXERCISES[exercise]
    right = judge.reference if isinstance(judge, Function) else None
    if exercise == "10.5":
        from firstgrad.book.exercises.ch10 import _continuation as right
    if exercise == "05.4":
        right = lambda a: (a.exp() + 1).log()
    assert grade(exercise, right) is True, exercise
    assert grade(exercise, lambda *a: 7) is False, exercise
"""


def functions():
    parts = json.loads((ROOT / "site/judges.json").read_text("utf-8")).values()
    return {name: entry for part in parts for name, entry in part.get("exercises", {}).items()
            if entry["kind"] == "function"}


def test_fourteen_judges_of_functions_run_with_the_standard_library_alone(tmp_path):
    python_here.library(tmp_path / "firstgrad.zip")
    zipfile.ZipFile(tmp_path / "firstgrad.zip").extractall(tmp_path / "book")
    names = [name for name, entry in functions().items() if not entry["packages"]]
    assert (len(names), len(functions())) == (14, 21)
    command = [sys.executable, "-I", "-c", JUDGE, str(tmp_path / "book/lib"), *names]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("✓") == done.stdout.count("✗") == 14


def test_another_package_than_the_known_one_is_refused(tmp_path, monkeypatch):
    def pack(command, cwd, check):
        (cwd / f"pyodide-{python_here.VERSION}.tgz").write_bytes(b"something else")

    monkeypatch.setattr(subprocess, "run", pack)
    with pytest.raises(SystemExit, match="SHA-512"):
        python_here.core(tmp_path)
