"""The options by which commands take a part of a log, and what is said of how they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from cockpit.cli.ending import say
from cockpit.report.search.filtering import Asked, Filter, moments_read, near_type
from cockpit.report.search.moments import Moment, moment, zone_called
from cockpit.run.wording import KEEPER
from cockpit.text import shortened

F = TypeVar("F", bound=Callable[..., Any])


class MomentType(click.ParamType[Moment]):
    """`22:41`, and the other forms of `cockpit.report.search.moments`."""

    name = "moment"

    def __init__(self, *, backwards: bool = False) -> None:
        self._backwards = backwards

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        """Raises a usage error that says what a moment is."""
        if isinstance(value, Moment):
            return value
        try:
            return moment(value, backwards=self._backwards)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class ZoneType(click.ParamType[str]):
    """A name that `zone_called` knows."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises a usage error for a zone that is none."""
        try:
            zone_called(value, None)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


_OPTIONS = (
    click.option("--since", metavar="MOMENT", type=MomentType(), help="From then on: 22:41, 2026-11-21T22:41Z, +1h20m"),
    click.option("--until", metavar="MOMENT", type=MomentType(), help="Up to its end: 22:41 is the whole minute."),
    click.option(
        "--zone", metavar="ZONE", type=ZoneType(), default="utc", show_default=True,
        help="In which moments without one are read: utc, window (the profile's), local, or an IANA name.",
    ),
    click.option("--by", metavar="WHO", multiple=True, help="By this person (or user@host); keeper: by the machine."),
    click.option("--type", "types", metavar="TYPE", multiple=True, help="Of this type; globs too: action.*"),
    click.option("--class", "class_", type=click.Choice(["fact", "telemetry"]), help="What was decided, or samples."),
    click.option("--step", "steps", metavar="STEP", multiple=True, help="About this step: its number (1.3) or id."),
    click.option("--phase", "phases", metavar="PHASE", multiple=True, help="About this phase or its steps."),
    click.option("--probe", "probes", metavar="PROBE", multiple=True, help="Changes and samples of this probe."),
)  # fmt: skip


def filter_options(command: F) -> F:
    """Give a command these options; it gets them as keyword arguments, which `asked` takes together."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked(given: dict[str, Any]) -> Asked:
    """What was asked for; the arguments of `filter_options` are taken out of `given`."""
    return Asked(
        since=given.pop("since"),
        until=given.pop("until"),
        zone=given.pop("zone"),
        by=given.pop("by"),
        types=given.pop("types"),
        class_=given.pop("class_") or "",
        steps=given.pop("steps"),
        phases=given.pop("phases"),
        probes=given.pop("probes"),
    )


class Told:
    """What there is to be said of how a search was read, over all of its logs."""

    def __init__(self, wanted: Asked, *, is_only: bool) -> None:
        self.is_only = is_only
        """Whether there is one log alone: what its moments were read as is said."""
        self.logs = 0
        """Read so far."""
        self.has_more = False
        """Whether a log before this one has told something: what is told next stands apart."""
        self._asked, self._has_begun = wanted, False
        self._people: set[str] = set()
        self._unknown: list[tuple[str, ...]] = []

    def begins(self, found: Filter) -> None:
        """Before anything of a log is told, say how moments are read."""
        if self.is_only:
            for told in moments_read(self._asked, found):
                say(told)
        elif not self._has_begun and any(each and each.clock for each in self._asked.moments):
            say("a time without a day is read as the first one in each run")
        self._has_begun = True

    def add(self, found: Filter | None) -> None:
        """Take note of one log; None if it was read without a filter."""
        self.logs += 1
        if found is None:
            return
        self._people |= found.people
        self._unknown.append(found.unknown)

    def nothing(self) -> None:
        """Say that nothing matched, and what may have been meant."""
        say(f"nothing matched{self._why()}")

    def _why(self) -> str:
        for pattern in self._asked.types:
            if near := near_type(pattern):
                return f"; no event is called `{shortened(pattern, 60)}`, did you mean `{near}`?"
        if self._unknown and all(self._unknown):
            return f"; there is {', '.join(_first(self._unknown))}"
        if (
            self._people
            and KEEPER not in self._asked.by
            and not self._people & {each.partition("@")[0] for each in self._asked.by}
        ):
            return f"; who did something then: {', '.join(shortened(each, 60) for each in sorted(self._people)[:8])}"
        return ""


def _first(unknown: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return next(each for each in unknown if each)
