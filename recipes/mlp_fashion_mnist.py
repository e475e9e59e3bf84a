"""Clothes by a multilayer perceptron: Fashion-MNIST, 14×14 grey pixels, ten classes.

    python -m firstgrad train recipes/mlp_fashion_mnist.py
"""

from torch.nn import functional as F

from firstgrad.data import fashion_mnist
from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.optim import AdamW
from firstgrad.recipe import Recipe
from firstgrad.schedules import cosine


def recipe(epochs=20, batch_size=100, hidden=256, learning_rate=2e-3, weight_decay=0.1):
    """One hidden layer, AdamW, a rate that falls along a cosine.

    epochs: passes over the 8,000 images.  hidden: units; 0 for none, which is logistic regression.
    """
    train, validation, test = (fashion_mnist(split) for split in ("train", "validation", "test"))
    sizes = (196, hidden, 10) if hidden else (196, 10)
    model = MLP(MLPConfig(sizes))
    optimizer = AdamW(model.parameters(), learning_rate, weight_decay=weight_decay)
    steps = epochs * -(-len(train[0]) // batch_size)  # the last batch of an epoch may be short
    return Recipe(model, F.cross_entropy, optimizer, train, validation, test, batch_size=batch_size,
                  epochs=epochs, schedule=cosine(steps))
