"""What can only be said once all was read: what rollback plans and checkpoints count from, when texts are sent."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.draft import Draft
from cockpit.importing.notices import place_notices
from cockpit.profile.model import Step

_DEPLOYS = re.compile(r"\b(deploy|release|roll ?out|migrat|upgrade|cut-?over|switch|promote|apply)", re.IGNORECASE)


def finish(draft: Draft) -> None:
    """Complete a draft in place."""
    since = _deployed(draft)
    for phase in draft.phases:
        phase.steps = [_since(step, since) for step in phase.steps]
    for plan in draft.plans:
        if plan.within and since:
            operator, seconds = plan.within
            plan.when = (f"since.{since} {operator} {seconds!r}",)
        for phase in plan.phases:
            phase.steps = [_since(step, "start") for step in phase.steps]
    place_notices(draft)
    for phase in draft.phases:
        if not phase.steps:
            for ledger in draft.ledgers:
                ledger.withdraw(f"phase {phase.id}", "nothing to be done stands under it")
                ledger.withdraw(f"description of phase {phase.id}", "prose, and nothing to be done beside it")


def _deployed(draft: Draft) -> str:
    """The step that times after the deployment count from: the last of the window that says it deploys, or the last."""
    steps = [
        step
        for phase in draft.phases
        if phase.stage == "window" and not phase.optional
        for step in phase.steps
        if step.behaviour == "confirm"
    ]
    deploying = [step for step in steps if _DEPLOYS.search(step.title)]
    chosen = deploying or steps
    return chosen[-1].id if chosen else ""


def _since(step: Step, since: str) -> Step:
    """A checkpoint counts from what is said, else from the deployment; without one, from the start of the run."""
    if step.kind != "checkpoint" or "since" in step.settings:
        return step
    return replace(step, settings={**step.settings, "since": since or "start"})
