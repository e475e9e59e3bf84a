"""Text to numbers and back, windows of it, and what is said of text that cannot be used."""

import pytest
import torch

from firstgrad.data import moby_dick
from firstgrad.text import UnknownTokenError, Vocabulary, check_ids, windows, words

SENTENCES = [["the", "whale"], ["the", "white", "whale"], [], ["call", "me", "the", "whaler"]]


def test_words_and_punctuation():
    assert words("Who ain't a slave? Tell me that—now, 3 times.") == [
        "who", "ain't", "a", "slave", "?", "tell", "me", "that", "—", "now", ",", "3", "times", "."]
    assert words("  \n") == []


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
