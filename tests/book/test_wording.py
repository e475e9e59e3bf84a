"""What checks say exists in both languages, with the same values; the Chinese `check` speaks Chinese."""

import re

import pytest
from test_exercises import RIGHT, WRONG

from firstgrad.book import words, zh
from firstgrad.book.answers import grade
from firstgrad.book.words import join, say, speaking

HAN = re.compile("[一-鿿]")


@pytest.fixture
def unknown(monkeypatch):
    """The sentences that were said in Chinese and have no translation."""
    class Watched(dict):
        def get(self, text, default=None):
            if text and text not in self:
                missing.append(text)
            return super().get(text, default)

    missing = []
    known = Watched(words.chinese())
    monkeypatch.setattr(words, "chinese", lambda: known)
    return missing


@pytest.mark.parametrize("exercise", RIGHT)
def test_all_that_a_check_says_is_translated(exercise, unknown, capsys):
    with speaking("zh"):
        for answer in (*RIGHT[exercise], *WRONG[exercise], ..., object(), lambda *a: None):
            grade(exercise, answer)
    assert unknown == []
    assert all(re.match(rf"[✓✗○] {exercise} (正确|还不对|等你作答)。", line)
               for line in capsys.readouterr().out.splitlines())


def test_a_translation_has_the_values_of_its_sentence():
    for english, chinese in words.chinese().items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese)), english


def test_chinese_is_spoken_only_within():
    with speaking("zh"):
        assert say("Right.") == "正确。"
        assert join("一。", "", "二。") == "一。二。"
    assert say("Right.") == "Right."
    assert join("One.", "", "Two.") == "One. Two."


def test_what_the_chinese_notebooks_import(capsys):
    assert zh.check("00.1", 3.6) is None
    assert capsys.readouterr().out == "✗ 00.1 还不对。3.6 是上坡：这一步应当逆着梯度走。\n"
    assert zh.plots.__name__ == "firstgrad.book.plots"
    with pytest.raises(AttributeError):
        zh.nothing  # noqa: B018
