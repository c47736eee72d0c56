"""The run's screen: lays the panes out, draws them from a view, and moves what is on show. It decides nothing.

State goes down: the source's view is all there is. Invariant: `painted` is the state that stands on the screen; keys
that act carry it. Nothing is drawn as done that the view does not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from cockpit.run.events import Instant
from cockpit.run.forecast import Forecast, forecast
from cockpit.run.numbering import forward_steps
from cockpit.run.state import RunState
from cockpit.run.walk import route
from cockpit.session.view import View
from cockpit.text import shortened
from cockpit.tui import keymap
from cockpit.tui.keymap import bindings
from cockpit.tui.layout import ACTING, READING, Plan, plan
from cockpit.tui.lines import Line, Span, in_two_lines
from cockpit.tui.panes import gate, keys, probes, step, stepping, tail, top, tree
from cockpit.tui.panes.banner import banner
from cockpit.tui.panes.seen import Seen
from cockpit.tui.widgets.frugal import FrugalCompositor
from cockpit.tui.widgets.pane import Pane
from cockpit.tui.widgets.patient import Patient
from cockpit.tui.zones import zones

if TYPE_CHECKING:  # a replay has no seat, which would be imported with it
    from cockpit.tui.source import Source

PANES = ("identity", "clock", "banner", "tree", "step", "gate", "probes", "tail", "timeline", "says", "keys")

FORETOLD_FOR_S = 1.0
"""As often as all is drawn anew."""
TITLES = {"tree": "Phases", "gate": "Gate", "probes": "Probes", "tail": "Log"}


class RunScreen(Patient[None]):
    """One run. Acting keys are bound by whoever pushes it; here are only those that move what is on show."""

    AUTO_FOCUS = ""
    has_timeline: ClassVar[bool] = False
    """Whether it stands in a log, at whose end it may or may not be."""
    BINDINGS: ClassVar[list[BindingType]] = bindings(keymap.READING)

    class Drawn(Message):
        """The first whole paint is done."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._compositor = FrugalCompositor()
        self.source = source
        self.selected: str | None = None
        self.painted: RunState = source.view.shown
        self._says: Line = ()
        self._drawn: View | None = None
        """The view that every pane was last drawn from."""
        self._first_row = 0
        self._is_formatted = False
        self._plan: Plan | None = None
        self._forecast: tuple[RunState, float, Forecast] | None = None
        self._panes: dict[str, Pane] = {}
        window = self.painted.profile.window if self.painted.started else None
        self.zone = zones(window.timezone if window else None)[0]

    def compose(self) -> ComposeResult:
        """One pane each; where they stand is `layout`'s."""
        for name in PANES if self.has_timeline else (name for name in PANES if name != "timeline"):
            self._panes[name] = Pane(id=name, title=TITLES.get(name, ""))
            yield self._panes[name]

    def on_mount(self) -> None:
        """Look at what the log does not tell (the time, the keeper) once a second."""
        self.set_interval(1.0, self.draw)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew."""
        self._plan = None
        self.draw()

    # ---- drawing -------------------------------------------------------------------------------------------------

    def format_steps(self) -> None:
        """From now on show instructions as Markdown; called once the first paint is done."""
        self._is_formatted = True
        self.draw()

    def say(self, *line: Span) -> None:
        """Put a sentence above the keys, on two lines where it needs them; it stays until the next key."""
        rows = len(self._said())
        self._says = line
        if len(self._said()) != rows:
            self.draw()
        else:
            self._draw_pane("says", self._said())

    @property
    def is_saying(self) -> bool:
        """Whether a sentence stands above the keys."""
        return bool(self._says)

    def _said(self) -> list[Line]:
        return in_two_lines(self._says, max(10, self.size.width - 1))

    def seen(self) -> Seen:
        """This moment."""
        view, now = self.source.view, self.source.now()
        return Seen(
            view=view,
            now=now,
            keeper=self.source.keeper_sight(),
            forecast=self._foretold(view.shown, now),
            mode=self.source.mode,
            zone=self.zone,
            selected=self.selected,
            me=self.source.me,
        )

    def _foretold(self, state: RunState, now: Instant) -> Forecast:
        """The forecast; not anew where only another step is shown, of which it would be a quarter of the cost."""
        was = self._forecast
        if was is None or was[0] is not state or not was[1] <= now.mono < was[1] + FORETOLD_FOR_S:
            self._forecast = was = (state, now.mono, forecast(state, now))
        return was[2]

    def titled(self, name: str = "") -> str:
        """A title for what covers this one: none is without the environment's name, no rehearsal without the word."""
        profile = self.painted.profile
        place = f"{shortened(profile.environment, 24).upper()} {shortened(profile.id, 24)}"
        place += " · REHEARSAL" if self.painted.is_rehearsal else ""
        return f"{place} · {name}" if name else place

    def draw(self) -> None:
        """Bring every pane up to the view."""
        width, height = self.size
        if not self._panes or not width or self.source.view.state.started is None:
            return
        self._forecast = None
        seen = self.seen()
        if self.selected is not None and seen.state.cursor and seen.state.cursor.step == self.selected:
            self.selected = None
            seen = self.seen()
        self.painted = seen.state
        shouts = banner(seen, width, height)
        gate_lines = gate.gate(seen, self._inner_width("gate", width))
        self._lay_out(width, height, len(gate_lines), bool(shouts), len(seen.state.profile.probes))
        if width < READING[0] or height < READING[1]:
            return
        self._draw_panes(seen, gate_lines, shouts)
        self._drawn = seen.view
        self.source.looks_at(self.selected or "")

    def draw_selection(self) -> None:
        """Show another step: only the panes that depend on which it is, unless there is more to bring up to date."""
        view = self.source.view
        if view is not self._drawn or self._plan is None:
            self.draw()
            return
        seen = self.seen()
        width, height = self.size
        gate_lines = gate.gate(seen, self._inner_width("gate", width))
        shouts = bool(self._panes["banner"].lines)
        self._lay_out(width, height, len(gate_lines), shouts, len(seen.state.profile.probes))
        self._draw_walk(seen, gate_lines)
        self._draw_pane("keys", [keys.hints(seen, width, height)])
        self.source.looks_at(self.selected or "")

    def _draw_panes(self, seen: Seen, gate_lines: list[Line], shouts: Line) -> None:
        assert self._plan is not None
        width, height = self.size
        self._draw_pane("identity", [top.identity(seen, width)])
        self._draw_pane("clock", [top.clock(seen, width)])
        self._draw_pane("banner", [shouts] if shouts else [])
        self._draw_walk(seen, gate_lines)
        probes_pane = self._panes["probes"]
        probes_pane.name_it(probes.title(seen, probes_pane.content_size.height))
        if self._plan.probes_in_a_line:
            self._draw_pane("probes", [probes.summary(seen)])
        else:
            self._draw_pane("probes", probes.probes(seen, *probes_pane.content_size))
        self._draw_pane("tail", tail.tail(seen, self._panes["tail"].content_size.height))
        self._draw_pane("says", self._said())
        self._draw_pane("keys", [keys.hints(seen, width, height)])

    def _draw_walk(self, seen: Seen, gate_lines: list[Line]) -> None:
        assert self._plan is not None
        tree_pane = self._panes["tree"]
        if self._plan.tree_in_a_line:
            self._draw_pane("tree", [tree.line(seen)])
        else:
            self._draw_pane("tree", tree.tree(seen, *tree_pane.content_size))
        tree_pane.name_it(tree.title(seen))
        self._panes["step"].name_it(step.title(seen))
        self._panes["gate"].name_it(gate.title(seen))
        self._draw_pane("step", self._step_lines(seen))
        self._draw_pane("gate", gate_lines)

    def _draw_pane(self, name: str, lines: list[Line]) -> None:
        if self._panes:
            self._panes[name].show(lines)

    def _step_lines(self, seen: Seen) -> list[Line]:
        width, height = self._panes["step"].content_size
        lines = stepping.lines(seen, width, max(1, height), is_formatted=self._is_formatted)
        self._first_row = max(0, min(self._first_row, len(lines) - max(1, height)))
        return stepping.part(lines, self._first_row, max(1, height))

    def _compositor_refresh(self) -> None:
        """Textual paints a screen once before any pane has its place: that costs as much as the paint that counts."""
        if self._plan is not None or self.size.width == 0:
            super()._compositor_refresh()

    # ---- layout --------------------------------------------------------------------------------------------------

    def _inner_width(self, name: str, width: int) -> int:
        pane = self._panes[name]
        return pane.content_size.width or width // 2

    def _lay_out(self, width: int, height: int, gate_rows: int, has_banner: bool, probe_count: int) -> None:
        is_readable = width >= READING[0] and height >= READING[1]
        says_rows = len(self._said())
        new = plan(
            width,
            height,
            gate_rows=gate_rows,
            probes=probe_count,
            has_banner=has_banner,
            says_rows=says_rows,
            has_timeline=self.has_timeline,
        )
        if new == self._plan:
            return
        self._plan = new
        profile = self.painted.profile
        self.set_class(profile.production and not self.painted.is_rehearsal, "production")
        self.set_class(self.painted.is_rehearsal, "rehearsal")
        self.set_class(new.is_wide, "wide")
        self.set_class(new.probes_in_a_line, "probes-in-a-line")
        self.set_class(new.tree_in_a_line, "tree-in-a-line")
        for name, pane in self._panes.items():
            box = new.boxes.get(name)
            pane.display = is_readable and box is not None and box.height > 0
            if box is not None and pane.display:
                pane.styles.offset = (box.x, box.y)
                pane.styles.width = box.width
                pane.styles.height = box.height
        if not is_readable:
            pane = self._panes["identity"]
            pane.display = True
            pane.styles.offset, pane.styles.width, pane.styles.height = (0, 0), width, height
            pane.show(
                [
                    ((f"{READING[0]}x{READING[1]} at least", "bad"),),
                    (("is needed" if self.has_timeline else "the run goes on", "plain"),),
                ]
            )
        self.call_after_refresh(self.draw)

    @property
    def may_act(self) -> bool:
        """Whether the terminal is large enough to decide on what it shows."""
        return self.size.width >= ACTING[0] and self.size.height >= ACTING[1]

    # ---- what is on show -----------------------------------------------------------------------------------------

    def action_select(self, move: int) -> None:
        """Show the next or the previous step without acting; 0: back to the one that is due."""
        ids = self._walked()
        cursor = self.painted.cursor.step if self.painted.cursor else None
        self._first_row = 0
        if move == 0 or not ids:
            self.selected = None
        else:
            at = self.selected or cursor
            position = ids.index(at) + move if at in ids else (0 if move > 0 else len(ids) - 1)
            chosen = ids[max(0, min(position, len(ids) - 1))]
            self.selected = None if chosen == cursor else chosen
        self.draw_selection()

    def _walked(self) -> list[str]:
        """Ids of the steps that can be shown, as the tree has them: on the way back, those that were left follow."""
        ids = route(self.painted)
        return list(ids) if self.painted.rollback is None else [*ids, *forward_steps(self.painted.profile)]

    def action_scroll_step(self, rows: int) -> None:
        """Scroll the step's text."""
        self._first_row = max(0, self._first_row + rows)
        self.draw_selection()
