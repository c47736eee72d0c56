"""Who a PostgreSQL target proves to be."""

from __future__ import annotations

import socket
from collections.abc import Callable

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sql_stage import Proxy

from cockpit.actions.targets import identify
from cockpit.profile.model import Target

Sql = Callable[[str], list[tuple[object, ...]]]


def target(dsn: str, **declared: str) -> Target:
    return Target(id="db", kind="postgres", dsn=dsn, **declared)


async def test_a_target_says_who_it_is(database: str, sql: Sql) -> None:
    found = await identify(target(database), 5.0)
    ((name, identifier, version),) = sql(
        "select current_database(), (select system_identifier::text from pg_control_system()), "
        "current_setting('server_version')"
    )
    assert found.verdict == "match", found
    assert found.identity == {
        "database": name,
        "user": "postgres",
        "server_address": "local socket",
        "server_port": "",
        "standby": "false",
        "server_version": version,
        "system_identifier": identifier,
    }
    declared = target(database, database=str(name), system_identifier=str(identifier))
    assert (await identify(declared, 5.0)).verdict == "match"


async def test_another_database_or_cluster_is_a_mismatch(database: str) -> None:
    found = await identify(target(database, database="virtue", system_identifier="7300000000000000000"), 5.0)
    assert found.verdict == "mismatch"
    assert "the profile declares `virtue`" in found.detail
    assert "system identifier is `" in found.detail
    assert "declares `7300000000000000000`" in found.detail


async def test_a_server_that_may_not_be_asked_is_no_match(database: str, sql: Sql) -> None:
    sql("revoke execute on function pg_control_system() from public")
    sql("drop role if exists modest")
    sql("create role modest login password 'hunter22'")
    try:
        dsn = make_conninfo(database, user="modest", password="hunter22")
        assert (await identify(target(dsn), 5.0)).verdict == "match"
        found = await identify(target(dsn, system_identifier="7300000000000000000"), 5.0)
    finally:
        sql("drop role modest")
    assert found.verdict == "mismatch"
    assert "user `modest` may not ask for the system identifier, which the profile declares" in found.detail


async def test_what_cannot_be_reached_is_said_without_the_password() -> None:
    found = await identify(target("postgresql://ana:hunter22@127.0.0.1:1/virtue"), 5.0)
    assert found.verdict == "unreachable"
    assert found.detail.startswith("postgresql://127.0.0.1:1/virtue: ")
    assert "hunter22" not in found.detail
    found = await identify(target("hunter22 is no dsn"), 5.0)
    assert found.verdict == "unreachable"
    assert "hunter22" not in found.detail


async def test_a_server_that_does_not_answer_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system takes connections; nobody answers them
        port = silent.getsockname()[1]
        found = await identify(target(f"host=127.0.0.1 port={port} dbname=virtue user=ana"), 1.0)
    assert found.verdict == "unreachable"
    assert found.detail == f"postgresql://127.0.0.1:{port}/virtue did not answer within 1 s"


async def test_over_tcp_the_servers_own_address_is_told(database: str) -> None:
    proxy = Proxy(database)
    try:
        found = await identify(target(await proxy.start()), 5.0)
    finally:
        await proxy.stop()
    assert found.identity["database"] == conninfo_to_dict(database)["dbname"]
    assert found.identity["server_address"] == "local socket"  # the proxy's far side is one


async def test_asking_leaves_no_connection(database: str, sql: Sql) -> None:
    await identify(target(database), 5.0)
    with psycopg.connect(database) as other:
        left = other.execute("select count(*) from pg_stat_activity where application_name = 'cockpit identity'")
        assert left.fetchone() == (0,)
