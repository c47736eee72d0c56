"""What two sides settled without knowing of each other, in words: the same on screens, cards, paper and in refusals.

Pure. Every text is visible.
"""

from __future__ import annotations

from cockpit.run.numbering import gate_label, step_label
from cockpit.run.people import called
from cockpit.run.state import RunState
from cockpit.run.state_branch import Conflict, Word
from cockpit.run.subjects import END, WAY, step_in
from cockpit.text import shortened, visible


def label(state: RunState, subject: str) -> str:
    """What people call a subject: `1.2 Migrate`, `the way`, `the end of the run`."""
    if step_id := step_in(subject):
        return step_label(state.profile, step_id) if state.started else visible(step_id)
    if subject.startswith("gate:"):
        gate = subject.removeprefix("gate:")
        return f"the gate of {gate_label(state.profile, gate)}" if state.started else visible(gate)
    return {WAY: "the way (forward or back)", END: "the end of the run"}.get(subject, visible(subject))


def both(conflict: Conflict) -> str:
    """`ana confirmed it at 22:14:03, bo skipped it at 22:15:40 on a branch`."""
    return f"{version(conflict.log)}, {version(conflict.branch)} on a branch"


def version(word: Word) -> str:
    """`ana confirmed it at 22:14:03`."""
    who = shortened(called(word.by), 40)
    return f"{who} {_DID.get(word.what, 'walked on')}{_how(word)} at {word.at.at:%H:%M:%S} UTC"


def _how(word: Word) -> str:
    return f" ({word.outcome.replace('_', ' ')})" if word.outcome else ""


_DID = {
    "step.confirmed": "confirmed it",
    "step.done_outside": "did it outside",
    "step.skipped": "skipped it",
    "step.reopened": "reopened it",
    "wait.ended_early": "cut it short",
    "action.started": "ran it",
    "action.ended": "ran it to its end",
    "action.settled": "said how it ended",
    "gate.overridden": "overrode it",
    "rollback.chosen": "turned back",
    "rollback.left": "turned forward",
    "run.finished": "finished the run",
    "run.aborted": "aborted the run",
    "conflict.settled": "settled it",
}
