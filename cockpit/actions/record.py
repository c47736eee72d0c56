"""The step kind `record`: a value that the operator enters, usable by later steps and conditions."""

from __future__ import annotations

from cockpit.profile.cel_words import RESERVED, is_id
from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.steps import RecordSettings


def _problems(settings: Settings) -> tuple[str, ...]:
    from cockpit.profile.conditions import pattern_error  # CEL is not needed to know the kind

    assert isinstance(settings, RecordSettings)
    found = []
    if settings.name and (not is_id(settings.name) or settings.name in RESERVED):
        found.append(f"`name` is `{settings.name}`, which conditions cannot say; it must be an id")
    if settings.pattern and (error := pattern_error(settings.pattern)):
        found.append(f"`pattern` is wrong: {error}")
    return tuple(found)


RECORD = StepKind(
    name="record",
    doc="A value that the operator enters: later `${name}` in texts, `recorded.name` in conditions.",
    settings=RecordSettings,
    behaviour="record",
    problems=_problems,
)
