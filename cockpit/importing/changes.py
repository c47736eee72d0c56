"""What an update of an imported profile did, and what it left to people: values, for whoever tells of them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.importing.parts import Key

What = Literal["added", "changed", "removed", "moved", "conflict", "kept", "left out"]
"""`conflict`: a person and the runbook changed the same; the person's stays. `kept`: the runbook has it no longer, a
person worked on it. `left out`: the runbook has it, the profile does not get it, and `why` says why."""


class Change(Struct, frozen=True, kw_only=True):
    """One difference between the runbook then and now."""

    what: What
    part: Key
    key: str = ""
    """Of the part's table; empty: the whole part."""
    before: str = ""
    """What the runbook said, as TOML; empty: nothing."""
    now: str = ""
    """What it says now."""
    own: str = ""
    """What a person wrote instead."""
    why: str = ""

    @property
    def is_open(self) -> bool:
        """A person has to look at it."""
        return self.what in ("conflict", "kept", "left out")
