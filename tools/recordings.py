"""Recorded runs: trained once, stored small, re-run a little by every check.

    python tools/recordings.py all [NAME …]     train again and write data/recordings/NAME.json
    python tools/recordings.py check [NAME …]   re-run the first steps and compare

A recipe is a module `recipes/<part>/<name>.py`; no two parts of the book share a name. Importing it does
nothing. (One with a function `recipe` and no `run` is for `python -m firstgrad train`, and no concern of
ours: see recipes/README.md.) It has

    NAME = "<name>"                          the module's own name
    TOLERANCE = 1e-3                         how far, relatively, another machine may differ
    DEVICE = "cpu"                           optional: "cuda" where the recording was made on one
    def run(steps=None) -> dict              the whole training (or only its first `steps`); JSON-able
    def first_steps(recording) -> (measured, recorded)
                                             re-run a few seconds' worth, with the settings that stand in
                                             `recording`; both have the same shape: a number, or lists and
                                             dictionaries of numbers, strings, booleans

What is written is {"provenance": {…}, "tolerance": TOLERANCE, **run()}. `run` must not use those two keys.
`first_steps` takes at most some ten seconds on one core; a recipe seeds everything itself.
Numbers are written with six significant digits: finer digits differ between machines and only weigh.

`check` compares every number: |measured − recorded| ≤ tolerance · max(1, |recorded|); anything else must be
equal. NaN and infinity are not JSON: a run that diverged says so in words or with null.
"""

import argparse
import importlib.util
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = ("NAME", "TOLERANCE", "run", "first_steps")


class RecordingError(Exception):
    """A recording or its recipe cannot be used; the message says which and why."""


def recipes(root=ROOT):
    """The names of all recipes that record something: not of those that only `firstgrad train` runs."""
    return sorted(p.stem for p in (root / "recipes").glob("*/[!_]*.py") if records(p.read_text("utf-8")))


def records(source):
    """Whether a recipe is one of ours; one that is incomplete is, so that `load` can say what it lacks."""
    return bool(re.search(r"^def run\(", source, re.M) or not re.search(r"^def recipe\(", source, re.M))


def load(name, root=ROOT):
    """Import `recipes/<part>/<name>.py` and hold it to the protocol."""
    path = next((root / "recipes").glob(f"*/{name}.py"), None)
    if path is None:
        known = ", ".join(recipes(root)) or "none"
        raise RecordingError(f"recipes/*/{name}.py does not exist; there are: {known}")
    spec = importlib.util.spec_from_file_location(f"recipes_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    missing = [word for word in REQUIRED if not hasattr(module, word)]
    if missing:
        raise RecordingError(f"recipes/*/{name}.py lacks {', '.join(missing)} (see tools/recordings.py)")
    if name != module.NAME:
        raise RecordingError(f"recipes/*/{name}.py calls itself {module.NAME!r}")
    return module


def file_of(name, root=ROOT):
    return root / "data" / "recordings" / f"{name}.json"


def read(name, root=ROOT):
    """The recording as a dictionary, or a RecordingError that says what is wrong with the file."""
    path = file_of(name, root)
    if not path.exists():
        raise RecordingError(f"data/recordings/{name}.json is missing: python tools/recordings.py all {name}")
    try:
        recording = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise RecordingError(f"data/recordings/{name}.json is not JSON ({error})") from None
    absent = {"provenance", "tolerance"} - set(recording)
    if absent:
        raise RecordingError(f"data/recordings/{name}.json lacks {', '.join(sorted(absent))}")
    return recording


def rounded(value, digits=6):
    """Every float to `digits` significant digits; NaN and infinity are refused."""
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, digits) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordingError(f"{value} cannot be stored: say it in words, or as None")
        return float(f"{value:.{digits}g}")
    return value


def differences(measured, recorded, tolerance, where="first_steps"):
    """Each place at which the two disagree, in words."""
    if isinstance(recorded, dict) and isinstance(measured, dict):
        if measured.keys() != recorded.keys():
            return [f"{where}: keys {sorted(measured)} against {sorted(recorded)}"]
        pairs = [(measured[key], recorded[key], f"{where}[{key!r}]") for key in recorded]
    elif isinstance(recorded, list | tuple) and isinstance(measured, list | tuple):
        if len(measured) != len(recorded):
            return [f"{where}: {len(measured)} values against {len(recorded)}"]
        pairs = [(m, r, f"{where}[{i}]") for i, (m, r) in enumerate(zip(measured, recorded, strict=True))]
    else:
        return [] if close(measured, recorded, tolerance) else [f"{where}: {measured} against {recorded}"]
    return [line for m, r, place in pairs for line in differences(m, r, tolerance, place)]


def close(measured, recorded, tolerance):
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (measured, recorded))
    if not numbers:
        return measured == recorded
    # NaN compares false, so a run that breaks down is a difference.
    return abs(measured - recorded) <= tolerance * max(1.0, abs(recorded))


def provenance(name, seconds, device="cpu"):
    """Where the numbers come from: enough to make them again, nothing that names a machine."""
    import torch

    device = torch.cuda.get_device_name() if device == "cuda" else f"CPU ({platform.machine()})"
    return {
        "command": f"python tools/recordings.py all {name}",
        "commit": git("rev-parse", "--short=12", "HEAD"),
        # True when the commit does not tell all: record again once everything is committed.
        "changed": bool(git("status", "--porcelain", "--", f"recipes/*/{name}.py", "lib/firstgrad",
                            ":!lib/firstgrad/widgets", ":!lib/firstgrad/book")),
        "versions": versions(),
        "device": device,
        "threads": torch.get_num_threads(),
        "date": time.strftime("%Y-%m-%d"),
        "seconds": round(seconds, 1),
    }


def versions():
    import numpy
    import torch

    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__}


def git(*args):
    if not shutil.which("git"):
        return ""
    run = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip()


def dumps(value, indent=0):
    """JSON in which a list of numbers is one line: readable, and small in a diff."""
    inner, outer = " " * (indent + 1), " " * indent
    if isinstance(value, dict) and value:
        rows = [f"{inner}{json.dumps(k)}: {dumps(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + dumps(item, indent + 1) for item in value) + f"\n{outer}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def record(name, root=ROOT):
    """Train, and write the recording."""
    recipe = load(name, root)
    began = time.perf_counter()
    result = recipe.run()
    clash = {"provenance", "tolerance"} & set(result)
    if clash:
        raise RecordingError(f"recipes/*/{name}.py: run() must not return {', '.join(sorted(clash))}")
    seconds = time.perf_counter() - began
    origin = provenance(name, seconds, getattr(recipe, "DEVICE", "cpu"))
    whole = {"provenance": origin, "tolerance": recipe.TOLERANCE, **rounded(result)}
    path = file_of(name, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(whole) + "\n", "utf-8")
    return f"{name}: {path.stat().st_size / 1e3:.1f} kB in {seconds:.0f} s"


def compare(name, root=ROOT):
    """Re-run the first steps; a RecordingError names every number that differs."""
    recipe, recording = load(name, root), read(name, root)
    began = time.perf_counter()
    measured, recorded = recipe.first_steps(recording)
    wrong = differences(measured, recorded, recording["tolerance"])
    if wrong:
        more = [f"… and {len(wrong) - 8} more"] if len(wrong) > 8 else []
        shown = "\n  ".join(wrong[:8] + more)
        raise RecordingError(f"{name}: differs by more than {recording['tolerance']:g}:\n  {shown}")
    seconds = time.perf_counter() - began
    return f"{name}: first steps agree within {recording['tolerance']:g} ({seconds:.1f} s)"


def main(argv=None):
    parser = argparse.ArgumentParser(description="Train the recorded runs, or check their first steps.")
    parser.add_argument("command", choices=("all", "check"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these recipes")
    options = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(ROOT / "lib"))
    import torch

    torch.set_num_threads(1)  # one thread: two threads add in another order
    job = record if options.command == "all" else compare
    failed = 0
    for name in options.names or recipes():
        try:
            print(f"✓ {job(name)}", flush=True)
        except RecordingError as error:
            failed += 1
            print(f"✗ {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
