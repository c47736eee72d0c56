"""Runs a probe's program in a session of its own, keeps the beginning of its output, and leaves nothing running.

Invariant: when `read` ends, by whatever way, the program and everything it started in its session are gone. Output
beyond the cap is read slowly and thrown away, so that a flood neither blocks the program nor fills memory or the loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import suppress

import msgspec

from cockpit.errors import ProbeError
from cockpit.probes.command.declaration import CommandSettings
from cockpit.probes.runner import Context, Facts
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

CAP_BYTES = 65536
_GRACE_S = 0.3
_DRAIN_S = 0.2
"""For output still in a pipe that a program of another session holds open."""
_FLOOD_PAUSE_S = 0.001


class CommandRunner:
    """One `command` probe."""

    def __init__(self, settings: CommandSettings, context: Context) -> None:
        self._argv = settings.argv or ("/bin/sh", "-c", settings.script)
        self._cwd = context.base_dir / settings.cwd
        self._env = {**os.environ, **settings.env}

    async def read(self) -> Facts:
        """Run it to its end. Raises `ProbeError` if it cannot be started."""
        began = time.perf_counter()
        output = await self._start()
        try:
            await output.exited.wait()
            latency_ms = (time.perf_counter() - began) * 1e3
        finally:
            await asyncio.shield(_end(output))
        exit_code = output.transport.get_returncode()
        assert exit_code is not None
        stdout, stderr = (bytes(output.kept[fd]).decode("utf-8", "replace") for fd in (1, 2))
        facts: dict[str, object] = {
            "exit_code": exit_code,
            "stdout": stdout,
            "stderr": stderr,
            "reason": (_last_line(stderr) or _last_line(stdout)) if exit_code else "",
            "latency_ms": latency_ms,
        }
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # no JSON: the fact is absent
            facts["json"] = msgspec.json.decode(output.kept[1])
        return facts

    async def _start(self) -> _Output:
        try:
            _, output = await asyncio.get_running_loop().subprocess_exec(
                _Output,
                *self._argv,
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            program = shortened(self._argv[0], 80)
            if str(error.filename) == str(self._cwd):
                raise ProbeError(f"{program} cannot be started in {shortened(str(self._cwd), 100)}: "
                                 f"{error.strerror}") from error  # fmt: skip
            raise ProbeError(f"{program} cannot be started: {error.strerror}") from error
        except ValueError as error:
            raise ProbeError(
                f"{shortened(self._argv[0], 80)} cannot be started: its arguments hold a null character"
            ) from error
        return output

    async def close(self) -> None:
        """Nothing is held between readings."""


class _Output(asyncio.SubprocessProtocol):
    """What a program prints, up to the cap, and when it ends."""

    transport: asyncio.SubprocessTransport

    def __init__(self) -> None:
        self.kept = {1: bytearray(), 2: bytearray()}
        self.exited = asyncio.Event()
        """The program itself; what it started may hold its pipes open for longer."""
        self.drained = asyncio.Event()
        self._open = {1, 2}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self.transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self.kept[fd]
        if len(kept) < CAP_BYTES:
            kept += data[: CAP_BYTES - len(kept)]
            return
        pipe = self.transport.get_pipe_transport(fd)
        if isinstance(pipe, asyncio.ReadTransport):
            pipe.pause_reading()
            asyncio.get_running_loop().call_later(_FLOOD_PAUSE_S, pipe.resume_reading)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open:
            self.drained.set()

    def process_exited(self) -> None:
        self.exited.set()


async def _end(output: _Output) -> None:
    """End what is left of the program's session: politely, then not; and let go of its pipes."""
    group = output.transport.get_pid()
    try:
        if _signal(group, signal.SIGTERM):
            give_up = time.monotonic() + _GRACE_S
            while time.monotonic() < give_up and _signal(group, 0):  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.01)
    finally:  # also when this loop is ending and waits for nobody
        _signal(group, signal.SIGKILL)
    await output.exited.wait()
    with suppress(TimeoutError):  # somebody else holds the pipes; what was read until now is what there is
        await asyncio.wait_for(output.drained.wait(), _DRAIN_S)
    output.transport.close()


def _signal(group: int, number: int) -> bool:
    """Whether there was anybody to tell."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _last_line(text: str) -> str:
    return next((shortened(line.strip(), 160) for line in reversed(text.splitlines()) if line.strip()), "")


async def open_runner(settings: Settings, context: Context) -> CommandRunner:
    """Open a `command` probe."""
    assert isinstance(settings, CommandSettings)
    return CommandRunner(settings, context)
