"""Skip-gram with negative sampling: our three forms against gensim's.

English text of eleven million words (data/english/make.py). A run reads its first 80,000 lines once: two
million words; the tables are of all words that come five times, 71,000. Dimension 100, window 5, 5 negatives,
sample 1e-3. Times are for a million words. gensim gets lists of words in memory, ours the text as ids; "with
ids" finds the ids as well. The plain form, which is there to be read, reads 100 lines only.
"""

import itertools
import json
import sys
from functools import partial
from pathlib import Path

import bench
import torch
from gensim.models import Word2Vec

from firstgrad.models.word2vec import Corpus, SkipGramConfig, held_out_loss, train
from firstgrad.text import Lines, Vocabulary, WordVectors

ROOT = Path(__file__).resolve().parents[1]
TEXT = ROOT / "data/cache/english.txt"
LINES, PLAIN_LINES, MIN_COUNT = 80_000, 100, 5
CONFIG = SkipGramConfig()
GOALS = {"numba": 1 / 3.5, "torch": 1 / 1.8}  # the most that ours may be, times gensim's
WORSE = 0.02  # what ours may be worse than gensim's in quality


class Task:
    """The text as all of them take it."""

    def __init__(self, text: Path = TEXT, lines: int = LINES):
        if not text.exists():
            raise SystemExit(f"{text} is missing: python data/english/make.py makes it")
        self.vocabulary = Vocabulary.of_words(Lines(text), min_count=MIN_COUNT)
        shared = {token: token for token in self.vocabulary.tokens}  # each word in memory once
        self.sentences = [[shared.get(word, word) for word in line]
                          for line in itertools.islice(Lines(text), lines)]
        self.corpus = self.encoded()
        self.small = Corpus(self.sentences[:PLAIN_LINES], self.vocabulary)

    def encoded(self) -> Corpus:
        return Corpus(self.sentences, self.vocabulary)

    def gensim(self, threads: int) -> Word2Vec:
        """A model of gensim's that has yet to be trained."""
        model = Word2Vec(vector_size=CONFIG.dimension, window=CONFIG.window, negative=CONFIG.negatives, sg=1,
                         sample=CONFIG.sample, min_count=MIN_COUNT, workers=threads, seed=1)
        counts = dict(zip(self.vocabulary.tokens, self.vocabulary.counts, strict=True))
        model.build_vocab_from_freq(counts, corpus_count=len(self.sentences))
        return model

    def read(self, model: Word2Vec) -> Word2Vec:
        model.train(self.sentences, total_examples=len(self.sentences), epochs=1)
        return model


def check_same_work(task: Task) -> None:
    """After one epoch, all must have learnt about as much."""
    learnt = {form: train(task.corpus, CONFIG, epochs=1, form=form) for form in GOALS}
    theirs = task.read(task.gensim(1))
    rows = [theirs.wv.key_to_index[token] for token in task.vocabulary.tokens]
    learnt["gensim"] = WordVectors(task.vocabulary.tokens, theirs.wv.vectors[rows],
                                   outputs=theirs.syn1neg[rows])
    losses = {form: held_out_loss(vectors, task.corpus, CONFIG) for form, vectors in learnt.items()}
    if max(losses.values()) - min(losses.values()) > 0.2:
        raise SystemExit(f"the losses are {losses}, expected about the same for all")


def speed(task: Task, rounds: int) -> list[bench.Row]:
    rows, words = [], {"plain": task.small.words}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        ours = partial(train, task.corpus, CONFIG, epochs=1, threads=threads)
        runs = {"numba": partial(ours, form="numba"), "torch": partial(ours, form="torch"),
                "numba with ids": lambda threads=threads: train(task.encoded(), CONFIG, epochs=1,
                                                                form="numba", threads=threads),
                "gensim": partial(task.read, task.gensim(threads))}
        times = bench.take_turns(runs, rounds=rounds)
        if threads == 1:
            plain = bench.take_turns({"": lambda: train(task.small, epochs=1, form="plain")}, rounds=1)
            times["plain"] = plain[""] * rounds
        times = {form: [1e6 * seconds / words.get(form, task.corpus.words) for seconds in its]
                 for form, its in times.items()}
        rows += [bench.row(f"word2vec {form}", "gensim", its, times["gensim"], GOALS.get(form))
                 for form, its in times.items() if form != "gensim"]
    print(*rows, sep="\n", flush=True)
    return rows


def quality() -> None:
    """Print what the recorded run found: python tools/recordings.py all word2vec trains it again."""
    results = json.loads((ROOT / "data/recordings/word2vec.json").read_text("utf-8"))["results"]
    for form in GOALS:
        for measure, sign in (("wordsim", 1), ("simlex", 1), ("analogies", 1), ("loss", -1)):
            ours, theirs = (mean(run[measure] for run in results[name]) for name in (form, "gensim"))
            goal = theirs - sign * WORSE
            met = "yes" if sign * (ours - goal) >= 0 else "no"
            asked = "" if measure == "analogies" else f" goal={goal:.4f} met={met}"
            print(f"bench=word2vec-{form}-{measure} value={ours:.4f} gensim={theirs:.4f}{asked}")


def mean(values) -> float:
    values = [value["value"] if isinstance(value, dict) else value for value in values]
    return sum(values) / len(values)


def main(options) -> None:
    if options.quality:
        return quality()
    task = Task()
    check_same_work(task)
    rows = speed(task, options.rounds)
    bench.report("word2vec", rows, options, peers=["gensim", "numba"],
                 note=" ".join(__doc__.split("\n\n")[1].split()))


if __name__ == "__main__":
    sys.exit(main(bench.options(__doc__, rounds=7, quality="print the quality that was recorded instead")))
