"""The trainer on a GPU against a bare compiled loop: an MLP, an LSTM, and a stack shaped like GPT-2 (124 M).

Both loops have the same model, optimiser, data on the device and precision; the bare one checks, records and
saves nothing. Writes benchmarks/RESULTS.md and, with tokens a second and the share of the GPU's peak that the
products take (MFU), data/recordings/gpu.json. The GPU's roofline goes into data/recordings/matmul.json.
"""

import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path

import bench
import torch
import torch.nn.functional as F
from torch import nn

from firstgrad import data, text
from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.models.recurrent import LSTMConfig, LSTMLanguageModel
from firstgrad.training import Trainer

ROOT = Path(__file__).resolve().parents[1]
AS_FAST = 1 / 0.97  # the trainer is to reach 97 % of the bare loop's speed
PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12}  # bf16 FLOP/s without sparsity, NVIDIA's data sheets


@dataclass(frozen=True)
class Size:
    """How large the measured models and batches are."""

    mlp: tuple = (196, 256, 10)
    mlp_batch: int = 256
    lstm_hidden: int = 512
    layers: int = 12  # of the GPT-shaped stack, as GPT-2 small: Radford et al. 2019, table 2
    width: int = 768
    heads: int = 12
    vocabulary: int = 50257
    context: int = 1024  # tokens
    batch: int = 32  # sequences
    steps: int = 20  # in one timed run


TINY = Size(mlp_batch=32, lstm_hidden=16, layers=2, width=32, heads=2, vocabulary=20000, context=16, batch=2,
            steps=2)


class Block(nn.Module):
    """Masked self-attention and two affine maps, each normalised before and added to what came in."""

    def __init__(self, size: Size):
        super().__init__()
        self.heads = size.heads
        self.norms = nn.ModuleList([nn.LayerNorm(size.width) for _ in range(2)])
        width = size.width
        self.attention = nn.ModuleList([nn.Linear(width, 3 * width), nn.Linear(width, width)])
        self.wide = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        q, k, v = self.attention[0](self.norms[0](x)).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))  # (B, H, T, D)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attention[1](mixed.transpose(1, 2).flatten(2))  # (B, H, T, D) -> (B, T, C)
        return x + self.wide(self.norms[1](x))


class Stack(nn.Module):
    """Shaped like GPT-2, its output sharing the embedding's matrix. tokens (B, T) -> logits (B, V, T)."""

    def __init__(self, size: Size):
        super().__init__()
        self.tokens = nn.Embedding(size.vocabulary, size.width)
        self.places = nn.Parameter(torch.randn(size.context, size.width) * 0.02)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.Sequential(*(Block(size) for _ in range(size.layers)))
        self.norm = nn.LayerNorm(size.width)

    def forward(self, tokens):
        x = self.blocks(self.tokens(tokens) + self.places)
        return F.linear(self.norm(x), self.tokens.weight).transpose(1, 2)

    def flops_per_token(self, size: Size) -> int:
        """Forward and backward: 6 a parameter, and the attention's products.

        Source: Chowdhery et al. 2022, appendix B, arXiv:2204.02311.
        """
        return 6 * sum(p.numel() for p in self.parameters()) + 12 * size.layers * size.width * size.context


def workloads(size: Size) -> dict:
    """Name -> (model, x, y, rows a batch, whether it is compiled)."""
    torch.manual_seed(0)
    words = text.words(data.moby_dick("train"))
    vocabulary = text.Vocabulary.of_words([words])
    ids = vocabulary.encode(words)
    ids = ids.repeat(-(-size.steps * size.batch * size.context // len(ids)) + 1)  # enough for every step
    letters = text.Vocabulary.of_characters(data.moby_dick("train"))
    lines = text.windows(letters.encode(data.moby_dick("train")), 128)
    lstm = LSTMConfig(len(letters), 64, size.lstm_hidden, form="torch")  # cuDNN's; it is not compiled
    return {
        "MLP": (MLP(MLPConfig(size.mlp)), *data.fashion_mnist("train"), size.mlp_batch, True),
        "LSTM": (LSTMLanguageModel(lstm), *lines, 64, False),
        "GPT": (Stack(size), *text.windows(ids, size.context), size.batch, True),
    }


def bare(forward, optimizer, x, y, rows, steps, device):
    """The loop that a hurried expert writes."""
    done = 0
    while done < steps:
        for batch in torch.randperm(len(x), device=device).split(rows):
            optimizer.zero_grad()
            with torch.autocast(device.type, torch.bfloat16):
                loss = F.cross_entropy(forward(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            done += 1
            if done == steps:
                break
    _wait(device)


def _wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def measure(name, workload, size, device, rounds):
    """The row for the table, and tokens (or images) a second of the trainer."""
    model, x, y, rows, compiled = workload
    model, x, y = model.to(device), x.to(device), y.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=device.type == "cuda")
    trainer = Trainer(model, F.cross_entropy, optimizer, device=device, precision="bf16", compile=compiled)
    forward = torch.compile(model, dynamic=False) if compiled else model

    def ours():
        trainer.fit((x, y), steps=size.steps, batch_size=rows)
        _wait(device)

    runs = {"ours": ours, "bare": lambda: bare(forward, optimizer, x, y, rows, size.steps, device)}
    (row,) = bench.compare(name, runs, goals={"bare": AS_FAST}, rounds=rounds)
    return row, size.steps * rows * (x.shape[1] if x.dtype == torch.int64 else 1) / row.seconds


def main(size=Size(), device="cuda", rounds=None):
    """Measure all; returns the rows and what goes into the recording."""
    options = bench.options(__doc__, rounds=rounds or 7)
    device, began, rows, rates = torch.device(device), time.perf_counter(), [], {}
    for name, workload in workloads(size).items():
        row, rates[name] = measure(name, workload, size, device, options.rounds)
        rows.append(row)
    flops = workload[0].flops_per_token(size) * rates["GPT"]
    peak = next((peak for key, peak in PEAK.items() if key in bench.processor()), None)
    mfu = flops / peak if peak else None
    share = f", {mfu:.1%} of the peak" if peak else ""
    print(f"GPT: {rates['GPT']:,.0f} tokens/s, {flops / 1e12:.1f} TFLOP/s{share}")
    bench.report("gpu", rows, options, peers=["torch"], note=__doc__.split("\n\n")[0])
    if not options.dry:
        record(rows, rates, mfu, time.perf_counter() - began)
        record_matmul(device)


def recordings():
    """The module tools/recordings.py."""
    spec = importlib.util.spec_from_file_location("recordings", ROOT / "tools/recordings.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def record_matmul(device, root=ROOT, **sizes):
    """The GPU's part of data/recordings/matmul.json (recipes/learning/matmul.py); the CPU's stays."""
    tool, began = recordings(), time.perf_counter()
    recipe, recording = tool.load("matmul", root), tool.read("matmul", root)
    measured = recipe.measure_gpu(device, **sizes)
    origin = tool.provenance("matmul", time.perf_counter() - began, torch.device(device).type)
    recording["gpu"] = tool.rounded({"provenance": origin | {"command": "make gpu"}, **measured})
    tool.file_of("matmul", root).write_text(tool.dumps(recording) + "\n", "utf-8")


def record(rows, rates, mfu, seconds):
    """data/recordings/gpu.json, with the provenance that every recording has."""
    tool = recordings()
    origin = tool.provenance("gpu", seconds, "cuda") | {"command": "make gpu"}
    table = {row.name: {"ratio": row.ratio, "low": row.low, "high": row.high} for row in rows}
    recording = {"provenance": origin, "against_bare": table, "per_second": rates, "mfu": mfu}
    tool.file_of("gpu").write_text(tool.dumps(tool.rounded(recording)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
