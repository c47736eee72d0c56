"""The step kind `wait`: the keeper watches for a time; ending it early needs a reason."""

from __future__ import annotations

from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.steps import WaitSettings


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, WaitSettings)
    return () if settings.duration_s > 0 else ("`duration` must be above 0",)


WAIT = StepKind(
    name="wait",
    doc="Watching for a time: its conditions must hold all along.",
    settings=WaitSettings,
    behaviour="wait",
    problems=_problems,
)
