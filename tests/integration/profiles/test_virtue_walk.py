"""Virtue's night on its stand-in, with a real keeper, and the ways back from it.

Its end, and the ways back of a validation that fails and of logins that fail, are reached by keys in
tests/pty/test_pty_virtue.py, where the same is asked of the log.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from systems.dumping import dumped
from systems.looking import until
from systems.night import Night
from systems.virtue import failed, is_as_before, virtue_night

from cockpit.demo.virtue.app import NEW_IMAGE
from cockpit.demo.virtue.system import System
from cockpit.run import commands as c
from cockpit.run.arming import suspended_because
from cockpit.session.nudge import probe_now
from cockpit.session.outcomes import Done

pytestmark = pytest.mark.timeout(300)  # of the longest of all nights


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed here")
    system = System(tmp_path, postgres_dsn)
    yield system
    system.close()


@pytest.fixture
def begin(system: System, tmp_path: Path) -> Iterator[Callable[..., Night]]:
    """Begins nights, and ends them."""
    nights: list[Night] = []

    def begin(**options: object) -> Night:
        nights.append(virtue_night(system, tmp_path, **options))
        return nights[-1]

    yield begin
    for night in nights:
        night.close()


def test_a_database_without_a_limit_of_its_own_gets_none(begin: Callable[..., Night], system: System):
    system.execute("alter database virtue connection limit -1")
    night = begin(values={"former_limit": "-1"})
    night.walk("validation_tested")
    assert night.state.steps["raise_limit"].status == "not_applicable"
    assert system.query("select datconnlimit from pg_database where datname = 'virtue'") == [(-1,)]


def test_a_no_go_holds_the_run_before_anything_is_touched(begin: Callable[..., Night], system: System):
    night = begin(values={"go": "no_go"})
    night.walk(lambda state: state.hold is not None)
    assert night.state.values["go"] == "no_go"
    assert system.cluster.changes == []
    assert system.query("select to_regclass('public.organizations')") == [(None,)]


def test_the_planned_outage_alarms_nobody_and_an_unplanned_one_does(begin: Callable[..., Night], system: System):
    night = begin()
    night.walk("migrate_schema")
    until(lambda: night.state.probes["api"].status == "fail", "the outage is seen")
    since = night.state.probes["api"].since
    until(lambda: night.state.last.mono - since.mono > 1.0, "it lasted longer than the trigger waits for")
    trigger = next(each for each in night.state.profile.triggers if each.id == "application_unreachable")
    assert "7 Migrate the database" in suspended_because(night.state, trigger)
    assert night.state.fired == ()
    night.walk("login_works")
    system.app.broken = True
    (fired,) = until(lambda: night.state.fired, "the trigger")
    assert (fired.trigger, fired.severity) == ("application_unreachable", "immediate")
    system.app.broken = False
    until(lambda: night.state.fired[0].is_cleared, "it is over")
    assert isinstance(night.ask(c.AnswerTriggers, reason="a node was restarted; all is well again"), Done)
    night.walk(lambda state: state.cursor is not None and state.cursor.step != "login_works")
    assert [deviation.kind for deviation in night.state.deviations] == ["trigger"]


HOUR = """
[[rollbacks]]
id = "emergency"
when = ["image != 'virtue-app:organizational-model-v1.0' || since.set_image < 0.1"]

[[rollbacks]]
id = "planned"
when = ["since.set_image >= 0.1"]
"""
"""An hour that is over sooner."""


def test_complaints_after_the_hour_lead_back_by_the_planned_way(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    night = begin(more=HOUR)
    night.walk("first_4_hours")
    said = night.bo.submit(night.bo.command(c.RaiseTrigger, trigger="complaints", reason="forty calls in an hour"))
    assert isinstance(said, Done), said
    until(lambda: night.state.fired, "the trigger")
    until(lambda: night.advice().proposed == "planned", "the planned way is proposed")
    night.roll_back("planned", "it costs too many people their evening")
    night.walk()
    assert night.problem() == ""
    assert night.settled()[-12:] == [
        "pl_maintenance_on",
        "pl_scale_down",
        "rollback_backup_id",
        "pl_features_off",
        "pl_image",
        "pl_database",
        "pl_validate",
        "pl_scale_up",
        "pl_maintenance_off",
        "pl_restore_limit",
        "pl_works",
        "pl_notice",
    ]
    assert night.state.values["rollback_backup_id"] == "backup-before-rollback"
    is_as_before(system, before)


def test_the_image_is_set_and_nobody_confirmed_it_the_emergency_way_fits(begin: Callable[..., Night], system: System):
    night = begin()
    night.walk(lambda state: state.action and (state.action.step, state.action.status) == ("set_image", "succeeded"))
    probe_now(night.run_dir, ["image"])
    until(lambda: NEW_IMAGE in str(night.state.probes["image"].reading), "the probe sees the new image")
    until(lambda: night.advice().proposed == "emergency", "the emergency way is proposed")
    assert night.state.plans["planned"] == "blocked"
    assert night.state.steps["set_image"].status == "open"


def test_a_rollout_whose_pods_never_become_ready_leads_back(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    system.cluster.never_ready.add(NEW_IMAGE)
    night = begin(more=IMPATIENT)
    night.walk(failed("rollout"))
    night.roll_back("emergency", "the new pods do not start")
    night.walk()
    assert night.settled()[-9:-7] == ["em_scale_down", "em_undo_image"]
    is_as_before(system, before)


IMPATIENT = """
[[phases]]
id = "application"

[[phases.steps]]
id = "rollout"
argv = ["kubectl", "rollout", "status", "deployment/virtue-app", "--timeout=1s"]
"""


def test_a_rehearsal_changes_nothing_outside(begin: Callable[..., Night], system: System):
    before = dumped(system.dsn)
    night = begin(rehearsal=True)
    night.walk()
    assert night.problem() == ""
    is_as_before(system, before)
    assert system.cluster.changes == []
    assert system.app.sent == {"mail": [], "alert": []}
    modes = {body.step: body.mode for body in night.bodies("action.started")}
    shown = {"migrate_data", "migrate_indexes", "validate", "notice_24h", "notice_complete"}
    rolled_back = {"raise_limit", "migrate_schema", "slow_statements", "table_use"}
    assert {step for step, mode in modes.items() if mode == "shown"} == shown
    assert {step for step, mode in modes.items() if mode == "rolled_back"} == rolled_back
    assert {mode for step, mode in modes.items() if step not in shown | rolled_back} == {"dry_run"}
