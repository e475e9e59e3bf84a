"""One file has the checksum of everything that is made once and kept: recordings, models, tables, bundles.

    python tools/checksums.py check     say which files are not what data/checksums.txt says
    python tools/checksums.py write     write it again, and say what changed

A file that changed on purpose is written down in the same commit; anything else that changes it is seen. So
are entries of references.bib and rows of models.csv, each with a checksum of its own: who changes one has
looked it up, and says so by writing it down.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = "data/checksums.txt"
KEPT = ("data/recordings/*.json", "data/models/*.safetensors", "data/*/*.gz", "data/*/*.npz",
        "lib/firstgrad/widgets/static/*.js")


# What is written down piece by piece: (file, pattern of a piece, whose first group is its name).
PIECES = (("references.bib", r"^@\w+\{([^,\n]+),.*?^\}$"),
          ("data/model_timeline/models.csv", r"^([^,\n]+),.*?$"))


def files(root=ROOT):
    return sorted({p.relative_to(root).as_posix() for pattern in KEPT for p in root.glob(pattern)
                   if "cache" not in p.parts})


def present(root=ROOT):
    """{file, or file#piece: checksum} of all that is there."""
    found = {name: digest((root / name).read_bytes()) for name in files(root)}
    for name, pattern in PIECES:
        text = (root / name).read_text("utf-8") if (root / name).exists() else ""
        found |= {f"{name}#{piece[1]}": digest(piece[0].encode())[:16]
                  for piece in re.finditer(pattern, text, re.M | re.S)}
    return found


def digest(data):
    return hashlib.sha256(data).hexdigest()


def listed(root=ROOT):
    """{file, or file#piece: checksum}, as written down, in the form of sha256sum."""
    path = root / LIST
    rows = (line.split("  ", 1) for line in path.read_text("utf-8").splitlines()) if path.exists() else ()
    return {name: sum_ for sum_, name in rows}


def check(root=ROOT):
    """Complaints, each with its file."""
    known, there = listed(root), present(root)
    wrong = [f"{name}: is not in {LIST}" for name in there if name not in known]
    wrong += [f"{name}: in {LIST}, but not there" for name in known if name not in there]
    wrong += [f"{name}: is not what {LIST} says" for name, sum_ in there.items()
              if known.get(name, sum_) != sum_]
    return [f"{line}; if that is meant: python tools/checksums.py write" for line in wrong]


def write(root=ROOT):
    """Write the list; returns the files whose line changed."""
    known, there = listed(root), present(root)
    (root / LIST).write_text("".join(f"{sum_}  {name}\n" for name, sum_ in there.items()), "utf-8")
    return sorted(name for name in {**known, **there} if known.get(name) != there.get(name))


def main(argv=None):
    parser = argparse.ArgumentParser(description="Checksums of recordings, models, tables, bundles.")
    parser.add_argument("command", choices=("check", "write"))
    if parser.parse_args(argv).command == "write":
        print("\n".join(write()) or "nothing changed")
        return 0
    wrong = check()
    said = f"{len(present())} checksums, {len(wrong)} complaints"
    print("\n".join([*(f"✗ {line}" for line in wrong), said]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
