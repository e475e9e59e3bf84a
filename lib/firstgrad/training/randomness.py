"""Every generator that a training may draw from (torch's, NumPy's, Python's): seeded, kept, put back exactly.

NumPy and Python are included because data sets augment with them, and a resumed run must draw the same.
"""

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

Generator = torch.Generator | np.random.Generator | np.random.RandomState | random.Random


def several(*values: Any) -> list[Generator]:
    """The generators among `values`, each once."""
    return list({id(one): one for one in values if isinstance(one, Generator)}.values())


def snapshot(device: torch.device, generators: Sequence[Generator] = ()) -> dict:
    """The state of the global generators and of `generators`, in types that load with weights_only=True."""
    version, numbers, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 (the global one, which others draw from)
    return {
        "torch": torch.get_rng_state(),
        "device": _device_state(device),
        "numpy": [kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "python": [version, torch.tensor(numbers), gauss],
        "generators": states(generators),
    }


def restore(state: dict, device: torch.device, generators: Sequence[Generator] = ()) -> None:
    """Put the generators back to where `snapshot` found them."""
    torch.set_rng_state(state["torch"])
    if state["device"] is not None and device.type != "cpu":
        _of(device).set_rng_state(state["device"], *_index(device))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers.tolist()), gauss))
    put_back(generators, state["generators"])


def states(generators: Sequence[Generator]) -> list:
    """The states of generators, in types that load with weights_only=True."""
    return [_state(generator) for generator in generators]


def put_back(generators: Sequence[Generator], their_states: Sequence[Any]) -> None:
    """Put generators back to where `states` found them."""
    for generator, its_state in zip(generators, their_states, strict=True):
        _set_state(generator, its_state)


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
    _seed_host(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)


@contextlib.contextmanager
def unmoved(generators: Sequence[Generator]) -> Iterator[None]:
    """Whatever is drawn inside on the CPU, outside these generators and the global ones are as they were."""
    before = states(generators)
    with kept(torch.device("cpu")):
        yield
    put_back(generators, before)


def reseed(generators: Sequence[Generator], seed: int) -> None:
    """Begin these generators, and the global ones of the CPU, anew."""
    _seed_host(seed)
    for generator in generators:
        if isinstance(generator, torch.Generator):
            generator.manual_seed(seed)
        elif isinstance(generator, np.random.Generator):
            generator.bit_generator.state = type(generator.bit_generator)(seed).state
        else:
            generator.seed(seed)


def _seed_host(seed: int) -> None:
    torch.default_generator.manual_seed(seed)  # torch.manual_seed walks the stack where there is no GPU
    np.random.seed(seed % 2**32)  # noqa: NPY002
    random.seed(seed)


def _state(generator: Generator):
    """In types that load with weights_only=True."""
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, random.Random):
        version, numbers, gauss = generator.getstate()
        return [version, torch.tensor(numbers), gauss]
    if isinstance(generator, np.random.RandomState):
        return _plain(generator.get_state(legacy=False))
    return _plain(generator.bit_generator.state)


def _set_state(generator: Generator, state) -> None:
    if isinstance(generator, torch.Generator):
        generator.set_state(state)
    elif isinstance(generator, random.Random):
        version, numbers, gauss = state
        generator.setstate((version, tuple(numbers.tolist()), gauss))
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(_arrays(state))
    else:
        generator.bit_generator.state = _arrays(state)


def _plain(state):
    """The state of a bit generator with lists for arrays: 64 bits without a sign fit no tensor."""
    if isinstance(state, dict):
        return {name: _plain(part) for name, part in state.items()}
    return [str(state.dtype), state.tolist()] if isinstance(state, np.ndarray) else state


def _arrays(state):
    if isinstance(state, dict):
        return {name: _arrays(part) for name, part in state.items()}
    return np.array(state[1], state[0]) if isinstance(state, list) else state


def _device_state(device):
    return None if device.type == "cpu" else _of(device).get_rng_state(*_index(device))


def _of(device):
    return torch.get_device_module(device)  # torch.cuda, torch.mps


def _index(device):
    return [device] if device.type == "cuda" else []  # there is only one mps
