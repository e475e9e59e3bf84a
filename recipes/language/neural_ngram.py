"""A neural n-gram reads *Moby-Dick*; the page runs it beside two texts that are models by themselves.

    python tools/recordings.py all neural_ngram  trains; writes the recording and data/models/neural_ngram
    python recipes/language/neural_ngram.py      writes the two texts: moby_dick_text, tang_quatrains

The text of a counting model is all that it is: the page unpacks it and counts. It lies in the file as gzip
made it, since every browser can read that.
"""

import gzip
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional as F
from torch.utils.data import DataLoader, Sampler, TensorDataset

from firstgrad.data import moby_dick, tang_quatrains
from firstgrad.models.neural_ngram import NeuralNGram, NeuralNGramConfig, contexts
from firstgrad.optim import AdamW, cosine
from firstgrad.text import Vocabulary
from firstgrad.training import Progress, Trainer

NAME = "neural_ngram"
TOLERANCE = 1e-2
SPLITS = ("train", "validation", "test")
SETTINGS = {"order": 8, "embedding": 20, "hidden": 240, "batch_size": 256, "epochs": 8, "learning_rate": 4e-3,
            "weight_decay": 0.01, "seed": 0}
FIRST = 40  # steps that a check trains again
EVERY = 100  # training losses are means over so many steps
MODELS = Path(__file__).resolve().parents[2] / "data/models"
TEXTS = {"moby_dick_text": moby_dick, "tang_quatrains": tang_quatrains}


def begin(size, settings):
    torch.manual_seed(settings["seed"])
    return NeuralNGram(NeuralNGramConfig(size, settings["order"], settings["embedding"], settings["hidden"]))


class Shuffled(Sampler):
    """Rows of each batch, in a new order every epoch; the last, shorter batch is left out."""

    def __init__(self, rows, size, seed):
        self.rows, self.size, self.generator = rows, size, torch.Generator().manual_seed(seed)

    def __len__(self):
        return self.rows // self.size

    def __iter__(self):
        return iter(torch.randperm(self.rows, generator=self.generator).split(self.size)[:len(self)])


@torch.no_grad()
def bits(model, x, y, rows=8192):
    """Bits a character over all contexts and the characters that follow them."""
    parts = zip(x.split(rows), y.split(rows), strict=True)
    return sum(F.cross_entropy(model(a), b, reduction="sum").item() for a, b in parts) / len(y) / math.log(2)


def train(settings, steps=None):
    """The trained model, its vocabulary, the loss in bits of every step, and bits after every epoch."""
    vocabulary = Vocabulary.of_characters(moby_dick("train"))
    parts = {split: contexts(vocabulary.encode(moby_dick(split)), settings["order"]) for split in SPLITS}
    x, y = parts["train"]
    order = Shuffled(len(y), settings["batch_size"], settings["seed"])
    batches = DataLoader(TensorDataset(x, y), batch_size=None, sampler=order)
    model, total = begin(len(vocabulary), settings), settings["epochs"] * len(order)
    optimizer = AdamW(model.parameters(), settings["learning_rate"], weight_decay=settings["weight_decay"])
    trainer = Trainer(model, F.cross_entropy, optimizer, schedule=cosine(total, warmup_steps=total // 20),
                      device="cpu", precision="fp32", callbacks=[] if steps else [Progress()])
    history = trainer.fit(batches, parts["validation"], epochs=settings["epochs"], steps=steps,
                          validation_batch_size=8192)
    losses = [loss / math.log(2) for loss in history.train_loss]
    curve = [{"epoch": seen["epoch"], "train": float(np.mean(losses[:seen["step"]][-len(order):])),
              "validation": seen["loss"] / math.log(2)}
             for seen in history.validation if seen["step"] % len(order) == 0]
    return model, vocabulary, losses, curve, parts


def save(model, vocabulary):
    """Weights as 16-bit floats, and the characters of the vocabulary as one string."""
    arrays = {name: tensor.numpy().astype(np.float16) for name, tensor in model.state_dict().items()}
    for name, array in arrays.items():
        model.state_dict()[name].copy_(torch.from_numpy(array.astype(np.float32)))  # as the page will have it
    MODELS.mkdir(exist_ok=True)
    save_file(arrays, MODELS / f"{NAME}.safetensors", {"characters": "".join(vocabulary.tokens)})


def save_texts():
    MODELS.mkdir(exist_ok=True)
    for name, text in TEXTS.items():
        packed = np.frombuffer(gzip.compress(text("train").encode(), 9, mtime=0), np.uint8)
        save_file({"gzip": packed}, MODELS / f"{name}.safetensors")


def run(steps=None):
    model, vocabulary, losses, curve, parts = train(SETTINGS, steps)
    if not steps:
        save(model, vocabulary)
    means = [float(np.mean(losses[i:i + EVERY])) for i in range(0, len(losses), EVERY)]
    return {"settings": SETTINGS, "parameters": model.parameter_count, "first": losses[:FIRST],
            "losses": means, "curve": curve, "bits": {split: bits(model, *parts[split]) for split in SPLITS}}


def first_steps(recording):
    return train(recording["settings"], FIRST)[2], recording["first"]


if __name__ == "__main__":
    save_texts()
