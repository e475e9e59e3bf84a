"""The exercises of chapter 02, Tools."""

import itertools

from firstgrad.book.answers import Choice, Function, Lazily, Value, Verdict, plain
from firstgrad.book.words import say


def _distances(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)


def _scale(train, test):
    mean, deviation = train.mean(0), train.std(0, correction=0)
    return [(part - mean) / deviation for part in (train, test)]


def _points(*shape, seed):
    import torch

    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


WANTED = {"weight": (32, 1, 1, 1), "mean": (3, 1, 1)}


def _axes(answer) -> Verdict:
    """Both shapes must have each number meet its own axis; axes of size 1 in front do not matter."""
    answer = plain(answer)
    if not isinstance(answer, list) or len(answer) != 2 or not all(isinstance(s, list) for s in answer):
        return Verdict(False, say("Give two shapes, such as (32, 1), (3, 1)."))
    for (name, wanted), given in zip(WANTED.items(), answer, strict=True):
        size, *_ = wanted
        bare = tuple(itertools.dropwhile(lambda n: n == 1, given))
        if [n for n in given if n != 1] != [size]:
            text = "{name} has {size} numbers: one axis keeps them, new ones have size 1."
            return Verdict(False, say(text, name=name, size=size))
        if len(bare) < len(wanted):
            text = "{name}: counted from the right, its {size} meet the wrong axis: " \
                   "it needs more new axes behind them."
            return Verdict(False, say(text, name=name, size=size))
        if len(bare) > len(wanted):
            text = "{name}: its {size} stand too far to the left: fewer axes behind them."
            return Verdict(False, say(text, name=name, size=size))
    return Verdict(True, say("Counted from the right, pictures are axis −4 and channels axis −3."))


EXERCISES = {
    "02.1": Value(
        [5, 3, 4],
        explain="4 against 1, 1 against 3, 5 against nothing.",
        hint="The last axes meet: 4 and 1. Then 1 and 3. The 5 has no partner.",
    ),
    "02.2": Value(
        [1, 4, 12],
        explain="The steps (12, 4, 1), with the outer two exchanged; no number has moved.",
        hint="A transpose exchanges steps as it exchanges sizes; nothing else changes.",
    ),
    "02.3": Value(
        [1, 1, 0, 1, 0],
        explain="Only the list of indices and the reshape of a transposed tensor copy.",
        hint="Two of the five are copies.",
    ),
    "02.4": Value(
        [2**24, 2**8],
        explain="A corpus has more than 16.8 million tokens: count in integers.",
        hint="With p bits the whole numbers are held up to 2 to the power p.",
    ),
    "02.5": Function(
        _distances,
        cases=Lazily(lambda: [(_points(3, 2, seed=1), _points(5, 2, seed=2)),
                               (_points(4, 4, seed=3), _points(4, 4, seed=4)),
                               (_points(1, 3, seed=5), _points(2, 3, seed=6))]),
        explain="Three cases agree.",
        hint="(n, 1, d) minus (1, m, d) is (n, m, d); square it and add up the last axis.",
    ),
    "02.6": Value(
        230,
        explain="A little more than the ridge itself, because inputs and outputs are bytes too.",
        hint="With s = 2 the intensity is B / (1 + 2B/n), and the ridge is 989/4.8 ≈ 206.",
        mistakes={207: "That leaves out the inputs and outputs: use 1 + 2B/n.",
                  206: "That is the ridge itself, rounded down; solve for B.",
                  229: "There the arithmetic is not yet the limit: round up."},
    ),
    "02.7": Function(
        _scale,
        cases=Lazily(lambda: [(_points(8, 3, seed=7) * 5 + 2, _points(4, 3, seed=8)),
                               (_points(5, 1, seed=9), _points(9, 1, seed=10) + 3)]),
        explain="Two cases agree.",
        hint="Mean and standard deviation (correction=0) of train, applied to both.",
    ),
    "02.8": _axes,
    "02.9": Choice("C", {
        "A": "The test chose the network, so it is validation data: the winner's score is too kind.",
        "B": "X-rays of one patient stand in both parts: the test is not new.",
        "C": "Split by what will be new, everything fitted on the training part, one look at the test.",
        "D": "Pixels were chosen with the labels of the test rows: that is the leak with the coin flips.",
    }),
}
