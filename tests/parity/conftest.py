"""What runs here is the bundles that readers get: never older ones than their sources."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import bundles


@pytest.fixture(autouse=True, scope="session")
def fresh_bundles():
    if line := bundles.stale():
        pytest.fail(line, pytrace=False)
