"""Skip-gram's training as one compiled loop (numba): what it works on stays in the processor's nearest cache.

What makes it fast is how little it moves, and how little it waits. Negatives are drawn once for all words
around a centre, so rows of the output table are fetched, and written back, once a centre and not once a pair;
they are asked for one centre ahead. The sigmoid is a table; a random number is three shifts. Threads share
the tables without a lock (Hogwild): two seldom meet at a row, and a lost update is a bit of noise. So one
thread is exactly repeatable, and several are not.

Source: Niu, Recht, Ré & Wright 2011, arXiv:1106.5730 (Hogwild); Ji, Satish, Li & Dubey 2016, arXiv:1604.04661
(shared negatives).
"""

import itertools
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from firstgrad.models.word2vec.skip_gram import Corpus, SkipGram, keep_chances, noise

Array = np.ndarray
BOUND, STEPS = 6.0, 1024  # the sigmoid is tabulated on (−BOUND, BOUND), and constant outside
LINE = 64  # bytes that memory gives at once
PIECE = 2**18  # words that one call of the loop reads: between two calls Ctrl-C is heard


def sigmoid_table(steps: int = STEPS) -> np.ndarray:
    """σ at steps + 1 points from −BOUND to BOUND, float32."""
    return (1 / (1 + np.exp(-np.linspace(-BOUND, BOUND, steps + 1)))).astype(np.float32)


def alias_table(chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """To draw from `chances` (V,) by one look: a place i, picked evenly, gives i with chance own[i], or else
    other[i].

    Returns: own, uint64 (V,), in 2⁻³²; other, int32 (V,).
    Source: Walker 1977, doi:10.1145/355744.355749; Vose 1991, doi:10.1109/32.92917.
    """
    share = chances * len(chances)  # 1 on average: places with less are filled up by words that have more
    other = np.arange(len(share), dtype=np.int32)
    small, large = list(np.flatnonzero(share < 1)), list(np.flatnonzero(share >= 1))
    while small and large:
        place, giver = small.pop(), large[-1]
        other[place] = giver
        share[giver] -= 1 - share[place]
        if share[giver] < 1:
            small.append(large.pop())
    share[small] = 1  # what is left of them is rounding
    return (np.minimum(share, 1) * 2**32).astype(np.uint64), other


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


@njit(inline="always")
def _gain(label, score, rate, sigmoid):
    """How far a pair moves its vectors: rate · (label − σ(score))."""
    last = len(sigmoid) - 1
    place = np.int64((score + np.float32(BOUND)) * np.float32(last / (2 * BOUND)) + np.float32(0.5))
    return rate * (label - sigmoid[min(max(place, 0), last)])  # NaN, too, finds a place in the table


@njit(nogil=True, fastmath=True, error_model="numpy", inline="always")
def centre(targets: Array, words: Array, inputs: Array, outputs: Array, sigmoid: Array, rate: float,
           rows: Array,
           change: Array, word: Array, like: tuple[int, ...]) -> None:
    """One step: `words` (M,) move towards targets[0], the word that they surround, away from the others.

    rows, change (at least len(targets) rows, a multiple of three; d) and word (d,) are memory to work in;
    what `rows` has beyond the targets must be finite. Three targets are met at a time, so that the word is
    read once for them. like: any tuple of d numbers. The length of a tuple is part of its type, so that the
    compiler knows d.
    """
    size = len(like)
    for k in range(len(targets)):
        rows[k] = outputs[targets[k]]  # as they were before this centre
    change[:] = np.float32(0)
    for m in range(len(words)):
        vector = inputs[words[m]]
        for d in range(size):
            word[d] = vector[d]
        for k in range(0, len(rows), 3):
            p, q, r = rows[k], rows[k + 1], rows[k + 2]
            a = b = c = np.float32(0)
            for d in range(size):
                a += word[d] * p[d]
                b += word[d] * q[d]
                c += word[d] * r[d]
            a = _gain(np.float32(k == 0), a, rate, sigmoid)
            b = _gain(np.float32(0), b, rate, sigmoid)
            c = _gain(np.float32(0), c, rate, sigmoid)
            dp, dq, dr = change[k], change[k + 1], change[k + 2]
            for d in range(size):
                vector[d] += a * p[d] + b * q[d] + c * r[d]
            for d in range(size):  # apart: fewer places that the compiler must prove to be different ones
                x = word[d]
                dp[d] += a * x
                dq[d] += b * x
                dr[d] += c * x
    for k in range(len(targets)):
        row = outputs[targets[k]]
        for d in range(size):
            row[d] += change[k, d]


@intrinsic
def _fetch(_, table, row):
    """Ask memory for a row of a float32 table, and go on without it: soon it is near."""
    def generate(context, builder, signature, arguments):
        array = context.make_array(table)(context, builder, arguments[0])
        length, number, byte = builder.extract_value(array.strides, 0), ir.IntType(32), ir.IntType(8)
        first = builder.add(builder.ptrtoint(array.data, length.type), builder.mul(arguments[1], length))
        form = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0")
        step = ir.Constant(length.type, LINE)
        with cgutils.for_range_slice(builder, first, builder.add(first, length), step) as (line, _):
            to_write_soon = [number(1), number(3), number(1)]  # LLVM: for writing, keep it near, data
            builder.call(prefetch, [builder.inttoptr(line, byte.as_pointer()), *to_write_soon])
        return context.get_dummy_value()
    return types.void(table, types.int64), generate


@njit(nogil=True, fastmath=True, error_model="numpy", inline="always")
def _draw(targets, word, own, other, outputs, window, state):
    """The targets of a word: itself, then its negatives. How far its neighbours may be is drawn as well.

    Their rows are asked for: they come while the word before is being learnt.  Returns: reach, state.
    """
    state = _next(state)
    reach = 1 + _below(state, window)
    targets[0] = word
    for k in range(1, len(targets)):
        state = _next(state)
        drawn = _below(state, len(own))
        state = _next(state)
        targets[k] = drawn if _bits(state) < own[drawn] else other[drawn]
    for k in range(len(targets)):
        _fetch(outputs, targets[k])  # type: ignore[call-arg]  # an intrinsic has its first from numba
    return reach, state


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled; kept on disk for the next process, or said why it cannot be kept."""
    options: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}
    try:
        chosen = njit(cache=True, **options)(function)
    except RuntimeError as error:  # neither in __pycache__, nor at home, nor in NUMBA_CACHE_DIR
        chosen = _not_kept(function, options, error)

    def call(*arguments: Any) -> Any:
        nonlocal chosen
        try:
            return chosen(*arguments)
        except OSError as error:  # the disk is full, say; the loop itself, which reads no file, has not begun
            chosen = _not_kept(function, options, error)
            return chosen(*arguments)
    return call


def _not_kept(function: Callable[..., Any], options: dict[str, Any],
              error: Exception) -> Callable[..., Any]:
    warnings.warn("word2vec: what numba compiles cannot be kept, so that each process takes seconds for it; "
                  f"set NUMBA_CACHE_DIR to a folder that can be written to ({error})", stacklevel=3)
    return njit(**options)(function)


@kept
def read(ids: Array, starts: Array, keep: Array, own: Array, other: Array, sigmoid: Array, inputs: Array,
         outputs: Array, window: int, negatives: int, rate: float, fall: float, state: np.uint64,
         like: tuple[int, ...]) -> np.uint64:
    """A run of sentences: for each word that is kept, a step. The rate is `fall` less with every word read.

    Returns: the state of the random numbers, to go on with.
    """
    size = inputs.shape[1]
    sentence = np.empty(np.diff(starts).max(), np.int32)
    targets, words = np.empty((2, negatives + 1), np.int32), np.empty(2 * window, np.int32)
    rows = np.zeros(((negatives + 3) // 3 * 3, size), np.float32)  # zeros: targets that change nothing
    change, word = np.empty_like(rows), np.empty(size, np.float32)
    for s in range(len(starts) - 1):
        length = next_reach = 0
        for at in range(starts[s], starts[s + 1]):
            state = _next(state)
            if _bits(state) < keep[ids[at]]:  # frequent words are left out now and then
                sentence[length] = ids[at]
                _fetch(inputs, ids[at])  # type: ignore[call-arg]  # numba gives the first argument itself
                length += 1
        now = np.float32(rate - fall * (starts[s] - starts[0]))
        if length:
            next_reach, state = _draw(targets[0], sentence[0], own, other, outputs, window, state)
        for place in range(length):
            reach = next_reach
            if place + 1 < length:
                next_reach, state = _draw(targets[(place + 1) % 2], sentence[place + 1], own, other, outputs,
                                          window, state)
            count = 0
            for at in range(max(0, place - reach), min(length, place + reach + 1)):
                if at != place:
                    words[count] = sentence[at]
                    count += 1
            centre(targets[place % 2], words[:count], inputs, outputs, sigmoid, now,  # type: ignore[arg-type]
                   rows, change, word, like)
    return state


def fit(model: SkipGram, corpus: Corpus, *, epochs: int, rate: float, threads: int, seed: int) -> None:
    """Train the tables of `model`, where they are."""
    config, counts = model.config, corpus.vocabulary.counts
    keep = (keep_chances(counts, config.sample) * 2**32).astype(np.uint64)
    own, other = alias_table(noise(counts, config.power))
    sigmoid, inputs, outputs = sigmoid_table(), model.input.detach().numpy(), model.output.detach().numpy()
    fall = rate / (epochs * len(corpus.ids))
    states = np.random.default_rng(seed).integers(1, 2**63, threads, np.uint64)
    stop = False

    def part(thread: int, epoch: int) -> None:
        """What a thread reads in an epoch, piece by piece."""
        first, last = (len(corpus.ids) * t // threads for t in (thread, thread + 1))
        edges = np.searchsorted(corpus.starts, [*range(first, last, PIECE), last])
        for low, high in itertools.pairwise(edges):
            if low < high and not stop:
                done = epoch * len(corpus.ids) + (corpus.starts[low] - first) * threads
                starts = corpus.starts[low:high + 1]
                states[thread] = read(corpus.ids, starts, keep, own, other, sigmoid, inputs,
                                      outputs, config.window, config.negatives, rate - fall * done,
                                      fall * threads, states[thread], (0,) * config.dimension)

    with ThreadPoolExecutor(threads) as pool:
        try:
            for epoch in range(epochs):
                list(pool.map(part, range(threads), [epoch] * threads))
        finally:
            stop = True
