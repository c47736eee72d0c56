"""One command in a terminal of its own, from its start to its end, and all the bytes that it wrote there."""

from __future__ import annotations

import os
import pty
import re
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from select import select


def in_terminal(
    command: Sequence[str],
    environ: Mapping[str, str] = os.environ,
    *,
    size: tuple[int, int] = (80, 24),
    timeout_s: float = 60.0,
    encoding: str = "utf-8",
) -> str:
    """What it wrote, as text. Line ends are plain newlines again (a terminal makes CR LF of them); other CRs stay.

    `size`: columns and lines. Raises TimeoutError.
    """
    pid, master = pty.fork()
    if not pid:
        try:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(command[0], list(command), dict(environ))
        finally:
            os._exit(127)
    read, end = b"", time.monotonic() + timeout_s
    try:
        while time.monotonic() < end:
            if not select([master], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(master, 65536)
            except OSError:  # EIO: nobody has the other side open any more
                part = b""
            if not part:
                return re.sub(rb"\r\r?\n", b"\n", read).decode(encoding, "replace")
            read += part
        os.kill(pid, signal.SIGKILL)
        raise TimeoutError(f"{command}: no end within {timeout_s:g} s; it wrote {read[-500:]!r}")
    finally:
        os.waitpid(pid, 0)
        os.close(master)
