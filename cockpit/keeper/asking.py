"""What asks for somebody as long as it lasts: a run that waits to be finished, an immediate trigger that nobody judges.

Pure. Invariant: each stands under a name of its own, so that people are called once while it lasts.
"""

from __future__ import annotations

from collections.abc import Collection

from cockpit.run.state import RunState
from cockpit.run.walk import waits_to_be_finished
from cockpit.text import shortened

BLIND_S = 60.0
"""How long a trigger may be without a verdict before people are called; at least three readings of its probes."""


def asks(state: RunState, blind: Collection[str]) -> dict[str, str]:
    """By name, one line each. `blind`: immediate triggers that could not be judged for too long."""
    asked: dict[str, str] = {}
    if waits_to_be_finished(state):
        done = "every step is settled" if state.rollback is None else "the way back is walked"
        asked["finish"] = f"{done}: finish the run (F), its keeper goes on until then"
    for trigger in state.profile.triggers if state.started else ():
        if trigger.id in blind:
            title = shortened(trigger.title or trigger.id, 120)
            asked[f"blind {trigger.id}"] = (
                f"trigger ({trigger.severity}) cannot be judged, its probes cannot be read: {title}"
            )
    return asked
