"""Every generator that a training may draw from (torch's, NumPy's, Python's): seeded, kept, put back exactly.

NumPy and Python are included because data sets augment with them, and a resumed run must draw the same.
"""

import contextlib
import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch


def snapshot(device: torch.device, generators: Sequence[torch.Generator] = ()) -> dict:
    """The state of the global generators and of `generators`, in types that load with weights_only=True."""
    version, numbers, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 (the global one, which others draw from)
    return {
        "torch": torch.get_rng_state(),
        "device": _device_state(device),
        "numpy": [kind, torch.from_numpy(keys.astype(np.int64)), *rest],
        "python": [version, torch.tensor(numbers), gauss],
        "generators": [generator.get_state() for generator in generators],
    }


def restore(state: dict, device: torch.device, generators: Sequence[torch.Generator] = ()) -> None:
    """Put the generators back to where `snapshot` found them."""
    torch.set_rng_state(state["torch"])
    if state["device"] is not None and device.type != "cpu":
        _of(device).set_rng_state(state["device"], *_index(device))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers.tolist()), gauss))
    for generator, its_state in zip(generators, state["generators"], strict=True):
        generator.set_state(its_state)


@contextlib.contextmanager
def kept(device: torch.device) -> Iterator[None]:
    """Whatever is drawn inside, outside the generators are as they were."""
    outside = snapshot(device)
    try:
        yield
    finally:
        restore(outside, device)


@contextlib.contextmanager
def tried(model: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Whatever the model is tried on inside: generators, its buffers and gradients are as before."""
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    gradients = [(parameter, parameter.grad) for parameter in model.parameters()]
    with kept(device):
        yield
    with torch.no_grad():
        for buffer, value in buffers:  # such as batch norm's averages
            buffer.copy_(value)
    for parameter, gradient in gradients:
        parameter.grad = gradient


def seed_all(seed: int) -> None:
    """Seed torch's (on every device), NumPy's and Python's global generators."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    random.seed(seed)


def _device_state(device):
    return None if device.type == "cpu" else _of(device).get_rng_state(*_index(device))


def _of(device):
    return torch.get_device_module(device)  # torch.cuda, torch.mps


def _index(device):
    return [device] if device.type == "cuda" else []  # there is only one mps
