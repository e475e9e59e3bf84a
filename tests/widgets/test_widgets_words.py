"""The explorables *skip_gram* and *word_map*: their Python sides, and that both sides agree."""

import base64
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from parity.bridge import ROOT, STATIC, Core, node
from safetensors.numpy import save_file

from firstgrad import data
from firstgrad.widgets import SkipGramLab, WordMap
from firstgrad.widgets.word_map import SAMPLE, sample_of

FILE = data.path("models/word_vectors.safetensors")


def run_node(script):
    return subprocess.run([node(), "-e", script], capture_output=True, text=True, check=True).stdout


def javascript(file, expression):
    url = (ROOT / file).as_uri()
    return json.loads(run_node(f"import('{url}').then((m) => console.log(JSON.stringify({expression})))"))


# --- Python ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"text": 3}, TypeError, ["text", "3"]),
    ({"text": b"bytes"}, TypeError, ["text", "bytes"]),
    ({"text": "a " * 500_000}, ValueError, ["text", "20000", "1000000"]),
    ({"pair": "wug"}, TypeError, ["pair", "list of words"]),
    ({"pair": ["wug", ""]}, ValueError, ["pair", "''"]),
    ({"window": 0}, ValueError, ["window", "≥ 1"]),
    ({"window": 1.5}, ValueError, ["window", "whole"]),
    ({"negatives": -1}, ValueError, ["negatives", "-1"]),
    ({"negatives": 0}, ValueError, ["negatives", "≥ 1"]),
    ({"learning_rate": 0}, ValueError, ["learning_rate", "> 0"]),
    ({"learning_rate": float("nan")}, ValueError, ["learning_rate", "nan"]),
    ({"dimension": 1}, ValueError, ["dimension", "≥ 2"]),
    ({"dimension": "8"}, TypeError, ["dimension", "'8'"]),
    ({"sample": 0}, ValueError, ["sample", "> 0"]),
    ({"epochs": 10**6}, ValueError, ["epochs", "≤ 1000"]),
    ({"goal_reached": True}, TypeError, ["goal_reached"]),
    ({"rate": 1}, TypeError, ["rate", "learning_rate"]),
])
def test_bad_input_of_skip_gram_is_named(given, error, words):
    with pytest.raises(error) as caught:
        SkipGramLab(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"task": "anagram"}, ValueError, ["task", "'anagram'", "'analogy'"]),
    ({"metric": "euclidean"}, ValueError, ["metric", "did you mean 'euclid'"]),
    ({"question": "man king woman"}, TypeError, ["question", "[a, b, c]"]),
    ({"question": ["man", "king"]}, ValueError, ["question", "three words"]),
    ({"question": ["man", "king", 3]}, ValueError, ["question", "3"]),
    ({"found": ["length"]}, TypeError, ["found"]),
    ({"words": 3}, TypeError, ["words", "question"]),
])
def test_bad_input_of_word_map_is_named(given, error, words):
    with pytest.raises(error) as caught:
        WordMap(**given)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_repr_says_what_was_set():
    assert repr(SkipGramLab()) == "SkipGramLab()"
    assert repr(SkipGramLab(text="a b", window=3)) == "SkipGramLab(text='a b', window=3)"
    assert repr(WordMap()) == "WordMap()"
    assert repr(WordMap(metric="euclid", word="one")) == "WordMap(metric='euclid', word='one')"


def test_two_widgets_share_no_default():
    SkipGramLab().pair.append("x")
    assert SkipGramLab().pair == []
    WordMap().question.append("x")
    assert WordMap().question == ["man", "king", "woman"]


def test_importing_the_explorables_needs_no_torch():
    made = "import sys, firstgrad.widgets as w; w.SkipGramLab(); w.WordMap()"
    done = subprocess.run([sys.executable, "-c", f"{made}; sys.exit('torch' in sys.modules)"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- the sample that is there at once -------------------------------------------------------------------


def written(folder, tokens, codes, scales):
    save_file({"codes": codes, "scales": scales}, folder / "words.safetensors", {"tokens": "\n".join(tokens)})
    return folder / "words.safetensors"


def test_the_sample_has_the_rows_of_the_file(tmp_path):
    codes = np.arange(12, dtype=np.int8).reshape(4, 3) - 6
    file = written(tmp_path, ["the", "queen", "odd", "king"], codes, np.float32([0.1, 0.2, 0.3, 0.4]))
    sample = sample_of(file, ["king", "missing", "queen"])
    assert sample["tokens"] == ["king", "queen"]
    assert sample["scales"] == [0.4, 0.2]
    assert sample["words"] == 4
    rows = np.frombuffer(base64.b64decode(sample["codes"]), np.int8).reshape(2, 3)
    assert rows.tolist() == codes[[3, 1]].tolist()


def test_a_file_of_another_kind_is_named(tmp_path):
    save_file({"matrix": np.zeros((1, 2), np.float32)}, tmp_path / "other.safetensors", {"tokens": "a"})
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\0\0\0")
    for name in ("other", "cut"):
        with pytest.raises(ValueError, match=rf"{name}\.safetensors is not a file of quantised word vectors"):
            sample_of(tmp_path / f"{name}.safetensors")


def test_the_books_file_has_the_sample_and_what_the_defaults_name():
    sample = WordMap().sample
    assert len(json.dumps(sample)) < 12_000
    assert sample["words"] >= 10_000
    assert len(sample["tokens"]) >= 0.9 * len(SAMPLE)
    assert {"man", "king", "woman", "boy", "girl"} <= set(sample["tokens"])
    assert FILE.stat().st_size <= 1_200_000


# --- both sides agree -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("cls", "file", "not_in_python"), [
    (SkipGramLab, "skip_gram", set()), (WordMap, "word_map", {"sample", "found"}),
])
def test_defaults_are_the_same_on_both_sides(cls, file, not_in_python):
    traits = javascript(f"lib/firstgrad/widgets/static/{file}.js", "m.default.traits")
    assert set(traits) - not_in_python == set(cls.settings()) - {"language"}
    traits.pop("sample", None)  # it comes with the page
    widget = cls()
    assert traits == {name: getattr(widget, name) for name in traits}


@pytest.mark.parametrize("folder", ["skip_gram", "word_map"])
def test_both_languages_have_the_same_strings_with_the_same_holes(folder):
    tables = javascript(f"widgets/explorables/{folder}/strings.js", "m.strings")
    holes = {language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in table.items()}
             for language, table in tables.items()}
    assert holes["en"] == holes["zh"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_books_text_makes_friends_of_words_that_never_meet(language):
    """Whatever the start: the stranger is nearest to a drink; cat and dog, who never met, to each other."""
    core = Core(STATIC / "skip_gram.js")
    words = javascript("widgets/explorables/skip_gram/strings.js", f"m.strings.{language}")
    cat, dog = words["friends"].split()
    drinks = {"en": {"tea", "coffee"}, "zh": {"茶", "咖啡"}}[language]
    assert not any(cat in line.split() and dog in line.split() for line in words["text"].splitlines())
    try:
        for seed in range(1, 6):
            setting = {"dimension": 8, "window": 2, "negatives": 5, "rate": 0.1, "sample": 1, "seed": seed}
            learned = core("learn", words["text"], setting, 200)
            tokens, rows = learned["tokens"], np.reshape(learned["input"], (-1, 8))
            unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

            def nearest(word, tokens=tokens, unit=unit):
                order = np.argsort(-(unit @ unit[tokens.index(word)]))
                return tokens[order[1]]

            assert nearest(words["stranger"]) in drinks
            assert (nearest(cat), nearest(dog)) == (dog, cat)
    finally:
        core.close()


PAGE = """Promise.all([import("PARSE"), import("CORE")]).then(([{ parse }, { core }]) => {
    const { buffer, byteOffset, byteLength } = require("node:fs").readFileSync(FILE);
    const { tensors, metadata } = parse(buffer.slice(byteOffset, byteOffset + byteLength));
    const table = core.tableOf(metadata.tokens.split("\\n"), tensors.codes.data, tensors.scales.data);
    const near = (metric) => core.neighbours(table, table.index.get("king"), { metric });
    console.log(JSON.stringify(["cosine", "euclid"].map((metric) => near(metric).map(({ row }) => row))));
});"""


def test_the_front_end_finds_what_numpy_finds_in_the_books_file():
    from safetensors import safe_open

    with safe_open(FILE, "np") as file:
        tokens = file.metadata()["tokens"].split("\n")
        vectors = file.get_tensor("codes") * file.get_tensor("scales")[:, None].astype(float)
    script = PAGE.replace("PARSE", (ROOT / "widgets/core/safetensors.js").as_uri())
    script = script.replace("CORE", (STATIC / "word_map.js").as_uri()).replace("FILE", json.dumps(str(FILE)))
    found = json.loads(run_node(script))
    king = vectors[tokens.index("king")]
    lengths = np.linalg.norm(vectors, axis=1)
    orders = [-(vectors @ king) / lengths, np.linalg.norm(vectors - king, axis=1)]
    assert found == [np.argsort(order)[1:11].tolist() for order in orders]
