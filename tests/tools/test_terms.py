"""The table of terms: what is refused in it, and what it refuses in Chinese texts."""

import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import i18n_terms  # noqa: E402


def term(en, zh, **more):
    return {"en": en, "zh": zh, "at": "06", "en_line": "What it is.", "zh_line": "它是什么。", **more}


def faults(*terms, wording=()):
    return "; ".join(i18n_terms.faults({"terms": list(terms), "wording": list(wording)}))


DROPOUT = term("dropout", "随机失活", avoid=["丢弃法"])
WORDING = i18n_terms.Wording({
    "terms": [DROPOUT, term("ground truth", "真实标签", avoid=["真值"], unless=["真值表"])],
    "wording": [{"avoid": "您", "write": "你"}]})


def test_the_books_table_is_whole():
    table = i18n_terms.read(ROOT)
    assert len(table["terms"]) >= 150
    assert "學学" in table["traditional"]
    lines = (ROOT / "zh/terms.yml").read_text("utf8").splitlines()
    assert max(map(len, lines)) <= 110


def test_traditional_characters_come_in_pairs_each_once():
    run = i18n_terms.read(ROOT)["traditional"].replace(" ", "")
    assert len(run) % 2 == 0
    assert len(set(run[::2])) == len(run) // 2
    assert not [old for old, new in zip(run[::2], run[1::2], strict=True) if old == new]


def test_a_missing_table_is_refused_by_name(tmp_path):
    with pytest.raises(i18n_terms.TermError, match=r"zh/terms.yml: missing"):
        i18n_terms.read(tmp_path)


@pytest.mark.parametrize(("terms", "said"), [
    ([{"en": "dropout", "zh": "", "at": "08"}], "“dropout”: zh, en_line, zh_line missing"),
    ([DROPOUT, term("drop-out", "丢弃")], "“dropout” stands for 2 terms: dropout, drop-out"),
    ([DROPOUT, term("omission", "省略", also=["随机失活"])],
     "“随机失活” stands for 2 terms: dropout, omission"),
    ([DROPOUT, term("drop rule", "丢弃法则")],
     "“丢弃法” is to be written “随机失活”, but “丢弃法则” needs it"),
    ([term("a", "甲", avoid=["乙"]), term("b", "乙", avoid=["甲"])],
     "“乙” is to be written “甲”, but “乙” needs it"),
])
def test_a_faulty_table_is_refused_by_the_terms_name(tmp_path, terms, said):
    assert said in faults(*terms)
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh/terms.yml").write_text(yaml.safe_dump({"terms": terms}, allow_unicode=True), "utf8")
    with pytest.raises(i18n_terms.TermError) as refused:
        i18n_terms.read(tmp_path)
    assert said in str(refused.value)


@pytest.mark.parametrize(("text", "said"), [
    ("用丢弃法训练", "“丢弃法” near “用丢弃法训练”: write “随机失活”"),
    ("真值未知", "“真值” near “真值未知”: write “真实标签”"),
    ("请您看图", "write “你”"),
    ("见第 04 章", "write “第 4 章”"),
    ("占 20 %，", "write “20%”"),
    ("占 {share} %，", "write “20%”"),
    ("有 1,750 亿个参数", "write “1750 亿”"),
    ("Goh 的《Why Momentum Really Works》", "an English title stands without 《》"),
])
def test_a_chinese_text_hears_the_right_word(text, said):
    assert said in "; ".join(WORDING.complaints(text))


@pytest.mark.parametrize("text", [
    "随机失活（dropout，又称丢弃法）很简单", "真值表有四行", "`丢弃法`", "第 14 章", "20% 与 5%",
    "有 60,000 张", "《动手学深度学习》", "《神经网络与 PyTorch 实战》", "见[这里](第 04 章.html)"])
def test_what_is_right_passes(text):
    assert WORDING.complaints(text) == []


def test_words_outside_the_chapters_are_read_too(tmp_path):
    path = tmp_path / "widgets/explorables/one/strings.js"
    path.parent.mkdir(parents=True)
    path.write_text('en: "dropout",\nzh: "丢弃法",\n', "utf8")
    assert i18n_terms.elsewhere(tmp_path, WORDING) == [
        "widgets/explorables/one/strings.js:2: “丢弃法” near “zh: \"丢弃法\",”: write “随机失活”"]
