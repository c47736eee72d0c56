"""What is around the terminal: its size, its name, the locale, and what stands between it and this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cockpit.doctor.terminal.answers import Answers, questions, understood
from cockpit.doctor.terminal.asking import Ask, Said, ask
from cockpit.doctor.terminal.terminfo import colours
from cockpit.session.whence import Process, ancestors

_BETWEEN = {
    "mosh-server": "mosh",
    "script": "script",
    "su": "su",
    "sudo": "sudo",
    "zellij": "zellij",
    "expect": "expect",
}
"""Programs above this one that change what the terminal gets, by their process names."""


class Seen(Struct, frozen=True, kw_only=True):
    """What was looked at."""

    is_terminal: bool
    """Standard input and output both are one."""
    not_asked: str = ""
    """Why it was asked nothing, or what it did not answer; empty: there are answers."""
    size: tuple[int, int] | None = None
    """Columns and rows."""
    term: str = ""
    colorterm: str = ""
    no_color: bool = False
    theme: str = ""
    """COCKPIT_THEME."""
    locale: str = ""
    """The one that counts for characters, as the environment says; empty: none is set."""
    colours: int | None = None
    """By the host's terminfo; None: it has no entry for this terminal."""
    between: tuple[str, ...] = ()
    """`tmux`, `screen`, `zellij`, `mosh`, `script`, `su`."""
    is_ssh: bool = False
    answers: Answers | None = None


def look(environ: Mapping[str, str], *, put: Ask = ask, above: Sequence[Process] | None = None) -> Seen:
    """Look around, and ask the terminal if this process may. Raises KeyboardInterrupt."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    term = environ.get("TERM", "")
    seen = Seen(
        is_terminal=is_terminal,
        size=_size() if is_terminal else None,
        term=term,
        colorterm=environ.get("COLORTERM", ""),
        no_color="NO_COLOR" in environ,
        theme=environ.get("COCKPIT_THEME", ""),
        locale=environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "",
        colours=colours(term, environ),
        between=between(environ, ancestors() if above is None else above),
        is_ssh=bool(environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT")),
    )
    return _asked(seen, put)


def between(environ: Mapping[str, str], above: Sequence[Process]) -> tuple[str, ...]:
    """What stands between, as far as variables and the processes above tell."""
    names = [
        name for name, variable in (("tmux", "TMUX"), ("screen", "STY"), ("zellij", "ZELLIJ")) if environ.get(variable)
    ]
    names += [_BETWEEN[each.name] for each in above if each.name in _BETWEEN]
    return tuple(dict.fromkeys(names))


def _asked(seen: Seen, put: Ask) -> Seen:
    if not seen.is_terminal:
        return replace(seen, not_asked="input or output is no terminal")
    if seen.term in ("", "dumb", "unknown"):
        return replace(seen, not_asked=f"it is said to be {seen.term or 'nothing'} (TERM)")
    if not _is_in_front():
        return replace(seen, not_asked="this runs in the background")
    try:
        said = put(questions(is_plain=seen.term.startswith("linux")))
    except OSError as error:
        return replace(seen, not_asked=f"it cannot be opened ({error.strerror})")
    return of_said(seen, said)


def of_said(seen: Seen, said: Said) -> Seen:
    """With what the terminal said."""
    if said.round_trip_s is None:
        return replace(seen, not_asked="it did not answer, or too late")
    return replace(seen, answers=understood(said.answers, said.round_trip_s))


def _is_in_front() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False


def _size() -> tuple[int, int] | None:
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return None
    return (size.columns, size.lines) if size.columns and size.lines else None
