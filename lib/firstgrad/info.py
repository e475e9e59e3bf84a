"""What this machine has: versions, devices, memory, a compiler, and what "auto" chooses here."""

import os
import platform
import shutil
import sys

GIB = 2**30  # bytes


def table() -> dict[str, str]:
    """Name -> what there is of it, in words, in the order to be shown."""
    return {**_versions(), "memory": _memory(), "C++ compiler": _compiler(), **_devices()}


def _versions() -> dict[str, str]:
    import numpy
    import torch

    from firstgrad import __version__

    python = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    return {"firstgrad": __version__, "python": python, "torch": torch.__version__,
            "numpy": numpy.__version__}


def _memory() -> str:
    try:
        page, total = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # Windows
        return "not known"
    try:
        free = f", {page * os.sysconf('SC_AVPHYS_PAGES') / GIB:.1f} GiB of it unused"
    except ValueError:  # macOS
        free = ""
    return f"{page * total / GIB:.1f} GiB{free}"


def _compiler() -> str:
    """The one that torch.compile will look for on a CPU."""
    name = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    found = shutil.which(name)
    return found or f"none ({name} was looked for): what would be compiled on a CPU runs uncompiled"


def _devices() -> dict[str, str]:
    import torch

    from firstgrad.training import device as devices

    best = devices.choose_device("auto")
    threads = f"torch uses {torch.get_num_threads()} of them (OMP_NUM_THREADS sets that)"
    found = {"cpu": f"{os.cpu_count()} cores, {threads}", "cuda": "none", "mps": "none"}
    if not torch.backends.cuda.is_built():
        found["cuda"] = "none: this torch was built without it"
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        bf16 = torch.cuda.get_device_capability(number) >= (8, 0)
        found["cuda" if number == 0 else f"cuda:{number}"] = (
            f"{devices.describe(f'cuda:{number}')}, bf16 {'yes' if bf16 else 'no'}")
    if torch.backends.mps.is_available():
        found["mps"] = devices.describe("mps")
    return {**found, "auto": f"device {best}, precision {devices.choose_precision('auto', best)}"}
