"""Warnings about what is walked: phases, steps, rollback plans."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from cockpit.profile.links import calls_kubectl
from cockpit.profile.model import Phase, Profile, Stage, Step, Trigger
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.places import PlacedStep, placed_phases, placed_steps
from cockpit.profile.problems import nearest

_ACTS = ("action", "message")
_TIMELESS = ("message", "checkpoint")
"""Behaviours that have a time of their own, beside the walk's."""


def advise_steps(profile: Profile, root: Node, findings: Findings) -> None:
    """Note every warning about phases and steps, and about what is armed by them."""
    if not profile.phases:
        _warn(findings, root, "the profile has no phases: there is nothing to walk", "`[[phases]]`")
    for placed in placed_phases(profile):
        if not placed.phase.steps:
            said = f"phase `{placed.phase.id}` has no steps"
            steps = "`[[rollbacks.phases.steps]]`" if placed.plan else "`[[phases.steps]]`"
            _warn(findings, root.find(*placed.path), said, steps)
    for index, plan in enumerate(profile.rollbacks):
        if not plan.phases:
            said = f"rollback plan `{plan.id}` has no phases"
            _warn(findings, root.find("rollbacks", index), said, "`[[rollbacks.phases]]`")
    _stages(profile, root, findings)
    for step in placed_steps(profile):
        _step(step, profile, root.find(*step.path), findings)
    _triggers(profile, root, findings)


def _triggers(profile: Profile, root: Node, findings: Findings) -> None:
    """On the way back none fires, so only the walk's steps count."""
    for index, trigger in enumerate(profile.triggers):
        if trigger.when and not any(_is_armed(trigger, phase, step) for phase, step in profile.steps()):
            said = f"trigger `{trigger.id}` can never fire: it is armed at no step, or suspended wherever it is"
            _warn(findings, root.find("triggers", index), said, "a step or phase in `armed` that is not in `suspended`")


def _is_armed(trigger: Trigger, phase: Phase, step: Step) -> bool:
    """As the run has it: `cockpit.run.arming`."""
    here = {phase.id, step.id}
    if here & set(trigger.suspended):
        return False
    return bool(here & set(trigger.armed)) if trigger.armed else phase.stage != "before"


def _warn(findings: Findings, node: Node, message: str, expected: str = "", nearest: str = "") -> None:
    findings.add(node, message, severity="warning", expected=expected, nearest=nearest)


def _stages(profile: Profile, root: Node, findings: Findings) -> None:
    order = get_args(Stage)
    for (_, before), (index, phase) in pairwise(enumerate(profile.phases)):
        if order.index(phase.stage) < order.index(before.stage):
            said = f"phase `{phase.id}` of stage `{phase.stage}` comes after one of stage `{before.stage}`"
            _warn(findings, root.find("phases", index, "stage"), said, "`before`, then `window`, then `after`")


def _step(placed: PlacedStep, profile: Profile, node: Node, findings: Findings) -> None:
    step = placed.step
    if step.risk == "irreversible" and placed.plan is None and not _is_undone(placed, profile):
        bare = not (step.gate or step.requires or placed.phase.gate)
        said = f"step `{step.id}` is irreversible and " + ("unprotected" if bare else "does not say what undoes it")
        _warn(
            findings, node.find("risk"), said, "a `gate`, or a `rollback`" if bare else "a `rollback`, if only in words"
        )
    is_own = node.find("id").path[-1:] == ("id",)  # what `undo = true` wrote out has the estimate of what it undoes
    timed = is_own and placed.phase.stage == "window" and step.behaviour not in _TIMELESS
    if profile.window is not None and step.estimate_s <= 0 and timed:
        said = f"step `{step.id}` has no `estimate`: the forecast counts it as nothing"
        _warn(findings, node.find("id"), said, 'for example `estimate = "5m"`')
    owners = [name for role in profile.roles for name in (role.id, *role.people)]
    if step.owner and owners and step.owner not in owners:
        said = f"`{step.owner}` is neither a role nor one of its people"
        _warn(findings, node.find("owner"), said, "an id under `[[roles]]`", nearest(step.owner, owners))
    if step.behaviour == "action" and calls_kubectl(step) and not step.settings.get("target"):
        said = f"step `{step.id}` lets kubectl choose its cluster"
        _warn(findings, node.find("argv" if "argv" in node.table else "script"), said, "`target`, of kind kubernetes")
    if step.requires and step.behaviour not in _ACTS:
        _warn(findings, node.find("requires"), "`requires` says nothing of a step that does nothing itself", "`gate`")
    if step.on_failure and step.behaviour not in _ACTS and not step.gate:
        said = "`on_failure` says nothing of a step that does nothing itself and has no gate to fail"
        _warn(findings, node.find("on_failure"), said, "`gate`")
    if step.behaviour == "message" and step.requires and step.gate and not _has_channel(step, profile):
        said = f"step `{step.id}` is sent by hand, and has conditions both before and after: only `d` ends it"
        _warn(findings, node.find("requires"), said, "one of `requires` and `gate`, or a channel")


def _has_channel(step: Step, profile: Profile) -> bool:
    named = step.settings.get("template")
    return any(each.channel for each in profile.templates if each.id == named)


def _is_undone(placed: PlacedStep, profile: Profile) -> bool:
    """Whether anything says how to take it back."""
    step = placed.step
    plans = (other for plan in profile.rollbacks for phase in plan.phases for other in phase.steps)
    return bool(step.rollback or step.settings.get("undo")) or any(step.id in other.undoes for other in plans)
