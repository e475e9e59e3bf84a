"""The source's text classifier, in full and in PyTorch: 10,000 words, length 100, Embedding 64 → LSTM 128.

Three data sets: news by topic (Reuters R8), sentences about films by sentiment, and WordNet's definitions by
kind; the first two are made by `python data/reuters/make.py` and `python data/movie_sentences/make.py`.
Beside it stands what is older and simpler: TF-IDF and logistic regression. On the definitions, which may be
passed on and are short, it is measured what the source's slips cost: the tokenizer fitted on all texts, and
"test" accuracy measured on training texts (E21), padding that is read as words (E22).
"""

import copy
import math

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from firstgrad import metrics
from firstgrad.data import DEFINITION_CLASSES, definitions, path, split
from firstgrad.models.recurrent import TextClassifier, TextClassifierConfig
from firstgrad.optim import Adam
from firstgrad.text import UNKNOWN, ByLength, Tokenizer, lengths, words
from firstgrad.training import Callback, Trainer

NAME = "text_classifier"
TOLERANCE = 1e-3
NEEDS = ("reuters", "movie_sentences")
SEEDS = (0, 1, 2)
PARTS = ("train", "validation", "test")
EPOCHS = {"reuters": 5, "films": 4, "definitions": 6}
SETTINGS = {"vocabulary": 10_000, "length": 100, "embedding": 64, "hidden": 128, "batch_size": 32,
            "learning_rate": 3e-3, "clip_norm": 1.0, "neutral": 0.3}  # |rating| up to this is left out
FIRST = 10  # steps that every check runs again
CURVE = 30  # points of an ROC curve that are kept


# --- the data: part -> (texts, labels), and the names of the classes ---


def reuters():
    rows = [line.split("\t") for line in cached("reuters_r8.tsv", "reuters")]
    classes = sorted({topic for _, topic, _ in rows})
    train, test = ([(text, classes.index(topic)) for part, topic, text in rows if part == name]
                   for name in ("train", "test"))
    held_out = split(len(train), (0.8, 0.2), labels=[label for _, label in train])
    return columns([[train[row] for row in part] for part in held_out] + [test]), classes


def films():
    rows = [line.split("\t") for line in cached("movie_sentences.tsv", "movie_sentences")]
    rows = [(text, int(float(score) > 0)) for score, text in rows if abs(float(score)) > SETTINGS["neutral"]]
    parts = split(len(rows), (0.64, 0.16, 0.2), labels=[label for _, label in rows])
    return columns([[rows[row] for row in part] for part in parts]), ["negative", "positive"]


def kinds():
    return columns([zip(*definitions(name)[:2], strict=True) for name in PARTS]), list(DEFINITION_CLASSES)


def columns(parts):
    """Rows (text, label) of each part as texts and labels, the short ones first: less padding to compute."""
    parts = [sorted(rows, key=lambda row: len(words(row[0]))) for rows in parts]
    return {name: tuple(zip(*rows, strict=True)) for name, rows in zip(PARTS, parts, strict=True)}


def cached(name, maker):
    try:
        return path(f"cache/{name}").read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise SystemExit(f"data/cache/{name} is not there: python data/{maker}/make.py") from None


def about(data, tokenizer):
    """What a reader has to know of the texts."""
    counts = {name: [len(words(text)) for text in texts] for name, (texts, _) in data.items()}
    train, test = counts["train"], data["test"][0]
    unknown = sum(int((tokenizer.encode(text) == UNKNOWN).sum()) for text in test)
    return {
        "rows": {name: len(part) for name, part in counts.items()},
        "mean_words": float(np.mean(train)),
        "longest": max(map(max, counts.values())),
        "cut": float(np.mean([count > SETTINGS["length"] for count in train])),
        "padding": float(np.mean([max(0, 1 - count / SETTINGS["length"]) for count in train])),
        "different_words": len({word for text in data["train"][0] for word in words(text)}),
        "unknown_in_test": unknown / sum(counts["test"]),
        "test_copies": len(set(test) & set(data["train"][0])),
        "majority": float(np.mean(np.array(data["test"][1]) == np.bincount(data["train"][1]).argmax())),
    }


# --- training ---


class Best(Callback):
    """Keeps the weights of the epoch with the smallest validation loss."""

    def __init__(self):
        self.loss, self.weights = math.inf, None

    def on_epoch(self, trainer, epoch, metrics):
        if metrics.get("loss", math.inf) < self.loss:
            self.loss, self.weights = metrics["loss"], copy.deepcopy(trainer.model.state_dict())


def batches(data, tokenizer, **sides):
    return {name: (tokenizer.batch(texts, SETTINGS["length"], **sides), torch.tensor(labels))
            for name, (texts, labels) in data.items()}


def trainer_of(classes, size, seed, **changes):
    """A classifier and its trainer, made the same for a seed."""
    torch.manual_seed(seed)
    model = TextClassifier(TextClassifierConfig(
        size, classes, SETTINGS["embedding"], SETTINGS["hidden"], **changes))
    return Trainer(model, F.cross_entropy, Adam(model.parameters(), SETTINGS["learning_rate"]), device="cpu",
                   clip_norm=SETTINGS["clip_norm"], seed=seed, callbacks=[Best()])


def shuffled(rows, seed):
    """Batches in random order, each of texts of about the same length."""
    sampler = ByLength(lengths(rows[0]), SETTINGS["batch_size"], seed)
    return DataLoader(TensorDataset(*rows), batch_sampler=sampler)


def train(data, classes, size, epochs, seed, steps=None, **changes):
    """The trainer, with its best epoch's weights; the curves, and accuracies after the last and the best."""
    trainer = trainer_of(classes, size, seed, **changes)
    history = trainer.fit(shuffled(data["train"], seed), data["validation"], epochs=epochs, steps=steps)
    per_epoch = -(-len(data["train"][1]) // SETTINGS["batch_size"])
    last = accuracies(trainer, data)
    trainer.model.load_state_dict(trainer.callbacks[0].weights)
    validation = history.validation
    best = int(np.argmin([entry["loss"] for entry in validation]))
    return trainer, {
        "train_loss": [float(np.mean(history.train_loss[at:at + per_epoch]))
                       for at in range(0, len(history.train_loss), per_epoch)],
        "validation_loss": [entry["loss"] for entry in validation],
        "validation_accuracy": [entry["accuracy"] for entry in validation],
        "best_epoch": 1 + best,
        "last": last,
        "best": last if best == len(validation) - 1 else accuracies(trainer, data),
    }


def accuracies(trainer, data):
    return {name: trainer.evaluate(part)["accuracy"] for name, part in data.items()}


def judged(labels, probabilities, classes):
    """What the test says of probabilities (n, C)."""
    predictions = probabilities.argmax(1)
    aucs = [metrics.roc_auc(labels == label, probabilities[:, label]) for label in range(classes)]
    return {"accuracy": metrics.accuracy(labels, predictions),
            "macro_f1": metrics.f1(labels, predictions, "macro"),
            "auc": aucs, "confusion": metrics.confusion_matrix(labels, predictions, classes).tolist()}


def roc(labels, probabilities, classes):
    """An ROC curve a class, of points that lie about as far apart."""
    curves = []
    for label in range(classes):
        fpr, tpr, _ = metrics.roc_curve(labels == label, probabilities[:, label])
        way = np.cumsum(np.hypot(np.diff(fpr, prepend=0), np.diff(tpr, prepend=0)))
        rows = np.unique(np.searchsorted(way, np.linspace(0, way[-1], CURVE)).clip(max=len(way) - 1))
        curves.append({"fpr": [round(float(x), 4) for x in fpr[rows]],
                       "tpr": [round(float(x), 4) for x in tpr[rows]]})
    return curves


def baseline(data):
    """TF-IDF and logistic regression on the same 10,000 words; its one setting is chosen by validation."""
    vectors = TfidfVectorizer(tokenizer=words, token_pattern=None, max_features=SETTINGS["vocabulary"] - 2)
    x = {"train": vectors.fit_transform(data["train"][0])}
    x |= {name: vectors.transform(data[name][0]) for name in PARTS[1:]}
    fitted = {c: LogisticRegression(C=c, max_iter=2000).fit(x["train"], data["train"][1])
              for c in (1, 10, 100)}
    chosen = max(fitted, key=lambda c: fitted[c].score(x["validation"], data["validation"][1]))
    scores = {name: fitted[chosen].score(x[name], data[name][1]) for name in PARTS}
    return {"C": chosen, "accuracies": scores}, fitted[chosen].predict_proba(x["test"])


# --- what is measured ---


def project(name, load, steps=None):
    """The source's project on one data set: three seeds, the baseline; and the first seed's trainer."""
    data, classes = load()
    tokenizer = Tokenizer.fit(data["train"][0], SETTINGS["vocabulary"])
    rows = batches(data, tokenizer)
    trained = [train(rows, len(classes), len(tokenizer), EPOCHS[name], seed, steps) for seed in SEEDS]
    labels = rows["test"][1].numpy()
    said = [trainer.predict(rows["test"][0]).double().softmax(1).numpy() for trainer, _ in trained]
    simple, simple_said = baseline(data)
    print(name, [run["best"]["test"] for _, run in trained], simple["accuracies"]["test"], flush=True)
    found = {
        "classes": classes, "parameters": trained[0][0].model.parameter_count, **about(data, tokenizer),
        "seeds": [{**run, "test": judged(labels, chances, len(classes))}
                  for (_, run), chances in zip(trained, said, strict=True)],
        "roc": roc(labels, said[0], len(classes)),
        "baseline": {**simple, "test": judged(labels, simple_said, len(classes))},
    }
    if name != "reuters":  # whose texts are not ours to show
        found["errors"] = errors(data, classes, said[0], simple_said)
    return found, trained[0][0]


def errors(data, classes, chances, simple, count=8):
    """What was said with most certainty and is wrong; and what only one of the two gets right."""
    texts, labels = data["test"]
    label, said, by_simple = np.array(labels), chances.argmax(1), simple.argmax(1)
    short = np.array([len(words(text)) <= 14 for text in texts])
    defined = dict(zip(*definitions("test")[::2], strict=True))
    groups = {"surest": said != label, "only_baseline": (said != label) & (by_simple == label),
              "only_lstm": (said == label) & (by_simple != label)}
    return {kind: [{"text": texts[row], "word": defined.get(texts[row], ""), "truth": classes[label[row]],
                    "said": classes[said[row]], "chance": round(float(chances[row].max()), 3),
                    "baseline": classes[by_simple[row]]}
                   for row in np.flatnonzero(wanted & short)[np.argsort(
                       -chances[wanted & short].max(1), kind="stable")][:count]]
            for kind, wanted in groups.items()}


def leak(own, steps=None):
    """E21: the tokenizer fitted on all texts. own: the project, where it was fitted on the training texts."""
    data, classes = kinds()
    tokenizer = Tokenizer.fit([text for texts, _ in data.values() for text in texts], SETTINGS["vocabulary"])
    rows = batches(data, tokenizer)
    runs = [train(rows, len(classes), len(tokenizer), EPOCHS["definitions"], seed, steps)[1]
            for seed in SEEDS]
    return {"fitted_on_all": [run["best"]["test"] for run in runs],
            "fitted_on_train": [run["best"]["test"] for run in own["seeds"]],
            "unknown_in_test": {"fitted_on_all": about(data, tokenizer)["unknown_in_test"],
                                "fitted_on_train": own["unknown_in_test"]}}


def as_the_source_reports(projects):
    """E21: the accuracy on all rows that were given to `fit`, validation rows included, beside the test's."""
    found = {}
    for name, one in projects.items():
        sizes = one["rows"]
        given = sizes["train"] + sizes["validation"]
        found[name] = [{"given": sum(run["last"][part] * sizes[part] for part in PARTS[:2]) / given,
                        **run["last"]} for run in one["seeds"]]
    return found


def padding(own, trainer, steps=None):
    """E22: padding read as words, before the text (the source's) or after it; one seed.

    own, trainer: the project and its first seed's network, trained with the mask.
    `appended`: that network's test accuracy when so much padding is read after each text.
    """
    data, classes = kinds()
    tokenizer = Tokenizer.fit(data["train"][0], SETTINGS["vocabulary"])
    sizes = (len(classes), len(tokenizer), EPOCHS["definitions"])
    sides, found = {side: batches(data, tokenizer, padding=side) for side in ("pre", "post")}, {}
    for side, rows in sides.items():
        _, found[side] = train(rows, *sizes, 0, steps, mask=False)
        print(side, found[side]["best"], flush=True)
    reader = trainer_of(len(classes), len(tokenizer), 0, mask=False)
    reader.model.load_state_dict(trainer.model.state_dict())
    found["masked"] = own["seeds"][0]
    found["appended"] = {"padding": [0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80], "accuracy": []}
    for more in found["appended"]["padding"]:
        found["appended"]["accuracy"].append(appended(reader, *sides["post"]["test"], more))
    return found


def appended(trainer, tokens, labels, more):
    """Accuracy where exactly `more` ids of padding are read after each text."""
    right, count = 0, lengths(tokens)
    for length in count.unique().tolist():
        rows = count == length
        x = F.pad(tokens[rows, :length], (0, more))
        right += int((trainer.predict(x).argmax(1) == labels[rows]).sum())
    return right / len(labels)


def cells(own, steps=None):
    """A plain RNN and a GRU in the LSTM's place, two seeds each."""
    data, classes = kinds()
    tokenizer = Tokenizer.fit(data["train"][0], SETTINGS["vocabulary"])
    rows, found = batches(data, tokenizer), {"lstm": own["seeds"]}
    for cell in ("gru", "rnn"):
        found[cell] = [train(rows, len(classes), len(tokenizer), EPOCHS["definitions"], seed, steps,
                             layers=cell)[1] for seed in SEEDS[:2]]
        print(cell, [run["best"]["test"] for run in found[cell]], flush=True)
    return {cell: {"test": [run["best"]["test"] for run in runs],
                   "validation_accuracy": [run["validation_accuracy"] for run in runs]}
            for cell, runs in found.items()}


def beginning(settings):
    """The first losses on the definitions, and the baseline's accuracies: seconds."""
    data, classes = kinds()
    tokenizer = Tokenizer.fit(data["train"][0], settings["vocabulary"])
    trainer = trainer_of(len(classes), len(tokenizer), 0)
    history = trainer.fit(shuffled(batches(data, tokenizer)["train"], 0), steps=FIRST)
    return {"losses": history.train_loss, "baseline": baseline(data)[0]}


def run(steps=None):
    made = {name: project(name, load, steps)
            for name, load in (("definitions", kinds), ("films", films), ("reuters", reuters))}
    projects, (own, trainer) = {name: found for name, (found, _) in made.items()}, made["definitions"]
    return {"settings": SETTINGS | {"epochs": EPOCHS, "seeds": list(SEEDS)}, "first": beginning(SETTINGS),
            "projects": projects,
            "leak": {"reported": as_the_source_reports(projects), "tokenizer": leak(own, steps)},
            "padding": padding(own, trainer, steps), "cells": cells(own, steps)}


def first_steps(recording):
    return beginning(recording["settings"]), recording["first"]
