"""What the run's screen showed at a place of a log."""

from __future__ import annotations

from cockpit.report.film import Film, Place
from cockpit.run.wording import sentence
from cockpit.session.view import Recent, View

RECENT = 200


def view_at(film: Film, place: Place) -> View:
    """The view at a place; a log that is damaged before it says so."""
    state = film.state(place)
    return View(
        state=state,
        head=film.head(place.fact),
        recent=tuple(Recent(event, sentence(event, state)) for event in film.recent(place, RECENT)),
        trouble=film.trouble(place),
        here=tuple(state.seats.values()),
    )
