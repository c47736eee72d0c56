"""Where a command's data go: to stdout, or into a file that is there whole or not at all.

Invariant: data get to a file or a pipe byte by byte as they are, whatever the locale; to a terminal only as what does
not act there. JSON has escapes for that, which mean the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from cockpit.audit.layout import FILE_MODE, log_path
from cockpit.cli.ending import Refused, say
from cockpit.text import json_escaped
from cockpit.text.streams import exact

F = TypeVar("F", bound=Callable[..., Any])


def output_options(command: F) -> F:
    """`--output` and `--force`, which `written` takes."""
    force = click.option("--force", is_flag=True, help="Write over the file of --output.")
    file_type = click.Path(path_type=Path)
    output = click.option("-o", "--output", metavar="FILE", type=file_type, help="Into this file (0600); -: to stdout.")
    return output(force(command))


@contextmanager
def written(path: Path | None, *, force: bool, read: Iterable[Path] = ()) -> Iterator[BinaryIO]:
    """Standard output; or a file, 0600, which appears when this ends well, and else is as it was.

    Over an existing file only with `force`, and never over a run's log, over what is `read` for it, a folder, or what
    is no file. Raises Refused, and OSError with the file's name.
    """
    if path is None or str(path) == "-":
        out = exact()
        yield out
        out.flush()
        return
    _look(path, read, force=force)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with open(fd, "wb") as out:
            yield out
        _put(part, path, force=force)
    finally:
        part.unlink(missing_ok=True)


class Lines:
    """Lines of a log on their way out, byte by byte; to a terminal as JSON that means the same and does not act."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._is_escaped = False

    def write(self, lines: bytes) -> None:
        """Whole lines, each with its newline."""
        if self._is_terminal:
            shown = json_escaped(lines.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            self._is_escaped = self._is_escaped or shown != lines
            lines = shown
        self._out.write(lines)

    def say_what_was_escaped(self) -> None:
        """That they are not the bytes of the log, if they are not."""
        if self._is_escaped:
            say("what would act on a terminal is written as \\u… there; a file or a pipe gets every byte as it stands")


def print_json(json: str) -> None:
    """JSON on stdout, ended by a newline; what would act on a terminal is escaped, as JSON may, and means the same."""
    click.echo(json_escaped(json))


def print_document(text: str) -> None:
    """A text that is a file of its own, on stdout: in UTF-8; to a terminal in the characters that it has."""
    if sys.stdout.isatty():
        sys.stdout.write(text)
    else:
        exact().write(text.encode("utf-8", "backslashreplace"))


def _look(path: Path, read: Iterable[Path], *, force: bool) -> None:
    if path.is_dir():
        raise Refused(f"{path} is a folder", hint="name a file in it")
    if not (path.exists() or path.is_symlink()):
        return
    if not path.is_file() or path.is_symlink():
        raise Refused(f"{path} is no file of its own", hint="name another")
    if path.name == log_path(path.parent).name:
        raise Refused(f"{path} may be a run's log, which nothing is written over", hint="name another file")
    if any(each.is_file() and each.samefile(path) for each in read):
        raise Refused(f"{path} is what it is made from, which nothing is written over", hint="name another file")
    if not force:
        raise Refused(f"{path} exists already", hint="name another file, or write over it with --force")


def _put(part: Path, path: Path, *, force: bool) -> None:
    try:
        if force:
            part.replace(path)
        else:
            os.link(part, path)
    except FileExistsError as error:
        raise Refused(f"{path} was made meanwhile by another program", hint="name another file") from error
    except OSError as error:
        if force or path.exists():
            raise
        part.replace(path)  # a file system without hard links
        del error
