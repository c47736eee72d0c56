"""A terminal that answers what it is asked, as real ones do: pyte keeps the cursor, the rest is said by a table."""

from __future__ import annotations

import fcntl
import os
import re
import termios
import threading
from array import array
from collections.abc import Mapping, Sequence

from terminal import Terminal

XTERM = {
    r"\x1b\[>0?q": "\x1bP>|xterm(390)\x1b\\",
    r"\x1b\[\?2026\$p": "\x1b[?2026;2$y",
    r"\x1b\[\?2004\$p": "\x1b[?2004;2$y",
    r"\x1b\[\?1004\$p": "\x1b[?1004;2$y",
    r"\x1b\[\?1006\$p": "\x1b[?1006;2$y",
    r"\x1b\[\?u": "\x1b[?0u",
    r"\x1b\]11;\?\x1b\\": "\x1b]11;rgb:1111/1111/1111\x1b\\",
    r"\x1bP\+q4d73\x1b\\": "\x1bP1+r4d73=1b5d3532\x1b\\",
}
"""Question and answer, of those that pyte does not know."""


class Answering(Terminal):
    """`typed`: what somebody types as soon as the first question comes. `mute_after`: it answers no more than that.

    `late_s`: how long an answer takes.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        answers: Mapping[str, str] = XTERM,
        silent: bool = False,
        mute_after: int | None = None,
        late_s: float = 0.0,
        typed: str = "",
        columns: int = 120,
        lines: int = 40,
    ) -> None:
        self._answers, self._typed = ({} if silent or mute_after is not None else answers), typed
        self._left = 0 if silent else mute_after
        self._late_s = late_s
        self.asked = threading.Event()
        super().__init__(argv, env=env, columns=columns, lines=lines)

    def _feed(self, text: str) -> None:
        if "\x1b[5n" in text and not self.asked.is_set():
            if self._typed:
                os.write(self._fd, self._typed.encode())
            self.asked.set()
        # pyte calls this for what it is asked itself: status, cursor, attributes
        self._screen.write_process_input = self._answer  # type: ignore[method-assign]
        for question, answer in self._answers.items():
            for _ in re.findall(question, text):
                self._answer(answer)
        super()._feed(text)

    def _answer(self, data: str) -> None:
        if self._left is not None:
            if self._left == 0:
                return
            self._left -= 1
        if self._late_s:
            threading.Timer(self._late_s, os.write, (self._fd, data.encode())).start()
        else:
            os.write(self._fd, data.encode())

    def unread(self) -> int:
        """Bytes that whoever reads the terminal next would get."""
        count = array("i", [0])
        termios.tcgetattr(self._terminal)
        fcntl.ioctl(self._terminal, termios.FIONREAD, count)
        return count[0]

    @property
    def has_its_mode(self) -> bool:
        """Whether the line discipline is as it was before the program began."""
        return termios.tcgetattr(self._terminal) == self._modes_before
