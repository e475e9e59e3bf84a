"""Word vectors of eleven million English words: ours beside gensim's, and those that the page shows.

    python data/english/make.py
    python tools/recordings.py all word2vec

Same text, same settings, three seeds; judged by WordSim-353, SimLex-999, analogies, and the loss on text that
was held out. Then data/models/word_vectors.safetensors, which the book's page shows. Half an hour on one
core; what is done is kept in data/cache/word2vec.json, so that a run that was ended goes on. gensim also
brings the word lists that judge; they are read, not passed on.
"""

import json
import time
from functools import cache
from pathlib import Path

from firstgrad import data
from firstgrad.models.word2vec import Corpus, SkipGramConfig, held_out_loss, train
from firstgrad.text import Lines, Vocabulary, WordVectors, read_pairs, read_questions, words

NAME = "word2vec"
TOLERANCE = 2e-2  # compiled loops add in another order on another machine
NEEDS = ("english",)

ROOT = Path(__file__).resolve().parents[2]
TEXT, KEPT = ROOT / "data/cache/english.txt", ROOT / "data/cache/word2vec.json"
MODEL = ROOT / "data/models/word_vectors.safetensors"
SETTINGS = {
    "text": "data/cache/english.txt",
    "held_out": 5000,  # lines, the last; the text's lines are in random order
    "min_count": 5,
    "dimension": 100,
    "window": 5,
    "negatives": 5,
    "sample": 1e-3,
    "epochs": 3,
    "rate": 0.025,
    "seeds": [0, 1, 2],
    "analogies_among": 30000,  # the most frequent words, as word2vec's own test has it
}
FORMS = ("numba", "torch", "gensim")
SHOWN = {"words": 10_000, "dimension": 80, "epochs": 10, "seed": 0}  # the vectors of the page
CHECK = {"dimension": 32, "epochs": 2, "min_count": 5, "seed": 0}  # what is done again by `first_steps`


def run(steps=None):
    page = SHOWN | once("shown", shown)
    results = {form: [] for form in FORMS}
    for seed in SETTINGS["seeds"]:
        for form in FORMS:
            results[form].append(once(f"{form} {seed}", compare, form, seed))
    return {"settings": SETTINGS, "text": once("text", size), "results": results,
            "shown": page, "check_settings": CHECK, "check": check(),
            "seconds": sum(done["seconds"] for done in kept().values())}


def once(key, function, *arguments):
    """What `function` returns; computed now, or by a run that was ended."""
    if key not in kept():
        began = time.perf_counter()
        result = function(*arguments)
        done = kept() | {key: {"result": result, "seconds": time.perf_counter() - began}}
        KEPT.write_text(json.dumps(done))
    return kept()[key]["result"]


def kept():
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


@cache
def text():
    """Vocabulary, text to train on, text held out."""
    lines = list(Lines(TEXT))
    read, held = lines[:-SETTINGS["held_out"]], lines[-SETTINGS["held_out"]:]
    vocabulary = Vocabulary.of_words(read, min_count=SETTINGS["min_count"])
    return vocabulary, Corpus(read, vocabulary), Corpus(held, vocabulary)


def size():
    vocabulary, corpus, held = text()
    return {"words": corpus.words, "vocabulary": len(vocabulary), "held_out_words": held.words}


def config(dimension=SETTINGS["dimension"]):
    return SkipGramConfig(dimension, SETTINGS["window"], SETTINGS["negatives"], SETTINGS["sample"])


def compare(form, seed):
    """One training, judged."""
    vocabulary, corpus, held = text()
    if form == "gensim":
        return judged(by_gensim(vocabulary, seed), held)
    vectors = train(corpus, config(), epochs=SETTINGS["epochs"], rate=SETTINGS["rate"], form=form, seed=seed)
    return judged(vectors, held)


def by_gensim(vocabulary, seed):
    """gensim's vectors of the same text, in our order."""
    from gensim.models import Word2Vec

    class Read:  # gensim goes through the text once an epoch
        def __iter__(self):
            lines = sum(1 for _ in TEXT.open("rb")) - SETTINGS["held_out"]
            return (line for _, line in zip(range(lines), Lines(TEXT), strict=False))

    model = Word2Vec(Read(), vector_size=SETTINGS["dimension"], window=SETTINGS["window"], sg=1,
                     negative=SETTINGS["negatives"], sample=SETTINGS["sample"], alpha=SETTINGS["rate"],
                     min_count=SETTINGS["min_count"], epochs=SETTINGS["epochs"], seed=seed + 1, workers=1)
    rows = [model.wv.key_to_index[token] for token in vocabulary.tokens]
    return WordVectors(vocabulary.tokens, model.wv.vectors[rows], outputs=model.syn1neg[rows])


def judged(vectors, held=None):
    """Each figure with its 95 % confidence interval and the number of pairs or questions."""
    from gensim.test.utils import datapath

    figures = {"wordsim": vectors.rank_correlation(read_pairs(datapath("wordsim353.tsv"))),
               "simlex": vectors.rank_correlation(read_pairs(datapath("simlex999.txt"))),
               "analogies": vectors.most_frequent(SETTINGS["analogies_among"]).analogies(
                   read_questions(datapath("questions-words.txt")))}
    figures = {name: dict(zip(("value", "low", "high", "n"), figure, strict=True))
               for name, figure in figures.items()}
    return figures | ({"loss": held_out_loss(vectors, held, config())} if held else {})


def shown():
    """Train the vectors of the page and write their file; judged before and after they are rounded."""
    _, corpus, _ = text()
    vectors = train(corpus, config(SHOWN["dimension"]), epochs=SHOWN["epochs"], rate=SETTINGS["rate"],
                    form="numba", seed=SHOWN["seed"])
    vectors = vectors.most_frequent(SHOWN["words"])
    MODEL.parent.mkdir(exist_ok=True)
    vectors.quantised().save(MODEL)
    rounded = WordVectors.load(MODEL)
    return {"exact": judged(vectors), "rounded": judged(rounded), "bytes": MODEL.stat().st_size}


def check():
    """Small, for every machine to do again: what is learnt of Moby-Dick, by the loss on other chapters."""
    splits = {split: [words(paragraph) for paragraph in data.moby_dick(split).split("\n\n")]
              for split in ("train", "validation")}
    vocabulary = Vocabulary.of_words(splits["train"], min_count=CHECK["min_count"])
    read, held = (Corpus(sentences, vocabulary) for sentences in splits.values())
    losses = {}
    for form in ("numba", "torch"):
        vectors = train(read, config(CHECK["dimension"]), epochs=CHECK["epochs"], form=form,
                        seed=CHECK["seed"])
        losses[form] = held_out_loss(vectors, held, config(CHECK["dimension"]))
    return losses


def first_steps(recording):
    """The English text is not in the repository, so a novel that is stands in for it."""
    return check(), recording["check"]
