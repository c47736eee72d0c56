"""The step kind `checkpoint`: a look at the system at a set time after an event, also long after the deployment."""

from __future__ import annotations

from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.steps import CheckpointSettings


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, CheckpointSettings)
    if 0 < settings.interval_s < 1:
        return ("`interval` must be a second at least, or 0",)
    return () if settings.since else ("`since` is empty; it is `start`, `window` or a step's id",)


CHECKPOINT = StepKind(
    name="checkpoint",
    doc="A look at the system at a set time after an event.",
    settings=CheckpointSettings,
    behaviour="checkpoint",
    problems=_problems,
)
