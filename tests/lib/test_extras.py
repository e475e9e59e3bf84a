"""What firstgrad needs by itself, and what its extras bring: `book` for the chapters, `fast` for numba."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ALONE = {Requirement(line).name for line in PROJECT["dependencies"]}
EXTRAS = {name: {Requirement(line).name for line in lines}
          for name, lines in PROJECT["optional-dependencies"].items()}
# Modules of packages with another name, and modules that come with a package.
PACKAGE = {"sklearn": "scikit-learn", "traitlets": "anywidget", "llvmlite": "numba"}
EXTRA_MODULES = ("anywidget", "traitlets", "ipywidgets", "IPython", "matplotlib", "sklearn", "sympy", "numba")


def imported(source: str) -> set[str]:
    """The packages that a program imports, anywhere in it; Python's own and ours left out."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return {PACKAGE.get(name, name) for name in found - {*sys.stdlib_module_names, "firstgrad"}}


def cells(notebook: Path):
    """The code cells of a notebook as Python: a line that installs (%pip) is none."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield re.sub(r"^(\s*)%.*$", r"\1pass", "".join(cell["source"]), flags=re.M)


def python(code: str):
    blocked = f"import sys\nsys.modules.update(dict.fromkeys({EXTRA_MODULES}))\n"
    return subprocess.run([sys.executable, "-W", "error", "-c", blocked + code], capture_output=True,
                          text=True)


def test_alone_it_needs_four_packages():
    assert {"torch", "numpy", "tqdm", "safetensors"} == ALONE


def test_the_library_imports_nothing_that_neither_it_nor_an_extra_brings():
    found = {}
    for file in (ROOT / "lib/firstgrad").rglob("*.py"):
        for name in imported(file.read_text("utf-8")) - ALONE:
            found.setdefault(name, set()).add(file.relative_to(ROOT / "lib/firstgrad").parts[0])
    assert found == {"anywidget": {"widgets"}, "matplotlib": {"book"}, "numba": {"models"}}
    assert set(found) <= EXTRAS["book"] | EXTRAS["fast"]


@pytest.mark.parametrize("notebook", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_extra_book_brings_what_a_chapter_imports(notebook):
    needed = {name for cell in cells(notebook) for name in imported(cell)}
    assert needed <= ALONE | EXTRAS["book"]


def test_the_lock_brings_what_the_extra_book_asks_for():
    """Binder and `make lab` install the lock, then the book without dependencies. torch brings sympy."""
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.M))
    assert ALONE | EXTRAS["book"] <= locked | {"torch", "sympy"}


def test_all_but_the_explorables_works_without_extras():
    run = python("""
import importlib, pkgutil, firstgrad
from firstgrad.book import check
for module in pkgutil.walk_packages(firstgrad.__path__, "firstgrad.", onerror=lambda name: None):
    name = module.name
    if not name.startswith("firstgrad.widgets") and not name.endswith((".compiled", "__main__")):
        importlib.import_module(module.name)
check("06.1", ...)
""")
    assert (run.returncode, run.stdout) == (0, "○ 06.1 Waiting for your answer.\n"), run.stderr


@pytest.mark.parametrize("line", ["import firstgrad.widgets", "from firstgrad import widgets",
                                  "from firstgrad.widgets import Descent"])
def test_without_anywidget_the_explorables_say_what_to_install(line):
    run = python(line)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == ('ImportError: explorables need anywidget: '
                                           'pip install "firstgrad[book]"')

