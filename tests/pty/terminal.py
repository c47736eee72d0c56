"""A terminal with a program in it, driven as a person would: keys in, a screen out.

A real pseudo-terminal with a session of its own, read by pyte. Everything waited for is a condition on the screen or on
the process, never a time.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TypeVar

import pyte
from looks import PATIENCE_S
from pyte.charsets import LAT1_MAP
from pyte.modes import IRM
from pyte.screens import Char, wcwidth

_Found = TypeVar("_Found")
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
PERSON_S = 0.08
"""Between two keys: cockpit takes anything under 0.06 s for a paste and does nothing."""
PAINTED_S = 0.006
"""After this long without a byte the screen is taken to be painted whole."""
SEEN_S = 0.07
"""Between seeing something and the next key: nobody is faster. What a key did may be seen long after it was pressed."""
TYPIST_S = 0.035
"""Between two letters of a text; under 0.02 s the field of a typed word takes them for a paste."""
ESCAPE_S = 0.2
"""After Escape: sooner than 0.1 s (Textual's ESCDELAY) it and the next key are one key with Alt."""
STANDS_S = 2.0
"""How long a text is given to stand in its field before it is typed anew."""
DROPPED_S = 2.5
"""How long a key is given to answer a question, until it counts as dropped."""
TAKEN_S = 5.0
"""How long a key is given to be read: a program that is stopped, or asks nothing, never reads it."""
# Sequences that pyte would print instead of obeying: private CSI other than modes, and mode requests.
_BEYOND_PYTE = re.compile(r"\x1b\[[<>=][0-9;:]*[a-zA-Z]|\x1b\[\?[0-9;]*(?:\$p|[a-gi-km-zA-Z])|\x1b[P_^][^\x1b]*\x1b\\")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>])[0-9]*u")
_ON_AT_FIRST = {7: "lines do not wrap", 25: "the cursor is hidden"}
# pyte has no alternate screen: leaving it leaves an empty screen, which is near enough.
_LEAVING = re.compile(r"\x1b\[\?1049l")
_STARTER = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
"""


class _Cells(pyte.Screen):
    """pyte's screen, which takes what cockpit mostly sends (a stretch of cells in one style) in one go."""

    def __init__(self, columns: int, lines: int) -> None:
        self._made: dict[Char, dict[str, Char | None]] = {}
        """By style and character: the cell. None: the character takes another width than one cell."""
        self._rows: list[str] = []
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        """As pyte does, which makes a new value for every cell."""
        cursor, end = self.cursor, self.cursor.x + len(data)
        if end <= self.columns and IRM not in self.mode and not self.charset and self.g0_charset is LAT1_MAP:
            made = self._made.setdefault(cursor.attrs, {})
            cells = [made[char] if char in made else self._make(char) for char in data]
            if None not in cells:
                self.buffer[cursor.y].update(zip(range(cursor.x, end), cells, strict=True))  # type: ignore[arg-type] # no None
                cursor.x = end
                self.dirty.add(cursor.y)
                return
        super().draw(data)

    def _make(self, char: str) -> Char | None:
        style = self.cursor.attrs
        cell = style._replace(data=char) if wcwidth(char) == 1 else None
        self._made[style][char] = cell
        return cell

    def text(self) -> str:
        """All rows. Those that did not change since the last time are not put together anew."""
        if len(self._rows) != self.lines:
            self._rows = [""] * self.lines
            self.dirty.update(range(self.lines))
        for y in self.dirty & set(range(self.lines)):  # pyte also names rows that a smaller window lost
            row = self.buffer[y]
            # pyte's own `display` asks for the width of every character; the second half of a wide one is empty
            self._rows[y] = "".join([row[x].data for x in range(self.columns)])
        self.dirty.clear()
        return "\n".join(self._rows)


class Terminal:
    """One program in one terminal. Use it in a `with` block: whatever still runs at its end is killed."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], columns: int = 120, lines: int = 40) -> None:
        self._screen = _Cells(columns, lines)
        self._stream = pyte.Stream(self._screen)
        self._changed = threading.Condition(threading.RLock())
        self._pressed = 0.0
        """When the last key was pressed; if that took longer, read."""
        self._seen = 0.0
        """When something that was waited for was last seen."""
        self._reads_keys = True
        self._text: str | None = None
        """What the screen shows, since it last changed; None: not made yet."""
        self._raw = bytearray()
        self._pending = ""
        self._fd, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._terminal = terminal
        self._unread = select.poll()
        self._unread.register(terminal, select.POLLIN)
        self._modes_before = termios.tcgetattr(terminal)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _STARTER, *argv],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            # these two would count for more than the terminal's own size
            env={"TERM": "xterm-256color", **{name: env[name] for name in env if name not in ("COLUMNS", "LINES")}},
        )
        self._stop = os.eventfd(0)
        self._reads = threading.Event()
        self._reads.set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._reads.set()
        os.close(self._terminal)
        self._reader.join(60)
        if self._fd >= 0:
            os.close(self._fd)
        os.close(self._stop)

    @property
    def text(self) -> str:
        """What the screen shows, lines joined by newlines."""
        with self._changed:
            if self._text is None:
                self._text = self._screen.text()
            return self._text

    @property
    def raw(self) -> bytes:
        """Every byte the program has sent."""
        with self._changed:
            return bytes(self._raw)

    def look(self) -> str:
        """What the screen shows once it was painted whole: nothing more has come for a moment."""
        give_up = time.monotonic() + 0.5
        with self._changed:
            while self._changed.wait(PAINTED_S) and time.monotonic() < give_up:
                pass
            return self.text

    def send(self, *keys: str) -> None:
        """Press keys one after the other, at a person's pace: names of `KEYS`, or text, letter by letter."""
        for key in keys:
            for stroke in [KEYS[key]] if key in KEYS else key:
                # the key before may have come much later than it was pressed, yet before what it did was seen
                time.sleep(max(0.0, self._seen + SEEN_S - time.monotonic()))
                self._press(stroke, PERSON_S)
            if key == "escape":
                time.sleep(ESCAPE_S)

    def type(self, text: str, pace_s: float = TYPIST_S) -> None:
        """Type text into a field, as fast as people who type well; no key that acts comes so soon."""
        for stroke in text:
            self._press(stroke, pace_s)

    def fill(self, text: str) -> None:
        """Type text into the field that has the cursor, anew until it stands there.

        What comes before a question stands is dropped, and what a busy machine hands over all at once is a paste.
        """
        stands = re.compile(rf"▊ *{re.escape(text)} *▎")
        for attempt in range(1, 8):
            self.send("ctrl+u")
            self.type(text, attempt * TYPIST_S)
            if self.wait_until(lambda screen: bool(stands.search(screen)), STANDS_S):
                return
        raise AssertionError(f"{text!r} cannot be typed; the screen:\n{self.text}")

    def press_away(self, key: str, question: str) -> None:
        """Answer a question with a key, and see it go; again if it stays: it drops what comes before it stands."""
        for _ in range(6):
            self.send(key)
            if self.wait_until(lambda screen: re.search(question, screen) is None, DROPPED_S):
                return
        raise AssertionError(f"{key} answers nothing; the screen:\n{self.text}")

    def _press(self, stroke: str, pace_s: float) -> None:
        self._wait_until_read()
        time.sleep(max(0.0, self._pressed + pace_s - time.monotonic()))  # pace is what is meant here
        os.write(self._fd, stroke.encode())
        self._pressed = time.monotonic()

    def _wait_until_read(self) -> None:
        """Return once the program has read the key before: two that a busy machine hands over at once are a paste."""
        give_up = self._pressed + TAKEN_S
        while self._unread.poll(0):  # which also hands on what the kernel has not handed on yet
            if not self._reads_keys or time.monotonic() > give_up or self.process.poll() is not None:
                self._reads_keys = False
                return
            time.sleep(0.004)
            self._pressed = time.monotonic()
        self._reads_keys = True

    def paste(self, text: str) -> None:
        """Send text all at once, as a paste without brackets does."""
        os.write(self._fd, text.encode())

    def wait_for(self, pattern: str, timeout_s: float = PATIENCE_S) -> re.Match[str]:
        """Return the match of `pattern` once the screen shows it; fails with the screen if it never does."""
        match = self._wait_until(lambda: re.search(pattern, self.text), timeout_s)
        assert match is not None, f"waited in vain for {pattern!r}; the screen:\n{self.text}"
        return match

    def wait_for_hidden_input(self, pattern: str, timeout_s: float = PATIENCE_S) -> None:
        """Return once a question is on the screen and its answer is read unseen: what is pressed earlier is dropped."""
        self.wait_for(pattern, timeout_s)
        hidden = self._wait_until(lambda: not termios.tcgetattr(self._terminal)[3] & termios.ECHO, timeout_s)
        assert hidden, f"the answer would be seen; the screen:\n{self.text}"

    def wait_until_gone(self, pattern: str, timeout_s: float = PATIENCE_S) -> None:
        """Return once the screen does not show `pattern` any more."""
        gone = self._wait_until(lambda: re.search(pattern, self.text) is None, timeout_s)
        assert gone, f"waited in vain for {pattern!r} to go; the screen:\n{self.text}"

    def wait_until(self, holds: Callable[[str], bool], timeout_s: float = PATIENCE_S) -> bool:
        """Wait until the screen's text fulfils a condition, at most `timeout_s`; whether it does."""
        return bool(self._wait_until(lambda: holds(self.text), timeout_s))

    def _wait_until(self, found: Callable[[], _Found], timeout_s: float) -> _Found | None:
        """Return what `found` returns once that is true; None after the time, or once the program has ended."""
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up:
            was_running = self.process.poll() is None
            if result := found():
                self._seen = time.monotonic()
                return result
            with self._changed:
                has_changed = self._changed.wait(0.1)
            if not was_running and not has_changed:
                return found() or None
        return found() or None

    def wait_for_exit(self, timeout_s: float = PATIENCE_S) -> int:
        """Return the program's exit status once it has ended and all it said is on the screen."""
        status = self.process.wait(timeout_s)
        if self._fd < 0:
            return status
        unread = select.poll()
        unread.register(self._fd, select.POLLIN)
        with self._changed:
            while self._reads.is_set() and unread.poll(0):
                self._changed.wait(0.05)
        return status

    def resize(self, columns: int, lines: int) -> None:
        """Change the window's size; the program gets SIGWINCH from the kernel."""
        with self._changed:
            self._screen.resize(lines, columns)
            self._text = None
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def stand_still(self) -> None:
        """Take nothing more of what the program writes, as a link does that hangs; until `go_on`."""
        self._reads.clear()

    def go_on(self) -> None:
        """Take everything again."""
        self._reads.set()

    def close_window(self) -> None:
        """Close the terminal itself, as a window's button or a dead link does: the kernel hangs up on the program."""
        os.eventfd_write(self._stop, 1)
        self._reader.join(60)  # a read under way would keep it open
        os.close(self._fd)
        self._fd = -1

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the program a signal, if it still runs; after SIGKILL, wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            if number == signal.SIGKILL:
                self.process.wait(60)

    def modes_left_on(self) -> list[str]:
        """What the program has changed about the terminal and not put back: empty if all is as it was."""
        modes: dict[int, bool] = {}
        for match in _MODE.finditer(self.raw):
            for number in match[1].split(b";"):
                modes[int(number)] = match[2] == b"h"
        left = [f"?{number}h" for number, is_on in sorted(modes.items()) if is_on and number not in _ON_AT_FIRST]
        left += [what for number, what in _ON_AT_FIRST.items() if not modes.get(number, True)]
        kitty = [match[1] for match in _KITTY.finditer(self.raw)]
        if kitty.count(b">") > kitty.count(b"<"):
            left.append("the kitty keyboard protocol is on")
        if termios.tcgetattr(self._terminal) != self._modes_before:
            left.append("the line discipline differs (echo, canonical mode)")
        return left

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        waiting = select.poll()  # select(2) knows no descriptor above 1023, and a long test run has them
        for fd in (self._fd, self._stop):
            waiting.register(fd, select.POLLIN)
        while True:
            if self._stop in dict(waiting.poll()):
                return
            self._reads.wait()
            with self._changed:  # what was read is on the screen, for whoever looks
                try:
                    block = os.read(self._fd, 65536)
                except OSError:  # EIO: nobody has the terminal open any more
                    block = b""
                self._raw += block
                self._text = None
                self._feed(decoder.decode(block))
                self._changed.notify_all()
            if not block:
                return

    def _feed(self, text: str) -> None:
        text = self._pending + text
        cut = text.rfind("\x1b")
        # a sequence may be torn between two reads; hold back one that has no final letter yet
        torn = cut >= 0 and not re.match(
            r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[P_^\]].*(?:\x1b\\|\x07)|[^\[P_^\]])", text[cut:], re.DOTALL
        )
        self._pending = text[cut:] if torn else ""
        text = _BEYOND_PYTE.sub("", text[:cut] if torn else text)
        self._stream.feed(_LEAVING.sub("\x1b[2J\x1b[H", text))
