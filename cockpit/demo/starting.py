"""Starting a demo's process, and hearing from it: that it is ready, or why it is not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cockpit.demo.lifetime import READY
from cockpit.errors import KeeperError
from cockpit.text import shortened

_LOG = "system.log"
_START_S = 30.0
_STOP_S = 10.0


@contextmanager
def process(folder: Path, module: str, *options: str, is_asked: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A system's process in a session of its own, which goes on afterwards, unless starting the demo fails.

    `is_asked`: what it prints is a pipe to this process, and else goes to its log.
    """
    with (folder / _LOG).open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(folder), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_asked else log,
            stderr=log,
            start_new_session=True,
            # the package that brings PostgreSQL leaves a lock in one of them
            env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder)},
        )
    try:
        yield started
    except BaseException:
        _end(started)
        raise


def ready(folder: Path, started: subprocess.Popen[bytes]) -> bytes:
    """What the system says of itself, once it can be reached. Raises `KeeperError` if that never comes."""
    give_up = time.monotonic() + _START_S
    while not (folder / READY).exists():
        if started.poll() is not None or time.monotonic() > give_up:
            raise _not_started(folder)
        time.sleep(0.02)
    return (folder / READY).read_bytes()


def environ(folder: Path, started: subprocess.Popen[bytes]) -> dict[str, str]:
    """The environment that the system prints once it can be reached. Raises `KeeperError` if that never comes."""
    assert started.stdout is not None, "its output is a pipe"
    late = threading.Timer(_START_S, started.kill)
    late.start()
    try:
        line = started.stdout.readline()
    finally:
        late.cancel()
        started.stdout.close()
    if not line.endswith(b"\n"):
        raise _not_started(folder)
    return msgspec.json.decode(line, type=dict[str, str])


def _not_started(folder: Path) -> KeeperError:
    log = folder / _LOG  # gone with the folder if the system got as far as cleaning up
    said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    why = shortened(said[-1], 200) if said else f"it was not ready within {_START_S:.0f} s"
    return KeeperError(
        f"the demo's system did not start: {why}", hint="see that loopback and the temporary folder work"
    )


def _end(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    try:
        started.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
