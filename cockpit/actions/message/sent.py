"""What became of a text to people, in the words that every way out has for it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Sent(Struct, frozen=True):
    """What became of a text."""

    outcome: Literal["succeeded", "failed", "unknown"]
    """`unknown`: it was on its way, and whether it was taken is not known."""
    detail: str = ""
    """One visible line."""

    @property
    def ok(self) -> bool:
        """Whether the other side took it."""
        return self.outcome == "succeeded"
