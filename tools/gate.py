"""The gate: every check, one after the other, and a table at the end.

    python tools/gate.py all      everything (make test); what CI runs
    python tools/gate.py quick    under a minute (make quick); no browser, no notebook is run
    python tools/gate.py 06       one chapter whole (make chapter CH=06), in three minutes: its notebook,
                                  twins, exercises, recordings, and its page in three browsers

A failing stage does not stop the others, so one run shows everything that is wrong.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
LIMIT = 12000  # seconds, ten times what the longest stage needs: a hang fails, a busy machine does not
# Hypothesis' own profile "ci" draws the same cases every time.
PYTEST = [PYTHON, "-m", "pytest", "-q", "--hypothesis-profile=ci"]
TWO = ["-n", "2", "--dist", "loadgroup"]

LINT = ("lint", [PYTHON, "-m", "ruff", "check", "."])
TYPES = ("types", [PYTHON, "-m", "mypy"])
SCRIPTS = ("JavaScript: form and lint", ["widgets/node_modules/.bin/biome", "ci", "--error-on-warnings",
                                        "--diagnostic-level=warn", "."])
SCRIPT_TYPES = ("JavaScript: types", ["widgets/node_modules/.bin/tsc", "-p", "widgets"])
BUNDLES = ("bundles are fresh", ["node", "widgets/build.mjs", "--check"])
JUDGES = ("judges are fresh", [PYTHON, "tools/judges.py", "check"])
LANGUAGES = ("both languages", [PYTHON, "tools/i18n.py", "check", "--strict"])
NOTEBOOKS = ("notebooks' form", [PYTHON, "tools/notebooks.py", "check"])
NUMBERS = ("numbers", [PYTHON, "tools/numerals.py", "check"])
SITE = [PYTHON, "tools/site.py", "build"]
AGAIN = ["--dist", "loadfile", "--nbval", "--nbval-current-env", "--nbval-sanitize-with",
         "tests/notebooks.cfg", "-W", "default"]
STAGES = {
    "quick": [
        LINT, TYPES, SCRIPTS, SCRIPT_TYPES, BUNDLES, JUDGES, LANGUAGES, NOTEBOOKS, NUMBERS,
        # The five hundred cases of each core (tests/parity) are for "all".
        ("fast tests", [*PYTEST, *TWO, "-m", "not slow and not browser", "--ignore=tests/parity", "tests"]),
    ],
    "all": [
        LINT, TYPES, SCRIPTS, SCRIPT_TYPES, BUNDLES, JUDGES, LANGUAGES, NOTEBOOKS, NUMBERS,
        ("tests", [*PYTEST, *TWO, "-m", "not browser", "tests"]),
        # loadfile: one worker runs one notebook, in the order of its cells
        ("notebooks run again", [*PYTEST, "-n", "2", *AGAIN, "chapters"]),
        ("recordings", [PYTHON, "tools/recordings.py", "check"]),
        ("site, warnings are errors", [*SITE, "--force"]),
        ("site in a browser", [*PYTEST, *TWO, "-m", "browser", "tests"]),
    ],
}


def chapter(number, root=ROOT):
    """The stages that check one chapter. Raises: SystemExit, naming the chapters that there are."""
    notebook = next((root / "chapters").glob(f"{number}_*.ipynb"), None)
    if notebook is None:
        there = sorted(path.name[:2] for path in (root / "chapters").glob("[0-9][0-9]_*.ipynb"))
        sys.exit(f"CH={number}: no such chapter; there are {', '.join(there)}")
    text = notebook.read_text("utf-8")
    recordings = sorted(path.stem for path in (root / "data/recordings").glob("*.json"))
    shown = [name for name in recordings if re.search(rf"""(["'/]|all ){name}[\\"'.]""", text)]
    pages = " or ".join([notebook.stem, *explorables(text)])
    stages = [
        LINT, BUNDLES, JUDGES, LANGUAGES, NOTEBOOKS, NUMBERS,
        ("notebook runs again", [*PYTEST, "-n", "0", *AGAIN, str(notebook.relative_to(root))]),
        ("exercises and errata", [*PYTEST, "-n", "0", "-m", "not browser", "tests/book"]),
        ("recordings", [PYTHON, "tools/recordings.py", "check", *shown]),
        ("site, warnings are errors", SITE),
        ("page and explorables in browsers", [*PYTEST, *TWO, "-m", "browser", "-k", pages, "tests/site"]),
    ]
    return [stage for stage in stages if stage[0] != "recordings" or shown]


def explorables(text, root=ROOT):
    """AdamLab, imported from firstgrad.widgets, is the explorable of adam.py."""
    lines = re.findall(r"\bfrom firstgrad\.widgets import ([\w, ]+)", text)
    classes = {name.strip() for line in lines for name in line.split(",")}
    files = sorted((root / "lib/firstgrad/widgets").glob("[!_]*.py"))
    return [file.stem for file in files
            if classes & set(re.findall(r"^class (\w+)", file.read_text("utf-8"), re.M))]


def environment():
    """One thread each (two workers would fight over two cores), the virtual environment's programs first."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    path = os.pathsep.join([str(Path(PYTHON).parent), os.environ.get("PATH", "")])
    return {**os.environ, **threads, "PATH": path, "PYTHONUTF8": "1", "JUPYTER_PLATFORM_DIRS": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def paint(text, code):
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if plain else f"\033[{code}m{text}\033[0m"


def run(command, limit=LIMIT):
    """Exit status of the command; a stage that runs too long is ended with all that it started."""
    program = shutil.which(command[0], path=environment()["PATH"])
    if program is None:
        print(f"{command[0]}: not found")
        return 127
    process = subprocess.Popen([program, *command[1:]], cwd=ROOT, env=environment(),
                               stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(timeout=limit)
    except BaseException as error:  # Ctrl-C as well: nothing is left running
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        print(f"ended after {limit} s")
        return 124


def gate(stages, runner=run):
    """Run every stage; 1 if any failed."""
    began, rows = time.perf_counter(), []
    for name, command in stages:
        print(paint(f"\n=== {name}: {' '.join(readable(command))}", "1"), flush=True)
        start = time.perf_counter()
        status = runner(command)
        took = time.perf_counter() - start
        rows.append((name, status, took))
        print(f"--- {name}: {'passed' if status == 0 else f'FAILED ({status})'}, {took:.1f} s", flush=True)
    return report(rows, time.perf_counter() - began)


def readable(command):
    return ["python" if part == PYTHON else f"'{part}'" if " " in part else part for part in command]


def report(rows, seconds):
    width = max(len(name) for name, _, _ in rows)
    print()
    for name, status, took in rows:
        mark = paint("✓", "32") if status == 0 else paint("✗", "31")
        print(f"{mark} {name:{width}} {took:7.1f} s")
    failed = sum(status != 0 for _, status, _ in rows)
    line = f"{len(rows) - failed} passed, {failed} failed in {seconds:.1f} s"
    print(paint(line, "31" if failed else "32"), flush=True)
    return 1 if failed else 0


def main(argv=None):
    parser = argparse.ArgumentParser(description="Run the book's checks.")
    parser.add_argument("which", metavar="all|quick|NN", help="every check, the quick ones, a chapter's")
    which = parser.parse_args(argv).which
    if which not in STAGES and not re.fullmatch(r"\d\d", which):
        parser.error(f"{which!r} is neither all, nor quick, nor the two digits of a chapter")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that run() ends what it started
    return gate(STAGES[which] if which in STAGES else chapter(which))


if __name__ == "__main__":
    sys.exit(main())
