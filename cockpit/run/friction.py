"""Which word a person has to type before something dangerous happens.

Friction grows with risk and only in production: the word is what would be hurt, so that typing it means having read it.
The rule lives here alone; the screen asks for what this says, and `decide` refuses what does not match.
"""

from __future__ import annotations

from typing import Literal

from cockpit.run.numbering import find_step
from cockpit.run.state import RunState

Dangerous = Literal["confirm", "skip", "override", "abort"]


def required_word(state: RunState, what: Dangerous, step_id: str = "") -> str:
    """The word to type, or an empty text if none is asked for.

    In production: the step's id to confirm an irreversible step; the environment's name to leave one out, to override
    any gate, and to abort.
    """
    if state.started is None or not state.profile.production:
        return ""
    found = find_step(state.profile, step_id)
    is_irreversible = found is not None and found[1].risk == "irreversible"
    if what == "confirm":
        return step_id if is_irreversible else ""
    if what == "skip":
        return state.profile.environment if is_irreversible else ""
    return state.profile.environment
