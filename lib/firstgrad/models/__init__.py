"""Reference models, one architecture a file: `from firstgrad.models.mlp import MLP, MLPConfig`."""

from typing import TYPE_CHECKING

from firstgrad.lazy import modules

__all__ = ["mlp", "neural_ngram", "ngram", "recurrent", "word2vec"]

if TYPE_CHECKING:
    from firstgrad.models import mlp, neural_ngram, ngram, recurrent, word2vec
else:
    __getattr__ = modules(__name__, __all__)
