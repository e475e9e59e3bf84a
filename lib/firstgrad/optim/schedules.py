"""Learning-rate schedules: functions of the step (0, 1, 2, …) that say what to multiply the learning rate by.

Each returns `f(step) -> multiplier in [0, 1]`, Python's float, for `Trainer(schedule=f)` or torch's
`LambdaLR(optimizer, f)`.
"""

import math
from collections.abc import Callable

from firstgrad.arguments import number, whole

Schedule = Callable[[int], float]


def constant() -> Schedule:
    """1 at every step."""
    return lambda step: 1.0


def step_decay(drop: float, every: int) -> Schedule:
    """Multiply by `drop` after every `every` steps: drop^⌊step / every⌋.

    drop: in (0, 1].  every: steps.  Raises: ValueError or TypeError that names the argument.
    """
    drop, every = number("drop", drop, above=0, most=1), whole("every", every)
    return lambda step: float(drop ** (step // every))


def cosine(total_steps: int, warmup_steps: int = 0, floor: float = 0.0) -> Schedule:
    """Rise in a straight line during the warm-up, then fall along half a cosine to `floor`, and stay there.

    total_steps: steps until the floor, warm-up included.  warmup_steps: steps.  floor: in [0, 1].
    Raises: ValueError or TypeError that names the argument.
    Source: Loshchilov & Hutter 2017, eq. 5, arXiv:1608.03983 (one period, no restart); warm-up: Goyal et al.
    2017, §2.2, arXiv:1706.02677.  Differs: the first step is at 1/warmup_steps; at 0 it would be wasted.
    """
    total_steps = whole("total_steps", total_steps)
    warmup_steps = whole("warmup_steps", warmup_steps, least=0)
    floor = number("floor", floor, least=0, most=1)
    if warmup_steps >= total_steps:
        raise ValueError(f"warmup_steps: given {warmup_steps}, expected less than total_steps, {total_steps}")

    def multiplier(step: int) -> float:
        if step < warmup_steps:
            return float((step + 1) / warmup_steps)
        progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
        return floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2

    return multiplier
