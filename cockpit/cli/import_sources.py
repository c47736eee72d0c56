"""What `cockpit import` reads: files, and standard input, never more of one than a runbook may hold."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from cockpit.cli.ending import Refused
from cockpit.errors import ImportRefused
from cockpit.importing.hiding import SecretNames
from cockpit.importing.source import Source, read_file, read_source, read_stdin
from cockpit.text import visible


def read_sources(files: tuple[str, ...]) -> list[Source]:
    """Each file in its order; `-`, or none at all, is standard input. Raises Refused, ImportRefused and UsageError."""
    if not files and sys.stdin.isatty():
        raise click.UsageError("name a runbook, or pipe one in: cockpit import RUNBOOK.md")
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    for number, name in enumerate(files):
        if any(_is_same(name, before) for before in files[:number]):
            raise click.UsageError(f"{visible(name)} is named twice; its steps would stand there twice")
    names = SecretNames()
    return [read_source(_content(name), name, names) for name in files or ("-",)]


def _is_same(one: str, other: str) -> bool:
    with suppress(OSError, ValueError):  # one that cannot be read is said where it is read
        return "-" not in (one, other) and os.path.samefile(one, other)
    return False


def take_terminal() -> None:
    """Read keys from the terminal although standard input was something else, if there is a terminal at all."""
    if sys.stdin.isatty():
        return
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR)
        os.dup2(terminal, 0)
        os.close(terminal)


def _content(name: str) -> bytes:
    try:
        return read_stdin() if name == "-" else read_file(name)
    except ImportRefused as error:  # nothing was read at all: the request's fault, and no runbook's
        raise Refused(error.message, hint=error.hint) from error
