"""What can become of what a seat asks for: it is done, refused, not known, or it failed."""

from __future__ import annotations

from msgspec import Struct

from cockpit.run.commands import Refusal
from cockpit.run.events import Event


class Done(Struct, frozen=True):
    """It is in the log for good."""

    events: tuple[Event, ...]
    withheld: str = ""
    """What was taken out of the words that a person typed, a sentence: a secret is not kept."""


class Unsettled(Struct, frozen=True):
    """Whether it was written is not known; the log will tell by this event's id."""

    id: str


class Failed(Struct, frozen=True):
    """It was not written: one sentence says why and what to do."""

    sentence: str


Outcome = Done | Refusal | Unsettled | Failed
