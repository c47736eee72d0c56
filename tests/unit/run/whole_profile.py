"""A profile with every kind of step and every way to go wrong, for tests of the core."""

from __future__ import annotations

from typing import Any

from cockpit.profile.model import (
    Channel,
    Phase,
    Probe,
    Profile,
    Role,
    RollbackPlan,
    Step,
    Template,
    Trigger,
    Window,
)
from cockpit.run import events as e


def step(step_id: str, behaviour: str = "confirm", /, **fields: Any) -> Step:
    """A step whose kind is named as its behaviour."""
    return Step(id=step_id, title=step_id.replace("_", " ").capitalize(), kind=behaviour, behaviour=behaviour, **fields)  # type: ignore[arg-type]


WHOLE = Profile(
    id="virtue",
    environment="staging",
    title="organizational model",
    window=Window(start="22:00", end="02:00", reserve_s=600),
    roles=(
        Role(id="lead", title="Lead", people=("bo", "cy")),
        Role(id="dba", title="Database", people=("dee",)),
    ),
    probes=(Probe(id="api", kind="http"), Probe(id="missing", kind="postgres")),
    templates=(
        Template(id="notice", title="Notice", body="From ${run.window_start}.", to="all users", channel="mail"),
    ),
    channels=(Channel(id="mail", webhook="https://mail.example/hook"),),
    phases=(
        Phase(
            id="prepare",
            title="Prepare",
            stage="before",
            order="free",
            exit=("api.passing",),
            steps=(
                step("backup_id", "record", settings={"name": "backup", "pattern": "b-[0-9]+"}),
                step("count", "record", settings={"type": "number"}),
                step(
                    "go",
                    "decision",
                    settings={
                        "choices": [{"id": "go"}, {"id": "later"}, {"id": "no_go", "title": "No-go", "stop": True}]
                    },
                ),
                step("tell", "message", settings={"template": "notice", "due": "start-1h"}),
            ),
        ),
        Phase(
            id="database",
            title="Database",
            gate=("api.passing",),
            steps=(
                step("scale", "action", requires=("api.passing",), estimate_s=60),
                step(
                    "migrate", "action", gate=("missing == 0",), estimate_s=600, risk="irreversible", on_failure="back"
                ),
                step("legacy", only_if=("recorded.go == 'later'",)),
                step("soak", "wait", settings={"duration": 300.0, "healthy": ["api.passing"], "on_breach": "stop"}),
                step("sign", "signoff", settings={"role": "lead", "four_eyes": True, "not_by": ["backup_id", "dba"]}),
            ),
        ),
        Phase(id="application", title="Application", steps=(step("rollout", risk="irreversible", estimate_s=900),)),
        Phase(
            id="after",
            title="After",
            stage="after",
            steps=(step("half_hour", "checkpoint", settings={"since": "migrate", "delay": 1800.0}),),
        ),
    ),
    rollbacks=(
        RollbackPlan(
            id="later",
            title="Planned",
            when=("since.migrate > 3600.0",),
            phases=(Phase(id="later_undo", title="Undo", steps=(step("later_look"),)),),
        ),
        RollbackPlan(
            id="back",
            title="Emergency",
            when=("since.migrate < 3600.0",),
            data_loss="new rows",
            phases=(
                Phase(
                    id="undo",
                    title="Undo",
                    steps=(
                        step("close", estimate_s=60),
                        step("unscale", "action", undoes=("scale",), estimate_s=60),
                        step("unmigrate", "action", undoes=("migrate",), estimate_s=600),
                        step("unroll", undoes=("rollout",), estimate_s=300),
                        step("look"),
                    ),
                ),
            ),
        ),
    ),
    triggers=(
        Trigger(id="errors", title="Too many errors", when=("missing > 5",), severity="immediate", plan="back"),
        Trigger(id="slow", title="Slow", when=("missing > 1",), suspended=("database",), armed=("application",)),
        Trigger(id="complaints", title="Users complain"),
    ),
)

CY = e.Actor("cy", "bastion-2")
DEE = e.Actor("dee", "bastion-1")
