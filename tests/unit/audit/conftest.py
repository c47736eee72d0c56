"""What the tests of the log share."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_small_log import write_small_log


@pytest.fixture
def small_log(tmp_path: Path) -> bytes:
    """The bytes of a log with everything in it."""
    return write_small_log(tmp_path / "runs" / "R1")
