"""One import: from what was read to the profile, its TOML and the account of every line."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cockpit.errors import ImportRefused
from cockpit.importing.blocks import Document
from cockpit.importing.draft import Draft, Names
from cockpit.importing.finishing import finish
from cockpit.importing.fitting import fitted, refuse_oversized
from cockpit.importing.ledger import Entry, Ledger
from cockpit.importing.naming import slug
from cockpit.importing.parsing import parse
from cockpit.importing.printed import read_printed
from cockpit.importing.sections import Reading
from cockpit.importing.source import Note, Source
from cockpit.importing.writing import written
from cockpit.profile.model import Profile, Variable

MOST_STEPS = 2000
"""What a profile holds (`docs/profile.md`)."""


class Account(Struct, frozen=True, kw_only=True):
    """What became of one source."""

    source: Source
    entries: tuple[Entry, ...]

    @property
    def asked(self) -> int:
        """Lines that ask for something."""
        return sum(entry.actionable for entry in self.entries)

    @property
    def mapped(self) -> int:
        """Of these, the lines that are mapped."""
        return sum(entry.actionable and entry.fate == "mapped" for entry in self.entries)


class Imported(Struct, frozen=True, kw_only=True):
    """What an import gives."""

    profile: Profile
    toml: str
    accounts: tuple[Account, ...]
    """One for each source, in their order."""
    notes: tuple[Note, ...]
    """What a person should look at."""


def imported(
    sources: Sequence[Source],
    *,
    profile_id: str = "",
    environment: str = "production",
    production: bool = False,
    names: Names | None = None,
) -> Imported:
    """Make one profile of one runbook or several; an environment called `production` is one.

    `names`: the ids that parts have already, for those that they would get. Raises ImportRefused if there is nothing to
    do in it, or too much.
    """
    draft = Draft(names)
    for source in sources:
        draft.ledgers.append(Ledger(source))
        before = len(draft.notes)
        draft.notes += source.notes
        _declare_secrets(source, draft)
        for each in source.laid:
            draft.ledger.lay(each.first, each.last, each.what)
        _read(parse(source), draft)
        draft.notes[before:] = [replace(note, source=source.name) for note in draft.notes[before:]]
    finish(draft)
    drafted = draft.built(
        profile_id or draft.system or slug(draft.title) or "imported",
        environment,
        production=production or environment == "production",
    )
    profile = fitted(drafted)
    count = len(profile.every_step())
    if not count:
        raise ImportRefused(
            "nothing in it asks for anything to be done", hint="a runbook has lists, tables or code under headings"
        )
    if count > MOST_STEPS:
        raise ImportRefused(
            f"it would make {count:,} steps, and a profile holds {MOST_STEPS:,}", hint="give it in parts"
        )
    named = ", ".join(source.short_name for source in sources)
    toml = written(profile, draft.comments, (f"Imported from {named}. It runs no command until a person turns it on.",))
    refuse_oversized(profile, toml)
    accounts = tuple(Account(source=each.source, entries=each.entries()) for each in draft.ledgers)
    return Imported(profile=profile, toml=toml, accounts=accounts, notes=tuple(draft.notes))


def _declare_secrets(source: Source, draft: Draft) -> None:
    """Variables for what stands where secrets stood; they come from the environment and are never shown."""
    for name in source.secrets:
        own = slug(name)
        draft.variables[own] = Variable(
            name=own, env=name, secret=True, description="It stood in the runbook, and was not copied."
        )


def _read(document: Document, draft: Draft) -> None:
    """Read a runbook, or a profile that was printed as one."""
    if not read_printed(document, draft, lambda into: Reading(document, into).read_section):
        Reading(document, draft).read()
