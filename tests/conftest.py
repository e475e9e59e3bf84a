"""What all tests share: one thread, and a mark for those that need a GPU."""

import os

# Before torch is loaded: two workers on two cores, each with two threads, are several times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "cuda: needs a GPU; skipped, with the reason, where there is none")


def pytest_runtest_setup(item):
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device on this machine")
