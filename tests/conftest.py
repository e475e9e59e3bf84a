"""What all tests share: one thread, one browser, and a mark for those that need a GPU."""

import os
import signal
import sys
from pathlib import Path

# Before torch is loaded: two workers on two cores, each with two threads, are several times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


def pytest_configure(config):
    # A shell starts what it puts into the background deaf to Ctrl-C; our tests of Ctrl-C are not about that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "cuda: needs a GPU; skipped, with the reason, where there is none")


def pytest_runtest_setup(item):
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device on this machine")


@pytest.fixture(scope="session")
def chromium():
    """The one browser of this process: Playwright cannot be started twice in it."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
    import browser

    # No name resolves but our own address: what a page asks of another host fails, and is counted by Watch.
    arguments = [*(a for a in browser.ARGUMENTS if a != "--headless"),
                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser.find(install=True), args=arguments)
        yield running
        running.close()
