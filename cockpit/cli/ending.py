"""How a command that did not go well ends: one sentence on stderr, and an exit status that says what it was.

Invariant: nothing that a person typed, or that stands in a file, ends in a traceback. What was not foreseen leaves its
details in a file, and says where.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from cockpit.errors import (
    CockpitError,
    KeeperError,
    LogDamaged,
    LogError,
    PlaceRefused,
    ProbeError,
    RunError,
    StoreFailed,
    TrustError,
    VariableError,
)
from cockpit.exits import Exit
from cockpit.masking import told
from cockpit.text import shortened, visible

INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""
UNHEARD = 141
"""128 + SIGPIPE: whoever read the output has gone."""
_GONE = (errno.EPIPE, errno.EIO)
"""Writing to a pipe or a terminal that is no more."""


def ended(error: BaseException) -> int:
    """Say what happened; the exit status."""
    try:
        return _ended(error)
    except OSError as nobody:
        if nobody.errno not in _GONE:
            raise
        return _unheard()


def _ended(error: BaseException) -> int:
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else Exit.FAILED
        case click.exceptions.Exit():
            return error.exit_code
        case OSError(errno=number) if number in _GONE:
            return _unheard()
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case click.ClickException():
            return _usage(error)
        case CockpitError():
            say(told.masked(str(error)))
            return exit_of(error)
        case OSError() if not os.environ.get("COCKPIT_DEBUG"):
            where = f": {shortened(str(error.filename), 300)}" if error.filename else ""
            say(f"the system refused: {error.strerror or error}{where}")
            return Exit.FAILED
        case _:
            return _unforeseen(error)


def say(sentence: str) -> None:
    """Print `cockpit: …` on stderr, visible; further lines are indented, so that none passes for another message."""
    first, *more = visible(sentence, multiline=True).split("\n")
    lines = [first, *(line if not line or line.startswith("  ") else f"  {line}" for line in more)]
    print("cockpit: " + "\n".join(lines), file=sys.stderr)


def exit_of(error: CockpitError) -> Exit:
    """Which exit status an error of ours is."""
    match error:
        case StoreFailed() | KeeperError():
            return Exit.FAILED
        case LogDamaged() | VariableError() | ProbeError():
            return Exit.PROBLEMS
        case PlaceRefused() | TrustError() | Refused():
            return Exit.REFUSED
        case LogError() | RunError():
            return Exit.UNREADABLE
        case _:
            return Exit.PROBLEMS


class Refused(CockpitError):
    """The run, or the terminal, is not one for what was asked."""


def no_such_command(name: str, commands: Iterable[str], ctx: click.Context) -> click.UsageError:
    """What to answer to a command that is none."""
    from difflib import get_close_matches  # takes longer to import than most commands need to answer

    near = get_close_matches(name, list(commands), n=1)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    return click.UsageError(f"there is no command `{shortened(name, 60)}`{meant}", ctx)


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print(error.format_message(), file=sys.stderr)
        return Exit.USAGE
    message = told.masked(error.format_message())
    say(message[:1].lower() + message[1:].rstrip("."))
    if isinstance(error, click.UsageError) and error.ctx is not None:
        print(f"see: {error.ctx.command_path} --help", file=sys.stderr)
    return Exit.USAGE


def _unheard() -> int:
    # What is still buffered would fail again when the interpreter flushes it.
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    return UNHEARD


def _unforeseen(error: BaseException) -> int:
    if os.environ.get("COCKPIT_DEBUG"):
        print(_traceback(error), file=sys.stderr)
        return Exit.FAILED
    text = told.masked(str(error))
    said = f"{type(error).__name__}: {shortened(text, 200)}" if text else type(error).__name__
    where = _details(error)
    details = f"the details are in {where}" if where else "COCKPIT_DEBUG=1 shows the details"
    say(f"this should not have happened: {said}; {details}")
    return Exit.FAILED


def _traceback(error: BaseException) -> str:
    """Without what is secret: its lines quote values, and whatever was raised may."""
    return told.masked("".join(traceback.format_exception(error)))


def _details(error: BaseException) -> Path | None:
    """Where the traceback was written, beside the runs; None if it could not be."""
    from cockpit.session.runs import runs_folder

    try:
        folder = runs_folder().parent / "errors"
        folder.mkdir(0o700, parents=True, exist_ok=True)
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.txt"
        path.write_text(visible(_traceback(error), multiline=True), encoding="utf-8")  # people look at it with `cat`
    except OSError:
        return None
    return path
