"""Python in the page: Pyodide's core out of its npm package, and what of the library judges functions.

`make site PYODIDE=1` puts both into _build/site/pyodide. Nothing of it is committed.
"""
from __future__ import annotations

import gzip
import hashlib
import pathlib
import shutil
import subprocess
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSION = "314.0.7"
SHA512 = ("d18bd7c4485f11da4b7dbfd790cd8114078c44eab488c517d9bcf31fda4eb6dc"
          "8c716930abe1db139bb2b860fcd8b37bcb6abe48dbe2ffa579244b0e943d91d4")
FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
LIBRARY = ("lib/firstgrad/*.py", "lib/firstgrad/book/*.py", "lib/firstgrad/book/exercises/*",
           "lib/firstgrad/data/*.py", "lib/firstgrad/scratch/__init__.py",
           "lib/firstgrad/scratch/autograd.py")
DATA = ("model_timeline/models.csv",)


def core(cache: pathlib.Path) -> pathlib.Path:
    """The folder with Pyodide's core; the package is fetched once, and must be the one that is known here."""
    folder = cache / VERSION
    if all((folder / name).exists() for name in FILES):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "pack", f"pyodide@{VERSION}", "--silent"], cwd=folder, check=True)
    archive = folder / f"pyodide-{VERSION}.tgz"
    if (found := hashlib.sha512(archive.read_bytes()).hexdigest()) != SHA512:
        raise SystemExit(f"pyodide@{VERSION}: its package has the SHA-512 {found}, expected {SHA512}")
    with tarfile.open(archive) as packed:
        for name in FILES:
            (folder / name).write_bytes(packed.extractfile(f"package/{name}").read())
    archive.unlink()
    return folder


def write(site: pathlib.Path, cache: pathlib.Path) -> None:
    """Everything into site/pyodide."""
    out = site / "pyodide"
    shutil.copytree(core(cache), out, dirs_exist_ok=True)
    shutil.copyfile(ROOT / "site/live/python_worker.js", out / "worker.js")
    library(out / "firstgrad.zip")


def library(file: pathlib.Path) -> None:
    """The modules that judges of functions need, and their data."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for pattern in LIBRARY:
            for path in sorted(p for p in ROOT.glob(pattern) if p.is_file()):
                packed.write(path, path.relative_to(ROOT).as_posix())
        for name in DATA:
            packed.write(ROOT / "data" / name, f"lib/firstgrad/_data/{name}")


def megabytes(cache: pathlib.Path) -> float:
    """What a reader loads, as it travels."""
    folder = core(cache)
    return sum(len(gzip.compress((folder / name).read_bytes(), 6)) for name in FILES) / 1e6
