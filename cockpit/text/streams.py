"""Standard output and error through which nothing acts: the second line of defence of all that is printed.

Invariant: whatever a process writes there, as text or as bytes, from whatever library, reaches the other end without a
character that acts (see `cockpit.text`); line ends and tabs stay. Only `exact` goes around that, and never to a
terminal. What draws screens writes to the terminal itself, and is guarded where it does.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable
from errno import EAGAIN
from typing import BinaryIO, cast

from cockpit.patterns import late
from cockpit.text import inert

_PLAIN = late(rb"[\t\n -~]*")
_ERRORS = "cockpit.inert"
"""Name of the way in which characters are written that an encoding has none for."""


def guard() -> Callable[[], None]:
    """Let nothing act that is written to stdout and stderr from now on; may be done again.

    What is returned undoes it where others had put streams in the place of the process's own.
    """
    put: list[tuple[str, io.TextIOWrapper, _Guarded]] = []
    for name in ("stdout", "stderr"):
        _write_all_of(name)
        found = getattr(sys, name)
        if not isinstance(found, io.TextIOWrapper) or isinstance(found, _Guarded):
            continue  # there is none, or it is a text in memory
        guarded = _Guarded(found)
        setattr(sys, name, guarded)
        if found is not getattr(sys, f"__{name}__"):
            put.append((name, found, guarded))
        elif name == "stdout":
            sys.__stdout__ = guarded  # type: ignore[misc]  # what leaves a screen for a moment prints there

    def undo() -> None:
        for name, found, guarded in put:
            guarded.detach()
            setattr(sys, name, found)

    return undo


def _write_all_of(name: str) -> None:
    """Put a stream that writes all it is given in the place of a standard one that has no buffer (`python -u`)."""
    found = getattr(sys, f"__{name}__")
    if not isinstance(found, io.TextIOWrapper) or not isinstance(found.buffer, io.RawIOBase):
        return
    whole = io.TextIOWrapper(
        cast(BinaryIO, _Whole(found)),
        encoding=found.encoding,
        errors=found.errors,
        newline="\n",
        write_through=True,
    )
    if getattr(sys, name) is found:
        setattr(sys, name, whole)
    setattr(sys, f"__{name}__", whole)


def exact() -> BinaryIO:
    """Where bytes get to stdout as they are; if that is a terminal, as what does not act."""
    sys.stdout.flush()
    below = sys.stdout.buffer
    return below.below if isinstance(below, _Inert) and not below.isatty() else below


class _Whole(io.BufferedIOBase):
    """A stream without a buffer, of which all is written that is given.

    A pipe or a terminal that is full takes a part when its writer is stopped (Ctrl+Z, SIGSTOP) and goes on; Python
    itself drops the rest then, and says nothing.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stood_here = stream  # which would close what is below if nobody held it
        self._below = cast(io.RawIOBase, stream.buffer)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._below.isatty()

    def fileno(self) -> int:
        return self._below.fileno()

    def close(self) -> None:
        """What is below belongs to others."""

    def write(self, data: object) -> int:
        left = memoryview(cast(bytes, data)).cast("B")
        length = len(left)
        while left:
            taken = self._below.write(left)
            if taken is None:
                raise BlockingIOError(EAGAIN, "it takes nothing now", length - len(left))
            left = left[taken:]
        return length


class _Inert(io.BufferedIOBase):
    """Bytes in one encoding, on their way to where they are written."""

    def __init__(self, below: BinaryIO, encoding: str) -> None:
        self.below = below
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self._encoder = codecs.getincrementalencoder(encoding)(_ERRORS)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.below.isatty()

    def fileno(self) -> int:
        return self.below.fileno()

    def flush(self) -> None:
        self.below.flush()

    def close(self) -> None:
        """What is below belongs to others."""

    def write(self, data: object) -> int:
        given = bytes(cast(bytes, data))
        if _PLAIN.fullmatch(given) and not self._decoder.getstate()[0]:
            self.below.write(given)
        else:
            self.below.write(self._encoder.encode(inert(self._decoder.decode(given))))
        return len(given)


class _Guarded(io.TextIOWrapper):
    """A standard stream as it was, on top of what lets nothing act."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        stream.flush()
        self.stood_here = stream  # which would close what is below if nobody held it
        encoding = stream.encoding
        super().__init__(
            _Inert(cast(BinaryIO, stream.buffer), encoding),  # type: ignore[arg-type]  # typeshed wants more than is used
            encoding=encoding,
            errors=_ERRORS if stream.errors in ("strict", "surrogateescape") else stream.errors,
            newline="\n",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )


def _written_anyway(error: UnicodeError) -> tuple[bytes, int]:
    """What an encoding has no character for: `?`; what is none (a file's name may be such bytes) by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return inert(missing).encode(error.encoding, "replace"), error.end


codecs.register_error(_ERRORS, _written_anyway)
