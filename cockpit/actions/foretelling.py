"""What a rehearsal of a profile cannot do or take back, told before it begins.

Invariant: it reads the profile and the files that it names; nothing else is touched. It errs on the side of naming too
much: what is not named here is done and taken back, or done by people.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.runner import typed_settings
from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.dependence import dependent
from cockpit.actions.sql.rehearsing import foretold, why_only_shown
from cockpit.actions.sql.script import read_script
from cockpit.errors import ActionError
from cockpit.profile.model import Profile, Step

ONLY_SHOWN = "only shown: it has no `dry_run`"


class Foretold(Struct, frozen=True):
    """One thing that a rehearsal cannot do or take back."""

    step: str
    """Id of the step."""
    sentence: str


def foretell(profile: Profile, base_dir: Path) -> tuple[Foretold, ...]:
    """Everything that can be said beforehand, in the order of the walk, then of the rollback plans."""
    steps = [step for _, step in profile.every_step()]
    depending: dict[str, list[str]] = {}
    for step_id, sentence in _depending(steps, base_dir):
        depending.setdefault(step_id, []).append(sentence)
    return tuple(
        Foretold(step.id, sentence)
        for step in steps
        for sentence in (*_of(step, base_dir), *depending.get(step.id, ()))
    )


def _of(step: Step, base_dir: Path) -> Iterator[str]:
    if step.behaviour == "message":
        yield "only shown: nothing is sent"
    if step.behaviour != "action":
        return
    try:
        match step.kind:
            case "command":
                if not typed_settings(step, CommandSettings, {}).dry_run:
                    yield ONLY_SHOWN
            case "sql":
                said = foretold(typed_settings(step, SqlSettings, {}), base_dir)
                # What is not run leaves nothing behind.
                yield from [each for each in said if each.startswith("only shown")] or said
            case other:
                yield f"what kind `{other}` does in a rehearsal is up to its plug-in"
    except ActionError as error:
        yield f"it cannot be rehearsed: {error}"


def _depending(steps: list[Step], base_dir: Path) -> Iterator[tuple[str, str]]:
    """Steps of SQL that need what an earlier one makes; each target has its own."""
    by_target: dict[str, list[tuple[str, str]]] = {}
    for step in steps:
        if step.kind != "sql" or step.behaviour != "action":
            continue
        try:
            settings = typed_settings(step, SqlSettings, {})
            script = read_script(settings, base_dir)
        except ActionError:
            continue  # said of the step itself
        if not why_only_shown(settings, script):
            sql = ";\n".join(statement.text for statement in script)
            by_target.setdefault(settings.target, []).append((step.id, sql))
    for scripts in by_target.values():
        yield from dependent(scripts)
