"""A conversation with the terminal: questions out, answers in, and nothing of it left on anybody's input.

Invariant: the terminal's mode is as it was before, whatever happens (an error, SIGINT, SIGTERM, SIGHUP); what was
asked is on one line, which is empty afterwards. One small question comes first (DSR 5): a terminal that does not answer
that in time is asked nothing else. The last one is DA1, which all answer, and answers come in order: so with its answer
no other is late. Keys that are pressed meanwhile are dropped, so that none of them runs anything; Ctrl+C ends it.
"""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from msgspec import Struct

from cockpit.patterns import late

ANSWER_S = 1.5
"""How long the first answer may take: three times what a link over a satellite does."""
_DRAIN_S, _LATE_S = 0.3, 1.5
"""How long what comes too late is still taken off the input: after an interruption, and of the first answer."""
_OK = late(rb"\x1b\[0n")
FENCE = late(rb"\x1b\[\?[0-9;]*c")
_ERASE = b"\r\x1b[2K"
_CTRL_C = b"\x03"
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Said(Struct, frozen=True):
    """What came back. `round_trip_s` None: nothing came in time, and nothing else was asked."""

    round_trip_s: float | None = None
    answers: bytes = b""
    """To the questions, in order; what is not among them was not answered, or too late."""


def ask(questions: bytes, *, tty: str = "/dev/tty", answer_s: float = ANSWER_S) -> Said:
    """Ask the terminal of this process. Raises OSError if there is none, KeyboardInterrupt at Ctrl+C."""
    # A description of its own: not to wait for a terminal that stands still is nobody else's setting.
    fd = os.open(tty, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        with _listening(fd):
            return _asked(fd, questions, answer_s)
    finally:
        os.close(fd)


def _asked(fd: int, questions: bytes, answer_s: float) -> Said:
    began = time.monotonic()
    _write(fd, b"\x1b[5n", began + answer_s)
    if not _OK.search(_read_until(fd, _OK, began + answer_s)):
        _read_until(fd, _OK, time.monotonic() + _LATE_S, is_deaf=True)  # too late to be believed, and nobody else's
        return Said()
    round_trip_s = time.monotonic() - began
    until = time.monotonic() + answer_s + 2 * round_trip_s
    try:
        _write(fd, b"\r" + questions + _ERASE + b"\x1b[c", until)
        answers = _read_until(fd, FENCE, until)
    except KeyboardInterrupt:
        _read_until(fd, FENCE, time.monotonic() + _DRAIN_S, is_deaf=True)
        raise
    if not FENCE.search(answers):
        _read_until(fd, FENCE, time.monotonic() + _DRAIN_S, is_deaf=True)  # what comes now is nobody's
    return Said(round_trip_s, answers)


@contextmanager
def _listening(fd: int) -> Iterator[None]:
    """Take what comes as it comes, unseen, and give the mode back."""
    before = termios.tcgetattr(fd)
    listening = termios.tcgetattr(fd)
    # Ctrl+C comes as a byte too: so it never ends this between a question and its answer.
    listening[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    listening[0] &= ~(termios.ICRNL | termios.IXON | termios.ISTRIP)
    with _ended_by_exceptions():
        try:
            termios.tcsetattr(fd, termios.TCSANOW, listening)
            yield
        finally:
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *_ENDING))
            with suppress(termios.error, OSError):  # a terminal that has gone has no mode
                termios.tcflush(fd, termios.TCIFLUSH)
                termios.tcsetattr(fd, termios.TCSANOW, before)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def _ended_by_exceptions() -> Iterator[None]:
    """Let signals that would end the process on the spot unwind it instead; stopping it has to wait."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _end) for number in _ENDING if signal.getsignal(number) == signal.SIG_DFL}
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _write(fd: int, data: bytes, until: float) -> None:
    while data and _is_ready(fd, select.POLLOUT, until):
        with suppress(BlockingIOError):
            data = data[os.write(fd, data) :]


def _read_until(fd: int, end: re.Pattern[bytes], until: float, *, is_deaf: bool = False) -> bytes:
    """What comes, until it holds `end` or the time is up. `is_deaf`: also to Ctrl+C."""
    heard = b""
    while not end.search(heard) and _is_ready(fd, select.POLLIN, until):
        with suppress(BlockingIOError):
            block = os.read(fd, 4096)
            if not block:
                return heard
            heard += block
            if _CTRL_C in block and not is_deaf:
                raise KeyboardInterrupt
    return heard


def _is_ready(fd: int, event: int, until: float) -> bool:
    left_s = until - time.monotonic()
    waiting = select.poll()
    waiting.register(fd, event)
    return left_s > 0 and bool(waiting.poll(left_s * 1000))


Ask = Callable[[bytes], Said]
"""How questions are put: to a terminal, or in tests to something that answers like one."""
