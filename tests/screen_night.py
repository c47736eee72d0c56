"""A night with every kind of step, two ways back and triggers, told by its events up to the moments that matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from screen_story import ANA, BO, PROFILE, READINGS, Story

from cockpit.profile.model import Channel, Contact, Phase, Profile, Role, RollbackPlan, Step, Target, Template, Trigger
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.friction import required_word
from cockpit.run.readings import ConditionVerdict

SQL = """UPDATE users SET profile_id = p.id
FROM profiles p WHERE p.user_id = users.id;
SELECT count(*) FROM users WHERE profile_id IS NULL;"""

NIGHT = replace(
    PROFILE,
    roles=(
        Role(id="dba", title="Database administrators", people=("bo", "dora"), contact="#dba"),
        Role(id="lead", title="Lead", people=("ana",)),
    ),
    targets=(
        Target(id="db", kind="postgres", database="virtue", system_identifier="7300412"),
        Target(id="cluster", kind="kubernetes", context="virtue-prod", namespace="virtue"),
    ),
    templates=(
        Template(
            id="notice",
            title="Maintenance on ${run.window_date}",
            to="all users",
            channel="mail",
            body="Dear users,\n\nvirtue is read-only from ${run.window_start} to ${run.window_end} ${run.timezone}.",
        ),
    ),
    channels=(Channel(id="mail", webhook="https://mail.example/hook"),),
    contacts=(
        Contact(id="dba", title="Database administrator", name="Bo Berg", reach="+39 06 555 0101", order=1),
        Contact(id="lead", title="Engineering lead", name="Ana Alba", reach="+39 06 555 0102", order=2),
        Contact(id="support", title="Support desk", group="Business"),
    ),
    phases=(
        Phase(
            id="prepare",
            title="Prepare",
            stage="before",
            steps=(
                Step(
                    id="announce", title="Announce the maintenance", kind="message", behaviour="message",
                    settings={"template": "notice", "due": "start"},
                ),
                Step(
                    id="approval", title="Approval of the plan", kind="signoff", behaviour="signoff",
                    settings={"role": "dba", "four_eyes": True, "not_by": ["lead"]},
                ),
                Step(
                    id="backup", title="Note the backup", kind="record", behaviour="record",
                    settings={"prompt": "Which backup is the way back?", "pattern": "bk-[0-9]+", "unit": ""},
                ),
            ),
        ),
        Phase(
            id="database",
            title="Database",
            exit=("missing_profiles == 0",),
            steps=(
                Step(
                    id="scale_down", title="Scale the application down", kind="command", behaviour="action",
                    command="kubectl --context virtue-prod scale deployment app --replicas=0", risk="careful",
                    estimate_s=60, settings={"target": "cluster", "timeout": 300}, gate=("connections == 0",),
                    instructions="The application goes away. Users see the maintenance page.",
                ),
                Step(
                    id="migrate", title="Migrate the users", kind="sql", behaviour="action", command=SQL,
                    risk="irreversible", estimate_s=900, settings={"target": "db", "timeout": 900},
                    requires=("api_health.passing",), on_failure="emergency", owner="dba",
                    instructions="Moves every user to the **organizational model**.",
                ),
                Step(
                    id="settle_down", title="Watch the replica settle", kind="wait", behaviour="wait",
                    settings={"duration": 300, "healthy": ["connections < 100", "api_health.passing"]},
                ),
                Step(
                    id="go", title="Go or no-go", kind="decision", behaviour="decision",
                    settings={
                        "choices": [
                            {"id": "go", "title": "Go"},
                            {"id": "no_go", "title": "No-go", "stop": True, "rollback": "emergency"},
                        ]
                    },
                ),
                Step(id="cleanup", title="Drop the old columns", only_if=("recorded.go == 'go'",), estimate_s=120),
            ),
        ),
        Phase(
            id="follow",
            title="Follow up",
            stage="after",
            steps=(
                Step(
                    id="look_30m", title="Look after 30 minutes", kind="checkpoint", behaviour="checkpoint",
                    settings={"since": "go", "delay": 1800}, gate=("api_health.passing",),
                ),
            ),
        ),
    ),
    rollbacks=(
        RollbackPlan(
            id="emergency", title="Emergency", when=("since.migrate < 3600.0",),
            data_loss="profiles created since the migration",
            phases=(
                Phase(
                    id="back_db", title="Database back",
                    steps=(
                        Step(
                            id="undo_migrate", title="Put the old ids back", kind="sql", behaviour="action",
                            command="UPDATE users SET profile_id = NULL;", undoes=("migrate",), estimate_s=600,
                        ),
                        Step(
                            id="undo_scale_down", title="Scale up again", kind="command", behaviour="action",
                            command="kubectl scale deployment app --replicas=3", undoes=("scale_down",), estimate_s=120,
                        ),
                    ),
                ),
                Phase(id="back_tell", title="Tell", steps=(Step(id="tell", title="Tell the users", estimate_s=60),)),
            ),
        ),
        RollbackPlan(
            id="restore", title="Restore the snapshot", data_loss="everything since 22:00",
            phases=(
                Phase(
                    id="restore_db", title="Restore",
                    steps=(Step(id="restore_all", title="Restore the snapshot", estimate_s=5400),),
                ),
            ),
        ),
    ),
    triggers=(
        Trigger(
            id="logins_failing", title="logins failing", when=("error_rate > 10.0",), severity="immediate",
            plan="emergency", suspended=("database",),
        ),
        Trigger(id="slow", title="answers are slow", when=("api_health.latency_ms > 900.0",), armed=("follow",)),
        Trigger(id="complaints", title="users complain", severity="consider"),
    ),
)  # fmt: skip
NIGHT_PRODUCTION = replace(NIGHT, environment="production", production=True)


def with_way_back(step_id: str, plan: str = "emergency") -> Profile:
    """The night's profile, with a step that names a way back."""
    phases = tuple(
        replace(phase, steps=tuple(replace(s, on_failure=plan) if s.id == step_id else s for s in phase.steps))
        for phase in NIGHT.phases
    )
    return replace(NIGHT, phases=phases)


IDENTITY = {"database": "virtue", "system_identifier": "7300412"}


class Night(Story):
    """Told step by step."""

    def __init__(self, profile: Profile = NIGHT, **told: Any) -> None:
        super().__init__(profile, **told)
        self.happens(e.TargetSeen(target="db", identity=IDENTITY, verdict="match"))
        self.happens(
            e.TargetSeen(target="cluster", identity={"context": "virtue-prod", "namespace": "virtue"}, verdict="match")
        )
        self.reads(*READINGS)

    def passes_gate(self) -> None:
        """The keeper says of the gate at the cursor that it passes."""
        cursor = self.state.cursor
        if cursor is not None and cursor.gate in self.state.gates:
            conditions = self.state.gates[cursor.gate].conditions
            self.judges("pass", *conditions)

    def reaches(self, step_id: str, seconds: float = 60) -> None:
        """Walk until this step is current (or its phase's exit: `exit:database`), as a good night goes."""
        while (cursor := self.state.cursor) and step_id not in (cursor.step, cursor.gate):
            self.passes(seconds)
            self.settles()
        self.reads(*READINGS)

    def settles(self) -> None:
        """Do what the cursor asks for, well."""
        cursor = self.state.cursor
        assert cursor is not None
        self.passes_gate()
        if cursor.step is None:
            self.does(c.LeavePhase if cursor.is_leaving else c.EnterPhase, phase=cursor.phase)
            return
        step = next(each for _, each in self.profile.every_step() if each.id == cursor.step)
        if self.state.cursor is not cursor:
            return  # an `only_if` was judged
        match step.behaviour:
            case "action":
                self.runs()
                self.passes_gate()
                self.does(c.ConfirmStep, step=step.id)
            case "signoff":
                self.does(c.SignOff, step=step.id, actor=BO)
            case "record":
                self.does(c.ConfirmStep, step=step.id, value="bk-77")
            case "decision":
                self.does(c.ConfirmStep, step=step.id, value="go")
            case "wait":
                self.begins_wait()
                self.happens(e.WaitCompleted(step=step.id, attempt=1))
                self.does(c.ConfirmStep, step=step.id)
            case _:
                if step.behaviour in ("message", "checkpoint") and self.state.steps[step.id].due is None:
                    self.happens(e.StepDue(step=step.id))
                    self.passes_gate()
                self.does(c.ConfirmStep, step=step.id)

    def asks(self, **fields: Any) -> str:
        """The action of the step at the cursor is asked for; its id."""
        cursor = self.state.cursor
        assert cursor is not None
        assert cursor.step is not None
        self.passes_gate()
        action = f"a{self.seq}"
        word = required_word(self.state, "run", cursor.step, self.now())
        self.does(c.RunAction, step=cursor.step, action=action, typed=word, **fields)
        return action

    def starts(self, *output: str, mode: Any = "real", **fields: Any) -> str:
        """It runs, and has written this."""
        action = self.asks(**fields)
        found = self.state.action
        assert found is not None
        step = next(each for _, each in self.profile.every_step() if each.id == found.step)
        self.passes(1)
        self.happens(
            e.ActionStarted(
                action=action, step=step.id, attempt=found.attempt, shown=step.command, runs_as="ana@bastion-1",
                target=str(step.settings.get("target", "")), mode=mode, timeout_s=900, output=f"{action}.log",
            )
        )  # fmt: skip
        for text in output:
            self.passes(2)
            self.happens(e.ActionOutput(action=action, text=text + "\n"))
        return action

    def runs(self, *output: str, outcome: Any = "succeeded", **ended: Any) -> None:
        """It runs and ends."""
        action = self.starts(*output)
        found = self.state.action
        assert found is not None
        self.passes(10)
        self.reads(*READINGS)
        self.happens(e.ActionEnded(action=action, step=found.step, outcome=outcome, **ended))

    def begins_wait(self) -> None:
        cursor = self.state.cursor
        assert cursor is not None
        assert cursor.step is not None
        until = self.now().at + timedelta(seconds=300)
        self.happens(e.WaitBegan(step=cursor.step, attempt=1, until=until))

    def fires(self, trigger: str = "logins_failing") -> None:
        self.happens(
            e.TriggerFired(trigger=trigger, conditions=(ConditionVerdict("error_rate > 10.0", True, "it is 14.2"),))
        )

    def plans(self, **verdicts: Any) -> None:
        self.happens(e.PlansJudged(verdicts=verdicts, details={"emergency": "since.migrate is 312"}))


def at(step_id: str, profile: Profile = NIGHT) -> Night:
    night = Night(profile)
    night.reaches(step_id)
    return night


def other_hands(profile: Profile = NIGHT, step_id: str = "migrate") -> Night:
    """ana's keeper died, and bo has started one from a shell of his own."""
    night = at(step_id, profile)
    before = {"HOME": "1", "KUBECONFIG": "1", "PATH": "1", "VIRTUE_TOKEN": "1"}
    night.happens(e.KeeperStarted(epoch=2, pid=8, version="0", environment=before, environment_key="key"))
    night.happens(e.TargetSeen(target="db", identity=IDENTITY | {"user": "app"}, verdict="match"))
    night.happens(e.KeeperAccepted(epoch=2, previous=1, shown=("environment: unknown",)))
    now = {"HOME": "2", "KUBECONFIG": "2", "PATH": "2", "PGHOST": "2"}
    night.happens(e.KeeperStarted(epoch=3, pid=9, version="0", environment=now, environment_key="key"), BO)
    night.happens(e.TargetSeen(target="db", identity=IDENTITY | {"user": "admin"}, verdict="match"), BO)
    if night.state.cursor is not None and night.state.cursor.gate in night.state.gates:
        night.judges("pass")
    return night


def failed(profile: Profile = NIGHT) -> Night:
    """The migration failed, and the emergency plan fits."""
    night = at("migrate", profile)
    night.runs(
        "UPDATE 41233", "ERROR:  deadlock detected", "DETAIL:  Process 812 waits for ShareLock",
        outcome="failed", exit_code=3, detail="deadlock detected (40P01)",
    )  # fmt: skip
    night.plans(emergency="pass")
    return night


def going_back(profile: Profile = NIGHT) -> Night:
    night = failed(profile)
    typed = "emergency" if profile.production else ""
    night.does(c.ChooseRollback, plan="emergency", reason="the deadlock comes again", typed=typed)
    return night


__all__ = ["ANA", "BO", "NIGHT", "NIGHT_PRODUCTION", "Night", "at", "failed", "going_back", "with_way_back"]
