"""What `pip install` of the repository brings, tried outside of the checkout as Colab does."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What Colab has today; installing firstgrad there must not move any of it.
COLAB = {"torch": "2.11.0", "numpy": "2.1.0"}
COLAB_PYTHON = ["3.12", "3.13"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the package and nothing else, to put in front of Python's path."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
                    "--disable-pip-version-check", "--target", folder, wheel], check=True)
    return folder


def python(installed, code, folder):
    """Run `code` in another folder, with the installed package first on the path."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=folder, env=environment,
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_it_holds_the_package_its_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.compress_size for entry in archive.infolist()}
    names, library = set(sizes), ROOT / "lib/firstgrad"
    assert {f"firstgrad/{file.relative_to(library)}" for kind in ("py", "json", "js")
            for file in library.rglob(f"*.{kind}")} <= names
    data = {file for file in (ROOT / "data").rglob("*.*")
            if not {"cache", "__pycache__"} & set(file.parts) and file.suffix not in (".md", ".py", ".txt")}
    licences = {file.parent / "README.md" for file in data} | {ROOT / "data/README.md"}
    assert {f"firstgrad/_data/{file.relative_to(ROOT / 'data')}"
            for file in data | licences if file.exists()} <= names
    assert "firstgrad/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert len({name.split("/")[0] for name in names} - {"firstgrad"}) == 1  # its dist-info
    assert not [name for name in names if "/test" in name or "node_modules" in name or name.endswith("ipynb")]
    assert sum(size for name, size in sizes.items() if "/_data/" in name) <= 4_500_000


def test_every_bundle_of_a_widget_is_in_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        bundles = [name for name in names if name.startswith("firstgrad/widgets/static/")]
        assert {Path(name).stem for name in bundles} >= {"descent", "learning_rate_lab"}
        assert all(b"export default" in archive.read(name) for name in bundles)


def test_the_library_works_outside_of_the_checkout(installed, tmp_path):
    out = python(installed, """
import firstgrad, torch
from torch.nn import functional as F
from firstgrad.book import check, plots
from firstgrad.data import fashion_mnist, moby_dick, path
from firstgrad.models.mlp import MLP
from firstgrad.optim import Momentum
from firstgrad.training import Trainer
torch.set_num_threads(1)
assert moby_dick("train").startswith("CHAPTER 1.")
x, y = fashion_mnist("validation")
model = MLP()
trainer = Trainer(model, F.cross_entropy, Momentum(model.parameters(), 0.05), device="cpu")
history = trainer.fit((x, y), steps=5)
check("06.1", ...)
print(firstgrad.__file__, path("recordings"), len(history.steps), sep="\\n")
""", tmp_path).splitlines()
    assert out[0] == "○ 06.1 Waiting for your answer."
    assert [Path(line).is_relative_to(installed) for line in out[1:3]] == [True, True]
    assert out[3] == "5"


def test_the_explorables_come_without_torch(installed, tmp_path):
    out = python(installed, """
import sys
import firstgrad
assert {name for name in sys.modules if name.startswith("firstgrad")} == {"firstgrad", "firstgrad.lazy"}
from firstgrad.widgets import Descent, LearningRateLab
Descent(), LearningRateLab()
print(firstgrad.__file__, "torch" in sys.modules, "matplotlib" in sys.modules, sep="\\n")
""", tmp_path).splitlines()
    assert Path(out[0]).is_relative_to(installed)
    assert out[1:] == ["False", "False"]


@pytest.mark.parametrize("name", COLAB)
def test_colabs_versions_are_within_our_ranges(name):
    (requirement,) = [ours for ours in map(Requirement, PROJECT["dependencies"]) if ours.name == name]
    assert requirement.specifier.contains(COLAB[name])
    assert {part.operator for part in requirement.specifier} == {">="}  # no upper end: Colab moves on


@pytest.mark.parametrize("version", ["3.11", *COLAB_PYTHON])
def test_pythons_that_are_supported(version):
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


def test_the_widgets_layer_asks_for_nothing_that_excludes_ipywidgets_7():
    book = PROJECT["optional-dependencies"]["book"]
    named = [Requirement(line) for line in [*PROJECT["dependencies"], *book]]
    assert "anywidget" in {requirement.name for requirement in named}
    assert "ipywidgets" not in {requirement.name for requirement in named}
    assert {part.operator for requirement in named for part in requirement.specifier} == {">="}
