"""What was imported, kept beside the profile: without it nobody could tell a person's edit from the runbook's change.

`shop.toml` has `shop.import.json`: JSON of one object, `format` 1. It holds the lines as they were read (repaired, with
secrets replaced) and the TOML as it was made of them; never the raw text.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

import cockpit
from cockpit.importing.source import LARGEST_BYTES, Source

FORMAT = 1
_LARGEST_BYTES = 16 * LARGEST_BYTES


class Kept(Struct, frozen=True, kw_only=True):
    """One runbook as it was read."""

    name: str
    """As the steps' `source` names it."""
    path: str
    """Relative to the profile's folder; empty: it came from standard input."""
    digest: str
    """SHA-256 of its lines, each ended by a newline, hex."""
    lines: tuple[str, ...]


class Pristine(Struct, frozen=True, kw_only=True):
    """One import, as it was before anybody edited it."""

    format: int = FORMAT
    cockpit: str = cockpit.__version__
    id: str
    environment: str
    production: bool
    sources: tuple[Kept, ...]
    toml: str
    """As generated; after an update with the ids that its parts have in the profile."""


class Unusable(Exception):
    """There is a file, and it cannot serve; the text says why."""


def beside(profile: Path) -> Path:
    """Where the import of a profile is kept."""
    name = profile.name.removesuffix(".toml")
    return profile.with_name(f"{name}.import.json")


def pristine(sources: Sequence[Source], paths: Sequence[str], folder: Path, toml: str, *, production: bool) -> Pristine:
    """What is to be kept of an import of `sources`, which were read from `paths` (`-`: standard input)."""
    top = tomllib.loads(toml)
    return Pristine(
        id=str(top["id"]),
        environment=str(top["environment"]),
        production=production,
        sources=tuple(
            Kept(
                name=source.name,
                path="" if path == "-" else os.path.relpath(path, folder),
                digest=digest(source.lines),
                lines=source.lines,
            )
            for source, path in zip(sources, paths, strict=True)
        ),
        toml=toml,
    )


def digest(lines: Sequence[str]) -> str:
    """SHA-256 of lines, each ended by a newline, hex."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")).hexdigest()


def encoded(kept: Pristine) -> bytes:
    """The file's bytes."""
    return msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n"


def read(path: Path) -> Pristine | None:
    """What is kept in a file; None if there is none. Raises Unusable if it is damaged, or of a newer cockpit."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_BYTES:
        raise Unusable("it is too large to be one")
    try:
        stated = msgspec.json.decode(content, type=_Stated)
        if stated.format > FORMAT:
            raise Unusable(f"cockpit {stated.cockpit or 'of a later version'} wrote it, in a newer format")
        kept = msgspec.json.decode(content, type=Pristine)
        tomllib.loads(kept.toml)
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable("it is damaged") from error
    if any(digest(source.lines) != source.digest for source in kept.sources):
        raise Unusable("its lines are not those that were read")
    return kept


class _Stated(Struct):
    format: int
    cockpit: str = ""
