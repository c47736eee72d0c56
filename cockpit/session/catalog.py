"""Which of a host's runs somebody asks for, and what a list tells of each: the cheap things first.

Invariant: a run's beginning and end are read for every filter; all of its facts only where persons, a way back or a row
of the list need them, and then only if its bytes do not rule it out. Nothing is verified, and nothing raises for one
run: a list shows a damaged run as damaged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.audit.layout import log_path
from cockpit.audit.line import decode
from cockpit.audit.moved import place_now
from cockpit.audit.packed import packed_log, unpacked
from cockpit.audit.skimming import facts_in
from cockpit.errors import LogError
from cockpit.run.events import BY_MACHINE
from cockpit.run.evolve import evolve
from cockpit.run.people import name_of
from cockpit.run.state import EMPTY, RunState
from cockpit.session.runs import RunSummary, run_names, runs_folder, summary

Outcome = Literal["live", "finished", "aborted", "rolled-back", "damaged"]
OUTCOMES: tuple[Outcome, ...] = ("live", "finished", "aborted", "rolled-back", "damaged")
_WAY_BACK = b'"type":"rollback.chosen"'


class RunsAsked(Struct, frozen=True):
    """Which runs; nothing given means all. Of each, any of those given fits."""

    profiles: tuple[str, ...] = ()
    """Ids, or globs of them."""
    environments: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    by: tuple[str, ...] = ()
    """Users who decided, noted or held something in it."""
    since: datetime | None = None
    """It was not over by then."""
    before: datetime | None = None
    """It had begun by then (exclusive)."""
    rehearsal: bool | None = None
    """Only rehearsals; or only those that are none."""

    @property
    def is_everything(self) -> bool:
        """Whether nothing was asked for."""
        return self == RunsAsked()


class Listed(Struct, frozen=True):
    """One run, with the fold of its facts."""

    about: RunSummary
    state: RunState
    """Empty if it is damaged."""
    people: tuple[str, ...]
    """Users who decided, noted or held something, in the order in which they first did."""

    @property
    def outcome(self) -> Outcome:
        """How it ended, if it did: finished on a way back is `rolled-back`."""
        if self.about.status == "finished" and self.state.rollback is not None:
            return "rolled-back"
        return self.about.status


class Catalog:
    """The runs of one folder that are asked for."""

    def __init__(self, asked: RunsAsked, folder: Path | None = None) -> None:
        self.folder = folder or runs_folder()
        self.names = run_names(self.folder)
        """All that there are, newest first. Raises RunError if they cannot be listed."""
        self.looked_at = 0
        """How many of these were looked at so far."""
        self.damaged: list[str] = []
        """Damaged ones that were asked past: nobody can say whether they fit."""
        self._asked, self._with_facts = asked, True

    @property
    def is_filtered(self) -> bool:
        """Whether anything was asked for."""
        return not self._asked.is_everything

    @property
    def asks_for_damaged(self) -> bool:
        """Whether damaged ones were asked for by name: of these a list knows only the plainly broken."""
        return "damaged" in self._asked.outcomes

    def found(self, *, with_facts: bool = True) -> Iterator[Listed]:
        """Those that fit, newest first, read as they are asked for; their facts only if those are wanted."""
        self._with_facts = with_facts
        for name in self.names:
            self.looked_at += 1
            listed = self._read(place_now(self.folder / name))
            if listed is not None:
                yield listed

    def _read(self, run_dir: Path) -> Listed | None:
        try:
            kept = packed_log(run_dir)
        except OSError:  # no right to look into it, which `summary` says
            kept = None
        if kept is None:
            return self._fitting(run_dir, log_path(run_dir))
        try:
            with unpacked(kept) as log:
                return self._fitting(run_dir, log.path, log.trouble)
        except LogError as error:  # there is no room to unpack it
            return self._damaged(RunSummary(run=run_dir.name, run_dir=run_dir, status="damaged", problem=str(error)))

    def _fitting(self, run_dir: Path, log: Path, trouble: str = "") -> Listed | None:
        about = summary(run_dir, log)
        about = replace(about, problem=trouble) if trouble else about
        if about.status == "damaged":
            return self._damaged(about)
        return self._listed(about, log) if self._may_fit(about) else None

    def _damaged(self, about: RunSummary) -> Listed | None:
        if self._asked.is_everything or self.asks_for_damaged:
            return Listed(about, EMPTY, ())
        self.damaged.append(about.run)
        return None

    def _may_fit(self, about: RunSummary) -> bool:
        """By its beginning and end alone."""
        asked = self._asked
        outcomes = {"finished" if each == "rolled-back" else each for each in asked.outcomes}
        if outcomes and about.status not in outcomes:
            return False
        if asked.rehearsal is not None and about.is_rehearsal != asked.rehearsal:
            return False
        if asked.since is not None and about.ended is not None and about.ended < asked.since:
            return False
        if asked.before is not None and about.began is not None and about.began >= asked.before:
            return False
        return _is_any(about.profile_id, asked.profiles) and _is_any(about.environment, asked.environments)

    def _listed(self, about: RunSummary, log: Path) -> Listed | None:
        asked = self._asked
        if not (self._with_facts or asked.by or "rolled-back" in asked.outcomes):
            return Listed(about, EMPTY, ())
        if asked.by and not _has_fact(log, [b'"user":' + msgspec.json.encode(user) for user in asked.by]):
            return None
        if set(asked.outcomes) == {"rolled-back"} and not _has_fact(log, [_WAY_BACK]):
            return None
        listed = Listed(about, *_folded(log))
        if asked.outcomes and listed.outcome not in asked.outcomes:
            return None
        return None if asked.by and not set(asked.by) & set(listed.people) else listed


def _is_any(text: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)


def _has_fact(log: Path, wanted: list[bytes]) -> bool:
    """Whether one of these stands in a fact, or may stand there in another spelling."""
    with suppress(OSError):
        for line in _facts(log):
            if any(each in line for each in wanted) or b"\\u00" in line:  # JSON may spell any letter so
                return True
    return False


def _folded(log: Path) -> tuple[RunState, tuple[str, ...]]:
    """The fold of the run's facts, unverified, and who was behind them: not of samples, which are most of a night."""
    state, people = EMPTY, dict[str, None]()
    with suppress(OSError):
        for line in _facts(log):
            with suppress(LogError):  # torn, and stepped over by whoever appended next
                event = decode(line)
                state = evolve(state, event)
                if event.type not in BY_MACHINE:
                    people[name_of(event.actor)] = None
    return state, tuple(people)


def _facts(log: Path) -> Iterator[bytes]:
    fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)  # a FIFO would never open
    try:
        yield from facts_in(fd)
    finally:
        os.close(fd)
