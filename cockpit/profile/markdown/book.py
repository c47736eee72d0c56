"""What every part of the document asks: how things of the profile are called, and its texts with their variables.

Variables with a value in the profile stand in texts by that value, and placeholders as the runbook had them; all
others, secrets too, by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.profile.markdown.conditions import meant
from cockpit.profile.markdown.escaping import code, line
from cockpit.profile.model import Phase, Profile, Variable
from cockpit.profile.references import fill

_OF_RUN = {
    "run.window_date": "[DATE]",
    "run.window_start": "[START_TIME]",
    "run.window_end": "[END_TIME]",
    "run.timezone": "[TIMEZONE]",
}


class Book:
    """A profile with what its parts are called."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._values = {**_OF_RUN, **{each.name: value for each in profile.variables if (value := _known(each))}}
        self._roles = {role.id: role.title or role.id for role in profile.roles}
        self._called: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        """Of phases and steps: `1`, `1.2`, `R1.1`."""
        for prefix, phases in (("", profile.phases), *(("R", plan.phases) for plan in profile.rollbacks)):
            self._number(prefix, phases)
        self._probes = {probe.id: self.filled(probe.title or probe.id) for probe in profile.probes}

    def _number(self, prefix: str, phases: Sequence[Phase]) -> None:
        for major, phase in enumerate(phases, 1):
            self.numbers[phase.id] = f"{prefix}{major}"
            self._called[phase.id] = f"phase {prefix}{major} {self.filled(phase.title or phase.id)}"
            for minor, step in enumerate(phase.steps, 1):
                self.numbers[step.id] = f"{prefix}{major}.{minor}"
                self._called[step.id] = f"{prefix}{major}.{minor} {self.filled(step.title or step.id)}"

    def filled(self, text: str) -> str:
        """The text with the values that the profile knows; what it does not know stays `${name}`."""
        return fill(text, self._values)

    def text(self, text: str) -> str:
        """The same as one line of Markdown that shows it as it is."""
        return line(self.filled(text))

    def role(self, role_id: str) -> str:
        """A role's title, or a name as it is written; Markdown."""
        return line(self._roles.get(role_id, role_id))

    def called(self, part_id: str) -> str:
        """`1.2 Migrate`, `phase 2 Application`, or the id; Markdown."""
        return line(self._called.get(part_id, part_id))

    def each(self, part_ids: Sequence[str]) -> str:
        """Several of them."""
        return "; ".join(self.called(each) for each in part_ids)

    def plan(self, plan_id: str) -> str:
        """A rollback plan's title; Markdown."""
        plan = self.profile.plan(plan_id)
        return line(self.filled(plan.title or plan.id) if plan is not None else plan_id)

    def condition(self, condition: str) -> str:
        """A condition as code, and what it means in words; Markdown."""
        said = meant(condition, self._probes, self._called)
        return f"{code(condition)} ({line(said)})" if said else code(condition)


def _known(variable: Variable) -> str:
    """What may stand for a variable in a text: its value; or its default, if that is the placeholder it came from."""
    if variable.secret:
        return ""
    if variable.value is not None:
        return variable.value
    default = variable.default or ""
    return default if _bare(default.removeprefix("your")) == _bare(variable.name.removeprefix("your")) else ""


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
