"""Reference models, one architecture a file: `from firstgrad.models.mlp import MLP, MLPConfig`."""
