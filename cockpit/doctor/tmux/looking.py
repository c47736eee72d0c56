"""A tmux server asked for its settings, by the program `tmux` and the socket that TMUX names. Nothing is changed."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping

from msgspec import Struct

from cockpit.doctor.paths import own_program

TIMEOUT_S = 2.0
_FORMAT = "\t".join(
    f"#{{{name}}}" for name in ("version", "pane_width", "pane_height", "window_width", "window_height", "session_id")
)
_CLIENT = "\t".join(
    f"#{{{name}}}" for name in ("client_width", "client_height", "client_termname", "client_termfeatures", "client_tty")
)


class Client(Struct, frozen=True):
    """Somebody's terminal, attached to the same session."""

    columns: int
    rows: int
    term: str
    features: frozenset[str]
    """What tmux takes it to be able: `RGB`, `clipboard`, `sync`; empty also where tmux does not tell (before 3.2)."""


class Tmux(Struct, frozen=True, kw_only=True):
    """What was found out."""

    problem: str = ""
    """Why nothing was; the rest is empty then."""
    version: str = ""
    options: Mapping[str, str] = {}
    """Of the server, the session, the window and the pane: those that count here."""
    window: tuple[int, int] = (0, 0)
    clients: tuple[Client, ...] = ()
    is_open: bool = False
    """Others may connect to its socket, by its mode."""

    @property
    def number(self) -> tuple[int, int]:
        """`3.3a` as (3, 3); (0, 0) if it is none."""
        digits = "".join(char if char.isdigit() or char == "." else " " for char in self.version).split()
        parts = (digits[0] if digits else "0.0").split(".")
        return int(parts[0] or 0), int(parts[1] or 0) if len(parts) > 1 else 0


def look(environ: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> Tmux | None:
    """None outside of tmux. Never raises."""
    named = environ.get("TMUX", "")
    if not named:
        return None
    socket, pane = named.split(",")[0], environ.get("TMUX_PANE", "")
    program = own_program("tmux", environ)
    if program is None:
        return Tmux(problem="there is no `tmux` on PATH that only you and root can change, to ask it with")
    target = ["-t", pane] if pane else []
    try:
        told = _run([program, "-S", socket, "display-message", "-p", *target, _FORMAT], timeout_s)
        options = _options([program, "-S", socket], target, timeout_s)
    except (OSError, subprocess.SubprocessError, UnicodeError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return Tmux(problem=f"it cannot be asked: {str(said).strip() or type(error).__name__}")
    fields = [*told.rstrip("\n").split("\t"), *[""] * 6]
    return Tmux(
        version=fields[0],
        options=options,
        window=(_number(fields[3]), _number(fields[4])),
        clients=_clients([program, "-S", socket], fields[5], timeout_s),
        is_open=_is_open(socket),
    )


def parsed(text: str) -> dict[str, str]:
    """Options by name, as `show-options` prints them; the items of an array joined by commas."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        name = name.rstrip("*").split("[")[0]
        try:
            words = shlex.split(value)
        except ValueError:
            words = [value]
        value = words[0] if len(words) == 1 else value
        found[name] = f"{found[name]},{value}" if "[" in line.partition(" ")[0] and found.get(name) else value
    return found


def _options(tmux: list[str], target: list[str], timeout_s: float) -> dict[str, str]:
    here = [*target, ";"]
    own = ["show-options", "-s", ";", "show-options", "-A", *here, "show-options", "-A", "-w", *here]
    try:
        return parsed(_run([*tmux, *own, "show-options", "-A", "-p", *target], timeout_s))
    except subprocess.CalledProcessError:  # before tmux 3.0 there is no -A
        old = ["show-options", "-gs", ";", "show-options", "-g", ";", "show-options", "-gw", ";", "show-options", "-w"]
        return parsed(_run([*tmux, *old], timeout_s))


def _clients(tmux: list[str], session: str, timeout_s: float) -> tuple[Client, ...]:
    try:
        told = _run([*tmux, "list-clients", *(["-t", session] if session else []), "-F", _CLIENT], timeout_s)
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return ()
    found = []
    for line in told.splitlines():
        fields = [*line.split("\t"), *[""] * 5]
        features = frozenset(each for each in fields[3].split(",") if each)
        found.append(Client(_number(fields[0]), _number(fields[1]), fields[2], features))
    return tuple(found)


def _run(command: list[str], timeout_s: float) -> str:
    """What it prints. Raises OSError, subprocess.SubprocessError."""
    return subprocess.run(
        command,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout_s,
        encoding="utf-8",
        errors="replace",
    ).stdout


def _is_open(socket: str) -> bool:
    try:
        mode, folder = os.stat(socket).st_mode, os.stat(os.path.dirname(socket)).st_mode
    except (OSError, ValueError):
        return False
    return bool(mode & 0o002 and folder & 0o001) or bool(mode & 0o020 and folder & 0o010)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
