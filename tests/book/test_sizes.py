"""Sizes counted by formula are those that torch counts; the table of landmark models is sound."""

import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from firstgrad.book import sizes
from firstgrad.book.sizes import Shape
from firstgrad.data.timeline import models
from firstgrad.models.mlp import MLP, MLPConfig
from firstgrad.models.recurrent.lstm import LSTMConfig, LSTMLanguageModel

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = {  # shape -> parameters, where the paper, the model card or the released checkpoint says so
    Shape(96, 12288, 96, 50257, 2048): 174_600e6,  # GPT-3, Brown et al. 2020, tables 2.1 and D.1
    Shape(12, 768, 12, 30522, 512, family="bert"): 110e6,  # Devlin et al. 2019, section 3
    Shape(24, 1024, 16, 30522, 512, family="bert"): 340e6,
    Shape(48, 1600, 25, 50257, 1024): 1558e6,  # GPT-2, the released model "1558M"
    Shape(12, 768, 12, 50257, 1024): 124e6,
    Shape(80, 8192, 64, 32000, 2048, 22016, "llama"): 65.2e9,  # LLaMA, Touvron et al. 2023, table 2
    Shape(70, 14336, 112, 250880, 2048): 176_247_271_424,  # BLOOM, but for its positions and a norm
}


def count(module):
    return sum(p.numel() for p in module.parameters())


def total(shape):
    return sum(sizes.parameters(shape).values())


@pytest.mark.parametrize("shape", PUBLISHED)
def test_published_sizes(shape):
    assert total(shape) == pytest.approx(PUBLISHED[shape], rel=0.02)


def test_bert_base_to_the_last_parameter():
    assert total(Shape(12, 768, 12, 30522, 512, family="bert")) == 109_482_240


@pytest.mark.parametrize("layers", [(10, 20, 1), (196, 64, 10), (3, 2, 1), (784, 256, 128, 10)])
def test_the_library_s_mlp(layers):
    assert sizes.mlp_parameters(layers) == MLP(MLPConfig(layers)).parameter_count


@pytest.mark.parametrize("config", [(80, 64, 128, 1), (7, 3, 5, 3), (1, 1, 1, 1)])
def test_the_library_s_lstm(config):
    assert sizes.lstm_parameters(*config) == LSTMLanguageModel(LSTMConfig(*config)).parameter_count


@pytest.mark.parametrize("measures", [(1, 8, 2, 32), (3, 24, 4, 50), (2, 16, 1, 64)])
def test_torch_s_encoder(measures):
    layers, width, heads, hidden = measures
    layer = nn.TransformerEncoderLayer(width, heads, hidden)
    stack = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    parts = sizes.parameters(Shape(layers, width, heads, 100, 10, hidden))
    blocks = parts["attention"] + parts["feed_forward"] + parts["norms"] - 2 * width  # our last norm
    assert count(stack) == blocks


class Block(nn.Module):
    """A Transformer block with every step written out, of either kind."""

    def __init__(self, shape):
        super().__init__()
        h, f, self.heads, self.gated = shape.width, shape.feed_forward, shape.heads, shape.family == "llama"
        bias = not self.gated
        # A fused RMSNorm keeps its input, like LayerNorm; torch's, on a CPU, is made of steps that keep more.
        self.norms = nn.ModuleList(nn.LayerNorm(h, bias=bias) for _ in range(2))
        self.qkv, self.out = nn.Linear(h, 3 * h, bias), nn.Linear(h, h, bias)
        self.up, self.down = nn.Linear(h, f, bias), nn.Linear(f, h, bias)
        self.gate = nn.Linear(h, f, bias) if self.gated else None

    def forward(self, x):
        qkv = self.qkv(self.norms[0](x)).chunk(3, -1)
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in qkv)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).flatten(2))
        y = self.norms[1](x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y) if self.gated else F.gelu(self.up(y)))


def kept_numbers(module, x):
    """How many numbers autograd keeps for the backward pass, parameters and the norms' statistics apart."""
    own = {p.untyped_storage().data_ptr() for p in module.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own and tensor.shape[-1] > 1:
            kept[storage.data_ptr()] = (storage.nbytes() // tensor.element_size(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        module(x)
    return sum(number for number, _ in kept.values())


@pytest.mark.parametrize("family", ["gpt", "llama"])
@pytest.mark.parametrize("measures", [(4, 16, 256, 48, 3), (3, 8, 50, 17, 2)])
def test_activations_are_what_autograd_keeps(family, measures):
    heads, head, hidden, context, batch = measures
    h = heads * head
    shape = Shape(1, h, heads, 11, context, hidden, family)
    block = Block(shape)
    assert count(block) == sum(sizes.parameters(shape)[p] for p in ("attention", "feed_forward")) + (
        2 * h if family == "llama" else 4 * h)
    numbers = kept_numbers(block, torch.randn(batch, context, h, requires_grad=True))
    more = Shape(2, h, heads, 11, context, hidden, family)
    expected = sizes.activations(more, batch, "fp32") - sizes.activations(shape, batch, "fp32")
    if family == "gpt":  # without dropout there are no masks (1 byte), and no second copy of the weights
        expected -= batch * context * (2 * h + (1 + 4) * heads * context)
    assert 4 * numbers == expected


def test_korthikanti_s_formula():
    for h, a, s, b in ((12288, 96, 2048, 1), (6144, 64, 2048, 4)):
        one, two = (sizes.activations(Shape(n, h, a, 1, s), b) for n in (1, 2))
        assert two - one == s * b * (34 * h + 5 * a * s)
        one, two = (sizes.activations(Shape(n, h, a, 1, s), b, recompute="selective") for n in (1, 2))
        assert two - one == 34 * s * b * h
        one, two = (sizes.activations(Shape(n, h, a, 1, s), b, recompute="full") for n in (1, 2))
        assert two - one == 2 * s * b * h


@pytest.mark.parametrize("family", ["gpt", "llama"])
def test_flops_are_what_torch_counts(family):
    shape = Shape(1, 64, 4, 11, 32, 96, family)
    block, x = Block(shape), torch.randn(2, 32, 64, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        block(x).sum().backward()
    matrices = sum(p.numel() for p in block.parameters() if p.ndim == 2)
    expected = sizes.training_flops(matrices, 64) + sizes.attention_flops(shape, 64)
    assert counter.get_total_flops() == expected


def test_memory_and_time():
    shape = Shape(96, 12288, 96, 50257, 2048)
    kinds = sizes.memory(shape)
    states = sum(kinds[kind] for kind in ("weights", "gradients", "optimiser"))
    assert states == 16 * total(shape) == sum(
        v for k, v in sizes.memory(shape, precision="fp32").items() if k != "activations")
    seconds = sizes.training_seconds(3.14e23, 1024, 312e12, 0.5)
    assert seconds / 86400 == pytest.approx(22.75, abs=0.01)
    assert sizes.training_seconds(3.14e23, 1024, 312e12, 0.5, "full") == pytest.approx(4 / 3 * seconds)
    assert sizes.cost(3600, 8, 2.5) == 20
    assert sizes.gpus_needed(80e9, sizes.GPUS["H100"]) == 1
    assert sizes.gpus_needed(80e9 + 1, sizes.GPUS["H100"]) == 2


GOOD = {"layers": 2, "width": 8, "heads": 2, "vocabulary": 10, "context": 4}


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: Shape(**{**GOOD, "heads": 3}), ValueError, "heads"),
    (lambda: Shape(**{**GOOD, "layers": 0}), ValueError, "layers"),
    (lambda: Shape(**{**GOOD, "width": 8.0}), TypeError, "width"),
    (lambda: Shape(**GOOD, family="t5"), ValueError, "family"),
    (lambda: Shape(**GOOD, feed_forward=-1), ValueError, "feed_forward"),
    (lambda: sizes.mlp_parameters([3]), ValueError, "sizes"),
    (lambda: sizes.mlp_parameters([3, 0]), ValueError, "sizes"),
    (lambda: sizes.lstm_parameters(80, 64, 0), ValueError, "hidden_size"),
    (lambda: sizes.memory(Shape(**GOOD), 0), ValueError, "batch"),
    (lambda: sizes.memory(Shape(**GOOD), precision="fp8"), ValueError, "precision"),
    (lambda: sizes.memory(Shape(**GOOD), recompute="half"), ValueError, "recompute"),
    (lambda: sizes.training_flops(0, 1), ValueError, "count"),
    (lambda: sizes.training_flops(1, math.nan), ValueError, "tokens"),
    (lambda: sizes.attention_flops(Shape(**GOOD), -1), ValueError, "tokens"),
    (lambda: sizes.training_seconds(1e20, 0, 1e12, 0.4), ValueError, "gpus"),
    (lambda: sizes.training_seconds(1e20, 8, 0, 0.4), ValueError, "peak"),
    (lambda: sizes.training_seconds(1e20, 8, 1e12, 1.4), ValueError, "utilisation"),
    (lambda: sizes.training_seconds(1e20, 8, 1e12, 0.4, "twice"), ValueError, "recompute"),
    (lambda: sizes.cost(1, 8, -1), ValueError, "price"),
    (lambda: sizes.gpus_needed(0, sizes.GPUS["V100"]), ValueError, "total"),
])
def test_bad_input_names_the_argument(call, error, word):
    with pytest.raises(error, match=f"^{word}: given"):
        call()


# --- the table of models -------------------------------------------------------------------------------

KINDS = {"text", "image", "speech", "game", "multimodal", "science", "other"}
UNITS = {"tokens", "words", "images", "hours", "games", "positions", "patterns",
         "sentence pairs", "image-text pairs"}


def test_the_table_of_models():
    rows = models()
    assert len(rows) >= 60
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert (rows[0]["date"][:4], rows[-1]["date"][:4]) == ("1958", "2025")
    assert len({row["name"] for row in rows}) == len(rows)
    # The page splits its lines at commas.
    assert '"' not in (ROOT / "data/model_timeline/models.csv").read_text("utf-8")
    for row in rows:
        assert re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", row["date"]), row
        assert row["kind"] in KINDS, row
        assert (row["data"] is None) == (row["unit"] == ""), row
        assert row["unit"] in UNITS | {""}, row
        assert row["organisation"], row


def test_every_figure_has_a_source():
    keys = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text("utf-8"), re.MULTILINE))
    for row in models():
        assert row["source"] in keys or re.fullmatch(r"https://\S+", row["source"]), row["source"]
        figures = [row[name] for name in ("parameters", "active", "data", "flops") if row[name] is not None]
        assert (row["seen"] in ("text", "quoted")) == bool(figures), row
        assert bool(row["where"]) == bool(figures), row


def test_figures_are_sane():
    for row in models():
        N, active, D, C = (row[name] for name in ("parameters", "active", "data", "flops"))
        assert N is None or 1 <= N <= 2e12, row
        assert active is None or active < N, row
        assert D is None or 1 <= D <= 1e14, row
        assert C is None or 1e18 <= C <= 1e27, row
        if C and N and row["unit"] == "tokens":  # 6·N·D, more or less
            assert 0.7 < sizes.training_flops(active or N, D) / C < 1.2, row


def test_famous_rows_agree_with_the_sizer():
    known = {row["name"]: row["parameters"] for row in models()}
    shapes = dict(zip(("GPT-3", "BERT-base", "BERT-large", "GPT-2"), PUBLISHED, strict=False))
    for name, shape in shapes.items():
        assert total(shape) == pytest.approx(known[name], rel=0.02), name


def test_dates_and_licences_that_were_wrong_once():
    rows = {row["name"]: row for row in models()}
    dates = {"Google's unsupervised network": "2011-12", "AlexNet": "2012-12",
             "Stable Diffusion 3": "2024-03"}
    assert {name: rows[name]["date"] for name in dates} == dates
    assert rows["SmolLM3"]["licence"] == "Apache 2.0"
    assert rows["ViT-H/14"]["licence"] == "not released"  # the weights of its JFT run
