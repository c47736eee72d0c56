"""The step kind `message`: a template filled from the run, sent through its channel or copied and sent by hand."""

from __future__ import annotations

from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.steps import MessageSettings


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, MessageSettings)
    return () if settings.template else ("`template` is empty; it is the id of one of `[[templates]]`",)


MESSAGE = StepKind(
    name="message",
    doc="A text to people: a template filled from the run, sent through its channel or by hand.",
    settings=MessageSettings,
    behaviour="message",
    problems=_problems,
)
