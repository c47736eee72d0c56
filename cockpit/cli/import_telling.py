"""What `cockpit import` says: the account on stderr, or whole on stdout, and what comes next."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

import click

from cockpit.cli.output import print_document, print_json
from cockpit.cli.table import room
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.importing.imported import Imported

Format = Literal["text", "json"]


def say_account(made: Imported, files: tuple[str, ...], output: Path | None, *, is_seen: bool = False) -> None:
    """A few lines on stderr: what became of the lines, what was made of them, what is left, and what comes next.

    `is_seen`: it was looked at side by side already.
    """
    from cockpit.importing.account_text import summary

    columns = room_of_stderr()
    for line in [*summary(made), *_next(made, files, output, is_seen=is_seen)]:
        indent = len(line) - len(line.lstrip()) + 4
        whole = (
            [line] if columns is None else wrap(line, columns, subsequent_indent=" " * indent, break_on_hyphens=False)
        )
        click.echo("\n".join(whole), err=True)


def print_report(made: Imported, format_: Format) -> None:
    """The whole account on stdout."""
    if format_ == "json":
        from cockpit.importing.account_json import account_json

        print_json(account_json(made).rstrip("\n"))
        return
    from cockpit.importing.account_text import report

    click.echo("\n".join(report(made, room())))


def print_profile(made: Imported) -> None:
    """The profile on stdout, in UTF-8 whatever the locale."""
    print_document(made.toml)


def show_preview(made: Imported) -> None:
    """Source and profile side by side, until the reader leaves. Raises Refused where there is no terminal for it."""
    from cockpit.cli.import_sources import take_terminal
    from cockpit.cli.terminal import require_screen

    take_terminal()
    require_screen("--report tells the same as text")
    from cockpit.tui.importing.app import run_preview

    run_preview(made)


def room_of_stderr() -> int | None:
    """Columns of the terminal that stderr is; None if it is none."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _next(made: Imported, files: tuple[str, ...], output: Path | None, *, is_seen: bool) -> list[str]:
    """Commands to go on with; what was piped in cannot be named again."""
    sources = " ".join(shlex.quote(name) for name in files) if files and "-" not in files else ""
    found: list[tuple[str, str]] = []
    if sources and not is_seen:
        found.append((f"cockpit import {sources} --preview", "source and profile side by side"))
    if output is not None and output != Path("-"):
        file = shlex.quote(str(output))
        found += [
            (f"cockpit check {file}", "whether it holds together"),
            (f"cockpit ready {file}", "what is missing before a run"),
            (f"cockpit rehearse {file}", "walk it; nothing outside changes"),
        ]
    elif sources:
        found.append((f"cockpit import {sources} -o {made.profile.id}.toml", "the profile as a file"))
    wide = max((len(command) for command, _ in found), default=0)
    return ["next:", *(f"  {visible(command):<{wide}}  {what}" for command, what in found)] if found else []
