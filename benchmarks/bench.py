"""What the benchmarks share: runs timed in turn, ratios with their spread, and benchmarks/RESULTS.md.

    options = bench.options(__doc__, rounds=15)
    runs = {"ours": step, "fused": theirs}
    rows = bench.compare("Adam 1M", runs, goals={"fused": 1.05}, rounds=options.rounds)
    bench.report("optim", rows, options, peers=["torch"])

Times depend on the machine and on what else it does; a ratio of two runs that took turns depends less on it.
"""

import argparse
import gc
import math
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path

import torch

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Results

Written by the benchmarks themselves. A ratio is our time over the peer's (below 1 we are faster): the median
over rounds in which all took turns; its spread is from the 10th to the 90th percentile of the rounds.
"""


@dataclass(frozen=True)
class Row:
    """Our time against one peer's."""

    name: str  # what was done
    peer: str
    ratio: float  # median of ours / peer's
    low: float  # its 10th percentile over the rounds
    high: float  # its 90th
    goal: float | None  # the most that `ratio` may be
    seconds: float  # ours, one call, median
    peer_seconds: float
    threads: int  # torch's

    @property
    def met(self) -> str:
        return "" if self.goal is None else "yes" if self.ratio <= self.goal else "no"

    def __str__(self) -> str:
        goal = "" if self.goal is None else f" goal={self.goal:.3g} met={self.met}"
        name = f"{self.name}-vs-{self.peer}-{self.threads}t".replace(" ", "_")
        return f"bench={name} ratio={self.ratio:.3g} low={self.low:.3g} high={self.high:.3g}{goal}"


def compare(name: str, runs: dict[str, Callable[[], object]], *, ours: str = "ours",
            goals: dict[str, float] | None = None, rounds: int = 15,
            least_seconds: float = 0.02) -> list[Row]:
    """Time all `runs` in turn, print a line for each peer, and return the rows.

    runs: label -> what is timed; on a GPU each must wait for the device before it returns.
    goals: peer -> the most that ours / peer's may be; a peer without one is only shown.
    least_seconds: a run that is shorter is called often enough to take this long.
    """
    goals = goals or {}
    if ours not in runs or not set(goals) <= set(runs) - {ours}:
        raise ValueError(f"runs: given {list(runs)}, expected {', '.join({ours: 0, **goals})} among them")
    times = take_turns(runs, rounds=rounds, least_seconds=least_seconds)
    rows = [row(name, peer, times[ours], times[peer], goals.get(peer)) for peer in runs if peer != ours]
    print(*rows, sep="\n", flush=True)
    return rows


def take_turns(runs: dict[str, Callable[[], object]], *, rounds: int,
               least_seconds: float = 0.02) -> dict[str, list[float]]:
    """Label -> seconds of a call in each round."""
    for run in runs.values():
        run()  # what is loaded or compiled at first use is not measured
    calls = {label: max(1, math.ceil(least_seconds / _seconds(run, 1))) for label, run in runs.items()}
    times = {label: [] for label in runs}
    for round_ in range(rounds):
        for label in list(runs)[:: -1 if round_ % 2 else 1]:  # nobody always follows the same one
            times[label].append(_seconds(runs[label], calls[label]))
    return times


def _seconds(run: Callable, calls: int) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - started) / calls


def row(name: str, peer: str, ours: list[float], theirs: list[float], goal: float | None) -> Row:
    """The row of two runs that took turns, from their seconds in each round."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, *_, high = statistics.quantiles(ratios, n=10, method="inclusive") if len(ratios) > 1 else ratios * 2
    return Row(name, peer, statistics.median(ratios), low, high, goal, statistics.median(ours),
               statistics.median(theirs), torch.get_num_threads())


def options(description: str, rounds: int, **flags: str) -> argparse.Namespace:
    """The command line of every benchmark: `rounds` and `dry`; and flags of its own, each with its help."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how often all take turns ({rounds})")
    parser.add_argument("--dry", action="store_true", help="print only; leave benchmarks/RESULTS.md as it is")
    for flag, its_help in flags.items():
        parser.add_argument(f"--{flag}", action="store_true", help=its_help)
    return parser.parse_args()


def report(section: str, rows: list[Row], options: argparse.Namespace, *, peers: list[str], note: str = ""):
    """Put the table of `rows` into benchmarks/RESULTS.md as its section of this name, unless told not to.

    section: one word.  peers: distributions whose versions are named.  note: what was measured, in a sentence
    or two.
    """
    if options.dry:
        return
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL))
    sections[section] = "\n\n".join([*([note] if note else []), _table(rows), _conditions(options, peers)])
    written = (f"## {name}\n\n{body.strip()}\n" for name, body in sorted(sections.items()))
    RESULTS.write_text("\n".join([HEAD, *written]), "utf-8")


def _table(rows: list[Row]) -> str:
    lines = ["| | against | threads | ratio | spread | goal | met | ours, ms | theirs, ms |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        goal = "" if row.goal is None else f"≤ {row.goal:.3g}"
        spread = f"{row.low:.3g} to {row.high:.3g}"
        cells = [row.name, row.peer, row.threads, f"{row.ratio:.3g}", spread, goal, row.met,
                 f"{row.seconds * 1e3:.3g}", f"{row.peer_seconds * 1e3:.3g}"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _conditions(options: argparse.Namespace, peers: list[str]) -> str:
    versions = [f"{name} {metadata.version(name)}" for name in dict.fromkeys(["torch", *peers])]
    return (f"`python benchmarks/{Path(sys.argv[0]).name}`, {options.rounds} rounds, {date.today()}; "
            f"{processor()}; Python {platform.python_version()}, {', '.join(versions)}.")


def processor() -> str:
    """The machine in words: its GPU, or else its CPU's model and cores."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))[1]
    except (OSError, TypeError):  # not Linux, or a CPU that has no such line
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores"
