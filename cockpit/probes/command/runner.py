"""Runs a probe's program in a session of its own, keeps the beginning of its output, and leaves nothing running.

Invariant: when `read` ends, by whatever way, the program and everything it started in its session are gone. Output
beyond the cap is read and thrown away, so that a flood neither blocks the program nor fills memory.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

import msgspec

from cockpit.errors import ProbeError
from cockpit.probes.command.declaration import CommandSettings
from cockpit.probes.runner import Context, Facts
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

CAP_BYTES = 65536
_GRACE_S = 0.3


class CommandRunner:
    """One `command` probe."""

    def __init__(self, settings: CommandSettings, context: Context) -> None:
        self._argv = settings.argv or ("/bin/sh", "-c", settings.script)
        self._cwd = context.base_dir / settings.cwd
        self._env = {**os.environ, **settings.env}

    async def read(self) -> Facts:
        """Run it to its end. Raises `ProbeError` if it cannot be started."""
        began = time.perf_counter()
        process = await self._start()
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            stdout, stderr = await asyncio.gather(_capped(process.stdout), _capped(process.stderr))
            exit_code = await process.wait()
        finally:
            await asyncio.shield(_end(process))
        facts: dict[str, object] = {
            "exit_code": exit_code,
            "stdout": stdout.decode("utf-8", "replace"),
            "stderr": stderr.decode("utf-8", "replace"),
            "latency_ms": (time.perf_counter() - began) * 1e3,
        }
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # no JSON: the fact is absent
            facts["json"] = msgspec.json.decode(stdout)
        return facts

    async def _start(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._argv,
                cwd=self._cwd,
                env=self._env,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "its arguments hold a null character"
            raise ProbeError(f"{shortened(self._argv[0], 80)} cannot be started: {said}") from error

    async def close(self) -> None:
        """Nothing is held between readings."""


async def _capped(stream: asyncio.StreamReader) -> bytes:
    kept = bytearray()
    while part := await stream.read(65536):
        kept += part[: CAP_BYTES - len(kept)]
    return bytes(kept)


async def _end(process: Process) -> None:
    """End what is left of the program's session: politely, then not."""
    for number, pause_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, 0.0)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        give_up = time.monotonic() + pause_s
        while time.monotonic() < give_up and _has_members(process.pid):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.01)
    await process.wait()


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def open_runner(settings: Settings, context: Context) -> CommandRunner:
    """Open a `command` probe."""
    assert isinstance(settings, CommandSettings)
    return CommandRunner(settings, context)
