"""A program on a pseudo-terminal, measured from outside: bytes as they arrive, the screen they make, CPU and memory.

Times are those of the bytes' arrival; the emulator runs on what arrived and is never on the clock of a figure that ends
when nothing is read in between.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

import psutil
import pyte

COLUMNS, LINES = 120, 40


class Program:
    """Started on a terminal of 120x40; `close` ends it."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, **env, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )  # fmt: skip
        os.close(slave)

    def read(self, timeout_s: float) -> tuple[bytes, float]:
        """What arrives next and when; nothing, if nothing does in time."""
        if not select.select([self._fd], [], [], timeout_s)[0]:
            return b"", time.perf_counter()
        now = time.perf_counter()
        try:
            block = os.read(self._fd, 1 << 16)
        except OSError:  # the program has ended and its terminal is gone
            return b"", now
        if b"\x1b[c" in block:
            os.write(self._fd, b"\x1b[?62;c")
        return block, now

    def show(self, block: bytes) -> None:
        """Bring the emulator's screen up to date."""
        # pyte knows neither of these; both would otherwise be drawn as text.
        for unknown in (b"\x1b[>4;1m", b"\x1b[>4;0m", b"\x1b[>1u", b"\x1b[>25u", b"\x1b[<u"):
            block = block.replace(unknown, b"")
        self._stream.feed(block)

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self._screen.display)

    def until(self, pattern: str, timeout_s: float = 30.0) -> float:
        """Seconds from the start until the screen shows `pattern`."""
        give_up = time.perf_counter() + timeout_s
        while time.perf_counter() < give_up:
            block, at = self.read(0.2)
            if block:
                self.show(block)
                if pattern in self.text:
                    return at - self.began
        raise TimeoutError(f"never shown: {pattern}\n{self.text}")

    def press(self, key: bytes, timeout_s: float = 5.0) -> tuple[float, int]:
        """Seconds from a key to the first bytes that answer it, and the bytes of the answer, after which it rests."""
        began = time.perf_counter()
        os.write(self._fd, key)
        first, at = self.read(timeout_s)
        if not first:
            raise TimeoutError("a key changed nothing")
        return at - began, len(first) + self.rest(0.06)

    def rest(self, quiet_s: float) -> int:
        """Read until nothing has come for `quiet_s`; the bytes."""
        size = 0
        while (block := self.read(quiet_s)[0]) != b"":
            size += len(block)
            self.show(block)
        return size

    def idle(self, seconds: float) -> tuple[float, float]:
        """Bytes a second and percent of a core, with nobody at the keys."""
        size, cpu_s, began = 0, self.cpu_s, time.perf_counter()
        while (left_s := began + seconds - time.perf_counter()) > 0:
            size += len(self.read(left_s)[0])
        passed_s = time.perf_counter() - began
        return size / passed_s, 100 * (self.cpu_s - cpu_s) / passed_s

    @property
    def cpu_s(self) -> float:
        """Processor time so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    @property
    def memory_mb(self) -> float:
        """Resident memory, in 10^6 bytes."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def close(self, key: bytes) -> None:
        """Press the key that ends it; kill it if that does not."""
        os.write(self._fd, key)
        give_up = time.monotonic() + 5
        while self.process.poll() is None and time.monotonic() < give_up:
            self.read(0.05)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._fd)
