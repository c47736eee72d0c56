"""Where a replay stands and how it moves: by facts, by turns, by marks, and by the log's own time.

A screen's `Source`. Invariant: what it shows is the log up to one place, and nothing can be appended. It draws
nothing; who draws calls `tick` while it plays. Time goes along the timeline's axis, so that it moves on also where the
log's clock was set back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from msgspec.structs import replace

from cockpit.report.replay.film import Damage, Film, Place
from cockpit.report.replay.timeline import next_mark, turn
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Instant
from cockpit.run.state import RunState
from cockpit.session.view import View
from cockpit.tui.film_view import Views, trouble_at
from cockpit.tui.panes.seen import Mode

SPEEDS = (1, 2, 5, 10, 30, 60, 120, 600)
"""Seconds of the log in a second."""
IDLE_S = 60.0
"""Without a fact for so long nothing goes on that one would wait for."""
LEAD_S = 2.0
"""Real seconds that are still played before what comes after an idle stretch."""
_END = 2**62

Way = Literal[1, -1]


class Player:
    """A film, and the place in it that is shown."""

    mode: Mode = "REPLAY"
    me = ""

    def __init__(self, film: Film) -> None:
        """Begin at the first fact, at rest."""
        self.film = film
        self.is_playing = False
        self.speed = SPEEDS[0]
        self.skips_idle = True
        self.stops_at_marks = False
        self.follows = False
        """It stands at the end, and goes on with it."""
        self.noted: tuple[Place, RunState] | None = None
        """The moment that a difference is told from, and what was true then."""
        self._damaged: tuple[tuple[Damage, ...], tuple[float, ...]] = ((), ())
        """Damages, and where on the axis they are."""
        self.place = film.at_fact(0)
        self._views = Views(film)
        self._view = self._views.at(self.place)

    # ---- what a screen draws from --------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The run as it was at this place."""
        return self._view

    def looks_at(self, step: str) -> None:
        """Nobody is told."""

    def now(self) -> Instant:
        """The moment that is shown."""
        return self.place.at

    def keeper_sight(self) -> KeeperSight:
        """As the log tells it: a keeper that started and did not stop was there."""
        keeper = self._view.state.keeper
        return KeeperSight(alive=keeper is not None and not keeper.stopped, silent_s=0.0)

    @property
    def place_s(self) -> float:
        """Where it stands on the timeline's axis."""
        return self._axis(self.place)

    @property
    def is_at_end(self) -> bool:
        """Whether nothing comes after it, as far as the log was read."""
        return self.place.fact >= self.film.facts - 1 and self.place.end >= self._last().end

    def damages_s(self) -> tuple[float, ...]:
        """Where on the axis lines do not count: at the facts that stand before them in the file."""
        film = self.film
        if self._damaged[0] != film.damages:
            self._damaged = film.damages, tuple(self._before(each.offset) for each in film.damages)
        torn = (self._axis(film.at_fact(film.facts - 1)),) if film.is_whole and film.torn_bytes else ()
        return (*self._damaged[1], *torn)

    def _before(self, offset: int) -> float:
        film = self.film
        fact = bisect_right(range(film.facts), offset, key=lambda k: film.at_fact(k).end) - 1
        return film.timeline.place_s(film.moment(max(0, fact)).at, max(0, fact))

    @property
    def is_over(self) -> bool:
        """Whether the run is, at the end of the log, and all of it was read."""
        return self.film.is_whole and self.film.timeline.is_over

    def _axis(self, place: Place) -> float:
        return self.film.timeline.place_s(place.at.at, place.fact)

    def _last(self) -> Place:
        return self.film.at_seq(_END)

    # ---- going somewhere -----------------------------------------------------------------------------------------

    def go(self, place: Place) -> None:
        """Show this place."""
        before, self.place = self.place, place
        if place.fact != before.fact or place.end < before.end:
            self._view = self._views.at(place)
        elif place.end != before.end or self._view.trouble != trouble_at(self.film, place):
            state = self.film.state(place)
            seats = tuple(state.seats.values())
            self._view = replace(self._view, state=state, here=seats, trouble=trouble_at(self.film, place))

    def go_to(self, fact: int) -> None:
        """Show the log up to a fact; the nearest there is. Playing goes on from there."""
        self.follows = False
        self.go(self.film.at_fact(fact))

    def step(self, move: int) -> bool:
        """Go by facts; False if it stood at that end. Between two facts, back is to the one before."""
        is_between = self.place.at != self.film.at_fact(self.place.fact).at
        target = self.place.fact + move + (1 if is_between and move < 0 else 0)
        if not 0 <= target < self.film.facts and self.place.fact == max(0, min(target, self.film.facts - 1)):
            return False
        self.go_to(target)
        return True

    def turn(self, what: Literal["step", "phase"], way: Way) -> bool:
        """Go to where the run next came to a step or a phase, or last; False if it did not."""
        shown = self.film.timeline
        fact = turn(shown.steps if what == "step" else shown.phases, self.place.fact, way)
        if fact is not None:
            self.go_to(fact)
        return fact is not None

    def mark(self, way: Way) -> bool:
        """Go to the next mark, or the last; False if there is none."""
        found = self._next_mark(self.place.fact, way)
        if found is not None:
            self.go_to(found[0])
        return found is not None

    def _next_mark(self, fact: int, way: Way) -> tuple[int, str] | None:
        """The fact of the next mark, or of the last, and its kind: an event's, or the log's own damage."""
        mark = next_mark(self.film.timeline.marks, fact, way)
        found = [(mark.fact, str(mark.kind))] if mark is not None else []
        found += [(each, "damage") for each in self.film.damaged if (each - fact) * way > 0]
        return min(found, key=lambda each: each[0] * way, default=None)

    def note(self) -> None:
        """Keep this moment, to tell a difference from it."""
        self.noted = self.place, self._view.state

    def go_to_end(self) -> None:
        """Show all there is, and follow it."""
        self.go(self._last())
        self.follows = True

    # ---- time ----------------------------------------------------------------------------------------------------

    def faster(self, by: int) -> None:
        """The next speed, or the one before; at the ends it stays."""
        at = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[max(0, min(at, len(SPEEDS) - 1))]

    def play(self) -> None:
        """Play, or pause. At the end of a run that is over it begins again."""
        self.is_playing = not self.is_playing
        if self.is_playing and self.is_at_end and self.is_over:
            self.go_to(0)

    def tick(self, seconds: float, say: Callable[[str], None]) -> bool:
        """Play so many seconds of real time on; False if the place is the same. `say` gets what is to be known."""
        if not self.is_playing or self.follows:
            return False
        before, fact = self.place, self.place.fact
        target_s = self._axis(self.place) + seconds * self.speed
        if self.skips_idle and (skipped := self._idle_s(target_s)):
            target_s += skipped
            say(f"skipped {_length(skipped)} in which nothing happened; S plays it")
        place = self.at_place(target_s)
        if place.fact >= self.film.facts - 1 and target_s >= self._axis(last := self._last()):
            place = last
            self._stop_at_end(say)
        if self.stops_at_marks:
            found = self._next_mark(fact, 1)
            if found is not None and found[0] <= place.fact:
                place, self.is_playing = self.film.at_fact(found[0]), False
                say(f"paused at a mark: {found[1]}")
        self.go(place)
        return place != before

    def _stop_at_end(self, say: Callable[[str], None]) -> None:
        if not self.film.is_whole:
            return  # it is still being read: wait for more
        if self.is_over:
            self.is_playing = False
            say("the end of the log")
        else:
            self.follows = True
            say("the end of the log so far: it is followed")

    def at_place(self, target_s: float) -> Place:
        """The place in the log that stands at a place of the axis."""
        film, shown = self.film, self.film.timeline
        at = shown.time_at(target_s)
        if len(shown.anchors) == 1:
            return film.at_time(at)
        fact = self.place.fact if target_s >= self.place_s else 0
        while fact + 1 < film.facts and shown.place_s(film.moment(fact + 1).at, fact + 1) <= target_s:
            fact += 1
        place = film.at_fact(fact)
        later_s = max(0.0, target_s - self._axis(place))
        at = place.at.at + timedelta(seconds=later_s)
        return replace(place, at=Instant(at=at, boot=place.at.boot, mono=place.at.mono + later_s))

    def _idle_s(self, target_s: float) -> float:
        """Seconds of the axis that may be skipped before the next fact; 0 if it comes soon, or something runs."""
        fact = self.place.fact + 1
        step = self._view.state.action
        if fact >= self.film.facts or (step is not None and step.is_under_way):
            return 0.0
        next_s = self.film.timeline.place_s(self.film.moment(fact).at, fact)
        left_s = next_s - LEAD_S * self.speed - target_s
        return left_s if left_s > IDLE_S else 0.0


def _length(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600} h {whole % 3600 // 60} min" if whole >= 3600 else f"{whole // 60} min {whole % 60} s"
