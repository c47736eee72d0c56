"""The one SSH host that many tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ssh_host import SshHost, obstacle


@pytest.fixture(scope="session")
def ssh_host() -> Iterator[SshHost]:
    """A host with people on it, one for each test process; every test walks runs of its own there."""
    if why := obstacle():
        pytest.skip(why)
    host = SshHost()
    try:
        yield host.start()
    finally:
        host.close()
