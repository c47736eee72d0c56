"""Turning on what an import only shows: a step's command becomes what the keeper runs at a key press.

Invariant: nothing is turned on but the steps that a person names, each as it was shown to them; the rest of the text
stays as it is, byte by byte.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cockpit.errors import ImportRefused
from cockpit.importing.enabling_shell import script_of
from cockpit.importing.enabling_sql import sql_of
from cockpit.importing.parts import Part, parts_of
from cockpit.importing.toml_text import Edits
from cockpit.profile.model import Profile, Step
from cockpit.profile.problems import nearest, one_of


class Enabling(Struct, frozen=True, kw_only=True):
    """One step as it would be once it is turned on."""

    step: Step
    kind: str
    """`command` or `sql`."""
    text: str
    """The script for bash, or the SQL, as the profile will hold it."""
    target: str = ""
    params: dict[str, str] = {}
    transaction: bool = True
    reads: tuple[str, ...] = ()
    """Names of the profile whose values it is given."""
    cautions: tuple[str, ...] = ()


def enableable(profile: Profile) -> tuple[Step, ...]:
    """The steps that show a command and run nothing, in the order of the walk, then of the rollback plans."""
    return tuple(step for _, step in profile.every_step() if step.kind == "confirm" and step.command.strip())


def enabling(profile: Profile, step_id: str, target: str = "") -> Enabling:
    """What turning a step on would make of it. Raises ImportRefused, saying why not and what to write instead."""
    steps = {step.id: step for _, step in profile.every_step()}
    step = steps.get(step_id)
    if step is None:
        near = nearest(step_id, [each.id for each in enableable(profile)])
        raise ImportRefused(
            f"there is no step `{step_id}`", hint=f"did you mean `{near}`?" if near else "--list names those there are"
        )
    if step.kind != "confirm":
        raise ImportRefused(f"step `{step_id}` is of kind `{step.kind}` already", hint="--list names the others")
    if not step.command.strip():
        raise ImportRefused(f"step `{step_id}` shows no command", hint="--list names the steps that do")
    try:
        return _sql(profile, step, target) if step.language == "sql" else _shell(profile, step, target)
    except ImportRefused as error:
        raise ImportRefused(f"step `{step_id}` was not turned on: {error.message}", hint=error.hint) from error


def enabled(toml: str, steps: Sequence[Enabling]) -> str:
    """The profile's text with these steps turned on. Raises ImportRefused for a step without a header of its own."""
    parts = parts_of(toml)
    edits = Edits(toml)
    for each in steps:
        part = parts.get(("step", each.step.id))
        if part is None or not edits.is_table(part.path):
            raise ImportRefused(
                f"step `{each.step.id}` stands in another file or in an inline table",
                hint="turn it on where it has a `[[phases.steps]]` of its own",
            )
        _edit(edits, part, each)
    return edits.made()


def _shell(profile: Profile, step: Step, target: str) -> Enabling:
    if target and target not in {each.id for each in profile.targets}:
        raise _no_target(profile, target, "")
    script = script_of(step.command)
    return Enabling(
        step=step, kind="command", text=script.text, target=target, reads=script.reads, cautions=script.cautions
    )


def _sql(profile: Profile, step: Step, target: str) -> Enabling:
    databases = [each.id for each in profile.targets if each.kind == "postgres"]
    if not target and len(databases) == 1:
        target = databases[0]
    if target not in databases:
        raise _no_target(profile, target, "postgres")
    sql = sql_of(step.command)
    cautions = () if sql.transaction else ("PostgreSQL refuses it in a transaction: `transaction = false`",)
    return Enabling(
        step=step,
        kind="sql",
        text=sql.text,
        target=target,
        params=sql.params,
        transaction=sql.transaction,
        reads=tuple(sql.params),
        cautions=cautions,
    )


def _no_target(profile: Profile, target: str, kind: str) -> ImportRefused:
    ids = [each.id for each in profile.targets if not kind or each.kind == kind]
    what = f"there is no {kind + ' ' if kind else ''}target `{target}`" if target else "SQL needs a target to act on"
    if ids:
        return ImportRefused(what, hint=f"name it: --target ID, {one_of(ids)}")
    return ImportRefused(
        what, hint='write one into the profile: [[targets]] with `id = "db"`, `kind = "postgres"` and its `dsn`'
    )


def _edit(edits: Edits, part: Part, each: Enabling) -> None:
    path = part.path
    if edits.stands((*path, "kind")):
        edits.set((*path, "kind"), each.kind)
    else:
        edits.set((*path, "kind"), each.kind, [name for name in part.table if name in ("id", "title")])
    edits.rename((*path, "command"), "script" if each.kind == "command" else "statements")
    edits.set((*path, "command"), each.text)
    if edits.stands((*path, "language")):
        edits.unset((*path, "language"))
    settings = {"target": each.target, "params": each.params, "transaction": False if not each.transaction else None}
    for name, value in settings.items():
        if value not in ("", {}, None):
            edits.set((*path, name), value, ("command",))
