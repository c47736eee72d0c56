"""A stage for every test of a keeper; whatever was started on it is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keeper_stage import Server, Stage

from cockpit.audit.layout import keeper_lock
from cockpit.audit.locks import holder_alive


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def stage(tmp_path: Path, server: Server) -> Iterator[Stage]:
    stage = Stage(tmp_path, server)
    yield stage
    stage.end()
    assert not holder_alive(keeper_lock(stage.run_dir)), "a keeper was left behind"
