"""The run's screen over a log: the timeline under it, and the keys that move through time. Nothing here acts on a run.

Invariant: what stands on the screen is the player's view; whatever moves it, one `move` draws.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events
from textual.binding import BindingType

from cockpit.report.replay.film import Place
from cockpit.report.replay.scaling import scale
from cockpit.tui import keymap
from cockpit.tui.film_view import trouble_at
from cockpit.tui.keymap import bindings
from cockpit.tui.layout import timeline_rows
from cockpit.tui.lines import Line, Span, fitted
from cockpit.tui.panes.seen import Seen
from cockpit.tui.panes.timeline import Scene, timeline
from cockpit.tui.playing import Player, Way
from cockpit.tui.screens.run import RunScreen
from cockpit.tui.zones import zones

FRAME_S = 0.1
"""Between two frames while it plays: reading cannot follow more."""
_TOLD_S = 4.0
"""How long what happened while playing is said."""
NO_END: Span = ("no end of the run is in this log: it is live, or its end was cut off", "accent")
"""What is said at the end of such a log: a log that was cut looks like one that is live."""
_LATE_S = 2.0
"""A screen that stood still (a stopped process) does not play all of that time at once."""


class ReplayScreen(RunScreen):
    """A run as it was at a moment."""

    has_timeline = True
    BINDINGS: ClassVar[list[BindingType]] = bindings(keymap.REPLAY)

    def __init__(self, player: Player, zone: str = "") -> None:
        """`zone`: `utc`, `window`, `local`, or a zone's name; empty: the window's, else UTC."""
        super().__init__(player)
        self.player = player
        window = self.painted.profile.window if self.painted.started else None
        self._zones = zones(window.timezone if window else None, zone)
        self.zone = self._zones[0]

    def on_mount(self) -> None:
        """Look for frames to draw."""
        self._frames = self.set_interval(FRAME_S, self._frame, pause=True)
        self._last_s = 0.0
        self._told_s = 0.0
        """When something was last told while it played; 0: nothing that still stands there."""

    # ---- drawing -------------------------------------------------------------------------------------------------

    def _draw_panes(self, seen: Seen, gate_lines: list[Line], shouts: Line) -> None:
        super()._draw_panes(seen, gate_lines, shouts)
        self._panes["tail"].name_it(f"Log · times in {seen.zone.key}")
        self.draw_timeline()

    def _said(self) -> list[Line]:
        """Where there is no room for the timeline, where it stands is said above the keys."""
        if self._says or timeline_rows(self.size.height):
            return super()._said()
        return [fitted(((self._told(), "dim"),), max(10, self.size.width - 1))]

    def draw_timeline(self) -> None:
        """Bring the timeline alone up to what was read."""
        if self._plan is None or not self._panes:
            return
        if not timeline_rows(self.size.height):
            self._draw_pane("says", self._said())
            return
        player, film = self.player, self.player.film
        shown, noted = film.timeline, player.noted
        scene = Scene(
            timeline=shown,
            place_s=player.place_s,
            at=player.now().at,
            zone=self.zone,
            noted_s=None if noted is None else shown.place_s(noted[0].at.at, noted[0].fact),
            damages_s=player.damages_s(),
        )
        pane = self._panes["timeline"]
        pane.name_it(self._told())
        self._draw_pane("timeline", timeline(scene, *pane.content_size))

    def _told(self) -> str:
        """`playing 60x · event 217 of 480 · stops at marks`."""
        player, film = self.player, self.player.film
        parts = [
            f"{self._how()} {player.speed}x",
            f"event {player.place.fact + 1} of {film.facts}",
            f"line {player.place.seq}",
        ]
        if not film.is_whole:
            parts.insert(1, f"reading {int(film.share * 100)} %")
        if player.stops_at_marks:
            parts.append("stops at marks")
        if not player.skips_idle:
            parts.append("plays idle time")
        return " · ".join([*parts, self.zone.key, *self._proof()])

    def _proof(self) -> list[str]:
        """Whether the chain was verified, as far as it was: what was appended since is not."""
        film = self.player.film
        if film.proof is None:
            return ["verifying"] if film.is_whole else []
        if not film.proof.ok:
            return ["NOT VERIFIED"]
        is_all = film.proof.seq >= film.moment(film.facts - 1).seq
        return ["verified" if is_all else f"verified to line {film.proof.seq}"]

    def show(self, place: Place) -> None:
        """Go to a place."""
        self.player.follows = False
        self.player.go(place)
        self.selected = None
        self.draw()

    def _how(self) -> str:
        player = self.player
        if player.follows:
            return "at the end" if player.is_over else "following"
        return "playing" if player.is_playing else "paused"

    def on_click(self, event: events.Click) -> None:
        """Go to the place on the timeline that was clicked."""
        pane = self._panes["timeline"]
        at = event.get_content_offset(pane) if event.widget is pane else None
        if at is not None and pane.content_size.width:
            shown, player = self.player.film.timeline, self.player
            where = scale(shown, pane.content_size.width, player.place_s if player.place_s > shown.length_s else 0.0)
            self.show(player.at_place(where.place(at.x)))
            self.say()

    # ---- time ----------------------------------------------------------------------------------------------------

    def on_film_changed(self) -> None:
        """More of the log was read."""
        player = self.player
        if player.follows:
            player.go_to_end()
            if player.is_over and NO_END in self._says:
                self.say()
            self.draw()
        elif player.view.trouble != trouble_at(player.film, player.place):
            player.go(player.place)
            self.draw()
        else:
            self.draw_timeline()

    def _frame(self) -> None:
        from textual import _time

        now_s = _time.get_time()
        passed_s, self._last_s = min(_LATE_S, now_s - self._last_s), now_s
        if self.player.tick(passed_s, self._tell):
            if self._told_s and now_s - self._told_s > _TOLD_S:
                self._told_s = 0.0
                self.say()
            self.draw()
        if not self.player.is_playing:
            self._frames.pause()
            self.draw_timeline()

    def _tell(self, sentence: str) -> None:
        self._told_s = self._last_s
        self.say((sentence, "accent"))

    def _moved(self, is_moved: bool, otherwise: str) -> None:
        """Draw after a move, or say why there was none."""
        if is_moved:
            self.selected = None
            self.say()
            self.draw()
        else:
            self.say((otherwise, "warn"))

    # ---- keys ----------------------------------------------------------------------------------------------------

    def action_play(self) -> None:
        """Play, or pause."""
        from textual import _time

        self.player.play()
        self._last_s = _time.get_time()
        if self.player.is_playing:
            self._frames.resume()
        else:
            self._frames.pause()
        self._moved(True, "")

    def action_speed(self, by: int) -> None:
        """Play faster or slower."""
        self.player.faster(by)
        self.draw_timeline()

    def action_step(self, move: int) -> None:
        """Go on or back by facts."""
        self._moved(self.player.step(move), "that was the last event" if move > 0 else "that was the first event")

    def action_turn(self, what: Literal["step", "phase"], way: Way) -> None:
        """Go to where the run came to a step or phase."""
        there = "came to no other" if way > 0 else "had come to no other"
        self._moved(self.player.turn(what, way), f"the run {there} {what}")

    def action_mark(self, way: Way) -> None:
        """Go to a mark."""
        self._moved(self.player.mark(way), f"there is no mark {'after' if way > 0 else 'before'} this moment")

    def action_end(self, which: int) -> None:
        """Go to the first event, or to the end and follow it."""
        if which:
            self.player.go_to_end()
        else:
            self.player.go_to(0)
        self._moved(True, "")
        if which and self.player.film.is_whole and not self.player.is_over:
            self.say(NO_END)

    def action_skip(self) -> None:
        """Skip idle stretches while playing, or play them."""
        self.player.skips_idle = not self.player.skips_idle
        self._tell("idle stretches are skipped" if self.player.skips_idle else "idle stretches are played")
        self.draw_timeline()

    def action_stop_at_marks(self) -> None:
        """Pause at marks while playing, or do not."""
        self.player.stops_at_marks = not self.player.stops_at_marks
        self._tell("playing stops at marks" if self.player.stops_at_marks else "playing goes on at marks")
        self.draw_timeline()

    def action_zone(self) -> None:
        """The next zone."""
        keys = [zone.key for zone in self._zones]
        at = keys.index(self.zone.key) + 1 if self.zone.key in keys else 0
        self.zone = self._zones[at % len(keys)]
        self._tell(f"times in {self.zone.key}")
        self.draw()

    def action_note(self) -> None:
        """Note this moment."""
        self.player.note()
        self._tell("this moment is noted; go elsewhere, and d tells what is otherwise there")
        self.draw_timeline()
