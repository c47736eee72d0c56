"""Verifying a log beside whoever shows it: in a process of its own where that takes long, so that neither waits.

Run as a program (`python -m cockpit.report.replay.proving PATH`) it prints what was found as JSON. Invariant: nothing
of it is left once `Prover.close` has returned.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from cockpit.audit.verdict import Verification
from cockpit.audit.verify import verify
from cockpit.errors import LogError

ALONE_BYTES = 8 * 1024 * 1024
"""From this size on it takes longer than to start a process."""


class Prover:
    """Of one log, as it stands now."""

    def __init__(self, path: Path, tell: Callable[[Verification], None]) -> None:
        """Begin. `tell` is called from a thread, once, unless it is closed before or the file cannot be read."""
        self._path, self._tell = path, tell
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        """Of the process, and whether one may be started."""
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._prove, name="cockpit-proof", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give up, if it is not done. Not from within `tell`."""
        with self._lock:
            self._is_closed.set()
            if self._process is not None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
        self._thread.join()

    def _prove(self) -> None:
        with suppress(LogError, OSError):
            found = self._found_beside() if self._path.stat().st_size >= ALONE_BYTES else verify(self._path)
            if found is not None and not self._is_closed.is_set():
                self._tell(found)

    def _found_beside(self) -> Verification | None:
        """What another process found, which may start one more; None if this was closed meanwhile."""
        command = [sys.executable, "-P", "-m", "cockpit.report.replay.proving", str(self._path)]
        with self._lock:
            if self._is_closed.is_set():
                return None
            # A group of its own, to be ended whole. -P: nothing is imported from the folder that we are in.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        told = self._process.communicate()[0]
        if self._is_closed.is_set():
            return None
        try:
            return msgspec.json.decode(told, type=Verification, dec_hook=_path)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return verify(self._path)  # it was killed, or could not be started


def _path(wanted: type, told: Any) -> Any:
    return wanted(told)


def main(path: str) -> None:
    """Verify, and print what was found."""
    sys.stdout.buffer.write(msgspec.json.encode(verify(Path(path)), enc_hook=str))


if __name__ == "__main__":
    main(sys.argv[1])
