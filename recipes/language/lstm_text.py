"""A novel, letter by letter, by an LSTM: sixty chapters of *Moby-Dick*, 80 different characters.

    python -m firstgrad train recipes/language/lstm_text.py

It reaches 2.42 bits a character on the validation chapters, in about a minute and a half on one core, and
then writes a few lines of its own. To guess the characters takes 4.39 bits by how often each comes, 3.49 by
the one before it.
"""

import math
from functools import partial

import torch
from torch.nn import functional as F

from firstgrad.data import moby_dick
from firstgrad.models.recurrent import LSTMConfig, LSTMLanguageModel
from firstgrad.optim import AdamW, cosine
from firstgrad.text import Vocabulary, windows
from firstgrad.training import Recipe


def recipe(epochs=6, batch_size=32, length=64, hidden=192, form="fast", learning_rate=5e-3):
    """One LSTM layer, AdamW, a short warm-up, a rate that falls along a cosine, clipped gradients.

    epochs: passes over the text.  batch_size: windows.  length: characters of a window.
    hidden: units of the layer.  form: "plain", "fast", or "torch", which on a GPU is the fastest.
    """
    texts = {split: moby_dick(split) for split in ("train", "validation", "test")}
    vocabulary = Vocabulary.of_characters("".join(texts.values()))  # all of them, so that none is unknown
    data = {split: windows(vocabulary.encode(text), length) for split, text in texts.items()}
    model = LSTMLanguageModel(LSTMConfig(len(vocabulary), 32, hidden, form=form))
    steps = epochs * -(-len(data["train"][0]) // batch_size)
    return Recipe(model, F.cross_entropy, AdamW(model.parameters(), learning_rate), **data,
                  batch_size=batch_size, epochs=epochs, schedule=cosine(steps, warmup_steps=steps // 20),
                  clip_norm=1.0, metrics={"bits": bits}, report=partial(sample, vocabulary))


def bits(logits, targets):
    """Bits a character: to guess right with chance 1/2 costs one bit. Shapes: (B, V, T), (B, T)."""
    return F.cross_entropy(logits, targets) / math.log(2)


def sample(vocabulary, model, start="Call me ", count=300):
    """What the model writes after `start`."""
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(0)
    tokens = vocabulary.encode(start)[None].to(device)  # (1, T)
    written = model.generate(tokens, count, temperature=0.7, generator=generator)  # (1, count)
    return start + vocabulary.decode(written[0].cpu())
