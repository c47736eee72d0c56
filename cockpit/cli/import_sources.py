"""What `cockpit import` reads: files, and standard input, never more of one than a runbook may hold."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import click

from cockpit.cli.ending import Refused
from cockpit.importing.source import LARGEST_BYTES, Source, read_source
from cockpit.text import visible


def read_sources(files: tuple[str, ...]) -> list[Source]:
    """Each file in its order; `-`, or none at all, is standard input. Raises Refused, ImportRefused and UsageError."""
    if not files and sys.stdin.isatty():
        raise click.UsageError("name a runbook, or pipe one in: cockpit import RUNBOOK.md")
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    return [read_source(_content(name), name) for name in files or ("-",)]


def take_terminal() -> None:
    """Read keys from the terminal although standard input was something else, if there is a terminal at all."""
    if sys.stdin.isatty():
        return
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR)
        os.dup2(terminal, 0)
        os.close(terminal)


def _content(name: str) -> bytes:
    if name == "-":
        return _some(sys.stdin.buffer)
    try:
        path = Path(name)
        if path.is_dir():
            raise Refused(f"{visible(name)} is a folder", hint="name the runbooks in it")
        with path.open("rb") as file:
            return _some(file)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        why = error.strerror if isinstance(error, OSError) else error
        raise Refused(f"{visible(name)} cannot be read: {why}", hint="name a runbook in Markdown") from error


def _some(file: BinaryIO) -> bytes:
    """One byte more than is taken, so that what is too large is refused without being read."""
    return file.read(LARGEST_BYTES + 1)
