"""Word2Vec: what a pair costs, that three forms of training do the same, what is said of bad input."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from firstgrad.data.texts import moby_dick
from firstgrad.models.word2vec import skip_gram as word2vec
from firstgrad.models.word2vec.blocks import gradients, neighbours, overlap_add
from firstgrad.models.word2vec.skip_gram import (
    Corpus,
    SkipGram,
    SkipGramConfig,
    held_out_loss,
    keep_chances,
    noise,
    pairs,
    sampling_loss,
    train,
)
from firstgrad.text.tokens import Lines, words
from firstgrad.text.vocabulary import Vocabulary
from firstgrad.training.device import DeviceUnavailableError

NUMBA = importlib.util.find_spec("numba") is not None
needs_numba = pytest.mark.skipif(not NUMBA, reason="numba is not installed")
FORMS = [pytest.param("numba", marks=needs_numba), "torch", "plain"]
LEARNING = [*FORMS[:2], pytest.param("plain", marks=pytest.mark.slow)]

SENTENCES = [["the", "whale", "swims"], ["the", "white", "whale"], [], ["call", "me", "the", "whale"]]
VOCABULARY = Vocabulary.of_words(SENTENCES)
CORPUS = Corpus(SENTENCES, VOCABULARY)
SMALL = SkipGramConfig(dimension=8)


# --- from text to pairs ---


def test_a_corpus_is_ids_and_where_sentences_start():
    assert CORPUS.ids.tolist() == VOCABULARY.encode([word for s in SENTENCES for word in s]).tolist()
    assert CORPUS.starts.tolist() == [0, 3, 6, 6, 10]
    assert [sentence.tolist() for sentence in CORPUS] == [CORPUS.ids[a:b].tolist() for a, b in
                                                         ((0, 3), (3, 6), (6, 6), (6, 10))]
    assert (len(CORPUS), CORPUS.words, CORPUS.ids.dtype) == (4, 10, np.int32)


def test_words_that_the_vocabulary_lacks_are_left_out_or_unknown():
    frequent = Vocabulary.of_words(SENTENCES, min_count=2)
    corpus = Corpus(SENTENCES, frequent)
    assert [[frequent.tokens[id] for id in s] for s in corpus] == [["the", "whale"], ["the", "whale"], [],
                                                                   ["the", "whale"]]
    assert corpus.words == 10
    assert len(Corpus(SENTENCES, Vocabulary.of_words(SENTENCES, min_count=2, unknown="?")).ids) == 10


def test_a_corpus_may_be_read_line_by_line(tmp_path):
    (tmp_path / "text.txt").write_text("\n".join(" ".join(s) for s in SENTENCES), "utf-8")
    lines = Lines(tmp_path / "text.txt")
    assert list(lines) == list(lines) == SENTENCES
    assert Corpus(lines, Vocabulary.of_words(lines)).ids.tolist() == CORPUS.ids.tolist()


def test_rare_words_are_always_read_and_frequent_ones_now_and_then():
    counts = [900, 90, 9, 1]
    assert keep_chances(counts, 0.1) == pytest.approx([(3 + 1) / 9, 1, 1, 1])  # √(0.9/0.1) = 3
    assert keep_chances(counts, 0).tolist() == [1, 1, 1, 1]


def test_negatives_come_in_proportion_to_the_counts_to_the_power():
    assert noise([16, 1], 0.75) == pytest.approx([8 / 9, 1 / 9])
    assert noise([16, 1], 0) == pytest.approx([1 / 2, 1 / 2])
    assert noise([3, 1], 1) == pytest.approx([3 / 4, 1 / 4])


def test_pairs_of_a_sentence():
    generator = np.random.default_rng(0)
    assert list(pairs([5, 6, 7], 1, generator)) == [(5, 6), (6, 5), (6, 7), (7, 6)]
    counted = {}
    for _ in range(3000):
        for word, other in pairs([0, 1, 2, 3], 3, generator):
            counted[word, other] = counted.get((word, other), 0) + 1
    shares = [counted[0, 1] / 3000, counted[0, 2] / 3000, counted[0, 3] / 3000]
    assert shares == pytest.approx([1, 2 / 3, 1 / 3], abs=0.03)  # the reach is drawn from 1…3
    assert all(word != other for word, other in counted)


# --- the loss ---


def test_the_loss_of_a_pair_by_hand():
    model = SkipGram(3, SkipGramConfig(dimension=2))
    with torch.no_grad():
        model.input.copy_(torch.tensor([[1.0, 0], [0, 1], [1, 1]]))
        model.output.copy_(torch.tensor([[2.0, 0], [0, 2], [-1, 1]]))
    scores = model(torch.tensor([0]), torch.tensor([[0, 2, 1]]))
    assert scores.tolist() == [[2, -1, 0]]
    by_hand = -np.log(1 / (1 + np.exp(-2))) - np.log(1 / (1 + np.exp(-1))) - np.log(1 / 2)
    assert sampling_loss(scores).item() == pytest.approx(by_hand)


def test_it_begins_with_scores_of_zero():
    model = SkipGram(50, SkipGramConfig(dimension=10), seed=3)
    assert model.input.abs().max() <= 1 / 20
    loss = sampling_loss(model(torch.arange(50), torch.randint(50, (50, 6))))
    assert loss.item() == pytest.approx(6 * np.log(2))
    assert torch.equal(model.input, SkipGram(50, SkipGramConfig(dimension=10), seed=3).input)


# --- three forms of one training: each step is the gradient of that loss ---


def tables(size=30, dimension=7, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(size, dimension, generator=generator, dtype=dtype) for _ in range(2)]


@needs_numba
@pytest.mark.parametrize("negatives", [1, 2, 3, 5, 8])
def test_a_step_of_the_compiled_loop_is_the_gradient(negatives):
    from firstgrad.models.word2vec import compiled as fast

    inputs, outputs = (0.5 * table for table in tables(dtype=torch.float32))  # the sigmoid's table ends at 6
    words = torch.tensor([4, 9, 2, 7], dtype=torch.int32)
    generator = torch.Generator().manual_seed(1)
    targets = torch.randint(30, (1 + negatives,), generator=generator, dtype=torch.int32)
    targets[-1] = targets[0]  # also where a word that was drawn is the neighbour itself
    model = SkipGram(30, SkipGramConfig(dimension=7, negatives=negatives)).double()
    model.input.data, model.output.data = inputs.double(), outputs.double()
    loss = sampling_loss(model(words.long(), targets.long().expand(4, -1))) * len(words)
    loss.backward()
    rate = 1e-3
    before = inputs.clone(), outputs.clone()
    rows = np.zeros(((negatives + 3) // 3 * 3, 7), np.float32)
    fast.centre(targets.numpy(), words.numpy(), inputs.numpy(), outputs.numpy(), fast.sigmoid_table(2**20),
                np.float32(rate), rows, rows.copy(), np.zeros(7, np.float32), 7 * (0,))
    for table, old, parameter in zip((inputs, outputs), before, model.parameters(), strict=True):
        assert (old - table).numpy() / rate == pytest.approx(parameter.grad.numpy(), abs=3e-4)
        assert torch.equal((old != table).any(1), (parameter.grad != 0).any(1))


def test_the_gradient_of_a_block_is_autograds():
    T, R, side, N, K = 24, 2, 4, 6, 5
    generator = torch.Generator().manual_seed(0)
    inputs, outputs = (table.requires_grad_() for table in tables())
    words = torch.randint(0, 30, (T + 2 * R,), generator=generator)
    drawn = torch.randint(0, 30, (N,), generator=generator)
    sentences = torch.tensor([0] * 5 + [1] * 9 + [2] * 10 + [3] * 2 + [-1] * 2)
    reach = torch.randint(1, R + 1, (T,), generator=generator)
    loss, count = 0, 0
    for i in range(R, T + R):  # pair by pair, as the loss is written
        for j in range(T + 2 * R):
            if i != j and abs(i - j) <= reach[i - R] and sentences[i] == sentences[j] >= 0:
                u = inputs[words[j]]
                false = F.logsigmoid(-outputs[drawn] @ u).sum() * K / N  # the mean over the drawn, K times
                loss, count = loss - F.logsigmoid(u @ outputs[words[i]]) - false, count + 1
    loss.backward()
    true = neighbours(sentences, reach, side).double()
    assert true.sum() == count
    weight = overlap_add(true.sum(1), R) * K / len(drawn)
    to_inputs, to_outputs, to_drawn = gradients(words, drawn, true, weight, inputs.detach(), outputs.detach())
    ours = torch.zeros_like(inputs).index_add_(0, words, to_inputs)
    torch.testing.assert_close(ours, inputs.grad, rtol=1e-12, atol=1e-12)
    ours = torch.zeros_like(outputs).index_add_(0, words[R:-R], to_outputs).index_add_(0, drawn, to_drawn)
    torch.testing.assert_close(ours, outputs.grad, rtol=1e-12, atol=1e-12)


def test_overlapping_rows_are_added_up():
    squares = torch.arange(1.0, 16).view(3, 5)  # three of five, each three further on: b = 3, R = 1
    assert overlap_add(squares, 1).tolist() == [1, 2, 3, 4 + 6, 5 + 7, 8, 9 + 11, 10 + 12, 13, 14, 15]
    blocks = torch.stack([squares, 2 * squares, squares.flip(0)], -1)  # several at once, side by side
    each = torch.stack([overlap_add(block, 1) for block in blocks.unbind(-1)], -1)
    assert torch.equal(overlap_add(blocks, 1), each)


@needs_numba
def test_the_table_of_aliases_draws_as_it_should():
    from firstgrad.models.word2vec.compiled import alias_table

    chances = noise([1000, 100, 30, 7, 1, 1, 1], 0.75)
    own, other = alias_table(chances.copy())
    own = own / 2**32
    drawn = own / len(chances)
    np.add.at(drawn, other, (1 - own) / len(chances))
    assert drawn == pytest.approx(chances, abs=1e-9)
    assert (alias_table(noise([5, 5, 5], 1))[0] >= 2**32 - 1).all()  # even chances: each place is its own


@pytest.fixture(scope="module")
def novel():
    """The beginning of Moby-Dick to train on, 26,000 words, and three chapters to judge by."""
    splits = [[words(p) for p in moby_dick(split).split("\n\n")] for split in ("train", "validation")]
    splits[0] = splits[0][:250]
    vocabulary = Vocabulary.of_words(splits[0], min_count=5)
    return [Corpus(sentences, vocabulary) for sentences in splits]


@pytest.fixture(scope="module")
def trained(novel):
    """Form -> vectors; each is trained once."""
    made, config = {}, SkipGramConfig(dimension=16)

    def vectors(form):
        if form not in made:
            made[form] = train(novel[0], config, epochs=5, rate=0.05, form=form)
        return made[form]

    return vectors


@pytest.mark.parametrize("form", LEARNING)
def test_every_form_learns_as_much(form, novel, trained):
    config = SkipGramConfig(dimension=16)
    read, held_out = (held_out_loss(trained(form), corpus, config) for corpus in novel)
    assert held_out == pytest.approx(2.65, abs=0.03)  # before, it is 6·ln 2 = 4.16
    assert abs(read - held_out) < 0.08


@pytest.mark.parametrize("form", FORMS)
def test_every_form_finds_what_goes_together(form):
    generator = np.random.default_rng(0)
    topics = [["sea", "ship", "sail", "whale", "boat"], ["bed", "room", "door", "house", "lamp"]]
    text = [generator.choice(topics[number % 2], 6).tolist() for number in range(400)]
    config = SkipGramConfig(dimension=6, window=3, negatives=3, sample=0)
    vectors = train(Corpus(text, Vocabulary.of_words(text)), config, epochs=4, form=form)
    for topic in topics:
        assert {word for word, _ in vectors.most_similar(topic[0], topn=4)} == set(topic[1:])
    assert vectors.matrix.shape == vectors.outputs.shape == (10, 6)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_seed_gives_the_same_vectors(form):
    first, again, other = (train(CORPUS, SMALL, epochs=2, form=form, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.matrix, again.matrix)
    assert torch.equal(first.outputs, again.outputs)
    assert not torch.equal(first.matrix, other.matrix)
    assert first.tokens == VOCABULARY.tokens


@pytest.mark.parametrize("form", [pytest.param("numba", marks=needs_numba), "torch"])
def test_two_threads_learn_as_much_as_one(form, novel):
    config, losses = SkipGramConfig(dimension=16), []
    before = torch.get_num_threads()
    for threads in (1, 2):
        vectors = train(novel[0], config, epochs=1, form=form, threads=threads)
        losses.append(held_out_loss(vectors, novel[1], config))
    assert losses[0] == pytest.approx(losses[1], abs=0.03)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("form", FORMS)
def test_the_smallest_corpus_and_settings(form):
    corpus = Corpus([["a", "b"]], Vocabulary.of_words([["a", "b"]]))
    vectors = train(corpus, SkipGramConfig(dimension=1, window=1, negatives=1), epochs=1, form=form)
    assert vectors.matrix.shape == (2, 1)
    train(corpus, SkipGramConfig(dimension=3, window=40, negatives=2), epochs=1, form=form, threads=2)


@pytest.mark.parametrize("form", FORMS)
def test_a_line_of_a_megabyte(form, tmp_path):
    (tmp_path / "line.txt").write_text("call me ishmael " * 2**16, "utf-8")
    lines = Lines(tmp_path / "line.txt")
    corpus = Corpus(lines, Vocabulary.of_words(lines))
    assert len(corpus) == 1
    assert len(corpus.ids) == 3 * 2**16
    if form != "plain":
        assert train(corpus, SMALL, epochs=1, form=form).matrix.isfinite().all()


@pytest.mark.cuda
def test_on_a_gpu_it_learns_as_much(novel):
    config = SkipGramConfig(dimension=16)
    losses = [held_out_loss(train(novel[0], config, epochs=1, form="torch", device=device), novel[1], config)
              for device in ("cpu", "cuda")]
    assert losses[0] == pytest.approx(losses[1], abs=0.03)


# --- which form is taken ---


def test_auto_takes_the_compiled_loop_where_there_is_numba(monkeypatch):
    taken = []
    monkeypatch.setattr(word2vec, "_plain", lambda *_, **__: taken.append("plain"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.warns(UserWarning, match="numba is not installed, so the slower form 'torch' is taken; pip "):
        train(CORPUS, SMALL, epochs=1)
    train(CORPUS, SMALL, epochs=1, form="plain")
    assert taken == ["plain"]


HOMELESS = """
import resource, sys, warnings
from firstgrad.models.word2vec import Corpus, SkipGramConfig, train
from firstgrad.text import Vocabulary
sentences = [["the", "whale", "swims"], ["the", "white", "whale"]]
corpus, config = Corpus(sentences, Vocabulary.of_words(sentences)), SkipGramConfig(dimension=8)
if "full" in sys.argv:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # an empty file can be made, as on a full disk
with warnings.catch_warnings(record=True) as said:
    for threads in (1, 2):
        vectors = train(corpus, config, form="numba", epochs=1, threads=threads)
print(len(vectors), *(warning.message for warning in said), sep="\\n")
"""


@needs_numba
@pytest.mark.slow
@pytest.mark.parametrize("disk", ["closed", "full"])
def test_numba_without_a_place_for_its_cache_says_so_and_compiles(tmp_path, disk):
    """numba/numba#4032. To a superuser no folder is closed; but below a file there can be none."""
    library = Path(word2vec.__file__).parents[2]
    shutil.copytree(library, tmp_path / "firstgrad", ignore=shutil.ignore_patterns("__pycache__", "static"))
    (tmp_path / "file").touch()
    (tmp_path / "firstgrad/models/word2vec/__pycache__").touch()
    home = str(tmp_path / "file/home" if disk == "closed" else tmp_path)
    environment = {**os.environ, "HOME": home, "XDG_CACHE_HOME": home, "NUMBA_CACHE_DIR": home,
                   "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", HOMELESS, disk], env=environment, capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("4\nword2vec: what numba compiles cannot be kept, so that each process take")
    assert run.stdout.count("NUMBA_CACHE_DIR to a folder that can be written to") == 1
    assert run.stdout.count("\n") == 2


def test_without_numba_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"form: given 'numba', which is not installed; pip install first"):
        train(CORPUS, SMALL, form="numba")


def test_importing_it_does_not_load_numba():
    code = "import sys, firstgrad.models.word2vec; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- bad input: what is wrong -> what is said, before the training starts ---

BAD = {
    "an empty corpus": (
        lambda: Corpus([], VOCABULARY), ValueError,
        "sentences: given 0, expected one at least with two words that the vocabulary knows"),
    "sentences without words": (
        lambda: Corpus([[], []], VOCABULARY), ValueError, "sentences: given 2, expected one at least"),
    "an empty corpus, already for its vocabulary": (
        lambda: Vocabulary.of_words([]), ValueError, "sentences: given an empty corpus"),
    "a vocabulary of one word": (
        lambda: Corpus([["the", "the"]], Vocabulary.of_words([["the", "the"]])), ValueError,
        "vocabulary: given only the word 'the', expected at least two"),
    "every word below min_count": (
        lambda: Vocabulary.of_words(SENTENCES, min_count=7), ValueError,
        "min_count: given 7, expected at most 3"),
    "no sentence of two words": (
        lambda: Corpus([["the"], ["whale"]], VOCABULARY), ValueError,
        "sentences: given 2, expected one at l"),
    "only words that the vocabulary lacks": (
        lambda: Corpus([["moby", "dick"]], VOCABULARY), ValueError,
        "sentences: given 1, expected one at leas"),
    "a string for a corpus": (
        lambda: Corpus("the whale", VOCABULARY), TypeError,
        "sentences: given str, expected lists of tokens"),
    "strings for sentences": (
        lambda: Corpus(["the whale", "swims"], VOCABULARY), TypeError,
        r"sentences\[0\]: given 'the whale', expected a list of tokens, such as words\(text\)"),
    "bytes for a corpus": (
        lambda: Corpus(b"the whale", VOCABULARY), TypeError,
        "sentences: given bytes, expected lists of tokens"),
    "bytes for sentences": (
        lambda: Corpus([b"the whale"], VOCABULARY), TypeError,
        r"sentences\[0\]: given the token 116, expected"),
    "bytes for tokens": (
        lambda: Corpus([[b"the", b"whale"]], VOCABULARY), TypeError,
        r"sentences\[0\]: given the token b'the'"),
    "numbers for tokens": (
        lambda: Corpus([["the", 3]], VOCABULARY), TypeError,
        r"sentences\[0\]: given the token 3, expected str"),
    "None among the tokens": (
        lambda: Corpus([["the", None]], VOCABULARY), TypeError,
        r"sentences\[0\]: given the token None, expec"),
    "a list for a vocabulary": (
        lambda: Corpus(SENTENCES, ["the", "whale"]), TypeError,
        "vocabulary: given list, expected a Vocabulary"),
    "sentences for a corpus": (
        lambda: train(SENTENCES), TypeError,
        r"corpus: given list, expected Corpus\(sentences, vocabulary\)"),
    "a window of 0": (
        lambda: SkipGramConfig(window=0), ValueError,
        "window: given 0, expected a whole number of at least 1"),
    "a window of one and a half": (
        lambda: SkipGramConfig(window=1.5), TypeError, "window: given 1.5, expected a whole number"),
    "no dimension": (
        lambda: SkipGramConfig(dimension=0), ValueError, "dimension: given 0, expected a whole number"),
    "no negatives": (
        lambda: SkipGramConfig(negatives=0), ValueError,
        "negatives: given 0, expected a whole number of at"),
    "fewer negatives than none": (
        lambda: SkipGramConfig(negatives=-5), ValueError,
        "negatives: given -5, expected a whole number of at"),
    "a sample below 0": (
        lambda: SkipGramConfig(sample=-1e-3), ValueError,
        "sample: given -0.001, expected a finite number at"),
    "a sample that is NaN": (
        lambda: SkipGramConfig(sample=float("nan")), ValueError,
        "sample: given nan, expected a finite number"),
    "a power above 1": (
        lambda: SkipGramConfig(power=3), ValueError,
        "power: given 3, expected a finite number at least 0 and"),
    "a rate of 0": (
        lambda: train(CORPUS, rate=0), ValueError,
        "rate: given 0, expected a finite number above 0"),
    "a rate below 0": (
        lambda: train(CORPUS, rate=-0.1), ValueError,
        "rate: given -0.1, expected a finite num"),
    "a rate that is NaN": (
        lambda: train(CORPUS, rate=float("nan")), ValueError,
        "rate: given nan, expected a finite number"),
    "a rate above 1": (
        lambda: train(CORPUS, rate=25), ValueError,
        "rate: given 25, expected .* at most 1"),
    "no epochs": (
        lambda: train(CORPUS, epochs=0), ValueError,
        "epochs: given 0, expected a whole number"),
    "no threads": (
        lambda: train(CORPUS, threads=0), ValueError,
        "threads: given 0, expected a whole number"),
    "a seed below 0": (
        lambda: train(CORPUS, seed=-1), ValueError,
        "seed: given -1, expected a whole number"),
    "a form that there is not": (
        lambda: train(CORPUS, form="cython"), ValueError,
        "form: given 'cython', expected one of 'auto', 'numba', 'torch', 'plain'"),
    "a device that there is not": (
        lambda: train(CORPUS, device="tpu"), ValueError,
        "device: given 'tpu'"),
    "a plain form on a GPU": (
        lambda: word2vec._form("plain", torch.device("cuda")), ValueError,
        "device: given 'cuda' for form='plain', expected 'cpu'; or take form='torch'"),
    "the loss of vectors of other words": (
        lambda: held_out_loss(train(CORPUS, SMALL, form="torch").most_frequent(3), CORPUS), ValueError,
        "vectors: given those of another vocabulary or without outputs"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    make, error, says = BAD[case]
    began = time.perf_counter()
    with pytest.raises(error, match=says):
        make()
    assert time.perf_counter() - began < 1


def test_text_in_another_encoding_is_named(tmp_path):
    (tmp_path / "latin.txt").write_bytes("plain\nun café noir\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt: given the byte 0xe9 in line 2, expected text in utf"):
        Vocabulary.of_words(Lines(tmp_path / "latin.txt"))
    assert list(Lines(tmp_path / "latin.txt", encoding="latin-1"))[1] == ["un", "café", "noir"]
    (tmp_path / "chinese.txt").write_bytes("床前 明月 光".encode("gb18030"))
    with pytest.raises(ValueError, match="given the byte 0xb4 in line 1, expected text in utf-8; name its"):
        list(Lines(tmp_path / "chinese.txt"))
    assert list(Lines(tmp_path / "chinese.txt", encoding="gb18030")) == [["床前", "明月", "光"]]
    with pytest.raises(FileNotFoundError):
        list(Lines(tmp_path / "none.txt"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_said():
    with pytest.raises(DeviceUnavailableError, match="device: given 'cuda', which this machine does not"):
        train(CORPUS, form="torch", device="cuda")


def test_vectors_that_blow_up_are_an_error_and_no_result():
    text = [["a", "b"] * 3000]
    corpus = Corpus(text, Vocabulary.of_words(text))
    config = SkipGramConfig(dimension=4, sample=0)
    with pytest.raises(FloatingPointError, match="rate: given 1, the vectors are no longer finite; take"):
        train(corpus, config, epochs=3, rate=1, form="torch")


@needs_numba
def test_a_table_that_holds_nan_does_not_read_beyond_the_sigmoid():
    from firstgrad.models.word2vec import compiled as fast

    inputs, outputs = (table.numpy() for table in tables(dtype=torch.float32))
    inputs[3], inputs[4], inputs[5] = np.nan, np.inf, 3e38
    rows = np.zeros((6, 7), np.float32)
    fast.centre(np.arange(6, dtype=np.int32), np.array([3, 4, 5], np.int32), inputs, outputs,
                fast.sigmoid_table(), np.float32(0.1), rows, rows.copy(), np.zeros(7, np.float32),
                7 * (0,))
    assert not np.isfinite(inputs[3]).any()
