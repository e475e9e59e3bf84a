"""Word vectors: neighbours, similarities, tests by word lists, files; equal to gensim's and scipy's."""

import importlib.util
import math
import time

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from firstgrad.text.tokens import UnknownTokenError
from firstgrad.text.vectors import WordVectors, read_pairs, read_questions

GENSIM = importlib.util.find_spec("gensim") is not None
needs_gensim = pytest.mark.skipif(not GENSIM, reason="gensim is not installed")

# East is royal, north is male.
TINY = WordVectors(["man", "woman", "king", "queen", "whale"],
                   torch.tensor([[0.1, 1], [0.1, -1], [1, 1], [1, -1], [-3, 0.2]]))


def random_vectors(count=200, dimension=12, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return WordVectors([f"w{number}" for number in range(count)], matrix)


def by_gensim(vectors):
    from gensim.models import KeyedVectors

    theirs = KeyedVectors(vectors.matrix.shape[1])
    theirs.add_vectors(vectors.tokens, vectors.matrix.numpy())
    return theirs


# --- looking up, comparing ---


def test_looking_up():
    assert len(TINY) == 5
    assert "king" in TINY
    assert "pawn" not in TINY
    assert TINY["king"].tolist() == [1, 1]
    assert TINY.tokens[TINY.id("whale")] == "whale"
    assert TINY.matrix.dtype == torch.float32
    assert repr(TINY) == "WordVectors(5 words, 2 numbers each)"


def test_similarity_is_the_cosine():
    assert TINY.similarity("king", "queen") == pytest.approx(0)
    assert TINY.similarity("king", "king") == pytest.approx(1)
    assert TINY.similarity("man", "king") == pytest.approx(1.1 / math.sqrt(1.01 * 2))


def test_king_to_man_is_as_what_to_woman():
    assert TINY.most_similar(["king", "woman"], ["man"], topn=1)[0][0] == "queen"
    assert [word for word, _ in TINY.most_similar("king", topn=99)] == ["man", "queen", "woman", "whale"]
    questions = [("man", "woman", "king", "queen"), ("man", "woman", "king", "whale")]
    assert TINY.analogies(questions)[::3] == (0.5, 2)


def test_a_vector_of_zeros_is_like_nothing():
    vectors = WordVectors(["a", "b", "c"], torch.tensor([[0.0, 0], [1, 0], [0, 1]]))
    assert vectors.similarity("a", "b") == 0
    assert vectors.most_similar("a", topn=1)[0][1] == 0


@needs_gensim
def test_neighbours_are_gensims():
    ours = random_vectors()
    theirs = by_gensim(ours)
    for positive, negative in ((["w3"], []), (["w3", "w10"], ["w7"]), (["w1", "w1", "w2"], ["w150", "w4"])):
        found = ours.most_similar(positive, negative, topn=15)
        expected = theirs.most_similar(positive, negative, topn=15)
        assert [word for word, _ in found] == [word for word, _ in expected]
        assert [cosine for _, cosine in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)
    assert ours.similarity("w5", "w9") == pytest.approx(theirs.similarity("w5", "w9"), abs=1e-6)


# --- tests by word lists ---


@pytest.fixture
def lists(tmp_path):
    """A list of pairs and one of analogies, as files; some of the words have no vector."""
    generator = np.random.default_rng(5)
    pairs = [(f"w{a}", f"W{b}", round(float(score), 1))
             for a, b, score in zip(*generator.integers(0, 250, (2, 300)), generator.uniform(0, 10, 300),
                                    strict=True) if a != b]
    rows = ["# a comment", *(f"{a}\t{b}\t{score}" for a, b, score in pairs)]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows), "utf-8")
    questions = [" ".join(f"w{number}" for number in four) for four in generator.integers(0, 210, (400, 4))]
    vectors = random_vectors()
    for line in range(0, 400, 4):  # so that some are right
        a, b, c = generator.choice(200, 3, replace=False)
        best = vectors.most_similar([f"w{b}", f"w{c}"], [f"w{a}"], topn=1)[0][0]
        questions[line] = f"w{a} w{b} w{c} {best}"
    (tmp_path / "questions.txt").write_text("\n".join([": one", *questions[:99], ": two", *questions[99:]]))
    return tmp_path


def test_the_rank_correlation_is_scipys(lists):
    vectors, pairs = random_vectors(), read_pairs(lists / "pairs.tsv")
    assert len(pairs) > 290
    known = [pair for pair in pairs if pair[0] in vectors and pair[1] in vectors]
    expected = spearmanr([vectors.similarity(a, b) for a, b, _ in known], [score for *_, score in known])
    result = vectors.rank_correlation(pairs)
    assert result.n == len(known) < 300
    assert result.rho == pytest.approx(expected.statistic, abs=1e-6)
    assert result.low < result.rho < result.high
    half = 1.96 * math.sqrt((1 + result.rho**2 / 2) / (result.n - 3))
    assert math.atanh(result.high) - math.atanh(result.rho) == pytest.approx(half)


def test_nearly_all_intervals_hold_the_truth():
    """Of pairs whose true rank correlation is known, 95 % of the intervals should contain it."""
    generator, held, truth = np.random.default_rng(1), 0, 6 / math.pi * math.asin(0.6 / 2)
    vectors = WordVectors(["o", *map(str, range(60))], np.stack([(np.cos(t), np.sin(t)) for t in
                          [0, *np.linspace(0.05, 3, 60)]]).astype(np.float32))
    for _ in range(400):
        like, said = generator.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 60).T
        order = np.argsort(np.argsort(-like))  # the nearest to "o" is the one that is most like it
        result = vectors.rank_correlation([("o", str(place), score) for place, score in
                                           zip(order, said, strict=True)])
        held += result.low <= truth <= result.high
    assert 0.92 <= held / 400 <= 0.98


@needs_gensim
def test_the_word_lists_judge_as_gensims(lists):
    vectors = random_vectors()
    theirs = by_gensim(vectors)
    ours = vectors.rank_correlation(read_pairs(lists / "pairs.tsv"))
    expected = theirs.evaluate_word_pairs(str(lists / "pairs.tsv"))[1].statistic
    assert ours.rho == pytest.approx(expected, abs=1e-6)
    ours = vectors.analogies(read_questions(lists / "questions.txt"), batch=64)
    score, sections = theirs.evaluate_word_analogies(str(lists / "questions.txt"))
    assert ours.share == pytest.approx(score)
    assert ours.n == len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
    assert 0 < ours.low < ours.share < ours.high < 1


# --- storing ---


def test_there_and_back_again(tmp_path):
    vectors = random_vectors()
    vectors.save(tmp_path / "v.safetensors")
    again = WordVectors.load(tmp_path / "v.safetensors")
    assert again.tokens == vectors.tokens
    assert torch.equal(again.matrix, vectors.matrix)


def test_a_quarter_of_the_bytes_and_nearly_the_same(tmp_path):
    vectors = random_vectors(500, 80)
    rounded = vectors.quantised()
    rounded.save(tmp_path / "q.safetensors")
    again = WordVectors.load(tmp_path / "q.safetensors")
    assert torch.equal(again.matrix, rounded.matrix)
    step = vectors.matrix.abs().amax(1, keepdim=True) / 127
    assert ((again.matrix - vectors.matrix).abs() <= step / 2 * 1.0001).all()
    assert torch.nn.functional.cosine_similarity(again.matrix, vectors.matrix).min() > 0.999
    assert (tmp_path / "q.safetensors").stat().st_size < 500 * (80 + 4) + 500 * 6 + 1000
    assert again.most_frequent(20).tokens == vectors.tokens[:20]


def test_what_the_page_reads(tmp_path):
    import safetensors

    random_vectors(5).quantised().save(tmp_path / "q.safetensors")
    with safetensors.safe_open(tmp_path / "q.safetensors", "pt") as file:
        assert set(file.keys()) == {"codes", "scales"}
        assert file.get_tensor("codes").dtype == torch.int8
        assert file.get_tensor("scales").dtype == torch.float32
        assert file.metadata()["tokens"] == "w0\nw1\nw2\nw3\nw4"


# --- bad input ---

BAD = {
    "an unknown word": (
        lambda: TINY["kong"], UnknownTokenError,
        "^token: given 'kong', expected one of the 5 that have a vector; near spellings: 'king'$"),
    "an unknown word among others": (
        lambda: TINY.most_similar(["king", "womann"], ["man"]), KeyError,
        "given 'womann'.*spellings: 'woman'"),
    "an unknown word in a similarity": (
        lambda: TINY.similarity("king", "zzz"), KeyError,
        "given 'zzz'"),
    "a number for a word": (lambda: TINY[3], TypeError, "token: given 3, expected a string"),
    "no word at all": (
        lambda: TINY.most_similar([]), ValueError,
        "positive: given no word, expected at least"),
    "no neighbours": (
        lambda: TINY.most_similar("king", topn=0), ValueError,
        "topn: given 0, expected a whole"),
    "NaN in a vector": (
        lambda: WordVectors(["a", "b"], torch.tensor([[1.0, 2], [math.nan, 1]])), ValueError,
        r"matrix: given NaN or infinity in row 1 \(1 such\), expected only finite numbers"),
    "infinity in the other table": (
        lambda: WordVectors(["a", "b"], torch.ones(2, 3), outputs=torch.full((2, 3), math.inf)), ValueError,
        r"outputs: given NaN or infinity in row 0 \(2 such\)"),
    "fewer words than vectors": (
        lambda: WordVectors(["a", "b"], torch.ones(3, 4)), ValueError,
        r"matrix: given shape \(3, 4\), expected \(2, d\), a row for a token"),
    "vectors without numbers": (
        lambda: WordVectors(["a"], torch.ones(1, 0)), ValueError,
        "matrix: given shape"),
    "whole numbers for vectors": (
        lambda: WordVectors(["a"], torch.ones(1, 2, dtype=torch.int8)), TypeError,
        "matrix: given torch.int8"),
    "a word twice": (
        lambda: WordVectors(["a", "b", "a"], torch.ones(3, 2)), ValueError,
        "tokens: given 'a' twi"),
    "pairs that have no vectors": (
        lambda: TINY.rank_correlation([("man", "pawn", 3.0)] * 9), ValueError,
        "pairs: given 0 whose words both have a vector, expected at least 4"),
    "pairs that are all alike": (
        lambda: TINY.rank_correlation([("man", "king", 3.0)] * 9), ValueError,
        "pairs: given 9 of the same score, expected different ones"),
    "analogies that have no vectors": (
        lambda: TINY.analogies([("man", "woman", "rook", "pawn")]), ValueError,
        "questions: given none whose wor"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    make, error, says = BAD[case]
    began = time.perf_counter()
    with pytest.raises(error, match=says):
        make()
    assert time.perf_counter() - began < 1


def test_a_word_with_a_line_break_cannot_be_stored(tmp_path):
    with pytest.raises(ValueError, match="tokens: given one with a line break"):
        WordVectors(["a\nb"], torch.ones(1, 2)).save(tmp_path / "v.safetensors")


def test_files_of_another_kind_are_named(tmp_path):
    (tmp_path / "text.safetensors").write_text("no vectors")
    with pytest.raises(ValueError, match=r"path: given '.*text\.safetensors', expected a file that WordVec"):
        WordVectors.load(tmp_path / "text.safetensors")
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"path: given '.*other\.safetensors', expected a file that WordVec"):
        WordVectors.load(tmp_path / "other.safetensors")
    with pytest.raises(FileNotFoundError):
        WordVectors.load(tmp_path / "none.safetensors")


def test_an_unknown_word_among_a_hundred_thousand_is_answered_within_a_second():
    names = [f"{a}{b}" for a in "abcdefghij" for b in range(10_000)]
    vectors = WordVectors(names, torch.ones(len(names), 1))
    began = time.perf_counter()
    with pytest.raises(KeyError, match="near spellings: 'a123"):
        vectors["a123x"]
    assert time.perf_counter() - began < 1
