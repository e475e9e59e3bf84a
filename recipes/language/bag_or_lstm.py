"""Texts by their words, or by their order too: three ways to tell kinds of texts apart, tuned alike.

Logistic regression on TF-IDF, the mean of learnt vectors, and the same with an LSTM before the mean. On each
data set each gets as many trials, networks as many epochs, and the trial and the epoch with the highest
validation accuracy are taken. What was chosen is then trained with three other seeds and tested. On the
definitions GRU and plain RNN are tuned in the same way; and with padding behind that is read as words, the
gates are opened, to see whether that was the trouble (E22).
"""

import multiprocessing
import random
import sys
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional as F

from firstgrad.models.recurrent import TextClassifier, TextClassifierConfig
from firstgrad.text import PADDING, Tokenizer, lengths, words
from firstgrad.training import EarlyStopping, Trainer

sys.path.insert(0, str(Path(__file__).resolve().parent))
import text_classifier as source

NAME = "bag_or_lstm"
TOLERANCE = 1e-3
SEEDS = (1, 2, 3)  # of what is tested; the search has seed 0
EPOCHS = 6
TRIALS = 12
SETTINGS = {"vocabulary": 10_000, "length": 100, "embedding": 64, "hidden": 128, "batch_size": 32,
            "clip_norm": 1.0}
NETWORK = {"rate": (1e-3, 3e-3, 1e-2, 3e-2), "dropout": (0.0, 0.3, 0.5)}
RECURRENT = {**NETWORK, "pooling": ("last", "mean", "max")}
SPACE = {
    "logistic": {"C": (0.3, 1, 3, 10, 30, 100), "sublinear": (False, True)},
    "bag": NETWORK, "lstm": {**RECURRENT, "forget_bias": (0.0, 1.0)}, "gru": RECURRENT, "rnn": RECURRENT,
}
SETS = {"definitions": source.kinds, "films": source.films, "reuters": source.reuters}
FIRST = 10  # steps that every check runs again
LANES = 3  # processes; how many does not change the numbers


def trials(side):
    """All settings, where there are few; else each value as often as any other, combined by lot."""
    space = SPACE[side]
    everything = [dict(zip(space, values, strict=True)) for values in product(*space.values())]
    if len(everything) <= TRIALS:
        return everything
    lot, columns = random.Random(0), []
    for values in space.values():
        column = [values[k % len(values)] for k in range(TRIALS)]
        lot.shuffle(column)
        columns.append(column)
    return [dict(zip(space, row, strict=True)) for row in zip(*columns, strict=True)]


# --- the networks ---


def last(seen, real):
    return seen[torch.arange(len(seen)), real.sum(1) - 1]


def mean(seen, real):
    return (seen * real[:, :, None]).sum(1) / real.sum(1, keepdim=True)


def highest(seen, real):
    return seen.masked_fill(~real[:, :, None], -torch.inf).amax(1)


POOLS = {"last": last, "mean": mean, "max": highest}


class Reader(nn.Module):
    """Embedding, maybe a recurrent layer, one vector for the text, scores of the classes; padding is behind.

    Shapes: tokens (B, T) int64.  Returns: logits (B, C).
    """

    def __init__(self, size, classes, side, *, dropout, pooling="mean", forget_bias=0.0):
        super().__init__()
        width = SETTINGS["embedding"] if side == "bag" else SETTINGS["hidden"]
        self.embedding = nn.Embedding(size, SETTINGS["embedding"])
        self.layer = None if side == "bag" else getattr(nn, side.upper())(
            SETTINGS["embedding"], width, batch_first=True)
        self.dropout, self.head, self.pool = nn.Dropout(dropout), nn.Linear(width, classes), POOLS[pooling]
        if forget_bias:
            with torch.no_grad():  # torch's second block is f
                self.layer.bias_ih_l0[width:2 * width] += forget_bias

    def forward(self, tokens):
        tokens = tokens[:, :int(lengths(tokens).max())]
        seen = self.dropout(self.embedding(tokens))  # (B, T, E)
        if self.layer is not None:
            seen = self.layer(seen)[0]  # (B, T, H)
        return self.head(self.dropout(self.pool(seen, tokens != PADDING)))


def trainer_of(one, side, seed, *, rate, **settings):
    torch.manual_seed(seed)
    model = Reader(one["size"], len(one["classes"]), side, **settings)
    optimizer = torch.optim.Adam(model.parameters(), rate, fused=True)
    return Trainer(model, F.cross_entropy, optimizer, device="cpu", seed=seed,
                   clip_norm=SETTINGS["clip_norm"])


def trained(one, side, seed, steps=None, **settings):
    """The trainer, with the weights of the epoch that was best on validation; the accuracy there by epoch."""
    trainer = trainer_of(one, side, seed, **settings)
    best = EarlyStopping(EPOCHS, "accuracy", restore_best=True)
    history = trainer.fit(source.shuffled(one["rows"]["train"], seed), one["rows"]["validation"],
                          epochs=EPOCHS, steps=steps, early_stopping=best)
    return trainer, [entry["accuracy"] for entry in history.validation]


def network(one, side, steps=None):
    """Tunes one side; trains what was chosen with the other seeds, and tests it."""
    found = []
    for settings in trials(side):
        curve = trained(one, side, 0, steps, **settings)[1]
        found.append({**settings, "validation": max(curve), "epoch": 1 + int(np.argmax(curve))})
        print(one["name"], side, found[-1], flush=True)
    chosen = max(found, key=lambda trial: trial["validation"])
    settings = {name: chosen[name] for name in SPACE[side]}
    x, y = one["rows"]["test"]
    curves, chances = [], []
    for seed in SEEDS:
        trainer, curve = trained(one, side, seed, steps, **settings)
        curves.append(curve)
        chances.append(trainer.predict(x).double().softmax(1).numpy())
        right = float((chances[-1].argmax(1) == y.numpy()).mean())
        print(one["name"], side, seed, max(curve), right, flush=True)
    return {"trials": found, "chosen": settings, "curves": curves,
            "validation": [max(curve) for curve in curves]}, chances


def logistic(one, steps=None):
    """The same for TF-IDF and logistic regression, which knows no chance."""
    texts, labels = ({name: part[k] for name, part in one["data"].items()} for k in (0, 1))
    found, fitted = [], []
    for settings in trials("logistic"):
        vectors = TfidfVectorizer(tokenizer=words, token_pattern=None, sublinear_tf=settings["sublinear"],
                                  max_features=SETTINGS["vocabulary"] - 2)
        model = LogisticRegression(C=settings["C"], max_iter=2000)
        model.fit(vectors.fit_transform(texts["train"]), labels["train"])
        right = model.score(vectors.transform(texts["validation"]), labels["validation"])
        found.append({**settings, "validation": right})
        fitted.append(model.predict_proba(vectors.transform(texts["test"])))
    best = int(np.argmax([trial["validation"] for trial in found]))
    print(one["name"], "logistic", found[best], flush=True)
    return {"trials": found, "chosen": trials("logistic")[best],
            "validation": [found[best]["validation"]]}, [fitted[best]]


# --- what is compared ---


def difference(a, b):
    """By how much a is more often right than b, rows paired: right (seeds, n) each.

    by_seed: pairs of seeds. error: of the mean over the seeds, from the rows, as another test would differ.
    """
    apart = a.mean(0) - b.mean(0)
    return {"mean": float(apart.mean()), "by_seed": (a.mean(1) - b.mean(1)).tolist(),
            "error": float(apart.std(ddof=1) / len(apart) ** 0.5)}


def compared(one, results):
    """All that is told of one data set. results: side -> (what `network` and `logistic` tell, chances)."""
    labels, data, count = one["rows"]["test"][1].numpy(), one["data"], len(one["classes"])
    right = {side: np.array([said.argmax(1) == labels for said in chances])
             for side, (_, chances) in results.items()}
    shown = {side: results[side][1][0] for side in ("logistic", "lstm")}
    pairs = [(a, b) for a, b in (("lstm", "logistic"), ("bag", "logistic"), ("lstm", "bag"), ("lstm", "gru"),
                                 ("lstm", "rnn")) if {a, b} <= set(results)]
    told = {
        "classes": one["classes"], "rows": {name: len(part[1]) for name, part in data.items()},
        "sides": {side: {**found, "test": right[side].mean(1).tolist()}
                  for side, (found, _) in results.items()},
        "differences": {f"{a} - {b}": difference(right[a], right[b]) for a, b in pairs},
        "judged": {side: source.judged(labels, said, count) for side, said in shown.items()},
        "roc": source.roc(labels, shown["lstm"], count),
    }
    if one["name"] != "reuters":  # whose texts are not ours to show
        told["errors"] = source.errors(data, one["classes"], shown["lstm"], shown["logistic"])
    return told


def padding_behind(one, steps=None):
    """E22: the source's network, padding behind read as words, with the gates as they come and open."""
    found = []
    rows = source.batches(one["data"], one["tokenizer"], padding="post")
    for bias, rate in product((0.0, 5.0), (3e-3, 1e-2)):
        torch.manual_seed(0)
        model = TextClassifier(TextClassifierConfig(one["size"], len(one["classes"]), mask=False))
        with torch.no_grad():
            model.recurrent.bias_ih_l0[SETTINGS["hidden"]:2 * SETTINGS["hidden"]] += bias
        optimizer = torch.optim.Adam(model.parameters(), rate, fused=True)
        trainer = Trainer(model, F.cross_entropy, optimizer, device="cpu", clip_norm=SETTINGS["clip_norm"])
        history = trainer.fit(source.shuffled(rows["train"], 0), rows["validation"], epochs=2, steps=steps)
        found.append({"bias": bias, "rate": rate,
                      "validation": [entry["accuracy"] for entry in history.validation]})
        print("padding behind", found[-1], flush=True)
    return found


# --- all of it ---


def loaded(name):
    data, classes = SETS[name]()
    tokenizer = Tokenizer.fit(data["train"][0], SETTINGS["vocabulary"])
    return {"name": name, "data": data, "classes": classes, "tokenizer": tokenizer, "size": len(tokenizer),
            "rows": source.batches(data, tokenizer)}


def at_once(jobs):
    """The results of functions, LANES of them at a time, each lane a process of its own."""
    context, results, pipes = multiprocessing.get_context("fork"), {}, []
    for lane in range(LANES):
        mine = list(jobs.items())[lane::LANES]
        here, there = context.Pipe(duplex=False)
        work = partial(lambda pipe, mine: pipe.send({name: job() for name, job in mine}), there, mine)
        context.Process(target=work, daemon=True).start()
        there.close()
        pipes.append(here)
    for pipe in pipes:
        results |= pipe.recv()
    return results


def run(steps=None):
    ones, began = {name: loaded(name) for name in SETS}, time.perf_counter()
    pairs = [(name, side) for side in ("lstm", "gru", "rnn", "bag") for name in SETS
             if name == "definitions" or side in ("lstm", "bag")]
    jobs = {(name, side): partial(network, ones[name], side, steps) for name, side in pairs}
    jobs["padding"] = partial(padding_behind, ones["definitions"], steps)
    jobs |= {(name, "logistic"): partial(logistic, one, steps) for name, one in ones.items()}
    results = at_once(jobs)
    print(f"{time.perf_counter() - began:.0f} s", flush=True)
    behind = results.pop("padding")
    sets = {name: compared(one, {side: result for (of, side), result in results.items() if of == name})
            for name, one in ones.items()}
    return {"settings": SETTINGS | {"epochs": EPOCHS, "trials": TRIALS, "seeds": list(SEEDS)},
            "space": SPACE, "first": beginning(), "sets": sets, "padding_behind": behind}


def beginning():
    """The first losses on the definitions: seconds."""
    one = loaded("definitions")
    settings = {"bag": {"rate": 1e-2, "dropout": 0.0},
                "lstm": {"rate": 1e-2, "dropout": 0.3, "pooling": "max", "forget_bias": 1.0}}
    return {side: trainer_of(one, side, 0, **chosen).fit(
                source.shuffled(one["rows"]["train"], 0), steps=FIRST).train_loss
            for side, chosen in settings.items()}


def first_steps(recording):
    return beginning(), recording["first"]
