"""`cockpit import --update`: what the runbook changed, merged into the profile that people made of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import click
from msgspec.structs import replace

from cockpit.cli.ending import Refused, say
from cockpit.cli.import_sources import read_sources
from cockpit.cli.import_telling import show_preview
from cockpit.exits import Exit
from cockpit.importing import pristine
from cockpit.importing.changes import Change
from cockpit.importing.imported import Imported
from cockpit.importing.pristine import Pristine, Unusable, beside
from cockpit.importing.saving import ProfileText, read_profile, replace_bytes, replace_text, tried
from cockpit.importing.source import Note, Source
from cockpit.importing.updating import Updated, updated
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.problems import Problem
from cockpit.text import shortened, visible

_MOST_LINES = 20_000
"""Of a runbook whose differences are shown line by line."""


def keep(output: Path, sources: Sequence[Source], files: Sequence[str], toml: str, *, production: bool) -> None:
    """Keep, beside a profile that was just written, what it was imported from."""
    path = Path(os.path.realpath(output))
    kept = pristine.pristine(sources, files or ("-",), path.parent, toml, production=production)
    replace_bytes(beside(path), pristine.encoded(kept), path.stat().st_mode & 0o777)


def update(file: Path, files: tuple[str, ...], *, dry_run: bool, preview: bool = False) -> int:
    """Merge the runbooks in `files`, or those that the profile was imported from, into the profile in `file`.

    `preview`: show the runbook and what the profile is then side by side as well.
    """
    profile = read_profile(file)
    _require_whole(profile)
    kept = _kept(profile.path)
    named = files or _sources_of(kept, profile.path)
    sources = _as_before(read_sources(named), kept)
    outcome = updated(profile.text, kept, sources, lambda text: _errors(profile, text))
    for line in (*_differences(kept, sources), *_told(outcome.changes)):
        click.echo(line)
    changed = outcome.toml != profile.text
    after = pristine.pristine(
        sources, named, profile.path.parent, outcome.made.toml, production=outcome.made.profile.production
    )
    if not dry_run:
        if changed:
            replace_text(profile, outcome.toml)
        if kept != after:
            replace_bytes(beside(profile.path), pristine.encoded(after), profile.mode)
    if preview:
        _show(profile, outcome)
    left = sum(change.is_open for change in outcome.changes)
    done = ("would be" if dry_run else "was") + (" updated" if changed else " left as it is")
    say(f"{visible(str(file))} {done}: {len(outcome.changes) - left} taken over, {left} for you to look at")
    return Exit.PROBLEMS if left else Exit.OK


def _show(profile: ProfileText, outcome: Updated) -> None:
    """The runbook beside the merged profile, with a note at each line whose part is left to a person."""
    with tried(profile, outcome.toml) as path:
        loaded = examine(path, installed(), advice=False)[0]
    made = outcome.made
    notes = [
        Note(line=line, text=_sentence(change), source=source)
        for change in outcome.changes
        if change.is_open
        for source, line in _first_line(made, " ".join(change.part).strip())
    ]
    walked = made.profile if loaded is None else loaded.profile
    show_preview(replace(made, profile=walked, toml=outcome.toml, notes=(*made.notes, *notes)))


def _first_line(made: Imported, part: str) -> list[tuple[str, int]]:
    """The source and line that a part begins with; none if no line is mapped to it now."""
    found = (
        (account.source.name, entry.line)
        for account in made.accounts
        for entry in account.entries
        if part in entry.became
    )
    return list(islice(found, 1))


def _require_whole(profile: ProfileText) -> None:
    errors = _errors(profile, profile.text)
    if errors:
        raise Refused(
            f"{visible(str(profile.path))} does not pass `cockpit check`: line {errors[0].line}: {errors[0].sentence}",
            hint="mend it first; nothing was written",
        )


def _errors(profile: ProfileText, text: str) -> list[Problem]:
    with tried(profile, text) as path:
        problems = examine(path, installed(), advice=False)[1]
    return [problem for problem in problems if problem.severity == "error"]


def _kept(path: Path) -> Pristine | None:
    """What is kept of the import; if it is not there or cannot serve, that is said."""
    file = beside(path)
    try:
        kept = pristine.read(file)
        why = "" if kept is not None else "it is not there"
    except Unusable as error:
        kept, why = None, str(error)
    if why:
        say(
            f"what was imported is not known ({visible(file.name)}: {why}): all that stands in the profile counts as "
            "yours, and what you took out comes again"
        )
    return kept


def _sources_of(kept: Pristine | None, path: Path) -> tuple[str, ...]:
    if kept is None:
        raise click.UsageError(f"name the runbook: cockpit import --update {path.name} RUNBOOK.md")
    if any(not source.path for source in kept.sources):
        raise click.UsageError(
            f"it was imported from standard input; name the runbook: cockpit import --update {path.name} RUNBOOK.md"
        )
    return tuple(os.path.relpath(path.parent / source.path) for source in kept.sources)


def _as_before(sources: list[Source], kept: Pristine | None) -> list[Source]:
    """The sources under the names that the profile knows them by, where they are the same ones."""
    if kept is None or len(sources) != len(kept.sources):
        return sources
    return [
        Source(name=before.name, lines=source.lines, notes=source.notes)
        for source, before in zip(sources, kept.sources, strict=True)
    ]


def _differences(kept: Pristine | None, sources: Sequence[Source]) -> list[str]:
    if kept is None:
        return []
    told: list[str] = []
    before = {source.name: source.lines for source in kept.sources}
    for source in sources:
        then = before.get(source.name, ())
        if then == source.lines:
            continue
        if max(len(then), len(source.lines)) > _MOST_LINES:
            told.append(f"{visible(source.name)}: {len(then)} lines then, {len(source.lines)} now")
            continue
        lines = unified_diff(then, source.lines, f"{source.name} (imported)", f"{source.name} (now)", n=2, lineterm="")
        told += [visible(line) for line in lines]
    return [*told, ""] if told else []


def _told(changes: Sequence[Change]) -> list[str]:
    told = []
    for change in changes:
        told.append(visible(_sentence(change)))
        own = change.own if change.what == "conflict" else ""
        for mark, value in (("runbook then", change.before), ("runbook now", change.now), ("yours", own)):
            if value:
                told.append(f"    {mark + ':':<13} {shortened(value, 200)}")
    return told


def _sentence(change: Change) -> str:
    part, what = " ".join(change.part).strip(), f": {change.key}" if change.key else ""
    why = f": {change.why}" if change.why else ""
    match change.what:
        case "added":
            return f"+ {part}"
        case "removed":
            return f"- {part}"
        case "moved":
            return f"~ {part} moved"
        case "changed":
            return f"~ {part}{what}"
        case "conflict":
            return f"! {part}{what or ': its place'}: yours stays{why or ': you and the runbook changed it'}"
        case "kept":
            return f"! {part}: kept, though the runbook has it no longer{why}"
        case "left out":
            return f"! {part}{what}: left out{why}"
