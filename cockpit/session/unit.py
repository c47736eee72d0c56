"""A systemd user unit that keeps a run's keeper alive over logouts and reboots: its text, and where it is installed.

Invariant: no value of a variable is written but `PATH` and `COCKPIT_GROUP`; nothing that is there already is
overwritten. What the unit starts is a keeper like any other: it probes, judges, waits and opens checkpoints, and acts
only on orders of its own epoch, which a person at a screen gives; one whose environment differs acts only once that is
confirmed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from cockpit.audit.people import SETTING
from cockpit.errors import KeeperError
from cockpit.patterns import late
from cockpit.profile.model import Profile
from cockpit.run.state import RunState
from cockpit.text import shortened, visible

VARIABLE = "COCKPIT_UNIT"
"""In the environment of a keeper that a unit started: the unit's name."""
_NAME = late(r"cockpit-[0-9A-Za-z_-]{1,64}\.service")
_WELL_KNOWN = "KUBECONFIG or PGPASSFILE"
_HANDED_ON = (SETTING, "XDG_STATE_HOME")
"""Settings of the shell without which a keeper would not find, or not be let at, what is this user's."""


def unit_name(run: str) -> str:
    """`cockpit-01M7….service`."""
    return f"cockpit-{run}.service"


def started_by(environ: Mapping[str, str]) -> str:
    """The unit that started this process; empty: none did."""
    name = environ.get(VARIABLE, "")
    return name if _NAME.fullmatch(name) else ""


def units_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's own units are (systemd.unit(5))."""
    config = environ.get("XDG_CONFIG_HOME", "")
    return (Path(config) if os.path.isabs(config) else Path.home() / ".config") / "systemd" / "user"


def unit_text(run_dir: Path, state: RunState, user: str, environ: Mapping[str, str], umask: int) -> str:
    """The unit (systemd.service(5)), with comments that say what has to be done for it."""
    profile, name = state.profile, unit_name(state.run)
    title = _one_line(f"{profile.title or profile.id}, {profile.environment}")
    lines = [
        *(f"# {line}" for line in _comments(state, name, user)),
        "[Unit]",
        f"Description=Keeper of cockpit run {state.run} ({_specifiers(title)})",
        "StartLimitIntervalSec=600",
        "StartLimitBurst=5",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={_word(sys.executable)} -P -m cockpit.keeper {_word(str(run_dir.absolute()))}",
        f"Environment={_quoted(f'{VARIABLE}={name}')}",
        f"Environment={_quoted('PATH=' + environ.get('PATH', os.defpath))}",
        *(f"Environment={_quoted(f'{name}={environ[name]}')}" for name in _HANDED_ON if environ.get(name)),
        f"EnvironmentFile=-%E/cockpit/{state.run}.env",
        f"UMask={umask:04o}",
        "Restart=on-failure",
        "RestartSec=15",
        "# Commands run under shims of their own and go on when the keeper ends.",
        "KillMode=process",
        "OOMPolicy=continue",
        "TimeoutStopSec=25",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return "\n".join(lines) + "\n"


def _comments(state: RunState, name: str, user: str) -> Iterator[str]:
    yield f"Made by `cockpit unit {state.run}`. It starts a keeper of this run when {_one_line(user)} logs in,"
    yield "and when the host starts if that user lingers. The keeper probes, judges, waits and opens checkpoints;"
    yield "it runs nothing that no person asks for. While another keeper lives it waits. Once somebody stopped the"
    yield "keeper it starts none. When the run is over it disables this unit."
    yield ""
    yield "  systemctl --user daemon-reload"
    yield f"  systemctl --user enable --now {name}"
    yield f"  loginctl enable-linger {_one_line(user)}   # or it ends with the last login"
    yield ""
    yield f"No variable but PATH is written here. Into ~/.config/cockpit/{state.run}.env (chmod 600), a line NAME=value"
    yield f"each, goes what else commands and probes read from the environment, such as {_WELL_KNOWN}."
    wanted = wanted_variables(state.profile)
    if wanted:
        yield "The profile wants:"
        yield from (f"  {_one_line(each)}" for each in wanted)
    typed = [variable.name for variable in state.profile.variables if variable.secret and variable.prompt is not None]
    if typed:
        yield f"Typed at a screen, again for each keeper (cockpit resume): {_one_line(', '.join(typed))}"


def wanted_variables(profile: Profile) -> tuple[str, ...]:
    """The environment variables that a keeper of this profile reads: secrets, and what `env` probes look at."""
    named = [variable.env for variable in profile.variables if variable.secret and variable.env]
    named += [str(probe.settings.get("name", "")) for probe in profile.probes if probe.kind == "env"]
    return tuple(dict.fromkeys(each for each in named if each))


def install(path: Path, text: str) -> bool:
    """Write the unit; False if exactly this one is there. Raises KeeperError if another is, or it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        if is_there(path, text):
            return False
        raise KeeperError(f"{path} is there already, and is another", hint="look at it, and move it away") from None
    except OSError as error:
        raise KeeperError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with open(fd, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise KeeperError(f"{path} cannot be written: {error.strerror}") from error
    return True


def is_there(path: Path, text: str) -> bool:
    """Whether exactly this unit is installed."""
    try:
        return path.read_text(encoding="utf-8", errors="replace") == text
    except OSError:
        return False


def _one_line(text: str) -> str:
    """Text from a profile: one line, which cannot end the comment or the setting that it stands in."""
    return shortened(visible(text), 200).replace("\\", "/")


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One item of a setting (systemd.syntax(7)); what has no place in a line, or would act there, is escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(each if visible(each) == each else _bytes_of(each) for each in escaped)
    return f'"{_specifiers(escaped)}"'


def _bytes_of(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def _word(text: str) -> str:
    """One word of a command line, in which a `$` would name a variable (systemd.service(5))."""
    return _quoted(text.replace("$", "$$"))
