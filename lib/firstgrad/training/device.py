"""Where the numbers live: which device to compute on, in words."""

import math
from collections.abc import Hashable
from typing import Any

import torch

from firstgrad.arguments import choice


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


# What others call them.
_OTHERS: dict[Any, str] = {
    "bf16-mixed": "bf16", "bfloat16": "bf16", torch.bfloat16: "bf16",
    "16-mixed": "fp16", "16": "fp16", 16: "fp16", "float16": "fp16", "half": "fp16", torch.float16: "fp16",
    "32-true": "fp32", "32": "fp32", 32: "fp32", "float32": "fp32", "float": "fp32", torch.float32: "fp32"}


def choose_precision(name: Any, device: torch.device) -> str:
    """The precision called `name`; "auto" is bf16 on CUDA, fp16 where the GPU lacks it, and elsewhere fp32.

    name: as a Trainer's, or as torch and Lightning call it: "bfloat16", torch.float16, "16-mixed", 16.
    Raises: ValueError for another name, for fp16 on mps, whose small gradients nothing would scale, and for
    tf32 elsewhere than on CUDA.
    """
    name = _OTHERS.get(name, name) if isinstance(name, Hashable) else name
    choice("precision", name, ("auto", "fp32", "tf32", "bf16", "fp16"))
    if name == "fp16" and device.type == "mps":
        raise ValueError("precision: given 'fp16' on mps, expected 'fp32' or 'bf16' there")
    if name == "tf32" and device.type != "cuda":
        raise ValueError(f"precision: given 'tf32' on {device.type}, expected 'fp32' there: only CUDA has it")
    if name != "auto":
        return name
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def room(device: torch.device) -> float:
    """How many bytes of data may stay on the device: a quarter of what is free on a GPU.

    Elsewhere there is no limit, for there the data are in the memory that the device computes from.
    """
    return torch.cuda.mem_get_info(device)[0] / 4 if device.type == "cuda" else math.inf


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
