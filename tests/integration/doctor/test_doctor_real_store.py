"""A real PostgreSQL looked at by a superuser, by a writer, and with a password where none belongs."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from looks import HANGS_S
from psycopg.conninfo import make_conninfo

from cockpit.audit.postgres.installing import WRITER, install
from cockpit.audit.postgres.securing import secured
from cockpit.doctor import store
from cockpit.doctor.findings import Level


@pytest.fixture(scope="module")
def dsn(postgres_dsn: str) -> Iterator[str]:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS doctor")
        admin.execute("CREATE DATABASE doctor")
    own = make_conninfo(postgres_dsn, dbname="doctor")
    install(own)
    with psycopg.connect(own, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS doctor_ana")
        admin.execute(f"CREATE ROLE doctor_ana LOGIN; GRANT {WRITER} TO doctor_ana")
    yield own
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("DROP DATABASE doctor WITH (FORCE)")
        admin.execute("DROP ROLE doctor_ana")


def test_a_superuser_is_an_error_and_a_writer_is_not(dsn: str):
    by_admin = [each.found for each in store.look_at(dsn, is_typed=True) if each.level is Level.ERROR]
    assert any("superuser" in found for found in by_admin)
    writer = make_conninfo(dsn, user="doctor_ana")
    found = {each.id: each for each in store.look_at(writer, is_typed=True)}
    assert "superuser" not in repr(found)
    assert found["store.rights"].level is Level.OK
    assert found["store.tls"].level is Level.OK, "it is a Unix socket"
    assert found["store.hba"].level is Level.UNKNOWN, "a writer may not see the rules"
    assert found["store.clock"].level is Level.OK
    assert abs(secured(writer).offset_s) < HANGS_S


def test_a_writer_who_could_become_the_owner_or_make_roles_is_told(dsn: str):
    writer = make_conninfo(dsn, user="doctor_ana")
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("GRANT cockpit_owner TO doctor_ana; ALTER ROLE doctor_ana CREATEROLE")
        try:
            assert secured(writer).may_also == ("cockpit_owner", "CREATEROLE")
        finally:
            admin.execute("REVOKE cockpit_owner FROM doctor_ana; ALTER ROLE doctor_ana NOCREATEROLE")


def test_how_a_user_logs_in_is_what_the_server_says(dsn: str):
    assert secured(make_conninfo(dsn, user="doctor_ana")).method in ("trust", None)
    rules = secured(dsn).trusting
    assert rules is not None, "an administrator sees them"


def test_a_server_that_does_not_answer_is_an_error_that_shows_no_password(tmp_path):
    dsn = f"postgresql://ana:hunter2@/cockpit?host={tmp_path}"
    found = list(store.look_at(dsn, is_typed=True))
    assert [(each.id, each.level) for each in found] == [
        ("store.password", Level.ERROR),
        ("store.away", Level.ERROR),
    ]
    assert "hunter2" not in repr(found)
