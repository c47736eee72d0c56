"""Everything that a paper is made of, and how its texts, times and names are said.

Pure: what lies beside the log (`outside`) was looked at before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from cockpit.audit.line import Head
from cockpit.profile.durations import written
from cockpit.profile.model import Profile
from cockpit.profile.references import fill
from cockpit.profile.variables import secret_names
from cockpit.run.events import Actor, Instant
from cockpit.run.naming import shown_values, zone_of
from cockpit.run.people import called_at
from cockpit.run.state import RunState
from cockpit.text import visible


class Content(Struct, frozen=True):
    """A file that a step names, as it is now."""

    sha256: str = ""
    text: str = ""
    problem: str = ""
    """Why it could not be read, or why its text is not here."""


class Sheet(Struct, frozen=True, kw_only=True):
    """One run at one moment."""

    state: RunState
    head: Head | None
    source: Path
    """The log that it was read from."""
    now: Instant
    writer: Actor
    """Who has it written."""
    base_dir: Path | None = None
    """Where relative paths of the profile begin; None: this host does not know."""
    troubles: tuple[str, ...] = ()
    """What is wrong with the log: sentences."""
    keeper: str = ""
    """What can be seen of the keeper: a sentence."""
    traces: Mapping[str, tuple[str, ...]] = {}
    """By action: what its files tell of it, a sentence each."""
    files: Mapping[str, Content] = {}
    """By the name under which a step has it."""
    done: bool = False
    """Whether what was done is to be told too."""

    @property
    def profile(self) -> Profile:
        """Of the run."""
        return self.state.profile

    def filled(self, text: str) -> str:
        """A text of the profile with its values; secrets stand as their names."""
        return fill(text, shown_values(self.state), secrets=secret_names(self.profile))

    def local(self, at: datetime) -> str:
        """`2026-11-21 23:31`, in the window's zone."""
        return f"{at.astimezone(zone_of(self.profile)):%Y-%m-%d %H:%M}"

    @property
    def zone(self) -> str:
        """What times are in."""
        return str(zone_of(self.profile))

    def owner(self, name: str) -> str:
        """A role's title and its people where some are named, or the text itself where it is no role."""
        role = next((each for each in self.profile.roles if each.id == name), None)
        if role is None:
            return visible(name)
        people = f" ({', '.join(role.people)})" if role.people else ""
        return visible(f"{role.title or role.id}{people}")

    def role(self, role_id: str) -> str:
        """A role's title and people, or the text itself where it is no role."""
        role = next((each for each in self.profile.roles if each.id == role_id), None)
        if role is None:
            return visible(role_id)
        people = ", ".join(role.people) or "nobody is named"
        contact = f"; {self.filled(role.contact)}" if role.contact else ""
        return visible(f"{role.title or role.id} ({people}{contact})")


def lasting(seconds: float) -> str:
    """`20m`: a duration in whole seconds."""
    return str(written(float(round(seconds))))


def person(actor: Actor) -> str:
    """`ana@bastion-1`, or `ana (deploy@bastion-1)`."""
    return called_at(actor)
