"""Going where a person typed to go, and looking for it again; a long search lets the screen live on meanwhile.

What understands typed words is imported when somebody types some. Invariant: it moves the player and says so, or says
why not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.text import shortened
from cockpit.tui.playing import Way
from cockpit.tui.screens.replay import ReplayScreen

if TYPE_CHECKING:
    from cockpit.report.replay.film import Place
    from cockpit.report.replay.jumping import Goal, Here, Sought


class Seeking:
    """Of one replay."""

    def __init__(self, screen: ReplayScreen) -> None:
        self._screen = screen
        self._sought: Sought | None = None
        """What was last looked for."""

    def jump(self, typed: str) -> None:
        """Go to what was typed, or say what is not clear."""
        from cockpit.report.replay.jumping import Unclear, understood

        goal = understood(typed, self._here(), self._screen.player.film)
        if isinstance(goal, Unclear):
            self._screen.say((f"{goal.sentence}{self._so_far()}", "warn"))
        else:
            self._go(goal)

    def again(self, way: Way) -> None:
        """The next of what was last looked for, or the one before."""
        if self._sought is None:
            self._screen.say(("nothing was looked for yet: / looks for words, g goes to a time or a step", "warn"))
        else:
            self._search(self._sought, way)

    def begin(self, typed: str) -> None:
        """Go to what was asked for on the command line: as if standing before the first fact."""
        self._screen.run_worker(self._begin(typed), exclusive=True)

    async def _begin(self, typed: str) -> None:
        film = self._screen.player.film
        while not film.is_whole:
            self._screen.say((f"reading {int(film.share * 100)} %, then going to {shortened(typed, 60)}", "accent"))
            await asyncio.sleep(0.05)
        self.jump(typed)

    def _here(self) -> Here:
        from cockpit.report.replay.jumping import Here

        player = self._screen.player
        return Here(
            state=player.view.state,
            timeline=player.film.timeline,
            fact=player.place.fact,
            at=player.now().at,
            zone=self._screen.zone,
        )

    def _go(self, goal: Goal) -> None:
        from cockpit.report.replay.jumping import AtSeq, AtTime

        player = self._screen.player
        if isinstance(goal, AtTime):
            self._show(player.at_place(goal.place_s), "")
        elif isinstance(goal, AtSeq):
            place = player.film.at_seq(goal.seq)
            before = "" if place.seq == goal.seq else f"there is no line {goal.seq}: this is {place.seq}"
            self._show(place, before)
        else:
            self._sought = goal
            self._search(goal, 1)

    def _search(self, sought: Sought, way: Way) -> None:
        self._screen.run_worker(self._seek(sought, way), exclusive=True)

    async def _seek(self, sought: Sought, way: Way) -> None:
        from cockpit.report.replay.jumping import in_vain, seek

        here, film = self._here(), self._screen.player.film
        for nth, found in enumerate(seek(sought, here, film, way)):
            if found is not None:
                round_ = f", from the {'beginning' if way > 0 else 'end'} again" if found.is_round else ""
                there = ", which is here" if found.fact == here.fact else ""
                self._show(film.at_fact(found.fact), f"{sought.label}{round_}{there}   n N again")
                return
            if nth % 20 == 10:
                self._screen.say((f"looking for {sought.label}", "accent"))
            await asyncio.sleep(0)
        is_open = sought.kind == "mark" and film.is_whole and film.proof is None
        so_far = " so far: its chain is still being verified" if is_open else self._so_far()
        self._screen.say((f"{in_vain(sought, here.state)}{so_far}", "warn"))

    def _so_far(self) -> str:
        film = self._screen.player.film
        return "" if film.is_whole else f" (only {int(film.share * 100)} % of the log is read yet)"

    def _show(self, place: Place, sentence: str) -> None:
        self._screen.show(place)
        self._screen.say((sentence, "accent"))
