"""What a pair of words costs, by softmax over the whole vocabulary and by negative sampling: chapter 09.

One step of gradient descent on a batch of pairs, both gradients written by hand, on one thread of a CPU; the
best of several rounds, since whatever else the machine does can only make it longer. Times are this
machine's, and no check compares them. What is compared: how many products of numbers a pair takes, and that
both steps lower the loss of the batch by as much as is recorded.
"""

import time

import torch

NAME = "skip_gram_cost"
TOLERANCE = 1e-3
TIMES = ("seconds",)
DIMENSION, NEGATIVES, BATCH, RATE = 100, 5, 256, 0.025
VOCABULARIES = (1_000, 3_000, 10_000, 30_000, 71_000)
ROUNDS, SECONDS = 4, 0.5


def tables(size: int):
    generator = torch.Generator().manual_seed(0)
    V, U = (torch.randn(size, DIMENSION, generator=generator) / 10 for _ in range(2))
    pairs = torch.randint(size, (BATCH, 2 + NEGATIVES), generator=generator)
    return V, U, pairs[:, 0], pairs[:, 1:]  # centres (B,), targets (B, 1 + k), the true one first


def softmax_step(V, U, centres, targets):
    v = V[centres]
    error = torch.softmax(v @ U.T, 1)  # (B, V)
    error[torch.arange(BATCH), targets[:, 0]] -= 1
    V.index_add_(0, centres, error @ U, alpha=-RATE)
    U.addmm_(error.T, v, alpha=-RATE)


def sampling_step(V, U, centres, targets):
    v, u = V[centres], U[targets]  # (B, d), (B, 1 + k, d)
    error = torch.sigmoid(torch.bmm(u, v[:, :, None])[:, :, 0])  # (B, 1 + k)
    error[:, 0] -= 1
    V.index_add_(0, centres, torch.bmm(error[:, None], u)[:, 0], alpha=-RATE)
    U.index_add_(0, targets.flatten(), (error[:, :, None] * v[:, None]).flatten(0, 1), alpha=-RATE)


STEPS = {"softmax": softmax_step, "sampling": sampling_step}


def products(way: str, size: int) -> int:
    """Multiplications of a pair: scores, the gradient of its vector, those of the other table's rows."""
    return 3 * DIMENSION * (size if way == "softmax" else 1 + NEGATIVES)


def seconds(way: str, size: int) -> float:
    """The shortest time of a step, over the pairs in it."""
    V, U, centres, targets = tables(size)
    best, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        started = time.perf_counter()
        STEPS[way](V, U, centres, targets)
        best = min(best, time.perf_counter() - started)
    return best / BATCH


def fall(way: str, size: int = VOCABULARIES[0]) -> float:
    """By how much one step lowers the loss that it is a step on, a pair on average."""
    V, U, centres, targets = tables(size)

    def loss():
        if way == "softmax":
            return torch.nn.functional.cross_entropy(V[centres] @ U.T, targets[:, 0])
        scores = torch.einsum("bd,bkd->bk", V[centres], U[targets])
        scores[:, 1:] *= -1
        return -torch.nn.functional.logsigmoid(scores).sum(1).mean()

    before = loss()
    STEPS[way](V, U, centres, targets)
    return float(before - loss())


def facts() -> dict:
    return {way: {"products": [products(way, size) for size in VOCABULARIES], "fall": fall(way)}
            for way in STEPS}


def run(steps=None) -> dict:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = {way: [float("inf")] * len(VOCABULARIES) for way in STEPS}
    for _ in range(ROUNDS):
        for i, size in enumerate(VOCABULARIES):
            for way in STEPS:
                times[way][i] = min(times[way][i], seconds(way, size))
    torch.set_num_threads(threads)
    settings = {"dimension": DIMENSION, "negatives": NEGATIVES, "batch": BATCH}
    return {"settings": settings, "vocabularies": list(VOCABULARIES), "seconds": times, "facts": facts()}


def first_steps(recording):
    return facts(), recording["facts"]
