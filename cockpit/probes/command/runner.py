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
from typing import IO

import msgspec

from cockpit.errors import ProbeError
from cockpit.probes.command.declaration import CommandSettings
from cockpit.probes.runner import Context, Facts
from cockpit.probes.threads import in_own_thread
from cockpit.profile.contents import differs
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
        self._folder, self._fixed = context.base_dir, context.fixed

    async def read(self) -> Facts:
        """Run it to its end. Raises `ProbeError` if it cannot be started, or is not what the run began with."""
        if self._fixed and (why := await in_own_thread(self._changed)):
            raise ProbeError(why, hint="put it back as it was")
        began = time.perf_counter()
        process = self._start()
        output = _Output(process)
        exited = asyncio.ensure_future(in_own_thread(process.wait))
        try:
            # Until it ends itself; what it started may hold its pipes open for longer.
            exit_code = await asyncio.shield(exited)
            latency_ms = (time.perf_counter() - began) * 1e3
        finally:
            await asyncio.shield(_end(process.pid, exited, output))
        return facts_of(exit_code, *output.kept(), latency_ms)

    def _changed(self) -> str:
        said = (differs(name, self._folder, digest) for name, digest in self._fixed.items())
        return next(filter(None, said), "")

    def _start(self) -> subprocess.Popen[bytes]:
        """Not by asyncio: a cancellation while that starts a program leaves it waiting for ever (CPython 3.13)."""
        program = shortened(self._argv[0], 80)
        try:
            return subprocess.Popen(
                self._argv,
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            where = f" in {shortened(str(self._cwd), 100)}" if str(error.filename) == str(self._cwd) else ""
            raise ProbeError(f"{program} cannot be started{where}: {error.strerror}") from error
        except ValueError as error:
            raise ProbeError(f"{program} cannot be started: its arguments hold a null character") from error

    async def close(self) -> None:
        """Nothing is held between readings."""


def facts_of(exit_code: int, out: bytes, err: bytes, latency_ms: float) -> Facts:
    """What a program that ended so, and printed so, tells."""
    stdout, stderr = (printed.decode("utf-8", "replace") for printed in (out, err))
    facts: dict[str, object] = {
        "exit_code": exit_code,
        "stdout": stdout,
        "stderr": stderr,
        "reason": (_last_line(stderr) or _last_line(stdout)) if exit_code else "",
        "latency_ms": latency_ms,
    }
    with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):  # no JSON: the fact is absent
        facts["json"] = msgspec.json.decode(stdout)
    return facts


class _Output:
    """What a program prints, up to the cap."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.drained = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        assert process.stdout is not None
        assert process.stderr is not None
        self._pipes = (process.stdout, process.stderr)
        self._kept = {pipe: bytearray() for pipe in self._pipes}
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
            self._listen(pipe)

    def kept(self) -> tuple[bytes, bytes]:
        """Of standard output and standard error."""
        stdout, stderr = (bytes(self._kept[pipe]) for pipe in self._pipes)
        return stdout, stderr

    def _listen(self, pipe: IO[bytes]) -> None:
        if not pipe.closed:
            self._loop.add_reader(pipe.fileno(), self._on_output, pipe)

    def _on_output(self, pipe: IO[bytes]) -> None:
        try:
            data = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return
        kept = self._kept[pipe]
        if not data:
            self._close(pipe)
        elif len(kept) < CAP_BYTES:
            kept += data[: CAP_BYTES - len(kept)]
        else:
            self._loop.remove_reader(pipe.fileno())
            self._loop.call_later(_FLOOD_PAUSE_S, self._listen, pipe)

    def _close(self, pipe: IO[bytes]) -> None:
        self._loop.remove_reader(pipe.fileno())
        pipe.close()
        if all(each.closed for each in self._pipes):
            self.drained.set()

    def close(self) -> None:
        """Listen no more."""
        for pipe in self._pipes:
            if not pipe.closed:
                self._close(pipe)


async def _end(group: int, exited: asyncio.Future[int], output: _Output) -> None:
    """End what is left of the program's session, and let go of its pipes."""
    try:
        await _end_group(group)
        await exited
        with suppress(TimeoutError):  # somebody else holds the pipes; what was read until now is what there is
            await asyncio.wait_for(output.drained.wait(), _DRAIN_S)
    finally:
        output.close()


async def _end_group(group: int) -> None:
    """Politely, then not. A group that is gone is signalled no more: its number may be somebody else's by now."""
    is_left = _signal(group, signal.SIGTERM)
    give_up = time.monotonic() + _GRACE_S
    try:
        while is_left and time.monotonic() < give_up:
            await asyncio.sleep(0.01)
            is_left = _signal(group, 0)
    finally:  # also when this loop is ending and waits for nobody
        if is_left:
            _signal(group, signal.SIGKILL)


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
