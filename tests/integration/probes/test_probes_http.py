"""`http` and `prometheus` against a real server on loopback."""

from __future__ import annotations

import resource
import ssl
import time
from pathlib import Path

import pytest
import trustme
from probe_reading import read
from probe_server import probe_server


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
    assert time.monotonic() - began < 3
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
