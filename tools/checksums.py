"""One file has the checksum of everything that is made once and kept: recordings, models, tables, bundles.

    python tools/checksums.py check     say which files are not what data/checksums.txt says
    python tools/checksums.py write     write it again, and say what changed

A file that changed on purpose is written down in the same commit; anything else that changes it is seen.
"""

import argparse
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = "data/checksums.txt"
KEPT = ("data/recordings/*.json", "data/models/*.safetensors", "data/*/*.gz", "data/*/*.npz", "data/*/*.csv",
        "lib/firstgrad/widgets/static/*.js")


def files(root=ROOT):
    return sorted({p.relative_to(root).as_posix() for pattern in KEPT for p in root.glob(pattern)
                   if "cache" not in p.parts})


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(root=ROOT):
    """{file: checksum}, as written down; sha256sum --check reads the same form."""
    path = root / LIST
    rows = (line.split("  ", 1) for line in path.read_text("utf-8").splitlines()) if path.exists() else ()
    return {name: sum_ for sum_, name in rows}


def check(root=ROOT):
    """Complaints, each with its file."""
    known, there = listed(root), files(root)
    wrong = [f"{name}: is not in {LIST}" for name in there if name not in known]
    wrong += [f"{name}: in {LIST}, but not there" for name in known if name not in there]
    wrong += [f"{name}: is not what {LIST} says" for name in there if name in known
              and digest(root / name) != known[name]]
    return [f"{line}; if that is meant: python tools/checksums.py write" for line in wrong]


def write(root=ROOT):
    """Write the list; returns the files whose line changed."""
    known, there = listed(root), {name: digest(root / name) for name in files(root)}
    (root / LIST).write_text("".join(f"{sum_}  {name}\n" for name, sum_ in there.items()), "utf-8")
    return sorted(name for name in {**known, **there} if known.get(name) != there.get(name))


def main(argv=None):
    parser = argparse.ArgumentParser(description="Checksums of recordings, models, tables and bundles.")
    parser.add_argument("command", choices=("check", "write"))
    if parser.parse_args(argv).command == "write":
        print("\n".join(write()) or "nothing changed")
        return 0
    wrong = check()
    print("\n".join([f"✗ {line}" for line in wrong] + [f"{len(files())} files, {len(wrong)} complaints"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
