"""One command, from its start to the end of everything that it started.

Invariant: whatever the command does (floods, hangs, forks, ignores signals, closes its output), `Command.watch` comes
back: at the latest after the timeout, two graces and the drain. What it started and left behind by itself is let live
and named; what is left after a timeout or a cancel is ended.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable

from cockpit.actions.shim.capture import Excerpt, LogFile
from cockpit.actions.shim.cgroup import ControlGroup
from cockpit.actions.shim.processes import Process, descendants, kill, look, terminate
from cockpit.actions.shim.record import Exit
from cockpit.actions.shim.spec import Spec
from cockpit.masking.known import Known
from cockpit.masking.stream import Masker
from cockpit.profile.contents import CURE, differs

_READ_BYTES = 65536
_LOOK_EVERY_S = 0.1
_QUIET_S = 0.2
"""After the command ended, how long nothing comes until its output counts as over, though somebody holds it open."""
_DRAIN_S = 2.0
_EXCERPT_BYTES = 512 * 1024


class Stream:
    """Standard output or standard error."""

    def __init__(self, fd: int, log: LogFile, known: Known) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self._log = log
        self._masker = Masker(known)
        self._excerpt = Excerpt(_EXCERPT_BYTES, _EXCERPT_BYTES)
        self.written_bytes = 0
        self.line_ends = 0
        self._ends_line = True

    def read(self) -> bool:
        """Take what is there; whether there may be more."""
        try:
            data = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            data = b""  # no way to read on is no more than the end of it
        self._keep(self._masker.feed(data) if data else self._masker.end())
        self.written_bytes += len(data)
        return bool(data)

    @property
    def lines(self) -> int:
        """An unfinished last one counts."""
        return self.line_ends + (not self._ends_line)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it was left out."""
        return not self._excerpt.left_out_bytes

    def text(self) -> str:
        """Its beginning and end."""
        return self._excerpt.content().decode("utf-8", "replace")

    def finish(self) -> None:
        """Nobody reads on."""
        self._keep(self._masker.end())
        os.close(self.fd)

    def _keep(self, data: bytes) -> None:
        if data:
            self._log.write(data)
            self._excerpt.write(data)
            self.line_ends += data.count(b"\n")
            self._ends_line = data.endswith(b"\n")


class Command:
    """The running command."""

    def __init__(self, spec: Spec, log: LogFile, told_to_stop: Callable[[], bool]) -> None:
        """Start it. Raises OSError or ValueError if it cannot be started: then nothing was done."""
        self._spec = spec
        self._told_to_stop = told_to_stop
        self._log = log
        self._code: int | None = None
        self._duration_s = 0.0
        self._cancelled = False
        self._timed_out = False
        # All that can fail comes before the start: what fails after it would deny something that was done.
        (out_fd, out_end), (err_fd, err_end) = os.pipe(), os.pipe()
        known = Known(spec.secrets)  # once for both: its patterns take milliseconds to compile
        self._stdout, self._stderr = (Stream(fd, log, known) for fd in (out_fd, err_fd))
        self._selector = selectors.DefaultSelector()
        for stream in (self._stdout, self._stderr):
            self._selector.register(stream.fd, selectors.EVENT_READ, stream)
        self._began = time.monotonic()
        self._group = ControlGroup.make(os.path.basename(spec.status).removesuffix(".status"))
        try:
            self._enter_group()
            self._child = subprocess.Popen(
                spec.argv,
                cwd=spec.cwd,
                env=spec.env,
                stdin=subprocess.DEVNULL,
                stdout=out_end,
                stderr=err_end,
                umask=spec.umask,
                # Not the leader of a session: so no terminal that it opens can become its own.
                process_group=0,
            )
        finally:
            os.close(out_end)
            os.close(err_end)
            self._leave_group()

    def _enter_group(self) -> None:
        if self._group is None:
            return
        try:
            self._group.enter()
        except OSError:  # made, and not to be used: ancestry is enough
            self._group.remove()
            self._group = None

    def _leave_group(self) -> None:
        if self._group is None:
            return
        try:
            self._group.leave()
        except OSError:  # it would end this shim with the command
            self._group = None

    def _everything(self) -> list[Process]:
        """Whatever lives of what was started: by ancestry, and by the group it was born in."""
        found = descendants(os.getpid())
        members = self._group.members() - {os.getpid()} - {each.pid for each in found} if self._group else set()
        return [*found, *(process for pid in members if (process := look(pid)) is not None)]

    def _kill(self) -> None:
        if self._group is not None:
            self._group.kill()
        kill(os.getpid())

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    def watch(self, wake_fd: int) -> Exit:
        """Wait until all is over. `wake_fd` becomes readable when a signal came."""
        self._selector.register(wake_fd, selectors.EVENT_READ)
        try:
            self._run()
            if self._cancelled or self._timed_out:
                self._stop()
            self._drain()
        finally:
            if self._code is None:
                self._kill()  # only a fault of the shim itself leads here
        return self._end()

    def _run(self) -> None:
        while self._code is None:
            self._turn(_LOOK_EVERY_S)
            if self._code is None:
                self._cancelled = self._told_to_stop() or os.path.exists(self._spec.cancel)
                is_late = time.monotonic() - self._began >= self._spec.timeout_s
                self._timed_out = is_late and not self._cancelled
                if self._cancelled or self._timed_out:
                    return

    def _stop(self) -> None:
        """Ask everything to end; then make it."""
        terminate(os.getpid(), self.pid)
        self._wait_for_all(self._spec.grace_s)
        give_up = time.monotonic() + max(self._spec.grace_s, 1.0)
        while not self._is_over() and time.monotonic() < give_up:
            self._kill()
            self._wait_for_all(_LOOK_EVERY_S)

    def _wait_for_all(self, longest_s: float) -> None:
        give_up = time.monotonic() + longest_s
        while not self._is_over() and time.monotonic() < give_up:
            self._turn(_LOOK_EVERY_S / 2)

    def _is_over(self) -> bool:
        return self._code is not None and not self._everything()

    def _drain(self) -> None:
        """Read what is still in the pipes; somebody may hold them open for long."""
        give_up = time.monotonic() + _DRAIN_S
        quiet_at = time.monotonic() + _QUIET_S
        while self._is_open() and time.monotonic() < min(give_up, quiet_at):
            if self._turn(_QUIET_S / 4):
                quiet_at = time.monotonic() + _QUIET_S

    def _is_open(self) -> bool:
        return any(isinstance(key.data, Stream) for key in self._selector.get_map().values())

    def _turn(self, longest_s: float) -> bool:
        """Read what comes, wait for who ended; whether anything was read."""
        has_read = False
        for key, _ in self._selector.select(longest_s):
            if isinstance(key.data, Stream):
                has_read = True
                if not key.data.read():
                    self._selector.unregister(key.fd)
            else:
                os.read(key.fd, 4096)
        self._reap()
        return has_read

    def _reap(self) -> None:
        """The command, and every orphan that became ours."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self._code = self._child.returncode = os.waitstatus_to_exitcode(status)
                self._duration_s = time.monotonic() - self._began

    def _end(self) -> Exit:
        for stream in (self._stdout, self._stderr):
            stream.finish()
        log = self._log.close()
        if self._group is not None:
            self._group.remove()
        is_signal = self._code is not None and self._code < 0
        return Exit(
            code=None if is_signal else self._code,
            signal=-self._code if self._code is not None and is_signal else None,
            timed_out=self._timed_out,
            cancelled=self._cancelled,
            duration_s=self._duration_s or time.monotonic() - self._began,
            written_bytes=self._stdout.written_bytes + self._stderr.written_bytes,
            log_bytes=log.bytes,
            log_sha256=log.sha256,
            left_out_bytes=log.left_out_bytes,
            lines=self._stdout.lines,
            stdout=self._stdout.text(),
            stderr=self._stderr.text(),
            is_whole=self._stdout.is_whole,
            left=[f"{process.pid} {process.name}" for process in self._everything()][:100],
            fault=log.fault,
        )


def objection(spec: Spec) -> str:
    """Why the command is not to be started: what it starts is not what the run began with. Empty if it is."""
    said = "; ".join(filter(None, (differs(name, spec.folder, digest) for name, digest in spec.fixed.items())))
    return f"{said}; {CURE}" if said else ""


def refusal(spec: Spec, error: OSError | ValueError) -> str:
    """Why the command could not be started, one sentence."""
    program = spec.argv[0] if len(spec.argv[0]) <= 80 else spec.argv[0][:79] + "…"
    if isinstance(error, OSError):
        where = f" in `{spec.cwd}`" if error.filename == spec.cwd else ""
        return f"`{program}` cannot be started{where}: {error.strerror}"
    return f"`{program}` cannot be started: an argument or a variable holds a null character"
