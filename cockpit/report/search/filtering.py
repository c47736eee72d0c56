"""Which events of a log somebody asked for: by time, person, kind, and what they are about.

Invariant: pure; what is asked for in several ways has to fit all of them, what is given several times of one way any.
Whether an event fits depends on it and on those before it alone. A filter never raises on an event that decoded.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Protocol

import msgspec
from msgspec import Struct

from cockpit.audit.line import Envelope
from cockpit.audit.stretch import Ordinary
from cockpit.report.search.moments import Moment, zone_called
from cockpit.report.search.subjects import Subjects, named_in
from cockpit.run import events as e
from cockpit.run.events import BY_MACHINE
from cockpit.run.people import Named, name_of
from cockpit.run.wording import KEEPER

_GLOB = frozenset("*?[")


class Asked(Struct, frozen=True):
    """What was asked for, as it was written; nothing given means everything."""

    since: Moment | None = None
    until: Moment | None = None
    zone: str = "utc"
    """In which moments without one are read: see `moments.zone_called`."""
    by: tuple[str, ...] = ()
    """People by their names, users, `user@host`, or `keeper` for what the machine did."""
    types: tuple[str, ...] = ()
    """Types, globs too: `action.*`."""
    class_: str = ""
    """`fact` or `telemetry`."""
    steps: tuple[str, ...] = ()
    """Numbers (`1.3`) or ids."""
    phases: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()

    @property
    def moments(self) -> tuple[Moment | None, Moment | None]:
        """Since and until."""
        return self.since, self.until

    @property
    def is_everything(self) -> bool:
        """Whether nothing was asked for."""
        return self == Asked(zone=self.zone)


class _Signing(Named, Protocol):
    """An actor, as a line has it."""

    @property
    def signer(self) -> str: ...


class Filter:
    """What was asked for, in one run."""

    def __init__(self, asked: Asked, first: e.Event) -> None:
        """`first` is the run's first event. Raises ValueError for a zone that is none."""
        self.asked = asked
        self.unknown: tuple[str, ...] = ()
        """Steps, phases and probes that were asked for and are not in this run's profile, as sentences' ends."""
        profile = first.body.profile if isinstance(first.body, e.RunStarted) else None
        self.zone: tzinfo = zone_called(asked.zone, profile)
        self.window_zone: str = str(zone_called("window", profile))
        """Of the profile's window, by name; `UTC` without one."""
        self.since = asked.since.span(first.instant.at, self.zone)[0] if asked.since else None
        self.before = asked.until.span(first.instant.at, self.zone)[1] if asked.until else None
        self.people: set[str] = set()
        """Who was met, whether what they did fits or not; only while persons are asked for."""
        self._by, self._types, self._class = frozenset(asked.by), asked.types, asked.class_
        self._identified: set[tuple[str, str, str, str]] = set()
        self._fitting_types: dict[str, bool] = {}
        self._named_types: dict[str, bool] = {}
        self._subjects = (
            Subjects(profile, asked.steps, asked.phases, asked.probes)
            if asked.steps or asked.phases or asked.probes
            else None
        )
        if self._subjects is not None:
            self.unknown = self._subjects.unknown

    def matches(self, line: Envelope | Ordinary) -> bool:
        """Whether the event of a line was asked for. To be asked of every line, in order."""
        if line.type == e.OperatorIdentified.type and self._by:
            self._believe(line)
        fits = self._fits(line.at, line.type, line.class_, line.actor)
        if self._subjects is None or not (fits or line.type in _TELL_OF_ACTIONS):
            return fits
        return self._is_of_named_type(line.type) and self._subjects.include(named_in(line.data)) and fits

    def _is_of_named_type(self, type_: str) -> bool:
        found = self._named_types.get(type_)
        if found is None:
            assert self._subjects is not None
            found = _kept(self._named_types, type_, self._subjects.may_be_of_type(type_))
        return found

    def _fits(self, at: datetime, type_: str, class_: str, actor: _Signing) -> bool:
        if self.since is not None and at < self.since:
            return False
        if self.before is not None and at >= self.before:
            return False
        if self._class and class_ != self._class:
            return False
        return (not self._types or self._is_of_type(type_)) and (not self._by or self._is_by(type_, actor))

    def _is_of_type(self, type_: str) -> bool:
        fits = self._fitting_types.get(type_)
        if fits is None:
            fits = _kept(self._fitting_types, type_, any(fnmatchcase(type_, pattern) for pattern in self._types))
        return fits

    def _is_by(self, type_: str, actor: _Signing) -> bool:
        if type_ in BY_MACHINE:
            return KEEPER in self._by
        name = self._name(actor)
        if len(self.people) < 100:
            self.people.add(name)
        return name in self._by or actor.user in self._by or f"{actor.user}@{actor.host}" in self._by

    def _believe(self, line: Envelope | Ordinary) -> None:
        """As the fold does: see `passing.operator_identified`."""
        try:
            body = msgspec.json.decode(line.data, type=e.OperatorIdentified)
        except ValueError:
            return
        actor = line.actor
        if line.class_ == "fact" and (body.person, body.key) == (actor.person, actor.signer):
            self._identified.add((actor.user, actor.host, actor.person, actor.signer))

    def _name(self, actor: _Signing) -> str:
        """What they are called; of the names that people proved to have, only those that the lines so far show."""
        if "person" not in actor.proven:
            return name_of(actor)
        if (actor.user, actor.host, actor.person, actor.signer) in self._identified:
            return name_of(actor)
        proven = tuple(field for field in actor.proven if field != "person")
        return name_of(e.Actor(actor.user, actor.host, login=actor.login, sudo=actor.sudo, proven=proven))


def _kept(known: dict[str, bool], type_: str, fits: bool) -> bool:
    if len(known) < 1000:  # a hostile log may have a new type on every line
        known[type_] = fits
    return fits


_TELL_OF_ACTIONS = frozenset({e.ActionRequested.type, e.ActionStarted.type})
"""These alone say which step an action is of; its output and end may name the action only."""


def near_type(pattern: str) -> str:
    """The known type that was probably meant by one that is none; empty for a glob, or if nothing is near."""
    if pattern in e.BODIES or _GLOB & set(pattern):
        return ""
    return next(iter(get_close_matches(pattern, list(e.BODIES), n=1)), "")


def moments_read(asked: Asked, found: Filter) -> list[str]:
    """What each local or relative moment was taken for, for people: `22:41 is 2026-11-21 22:41 UTC`."""
    is_other = asked.zone == "utc" and found.window_zone != "UTC"
    told = []
    for given, at in ((asked.since, found.since), (asked.until, found.before)):
        if given is not None and at is not None and (given.is_local or given.after_s is not None):
            read = f"{given.text} is read as {_shown(given, at, found.zone, is_end=given is asked.until)}"
            hint = f" (--zone window reads it in {found.window_zone})" if is_other and given.is_local else ""
            told.append(f"{read}{hint}")
    return list(dict.fromkeys(told))


def _shown(given: Moment, at: datetime, zone: tzinfo, *, is_end: bool) -> str:
    begins = (at - given.lasts if is_end else at).astimezone(zone)
    digits = "%Y-%m-%d %H:%M" if given.lasts.total_seconds() >= 60 and not begins.second else "%Y-%m-%d %H:%M:%S"
    called = "UTC" if zone is UTC else f"{begins:UTC%z}" if str(zone) == "local" else str(zone)
    return f"{begins:{digits}} {called}"
