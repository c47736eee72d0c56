"""What every store of a log promises, whichever keeps the bytes: the file store now, PostgreSQL later.

`append` is blocking and safe to call from any thread; callers keep it off the screen's loop. It tells of success only
after the lines are durable (telemetry alone is not waited for).
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from cockpit.audit.extent import Extent
from cockpit.audit.line import Draft, Head
from cockpit.run.events import Event


class Durable(Struct, frozen=True):
    """The events are in the log for good."""

    events: tuple[Event, ...]
    head: Head | None
    """The last fact's; None while the log holds no fact."""


class Conflict(Struct, frozen=True):
    """Another fact came first: nothing was written. Fold what is new and decide again."""

    head: Head | None


class Unknown(Struct, frozen=True):
    """The store cannot tell whether the events were written: `lookup` of the id settles it.

    The file store never answers so: there, a failure is a failure and poisons the store.
    """

    id: str


Outcome = Durable | Conflict | Unknown


class Store(Protocol):
    """Keeps the lines of one run."""

    @property
    def run(self) -> str:
        """The run's id."""
        ...

    @property
    def head(self) -> Head | None:
        """The last fact's place, as of the last append."""
        ...

    @property
    def extent(self) -> Extent:
        """How long the log is, as of the last append or what was read since; cheap, and from any thread."""
        ...

    @property
    def poison_reason(self) -> str:
        """Why nothing can be appended any more, one sentence; empty while all is well."""
        ...

    @property
    def is_poisoned(self) -> bool:
        """Whether a write or sync failed."""
        ...

    def require_usable(self) -> None:
        """Raise LogError if nothing could be appended, as far as that can be seen without trying."""
        ...

    def append(self, last_fact_seq: int | None, *drafts: Draft) -> Outcome:
        """Append `drafts` as one write, if the last fact is still `last_fact_seq` (0: none yet; None: always).

        Raises StoreFailed when poisoned or when the write or sync fails, LogError if a draft cannot be written:
        LogFull behind the end of the longest log.
        """
        ...

    def lookup(self, event_id: str) -> Event | None:
        """Return the event with this id, or None if the log does not hold it."""
        ...

    def close(self) -> None:
        """Let go of files. A second call does nothing."""
        ...
