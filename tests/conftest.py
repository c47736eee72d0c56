"""Options every test may ask for."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--many`: the exhaustive form of tests that otherwise take a sample."""
    parser.addoption("--many", action="store_true", default=False, help="try every case instead of a sample")
