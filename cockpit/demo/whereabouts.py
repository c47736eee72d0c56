"""Where a stand-in is, and its secrets, for screens that come later: asked of its process, never on disk.

A socket in the demo's folder tells them, for its user alone (mode 0600 and the peer's uid). A screen that resumes a
demo's run takes them over, so that a keeper that died can be started again from any shell.

Imports nothing but the standard library: `cockpit resume` asks before its first paint.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

SOCKET = "environ.sock"
"""Its name in the demo's folder."""
_TIMEOUT_S = 2.0
_CREDENTIALS = struct.Struct("3i")


class Whereabouts:
    """Tells the environment to whoever of this user asks, until it is closed."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._answer = json.dumps(dict(environ)).encode()
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listening.bind(str(folder / SOCKET))
        finally:
            os.umask(before)
        self._listening.listen()
        threading.Thread(target=self._tell, name="cockpit-demo-whereabouts", daemon=True).start()

    def close(self) -> None:
        """Tell nobody any more."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _tell(self) -> None:
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return
            with asking, suppress(OSError):
                asking.settimeout(_TIMEOUT_S)
                if _uid(asking) == os.geteuid():
                    asking.sendall(self._answer)


def environ_of(profile_folder: Path) -> dict[str, str]:
    """The environment of the stand-in whose profile is there; empty if it is none of a demo, or has ended."""
    path = profile_folder.parent.parent / SOCKET
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asking.settimeout(_TIMEOUT_S)
    with asking, suppress(OSError, ValueError, TypeError, RecursionError):
        asking.connect(str(path))
        if _uid(asking) == os.geteuid():
            with asking.makefile("rb") as told:
                return dict(json.load(told))
    return {}


def _uid(connected: socket.socket) -> int:
    """Whose process is at the other end (unix(7), SO_PEERCRED)."""
    raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])
