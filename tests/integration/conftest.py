"""Real servers for the integration tests, started on loopback and stopped again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.demo import postgres_server


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A real PostgreSQL on a Unix socket, one for each test process; gone at its end."""
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if obstacle := postgres_server.obstacle(Path(folder) / "data"):
            pytest.skip(obstacle)
        server = postgres_server.start(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
