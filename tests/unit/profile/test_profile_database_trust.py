"""How a PostgreSQL server has to prove who it is: decided by what libpq will go by."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.profile.database_trust import is_torn, proof, taken_apart

FULL = "verify-full"


@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ({}, {}),
        ({"host": "/run/postgresql"}, {}),
        ({"host": "localhost"}, {}),
        ({"host": "127.0.0.1,::1"}, {"PGSSLMODE": "disable"}),
        ({"hostaddr": "127.0.0.1"}, {}),
        ({"dbname": "shop"}, {"PGHOST": "/tmp"}),
        ({"host": "@abstract"}, {}),
    ],
    ids=["nothing", "socket", "localhost", "loopback", "hostaddr", "environment", "abstract"],
)
def test_a_server_on_this_machine_needs_no_proof(given: dict[str, str], environ: dict[str, str]) -> None:
    found = proof(given, environ)
    assert (dict(found.added), found.objection, found.is_waived) == ({}, "", False)


@pytest.mark.parametrize(
    ("given", "environ"),
    [
        ({"host": "db.example"}, {}),
        ({"host": "10.0.0.5", "port": "5432"}, {}),
        ({"hostaddr": "10.0.0.5"}, {}),
        ({"host": "db.example", "hostaddr": "127.0.0.1"}, {}),
        ({"host": "localhost", "hostaddr": "10.0.0.5"}, {}),
        ({"host": "/run/postgresql", "hostaddr": "10.0.0.5"}, {}),
        ({"host": "localhost"}, {"PGHOSTADDR": "10.0.0.5"}),
        ({"host": "localhost,db.example"}, {}),
        ({"host": "/tmp,db.example"}, {}),
        ({"dbname": "shop"}, {"PGHOST": "db.example"}),
        ({"dbname": "shop"}, {"PGHOSTADDR": "10.0.0.5"}),
    ],
    ids=[
        "name",
        "address",
        "hostaddr",
        "tunnel",
        "localhost-elsewhere",
        "socket-elsewhere",
        "localhost-by-environment",
        "one-of-two",
        "socket-and-name",
        "environment",
        "environment-address",
    ],
)
def test_a_server_elsewhere_is_verified_where_nothing_is_said(
    given: dict[str, str], environ: dict[str, str], tmp_path: Path
) -> None:
    found = proof(given, {**environ, "HOME": str(tmp_path)})
    assert found.added["sslmode"] == FULL
    assert found.added["sslrootcert"]
    assert found.objection == ""


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "nonsense"])
@pytest.mark.parametrize("place", ["dsn", "environment", "service"])
def test_a_weaker_mode_is_refused_wherever_it_stands_and_allowed_for_a_reason(
    mode: str, place: str, tmp_path: Path
) -> None:
    given, environ = {"host": "db.example", "password": "hunter2hunter2"}, {"HOME": str(tmp_path)}
    if place == "dsn":
        given["sslmode"] = mode
    elif place == "environment":
        environ["PGSSLMODE"] = mode
    else:
        given["service"] = "shop"
        (tmp_path / ".pg_service.conf").write_text(f"[other]\nsslmode=verify-full\n[shop]\n# here\nsslmode={mode}\n")
    found = proof(given, environ)
    assert f"`sslmode={mode}`" in found.objection
    assert "does not verify the server db.example" in found.objection
    assert "hunter2" not in found.objection
    allowed = proof(given, environ, reason="a private network")
    assert (dict(allowed.added), allowed.objection, allowed.is_waived) == ({}, "", True)


def test_a_service_names_the_host_too(tmp_path: Path) -> None:
    (tmp_path / "services").write_text("[shop]\nhost=db.example\n")
    environ = {"HOME": str(tmp_path), "PGSERVICEFILE": str(tmp_path / "services"), "PGSERVICE": "shop"}
    assert proof({"dbname": "shop"}, environ).added["sslmode"] == FULL
    assert proof({"dbname": "shop", "host": "/tmp"}, environ).added == {}


def test_what_the_string_says_counts_before_the_environment_and_authorities_of_ones_own_stay(tmp_path: Path) -> None:
    given = {"host": "db.example", "sslmode": FULL, "sslrootcert": "/etc/ca.pem"}
    assert proof(given, {"PGSSLMODE": "disable", "HOME": str(tmp_path)}) == proof(given, {"HOME": str(tmp_path)})
    assert proof(given, {"HOME": str(tmp_path)}).added == {}
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert dict(proof({"host": "db.example"}, {"HOME": str(tmp_path)}).added) == {"sslmode": FULL}


def test_tls_older_than_1_2_is_raised(tmp_path: Path) -> None:
    given = {"host": "db.example", "ssl_min_protocol_version": "TLSv1"}
    assert proof(given, {"HOME": str(tmp_path)}).added["ssl_min_protocol_version"] == "TLSv1.2"


@pytest.mark.parametrize(
    ("dsn", "host", "mode"),
    [
        ("postgresql://ana@db.example:5433/shop?sslmode=require", "db.example", "require"),
        ("postgres://ana:a%40b@[2001:db8::1]:5432/shop", "2001:db8::1", ""),
        ("postgresql://a:5432,b:5433/shop?sslmode=disable", "a,b", "disable"),
        ("postgresql:///shop?host=/tmp", "/tmp", ""),
        ("postgresql://%2Frun%2Fpg/shop", "/run/pg", ""),
        ("host=db.example sslmode='verify-ca' password='a b\\'c'", "db.example", "verify-ca"),
        ("postgresql://ana:a@b@db.example/shop", "b@db.example", ""),
        ("postgresql://[2001:db8[::1]/shop", "2001:db8[::1", ""),
        ("host=db.e'x sslmode=disable", "db.e'x", "disable"),
        ("host='db'sslmode=disable", "db", "disable"),
        ("host=a\x1cb", "a\x1cb", ""),
        ("nonsense", "", ""),
    ],
)
def test_a_connection_string_is_taken_apart_without_a_driver(dsn: str, host: str, mode: str) -> None:
    found = taken_apart(dsn)
    assert (found.get("host", ""), found.get("sslmode", "")) == (host, mode)


@pytest.mark.parametrize("dsn", ["postgresql://ana:pa@ss@db/shop", "postgres://ana:pa/ss@db/shop"])
def test_a_password_that_libpq_cuts_into_the_host_is_noticed(dsn: str) -> None:
    assert is_torn(dsn)
    assert not is_torn(dsn.replace("pa@ss", "pa%40ss").replace("pa/ss", "pa%2Fss"))


@pytest.mark.parametrize(
    "dsn", ["postgresql://ana@db/shop?application_name=a@b/c", "host=db user=a@b", "postgresql://"]
)
def test_an_at_sign_where_it_belongs_is_none_of_a_password(dsn: str) -> None:
    assert not is_torn(dsn)
