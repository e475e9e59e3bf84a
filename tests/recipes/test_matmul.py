"""The roofline's recording: what is done, how much work it is, what `make gpu` adds. No time is asserted."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))  # benchmarks/gpu.py imports its neighbour
sys.path.insert(0, str(ROOT / "tools"))
import recordings  # noqa: E402

recipe = recordings.load("matmul")
TINY = {"sides": (4, 8), "lengths": (16,), "batches": (1, 2), "seconds": 0.0}


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(recipe, "WIDTH", 8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_operation_is_what_it_is_called(dtype, narrow, monkeypatch):
    seen = []
    monkeypatch.setattr(torch, "mm", lambda x, w, out: seen.append((x, w, out)))
    monkeypatch.setattr(torch, "add", lambda x, y, out: seen.append((x, y, out)))
    for name, size in (("matmul", 4), ("layer", 3), ("add", 5)):
        recipe.prepared(name, size, dtype, "cpu")()
    shapes = [[tuple(part.shape) for part in parts] for parts in seen]
    assert shapes == [[(4, 4)] * 3, [(3, 8), (8, 8), (3, 8)], [(5,)] * 3]
    assert {part.dtype for parts in seen for part in parts} == {dtype}
    for (name, size), parts in zip((("matmul", 4), ("layer", 3), ("add", 5)), seen, strict=True):
        assert recipe.work(name, size, dtype.itemsize)[1] == sum(part.nbytes for part in parts)


def test_flops_are_counted_as_torch_counts_them():
    from torch.utils.flop_counter import FlopCounterMode

    for name, size in (("matmul", 64), ("layer", 8)):
        call = recipe.prepared(name, size, torch.float32, "cpu")
        with FlopCounterMode(display=False) as counter:
            call()
        assert counter.get_total_flops() == recipe.work(name, size, 4)[0]
    assert recipe.work("add", 100, 4)[0] == 100  # one addition an element


def test_the_facts_are_those_recorded_and_exact_in_every_format():
    facts = recipe.facts()
    assert facts["checksum float32"] == facts["checksum bfloat16"] == facts["checksum exact"] != 0
    measured, recorded = recipe.first_steps(recordings.read("matmul"))
    assert measured == recorded == facts


def test_a_recording_has_a_time_for_every_size():
    recording = recordings.read("matmul")
    parts = [*recording["cpu"].values(), *([recording["gpu"]] if recording["gpu"] else [])]
    for part in parts:
        for dtype in recipe.DTYPES:
            for name, sizes in part["sizes"].items():
                assert len(part[dtype][name]) == len(sizes)
                assert min(part[dtype][name]) > 0
    assert set(recording["cpu"]) == {"1", "2"}
    assert min(recording["feeding"].values()) > 0


def test_measuring_leaves_the_threads_and_keeps_the_gpu(narrow, monkeypatch):
    monkeypatch.setattr(recipe, "measure", lambda: {"float32": torch.get_num_threads()})
    monkeypatch.setattr(recipe, "feeding", dict)
    monkeypatch.setattr(recipe, "recorded_gpu", lambda: {"a GPU": 1})
    before = torch.get_num_threads()
    result = recipe.run()
    assert result["cpu"] == {"1": {"float32": 1}, "2": {"float32": 2}}
    assert result["gpu"] == {"a GPU": 1}
    assert torch.get_num_threads() == before


def test_make_gpu_adds_its_part_and_touches_no_other(tmp_path, monkeypatch):
    """On the CPU here; what a GPU does otherwise is that it is waited for."""
    spec = importlib.util.spec_from_file_location("gpu_benchmark", ROOT / "benchmarks/gpu.py")
    gpu = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gpu_benchmark", gpu)  # its dataclass looks itself up
    spec.loader.exec_module(gpu)
    (tmp_path / "recipes/learning").mkdir(parents=True)
    source = (ROOT / "recipes/learning/matmul.py").read_text()
    (tmp_path / "recipes/learning/matmul.py").write_text(source.replace("4096", "8"))
    (tmp_path / "data/recordings").mkdir(parents=True)
    old = {"provenance": {"commit": "x"}, "tolerance": 1e-6, "facts": {}, "cpu": {"1": {}}, "gpu": None}
    recordings.file_of("matmul", tmp_path).write_text(json.dumps(old))
    gpu.record_matmul("cpu", tmp_path, **TINY)
    new = recordings.read("matmul", tmp_path)
    assert {key: new[key] for key in old if key != "gpu"} == {key: old[key] for key in old if key != "gpu"}
    assert new["gpu"]["provenance"]["command"] == "make gpu"
    assert new["gpu"]["sizes"] == {"matmul": [4, 8], "add": [16], "layer": [1, 2]}
    assert len(new["gpu"]["bfloat16"]["layer"]) == 2


@pytest.mark.cuda
def test_a_gpu_is_measured(narrow):
    found = recipe.measure_gpu(**TINY)
    assert min(found["bfloat16"]["matmul"]) > 0
