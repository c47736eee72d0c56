"""Where a command's data go: to stdout, or into a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from cockpit.audit.layout import FILE_MODE, log_path
from cockpit.cli.ending import Refused

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
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
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
