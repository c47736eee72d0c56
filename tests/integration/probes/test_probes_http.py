"""`http` and `prometheus` against a real server on loopback."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from looks import HANGS_S
from probe_reading import opened, read
from probe_server import deaf_address, probe_server

from cockpit.probes.oneshot import line


async def test_a_healthy_answer_passes_with_its_facts_in_conditions() -> None:
    async with probe_server() as server:
        result = await read(
            "http",
            {"url": f"http://127.0.0.1:{server.port}/health"},
            pass_when=(
                "status == 200",
                "json.ok == true && json.version == '2.0'",
                "headers['content-type'] == 'application/json'",
                "text.contains('2.0') && !truncated",
                "latency_ms >= first_byte_ms && connect_ms > 0.0 && dns_ms >= 0.0 && tls_ms == 0.0",
                "http_version == 'HTTP/1.1' && url.endsWith('/health')",
            ),
        )
    assert result.reading.status == "pass", result
    assert result.reading.value == result.reading.latency_ms
    assert result.reading.unit == "ms"


async def test_a_failing_answer_names_the_condition_and_the_fact() -> None:
    async with probe_server() as server:
        result = await read("http", {"url": f"http://127.0.0.1:{server.port}/down"})
    assert result.reading.status == "fail"
    assert result.reading.detail == "status >= 200 && status < 400 is false: status is 503"


async def test_each_condition_is_judged_and_the_worst_counts() -> None:
    async with probe_server() as server:
        result = await read(
            "http",
            {"url": f"http://127.0.0.1:{server.port}/health"},
            pass_when=("status == 200", "json.missing == 1"),
            warn_when=("latency_ms >= 0.0",),
            fail_when=("status == 500",),
        )
    assert result.reading.status == "error"
    assert [verdict.holds for verdict in result.conditions] == [False, True, None, True]
    assert "missing" in result.reading.detail


async def test_a_warning_is_said_with_its_value() -> None:
    async with probe_server() as server:
        url = f"http://127.0.0.1:{server.port}/health"
        result = await read("http", {"url": url}, warn_when=("status == 200",), value="json.version", unit="v")
    assert result.reading.status == "warn"
    assert result.reading.value == "2.0"


async def test_a_body_of_a_gigabyte_is_not_read_to_its_end() -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with probe_server() as server:
        result = await read(
            "http", {"url": f"http://127.0.0.1:{server.port}/huge"}, pass_when=("truncated", "size(text) == 65536")
        )
        assert server.sent_bytes < 100_000_000
    assert result.reading.status == "pass", result
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 60_000


@pytest.mark.parametrize("path", ["/hang", "/drip"])
async def test_an_answer_that_never_ends_is_an_error_at_the_timeout(path: str) -> None:
    async with probe_server() as server:
        began = time.monotonic()
        result = await read("http", {"url": f"http://127.0.0.1:{server.port}{path}"}, timeout_s=0.4)
    assert time.monotonic() - began < HANGS_S
    assert result.reading.status == "error"
    assert result.reading.detail == "no answer within 0.4 s"


async def test_a_refused_connection_says_so_without_the_secret_in_the_url() -> None:
    result = await read(
        "http",
        {"url": "http://127.0.0.1:1/?token=${token}", "headers": {"x-key": "${token}"}},
        values={"token": "s3cr3t-s3cr3t"},
    )
    assert result.reading.status == "error"
    assert result.reading.detail == "http://127.0.0.1:1: connection refused"


async def test_a_name_that_does_not_resolve_says_so() -> None:
    result = await read("http", {"url": "http://nowhere.invalid/"})
    assert result.reading.status == "error"
    assert "nowhere.invalid does not resolve" in result.reading.detail


async def test_method_headers_body_and_bearer_are_sent() -> None:
    async with probe_server() as server:
        await read(
            "http",
            {
                "url": f"http://127.0.0.1:{server.port}/health",
                "method": "POST",
                "headers": {"X-Team": "${team}"},
                "body": '{"a": "${team}"}',
                "bearer": "${token}",
            },
            values={"team": "ops", "token": "abc"},
        )
    method, _, headers, body = server.seen[0]
    assert (method, headers["x-team"], headers["authorization"], body) == ("POST", "ops", "Bearer abc", b'{"a": "ops"}')


async def test_redirects_are_followed_only_on_the_same_server() -> None:
    async with probe_server() as server:
        base = f"http://127.0.0.1:{server.port}"
        stays = await read("http", {"url": f"{base}/moved"}, pass_when=("status == 302",))
        follows = await read("http", {"url": f"{base}/moved", "follow_redirects": True}, pass_when=("status == 200",))
        leaves = await read("http", {"url": f"{base}/away", "follow_redirects": True})
    assert stays.reading.status == "pass"
    assert follows.reading.status == "pass"
    assert leaves.reading.status == "error"
    assert "another host: http://localhost:1" in leaves.reading.detail


async def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure() -> None:
    async with probe_server() as server:
        runner = await opened("http", {"url": f"http://127.0.0.1:{server.port}/once"})
        answers = [await runner.read() for _ in range(4)]
        await runner.close()
    assert [answer["text"] for answer in answers] == ["once"] * 4
    assert server.connections == 4
    assert len(server.seen) == 7  # each but the first was tried on the kept connection before


async def test_a_server_that_breaks_off_every_time_is_an_error() -> None:
    async with probe_server() as server:
        result = await read("http", {"url": f"http://127.0.0.1:{server.port}/break"})
    assert result.reading.status == "error"
    assert "the server ended the connection without an answer" in result.reading.detail
    assert len(server.seen) == 1


async def test_a_request_that_may_not_be_repeated_is_never_sent_twice() -> None:
    async with probe_server() as server:
        runner = await opened("http", {"url": f"http://127.0.0.1:{server.port}/once", "method": "POST"})
        answers = [await runner.read() for _ in range(3)]
        await runner.close()
    assert [answer["text"] for answer in answers] == ["once"] * 3
    assert len(server.seen) == 3


async def test_connections_are_kept_and_cookies_are_not() -> None:
    async with probe_server() as server:
        runner = await opened("http", {"url": f"http://127.0.0.1:{server.port}/cookie"})
        first, second = await runner.read(), await runner.read()
        await runner.close()
    assert server.connections == 1
    assert isinstance(first["connect_ms"], float)
    assert first["connect_ms"] > 0
    assert second["connect_ms"] == 0.0
    assert all("cookie" not in headers for _, _, headers, _ in server.seen)


async def test_redirects_end_after_five_and_turn_a_post_into_a_get() -> None:
    async with probe_server() as server:
        base = f"http://127.0.0.1:{server.port}"
        circle = await read("http", {"url": f"{base}/circle", "follow_redirects": True}, pass_when=("status == 302",))
        assert len(server.seen) == 6
        posted = {"url": f"{base}/see-other", "method": "POST", "body": "x", "follow_redirects": True, "bearer": "t"}
        seen_other = await read("http", posted, pass_when=("status == 200", "url.endsWith('/health')"))
    assert circle.reading.status == "pass"
    assert seen_other.reading.status == "pass", seen_other
    method, _, headers, body = server.seen[-1]
    assert (method, body, headers["authorization"]) == ("GET", b"", "Bearer t")


async def test_a_token_with_a_line_break_is_refused_without_showing_it() -> None:
    async with probe_server() as server:
        settings = {"url": f"http://127.0.0.1:{server.port}/health", "bearer": "${token}"}
        result = await read("http", settings, values={"token": "s3cr3t-s3cr3t\n"})
    assert result.reading.status == "error"
    assert result.reading.detail.endswith("a header holds a line break or another character that HTTP does not allow")


async def test_a_name_with_a_dead_address_still_reaches_the_living_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with probe_server() as server:
        with deaf_address(server.port) as (deaf, _):
            monkeypatch.setattr(socket, "getaddrinfo", resolving({"shop.test": [deaf, "127.0.0.1"]}))
            settings = {"url": f"http://shop.test:{server.port}/health"}
            result = await read("http", settings, timeout_s=1.0, pass_when=("status == 200", "connect_ms > 300.0"))
            tcp = await read("tcp", {"host": "shop.test", "port": server.port}, timeout_s=1.0)
    assert result.reading.status == "pass", result
    assert tcp.reading.status == "pass", tcp


async def test_a_resolver_that_hangs_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", resolving({"shop.test": ["127.0.0.1"]}, hanging=release))
    async with probe_server() as server:
        lost = [asyncio.create_task(read("http", {"url": f"http://n{n}.hang/"}, timeout_s=1.0)) for n in range(50)]
        await asyncio.sleep(0.1)
        found = await read("http", {"url": f"http://shop.test:{server.port}/health"}, timeout_s=0.8)
        results = await asyncio.gather(*lost)
    release.set()
    assert found.reading.status == "pass", found
    assert {result.reading.detail for result in results} == {"no answer within 1 s"}


def resolving(names: dict[str, list[str]], hanging: threading.Event | None = None) -> Callable[..., list[Any]]:
    """A resolver that knows only these names; those that end in `.hang` wait for the event."""
    real = socket.getaddrinfo

    def look_up(host: str, port: int, **more: Any) -> list[Any]:
        if host.endswith(".hang") and not more.get("flags"):
            assert hanging is not None
            hanging.wait(30)
            raise socket.gaierror("too late")
        if host in names and not more.get("flags"):
            return [found for address in names[host] for found in real(address, port, **more)]
        return real(host, port, **more)

    return look_up


async def test_escape_sequences_in_a_body_come_out_visible() -> None:
    async with probe_server() as server:
        result = await read("http", {"url": f"http://127.0.0.1:{server.port}/escape"}, value="text")
    assert isinstance(result.reading.value, str)
    assert "\x1b" not in result.reading.value
    assert "␛[31mred" in result.reading.value


async def test_https_measures_the_handshake_and_the_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with probe_server(context) as server:
        url = f"https://127.0.0.1:{server.port}/health"
        trusted = await read(
            "http",
            {"url": url, "ca_file": "ca.pem"},
            base_dir=tmp_path,
            pass_when=("tls_ms > 0.0", "certificate_days > 1.0"),
        )
        distrusted = await read("http", {"url": url})
    assert trusted.reading.status == "pass", trusted
    assert distrusted.reading.status == "error"
    assert "certificate does not verify" in distrusted.reading.detail


async def test_with_timings_every_reading_connects_anew_and_tells_its_parts(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with probe_server(context) as server:
        settings = {"url": f"https://127.0.0.1:{server.port}/health", "ca_file": str(tmp_path / "ca.pem")}
        runner = await opened("http", {**settings, "timings": True})
        first, second = await runner.read(), await runner.read()
        await runner.close()
        assert server.connections == 2
        kept = await opened("http", settings)
        await kept.read()
        again = await kept.read()
        await kept.close()
    for facts in (first, second):
        parts = facts["parts"]
        assert isinstance(parts, dict)
        assert list(parts) == ["DNS", "connect", "TLS", "first byte", "total"]
        assert parts["connect"] > 0
        assert parts["TLS"] > 0
        *spent, total = parts.values()
        assert sum(spent) <= total
    assert (again["tls_ms"], again["connect_ms"], "parts" in again) == (0.0, 0.0, False)


async def test_the_parts_of_a_redirected_answer_name_the_redirects() -> None:
    async with probe_server() as server:
        settings = {"url": f"http://127.0.0.1:{server.port}/moved", "follow_redirects": True, "timings": True}
        result = await read("http", settings, pass_when=("redirect_ms > 0.0", "redirect_ms == parts.redirects"))
    assert result.reading.status == "pass", result
    assert [name for name, _ in result.reading.parts][0::5] == ["redirects", "total"]
    assert re.search(r"redirects [\d.]+, DNS [\d.]+, connect [\d.]+, TLS 0\.0, .*total [\d.]+ ms$", line(result))


async def test_prometheus_gives_the_first_sample_and_all_of_them() -> None:
    async with probe_server() as server:
        url = f"http://127.0.0.1:{server.port}"
        conditions = ("value == 1.0", "sample_count == 2", "samples[1].value == 0.0", "age_s < 60.0")
        up = await read("prometheus", {"url": url, "query": "up"}, pass_when=conditions)
        nothing = await read("prometheus", {"url": url, "query": "nothing"})
        not_a_number = await read("prometheus", {"url": url, "query": "0/0"})
        wrong = await read("prometheus", {"url": url, "query": "sum("})
    assert up.reading.status == "pass", up
    assert nothing.reading.status == "fail"
    assert not_a_number.reading.status == "error"
    assert wrong.reading.detail.endswith("refuses the query: parse error at char 1")
