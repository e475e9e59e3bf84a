"""Reference models, one architecture a file: `from firstgrad.models.mlp import MLP, MLPConfig`."""

from firstgrad.lazy import modules

__all__ = ["mlp", "neural_ngram", "ngram", "recurrent", "word2vec"]

__getattr__ = modules(__name__, __all__)
