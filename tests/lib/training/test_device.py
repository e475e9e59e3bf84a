"""Which device is chosen, and what is said when it is not there."""

import pytest
import torch

from firstgrad.training import device as devices
from firstgrad.training.device import DeviceUnavailableError, choose_device, choose_precision, describe


@pytest.fixture
def machine(monkeypatch):
    """A machine with these devices besides its CPU."""
    def have(*kinds, gpus=1):
        monkeypatch.setattr(devices, "_available", lambda kind: kind == "cpu" or kind in kinds)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus if "cuda" in kinds else 0)
    return have


@pytest.mark.parametrize(("kinds", "chosen"), [
    ((), "cpu"), (("mps",), "mps"), (("cuda",), "cuda"), (("mps", "cuda"), "cuda"),
])
def test_auto_takes_the_first_of_cuda_mps_cpu(machine, kinds, chosen):
    machine(*kinds)
    assert choose_device().type == chosen


def test_a_device_by_name_or_object(machine):
    machine("cuda", gpus=2)
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert choose_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there_suggests_the_cpu(machine, name):
    machine()
    with pytest.raises(DeviceUnavailableError, match=f"device: given '{name}'.*use device='cpu'"):
        choose_device(name)


def test_the_third_of_two_gpus_is_not_there(machine):
    machine("cuda", gpus=2)
    with pytest.raises(DeviceUnavailableError, match="cuda:2"):
        choose_device("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "", "xla", "meta", None, 7, "cuda:x"])
def test_other_names_are_refused_with_the_list(name):
    with pytest.raises(ValueError, match=r"device: given .*, expected 'auto', 'cpu', 'cuda' or 'mps'"):
        choose_device(name)


@pytest.mark.parametrize(("bf16", "chosen"), [(True, "bf16"), (False, "fp16")])
def test_auto_precision_on_a_gpu_is_what_it_has(monkeypatch, bf16, chosen):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **settings: asked.append(settings) or bf16)
    assert choose_precision("auto", torch.device("cuda")) == chosen
    assert asked == [{"including_emulation": False}]  # emulated bf16 is slower than fp16


def test_auto_precision_elsewhere_is_full():
    assert choose_precision("auto", torch.device("cpu")) == "fp32"
    assert choose_precision("auto", torch.device("mps")) == "fp32"


def test_fp16_on_mps_is_refused():
    with pytest.raises(ValueError, match="precision: given 'fp16' on mps"):
        choose_precision("fp16", torch.device("mps"))


def test_describe_counts_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert describe("cpu") == "cpu, 1 thread"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert describe("cpu") == "cpu, 8 threads"


@pytest.mark.cuda
def test_describe_names_the_gpu():
    assert torch.cuda.get_device_name() in describe("cuda")
