"""PPM's other walks: maintenance, emergency access and its undoing, an earlier migration, a rehearsal."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from systems.dumping import dumped
from systems.looking import until
from systems.night import Night
from systems.ppm import SLIM, fast_maintenance, ppm_night, system_on
from systems.stage import needs

from cockpit.audit import ids
from cockpit.demo.ppm.hosting import NEW, OLD
from cockpit.demo.ppm.system import System
from cockpit.run import commands as c
from cockpit.run.friction import required_word
from cockpit.run.numbering import step_label
from cockpit.session.outcomes import Done

PERSON = "person-7@ppm.invalid"


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    needs("curl", "jq")
    with system_on("vercel", tmp_path, postgres_dsn) as system:
        yield system


@pytest.fixture
def begin(system: System, tmp_path: Path) -> Iterator[Callable[..., Night]]:
    nights: list[Night] = []

    def one(**options: object) -> Night:
        nights.append(ppm_night(system, tmp_path, **options))
        return nights[-1]

    yield one
    for night in nights:
        night.close()


def backend(system: System, *arguments: str) -> None:
    """A script of the team's, by somebody, some day."""
    command = [system.environ["PPM_PYTHON"], *arguments]
    subprocess.run(command, cwd=system.backend, check=True, capture_output=True, env={"DATABASE_URL": system.dsn})


def go_forward(night: Night, why: str) -> None:
    """Leave the way that was walked, and go on from where it was left."""
    until(lambda: night.state.cursor is None, "the plan's end")
    word = required_word(night.state, "forward", "", night.ana.command(c.AddNote, text="").now)
    assert night.submit(c.LeaveRollback, reason=why, typed=word)


def run_again(night: Night, step: str) -> bool:
    """Press the key that tries a step once more."""
    assert night.state.cursor is not None
    word = required_word(night.state, "run", step, night.ana.command(c.AddNote, text="").now)
    painted = night.state.cursor.opened_seq
    return night.submit(c.RunAction, action=ids.new_id(), step=step, painted_seq=painted, typed=word)


def test_the_daily_check_makes_missing_profiles_and_emergency_access_is_taken_back(
    begin: Callable[..., Night], system: System, tmp_path: Path
):
    backend(system, "apply_user_management_migration_direct.py")
    user = str(system.query(f"select id from auth.users where email = '{PERSON}'")[0][0])
    entered = {"ea_whom": "nobody", "ea_admin": "yes", "ea_admins": "2", "ea_admin_id": user, "ea_role": "user"}
    night = begin(fast=fast_maintenance("daily", tmp_path), values=entered)
    night.walk("in_step")
    assert system.query("select count(*) from user_profiles") == [(150,)]
    night.roll_back("emergency_access", "nobody of the admins can be reached")
    night.walk("ea_used")
    assert system.query(f"select role from user_profiles where user_id = '{user}'") == [("admin",)]
    night.walk(lambda state: state.cursor is None)
    assert system.query("select count(*) from user_profiles where role = 'admin'") == [(2,)]
    assert system.query(f"select role from user_profiles where user_id = '{user}'") == [("user",)]
    go_forward(night, "done")
    night.walk()
    assert night.problem() == ""
    assert night.settled()[:3] == ["healthy", "status", "sync"]
    assert night.settled()[-2:] == ["in_step", "trigger_on"]


def test_the_weekly_maintenance_stops_at_missing_profiles_and_leads_to_the_repair(
    begin: Callable[..., Night], system: System, tmp_path: Path
):
    backend(system, "apply_user_management_migration_direct.py")
    night = begin(fast=fast_maintenance("weekly", tmp_path))
    night.walk(lambda state: state.action is not None and state.action.status == "failed")
    until(lambda: night.advice().proposed == "resync", "the repair is proposed")
    night.roll_back("resync", "three profiles are missing")
    night.walk(lambda state: state.cursor is None)
    assert night.settled() == ["rs_status", "rs_sync", "rs_trigger", "rs_seen"]
    assert system.query("select count(*) from user_profiles") == [(150,)]


def test_a_way_back_that_was_mistyped_is_seen_before_anything_is_done(begin: Callable[..., Night]):
    night = begin(more=SLIM, values={"former_deployment": "dpl_2eac-"})
    gate = until(lambda: _tried(night, "phase:migrating"), "the gate of the migration's phase")
    assert [each.condition for each in gate.conditions if not each.holds] == [
        "deployment == recorded.former_deployment"
    ]


def _tried(night: Night, key: str):
    night.press(night.state)
    gate = night.state.gates.get(key)
    return gate if gate is not None and gate.verdict == "blocked" else None


def test_a_migration_that_an_earlier_deployment_applied_is_neither_applied_nor_taken_back(
    begin: Callable[..., Night], system: System
):
    backend(system, "apply_user_management_migration_direct.py")
    before = dumped(system.dsn)
    night = begin(more=SLIM)
    night.walk("up")
    assert "migrate" in night.settled("not_applicable")
    assert step_label(night.state.profile, "deploy").endswith(f"Deploy {NEW}")
    option = night.advice().option("back")
    assert option is not None
    assert option.steps == ("undo_deploy", "bk_former", "bk_users")
    night.roll_back("back", "the release is the wrong one")
    night.walk()
    assert night.problem() == ""
    serving = system.hosting.serving
    assert serving is not None
    assert serving.release == OLD
    after = dumped(system.dsn).splitlines()
    assert [line for line in before.splitlines() if line not in after] == []


def test_a_migration_that_fails_leads_to_its_repair_and_forward_again(begin: Callable[..., Night], system: System):
    system.execute("insert into user_profiles (id, user_id) select md5('second')::uuid, md5('user 9')::uuid")
    night = begin(more=SLIM)
    night.walk(lambda state: state.action is not None and state.action.status == "failed")
    assert night.state.cursor is not None
    assert night.state.cursor.step == "migrate"
    until(lambda: night.advice().proposed == "migration_fails", "the repair is proposed")
    night.roll_back("migration_fails", "a user has two profiles")
    night.walk("mf_twice")
    until(lambda: night.state.gates["step:mf_twice"].verdict == "blocked", "the second profile is seen")
    system.execute("delete from user_profiles where id = md5('second')::uuid")
    night.walk(lambda state: state.cursor is None)
    go_forward(night, "it is applied")
    until(lambda: night.state.cursor is not None and night.state.cursor.step == "migrate", "the step that was left")
    until(lambda: run_again(night, "migrate"), "it is taken")
    night.walk("up")
    assert night.problem() == ""
    assert {"mf_permission", "mf_locks", "mf_twice", "mf_again", "migrate", "sync"} <= set(night.settled())
    option = night.advice().option("back")
    assert option is not None
    assert "undo_migrate" in option.steps


def test_symptoms_lead_to_their_repairs_and_forward_again(begin: Callable[..., Night], system: System):
    system.app.broken_releases.add(NEW)
    night = begin(more=SLIM)
    night.walk("up")
    night.roll_back("health_fails", "it does not become healthy")
    night.walk("hf_healthy")
    said = "".join(body.text for body in night.bodies("action.output") if "Pre-startup" in body.text)
    assert "Pre-startup tests passed" in said, "the log, read by the step"
    system.app.broken_releases.clear()
    night.walk(lambda state: state.cursor is None)
    go_forward(night, "it is healthy")
    night.walk("existing_users")
    system.execute("delete from user_profiles where user_id = md5('user 9')::uuid")
    until(lambda: "profiles_missing" in {each.trigger for each in night.state.fired}, "the trigger")
    until(lambda: night.advice().proposed == "resync", "the repair is proposed")
    night.roll_back("resync", "somebody has lost a profile")
    night.walk(lambda state: state.cursor is None)
    go_forward(night, "all are in step")
    night.walk()
    assert night.problem() == ""
    assert [body.plan for body in night.bodies("rollback.chosen")] == ["health_fails", "resync"]
    assert system.query("select count(*), count(distinct user_id) from user_profiles") == [(150, 150)]


def test_a_rehearsal_changes_nothing_outside(begin: Callable[..., Night], system: System):
    before, env = dumped(system.dsn), dict(system.hosting.env)
    night = begin(rehearsal=True, more=SLIM)
    # Nothing was synchronized, so the alarm is right; in a rehearsal one goes on from it.
    while night.walk(lambda state: state.fired or state.status == "finished").fired:
        assert isinstance(night.ask(c.AnswerTriggers, reason="it is a rehearsal"), Done)
    assert night.problem() == ""
    assert dumped(system.dsn) == before
    assert (system.hosting.env, len(system.hosting.deployments), system.app.sent) == (env, 1, [])
    modes = {body.step: body.mode for body in night.bodies("action.started")}
    shown = {"deploy", "startup_log", "registered", "test_profile", "test_user_removed"}
    assert {step for step, mode in modes.items() if mode == "shown"} == shown
    assert {mode for step, mode in modes.items() if step not in shown} == {"dry_run"}
