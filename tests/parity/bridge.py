"""One long-lived Node process that answers calls of a bundle's `core`."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "lib/firstgrad/widgets/static"


def node():
    """The virtual environment's Node, or the machine's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("node", path=path)
    assert found, "node is missing: `make test` installs it"
    return found


class CoreError(Exception):
    """What the core threw: its kind ("RangeError"), message and code."""

    def __init__(self, kind, message, code):
        super().__init__(f"{kind}: {message}")
        self.kind, self.message, self.code = kind, message, code


def _plain(value):
    """JSON has no NaN: non-finite numbers travel as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _whole(digits):
    """JavaScript writes 1e20 without a point, and NumPy has no such integer: here it is a float again."""
    return int(digits) if len(digits) < 17 else float(digits)


def _numbers(value):
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list) else value


class Core:
    """`core("run", …)` calls `core.run(…)` in the bundle."""

    def __init__(self, bundle):
        command = [node(), str(ROOT / "tests/parity/runner.mjs"), str(bundle)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, function, *arguments):
        self.process.stdin.write(json.dumps({"f": function, "a": _plain(arguments)}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"node ended while it ran {function}"
        answer = json.loads(line, parse_int=_whole)
        if "error" in answer:
            raise CoreError(answer["error"], answer["message"], answer.get("code"))
        return _numbers(answer["ok"])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=10)
