"""The files a profile is made of: read whole, bounded, once; parsed; and able to say where anything stands.

Never blocks (a FIFO or a device is refused before it is opened for reading), never raises anything but `Unreadable`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tomllib
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.patterns import late
from cockpit.profile.problems import Problem, problem

if TYPE_CHECKING:
    from cockpit.profile.positions import Path, Positions

LIMIT_BYTES = 1 << 20
"""Of one file, and of all files of a profile together: the profile is frozen into the log's first line."""
_PLACE = late(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_ESCAPES = {"u": 6, "U": 10, "x": 4}
# tomllib takes time quadratic in a key's parts: half an hour for one key of 1 MiB.
DOTTED = late(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){200}""")
_FOLDED = late(r"\\[ \t]*\n\s*")
_TWICE = late(r"Cannot (?:declare|mutate immutable namespace) \((.*)\)(?: twice)?")


class Unreadable(Exception):
    """A file cannot be used at all; carries the one problem that says why."""

    def __init__(self, found: Problem) -> None:
        super().__init__(str(found))
        self.problem = found


class Source:
    """One TOML file. `name` is the path as the operator would write it."""

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.digest = hashlib.sha256(raw).hexdigest()
        try:
            text = raw.decode("utf-8-sig")  # some editors write a byte order mark
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise Unreadable(
                problem((name, line, 1), f"byte {raw[error.start]:#04x} is not UTF-8", expected="a UTF-8 text file")
            ) from error
        self.text = text
        self._bytes = text.replace("\r\n", "\n").encode()

    def parse(self) -> dict[str, object]:
        """Return the document as tomllib reads it."""
        if (dotted := DOTTED.search(self.text)) is not None:
            line = self.text.count("\n", 0, dotted.start()) + 1
            raise Unreadable(problem((self.name, line, 1), "a name of too many parts", expected="fewer dots"))
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise Unreadable(self._syntax_problem(str(error))) from error
        except RecursionError as error:
            raise Unreadable(problem((self.name, 1, 1), "nested too deeply", expected="a profile's tables")) from error
        except ValueError as error:  # Python refuses to convert thousands of digits
            raise Unreadable(problem((self.name, 1, 1), "a number has too many digits")) from error

    def _syntax_problem(self, said: str) -> Problem:
        match = _PLACE.search(said)
        what = said[: match.start()] if match else said
        if match and match[1]:
            place = (self.name, int(match[1]), int(match[2]))
        else:
            lines = self.text.rstrip("\n").split("\n")
            place = (self.name, len(lines), len(lines[-1]) + 1)
        if what == "Cannot overwrite a value":
            return problem(place, "this key has a value already", expected="each key once in a table")
        if twice := _TWICE.match(what):
            dotted = ".".join(re.findall(r"'([^']*)'", twice[1]))
            return problem(place, f"the table `{dotted}` is declared twice", expected="each table once")
        return problem(place, f"not TOML: {what[:1].lower()}{what[1:]}")

    @cached_property
    def _positions(self) -> Positions:
        # Loads tree-sitter (about 25 ms), which a profile without problems never needs.
        from cockpit.profile.positions import positions

        return positions(self._bytes)

    def place(self, path: Path, *, key: bool = False) -> tuple[str, int, int]:
        """Return file, line and column of the value at `path` (or of its key), or of what holds it."""
        while path:
            value = self._positions.values.get(path)
            start = self._positions.keys.get(path)
            if value is not None and not (key and start is not None):
                start = value[0]
            if start is not None:
                return self._place(start)
            path, key = path[:-1], False
        return (self.name, 1, 1)

    def place_inside(self, path: Path, line: int, column: int) -> tuple[str, int, int]:
        """Return the place of a character of the string at `path`, given by line and column of its own (from 1)."""
        span = self._positions.values.get(path)
        written = self._bytes[slice(*span)].decode() if span else ""
        if span is None or written[:1] not in ("'", '"'):
            return self.place(path)
        before = written[: _offset_inside(written, line, column)]
        file, first_line, first_column = self._place(span[0])
        newlines = before.count("\n")
        start = 1 if newlines else first_column
        return (file, first_line + newlines, start + len(before) - (before.rfind("\n") + 1))

    def _place(self, offset: int) -> tuple[str, int, int]:
        line_start = self._bytes.rfind(b"\n", 0, offset) + 1
        column = len(self._bytes[line_start:offset].decode("utf-8", "replace")) + 1
        return (self.name, self._bytes.count(b"\n", 0, offset) + 1, column)


def _offset_inside(written: str, line: int, column: int) -> int:
    """Where a character stands in a TOML string as written, quotes included; at its last one if it is beyond."""
    quote = written[:3] if written.startswith(('"""', "'''")) else written[:1]
    at = len(quote)
    if len(quote) == 3 and written[at : at + 1] == "\n":
        at += 1  # a newline right after the opening quotes is no part of the text
    end, at_line, at_column = len(written) - len(quote), 1, 1
    while at < end and (at_line, at_column) < (line, column):
        step, character = 1, written[at]
        if quote[0] == '"' and character == "\\":
            if (folded := _FOLDED.match(written, at)) is not None:
                at = folded.end()
                continue
            escape = written[at + 1]
            step, character = _ESCAPES.get(escape, 2), "\n" if escape == "n" else escape
        at_line, at_column = (at_line + 1, 1) if character == "\n" else (at_line, at_column + 1)
        at += step
    return min(at, max(len(quote), end - 1))


def read(name: str, *, allowance_bytes: int = LIMIT_BYTES) -> Source:
    """Read the file `name`, of at most `allowance_bytes`."""
    place = (name, 1, 1)
    try:
        raw = _bytes_of(name, allowance_bytes)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable(problem(place, f"cannot be read: {why}", expected="a TOML file that you may read")) from error
    if raw is None:
        raise Unreadable(problem(place, "is not a file that can be read whole", expected="a regular TOML file"))
    if len(raw) > allowance_bytes:
        raise Unreadable(
            problem(place, "too large: a profile's files may have 1 MiB together", expected="a profile, not its data")
        )
    return Source(name, raw)


def _bytes_of(name: str, allowance_bytes: int) -> bytes | None:
    """Return at most one byte more than allowed, or `None` for what is no regular file."""
    # O_NONBLOCK: opening a FIFO must not wait for its writer.
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(allowance_bytes + 1)
    finally:
        os.close(descriptor)
