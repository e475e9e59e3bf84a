"""Where the numbers live: which device to compute on, in words."""

import torch


class DeviceUnavailableError(RuntimeError):
    """The device that was asked for is not on this machine."""


def _available(kind: str) -> bool:
    return {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[kind]


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """The device called `name`; "auto" is the first of cuda, mps and cpu that this machine has.

    name: "auto", "cpu", "cuda", "cuda:1", "mps", or a torch.device.
    Raises: ValueError for another name, DeviceUnavailableError when the machine lacks it.
    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _available(kind)))
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise ValueError(f"device: given {name!r}, expected 'auto', 'cpu', 'cuda' or 'mps'")
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if not _available(device.type) or (device.index or 0) >= count:
        raise DeviceUnavailableError(f"device: given {str(name)!r}, which this machine does not have; "
                                     "use device='cpu', or 'auto' for the best there is")
    return device


def describe(device: str | torch.device = "auto") -> str:
    """The device in words, such as "cpu, 2 threads" or "cuda:0, NVIDIA H200, 140 GiB"."""
    device = choose_device(device)
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{device}, {properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if device.type == "mps":
        return "mps, Apple GPU"
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' * (threads > 1)}"
