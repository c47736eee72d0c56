"""The account of an import as data, whose fields `docs/import.md` documents. Fields are only ever added."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from cockpit.importing.accounting import Counts, LineCounts, counts, line_counts
from cockpit.importing.imported import Imported
from cockpit.importing.ledger import Entry
from cockpit.importing.source import Note


class SourceRecord(Struct, frozen=True, kw_only=True):
    """One source: its name, its figures, and an entry for each of its lines."""

    name: str
    counts: LineCounts
    lines: tuple[Entry, ...]


class ProfileRecord(Struct, frozen=True, kw_only=True):
    """What was made of all of them."""

    id: str
    environment: str
    production: bool
    title: str
    counts: Counts


class AccountRecord(Struct, frozen=True, kw_only=True):
    """The whole account."""

    profile: ProfileRecord
    sources: tuple[SourceRecord, ...]
    notes: tuple[Note, ...]


def account_json(made: Imported) -> str:
    """The whole account as JSON, ended by a newline."""
    record = AccountRecord(
        profile=ProfileRecord(
            id=made.profile.id,
            environment=made.profile.environment,
            production=made.profile.production,
            title=made.profile.title,
            counts=counts(made),
        ),
        sources=tuple(
            SourceRecord(
                name=account.source.name,
                counts=line_counts((account,), [note for note in made.notes if note.source == account.source.name]),
                lines=account.entries,
            )
            for account in made.accounts
        ),
        notes=made.notes,
    )
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"
