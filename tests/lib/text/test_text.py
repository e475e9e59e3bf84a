"""Text to numbers and back, windows of it, and what is said of text that cannot be used."""

import itertools
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from firstgrad.data.texts import definitions, moby_dick, tang_quatrains
from firstgrad.models.recurrent.text_classifier import TextClassifier, TextClassifierConfig
from firstgrad.optim.rules import SGD
from firstgrad.text.batches import PADDING, UNKNOWN, ByLength, lengths, pad, windows
from firstgrad.text.tokens import Lines, UnknownTokenError, check_ids, words
from firstgrad.text.vectors import read_pairs, read_questions
from firstgrad.text.vocabulary import Tokenizer, Vocabulary
from firstgrad.training import Trainer

SENTENCES = [["the", "whale"], ["the", "white", "whale"], [], ["call", "me", "the", "whaler"]]


def test_words_and_punctuation():
    assert words("Who ain't a slave? Tell me that—now, 3 times.") == [
        "who", "ain't", "a", "slave", "?", "tell", "me", "that", "—", "now", ",", "3", "times", "."]
    assert words("  \n") == []


@pytest.mark.parametrize(("text", "expected"), [
    ("हिन्दी भाषा सुंदर।", ["हिन्दी", "भाषा", "सुंदर", "।"]),
    ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
    ("ภาษาไทย สวัสดี", ["ภาษาไทย", "สวัสดี"]),
    ("שָׁלוֹם, مُحَمَّد", ["שָׁלוֹם", ",", "مُحَمَّد"]),
    ("Cafe\u0301 caf\u00e9", ["caf\u00e9", "caf\u00e9"]),  # one spelling of two that look the same
    ("l’e\u0301te\u0301", ["l’\u00e9t\u00e9"]),
    ("x\u0307\u0323 x\u0323\u0307", 2 * ["\u1e8b\u0323"]),  # of several marks, too
    ("İstanbul", ["i\u0307stanbul"]),  # lower-case it has a mark
    ("می\u200cخواهم क्\u200dष", ["می\u200cخواهم", "क्\u200dष"]),  # joiners and non-joiners
    ("co\u00adop", ["co\u00adop"]),
    ("👩\u200d👧👍🏽❤\ufe0f🇫🇷🇩🇪", ["👩\u200d👧", "👍🏽", "❤\ufe0f", "🇫🇷", "🇩🇪"]),
    ("\u0301a", ["\u0301", "a"]),  # a mark of nothing
    ("\ufeffThe end", ["the", "end"]),
    ("床前，明月光", ["床前", "，", "明月光"]),
])
def test_marks_are_parts_of_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_books_own_texts_have_no_marks_to_keep_together(split):
    for text in (moby_dick(split), tang_quatrains(split), "\n".join(definitions(split)[0])):
        assert words(text) == re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower())


# --- files ---

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_of_a_file_with_and_without_a_byte_order_mark(tmp_path, encoding, mark):
    mark = mark * (encoding in ("utf-8", "utf-16-le", "gb18030"))  # the others write it themselves
    (tmp_path / "text.txt").write_bytes((mark + "床前 明月\r\n\nਊ 光").encode(encoding))  # ਊ has a byte 10
    lines = Lines(tmp_path / "text.txt", encoding=encoding)
    assert list(lines) == list(lines) == [["床前", "明月"], [], ["ਊ", "光"]]


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
                                                ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32")])
@pytest.mark.parametrize("taken_for", ["utf-8", "latin-1"])
def test_a_file_in_utf_16_is_said_to_be_one(tmp_path, encoding, name, taken_for):
    (tmp_path / "text.txt").write_text("the whale\n", encoding)
    with pytest.raises(ValueError, match=rf"text\.txt: given text in {name}, as its first bytes say, exp"
                                         rf"ected {taken_for}; name it, encoding='{name}'$"):
        list(Lines(tmp_path / "text.txt", encoding=taken_for))
    assert list(Lines(tmp_path / "text.txt", encoding=name)) == [["the", "whale"]]


def test_a_file_that_is_not_in_utf_16_is_named(tmp_path):
    (tmp_path / "text.txt").write_bytes(b"the whale\n")
    with pytest.raises(ValueError, match=r"text\.txt: given .* after line 0, expected text in utf-16$"):
        list(Lines(tmp_path / "text.txt", encoding="utf-16"))


def test_pairs_and_questions_have_no_byte_order_mark(tmp_path):
    (tmp_path / "pairs.txt").write_text("Cat\tdog\t7.5\n# a comment\n", "utf-8-sig")
    assert read_pairs(tmp_path / "pairs.txt") == [("cat", "dog", 7.5)]
    (tmp_path / "questions.txt").write_text(": capitals\nAthens Greece Rome Italy\n", "utf-8-sig")
    assert read_questions(tmp_path / "questions.txt") == [("athens", "greece", "rome", "italy")]


# --- vocabularies ---

def test_characters_the_most_frequent_first_then_by_spelling():
    vocabulary = Vocabulary.of_characters("banana, bandana")
    assert vocabulary.tokens == ("a", "n", "b", " ", ",", "d")
    assert vocabulary.counts == (6, 4, 2, 1, 1, 1)
    assert len(vocabulary) == 6
    assert "d" in vocabulary
    assert "z" not in vocabulary


def test_words_by_count():
    vocabulary = Vocabulary.of_words(SENTENCES, min_count=2)
    assert dict(zip(vocabulary.tokens, vocabulary.counts, strict=True)) == {"the": 3, "whale": 2}
    assert vocabulary.tokens[0] == "the"


def test_sentences_may_come_one_by_one():
    vocabulary = Vocabulary.of_words(sentence for sentence in SENTENCES)
    assert vocabulary.tokens == Vocabulary.of_words(SENTENCES).tokens


def test_a_token_for_the_unknown_counts_what_is_rare():
    vocabulary = Vocabulary.of_words(SENTENCES, min_count=2, unknown="<unk>")
    assert dict(zip(vocabulary.tokens, vocabulary.counts, strict=True)) == {"<unk>": 4, "the": 3, "whale": 2}
    assert vocabulary.decode(vocabulary.encode(["the", "pequod"])) == "the <unk>"
    assert Vocabulary.of_words([["<unk>", "the", "<unk>"]], unknown="<unk>").counts == (2, 1)
    assert "<unk>" in Vocabulary.of_words(SENTENCES, unknown="<unk>")  # also where nothing was rare


def test_there_and_back_again():
    text = "Call me Ishmael. Ψ—\n"
    vocabulary = Vocabulary.of_characters(text)
    ids = vocabulary.encode(text)
    assert ids.dtype == torch.int64
    assert ids.shape == (len(text),)
    assert vocabulary.decode(ids) == text
    assert vocabulary.decode(ids.tolist()) == text
    assert vocabulary.decode([]) == ""
    vocabulary = Vocabulary.of_words(SENTENCES)
    assert vocabulary.decode(vocabulary.encode(["me", "the", "whale"])) == "me the whale"


def test_windows_show_each_place_what_comes_next():
    x, y = windows(torch.arange(11), 3)
    assert x.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert torch.equal(y, x + 1)
    x, y = windows(torch.arange(6), 3, stride=1)
    assert x.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert torch.equal(y, x + 1)


def test_windows_of_exactly_one_window_and_without_copies():
    ids = torch.arange(4)
    x, y = windows(ids, 3)
    assert (x.tolist(), y.tolist()) == ([[0, 1, 2]], [[1, 2, 3]])
    assert x.data_ptr() == ids.data_ptr()


def test_the_validation_text_has_no_character_that_training_lacks():
    vocabulary = Vocabulary.of_characters(moby_dick("train"))
    assert set(moby_dick("validation")) <= set(vocabulary.tokens)
    assert set(moby_dick("test")) <= set(vocabulary.tokens)
    assert vocabulary.tokens[:3] == (" ", "e", "t")


VOCABULARY = Vocabulary.of_words(SENTENCES)
LETTERS = Vocabulary.of_characters("whale")


@pytest.mark.parametrize(("make", "error", "says"), [
    # an empty corpus
    (lambda: Vocabulary.of_characters(""), ValueError, "text: given an empty string"),
    (lambda: Vocabulary.of_words([]), ValueError, "sentences: given an empty corpus"),
    (lambda: Vocabulary.of_words([[], []]), ValueError, "sentences: given an empty corpus"),
    # every word below min_count
    (lambda: Vocabulary.of_words(SENTENCES, min_count=9), ValueError,
     "min_count: given 9, expected at most 3, since no token comes more often"),
    (lambda: Vocabulary.of_words(SENTENCES, min_count=0), ValueError, "min_count: given 0, expected a whole"),
    # strings where lists of tokens belong
    (lambda: Vocabulary.of_words("the whale"), TypeError, "sentences: given a string, expected lists of tok"),
    (lambda: Vocabulary.of_words(["the whale", "me"]), TypeError,
     r"sentences\[0\]: given 'the whale', expected a list of tokens"),
    (lambda: Vocabulary.of_words([["a"], 7]), TypeError, r"sentences\[1\]: given 7, expected a list of tok"),
    (lambda: VOCABULARY.encode("whale"), TypeError, "tokens: given a string, expected a list of tokens"),
    # tokens that are no strings
    (lambda: Vocabulary.of_words([["a"], ["b", 3]]), TypeError, r"sentences\[1\]: given the token 3, expe"),
    (lambda: Vocabulary.of_words([["a", None]]), TypeError, r"sentences\[0\]: given the token None"),
    (lambda: VOCABULARY.encode(["the", 5]), TypeError, "token: given 5, expected a string"),
    (lambda: Vocabulary.of_characters(["a", "b"]), TypeError, "text: given list, expected a string"),
    # an unknown word
    (lambda: VOCABULARY.encode(["the", "whales"]), KeyError,
     "^token: given 'whales', expected one of the vocabulary's 6; near spellings: 'whale', 'whaler'$"),
    (lambda: VOCABULARY.id("zzz"), UnknownTokenError, "'zzz', expected one of the vocabulary's 6$"),
    (lambda: LETTERS.encode("what"), KeyError, "token: given 't', expected one of the vocabulary's 5$"),
    # an id that the vocabulary does not have
    (lambda: LETTERS.decode([4, 5]), ValueError, "ids: given id 5, expected 0…4, since the vocabulary has 5"),
    (lambda: LETTERS.decode([-1]), ValueError, "ids: given id -1, expected 0…4"),
    (lambda: LETTERS.decode([0.5]), TypeError, "ids: given torch.float32, expected torch.int64"),
    (lambda: LETTERS.decode(torch.zeros(2, 2, dtype=torch.int64)), ValueError, r"ids: given shape \(2, 2\)"),
    (lambda: check_ids("x", torch.tensor([[0, 9]]), 9), ValueError, "x: given id 9, expected 0…8"),
    # windows
    (lambda: windows(torch.arange(9), 0), ValueError, "length: given 0, expected a whole number"),
    (lambda: windows(torch.arange(9), 2, 0), ValueError, "stride: given 0, expected a whole number"),
    (lambda: windows(torch.arange(5), 5), ValueError, r"ids: given shape \(5,\), expected \(N,\) with N"),
    (lambda: windows(torch.zeros(0, dtype=torch.int64), 5), ValueError, r"ids: given shape \(0,\)"),
    (lambda: windows(torch.zeros(2, 9, dtype=torch.int64), 5), ValueError, r"ids: given shape \(2, 9\)"),
    (lambda: windows(torch.rand(9), 5), TypeError, "ids: given torch.float32, expected an int64 tensor"),
    (lambda: windows("whale", 5), TypeError, "ids: given str, expected an int64 tensor"),
])
def test_bad_text_is_named(make, error, says):
    with pytest.raises(error, match=says):
        make()


# --- texts of different lengths as one tensor ---

TEXTS = ["The whale, the whale!", "call me whale"]


def test_a_tokenizer_keeps_the_most_frequent_and_two_ids_of_its_own():
    tokenizer = Tokenizer.fit(TEXTS, 6)
    assert tokenizer.tokens == ("<pad>", "<unk>", "whale", "the", "!", ",")  # by number, then by spelling
    assert tokenizer.counts == (0, 2, 3, 2, 1, 1)  # call, me
    assert len(tokenizer) == 6
    assert "whale" in tokenizer
    assert "call" not in tokenizer
    assert "<unk>" not in tokenizer
    assert len(Tokenizer.fit(TEXTS)) == 8  # there are no 10,000


def test_a_reserved_word_in_a_text_has_one_id():
    tokenizer = Tokenizer.fit(["<unk> whale <unk> <pad>", "whale whale sea"], 4, split=str.split)
    assert tokenizer.tokens == ("<pad>", "<unk>", "whale", "sea")
    assert tokenizer.counts == (1, 2, 3, 1)
    assert tokenizer.encode("<unk> <pad> whale").tolist() == [UNKNOWN, PADDING, 2]
    assert Tokenizer.fit(["<unk> whale sea sky"], 3, split=str.split).counts == (0, 3, 1)
    assert "<pad>" not in tokenizer
    with pytest.raises(ValueError, match=r"texts\[0\]: given no token"):
        tokenizer.batch(["<pad> <pad>"])


def test_a_vocabularys_word_for_the_unknown_has_one_id():
    sentences = [["<unk>", "a", "a"], ["a", "<unk>"]]
    for least in (1, 2, 3):
        vocabulary = Vocabulary.of_words(sentences, min_count=least, unknown="<unk>")
        assert sorted(zip(vocabulary.tokens, vocabulary.counts, strict=True)) == [("<unk>", 2), ("a", 3)]
        assert vocabulary.encode(["<unk>", "b"]).tolist() == 2 * [vocabulary.id("<unk>")]


def test_what_it_was_not_fitted_on_is_unknown():
    """E21: a word that only the test texts have must not get an id."""
    tokenizer = Tokenizer.fit(TEXTS)
    assert tokenizer.encode("Call me Ishmael").tolist()[-1] == UNKNOWN
    assert tokenizer.decode(tokenizer.encode("Call me Ishmael")) == "call me <unk>"
    assert "Ishmael" not in tokenizer


def test_texts_become_rows_that_are_padded_or_cut():
    tokenizer = Tokenizer.fit(TEXTS)
    whale, the = (tokenizer.encode(word).item() for word in ("whale", "the"))
    batch = tokenizer.batch(["the whale", "the the the whale"], 3)
    assert batch.dtype == torch.int64
    assert batch.tolist() == [[the, whale, PADDING], [the, the, the]]
    batch = tokenizer.batch(["the whale", "the the the whale"], 3, padding="pre", truncation="pre")
    assert batch.tolist() == [[PADDING, the, whale], [the, the, whale]]
    assert tokenizer.decode(batch[0]) == "the whale"
    assert lengths(batch).tolist() == [2, 3]


def test_chinese_by_its_characters():
    tokenizer = Tokenizer.fit(["春眠不觉晓", "处处闻啼鸟"], split=list)
    assert tokenizer.tokens[2] == "处"
    assert tokenizer.decode(tokenizer.encode("闻鸟")) == "闻 鸟"


def test_padding_of_ids_that_are_there_already():
    assert pad([[1], torch.tensor([2, 3])], 2).tolist() == [[1, 0], [2, 3]]
    assert pad([], 2).shape == (0, 2)
    assert pad([[]], 2).tolist() == [[0, 0]]


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(rows=st.lists(st.lists(st.integers(1, 9), max_size=12), min_size=1, max_size=5),
       length=st.integers(1, 9), padding=st.sampled_from(["pre", "post"]),
       truncation=st.sampled_from(["pre", "post"]))
def test_a_row_holds_the_beginning_or_the_end_of_its_sequence(rows, length, padding, truncation):
    batch = pad(rows, length, padding=padding, truncation=truncation)
    assert batch.shape == (len(rows), length)
    for ids, row in zip(rows, batch.tolist(), strict=True):
        kept = ids[:length] if truncation == "post" else ids[max(0, len(ids) - length):]
        empty = [PADDING] * (length - len(kept))
        assert row == (empty + kept if padding == "pre" else kept + empty)


def test_batches_by_length_hold_each_row_once_and_waste_little():
    count = torch.randint(1, 101, (1000,), generator=torch.Generator().manual_seed(0))
    sampler = ByLength(count, 32, seed=1)
    batches, again = list(sampler), list(sampler)
    assert len(batches) == len(sampler) == 32
    assert sorted(itertools.chain(*batches)) == list(range(1000))
    assert batches != again  # another order in each epoch
    assert batches == list(ByLength(count, 32, seed=1))  # the same for a seed
    steps = sum(int(count[rows].max()) * len(rows) for rows in batches)
    assert count.sum() <= steps < 1.2 * count.sum()  # at random it is about twice as much
    assert [count[rows].max() for rows in batches] != sorted(count[rows].max() for rows in batches)


def test_a_trainer_takes_batches_by_length():
    tokens = pad([[1] * n for n in range(1, 21)], 20)
    loader = DataLoader(TensorDataset(tokens, torch.arange(20) % 2),
                        batch_sampler=ByLength(lengths(tokens), 4, seed=1))
    model = TextClassifier(TextClassifierConfig(3, 2, 4, 4))
    trainer = Trainer(model, F.cross_entropy, SGD(model.parameters(), 0.1), device="cpu")
    assert trainer.fit(loader, epochs=2).rows == 40


def test_a_line_of_a_megabyte_is_read():
    line = "Who ain't a slave? " * 56_000
    assert len(line) > 2**20
    tokenizer = Tokenizer.fit([line])
    assert tokenizer.counts[2:] == 5 * (56_000,)
    assert lengths(tokenizer.batch([line], 100)).tolist() == [100]


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: Tokenizer.fit([]), ValueError, "texts: given an empty corpus, expected at least one token"),
    (lambda: Tokenizer.fit(["", " "]), ValueError, "texts: given an empty corpus"),
    (lambda: Tokenizer.fit("the whale"), TypeError, "texts: given str, expected a list of strings"),
    (lambda: Tokenizer.fit(["a", "大".encode("gb18030")]), TypeError,
     r"texts\[1\]: given bytes, expected a string; decode them first, as text.decode\('utf-8'\)"),
    (lambda: Tokenizer.fit([["the", "whale"]]), TypeError, r"texts\[0\]: given list, expected a string$"),
    (lambda: Tokenizer.fit(["a"], 2), ValueError, "size: given 2, expected a whole number of at least 3"),
    (lambda: Tokenizer.fit(["a"], split=str.lower), TypeError, r"split\(texts\[0\]\): given 'a', expected a"),
    (lambda: Tokenizer.fit(TEXTS).encode(b"the"), TypeError, "text: given bytes, expected a string"),
    (lambda: Tokenizer.fit(TEXTS).batch(["the", ""]), ValueError, r"texts\[1\]: given no token, expected at"),
    (lambda: Tokenizer.fit(TEXTS).batch("the"), TypeError, "texts: given str, expected a list of strings"),
    (lambda: Tokenizer.fit(TEXTS).batch(TEXTS, 0), ValueError, "length: given 0, expected a whole number"),
    (lambda: Tokenizer.fit(TEXTS).batch(TEXTS, 5, padding="left"), ValueError, "padding: given 'left'"),
    (lambda: ByLength(torch.ones(3), 0), ValueError, "batch_size: given 0, expected a whole number"),
    (lambda: pad([[1]], 5, truncation="left"), ValueError, "truncation: given 'left', expected one of 'pre'"),
    (lambda: pad([[1.5]], 5), TypeError, r"sequences\[0\]: given torch.float32 of shape \(1,\), expected"),
    (lambda: Tokenizer.fit(TEXTS).decode([8]), ValueError, "ids: given id 8, expected 0…7"),
    (lambda: Tokenizer.fit(TEXTS).decode([[1]]), ValueError, r"ids: given shape \(1, 1\), expected \(n,\)"),
])
def test_texts_that_make_no_batch_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
