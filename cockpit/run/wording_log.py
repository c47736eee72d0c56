"""What became of the log itself, as people read it: its place, its store, its branches. A part of `wording`."""

from __future__ import annotations

from cockpit.run import events as e
from cockpit.run.conflicts import label
from cockpit.run.elapsed import duration
from cockpit.run.phrases import Sayings, because
from cockpit.run.state import EMPTY, RunState
from cockpit.text import counted, shortened, visible


def _place_accepted(event: e.Event, body: e.PlaceAccepted, state: RunState | None) -> str:
    on = f"{shortened(body.kind, 40)} {shortened(body.source, 60)}".strip()
    if body.kind == "postgres":
        return f"keeps this log in {shortened(body.source, 100)}, whose server nobody verifies{because(body.reason)}"
    return f"keeps this log on {on}, where locks and syncs cannot be trusted{because(body.reason)}"


def _continued(event: e.Event, body: e.LogContinued, state: RunState | None) -> str:
    lost = f"; {counted(body.lost, 'line of it is', 'lines of it are')} lost" if body.lost else ""
    return f"went on here from {shortened(body.former, 80)}{lost}{because(body.trouble)}"


def _left(event: e.Event, body: e.StoreLeft, state: RunState | None) -> str:
    store = f" {shortened(body.store, 60)}" if body.store else ""
    return f"goes on OFFLINE, without the store{store}{because(body.reason)}"


def _merged(event: e.Event, body: e.BranchMerged, state: RunState | None) -> str:
    facts = counted(body.facts, "fact")
    return f"merges a branch from seq {body.ancestor}: {facts} written elsewhere{because(body.cause)}"


def _conflict_settled(event: e.Event, body: e.ConflictSettled, state: RunState | None) -> str:
    about = label(state or EMPTY, body.subject)
    which = "the branch" if body.counts == "branch" else "this log"
    return f"settles the conflict over {about}: what {which} says counts{because(body.reason)}"


def _restored(event: e.Event, body: e.StoreRestored, state: RunState | None) -> str:
    count = body.last - body.first + 1
    which = f"lines {body.first} to {body.last}" if count > 1 else f"line {body.first}"
    told = f"{body.facts} of them facts" if count > 1 and body.facts else "a fact" if body.facts else "no fact"
    before, now = body.timeline_before, body.timeline
    how = f" in a failover, timeline {before} to {now}" if now > before > 0 else ""
    how = " WITHOUT a failover" if now == before > 0 else how
    return f"put back {which}, lost by the database{how} ({told}), from the copy on {visible(event.actor.host)}"


def _waited_for(event: e.Event, body: e.StoreWaitedFor, state: RunState | None) -> str:
    samples = counted(body.samples_dropped, "sample of readings was", "samples of readings were")
    dropped = f"; {samples} left out" if body.samples_dropped else ""
    why = f": {visible(body.detail)}" if body.detail else ""
    return f"could not write for {duration(body.away_s)}; what it saw meanwhile is in the log now{dropped}{why}"


def _filled(event: e.Event, body: e.LogFilled, state: RunState | None) -> str:
    size = f"{counted(body.events, 'event')}, {body.size_bytes / (1 << 30):.1f} GiB"
    if body.level == "near":
        return f"the log is half full ({size}): from twice that on, only what somebody waits for is probed"
    return f"the log is FULL ({size}): only what somebody waits for is probed; every key does what it did"


SAYINGS: Sayings = {
    e.PlaceAccepted: _place_accepted,
    e.LogRecovered: lambda event, body, state: f"stepped over {counted(body.length, 'damaged byte')} in the log",
    e.LogContinued: _continued,
    e.LogFilled: _filled,
    e.StoreRestored: _restored,
    e.StoreWaitedFor: _waited_for,
    e.StoreLeft: _left,
    e.StoreReturned: lambda event, body, state: (
        f"brought {counted(body.count, 'line')} back into the store, as written: nobody had gone on there"
    ),
    e.BranchMerged: _merged,
    e.ConflictSettled: _conflict_settled,
}
