"""From nodes to what is walked: phases, their steps, rollback plans."""

from __future__ import annotations

from typing import get_args

from cockpit.profile.conversion_scene import take_kind
from cockpit.profile.fields import Fields
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Language, Level, Phase, PhaseOrder, Risk, RollbackPlan, Stage, Step
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.settings import take_settings
from cockpit.profile.steps import WaitSettings

RISKS: tuple[Risk, ...] = get_args(Risk)
LEVELS: tuple[Level, ...] = get_args(Level)
LANGUAGES: tuple[Language, ...] = get_args(Language)
STAGES: tuple[Stage, ...] = get_args(Stage)
ORDERS: tuple[PhaseOrder, ...] = get_args(PhaseOrder)
_CONDITION = "a condition"


def convert_phase(node: Node, kinds: Kinds, findings: Findings) -> Phase:
    """One phase with its steps, of the walk or of a rollback plan."""
    fields = Fields(node, findings, f"phase `{node.identity or '?'}`")
    phase = Phase(
        id=fields.id(),
        title=fields.line("title") or (node.identity or ""),
        gate=fields.texts("gate", what=_CONDITION),
        description=fields.text("description"),
        steps=tuple(_step(step, kinds, findings) for step in fields.tables("steps")),
        exit=fields.texts("exit", what=_CONDITION),
        order=fields.word("order", ORDERS, "ordered"),
        stage=fields.word("stage", STAGES, "window"),
    )
    fields.finish()
    return phase


def convert_plan(node: Node, kinds: Kinds, findings: Findings) -> RollbackPlan:
    """One rollback plan."""
    fields = Fields(node, findings, f"rollback plan `{node.identity or '?'}`")
    plan = RollbackPlan(
        id=fields.id(),
        title=fields.line("title") or (node.identity or ""),
        phases=tuple(convert_phase(phase, kinds, findings) for phase in fields.tables("phases")),
        when=fields.texts("when", what=_CONDITION),
        description=fields.text("description"),
        data_loss=fields.text("data_loss"),
    )
    fields.finish()
    return plan


def _step(node: Node, kinds: Kinds, findings: Findings) -> Step:
    fields = Fields(node, findings, f"step `{node.identity or '?'}`")
    kind = take_kind(fields, kinds.steps, default="confirm", findings=findings)
    settings, typed = take_settings(fields, kind.settings, findings) if kind is not None else ({}, None)
    # What a wait takes is known already, so the forecast need not be told again.
    lasting_s = typed.duration_s if isinstance(typed, WaitSettings) else 0.0
    step = Step(
        id=fields.id(),
        title=fields.line("title", required=True, expected="what is done, in a line"),
        kind=fields.text("kind", default="confirm"),
        behaviour=kind.behaviour if kind is not None else "confirm",
        instructions=fields.text("instructions"),
        command=fields.text("command"),
        gate=fields.texts("gate", what=_CONDITION),
        requires=fields.texts("requires", what=_CONDITION),
        only_if=fields.texts("only_if", what=_CONDITION),
        estimate_s=fields.duration("estimate", lasting_s),
        risk=fields.word("risk", RISKS, "routine"),
        level=fields.word("level", LEVELS, "required"),
        owner=fields.line("owner"),
        rollback=fields.text("rollback"),
        claimed=fields.line("claimed"),
        on_failure=fields.line("on_failure"),
        undoes=fields.texts("undoes", what="a step's id"),
        language=fields.word("language", LANGUAGES, "bash"),
        source=fields.line("source"),
        settings=settings,
    )
    if kind is not None:
        fields.finish()
    return step
