"""The step kind `decision`: go, no-go or named choices; what was chosen is recorded under the step's id."""

from __future__ import annotations

from cockpit.profile.cel_words import is_id
from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.steps import DecisionSettings


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, DecisionSettings)
    ids = [choice.id for choice in settings.choices]
    found = [f"`choices` has `{name}`, which is no id" for name in dict.fromkeys(ids) if not is_id(name)]
    found += [f"`choices` has `{name}` more than once" for name in dict.fromkeys(ids) if ids.count(name) > 1]
    if len(ids) < 2:
        found.append("`choices` leaves nothing to choose: at least two are needed")
    return tuple(found)


DECISION = StepKind(
    name="decision",
    doc="A choice: go, no-go, or named ones.",
    settings=DecisionSettings,
    behaviour="decision",
    problems=_problems,
)
