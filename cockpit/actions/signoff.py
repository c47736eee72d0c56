"""The step kind `signoff`: a role approves. Who may is enforced on people, not on names typed."""

from __future__ import annotations

from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.steps import SignoffSettings


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, SignoffSettings)
    return () if settings.role else ("`role` is empty: somebody has to approve",)


SIGNOFF = StepKind(
    name="signoff",
    doc="A role's approval.",
    settings=SignoffSettings,
    behaviour="signoff",
    problems=_problems,
)
