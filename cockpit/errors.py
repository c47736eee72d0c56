"""Every error cockpit raises on purpose, in one tree.

    CockpitError                what failed, the offending value, what was expected, what to do next
    ├── ProfileError            a profile cannot be used; carries every problem found, with positions
    ├── ConditionError          a CEL expression cannot be used; carries what is wrong, with places inside it
    ├── VariableError           a variable has no value, or one that its pattern refuses
    ├── ProbeError              a probe could not take a reading: the reading `error`
    ├── ActionError             an action cannot be done; nothing was done
    ├── LogError
    │   ├── LogDamaged          the log's bytes do not verify from some line on
    │   ├── LogTooNew           written by a newer cockpit: reading goes on, acting does not
    │   ├── LogUnreadable       not a log, or not readable
    │   │   └── LogTooLarge     longer than any log may be
    │   ├── LogFull             the run's log has no room for this; nothing was written
    │   ├── PlaceRefused        a folder or file is not one that a run may be written to; nothing was written
    │   │   └── ReadOnlyRun     it is somebody else's run, which this user may only read
    │   └── StoreFailed         an append failed; the store is poisoned, nothing was acknowledged
    │       ├── StoreFenced     another keeper has taken over; nothing was written, nor will be
    │       └── StoreAway       the database cannot be reached; nothing was written, and later it may be
    │           └── StoreDiverged   since a failover it goes on otherwise than this host's copy; nothing was written
    ├── ImportRefused           a runbook cannot be made a profile; nothing was written
    ├── RunError                no such run, several runs, a folder that cannot hold runs
    ├── SigningError            a signature cannot be made, or whose signatures count cannot be read
    ├── TrustError              what a machine asks of profiles cannot be read, or that one is trusted cannot be kept
    └── KeeperError             the keeper could not be started or reached

Only `cli` and `tui` render them. Exit codes are in `cockpit.exits`.
"""

from __future__ import annotations


class CockpitError(Exception):
    """The root: its text is one sentence fit to be shown, without markup or control characters.

    `hint` says what to do next; it may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class VariableError(CockpitError):
    """A variable has no value, or its value does not match its pattern."""


class ProbeError(CockpitError):
    """A probe could not take a reading (refused, timed out, no such program)."""


class ActionError(CockpitError):
    """An action cannot be done (no plug-in, an unreadable file, settings that do not fit); nothing was done."""


class LogError(CockpitError):
    """Anything about the log file."""


class LogDamaged(LogError):
    """The bytes do not verify. `line` is the first bad line, counted from 1."""

    def __init__(self, message: str, *, line: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line


class LogTooNew(LogError):
    """Written by a newer cockpit."""


class LogUnreadable(LogError):
    """Not a log, or not readable."""


class LogTooLarge(LogUnreadable):
    """Longer than any log may be: it is not read to its end."""


class LogFull(LogError):
    """The run's log has no room for what was to be appended. Nothing was written, and nothing is wrong with it."""


class PlaceRefused(LogError):
    """A folder or file is not one that a run may be written to: its owner, its mode, its kind, or what it is on."""

    def __init__(self, message: str, *, hint: str = "", path: str = "", fault: str = "") -> None:
        """`path` and `fault`: the message's parts, visible, for who lists several; empty where it is about no path."""
        super().__init__(message, hint=hint)
        self.path = path
        self.fault = fault


class ReadOnlyRun(PlaceRefused):
    """A run that this user may read and not write to: it is another's, or of a group that they are not in."""


class StoreFailed(LogError):
    """A write or sync failed. Nothing was acknowledged and nothing will be: the store is poisoned."""


class StoreAway(StoreFailed):
    """The database that keeps the run cannot be reached. Nothing was written; once it is back, all goes on."""


class StoreDiverged(StoreAway):
    """The database and this host's copy both go on from one line, differently. Nothing was written to either."""

    def __init__(
        self, message: str, *, ancestor_seq: int, ancestor: str, copy_seq: int, database_seq: int, hint: str = ""
    ) -> None:
        """`ancestor`: the digest of the last line that both hold (64 zeros: none); `*_seq`: where each ends."""
        super().__init__(message, hint=hint)
        self.ancestor_seq = ancestor_seq
        self.ancestor = ancestor
        self.copy_seq = copy_seq
        self.database_seq = database_seq


class StoreFenced(StoreFailed):
    """Another keeper began, or is to begin, on another host: nothing was written, and this one writes no more."""


class ImportRefused(CockpitError):
    """A runbook is too large, no text, or more than a profile can hold; nothing was written."""


class RunError(CockpitError):
    """No such run, several that fit, or a folder that cannot hold runs."""


class SigningError(CockpitError):
    """A signature cannot be made, or whose signatures count cannot be read."""


class TrustError(CockpitError):
    """What this machine asks of profiles cannot be read, or that a profile is trusted cannot be kept."""


class KeeperError(CockpitError):
    """The keeper could not be started or reached."""
