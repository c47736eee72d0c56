"""Everything a pane may draw from: the view, the moment, the seat's own sight of the keeper, and what is selected."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from cockpit.profile.model import Step
from cockpit.profile.references import fill
from cockpit.profile.variables import secret_names
from cockpit.run.commands import KeeperSight
from cockpit.run.events import Instant
from cockpit.run.forecast import Forecast
from cockpit.run.naming import shown_values
from cockpit.run.numbering import find_step
from cockpit.run.people import same_holder
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.run.state import RunState
from cockpit.session.view import View
from cockpit.text import shortened, visible
from cockpit.tui.lines import hour

Mode = Literal["LIVE", "WATCHING", "REPLAY"]


class Seen(Struct, frozen=True, kw_only=True):
    """One moment of the screen. `selected` is the step on show; None: the one at the cursor."""

    view: View
    now: Instant
    keeper: KeeperSight
    forecast: Forecast
    mode: Mode
    zone: ZoneInfo
    selected: str | None = None
    me: str = ""
    """This seat's id; empty in a replay."""

    @property
    def zone_name(self) -> str:
        """The zone in which times stand: `UTC`, `Europe/Rome`; its last part where that says it, `Rome`."""
        return shortened(self.zone.key.rpartition("/")[2].replace("_", " "), 24)

    @property
    def state(self) -> RunState:
        """The run so far."""
        return self.view.shown

    @property
    def keeper_trouble(self) -> str:
        """What is wrong with the keeper while the run lives, in words; empty if nothing is."""
        if self.mode == "REPLAY" or self.state.status != "live":
            return ""
        if self.keeper.alive and self.keeper.silent_s <= KEEPER_SILENCE_S:
            return ""
        keeper = self.state.keeper
        if self.keeper.is_hidden and not (keeper is not None and (keeper.stopped or keeper.stopped_by)):
            return ""  # its lock may not be looked at; what it writes is seen
        if keeper is None:
            return "the keeper is starting"
        if keeper.stopped_by and not self.keeper.alive:
            told = keeper.stopped or f"stopped by {shortened(keeper.stopped_by, 64)}: {keeper.stop_reason}"
            return f"keeper {shortened(told, 300)}"
        if self.keeper.is_unknown:
            return ""  # the banner says that the database is away
        if keeper.moved_to and not self.keeper.alive:
            return f"the keeper is to begin on {shortened(keeper.moved_to, 40)}"
        where = f" on {shortened(keeper.host, 40)}" if self.keeper.is_elsewhere else ""
        if self.keeper.alive and self.keeper.is_unheard:
            return f"keeper{where} not heard of yet"
        told = f" {self.keeper.silent_s:.0f} s" if not self.keeper.is_unheard else ""
        return f"keeper{where} silent{told}" if self.keeper.alive else f"keeper{where} gone{told}"

    def shown_step(self) -> str | None:
        """The id of the step on show; None at the door of a phase, or when nothing is left to do."""
        if self.selected is not None:
            return self.selected
        return self.state.cursor.step if self.state.cursor else None

    def step(self) -> Step | None:
        """The step on show."""
        shown = self.shown_step()
        found = find_step(self.state.profile, shown) if shown else None
        return found[1] if found else None

    def is_at(self, step_id: str) -> bool:
        """Whether the run stands at this step."""
        return self.state.cursor is not None and self.state.cursor.step == step_id

    @property
    def acts(self) -> bool:
        """Whether this is a seat that may act on a run that goes on."""
        return self.mode == "LIVE" and self.state.status == "live"

    @property
    def may_release(self) -> bool:
        """Whether this seat may release the hold there is: it acts, or whoever sits at it placed it."""
        hold, seat = self.state.hold, self.state.seats.get(self.me)
        if hold is None or self.state.status != "live" or self.mode == "REPLAY":
            return False
        return self.acts or (seat is not None and seat.by is not None and same_holder(hold.by, seat.by))

    @property
    def is_stopped(self) -> bool:
        """Whether nothing goes on forward: a hold, or an immediate trigger that waits for its answer."""
        state = self.state
        is_fired = state.rollback is None and any(each.severity == "immediate" for each in state.fired)
        return state.hold is not None or is_fired

    def hour(self, at: datetime) -> str:
        """A time of day in the window's zone, hours and minutes, whatever the day."""
        return at.astimezone(self.zone).strftime("%H:%M")

    def local(self, at: datetime) -> str:
        """A time of day in the window's zone, hours and minutes; with the day where that is not plain."""
        return hour(at, self.now.at, self.zone)

    def filled(self, template: str) -> str:
        """A text of the profile with its variables filled in, secrets by name, and nothing in it that acts."""
        started = self.state.started
        if started is None:
            return ""
        secrets = secret_names(started.profile)
        return visible(fill(template, shown_values(self.state), secrets=secrets), multiline=True)
