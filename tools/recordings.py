"""Recorded runs: trained once, stored small, re-run a little by every check.

    python tools/recordings.py all [NAME …]     train again and write data/recordings/NAME.json
    python tools/recordings.py check [NAME …]   re-run the first steps and compare
    python tools/recordings.py whole [NAME …]   train again and compare all of it; nothing is written
    python tools/recordings.py list             the recipes' names, as JSON: what the monthly workflow runs

A recipe is a module `recipes/<part>/<name>.py`; no two parts of the book share a name. Importing it does
nothing. (One with a function `recipe` and no `run` is for `python -m firstgrad train`, and no concern of
ours: see recipes/README.md.) It has

    NAME = "<name>"                          the module's own name
    TOLERANCE = 1e-3                         how far, relatively, another machine may differ
    DEVICE = "cpu"                           optional: "cuda" where the recording was made on one
    NEEDS = ("english",)                     optional: folders of data/ whose make.py it needs to have run
    TIMES = ("seconds",)                     optional: keys of what a clock measured, which nobody compares
    def run(steps=None) -> dict              the whole training (or only its first `steps`); JSON-able
    def first_steps(recording) -> (measured, recorded)
                                             re-run a few seconds' worth, with the settings that stand in
                                             `recording`; both have the same shape: a number, or lists and
                                             dictionaries of numbers, strings, booleans

What is written is {"provenance": {…}, "tolerance": TOLERANCE, **run()}. `run` must not use those two keys.
`first_steps` takes at most some ten seconds on one core; a recipe seeds everything itself.
Numbers are written with six significant digits: finer digits differ between machines and only weigh.

`check` compares every number: |measured − recorded| ≤ tolerance · max(1, |recorded|); anything else must be
equal. `whole` compares all that `run` gives; another machine rounds otherwise, and long trainings grow apart
by it, so 95 % of the numbers must be within 5 %, and tests/recipes/test_shapes.py says what must
hold however they differ. NaN and infinity are not JSON: a run that diverged says so in words or with null.
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
APART, ENOUGH = 0.05, 0.95  # of two whole runs on two machines: relative difference, share of the numbers


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


def whole(name, root=ROOT):
    """Train again and compare all numbers but times; a RecordingError says how many are apart."""
    recipe, recording = load(name, root), read(name, root)
    for folder in getattr(recipe, "NEEDS", ()):
        subprocess.run([sys.executable, root / "data" / folder / "make.py"], check=True)
    dropped = {"provenance", "tolerance", *getattr(recipe, "TIMES", ())}
    again, before = ({key: value for key, value in side.items() if key not in dropped}
                     for side in (json.loads(dumps(rounded(recipe.run()))), recording))
    pairs = list(numbers(again, before))
    wrong = [line for line, m, r in pairs if m is None or not close(m, r, max(APART, recording["tolerance"]))]
    if len(wrong) > (1 - ENOUGH) * len(pairs):
        raise RecordingError(f"{name}: {len(wrong)} of {len(pairs)} numbers are apart, the first: {wrong[0]}")
    return f"{name}: {len(pairs) - len(wrong)} of {len(pairs)} numbers of the whole run agree"


def numbers(again, before, where="run"):
    """(place, measured, recorded) of every number that is recorded; None where there is none now."""
    if isinstance(before, dict):
        have = again if isinstance(again, dict) else {}
        for key, value in before.items():
            yield from numbers(have.get(key), value, f"{where}[{key!r}]")
    elif isinstance(before, list):
        have = again if isinstance(again, list) else []
        for i, value in enumerate(before):
            yield from numbers(have[i] if i < len(have) else None, value, f"{where}[{i}]")
    elif isinstance(before, int | float) and not isinstance(before, bool):
        found = again if isinstance(again, int | float) else None
        yield f"{where}: {again} against {before}", found, before


JOBS = {"all": record, "check": compare, "whole": whole, "list": None}


def main(argv=None):
    parser = argparse.ArgumentParser(description="Train the recorded runs, or check their first steps.")
    parser.add_argument("command", choices=tuple(JOBS))
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these recipes")
    options = parser.parse_args(argv)
    if options.command == "list":
        print(json.dumps(recipes()))
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(ROOT / "lib"))
    import torch

    torch.set_num_threads(1)  # one thread: two threads add in another order
    job = JOBS[options.command]
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
