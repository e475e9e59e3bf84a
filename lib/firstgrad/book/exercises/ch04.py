"""The exercises of chapter 04, Losses and metrics."""

import json
import math
from bisect import bisect_left
from functools import cache

from firstgrad import data
from firstgrad.book.answers import Function, Value, Verdict, is_real, plain, short
from firstgrad.book.words import say

MISS = 30  # what a missed shirt costs in exercise 04.9, in false alarms
WITHIN = 1.1  # times the lowest cost


def _log_sum_exp(z):
    m = max(z)
    return m + math.log(sum(math.exp(a - m) for a in z))


def _poisson(z, y):
    return math.exp(z) - y * z, math.exp(z) - y


def _area(labels, scores):
    ones = [s for s, y in zip(scores, labels, strict=True) if y == 1]
    zeros = [s for s, y in zip(scores, labels, strict=True) if y == 0]
    wins = sum((a > b) + 0.5 * (a == b) for a in ones for b in zeros)
    return wins / (len(ones) * len(zeros))


@cache
def _costs(split):
    """The probabilities, and what a threshold costs for 1,000 pictures of a recorded data set."""
    part = json.loads(data.path("recordings/shirt_detector.json").read_text("utf-8"))[split]
    p = [1 / (1 + math.exp(-logit)) for logit in part["logits"]]
    ones, zeros = (sorted(v for v, label in zip(p, part["labels"], strict=True) if label == which)
                   for which in "10")

    def cost(threshold):
        missed, alarms = bisect_left(ones, threshold), len(zeros) - bisect_left(zeros, threshold)
        return 1000 * (MISS * missed + alarms) / len(p)

    return cost, min(map(cost, set(p)))


def _cheap(answer) -> Verdict:
    """Count the recorded scores at the reader's threshold."""
    answer = plain(answer)
    if not is_real(answer):
        return Verdict(False, say("Give one number, the threshold."))
    if not 0 <= answer <= 1:
        text = "A threshold of probabilities lies between 0 and 1; got {given}."
        return Verdict(False, say(text, given=short(answer)))
    (cost, lowest), (on_test, _) = _costs("validation"), _costs("test")
    given = cost(answer)
    if given > WITHIN * lowest:
        missed_most = cost(answer - 0.02) < given  # a little lower would be cheaper
        text = "1,000 validation pictures cost {cost} there: too many false alarms, or a step too far."
        if missed_most:
            text = "1,000 validation pictures cost {cost} there: too many shirts are missed."
        return Verdict(False, say(text, cost=f"{given:.0f}"))
    text = "1,000 pictures cost {validation} on the validation set and {test} on the test set, " \
           "where 0.5 would cost {half}."
    return Verdict(True, say(text, validation=f"{given:.0f}", test=f"{on_test(answer):.0f}",
                             half=f"{on_test(0.5):.0f}"))


EXERCISES = {
    "04.1": Value(
        [-math.log(0.8), -math.log(0.2)],
        explain="Being wrong at 0.8 costs seven times as much as being right.",
        hint="−ln 0.8 if it rains; what probability did it give to a dry day?",
    ),
    "04.2": Value(
        [1 / 8, -6 / 8, 5 / 8],
        explain="The three sum to zero, as they always do.",
        hint="First the probabilities, 1/8, 2/8 and 5/8; then take 1 from that of the true class.",
    ),
    "04.3": Value(
        [0.97, 0.75, 0.6, 2 / 3],
        explain="97 % are right, though 20 of the 50 who are ill are missed.",
        hint="TP = 30, FN = 20, FP = 10, TN = 940.",
    ),
    "04.4": Value(
        0.75,
        explain="Odds of 9 become odds of √9 = 3.",
        hint="z = ln 9. What is σ(z/2)?",
        mistakes={
            0.45: "Divide the logit by T, not the probability.",
            math.sqrt(0.9): "Take the square root of the odds, 9, not of the probability.",
            81 / 82: "That is T = 1/2: it makes the model surer.",
        },
    ),
    "04.5": Value(
        [0.009 / (0.009 + 0.99 * 0.05), 0.009 / 0.99],
        explain="Out of 10,000 people 90 are rightly alarmed, and 495 without a reason.",
        hint="Imagine 10,000 people and count the two kinds of alarms.",
        mistakes={0.9: "That is the recall. The question starts from the alarm, not from the illness."},
    ),
    "04.6": Function(
        _log_sum_exp,
        cases=[([0.0, 0.0],), ([1.0, 2.0, 3.0],), ([1000.0, 1000.0],), ([-1000.0, -1001.0],),
               ([700.0, 710.0],), ([5.0],)],
        explain="Six cases agree.",
        hint="m + ln Σ exp(z_j − m), with m the largest.",
    ),
    "04.7": Function(
        _poisson,
        cases=[(0.0, 0), (0.0, 3), (1.2, 2), (-1.5, 1), (2.0, 9)],
        explain="The slope is e^z − y: prediction minus truth, as for the other losses of their own family.",
        hint="Loss e^z − y z (leave out ln y!), then its derivative with respect to z.",
    ),
    "04.8": Function(
        _area,
        cases=[([0, 1], [0.2, 0.7]), ([1, 0, 1, 0], [0.3, 0.3, 0.9, 0.1]), ([1, 1, 0], [0.1, 0.2, 0.3]),
               ([0, 1, 0, 1, 1], [1, 1, 1, 1, 1]), ([1, 0, 0, 1, 0], [-2.0, -3.0, 4.0, 5.0, -2.0])],
        explain="Five cases agree.",
        hint="Count 1 for a pair in order and 1/2 for a tie; divide by the number of pairs.",
    ),
    "04.9": _cheap,
}
