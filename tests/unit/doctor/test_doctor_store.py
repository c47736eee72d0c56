"""The way to a store, and what its user could do besides."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cockpit.audit.postgres import judging
from cockpit.audit.postgres.securing import Secured
from cockpit.doctor import store
from cockpit.doctor.findings import Level

WELL = Secured(
    where="db/cockpit",
    user="ana",
    server_version=160004,
    is_local=False,
    tls="TLSv1.3",
    sslmode="verify-full",
    waived="",
    method="scram-sha-256",
    trusting=(),
    may_also=(),
    offset_s=0.01,
    round_trip_s=0.002,
)


def test_a_store_that_is_well_has_nothing_to_mend():
    assert {each.level for each in store.judge(WELL)} == {Level.OK}


@pytest.mark.parametrize(
    ("changes", "id_", "level"),
    [
        ({"tls": ""}, "store.tls", Level.ERROR),
        ({"tls": "", "is_local": True}, "store.tls", Level.OK),
        ({"sslmode": "", "waived": "no authority yet"}, "store.tls", Level.WARNING),
        ({"sslmode": "require"}, "store.tls", Level.WARNING),
        ({"sslmode": "verify-ca"}, "store.tls", Level.WARNING),
        ({"method": "trust"}, "store.login", Level.ERROR),
        ({"method": "trust", "is_local": True}, "store.login", Level.WARNING),
        ({"method": "md5"}, "store.login", Level.ADVICE),
        ({"method": None}, "store.login", Level.UNKNOWN),
        ({"trusting": None}, "store.hba", Level.UNKNOWN),
        ({"trusting": ("4 host all all 0.0.0.0",)}, "store.hba", Level.WARNING),
        ({"may_also": ("cockpit_owner",)}, "store.rights", Level.WARNING),
        ({"may_also": ("CREATEROLE",)}, "store.rights", Level.WARNING),
        ({"server_version": 130010}, "store.version", Level.ERROR),
        ({"round_trip_s": 0.2}, "store.version", Level.ADVICE),
        ({"offset_s": 3.0}, "store.clock", Level.WARNING),
        ({"offset_s": -3.0}, "store.clock", Level.WARNING),
        ({"offset_s": 40.0}, "store.clock", Level.ERROR),
    ],
    ids=[str(number) for number in range(18)],
)
def test_each_thing_is_told_by_itself(changes: dict[str, object], id_: str, level: Level):
    found = {each.id: each for each in store.judge(replace(WELL, **changes))}
    assert found[id_].level is level
    assert {each.level for name, each in found.items() if name != id_} == {Level.OK}
    assert found[id_].cure or level in (Level.OK, Level.UNKNOWN)


def test_a_password_on_the_command_line_is_an_error_and_never_shown():
    dsn = "postgresql://ana:hunter2@db/cockpit"
    [typed] = store.of_string(dsn, is_typed=True)
    [exported] = store.of_string(dsn, is_typed=False)
    assert (typed.level, exported.level) == (Level.ERROR, Level.ERROR)
    assert "(ps)" in typed.why
    assert "COCKPIT_STORE" in "".join(typed.cure)
    assert "hunter2" not in f"{typed}{exported}"
    assert list(store.of_string("postgresql://ana@db/cockpit", is_typed=True)) == []
    assert list(store.of_string("no connection string =", is_typed=True)) == []


def test_what_the_stores_own_judgement_finds_is_taken_over():
    told = [
        judging.Finding(True, "the schema is that of this cockpit"),
        judging.Finding(False, "fsync is off", "set it on"),
    ]
    well, bad = store.of_rules(told)
    assert well.level is Level.OK
    assert (bad.level, bad.found, bad.cure) == (Level.ERROR, "fsync is off", ("# set it on",))
