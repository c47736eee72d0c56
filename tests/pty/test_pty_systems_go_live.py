"""Go-live's checklist on a real terminal, by keys alone: to its end, and back when payments fail after the opening."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.go_live import FAST, VALUES, go_live_night, platform_data, without
from systems.looking import Looking
from systems.stage import evening, resumed, system_of

from cockpit.demo.go_live.database import PASSWORD
from cockpit.demo.go_live.provider import BOOKS, STAGING
from cockpit.demo.go_live.system import System
from cockpit.demo.go_live.vendor import ENOUGH, TOO_STRICT

WHY = "payments fail"
SECRETS = ("MANAGEMENT_TOKEN", "SERVICE_KEY", "SUPER_ADMIN_TOKEN", "OWNER_TOKEN", "PROVIDER_KEY", "NOTICE_URL")
WITHOUT = ("edge_functions", "monitoring", "documentation", "compliance", "acceptance", "verification")
"""Areas that change nothing: the other test walks them."""
pytestmark = pytest.mark.timeout(300)  # a minute on a machine that is busy; more only where it is slow, too


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("go-live", tmp_path, postgres_dsn) as system:
        yield system


def is_open(system: System, log: Looking) -> None:
    """The run went as it should, and left what it should."""
    assert log.problem() == ""
    assert log.settled() == [step.id for _, step in log.state.profile.steps()]
    assert log.state.profile.production
    assert log.state.deviations == ()
    assert log.bodies("trigger.fired") == []
    assert {body.outcome for body in log.bodies("action.ended")} == {"succeeded"}
    for secret in (PASSWORD, *(system.environ[f"GO_LIVE_{name}"] for name in SECRETS)):
        assert log.holding(secret) == []
    reviews = [log.state.steps[name].by for name in ("technical_review", "security_review")]
    assert len({by.user for by in reviews if by}) == 2, "two people"
    assert system.query("select value from platform_settings where key = 'accepting_tenants'") == [("true",)]
    assert system.query("select count(*) from payments where not is_test and status = 'succeeded'") > [(0,)]
    assert [said["title"] for said in system.vendor.sent["notice"]] == ["The platform is open"]
    assert system.vendor.settings["mailer_autoconfirm"] is False
    assert system.vendor.limit == ENOUGH
    assert system.app.gaps() == []


def test_production_is_walked_to_its_end(system: System, tmp_path: Path):
    night = go_live_night(system, tmp_path, more='environment = "live"')
    try:
        night.walk(timeout_s=250)
        is_open(system, night)
    finally:
        night.close()


@pytest.mark.many  # the keys of its screens are those of the walks that are walked to their ends by keys anyway
def test_production_is_walked_to_its_end_by_keys_alone(system: System, tmp_path: Path):
    with evening(system, tmp_path, profile="go-live", fast=FAST, values=VALUES, more='environment = "live"') as run:
        assert run.operator.walk_to_the_end() == 0
        is_open(system, run.log)


def test_payments_that_fail_close_the_platform_and_undo_the_checklist_by_keys_alone(system: System, tmp_path: Path):
    before = platform_data(system)
    night = go_live_night(system, tmp_path, values={"compliance_applies": "not"}, more=without(WITHOUT))
    try:
        night.walk("tell_tenants")
        assert night.settled("not_applicable") == ["compliance_review"]
        system.app.functions.is_failing = True
        with resumed(night, why=WHY, plan="undo the checklist") as operator:
            operator.terminal.wait_for("More than 10 % of the payments fail")
            assert operator.walk_to_the_end() == 0
        (fired,) = night.bodies("trigger.fired")
        assert fired.trigger == "payments_failing"
        chosen = night.bodies("rollback.chosen")
        assert [(body.plan, body.reason) for body in chosen] == [("all_back", WHY)]
        assert night.settled()[-8:] == [
            "ab_shut",
            "ab_settled",
            "undo_rate_limit_eased",
            "undo_endpoints_registered",
            "undo_advisory_locks",
            "ab_locks_gone",
            "ab_as_before",
            "ab_notice",
        ]
        assert night.problem() == ""
    finally:
        night.close()
    assert platform_data(system) == before
    enabled = [each["url"] for each in system.provider.endpoints.values() if each["status"] == "enabled"]
    assert enabled == [STAGING, BOOKS]
    assert system.vendor.limit == TOO_STRICT
    assert system.vendor.settings["mailer_autoconfirm"] is False, "a hole is not opened again"
    assert system.vendor.sent["notice"][-1]["title"] == "The platform is closed for now"
