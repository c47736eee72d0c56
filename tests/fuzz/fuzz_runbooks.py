"""Runbooks: the claims of `importing_claims`, about whatever bytes are given.

`python -m importing_fuzz` mutates the corpus without an engine, for as long as is wanted; here coverage leads.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import importing_claims
import importing_fuzz
from fuzz_claims import answered, claim, twice

_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def runbook(data: bytes) -> None:
    """The bytes of a runbook."""
    made = answered(lambda: importing_claims.import_text(data))
    if made is None:
        return
    if not _KEPT:
        _KEPT.append(tempfile.TemporaryDirectory(prefix="fuzz-runbook-"))
    errors = importing_claims.problems(made, Path(_KEPT[0].name))[0]
    claim(not errors, f"what was imported does not pass check: {errors[:1]}")
    wrong = [*importing_claims.unaccounted(made), *importing_claims.invented(made)]
    claim(not wrong, f"the account is wrong: {wrong[:1]}")
    if twice(data):
        again = importing_claims.import_text(data)
        claim(again.toml == made.toml, "imported twice, it is another profile")


def seeds() -> list[bytes]:
    """The corpus, and the small hostile texts."""
    return importing_fuzz.seeds()
