"""`command`: a program or a script that the keeper runs when a person presses the key."""

from __future__ import annotations

import shlex
from typing import ClassVar

import msgspec

from cockpit.profile.kinds import Fact, Settings, StepKind

TIMEOUT_S = 600.0


class CommandSettings(Settings, frozen=True, kw_only=True):
    """A program: `argv`, or a `script` for bash. Exactly one of them."""

    AS_WRITTEN: ClassVar[bool] = True
    """The runner fills in references itself: pasted into a script, a value could act."""

    argv: tuple[str, ...] = ()
    """Items may hold `${name}`; each stays one argument, whatever its value. No secrets: arguments are seen by all."""
    script: str = ""
    """Run as written by `bash -euo pipefail -c`; a `${name}` in it is read from the environment, never pasted."""
    cwd: str = ""
    """Relative to the profile's folder; empty: that folder."""
    files: tuple[str, ...] = ()
    """What it reads, relative to the profile's folder: a file that changed since the run began blocks the step."""
    env: dict[str, str] = {}
    """Added to the keeper's environment; values may hold `${name}`, secrets too."""
    target: str = ""
    """Id of the target that it acts on: who that really is, is compared before it runs."""
    timeout_s: float = msgspec.field(name="timeout", default=TIMEOUT_S)
    exit_codes: tuple[int, ...] = (0,)
    """What counts as success."""
    expect: tuple[str, ...] = ()
    """CEL over the facts; each must be true, or the step failed."""
    dry_run: tuple[str, ...] | str = ()
    """What a rehearsal runs instead: arguments, or a script. Without it, it is shown only."""
    undo: tuple[str, ...] | str = ()
    """What takes it back: arguments, or a script. A rollback phase with `undo = true` makes a step of it."""
    undo_title: str = ""


def quoted(argv: tuple[str, ...]) -> str:
    """The arguments as a shell would need them."""
    return shlex.join(argv)


def _shown(settings: Settings) -> str:
    assert isinstance(settings, CommandSettings)
    return quoted(settings.argv) if settings.argv else settings.script


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, CommandSettings)
    found = []
    if bool(settings.argv) == bool(settings.script.strip()):
        found.append("`argv` or `script` must be given, and not both")
    if settings.argv and not settings.argv[0]:
        found.append("`argv` begins with an empty text; the first item is the program")
    if settings.timeout_s <= 0:
        found.append("`timeout` must be above 0")
    if not settings.exit_codes:
        found.append("`exit_codes` is empty: no end would count as success")
    if any(not 0 <= code <= 255 for code in settings.exit_codes):
        found.append("`exit_codes` holds a number that no program can end with (0 to 255)")
    found.extend(
        f"`{key}` begins with an empty text; the first item is the program"
        for key, argv in (("dry_run", settings.dry_run), ("undo", settings.undo))
        if isinstance(argv, tuple) and argv and not argv[0]
    )
    return tuple(found)


COMMAND = StepKind(
    name="command",
    doc="A program or a script, run by the keeper at a key press.",
    settings=CommandSettings,
    behaviour="action",
    facts=(
        Fact("exit_code", "int", doc="absent if a signal ended it"),
        Fact("stdout", "string", doc="masked; of more than 1 MiB, the first and the last 512 KiB"),
        Fact("stderr", "string", doc="as `stdout`"),
        Fact("json", "dyn", doc="standard output as JSON; absent if it is none"),
        Fact("lines", "int", doc="of standard output"),
        Fact("duration_s", "double", "s", "from start to end"),
    ),
    shown=_shown,
    problems=_problems,
)
