"""Virtue's profile says what the runbook says, loads without a warning, and its probes see the system as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from systems.looking import until

from cockpit.demo.virtue.app import NEW_IMAGE
from cockpit.demo.virtue.system import System
from cockpit.probes.oneshot import read_once
from cockpit.profile.check import check
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Profile, Step
from cockpit.profile.steps import CheckpointSettings, MessageSettings, WaitSettings, settings_of
from cockpit.profile.variables import resolve

FOLDER = Path(__file__).parents[3] / "profiles" / "virtue"
PRODUCTION = load(FOLDER / "production.toml", installed()).profile
STEPS = {step.id: step for _, step in PRODUCTION.every_step()}


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    system = System(tmp_path, postgres_dsn)
    for name in ("KUBECONFIG", "KUBECACHEDIR"):
        monkeypatch.setenv(name, system.environ[name])
    yield system
    system.close()


async def readings(system: System) -> dict[str, tuple[str, object]]:
    """Status and value of every probe, as the keeper reads them."""
    profile = load(FOLDER / "staging.toml", installed()).profile
    environ = system.environ
    secrets = {v.name: environ[v.env] for v in profile.variables if v.secret and v.env}
    values = {**resolve(profile, environ, {}), **secrets}
    results = await read_once(profile, installed(), values, FOLDER)
    return {result.probe: (result.reading.status, result.reading.value) for result in results}


def step(name: str) -> Step:
    return STEPS[name]


def minutes(profile: Profile, phase: str) -> float:
    return next(each.estimate_s for each in profile.phases if each.id == phase) / 60


@pytest.mark.parametrize("name", ["base.toml", "staging.toml", "production.toml"])
def test_the_profiles_have_neither_errors_nor_warnings(name: str):
    assert [str(problem) for problem in check([FOLDER / name], installed())] == []


def test_the_three_phases_take_30_15_and_60_minutes():
    assert [minutes(PRODUCTION, phase) for phase in ("database", "application", "validation")] == [30, 15, 60]


def test_waits_and_set_times_are_the_runbooks():
    waits = {
        name: settings_of(step(name), WaitSettings).duration_s for name in ("drained", "watch_admin", "watch_coach")
    }
    assert waits == {"drained": 30, "watch_admin": 300, "watch_coach": 300}
    looks = ("first_30_minutes", "first_4_hours", "first_day")
    delays = {name: settings_of(step(name), CheckpointSettings) for name in looks}
    assert {name: (each.since, each.delay_s) for name, each in delays.items()} == {
        "first_30_minutes": ("maintenance_off", 1800),
        "first_4_hours": ("maintenance_off", 14400),
        "first_day": ("maintenance_off", 86400),
    }
    assert settings_of(step("notice_24h"), MessageSettings).due == "start-24h"


def test_thresholds_are_the_runbooks():
    assert set(step("first_30_minutes").gate) == {
        "login_success > 95.0",
        "response_ms < 2000.0",
        "database_cpu < 80.0",
        "errors < 1.0",
        "log_errors == 0",
    }
    triggers = {trigger.id: (trigger.severity, trigger.when) for trigger in PRODUCTION.triggers}
    assert triggers == {
        "logins_failing": ("immediate", ("login_success < 90.0",)),
        "database_unreachable": ("immediate", ("!database_answers.passing",)),
        "application_unreachable": ("immediate", ("!api.passing",)),
        "data_corrupt": ("immediate", ()),
        "security_exposed": ("immediate", ()),
        "logins_weak": ("consider", ("login_success <= 95.0", "login_success >= 90.0")),
        "api_slow": ("consider", ("response_ms > 5000.0",)),
        "database_busy": ("consider", ("database_cpu > 90.0",)),
        "errors_high": ("consider", ("errors > 5.0",)),
        "complaints": ("consider", ()),
    }


def test_rollback_plans_are_told_apart_by_the_hour():
    plans = {plan.id: plan.when for plan in PRODUCTION.rollbacks}
    assert plans["planned"] == ("since.set_image >= 3600.0",)
    assert plans["emergency"][0].startswith("since.set_image < 3600.0 || ")


def test_whom_to_reach_and_what_is_left_to_do():
    assert [contact.title for contact in PRODUCTION.contacts if contact.order] == ["Engineering manager", "CTO", "CEO"]
    groups: dict[str, int] = {}
    for task in PRODUCTION.tasks:
        groups[task.group] = groups.get(task.group, 0) + 1
    assert groups == {
        "Day 1": 5,
        "Week 1": 5,
        "Month 1": 5,
        "Technical documentation": 4,
        "User documentation": 4,
        "Training material": 4,
    }


def test_nothing_names_a_context_or_a_database_of_its_own():
    for name, each in STEPS.items():
        if each.kind in ("command", "sql"):
            assert each.settings["target"] == ("db" if each.kind == "sql" else "cluster"), name
            assert "--context" not in str(each.settings), name


async def test_before_the_deployment_every_probe_can_be_read_and_none_alarms(system: System):
    seen = await readings(system)
    assert {name for name, (status, _) in seen.items() if status in ("fail", "error")} == set()
    assert {name for name, (status, _) in seen.items() if status == "warn"} == {"coach_dashboard", "organization"}
    values = {name: value for name, (_, value) in seen.items()}
    assert (values["replicas"], values["pods_ready"], values["pods"]) == (3, 3, "some")
    assert (values["users"], values["users_outside"], values["sponsors"], values["coach_assignments"]) == (
        134,
        134,
        12,
        0,
    )
    assert (values["organizations_table"], values["indexes"], values["connection_limit"]) == (0, 0, 40)
    assert (values["image"], values["version"]) == ("virtue-app:previous-stable", "previous-stable")
    assert values["flags"] == "false,false,false"
    assert (values["maintenance"], values["log_errors"], values["statement_statistics"]) == (False, 0, True)


async def test_while_nobody_is_served_the_probes_say_so(system: System):
    system.kubectl("scale", "deployment", "virtue-app", "--replicas=0")
    until(lambda: not system.cluster.pods(ready=False) and not system.connections(), "no pods")
    seen = await readings(system)
    values = {name: value for name, (_, value) in seen.items()}
    assert (values["replicas"], values["pods_ready"], values["pods"]) == (0, 0, "none")
    assert values["application_connections"] == 0
    assert {seen[name][0] for name in ("api", "sign_in")} == {"fail"}
    assert seen["login_success"][0] == "pass", "the monitoring is not a part of the application"


async def test_what_kubectl_could_not_say_opens_no_gate(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "there-is-none"))
    seen = await readings(system)
    assert seen["pods"] == ("fail", "unknown"), "not none"
    assert {seen[name] for name in ("replicas", "log_errors")} == {("fail", None)}, "no value, and no 0"
    assert seen["pods_ready"] == ("fail", 0)
    assert [seen[name][0] for name in ("image", "flags")] == ["fail", "fail"]
    plans = {plan.id: plan.when for plan in PRODUCTION.rollbacks}
    assert "image.passing && " in plans["emergency"][0], "an image that cannot be read is no other image"


def test_a_limit_that_the_server_has_no_room_for_is_refused(system: System):
    statements = str(step("raise_limit").settings["statements"])
    with pytest.raises(psycopg.errors.RaiseException, match="room for 97 connections only"):
        system.execute(statements.replace("%(limit)s", "'98'"))
    system.execute(statements.replace("%(limit)s", "'90'"))
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(90,)]


async def test_figures_beyond_their_thresholds_are_seen(system: System):
    system.app.figures |= {"login_success_percent": 92.0, "error_percent": 5.5, "database_cpu_percent": 85.0}
    system.app.log_lines += ["GET /api/health 200 " + "-" * 900] * 99 + ["TypeError: there is no such relation"]
    system.kubectl("set", "image", "deployment/virtue-app", f"app={NEW_IMAGE}")
    until(lambda: set(system.cluster.pods(ready=False).values()) == {NEW_IMAGE}, "only new pods")
    seen = await readings(system)
    assert {name: seen[name][0] for name in ("login_success", "errors", "database_cpu", "response_ms")} == {
        "login_success": "warn",
        "errors": "fail",
        "database_cpu": "warn",
        "response_ms": "pass",
    }
    assert seen["log_errors"] == ("pass", 3), "one a pod"
    assert seen["image"][1] == NEW_IMAGE
