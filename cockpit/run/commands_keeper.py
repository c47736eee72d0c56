"""To let a keeper act, to have one elsewhere, to end one. Part of `commands`."""

from __future__ import annotations

from cockpit.run.commands_base import Command, PlanCommand


class AcceptKeeper(PlanCommand, frozen=True, kw_only=True):
    """Have a keeper act although it differs from the one before. What is painted of the plan does not matter to it."""

    epoch: int
    shown: tuple[str, ...]
    """The differences as they stood on the screen (`Differences.told`): refused if there are others by now."""
    reason: str = ""
    typed: str = ""


class MoveKeeper(PlanCommand, frozen=True, kw_only=True):
    """Have a keeper begin on this seat's host, since the last one was on another and is gone. What is painted of the
    plan does not matter to it.
    """

    epoch: int
    """Of the keeper that is left behind."""
    reason: str
    typed: str = ""


class StopKeeper(Command, frozen=True, kw_only=True):
    """Have the run's keeper end. The run stays live. Whoever may write to the run may."""

    epoch: int
    """Of the keeper that is meant."""
    reason: str
