"""An LSTM with settings that were chosen by hand, after the search of bag_or_lstm, which did not draw them.

It has had more attention than its rivals, so it stands beside the comparison: what did twelve trials miss?
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bag_or_lstm as fair

NAME = "lstm_by_hand"
TOLERANCE = 1e-3
SETTINGS = {"rate": 1e-2, "dropout": 0.3, "pooling": "max", "forget_bias": 1.0}


def by_seed(name, steps=None):
    """Accuracy on validation, at its best epoch, and in the test, of the seeds that bag_or_lstm tests."""
    one, found = fair.loaded(name), {"validation": [], "test": []}
    for seed in fair.SEEDS:
        trainer, curve = fair.trained(one, "lstm", seed, steps, **SETTINGS)
        found["validation"].append(max(curve))
        found["test"].append(trainer.evaluate(one["rows"]["test"])["accuracy"])
        print(name, seed, {part: rights[-1] for part, rights in found.items()}, flush=True)
    return found


def run(steps=None):
    return {"settings": SETTINGS | {"seeds": list(fair.SEEDS)}, "first": beginning(),
            "sets": fair.at_once({name: partial(by_seed, name, steps) for name in fair.SETS})}


def beginning():
    one = fair.loaded("definitions")
    rows = fair.source.shuffled(one["rows"]["train"], 0)
    return fair.trainer_of(one, "lstm", 0, **SETTINGS).fit(rows, steps=fair.FIRST).train_loss


def first_steps(recording):
    return beginning(), recording["first"]
