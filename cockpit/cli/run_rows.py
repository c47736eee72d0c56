"""One run of a list: what `cockpit runs` tells of it, in whatever format."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from cockpit.audit import clock
from cockpit.audit.moved import went_on
from cockpit.run.elapsed import elapsed_s
from cockpit.run.holding import holder_called
from cockpit.run.state import RunState
from cockpit.run.state_watch import KeeperState
from cockpit.run.walk import route, waits_to_be_finished
from cockpit.session.catalog import Listed
from cockpit.session.elsewhere import NOWHERE, Elsewhere
from cockpit.session.runs import RunSummary
from cockpit.session.sight import keeper_process, keeper_sight
from cockpit.text import visible


class Row(Struct, frozen=True):
    """One run, as `--format json` writes it."""

    run: str
    profile: str
    title: str
    environment: str
    state: str
    """`live`, `finished`, `aborted` or `damaged`."""
    outcome: str
    """As `state`; `rolled-back` where it was finished on a way back."""
    rollback: str
    """Id of the rollback plan that it is on, or ended on."""
    to_finish: bool
    """It is live, and nothing is left but to finish it."""
    rehearsal: bool
    started: datetime | None
    ended: datetime | None
    """None: it is live, or damaged."""
    duration_s: float | None
    """Until its end; of a live one until now; None: it is damaged."""
    deviations: int
    people: tuple[str, ...]
    """Users who decided, noted or held something, in the order in which they first did."""
    steps_settled: int
    steps: int
    pen: str
    """User who may act."""
    keeper: str
    """`alive`, `gone`, `unseen` (this user may only read the run, or its database is away), or empty once the run is
    over."""
    keeper_pid: int
    """Process id of the living keeper, on this host; 0: there is none."""
    keeper_epoch: int
    """Of the living keeper; 0: there is none."""
    keeper_since: datetime | None
    """When the living keeper began."""
    keeper_silent_s: float | None
    """Since its last beat, seconds; None: there is no keeper, or it never beat."""
    keeper_stopped: str
    """Why the last keeper ended, where that is known and no other lives."""
    last: str
    """The last thing that happened."""
    folder: str
    problem: str
    offline_since: datetime | None
    """Since when a live run goes on without the database that it left; None: it does not."""
    went_on: str
    """Where a live run goes on whose log could no longer be written here; empty: here."""
    keeper_host: str = ""
    """Of the living keeper, if that is another host; else empty."""


def row_of(listed: Listed, elsewhere: Elsewhere = NOWHERE) -> Row:
    """What a list tells of a run. All of its text is visible."""
    about, state = listed.about, listed.state
    walked = route(state)
    is_live = about.status == "live"
    return Row(
        run=about.run,
        profile=visible(about.profile_id),
        title=visible(about.title),
        environment=visible(about.environment),
        state=about.status,
        outcome=listed.outcome,
        rollback=visible(state.rollback.plan) if state.rollback else "",
        to_finish=waits_to_be_finished(state),
        rehearsal=about.is_rehearsal,
        started=about.began,
        ended=about.ended,
        duration_s=_duration_s(listed),
        deviations=len(state.deviations),
        people=tuple(map(visible, listed.people)),
        steps_settled=sum(state.steps[step].status != "open" for step in walked),
        steps=len(walked),
        pen=holder_called(state) if state.pen else visible(about.user),
        **_keeper(about, state, elsewhere, is_live=is_live),
        last=about.last_sentence,
        folder=str(about.run_dir),
        problem=visible(about.problem),
        offline_since=state.offline.since.at if is_live and state.offline else None,
        went_on=visible(went_on(about.run_dir)) if is_live else "",
    )


def _duration_s(listed: Listed) -> float | None:
    about, began = listed.about, listed.state.began
    if about.status == "damaged":
        return None
    is_here = about.status == "live" and began is not None
    return round(elapsed_s(began, clock.now()) if is_here and began else about.duration_s, 1)


def _keeper(run: RunSummary, state: RunState, elsewhere: Elsewhere, *, is_live: bool) -> dict[str, Any]:
    """What is to be said of a run's keeper, by the names of `Row`."""
    known = state.keeper
    if is_live and not run.has_keeper and elsewhere.is_there:
        sight = keeper_sight(run.run_dir, clock.now(), elsewhere, known.epoch if known else 0)
        if sight.alive or sight.is_unknown:
            return {
                "keeper": "alive" if sight.alive else "unseen",
                "keeper_host": visible(known.host) if known and sight.alive else "",
                "keeper_pid": 0,
                "keeper_epoch": known.epoch if known and sight.alive else 0,
                "keeper_since": known.started.at if known and sight.alive else None,
                "keeper_silent_s": None if sight.is_unheard else round(sight.silent_s, 1),
                "keeper_stopped": "",
            }
    if not (is_live and run.has_keeper):
        return {
            "keeper": ("unseen" if run.has_keeper is None else "gone") if is_live else "",
            "keeper_host": "",
            "keeper_pid": 0,
            "keeper_epoch": 0,
            "keeper_since": None,
            "keeper_silent_s": None,
            "keeper_stopped": _stopped(known) if is_live and known else "",
        }
    epoch, pid = keeper_process(run.run_dir)
    sight = keeper_sight(run.run_dir, clock.now())
    return {
        "keeper": "alive",
        "keeper_host": "",
        "keeper_pid": pid,
        "keeper_epoch": epoch,
        "keeper_since": known.started.at if known and known.epoch == epoch else None,
        "keeper_silent_s": None if sight.is_unheard else round(sight.silent_s, 1),
        "keeper_stopped": "",
    }


def _stopped(keeper: KeeperState) -> str:
    asked = f"stopped by {keeper.stopped_by}: {keeper.stop_reason}" if keeper.stopped_by else ""
    return visible(keeper.stopped or asked)
