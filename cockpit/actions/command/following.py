"""Watching a shim by its files: what it writes, and how it ended. For the keeper that started it and for any later one.

Invariant: nothing here holds up a shim or changes what it does, but for the file that asks it to stop. Of any amount
of output only the newest part is read at a time, so memory and loop do not feel a flood.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cockpit.actions.runner import OnOutput, Output
from cockpit.actions.shim import record
from cockpit.actions.shim.processes import boot_id, look
from cockpit.audit.layout import action_cancel, action_exit, action_log, action_status
from cockpit.audit.opening import opened
from cockpit.text import visible

_LOOK_EVERY_S = 0.05
_TELL_EVERY_S = 0.5
_TOLD_BYTES = 4096
_BUDGET_BYTES = 256 * 1024 - _TOLD_BYTES
"""Of what is told while it runs; the last part is always told."""


class Following:
    """One action's shim."""

    def __init__(self, run_dir: Path, action: str, on_output: OnOutput, told_bytes: int = 0) -> None:
        """`told_bytes`: how far into its output an earlier keeper told it."""
        self._status_path = str(action_status(run_dir, action))
        self._exit_path = str(action_exit(run_dir, action))
        self._cancel_path = action_cancel(run_dir, action)
        self._log = _Tail(action_log(run_dir, action), on_output, told_bytes)

    async def end(self, is_alive: Callable[[], bool] | None = None) -> record.Exit | None:
        """Wait for the end; None if the shim is gone and left none.

        `is_alive` says whether the shim lives, if its starter knows better than the status file.
        """
        while True:
            lives = self._lives() if is_alive is None else is_alive()
            # Only after that: a shim leaves its end before it goes.
            end = record.read_exit(self._exit_path)
            self._log.tell(is_last=end is not None or not lives)
            if end is not None or not lives:
                return end
            await asyncio.sleep(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Ask the shim to stop its command: by a file, or by a signal where none can be made. Raises OSError."""
        try:
            os.close(opened(self._cancel_path, os.O_WRONLY | os.O_CREAT))
        except OSError:
            if not self._signalled():
                raise

    def _signalled(self) -> bool:
        """Whether the shim lives and was told by SIGTERM. Raises OSError."""
        status = record.read_status(self._status_path)
        if status is None or not status.pid:
            return False
        process = os.pidfd_open(status.pid)
        try:
            if not record.is_alive(status):  # looked at only now: from here on the descriptor stands for it
                return False
            signal.pidfd_send_signal(process, signal.SIGTERM)
        finally:
            os.close(process)
        return True

    def _lives(self) -> bool:
        status = record.read_status(self._status_path)
        return status is not None and record.is_alive(status)


def give_up(run_dir: Path, action: str) -> bool:
    """See to it that an action without a shim gets none any more; whether none was there.

    A shim that is still starting up finds the file and starts nothing. Raises OSError.
    """
    nobody = record.Status(pid=0, start_ticks=0, boot=boot_id(), at=time.time())
    return record.claim(str(action_status(run_dir, action)), nobody)


def trace(run_dir: Path, action: str) -> str:
    """What is known of an action whose end is not: one sentence for whoever has to find out."""
    status = record.read_status(str(action_status(run_dir, action)))
    if status is None:
        return "there is no trace of it"
    if status.pid == 0:
        return "the keeper that began it ended before the command was started; it was not started since"
    began = datetime.fromtimestamp(status.at, UTC).strftime("%H:%M:%S UTC")
    said = f"process {status.child}, started {began}" if status.child else f"about to be started at {began}"
    wrote = ""
    with suppress(OSError):
        seen = action_log(run_dir, action).stat()
        wrote = f"; it last wrote at {datetime.fromtimestamp(seen.st_mtime, UTC):%H:%M:%S} UTC" if seen.st_size else ""
    if status.boot != boot_id():
        return f"this host was started again meanwhile: {said}{wrote}"
    child = look(status.child) if status.child else None
    lives = " (a process of that number runs: it may be the command)" if child is not None else ""
    return f"its shim ended without a word: {said}{lives}{wrote}"


class _Tail:
    """Tells what is added to a file, in time and in part."""

    def __init__(self, path: Path, on_output: OnOutput, told_bytes: int) -> None:
        self._path = path
        self._on_output = on_output
        self._at = max(0, told_bytes)
        self._told_bytes = 0
        self._next_mono = 0.0

    def tell(self, *, is_last: bool) -> None:
        """Tell what came, unless something was told just now."""
        now = time.monotonic()
        if not is_last and (now < self._next_mono or self._told_bytes >= _BUDGET_BYTES):
            return
        try:
            file = opened(self._path, os.O_RDONLY)
        except OSError:  # it is not there yet, or what is there is no shim's
            return
        try:
            size = os.fstat(file).st_size
            start = max(self._at, size - _TOLD_BYTES)
            new = os.pread(file, size - start, start) if size > start else b""
        finally:
            os.close(file)
        if not new:
            return
        skipped = start - self._at
        if not is_last:
            new = _whole_characters(new)
        self._at = start + len(new)
        if skipped:
            new = new.lstrip(bytes(range(0x80, 0xC0)))  # what is left of a character cut in two
        text = visible(new.decode("utf-8", "replace"), multiline=True)
        while len(text.encode()) > _TOLD_BYTES:  # what cannot be seen takes more room when it is made visible
            skipped += len(new) // 2
            new = new[len(new) // 2 :]
            text = visible(new.decode("utf-8", "replace"), multiline=True)
        self._told_bytes += len(text.encode())
        self._next_mono = now + _TELL_EVERY_S
        self._on_output(Output(text=text, skipped_bytes=skipped, end=self._at))


def _whole_characters(data: bytes) -> bytes:
    """Without the beginning of a character whose rest is still to come."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-back] if back < length else data
    return data
