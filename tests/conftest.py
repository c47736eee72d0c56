"""Options every test may ask for, and the one server that many of them share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import compress
from operator import not_
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from policies import let_note
from systems.server import guarded_server

from cockpit.demo import postgres_server
from cockpit.masking import closing

if TYPE_CHECKING:
    from systems.patient import Patient


# How long an example takes says something of the machine, and decides nothing.
settings.register_profile("cockpit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cockpit")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--many`: the exhaustive form of tests that otherwise take a sample."""
    parser.addoption("--many", action="store_true", default=False, help="try every case instead of a sample")


def pytest_configure(config: pytest.Config) -> None:
    """Make the processes that tests start independent of whoever started the tests."""
    # A run starts a thousand of them, and each would compile Textual and cockpit anew: half a second of a processor.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Nobody's own notes of heads are read or written.
    folder = tempfile.TemporaryDirectory(prefix="cockpit-state-")
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_STATE_HOME"] = folder.name
    # A user's own policy: profiles are noted at their first use, and nobody is asked. What asks has tests of its own.
    let_note(Path(folder.name) / "config")
    os.environ["XDG_CONFIG_HOME"] = str(Path(folder.name) / "config")
    # What is told a secret closes its process, for good: not this one, which goes on to other tests.
    closing._closed.append(())
    # Ctrl-C ends what is interrupted, also where the tests themselves run in the background and ignore it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # And a terminal that hangs up ends what it is meant to end, also where the tests themselves run under nohup.
    if os.environ.get("PYTEST_XDIST_WORKER") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the tests of a fresh checkout once, before four processes do so beside each other."""
    config = session.config
    if os.environ.get("PYTEST_XDIST_WORKER") or not config.getoption("numprocesses") or config.args != ["tests"]:
        return
    here = Path(__file__).parent
    files = sorted(here.rglob("test_*.py"))
    if 2 * sum(1 for _ in here.rglob("__pycache__/test_*-pytest-*.pyc")) > len(files):
        return
    collecting = [sys.executable, "-m", "pytest", "--collect-only", "-n", "0", "-p", "no:cacheprovider"]
    halves = [
        subprocess.Popen([*collecting, *map(str, half)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for half in (files[::2], files[1::2])
    ]
    for half in halves:
        half.wait()  # whatever is wrong with a test is said when it is collected to be run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what is long first, and leave out what is marked `many`, unless `--many` asks for it."""
    items.sort(key=_turn)
    if config.getoption("--many"):
        return
    is_many = [item.get_closest_marker("many") is not None for item in items]
    config.hook.pytest_deselected(items=list(compress(items, is_many)))
    items[:] = compress(items, map(not_, is_many))


def _turn(item: pytest.Item) -> int:
    """When a test has its turn: those that wait for processes, then benchmarks, then those that take milliseconds.

    At the very beginning every process compiles what it imports, which is no time to measure anything; and a long test
    at the end keeps one process busy and lets the others wait.
    """
    if item.get_closest_marker("benchmark"):
        return 1
    return 0 if item.nodeid.startswith(("tests/crash/", "tests/integration/", "tests/pty/")) else 2


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A real PostgreSQL on a Unix socket, one for each test process; gone at its end, however that comes."""
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if obstacle := postgres_server.obstacle(Path(folder) / "data"):
            pytest.skip(obstacle)
        with guarded_server(Path(folder) / "data") as dsn:
            yield dsn


@pytest.fixture(scope="session")
def patient_server() -> Iterator[Patient]:
    """A PostgreSQL with an empty store that tests may stop and freeze: ask for `db`, which is well at the beginning."""
    from systems.patient import patient  # a driver, which most tests never need

    with patient() as it:
        yield it


@pytest.fixture
def db(patient_server: Patient) -> Iterator[Patient]:
    """The same, for one test."""
    patient_server.recover()
    yield patient_server
    patient_server.recover()
