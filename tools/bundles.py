#!/usr/bin/env python3
"""Are the explorables' bundles those of their sources? A line and status 1 if not. Needs no Node.

widgets/build.mjs lists in widgets/bundled.sha256 what it read, and the bundles that it made of it.
"""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def changed(root=ROOT):
    """Paths that are not as they were when the bundles were made; new explorables too."""
    lines = (root / "widgets/bundled.sha256").read_text("utf-8").splitlines()
    listed = {path: known for known, _, path in (line.partition("  ") for line in lines)}
    found = {path for path, known in listed.items() if sha256(root / path) != known}
    entries = {file.relative_to(root).as_posix() for file in root.glob("widgets/explorables/*/index.js")}
    made = {file.relative_to(root).as_posix() for file in root.glob("lib/firstgrad/widgets/static/*.js")}
    return sorted(found | (entries | made) - set(listed))


def sha256(file):
    """Of its bytes, line ends as Git stores them; of what is gone, none."""
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest() if file.exists() else ""


def stale(root=ROOT):
    """A line that names what changed since, and what to do; nothing where all is fresh."""
    names = changed(root)
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"The explorables' bundles are stale: {shown} changed; run `make widgets`." if names else ""


if __name__ == "__main__":
    sys.exit(stale() or None)
