"""Go-live's checklist without a screen: a rehearsal changes nothing, and closing again leaves what was prepared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.go_live import FOLDER, go_live_night, platform_data, script, without
from systems.looking import until
from systems.stage import system_of

from cockpit.demo.go_live.system import System
from cockpit.demo.go_live.vendor import ENOUGH, TOO_STRICT

ONLY_LOOKED_AT = ("edge_functions", "monitoring", "documentation", "compliance", "acceptance", "verification")
"""Areas that change nothing."""


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("go-live", tmp_path, postgres_dsn) as system:
        yield system


def test_a_rehearsal_changes_nothing_outside(system: System, tmp_path: Path):
    before, endpoints = platform_data(system), str(system.provider.endpoints)
    night = go_live_night(system, tmp_path, rehearsal=True, more="production = false\n" + without(ONLY_LOOKED_AT))
    try:
        night.walk()
        assert {body.outcome for body in night.bodies("action.ended")} == {"succeeded"}
    finally:
        night.close()
    assert platform_data(system) == before
    assert str(system.provider.endpoints) == endpoints
    assert system.query("select count(*) from payments") == [(0,)]
    assert (system.vendor.limit, system.vendor.settings["mailer_autoconfirm"]) == (TOO_STRICT, True)
    assert system.vendor.sent == {"notice": [], "alert": []}


def test_an_application_that_is_down_proposes_to_close_again_and_what_was_prepared_stays(
    system: System, tmp_path: Path
):
    system.vendor.limit, system.vendor.settings["mailer_autoconfirm"] = ENOUGH, False
    night = go_live_night(system, tmp_path, more=without(ONLY_LOOKED_AT))
    try:
        night.walk("open")
        assert night.settled("not_applicable") == ["autoconfirm_off", "rate_limit_eased"], "fixes of what is not broken"
        prepared = platform_data(system)
        night.walk("tell_tenants")
        assert platform_data(system) != prepared, "it is open"
        system.app.is_down = True
        until(lambda: "app_unreachable" in str(night.state.fired), "that it is seen")
        until(lambda: night.advice().proposed == "close_again", "that it is proposed")
        night.roll_back("close_again", "it does not answer")
        night.walk()
        assert night.settled()[-3:] == ["ca_shut", "ca_settled", "ca_notice"]
        assert night.problem() == ""
    finally:
        night.close()
    assert platform_data(system) == prepared
    assert system.vendor.sent["notice"][-1]["title"] == "The platform is closed for now"


def test_what_an_earlier_evening_made_stays_when_this_one_goes_back(system: System, tmp_path: Path):
    system.execute((FOLDER / "sql" / "advisory_locks.sql").read_text())
    assert script(system, "webhooks.py", "register", run="an earlier one").returncode == 0
    endpoints, before = str(system.provider.endpoints), platform_data(system)
    areas = ("security", "backup", "performance", "sign_off")
    night = go_live_night(system, tmp_path, more=without((*ONLY_LOOKED_AT, *areas)))
    try:
        night.walk("events_arrive")
        assert night.settled("not_applicable") == ["advisory_locks"]
        night.roll_back("all_back", "another day")
        night.walk(lambda state: state.cursor is not None and state.cursor.phase == "ab_check")
        assert night.settled()[-2:] == ["ab_settled", "undo_endpoints_registered"]
    finally:
        night.close()
    assert (str(system.provider.endpoints), platform_data(system)) == (endpoints, before)
