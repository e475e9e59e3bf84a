"""From text to numbers and back: tokens, vocabularies, batches, word vectors, drawing the next token."""

from firstgrad.text.batches import PADDING, UNKNOWN, ByLength, lengths, pad, windows
from firstgrad.text.sampling import chances, pick, sample, temper, top_k, top_p
from firstgrad.text.tokens import Lines, UnknownTokenError, words
from firstgrad.text.vectors import WordVectors, interval, read_pairs, read_questions, spearman
from firstgrad.text.vocabulary import Tokenizer, Vocabulary

__all__ = ["PADDING", "UNKNOWN", "ByLength", "Lines", "Tokenizer", "UnknownTokenError", "Vocabulary",
           "WordVectors", "chances", "interval", "lengths", "pad", "pick", "read_pairs", "read_questions",
           "sample", "spearman", "temper", "top_k", "top_p", "windows", "words"]
