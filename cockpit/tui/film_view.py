"""What the run's screen showed at a place of a log."""

from __future__ import annotations

from cockpit.report.replay.film import Film, Place
from cockpit.run.state import RunState
from cockpit.run.wording import sentence
from cockpit.session.view import Recent, View
from cockpit.text import counted

RECENT = 200


class Views:
    """Of one film. Sentences are made once: stepping shows nearly the same ones again."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._told: dict[int, Recent] = {}

    def at(self, place: Place) -> View:
        """The view at a place; a log that is damaged before it says so."""
        film, state = self._film, self._film.state(place)
        return View(
            state=state,
            head=film.head(place.fact),
            recent=self._recent(place.fact, state),
            trouble=trouble_at(film, place),
            here=tuple(state.seats.values()),
        )

    def _recent(self, last: int, state: RunState) -> tuple[Recent, ...]:
        facts = range(max(0, last + 1 - RECENT), last + 1)
        told = {k: self._told.get(k) or self._tell(k, state) for k in facts}
        self._told = told
        return tuple(told.values())

    def _tell(self, fact: int, state: RunState) -> Recent:
        event = self._film.event(fact)
        return Recent(event, sentence(event, state))


def trouble_at(film: Film, place: Place) -> str:
    """What is wrong with the log before a place; at the end of what can be shown, what is wrong behind it too."""
    if (before := film.trouble(place)) or place.fact < film.facts - 1:
        return before
    after = [each for each in film.damages if each.offset >= place.end]
    if after:
        return f"nothing more can be shown: {after[0].sentence}"
    if film.is_whole and film.torn_bytes:
        return f"it ends in the middle of a line: {counted(film.torn_bytes, 'byte is', 'bytes are')} no event"
    return ""
