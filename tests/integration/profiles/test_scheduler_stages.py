"""The scheduler's stages: their figures, walks of weeks 2 to 4 and of month 2, their ways back, tasks between them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.looking import until
from systems.scheduler import FOLDER, FULL_FAST, ROLLOUT_FAST, asked, data, launched, scheduler_night
from systems.stage import system_of

from cockpit.demo.scheduler.system import System
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.steps import CheckpointSettings, WaitSettings, settings_of

STAGES = {name: load(FOLDER / f"{name}.toml", installed()).profile for name in ("production", "rollout", "full-launch")}
STEPS = {name: {step.id: step for _, step in profile.every_step()} for name, profile in STAGES.items()}


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("scheduler", tmp_path, postgres_dsn) as system:
        launched(system)
        yield system


def invitations(system: System) -> list[str]:
    """Codes that were not used."""
    return [code for (code,) in system.query("select code from invitations where not used order by code")]


def test_alerts_are_the_checklists_in_every_stage():
    for profile in STAGES.values():
        assert {trigger.id: trigger.when for trigger in profile.triggers} == {
            "application_down": ("!alive.passing || !ready.passing || (alive != '0.9.0' && !ready)",),
            "database_down": ("!database_answers.passing",),
            "errors_high": ("errors > 5.0",),
            "memory_high": ("memory > 80.0",),
            "brute_force": ("failed_logins > 10",),
            "approvals_late": ("approval_wait >= 24.0",),
            "double_booked": ("double_bookings > 0",),
            "security_incident": (),
        }


def test_the_figures_of_success_are_asked_for_at_the_end_of_every_stage():
    success = {"uptime > 99.5", "p95 < 200.0", "approval_wait < 24.0", "backup_success == 100.0"}
    success.add("backups.status == 'pass'")
    for name, step in (("production", "first_week"), ("rollout", "week_4"), ("full-launch", "success")):
        assert set(STEPS[name][step].gate) >= success, name
        assert "no_incidents" in STEPS[name]


def test_times_are_the_checklists():
    assert settings_of(STEPS["production"]["watch_first_hour"], WaitSettings).duration_s == 3600
    days = {
        (name, step.id): settings_of(step, CheckpointSettings).delay_s / 86_400
        for name, steps in STEPS.items()
        for step in steps.values()
        if step.kind == "checkpoint"
    }
    assert list(days.values()) == [1, 7, 7, 14, 21, 1, 7, 30]


def test_tasks_lead_from_one_stage_to_the_next_and_are_exported():
    for name, following in (("production", "rollout.toml"), ("rollout", "full-launch.toml")):
        command = [sys.executable, "-m", "cockpit.cli", "tasks", str(FOLDER / f"{name}.toml")]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        assert f"cockpit run {following}" in said
    assert {task.group for task in STAGES["production"].tasks} == {"Next stage", "Operations", "Caching, later"}


def test_weeks_2_to_4_invite_ten_to_twenty_and_no_more(system: System, tmp_path: Path):
    night = scheduler_night(system, tmp_path, fast=ROLLOUT_FAST)
    try:
        night.walk("send_invitations")
        codes = invitations(system)
        assert len(codes) == 20
        uninvited = {"slug": "nobody", "email": "a@nobody.invalid", "password": "none"}
        assert asked(system, "POST", "/api/auth/register", uninvited)[0] == 403
        for number, code in enumerate(codes[:12]):
            given = {**uninvited, "slug": f"invited-{number}", "invitation": code}
            assert asked(system, "POST", "/api/auth/register", given)[0] == 201
            assert asked(system, "POST", "/api/auth/register", {**given, "slug": "once-more"})[0] == 403
        assert system.query("select count(*) from organizations where enabled and slug like 'invited-%'") == [(0,)]
        system.execute("update organizations set enabled = true, \"approvedAt\" = now() where slug like 'invited-%'")
        night.walk()
        assert night.state.deviations == ()
        assert night.problem() == ""
        assert night.settled()[-1] == "launch_approved"
    finally:
        night.close()


def test_weeks_2_to_4_are_taken_back_without_putting_anybody_out(system: System, tmp_path: Path):
    before = data(system)
    night = scheduler_night(system, tmp_path, fast=ROLLOUT_FAST)
    try:
        night.walk("send_invitations")
        code = invitations(system)[0]
        given = {"slug": "came-early", "email": "a@came-early.invalid", "password": "none", "invitation": code}
        assert asked(system, "POST", "/api/auth/register", given)[0] == 201
        system.app.faults.broken = True
        night.walk(lambda state: state.fired)
        system.app.faults.broken = False
        night.roll_back("pause", "version 1.0 answers with errors")
        night.walk()
        assert night.settled()[-3:] == ["undo_open_for_invited", "undo_make_invitations", "pause_seen"]
        assert night.problem() == ""
    finally:
        night.close()
    assert system.query("select slug from organizations where \"launchStage\" = 'invited'") == [("came-early",)]
    system.execute("delete from organizations where slug = 'came-early'")
    system.execute("delete from invitations where used")
    assert data(system) == before


def test_month_2_opens_registration_and_closes_it_again(system: System, tmp_path: Path):
    system.execute("update settings set value = 'invited' where key = 'registration'")
    system.execute(
        'insert into organizations (name, slug, enabled, "approvedAt", "launchStage") '
        "select 'I', 'invited-' || n, true, now(), 'invited' from generate_series(1, 10) n"
    )
    before = data(system)
    night = scheduler_night(system, tmp_path, fast=FULL_FAST)
    try:
        night.walk("announce")
        given = {"slug": "anybody", "email": "a@anybody.invalid", "password": "none"}
        assert asked(system, "POST", "/api/auth/register", given)[0] == 201
        assert asked(system, "POST", "/api/auth/login", given)[0] == 403, "until somebody has approved"
        night.walk("launched")
        assert [said["title"] for said in system.beside.sent["mail"]] == ["The scheduler is open"]
        night.roll_back("close_again", "too many at once")
        night.walk()
        assert night.settled()[-2:] == ["undo_open_registration", "closed_seen"]
        assert night.problem() == ""
    finally:
        night.close()
    assert asked(system, "POST", "/api/auth/register", {**given, "slug": "another"})[0] == 403
    system.execute("delete from organizations where slug = 'anybody'")
    assert data(system) == before


def test_every_alert_fires_when_what_it_is_about_happens(system: System, tmp_path: Path):
    interval, hold = 'interval = "{0}s"\ntimeout = "{0}s"\n', 'for = "300ms"\n'
    probes = {"failed_logins": 1, "memory": 3, "approval_wait": 1, "double_bookings": 1, "database_answers": 1}
    more = "".join(f'[[probes]]\nid = "{name}"\n{interval.format(each)}' for name, each in probes.items())
    more += "".join(f'[[triggers]]\nid = "{name}"\n{hold}' for name in ("errors_high", "memory_high", "database_down"))
    night = scheduler_night(system, tmp_path, fast=ROLLOUT_FAST, more=more)
    try:
        night.walk("make_invitations")
        assert night.state.fired == ()
        system.engine.memory_share = 0.81
        wrong = {"email": "anna@praxis-nord.invalid", "password": "a guess"}
        assert {asked(system, "POST", "/api/auth/login", wrong)[0] for _ in range(11)} == {401}
        system.execute(
            "insert into organizations (name, slug, \"createdAt\") values ('W', 'waits', now() - interval '25 hours')"
        )
        system.execute(
            'insert into appointments ("organizationId", "clientId", staff, date, minutes) '
            "select 1, 1, 'dora', date_trunc('day', now()) + interval '400 days', 45 from generate_series(1, 2)"
        )
        noticed = {"memory_high", "brute_force", "approvals_late", "double_booked"}
        until(lambda: {fired.trigger for fired in night.state.fired} >= noticed, "what is to be considered", 30)
        system.app.faults.broken = True
        system.pooler.close()
        everything = noticed | {"errors_high", "application_down", "database_down"}
        until(lambda: {fired.trigger for fired in night.state.fired} == everything, "all of them", 30)
        severities = {fired.trigger for fired in night.state.fired if fired.severity == "immediate"}
        assert severities == everything - noticed
    finally:
        night.close()
