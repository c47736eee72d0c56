"""The step kind `confirm`: something a person does or looks at, and says so."""

from __future__ import annotations

from cockpit.profile.kinds import Settings, StepKind


class ConfirmSettings(Settings, frozen=True, kw_only=True):
    """A confirm step has no settings of its own."""


CONFIRM = StepKind(name="confirm", doc="Something a person does or looks at.", settings=ConfirmSettings)
