"""Servers that have to prove who they are: real TLS, over HTTP and before a real PostgreSQL."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from probe_reading import read
from probe_server import probe_server
from psycopg.conninfo import conninfo_to_dict
from tls_front import tls_front

from cockpit.actions.message.channels import send
from cockpit.actions.sql.connecting import connect
from cockpit.audit.postgres import connecting as store
from cockpit.errors import ActionError, StoreAway, StoreFailed
from cockpit.probes.postgres import bounded
from cockpit.profile.model import Channel

NAME = "db.shop.example"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _server(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


# ---- HTTP ----------------------------------------------------------------------------------------------------------


async def test_an_unknown_certificate_is_an_error_and_with_a_reason_a_reading(authority: trustme.CA) -> None:
    async with probe_server(_server(authority, "127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/health"
        refused = await read("http", {"url": url})
        taken = await read("http", {"url": url, "unverified": "self-signed"}, pass_when=("certificate_days > 1.0",))
        seen = len(server.seen)
    assert refused.reading.status == "error"
    assert "its certificate does not verify" in refused.reading.detail
    assert taken.reading.status == "pass", taken
    assert seen == 1, "nothing is sent to whom the probe does not trust"


async def test_the_name_in_a_certificate_is_checked(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with probe_server(_server(authority, "other.example")) as server:
        settings = {"url": f"https://127.0.0.1:{server.port}/health", "ca_file": "ca.pem"}
        result = await read("http", settings, base_dir=tmp_path)
    assert result.reading.status == "error"
    assert "its certificate does not verify" in result.reading.detail


async def test_prometheus_and_webhooks_verify_too_unless_there_is_a_reason(authority: trustme.CA) -> None:
    async with probe_server(_server(authority, "127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}"
        refused = await read("prometheus", {"url": url, "query": "up"})
        taken = await read("prometheus", {"url": url, "query": "up", "unverified": "self-signed"})
        lost = await send(Channel(id="chat", webhook=f"{url}/health"), "title", "text", {})
        sent = await send(Channel(id="chat", webhook=f"{url}/health", unverified="self-signed"), "title", "text", {})
    assert refused.reading.status == "error"
    assert "does not verify" in refused.reading.detail
    assert taken.reading.status == "pass", taken
    assert (lost.outcome, sent.outcome) == ("failed", "succeeded")
    assert "does not verify" in lost.detail


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with probe_server() as proxy, probe_server() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("SSLKEYLOGFILE", "/dev/null")
        result = await read("http", {"url": f"http://127.0.0.1:{server.port}/health"})
        sent = await send(Channel(id="chat", webhook=f"http://127.0.0.1:{server.port}/health"), "title", "text", {})
    assert result.reading.status == "pass", result
    assert sent.ok
    assert proxy.connections == 0


# ---- PostgreSQL ----------------------------------------------------------------------------------------------------


def _dsn(postgres_dsn: str, port: int, name: str = NAME, more: str = "") -> str:
    given = conninfo_to_dict(postgres_dsn)
    return f"host={name} hostaddr=127.0.0.1 port={port} user={given['user']} dbname={given['dbname']} {more}"


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host trusts the authority, as it trusts public ones."""
    authority.cert_pem.write_to_path(tmp_path / "host.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "host.pem"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("trusted")
async def test_a_server_elsewhere_that_proves_who_it_is_is_asked(authority: trustme.CA, postgres_dsn: str) -> None:
    async with tls_front(postgres_dsn, _server(authority, NAME)) as front:
        result = await read("postgres", {"dsn": _dsn(postgres_dsn, front.port)})
        connection = await connect(_dsn(postgres_dsn, front.port), "cockpit test")
        await connection.close()
    assert result.reading.status == "pass", result
    assert front.modes == [True, True]


@pytest.mark.usefixtures("trusted")
async def test_a_server_with_another_name_gets_nothing(authority: trustme.CA, postgres_dsn: str) -> None:
    async with tls_front(postgres_dsn, _server(authority, "other.example")) as front:
        dsn = _dsn(postgres_dsn, front.port)
        result = await read("postgres", {"dsn": dsn})
    assert result.reading.status == "error"
    assert "does not match host name" in result.reading.detail
    assert "has to prove who it is" in result.reading.detail


async def test_an_unknown_authority_and_no_tls_at_all_are_refused_and_taken_for_a_reason(
    authority: trustme.CA, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for tls, said in ((_server(authority, NAME), "certificate verify failed"), (None, "does not support SSL")):
        async with tls_front(postgres_dsn, tls) as front:
            dsn = _dsn(postgres_dsn, front.port)
            refused = await read("postgres", {"dsn": dsn})
            taken = await read("postgres", {"dsn": dsn, "unverified": "a private network"})
            connection = await connect(dsn, "cockpit test", unverified="a private network")
            await connection.close()
        assert refused.reading.status == "error"
        assert said in refused.reading.detail
        assert taken.reading.status == "pass", taken
        assert front.modes == ([True, True] if tls else [False, False]), "the refused one never began"


async def test_a_mode_that_verifies_nothing_is_refused_before_anything_is_sent(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tls_front(postgres_dsn, None) as front:
        dsn = _dsn(postgres_dsn, front.port, more="sslmode=require")
        result = await read("postgres", {"dsn": dsn})
        with pytest.raises(ActionError, match="`sslmode=require` of the connection string does not verify"):
            await connect(dsn, "cockpit test")
        with pytest.raises(StoreFailed, match="`sslmode=require`"):
            store.connected(dsn)
        monkeypatch.setenv("PGSSLMODE", "disable")
        plain = await read("postgres", {"dsn": _dsn(postgres_dsn, front.port)})
    assert "`sslmode=require` of the connection string does not verify the server" in result.reading.detail
    assert "`sslmode=disable` of PGSSLMODE does not verify" in plain.reading.detail
    assert front.modes == []


@pytest.mark.usefixtures("trusted")
async def test_a_store_elsewhere_is_verified_unless_the_environment_says_why_not(
    authority: trustme.CA, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cockpit.probes.threads import in_own_thread

    async with tls_front(postgres_dsn, _server(authority, NAME)) as front:
        (await in_own_thread(lambda: store.connected(_dsn(postgres_dsn, front.port)))).close()
    async with tls_front(postgres_dsn, None) as front:
        dsn = _dsn(postgres_dsn, front.port)
        with pytest.raises(StoreAway, match="does not support SSL") as raised:
            await in_own_thread(lambda: store.connected(dsn))
        assert "COCKPIT_UNVERIFIED_STORE says why not" in raised.value.hint
        assert store.waived(dsn) == ""
        monkeypatch.setenv("COCKPIT_UNVERIFIED_STORE", "a private network")
        (await in_own_thread(lambda: store.connected(dsn))).close()
        assert store.waived(dsn) == "a private network"
        assert store.waived(postgres_dsn) == "", "a socket needs no reason"


async def test_a_row_that_is_too_large_to_hold_ends_the_reading_and_not_the_keeper(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "CHUNK_BYTES", 8 << 20)
    async with tls_front(postgres_dsn, None) as front:
        await _require_bounded(_dsn(postgres_dsn, front.port, name="127.0.0.1"))


async def test_a_row_over_a_unix_socket_is_bounded_as_well(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert conninfo_to_dict(postgres_dsn)["host"].startswith("/")
    monkeypatch.setattr(bounded, "CHUNK_BYTES", 8 << 20)
    await _require_bounded(postgres_dsn)


async def _require_bounded(dsn: str) -> None:
    query = "select repeat('a', 20000000)"
    large = await read("postgres", {"dsn": dsn, "query": query}, timeout_s=20.0)
    rows = "select repeat('a', 200000) from generate_series(1, 80)"
    many = await read("postgres", {"dsn": dsn, "query": rows}, pass_when=("row_count == 80",), timeout_s=20.0)
    assert large.reading.status == "error"
    assert "a row of its answer is larger than 8 MiB" in large.reading.detail
    assert many.reading.status == "pass", many
