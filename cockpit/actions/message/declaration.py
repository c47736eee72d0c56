"""The step kind `message`: a template that is filled from the run, shown, and sent through a channel or by hand."""

from __future__ import annotations

from cockpit.profile.kinds import StepKind
from cockpit.profile.steps import MessageSettings

MESSAGE = StepKind(
    name="message",
    doc="A message to people: previewed, then sent through its template's channel, or copied and sent by hand.",
    settings=MessageSettings,
    behaviour="message",
)
