"""What BN-Aura's runbook would have shown or done, run for real, beside what its profile does instead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from systems.bn_aura import clinics_data
from systems.looking import until
from systems.stage import system_of

from cockpit.demo.bn_aura.app import API_KEY
from cockpit.demo.bn_aura.database import PERSON, PERSON_PASSWORD
from cockpit.demo.bn_aura.releases import PREVIOUS, RELEASE
from cockpit.demo.bn_aura.system import System
from cockpit.profile.kinds import installed
from cockpit.profile.load import load

FOLDER = Path(__file__).parents[3] / "profiles" / "bn-aura"
PROFILE = load(FOLDER / "production.toml", installed()).profile
PROBES = {probe.id: probe for probe in PROFILE.probes}
STEPS = {step.id: step for _, step in PROFILE.every_step()}
CODES = """
CREATE SEQUENCE IF NOT EXISTS customer_code_seq START 1000;
CREATE OR REPLACE FUNCTION generate_customer_code() RETURNS TRIGGER AS $$
BEGIN
  IF NEW.customer_code IS NULL THEN
    NEW.customer_code := 'CUST-' || LPAD(nextval('customer_code_seq')::TEXT, 6, '0');
  END IF;
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;
DROP TRIGGER IF EXISTS set_customer_code ON customers;
CREATE TRIGGER set_customer_code BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION generate_customer_code();
"""
LABEL = """
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM pg_enum WHERE enumlabel = 'beautician'
        AND enumtypid = (SELECT oid FROM pg_type WHERE typname = 'clinic_role')
    ) THEN
        ALTER TYPE clinic_role ADD VALUE IF NOT EXISTS 'beautician';
    END IF;
END
$$;
"""
COLUMN = """
ALTER TABLE sales_commissions ADD COLUMN IF NOT EXISTS workflow_id UUID REFERENCES workflow_states(id);
CREATE INDEX IF NOT EXISTS idx_sales_commissions_workflow_id ON sales_commissions(workflow_id);
"""
BACK = """
DROP TRIGGER IF EXISTS set_customer_code ON customers;
DROP FUNCTION IF EXISTS generate_customer_code();
ALTER TABLE sales_commissions DROP COLUMN IF EXISTS workflow_id;
"""
FORMER = """
create function generate_customer_code() returns trigger language plpgsql as
'begin new.customer_code := coalesce(new.customer_code, ''OLD-'' || floor(random() * 1000000000)); return new; end';
create trigger set_customer_code before insert on customers for each row execute function generate_customer_code();
"""


@pytest.fixture
def system(postgres_dsn: str, tmp_path: Path) -> Iterator[System]:
    with system_of("bn-aura", tmp_path, postgres_dsn) as system:
        yield system


def psql(system: System, script: str) -> int:
    """The exit status of psql for what the runbook has people run."""
    program = shutil.which("psql", path=system.environ["PATH"])
    assert program is not None, "it comes with the server"
    command = [program, "--no-psqlrc", "--quiet", "--file=-", system.dsn]
    return subprocess.run(command, input=script.encode(), capture_output=True, check=False, timeout=60).returncode


def ours(system: System, *names: str) -> None:
    """Scripts of the profile, as their steps run them."""
    for name in names:
        text = (FOLDER / "sql" / f"{name}.sql").read_bytes()
        with psycopg.connect(system.dsn, autocommit=True) as connection:
            if name.startswith("04"):
                do, create = text.split(b"$broken$;")
                connection.execute(do + b"$broken$")
                connection.execute(create)
            else:
                connection.execute(text)


def value(system: System, probe: str) -> Any:
    """What a probe reads."""
    settings = PROBES[probe].settings
    with psycopg.connect(system.dsn, autocommit=True) as connection:
        row = connection.execute(str(settings["query"]).encode()).fetchone()
    assert row is not None
    return row[0]


def new_code(system: System) -> str:
    """The code of a customer whom the owner of the tables enters, as the runbook's test does."""
    return str(
        system.query("insert into customers (clinic_id, name) values (1, 'tried') returning customer_code")[0][0]
    )


def ask(system: System, method: str, path: str, body: dict[str, str] | None = None, token: str = "") -> tuple[int, Any]:
    """The application's answer."""
    headers = {"apikey": API_KEY, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    encoded = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(system.app.url + path, encoded, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def logged_in(system: System, email: str = PERSON, password: str = PERSON_PASSWORD) -> str:
    """Somebody's token."""
    path = "/auth/v1/token?grant_type=password"
    return str(ask(system, "POST", path, {"email": email, "password": password})[1]["access_token"])


def completed(system: System, token: str) -> int:
    """The last status while a customer's workflow is brought to its end."""
    customer = system.query("select id from customers where clinic_id = 1 limit 1")[0][0]
    workflow = ask(system, "POST", "/api/workflows", {"customer_id": str(customer)}, token)[1]["id"]
    return [ask(system, "POST", f"/api/workflows/{workflow}/next", {}, token)[0] for _ in range(3)][-1]


def restart(system: System, release: str) -> None:
    """The services are started anew, as they are."""
    (system.releases / "restart.txt").touch()
    until(lambda: system.app.served.release == release, f"{release} serves")


# ---- the database ------------------------------------------------------------------------------------------------


def test_the_advisors_are_no_command_that_people_have(system: System):
    assert subprocess.run(["bash", "-c", "mcp1_get_advisors"], capture_output=True, check=False).returncode == 127
    found = ("security_off", "search_path_open", "indexes_missing", "indexes_unused")
    assert [value(system, probe) for probe in found] == [0, 1, 1, 6]


def test_psql_ends_well_though_the_label_was_not_added(system: System):
    system.execute("create type auth.clinic_role as enum ('beautician')")
    assert psql(system, LABEL) == 0
    assert value(system, "role_label") == 0
    ours(system, "02_clinic_role")
    assert value(system, "role_label") == 1


def test_a_function_without_a_search_path_counts_by_whichever_sequence_is_nearest(system: System):
    near = "create temp sequence customer_code_seq; insert into customers (clinic_id, name) values (1, 'near')"
    assert psql(system, CODES) == 0
    assert value(system, "search_path_open") == 2, "what the advisors warn of, the runbook brings"
    system.execute(near)
    assert system.query("select customer_code from customers where name = 'near'") == [("CUST-000001",)]
    system.execute("delete from customers where name = 'near'")
    psql(system, BACK)
    ours(system, "01_customer_code")
    assert value(system, "search_path_open") == 1
    system.execute(near)
    assert system.query("select customer_code from customers where name = 'near'") == [("CUST-001003",)]


def test_lpad_cuts_the_seventh_digit_off(system: System):
    assert psql(system, CODES) == 0
    system.execute("select setval('customer_code_seq', 1234566)")
    assert new_code(system) == "CUST-123456"
    ours(system, "01_customer_code")
    assert new_code(system) == "CUST-1234568"


def test_the_first_customer_goes_well_and_the_third_cannot_be_entered(system: System):
    assert psql(system, CODES) == 0
    assert [new_code(system), new_code(system)] == ["CUST-001000", "CUST-001001"]
    assert value(system, "codes_ahead") == 1
    with pytest.raises(psycopg.errors.UniqueViolation):
        new_code(system)
    ours(system, "01_customer_code")
    assert value(system, "codes_ahead") == 0
    assert [new_code(system), new_code(system)] == ["CUST-001003", "CUST-001004"]


def test_what_works_for_the_owner_works_for_no_user(system: System):
    assert psql(system, CODES) == 0
    assert new_code(system) == "CUST-001000"
    token = logged_in(system)
    assert ask(system, "POST", "/api/customers", {"name": "by a user"}, token)[0] == 500
    assert value(system, "takers") == 1
    ours(system, "01_customer_code")
    status, customer = ask(system, "POST", "/api/customers", {"name": "by a user"}, token)
    assert (status, customer["customer_code"]) == (201, "CUST-001003")


def test_a_column_that_is_there_already_stays_without_its_reference(system: System):
    system.execute("alter table sales_commissions add column workflow_id uuid")
    assert psql(system, COLUMN) == 0
    assert value(system, "workflow_column") == 1
    assert value(system, "workflow_reference") == 0
    ours(system, "03_commission_workflow")
    assert value(system, "workflow_reference") == 1


def test_an_index_whose_build_failed_counts_as_there(system: System):
    system.execute("alter table sales_commissions add column workflow_id uuid")
    system.execute("update sales_commissions set workflow_id = '00000000-0000-0000-0000-000000000000'")
    with pytest.raises(psycopg.errors.UniqueViolation):
        system.execute(
            "create unique index concurrently idx_sales_commissions_workflow_id on sales_commissions (workflow_id)"
        )
    system.execute("update sales_commissions set workflow_id = null")
    assert psql(system, COLUMN) == 0
    assert value(system, "workflow_index") == 0
    ours(system, "04_commission_index")
    assert value(system, "workflow_index") == 1
    system.execute("drop index idx_sales_commissions_workflow_id")
    with psycopg.connect(system.dsn) as building:
        building.execute(COLUMN.split(";")[1].encode())  # as it is while a large table is read
        with pytest.raises(psycopg.errors.LockNotAvailable):
            system.execute("set lock_timeout = '200ms'; update sales_commissions set cents = cents")


def test_a_lock_that_is_waited_for_without_end_stops_everybody_behind_it(system: System):
    program = shutil.which("psql", path=system.environ["PATH"])
    assert program is not None
    with psycopg.connect(system.dsn) as reader:
        reader.execute("select count(*) from sales_commissions")  # a transaction that somebody forgot
        with subprocess.Popen([program, "--command", COLUMN, system.dsn], stderr=subprocess.DEVNULL) as waiting:
            until(lambda: system.query("select 1 from pg_locks where not granted"), "the runbook waits")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                system.execute("set lock_timeout = '200ms'; select count(*) from sales_commissions")
            system.execute("select pg_terminate_backend(pid) from pg_locks where not granted")
            waiting.wait()
        until(lambda: not system.query("select 1 from pg_locks where not granted"), "nobody waits")
        script = (FOLDER / "sql" / "03_commission_workflow.sql").read_text()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            system.execute(f"set lock_timeout = '200ms'; {script}")
        system.execute("set lock_timeout = '200ms'; select count(*) from sales_commissions")
    assert STEPS["commission_workflow"].settings["lock_timeout"] == 5.0


def test_the_customer_whom_the_runbook_tries_with_stays_in_production(system: System):
    new_code(system)
    psql(system, BACK)
    assert system.query("select count(*) from customers where name = 'tried'") == [(1,)]
    token = logged_in(system)
    assert ask(system, "POST", "/api/customers", {"name": "cockpit tries 01ABC"}, token)[0] == 201
    assert value(system, "left_of_the_test") == 1
    with psycopg.connect(system.dsn, autocommit=True) as connection:
        for statement in str(STEPS["test_rows_removed"].settings["statements"]).strip().rstrip(";").split(";"):
            connection.execute(statement.encode(), {"run": "01ABC"})
    assert value(system, "left_of_the_test") == 0


def test_what_is_verified_before_the_migration_can_only_be_missing(system: System):
    asked = LABEL.split("NOT EXISTS (")[1].split(") THEN")[0].rpartition(")")[0] + ")"
    assert system.query(asked) == [], "on the list of checks, and brought two chapters later"
    assert (value(system, "foundations"), value(system, "names_taken")) == (5, 0)
    ours(system, "01_customer_code", "02_clinic_role", "03_commission_workflow", "04_commission_index")
    assert system.query(asked) == [(1,)]
    assert value(system, "names_taken") == 6
    assert STEPS["schema_reviewed"].gate == ("names_taken == 0",)
    assert STEPS["clinic_role"].gate == ("role_label == 1",)


def test_a_sequence_that_is_there_already_counts_from_where_it_likes(system: System):
    system.execute("create sequence customer_code_seq")
    assert psql(system, CODES) == 0
    assert new_code(system) == "CUST-000001", "not from 1000"
    assert value(system, "code_sequence") == 0
    psql(system, BACK)
    before = clinics_data(system)
    with pytest.raises(psycopg.errors.RaiseException, match="does not count from 1000"):
        ours(system, "01_customer_code")
    ours(system, "rollback_customer_code")
    assert clinics_data(system) == before, "also the way back leaves it alone"


@pytest.mark.parametrize("state", ["enable", "disable", "enable always"])
def test_what_gave_codes_before_is_gone_after_the_runbooks_way_back(system: System, state: str):
    system.execute(FORMER)
    system.execute(f"alter table customers {state} trigger set_customer_code")
    before = clinics_data(system)
    assert value(system, "names_taken") == 2
    for _ in range(2):
        ours(system, "01_customer_code")
    assert new_code(system) == "CUST-001003"
    assert (value(system, "code_function"), value(system, "code_trigger")) == (1, 1)
    system.execute("delete from customers where name = 'tried'; truncate audit_logs restart identity")
    for _ in range(2):
        ours(system, "rollback_customer_code")
    assert (value(system, "code_function"), value(system, "code_trigger")) == (0, 0), "those are not ours"
    assert clinics_data(system) == before
    assert psql(system, CODES) == psql(system, BACK) == 0
    assert system.query("select to_regprocedure('generate_customer_code()')") == [(None,)]
    assert new_code(system) == "None", "nobody gives codes any more"


def test_who_was_entered_just_before_the_migration_has_no_code_and_nothing_is_wrong(system: System):
    system.execute("insert into customers (clinic_id, name) values (1, 'before')")
    assert value(system, "codes_missing") == 1
    ours(system, "01_customer_code")
    assert value(system, "codes_missing") == 0, "else the way back would be recommended on every busy night"
    system.execute("alter table customers disable trigger set_customer_code")
    new_code(system)
    assert value(system, "codes_missing") == 1


def test_the_runbooks_way_back_loses_the_links_and_ours_keeps_a_copy(system: System, tmp_path: Path):
    psql(system, CODES + LABEL + COLUMN)
    link = """update sales_commissions c set workflow_id = w.id from workflow_states w
               where w.customer_id = c.customer_id and w.state = 'completed'"""
    system.execute(link)
    links = """select c.id::text, c.workflow_id::text from sales_commissions c
                where c.workflow_id is not null order by c.id"""
    before = system.query(links)
    keep = STEPS["ab_links_kept"].settings["script"]
    env = {**os.environ, **system.environ, "URL": system.dsn, "backup": str(tmp_path / "b")}
    command = ["bash", "-euo", "pipefail", "-c", str(keep).replace("$${", "${")]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=60)
    assert psql(system, BACK) == 0
    psql(system, COLUMN)
    assert system.query(links) == [], "no word, and no way to have them again"
    ours(system, "rollback_commission_workflow")
    assert subprocess.run(command, env=env, check=False, capture_output=True, timeout=60).returncode != 0
    kept = [tuple(line.split(",")) for line in (tmp_path / "b.links.csv").read_text().splitlines()[1:]]
    assert kept == before, "also when the step is run once more, the column being gone"
    assert len(kept) > 0


# ---- people ------------------------------------------------------------------------------------------------------


def test_a_password_that_is_reset_leaves_who_is_logged_in_where_they_are(system: System):
    token = logged_in(system, "test@bn-aura.invalid", "test123")
    system.execute("update auth.users set encrypted_password = 'new' where email like 'test%@bn-aura.invalid'")
    assert ask(system, "GET", "/auth/v1/user", token=token)[0] == 200
    pattern = next(each.value for each in PROFILE.variables if each.name == "test_accounts")
    with psycopg.connect(system.dsn, autocommit=True) as connection:
        for statement in str(STEPS["test_accounts_reset"].settings["statements"]).strip().rstrip(";").split(";"):
            connection.execute(statement.encode(), {"pattern": pattern})
    assert ask(system, "GET", "/auth/v1/user", token=token)[0] == 401
    assert ask(system, "GET", "/auth/v1/user", token=logged_in(system))[0] == 200


def test_row_security_that_is_on_need_not_hold(system: System):
    with psycopg.connect(system.dsn) as connection:
        connection.execute("drop policy own_clinic on customers")
        connection.execute("create policy own_clinic on customers to authenticated using (true)")
    assert [value(system, probe) for probe in ("security_off", "exposed", "policies_missing")] == [0, 0, 0]
    with psycopg.connect(system.dsn) as connection:
        cursor = connection.execute(
            (FOLDER / "sql" / "check_access.sql").read_bytes().split(b";")[0], {"person": PERSON}
        )
        cursor = connection.execute(b"set local role authenticated")
        cursor = connection.execute((FOLDER / "sql" / "check_access.sql").read_bytes().split(b";")[-2])
        (customers, commissions, workflows) = cursor.fetchall()
    assert customers == ("customers", 60, 180, 180), "own, of others, of others that should be hidden"
    for place, own, foreign_seen, elsewhere in (commissions, workflows):
        assert own > 0, place
        assert foreign_seen == 0 < elsewhere, place
    for step in ("access_control", "row_security"):
        assert "result.all(row, row.foreign_seen == 0)" in STEPS[step].settings["expect"]  # type: ignore[operator]


def test_an_audit_log_whose_table_is_there_may_note_nothing(system: System):
    system.execute("alter table customers disable trigger audit")
    system.execute("truncate audit_logs")
    new_code(system)
    assert system.query("select to_regclass('audit_logs') is not null") == [(True,)]
    assert value(system, "audit_entries") == 0
    system.execute("alter table customers enable trigger audit")
    new_code(system)
    assert value(system, "audit_entries") == 1


# ---- the code ----------------------------------------------------------------------------------------------------


def test_services_that_were_not_restarted_look_as_healthy_as_before(system: System):
    for name in ("eventBroadcaster.ts", "commissions.ts"):
        shutil.copy(system.releases / RELEASE / name, system.releases / "current" / name)
    status, health = ask(system, "GET", "/api/health")
    assert (status, health["release"], health["broadcaster"]) == (200, PREVIOUS, {"fallback": False})
    assert logged_in(system), "and so login works"
    assert {"release_answers", "fallback"} < set(STEPS["restart"].gate)


def test_one_file_that_is_put_back_leaves_the_other_code(system: System):
    psql(system, CODES + LABEL + COLUMN)
    kept = (system.releases / "current" / "eventBroadcaster.ts").read_text()
    for name in ("eventBroadcaster.ts", "commissions.ts"):
        shutil.copy(system.releases / RELEASE / name, system.releases / "current" / name)
    restart(system, PREVIOUS)
    until(lambda: system.app.served.links_commissions, "the new code")
    psql(system, BACK)
    (system.releases / "current" / "eventBroadcaster.ts").write_text(kept)
    restart(system, PREVIOUS)
    until(lambda: not system.app.served.has_fallback, "the old broadcaster")
    assert ask(system, "GET", "/api/health")[0] == 200
    assert completed(system, logged_in(system)) == 500, "the other code still writes the column"


def test_with_the_database_first_the_new_code_meets_the_old_schema(system: System):
    ours(system, "01_customer_code", "02_clinic_role", "03_commission_workflow", "04_commission_index")
    (system.releases / "current").unlink()
    (system.releases / "current").symlink_to(RELEASE)
    restart(system, RELEASE)
    token = logged_in(system)
    assert completed(system, token) == 200
    (system.releases / "current").unlink()
    (system.releases / "current").symlink_to(PREVIOUS)
    restart(system, PREVIOUS)
    assert completed(system, token) == 200, "code first: the old code does not notice the column"
    (system.releases / "current").unlink()
    (system.releases / "current").symlink_to(RELEASE)
    restart(system, RELEASE)
    psql(system, BACK)
    assert completed(system, token) == 500, "the runbook begins with the database"
    plan = next(plan for plan in PROFILE.rollbacks if plan.id == "all_back")
    assert [phase.id for phase in plan.phases][:2] == ["ab_code", "ab_database"]
    assert plan.phases[1].gate == ("!release_answers",)


def test_an_event_that_realtime_loses_arrives_by_the_fallback_of_the_new_release(system: System):
    system.app.is_realtime_down = True
    token = logged_in(system)
    customer = system.query("select id from customers where clinic_id = 1 limit 1")[0][0]
    seen = {}
    ours(system, "03_commission_workflow")
    for release in (PREVIOUS, RELEASE):
        (system.releases / "current").unlink()
        (system.releases / "current").symlink_to(release)
        restart(system, release)
        workflow = ask(system, "POST", "/api/workflows", {"customer_id": str(customer)}, token)[1]["id"]
        ask(system, "POST", f"/api/workflows/{workflow}/next", {}, token)
        seen[release] = [
            event["via"] for event in ask(system, "GET", f"/api/events?workflow={workflow}&wait=0", None, token)[1]
        ]
    assert seen == {PREVIOUS: [], RELEASE: ["fallback"]}


def test_the_runbooks_way_back_leaves_the_sequence_behind(system: System):
    psql(system, CODES + LABEL + COLUMN)
    psql(system, BACK)
    assert value(system, "code_sequence") == 1
    psql(system, "drop sequence customer_code_seq")
    ours(system, "01_customer_code", "rollback_customer_code")
    assert value(system, "code_sequence") == 0
    assert value(system, "role_label") == 1, "a label cannot be dropped"
    assert STEPS["ab_beauticians"].gate == ("beauticians == 0",)
