"""One checkpoint on the disk: a folder such as step-00001200 with four files.

    model.safetensors   the weights; of names that share one tensor (tied weights) only the first
    state.pt            everything else; torch.load reads it with weights_only=True, so it cannot run code
    manifest.json       format, step, metrics, and which names share one tensor: "tied", another -> the first
    SHA256SUMS          checksums of the three above; by hand: sha256sum -c SHA256SUMS
"""

import errno
import hashlib
import json
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

FORMAT = 3  # of the files; raise it when an older firstgrad could no longer read them
WEIGHTS, STATE, MANIFEST, SUMS = "model.safetensors", "state.pt", "manifest.json", "SHA256SUMS"
CHECKED = (WEIGHTS, STATE, MANIFEST)  # the lines of SHA256SUMS

# What a file system says that lacks a function.
UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)
_PLAIN = {type(None), bool, int, float, complex, str, bytes, torch.Tensor, torch.nn.Parameter,
          torch.Size, torch.dtype, torch.device}


class CheckpointError(RuntimeError):
    """A checkpoint could not be written or read; those that were whole before still are."""


class CorruptCheckpointError(CheckpointError):
    """A checkpoint's files are not those that were written."""


@dataclass(frozen=True)
class Checkpoint:
    """What `load` gives back; tensors are on the CPU."""

    path: Path
    step: int
    weights: dict[str, torch.Tensor] = field(repr=False)  # for model.load_state_dict
    state: dict = field(repr=False)  # everything else
    metrics: dict[str, float]  # {} when there were none


def load(path: str | os.PathLike) -> Checkpoint:
    """The checkpoint in the folder `path`, after every byte of it was checked.

    Raises: CorruptCheckpointError that names the files; CheckpointError when they are whole, but not such as
    this module writes.
    """
    path = Path(path)
    damage = damaged(path)
    if damage:
        raise CorruptCheckpointError(f"{path}: {damage}")
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"it has format {manifest['format']}, this firstgrad reads {FORMAT}")
        weights = load_file(path / WEIGHTS)
        state = torch.load(path / STATE, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CorruptCheckpointError(f"{path}: it went away, or the disk fails: {error}") from error
    except Exception as error:
        raise CheckpointError(f"{path}: its checksums agree, but it cannot be read: {error}") from error
    weights.update({name: weights[same] for name, same in manifest["tied"].items()})
    return Checkpoint(path, manifest["step"], weights, state, manifest["metrics"])


def write(folder: Path, step: int, weights: dict, state: dict, metrics: dict) -> None:
    """Make `folder` and the four files in it; all is on the disk when this returns.

    Raises: OSError or SafetensorError when the disk is full or fails.
    """
    tensors, tied = storable(weights)
    manifest = {"format": FORMAT, "step": step, "metrics": metrics, "tied": tied}
    folder.mkdir()
    save_file(tensors, folder / WEIGHTS)
    _save_state(state, folder / STATE)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    files = [folder / name for name in CHECKED]
    with ThreadPoolExecutor(len(files)) as pool:
        lines = pool.map(_checksum_line, files)
        for file in files:  # meanwhile the disk works
            sync(file)
        (folder / SUMS).write_bytes(b"".join(lines))
    sync(folder / SUMS)
    sync(folder)


def damaged(path: Path) -> str | None:
    """What is wrong with the files, None if every byte is as written: those of SHA256SUMS as well."""
    try:
        sums = (path / SUMS).read_bytes()
        with ThreadPoolExecutor(len(CHECKED)) as pool:
            lines = list(pool.map(_checksum_line, [path / name for name in CHECKED]))
    except OSError as error:
        return f"corrupt, or no checkpoint: {error}"
    if sums == b"".join(lines):
        return None
    differ = [line.split()[1].decode() for line in lines if line not in sums] or ["its own form"]
    return f"corrupt, {SUMS} does not agree with {', '.join(differ)}"


def read_manifest(path: Path) -> dict | None:
    """The manifest, None if it is damaged; the large files are not looked at."""
    try:
        whole = _checksum_line(path / MANIFEST) in (path / SUMS).read_bytes()
        return json.loads((path / MANIFEST).read_bytes()) if whole else None
    except OSError:
        return None


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Some network file systems cannot wait for a folder; then that is said, and done without.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not path.is_dir() or error.errno not in UNSUPPORTED:
            raise
        warnings.warn(f"{path}: this file system cannot wait for a folder ({error.strerror}); after a power "
                      "cut the newest checkpoint may be missing", stacklevel=2)
    finally:
        os.close(descriptor)


def storable(weights: dict) -> tuple[dict, dict]:
    """The tensors as safetensors takes them: on the CPU, contiguous, sharing no memory.

    Returns: those tensors by name, and for each name that stands for the same tensor as an earlier one, that.
    """
    ready: dict = {}
    tied: dict = {}
    first: dict = {}
    for name, tensor in weights.items():
        check_dense(name, tensor)
        same = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if tensor.numel() and first.setdefault(same, name) != name:
            tied[name] = first[same]
        else:
            ready[name] = tensor.detach().cpu().contiguous()
    end = 0
    for name in sorted(ready, key=lambda name: ready[name].data_ptr()):
        start = ready[name].data_ptr()
        if start < end:  # overlaps another one; slices of one buffer, side by side, may stay
            ready[name] = ready[name].clone()
        end = max(end, start + ready[name].nbytes)
    return ready, tied


def plain(name: str, value: Any) -> Any:
    """The value with Python's numbers and torch's tensors for NumPy's.

    What is left over, weights_only=True would refuse on the day the run is to go on: it is refused now.
    Raises: TypeError that names the place.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.tensor(value)
    if isinstance(value, dict):
        return {plain(f"the keys of {name}", key): plain(f"{name}[{key!r}]", part)
                for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)([part if type(part) in _PLAIN else plain(f"{name}[{place}]", part)
                            for place, part in enumerate(value)])
    raise TypeError(f"{name}: given {type(value).__name__}, expected dictionaries, lists and tuples of "
                    "tensors, numbers, strings and None")


def check_dense(name: str, tensor: Any) -> None:
    """Raises: TypeError for a tensor that safetensors has no form for."""
    if not torch.is_tensor(tensor):
        given = type(tensor).__name__
    elif tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
        given = "a sparse, quantized or meta tensor"
    elif tensor.is_complex():  # only the newest safetensors has a code for some of them
        given = str(tensor.dtype)
    else:
        return
    raise TypeError(f"weights[{name!r}]: given {given}, expected a dense tensor of floats, integers or bools")


def _save_state(state: dict, path: Path) -> None:
    with open(path, "wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):  # what the disk said; torch's own error hides it
                raise error.__context__ from None
            raise


def _checksum_line(file: Path) -> bytes:
    """As sha256sum prints it."""
    with open(file, "rb") as opened:
        return f"{hashlib.file_digest(opened, 'sha256').hexdigest()}  {file.name}\n".encode()
