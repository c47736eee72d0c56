"""BN-Aura's night on its stand-in, with a real keeper: a rehearsal, and the two ends that are not the usual ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from systems.bn_aura import SOON, bn_aura_night, clinics_data
from systems.dumping import dumped
from systems.looking import until
from systems.night import Night
from systems.stage import system_of

from cockpit.demo.bn_aura.releases import PREVIOUS, RELEASE
from cockpit.demo.bn_aura.system import System
from cockpit.run.state import RunState


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("bn-aura", tmp_path, postgres_dsn) as system:
        yield system


@pytest.fixture
def begin(system: System, tmp_path: Path) -> Iterator[Callable[..., Night]]:
    """Begins nights, and ends them."""
    nights: list[Night] = []

    def begin(**options: object) -> Night:
        nights.append(bn_aura_night(system, tmp_path, **options))  # type: ignore[arg-type]
        return nights[-1]

    yield begin
    for night in nights:
        night.close()


def failed(step: str) -> Callable[[RunState], bool]:
    """Whether a step is current whose action failed."""

    def is_so(state: RunState) -> bool:
        at = state.cursor is not None and state.cursor.step == step
        return at and state.action is not None and state.action.status == "failed"

    return is_so


def test_a_release_that_does_not_answer_leads_back_to_the_previous_one(begin: Callable[..., Night], system: System):
    night = begin(more=SOON)
    night.walk("row_security")
    migrated = clinics_data(system)
    system.app.broken_releases.add(RELEASE)
    until(lambda: night.state.fired, "the trigger")
    assert [(each.trigger, each.severity) for each in night.state.fired] == [("api_unreachable", "immediate")]
    assert night.advice().proposed == "code_back"
    night.roll_back("code_back", "nobody can work")
    night.walk()
    assert night.problem() == ""
    assert night.settled()[-5:] == ["cb_test_rows", "cb_restart", "cb_beauticians", "cb_works", "cb_notice"]
    assert system.app.served.release == PREVIOUS
    assert clinics_data(system) == migrated, "the database stays"


def test_a_table_that_somebody_holds_stops_the_migration_and_nobody_else(begin: Callable[..., Night], system: System):
    night = begin(more=f'{SOON}\n[[phases]]\nid = "database"\n\n{HASTY}')
    with psycopg.connect(system.dsn, application_name="a report") as reader:
        night.walk("commission_workflow")
        reader.execute("select count(*) from sales_commissions")
        state = night.walk(failed("commission_workflow"))
        assert state.action is not None
        assert "a report" in state.action.detail + "".join(state.action.tail)
        system.execute("set lock_timeout = '200ms'; select count(*) from sales_commissions")
    assert night.advice().proposed == "all_back"
    night.roll_back("all_back", "it is too late to wait")
    night.walk()
    assert "ab_restart" not in night.settled(), "no code was deployed"
    assert night.state.steps["ab_column"].status != "confirmed", "nor a column made"
    assert system.query("select to_regprocedure('generate_customer_code()')") == [(None,)]


HASTY = """
[[phases.steps]]
id = "commission_workflow"
lock_timeout = "200ms"
"""


def test_a_rehearsal_changes_nothing_outside(begin: Callable[..., Night], system: System):
    before = clinics_data(system), dumped(system.test_dsn)
    night = begin(rehearsal=True)
    night.walk()
    assert night.problem() == ""
    assert (clinics_data(system), dumped(system.test_dsn)) == before
    assert system.query("select count(*) from auth.users where encrypted_password not like 'reset %'") == [(8,)]
    assert system.app.served.release == PREVIOUS
    assert (system.releases / "current").readlink() == Path(PREVIOUS)
    assert not system.backup_path.exists()
    assert system.beside.sent == {"notice": [], "alert": []}
    modes = {body.step: body.mode for body in night.bodies("action.started")}
    assert {step for step, mode in modes.items() if mode == "rolled_back"} == {
        "schema_reviewed",
        "test_accounts_reset",
        "test_accounts_removed",
        "access_control",
        "indexes",
        "customer_codes",
        "commission_workflow",
        "test_rows_removed",
        "row_security",
        "clinics",
    }
    assert {step for step, mode in modes.items() if mode == "dry_run"} == {"backup", "switch_release", "restart"}
    assert "real" not in modes.values()
