"""Word2Vec in three forms: to be read, by blocks in torch, compiled by numba."""

from firstgrad.models.word2vec.skip_gram import (
    PLAIN_BATCH,
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

__all__ = ["PLAIN_BATCH", "Corpus", "SkipGram", "SkipGramConfig", "held_out_loss", "keep_chances", "noise",
           "pairs", "sampling_loss", "train"]
