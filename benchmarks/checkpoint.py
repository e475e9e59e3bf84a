"""Our checkpoints against others' files: python benchmarks/checkpoint.py [--rounds 15] [--dry]

100 MB of weights (25 matrices, float32) are saved and loaded. Ours has checksums, survives a kill, and is on
the disk when `save` returns; of the others the label says so (with fsync). They write over their file of the
round before, ours removes its folder of the round before. Loading, ours computes the checksums; safetensors
maps the file into memory and reads what is used, so what is loaded is summed.
"""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import bench
import torch
from safetensors.torch import load_file, save_file

from firstgrad.training import Checkpoints

MATRICES, ROWS, COLUMNS = 25, 1000, 1000  # 100 MB of float32
GOAL = 2.0  # times safetensors' own file with fsync


def sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def total(weights: dict) -> float:
    return float(sum(tensor.sum() for tensor in weights.values()))


def savers(folder: Path, weights: dict) -> tuple[dict, dict]:
    """What saves, and what loads and sums, by label."""
    ours, tensors, pickle = Checkpoints(folder / "ours", keep=1), folder / "a.safetensors", folder / "a.pt"
    save = {
        "ours": lambda: ours.save(0, weights, {}),
        "safetensors with fsync": lambda: (save_file(weights, tensors), sync(tensors)),
        "safetensors": lambda: save_file(weights, tensors),
        "torch.save with fsync": lambda: (torch.save(weights, pickle), sync(pickle)),
        "torch.save": lambda: torch.save(weights, pickle),
    }
    load = {
        "ours": lambda: total(ours.latest().weights),
        "safetensors": lambda: total(load_file(tensors)),
        "torch.load": lambda: total(torch.load(pickle, weights_only=True)),
    }
    if importlib.util.find_spec("lightning"):
        from lightning.fabric.plugins import TorchCheckpointIO

        lightning, file = TorchCheckpointIO(), folder / "lightning.ckpt"
        save["Lightning"] = lambda: lightning.save_checkpoint({"state_dict": weights}, file)
        load["Lightning"] = lambda: total(lightning.load_checkpoint(file, weights_only=True)["state_dict"])
    return save, load


def main(options) -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    weights = {f"layers.{i}.weight": torch.randn(ROWS, COLUMNS, generator=generator) for i in range(MATRICES)}
    folder = Path(tempfile.mkdtemp(prefix="checkpoint-"))
    try:
        save, load = savers(folder, weights)
        both = {"ours": lambda: (save["ours"](), load["ours"]()),
                "safetensors with fsync": lambda: (save["safetensors with fsync"](), load["safetensors"]())}
        goals = {"safetensors with fsync": GOAL}
        rows = bench.compare("save 100 MB", save, goals=goals, rounds=options.rounds)
        rows += bench.compare("load 100 MB", load, rounds=options.rounds)
        rows += bench.compare("save and load 100 MB", both, goals=goals, rounds=options.rounds)
    finally:
        shutil.rmtree(folder)
    peers = ["safetensors", *(["lightning"] if "Lightning" in save else [])]
    bench.report("checkpoint", rows, options, peers=peers, note=__doc__.split("\n\n")[1].replace("\n", " "))


if __name__ == "__main__":
    main(bench.options(__doc__, rounds=15))
