"""BN-Aura's night on a real terminal, by keys alone: to its end, and back when new customers get no code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.bn_aura import FAST, SOON, VALUES, bn_aura_night, clinics_data
from systems.looking import Looking
from systems.stage import evening, resumed, system_of

from cockpit.demo.bn_aura.database import PASSWORD, PERSON_PASSWORD
from cockpit.demo.bn_aura.releases import PREVIOUS, RELEASE
from cockpit.demo.bn_aura.system import System

WHY = "no codes"
pytestmark = pytest.mark.timeout(300)  # a minute on a machine that is busy; more only where it is slow, too


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("bn-aura", tmp_path, postgres_dsn) as system:
        yield system


def is_deployed(system: System, log: Looking) -> None:
    """The run went as it should, and left what it should."""
    assert log.problem() == ""
    assert log.settled() == [step.id for _, step in log.state.profile.steps()]
    assert log.state.profile.production
    assert log.state.deviations == ()
    assert log.bodies("trigger.fired") == []
    assert {body.outcome for body in log.bodies("action.ended")} == {"succeeded"}
    for secret in (PASSWORD, PERSON_PASSWORD, system.environ["BN_AURA_MANAGEMENT_TOKEN"], "/hooks/notice"):
        assert log.holding(secret) == []
    assert [said["title"].split(":")[1].split(" on ")[0] for said in system.beside.sent["notice"]] == [
        " deployment",
        " deployment in two hours",
        " the deployment is complete",
    ]
    assert system.app.served.release == RELEASE
    assert system.backup_path.stat().st_size > 0
    assert system.query("select count(*) from customers where name like 'cockpit%'") == [(0,)]
    assert system.query("select count(*) from auth.users") == [(5,)]
    (code,) = system.query("insert into customers (clinic_id, name) values (2, 'next') returning customer_code")[0]
    assert "CUST-001003" < code < "CUST-001010"


def test_production_is_walked_to_its_end(system: System, tmp_path: Path):
    night = bn_aura_night(system, tmp_path, more='environment = "live"')
    try:
        night.walk(timeout_s=250)
        is_deployed(system, night)
    finally:
        night.close()


@pytest.mark.many  # the keys of its screens are those of the walks that are walked to their ends by keys anyway
def test_production_is_walked_to_its_end_by_keys_alone(system: System, tmp_path: Path):
    with evening(system, tmp_path, profile="bn-aura", fast=FAST, values=VALUES, more='environment = "live"') as run:
        assert run.operator.walk_to_the_end() == 0
        is_deployed(system, run.log)


def test_customers_without_a_code_lead_back_by_keys_alone(system: System, tmp_path: Path):
    night = bn_aura_night(system, tmp_path, more=SOON)
    try:
        night.walk("customer_codes")
        before = clinics_data(system)
        night.walk("row_security")
        system.execute("alter table customers disable trigger set_customer_code")
        system.execute("insert into customers (clinic_id, name) values (3, 'without a code')")
        with resumed(night, why=WHY) as operator:
            operator.terminal.wait_for("New customers get no code")
            assert operator.walk_to_the_end() == 0

        assert [body.trigger for body in night.bodies("trigger.fired")] == ["customers_without_code"]
        chosen = night.bodies("rollback.chosen")
        assert [(body.plan, body.reason) for body in chosen] == [("all_back", WHY)]
        assert night.settled()[-9:] == [
            "ab_test_rows",
            "ab_restart",
            "ab_column",
            "ab_links_kept",
            "ab_drop_column",
            "ab_beauticians",
            "ab_codes",
            "ab_works",
            "ab_notice",
        ]
        assert night.problem() == ""
    finally:
        night.close()
    assert system.app.served.release == PREVIOUS
    assert system.beside.sent["notice"][-1]["title"].endswith("back on the previous version")
    system.execute("delete from customers where name = 'without a code'")
    after = clinics_data(system)
    assert "'beautician'" in after, "PostgreSQL cannot drop a label"
    assert after.replace(",\n    'beautician'", "") == before, "and nothing else is left"
