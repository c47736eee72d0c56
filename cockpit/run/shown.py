"""What a step does, as text for people: its command, its SQL, filled in for display; secrets stand as their names."""

from __future__ import annotations

from cockpit.profile.model import Step
from cockpit.profile.references import fill
from cockpit.profile.variables import secret_names
from cockpit.run.naming import shown_values
from cockpit.run.state import RunState
from cockpit.text import visible


def shown(state: RunState, step: Step) -> str:
    """The step's `command` (of a kind that acts: what it will do, frozen when the profile was loaded), filled in."""
    if state.started is None or not step.command:
        return ""
    return visible(fill(step.command, shown_values(state), secrets=secret_names(state.profile)), multiline=True)
