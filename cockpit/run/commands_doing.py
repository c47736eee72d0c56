"""To have something done, and to wait. Part of `commands`."""

from __future__ import annotations

from typing import Literal

from cockpit.run.commands_base import Command, PlanCommand
from cockpit.run.readings import Evidence


class RunAction(PlanCommand, frozen=True, kw_only=True):
    """Have the keeper do what the step at the cursor says, for the first time or again; or send its message."""

    step: str
    action: str
    """A new id (`cockpit.audit.ids.new_id`)."""
    digest: str = ""
    """SHA-256 of what was shown, hex."""
    seen: tuple[Evidence, ...] = ()
    typed: str = ""
    reason: str = ""
    """Asked for when the last attempt's end is not known."""


class CancelAction(Command, frozen=True, kw_only=True):
    """Stop the running action."""

    action: str
    reason: str


class SettleAction(Command, frozen=True, kw_only=True):
    """Say how an action ended whose end is not known."""

    action: str
    outcome: Literal["succeeded", "failed"]
    reason: str


class EndWait(PlanCommand, frozen=True, kw_only=True):
    """End the wait at the cursor before its time, or look at a checkpoint before it is due."""

    step: str
    reason: str
    typed: str = ""


class RestartWait(PlanCommand, frozen=True, kw_only=True):
    """Begin the wait at the cursor again after a breach stopped it."""

    step: str
