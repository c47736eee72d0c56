"""Writing what an import gives: whole or not at all, and never over what somebody changed meanwhile."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from cockpit.errors import ImportRefused
from cockpit.text import visible

_BOM = "\ufeff"


class ProfileText(Struct, frozen=True, kw_only=True):
    """A profile's file as it was read."""

    path: Path
    """Of the file itself, wherever a symbolic link led to it."""
    text: str
    """Without a byte order mark, `\\n` as line end where every line ended in CR LF."""
    digest: str
    mode: int
    has_mark: bool
    has_returns: bool

    def bytes_of(self, text: str) -> bytes:
        """The file's bytes for another text."""
        written = text.replace("\n", "\r\n") if self.has_returns else text
        return (_BOM + written if self.has_mark else written).encode()


def read_profile(name: Path) -> ProfileText:
    """Read a profile to be changed. Raises ImportRefused if it is no file of UTF-8 text that can be read."""
    path = Path(os.path.realpath(name))
    try:
        if not path.is_file():
            raise ImportRefused(
                f"{visible(str(name))} is no file" if path.exists() else f"there is no {visible(str(name))}",
                hint="name a profile",
            )
        raw = path.read_bytes()
        mode = path.stat().st_mode & 0o777
        text = raw.decode()
    except OSError as error:
        raise ImportRefused(f"{visible(str(name))} cannot be read: {error.strerror}", hint="name a profile") from error
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{visible(str(name))} is not UTF-8", hint="save it as UTF-8") from error
    has_mark = text.startswith(_BOM)
    text = text.removeprefix(_BOM)
    has_returns = 0 < text.count("\n") == text.count("\r\n")
    return ProfileText(
        path=path,
        text=text.replace("\r\n", "\n") if has_returns else text,
        digest=hashlib.sha256(raw).hexdigest(),
        mode=mode,
        has_mark=has_mark,
        has_returns=has_returns,
    )


@contextmanager
def tried(profile: ProfileText, text: str) -> Iterator[Path]:
    """Another text as a file beside the profile, for as long as it takes to look at it: its bases stand there."""
    part = _part_of(profile.path)
    try:
        _write(part, profile.bytes_of(text), profile.mode)
        yield part
    except OSError as error:
        raise _unwritten(profile.path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def replace_text(profile: ProfileText, text: str) -> None:
    """Put another text in the profile's place. Raises ImportRefused if the file was changed since it was read."""
    part = _part_of(profile.path)
    try:
        _write(part, profile.bytes_of(text), profile.mode)
        if hashlib.sha256(profile.path.read_bytes()).hexdigest() != profile.digest:
            raise ImportRefused(
                f"{visible(str(profile.path))} was changed meanwhile", hint="nothing was written; try again"
            )
        part.replace(profile.path)
    except OSError as error:
        raise _unwritten(profile.path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def replace_bytes(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole, over whatever was there."""
    part = _part_of(path)
    try:
        _write(part, content, mode)
        part.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())


def _unwritten(path: Path, error: OSError) -> ImportRefused:
    return ImportRefused(
        f"{visible(str(path))} cannot be written: {error.strerror or error}", hint="it is as it was before"
    )
