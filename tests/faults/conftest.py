"""`python -m pytest tests/faults --full` takes the full counts; without it each test takes some seconds."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="faults: the full counts, which takes minutes")


@pytest.fixture(scope="session")
def full(request) -> bool:
    return request.config.getoption("--full", default=False)  # unknown when pytest runs all of tests
