"""Events as people read them: one short line each, the same on the screen's tail, in `cockpit log` and in a replay.

Every line is plain visible text; whatever came from outside is shown literally. Must never raise on any event. What is
said of each kind of event stands in the `wording_…` beside this.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run import wording_doing, wording_line, wording_log, wording_people, wording_walk, wording_watch
from cockpit.run.events import BY_MACHINE
from cockpit.run.passing import credible
from cockpit.run.people import name_of
from cockpit.run.phrases import NAME, Sayings
from cockpit.run.state import RunState
from cockpit.run.told_lines import told_events
from cockpit.text import shortened

_LINE = 240
KEEPER = "keeper"
"""Who is said to be behind these."""


def sentence(event: e.Event, state: RunState | None = None) -> str:
    """`ana  confirmed 1.2 Migrate (4 probes passing)`.

    `state` is any state of the same run from which titles and numbers are taken, before or after the event; without one
    ids stand in their place. A name that it does not show to be proven is not said.
    """
    say = SAYINGS.get(type(event.body), _generic)
    if state is not None and "person" in event.actor.proven and not isinstance(event.body, e.OperatorIdentified):
        event = replace(event, actor=credible(state, event.actor))
    who = KEEPER if event.type in BY_MACHINE else shortened(name_of(event.actor), NAME)
    return shortened(f"{who}  {say(event, event.body, state)}", _LINE)


def _branch_told(event: e.Event, body: e.BranchTold, state: RunState | None) -> str:
    """What the fact says that it tells, in the words of whoever did it; a part may hold none, or a part of one."""
    told, rest = told_events(body.text)
    if not told:
        only = "" if rest else ": readings and output, no decisions"
        return f"adds part {body.part} of the branch{only}"
    fact = told[-1]
    if isinstance(fact.body, e.BranchTold | e.BranchMerged):
        return f"adds part {body.part} of the branch"
    more = f" (and {len(told) - 1} before it)" if len(told) > 1 else ""
    return f"branch, {fact.instant.at:%H:%M:%S} UTC: {sentence(fact, state)}{more}"


def _generic(event: e.Event, body: e.Body, state: RunState | None) -> str:
    return f"{event.type} (not known to this version)"


SAYINGS: Sayings = {
    **wording_walk.SAYINGS,
    **wording_doing.SAYINGS,
    **wording_line.SAYINGS,
    **wording_people.SAYINGS,
    **wording_watch.SAYINGS,
    **wording_log.SAYINGS,
    e.BranchTold: _branch_told,
}
"""What is said of each kind of event that this version knows."""
