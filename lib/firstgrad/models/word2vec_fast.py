"""Skip-gram's training as one compiled loop (numba): what it works on stays in the processor's nearest cache.

What makes it fast is how little it moves. Negatives are drawn once for all words around a centre, so the rows of
the output table are fetched, and written back, once a centre and not once a pair; the sigmoid is a table; a
random number is three shifts. Threads share the tables without a lock (Hogwild): two seldom meet at a row, and
a lost update is a bit of noise. So one thread is exactly repeatable, and several are not.

Source: Niu, Recht, Ré & Wright 2011, arXiv:1106.5730 (Hogwild); Ji, Satish, Li & Dubey 2016, arXiv:1604.04661
(shared negatives).
"""

import numpy as np
from numba import njit, prange

BOUND, STEPS = 6.0, 1024  # the sigmoid is tabulated on (-BOUND, BOUND), and constant outside
SIGMOID = (1 / (1 + np.exp(-np.linspace(-BOUND, BOUND, STEPS + 1)))).astype(np.float32)


@njit(inline="always")
def _next(state):
    """xorshift64: the next state, from 1 to 2⁶⁴ − 1."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    return state ^ (state << np.uint64(17))


@njit(inline="always")
def _bits(state):
    """The best 32 of a state's bits (a * makes the low ones random as well)."""
    return (state * np.uint64(2685821657736338717)) >> np.uint64(32)


@njit(inline="always")
def _below(state, size):
    """A whole number from 0 to size − 1."""
    return np.int64((_bits(state) * np.uint64(size)) >> np.uint64(32))


@njit(nogil=True, fastmath=True, boundscheck=False, error_model="numpy", cache=True)
def _part(ids, starts, first, last, keep, chance, other, sigmoid, inputs, outputs, window, negatives,
          rate, fall, state):
    """Sentences first…last−1. rate: before the first word, `fall` less with every word read. Returns pairs."""
    size = inputs.shape[1]
    vocabulary = np.uint64(len(chance))
    sentence = np.empty(max_length(starts, first, last), np.int32)
    rows = np.empty((negatives + 1, size), np.float32)  # of `outputs`, as they were before this centre
    change = np.empty((negatives + 1, size), np.float32)
    word, step = np.empty(size, np.float32), np.empty(size, np.float32)
    targets = np.empty(negatives + 1, np.int32)
    scale, bound = np.float32(STEPS / (2 * BOUND)), np.float32(BOUND)
    pairs = 0
    for s in range(first, last):
        length = 0
        for at in range(starts[s], starts[s + 1]):
            state = _next(state)
            if _bits(state) <= keep[ids[at]]:  # frequent words are left out now and then
                sentence[length] = ids[at]
                length += 1
        alpha = np.float32(rate - fall * (starts[s] - starts[first]))
        for centre in range(length):
            state = _next(state)
            reach = 1 + _below(state, window)
            low, high = max(0, centre - reach), min(length, centre + reach + 1)
            targets[0] = sentence[centre]
            for k in range(1, negatives + 1):
                targets[k] = targets[0]
                while targets[k] == targets[0]:
                    state = _next(state)
                    drawn = _below(state, vocabulary)
                    state = _next(state)
                    targets[k] = drawn if _bits(state) < chance[drawn] else other[drawn]
            for k in range(negatives + 1):
                row = outputs[targets[k]]
                for d in range(size):
                    rows[k, d] = row[d]
                    change[k, d] = np.float32(0)
            for at in range(low, high):
                if at == centre:
                    continue
                vector = inputs[sentence[at]]
                for d in range(size):
                    word[d] = vector[d]
                    step[d] = np.float32(0)
                for k in range(negatives + 1):
                    score = np.float32(0)
                    for d in range(size):
                        score += word[d] * rows[k, d]
                    score = min(max(score, -bound), bound)
                    label = np.float32(1) if k == 0 else np.float32(0)
                    gain = alpha * (label - sigmoid[np.int64((score + bound) * scale)])
                    for d in range(size):
                        step[d] += gain * rows[k, d]
                        change[k, d] += gain * word[d]
                for d in range(size):
                    vector[d] += step[d]
            for k in range(negatives + 1):
                row = outputs[targets[k]]
                for d in range(size):
                    row[d] += change[k, d]
            pairs += high - low - 1
    return pairs


@njit
def max_length(starts, first, last):
    longest = 0
    for s in range(first, last):
        longest = max(longest, starts[s + 1] - starts[s])
    return longest


@njit(parallel=True, cache=True)
def train(ids, starts, cuts, keep, chance, other, sigmoid, inputs, outputs, window, negatives, rate, fall, states):
    """Sentences cuts[0]…cuts[-1]−1, a part for each thread. Returns the number of pairs."""
    pairs = np.zeros(len(cuts) - 1, np.int64)
    for t in prange(len(cuts) - 1):
        pairs[t] = _part(ids, starts, cuts[t], cuts[t + 1], keep, chance, other, sigmoid, inputs, outputs,
                         window, negatives, rate, fall * (len(cuts) - 1), states[t])
    return pairs.sum()
