"""How fast this machine multiplies, and how fast it fetches: the roofline of chapter 02.

Three operations, each in float32 and bfloat16: the product of two n × n matrices, the sum of two vectors, and
a layer whose weights are too large for the caches, over the batch size. A time is the best of several, since
whatever else the machine does can only make it longer. `run` measures the CPU on one thread and on two;
`make gpu` measures a GPU and adds it (see `measure`).

Times are this machine's, and no check compares them. What is compared: how much work and how many bytes each
operation is, and the checksums of results that are exact in every number format.
"""

import math
import time

import torch

from firstgrad.data import fashion_mnist

NAME = "matmul"
TOLERANCE = 1e-6
TIMES = ("cpu", "gpu", "feeding")
DTYPES = ("float32", "bfloat16")
THREADS = (1, 2)
SIDES = (32, 64, 128, 256, 512, 1024, 2048)  # of the square matrices
GPU_SIDES = (*SIDES, 4096, 8192)
LENGTHS = tuple(4**k for k in range(6, 14))  # of the vectors: 4,096 to 67 million
WIDTH = 4096  # inputs and outputs of the layer
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
GPU_BATCHES = (*BATCHES, 1024, 2048, 4096)
ROUNDS = 4  # over all sizes: what disturbs for a while does not then spoil all of one size's calls
SECONDS = 0.1  # that one measurement of a round takes, and at least two calls
EXACT_SIDE = 64  # sums of 64 products of −1, 0, 1 are exact even in bfloat16


# --- what is done, and how much of it there is ---


def work(operation: str, size: int, itemsize: int) -> tuple[int, int]:
    """FLOPs, and the bytes that have to be read and written at the least, of one call.

    operation: "matmul", size n: C = A B, n² sums of n products.  "add", size n: z = x + y.  "layer", size B:
    Y = X Wᵀ with X (B, WIDTH) and W (WIDTH, WIDTH).
    """
    if operation == "matmul":
        return 2 * size**3, 3 * size**2 * itemsize
    if operation == "add":
        return size, 3 * size * itemsize
    return 2 * size * WIDTH**2, (WIDTH**2 + 2 * size * WIDTH) * itemsize


def prepared(operation: str, size: int, dtype: torch.dtype, device):
    """A function that does the operation once, without making anything new."""
    def numbers(*shape):
        return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device, dtype)

    if operation == "add":
        x, y, z = (numbers(size) for _ in range(3))
        return lambda: torch.add(x, y, out=z)
    rows, inner = (size, size) if operation == "matmul" else (size, WIDTH)
    x, w = numbers(rows, inner), numbers(inner, inner)
    y = torch.empty_like(x)
    return lambda: torch.mm(x, w.T, out=y)


# --- measuring ---


def best_seconds(call, device, seconds: float) -> float:
    """The shortest time of one call. A GPU works on while Python goes on, so it is waited for."""
    def once(calls):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        if torch.device(device).type == "cuda":
            torch.cuda.synchronize(device)
        return (time.perf_counter() - started) / calls

    once(1)  # what is loaded or chosen at first use
    calls = max(1, round(2e-4 / once(1)))  # short ones many at a time, or the clock would be measured
    times, end = [], time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        times.append(once(calls))
    return min(times)


def measure(device="cpu", sides=SIDES, lengths=LENGTHS, batches=BATCHES, seconds=SECONDS) -> dict:
    """Seconds of each operation at each size; FLOPs and bytes follow from `work`."""
    grids = {"matmul": sides, "add": lengths, "layer": batches}
    result = {"sizes": {name: list(sizes) for name, sizes in grids.items()}, "width": WIDTH}
    result |= {dtype: {name: [math.inf] * len(sizes) for name, sizes in grids.items()} for dtype in DTYPES}
    for _ in range(ROUNDS):
        for dtype in DTYPES:
            for name, sizes in grids.items():
                best = result[dtype][name]
                for i, size in enumerate(sizes):
                    call = prepared(name, size, getattr(torch, dtype), device)
                    best[i] = min(best[i], best_seconds(call, device, seconds))
    return result


def measure_gpu(device="cuda", **sizes) -> dict:
    """The same on a GPU, at larger sizes as well. `make gpu` adds it to the recording."""
    return measure(device, **({"sides": GPU_SIDES, "batches": GPU_BATCHES} | sizes))


def feeding(batch_size=64, seconds=SECONDS) -> dict:
    """Pictures a second that a DataLoader gives, and that slices of one permuted tensor give; no model."""
    x, y = fashion_mnist("train")
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size, shuffle=True)

    def resident():
        order = torch.randperm(len(x))
        for _ in zip(x[order].split(batch_size), y[order].split(batch_size), strict=True):
            pass

    def loaded():
        for _ in loader:
            pass

    calls = {"DataLoader": loaded, "resident tensors": resident}
    return {name: len(x) / best_seconds(call, "cpu", ROUNDS * seconds) for name, call in calls.items()}


# --- what a check compares ---


def facts() -> dict:
    """What is the same on every machine: FLOPs, bytes, and checksums of exact results."""
    found = {f"{name} {size} {itemsize}": list(work(name, size, itemsize))
             for name, size in (("matmul", 1024), ("add", 4096), ("layer", 8)) for itemsize in (2, 4)}
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randint(-1, 2, (EXACT_SIDE, EXACT_SIDE), generator=generator) for _ in range(2))
    weights = torch.arange(EXACT_SIDE).double()
    for dtype in DTYPES:
        kind = getattr(torch, dtype)
        product = (a.to(kind) @ b.to(kind)).double()
        found[f"checksum {dtype}"] = (weights @ product @ weights).item()
    found["checksum exact"] = int(weights.long() @ (a @ b) @ weights.long())
    return found


def run(steps=None):
    """The CPU's times; a GPU's stay as they were recorded."""
    before = torch.get_num_threads()
    cpu = {}
    for threads in THREADS:
        torch.set_num_threads(threads)
        cpu[str(threads)] = measure()
    torch.set_num_threads(before)
    return {"facts": facts(), "cpu": cpu, "feeding": feeding(), "gpu": recorded_gpu()}


def recorded_gpu():
    """What `make gpu` has recorded before, or None."""
    from firstgrad.data import recording

    try:
        return recording(NAME)["gpu"]
    except FileNotFoundError:
        return None


def first_steps(recording):
    """No time is compared: another machine, or a busy one, has others."""
    return facts(), recording["facts"]
