"""`command`, `tcp`, `tls`, `env` and `file` against real programs, ports, certificates and files."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
import trustme
from looks import HANGS_S
from probe_reading import KINDS, read
from probe_server import deaf_address

from cockpit.errors import ProbeError
from cockpit.probes.runner import context_of, filled_settings, find_opener
from cockpit.profile.model import Probe

# ---- command ---------------------------------------------------------------------------------------------------------


async def test_a_command_gives_code_output_and_json(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    result = await read(
        "command",
        {"script": "printf '{\"n\": 3}'; pwd >&2; exit 4", "cwd": "sub"},
        base_dir=tmp_path,
        pass_when=("exit_code == 4", "json.n == 3", "stderr.contains('/sub')", "latency_ms > 0.0"),
    )
    assert result.reading.status == "pass", result


async def test_variables_reach_a_command_as_one_argument_and_are_never_run() -> None:
    hostile = "$(kill $PPID) '; exit 7 #"
    result = await read(
        "command",
        {"argv": ["/bin/sh", "-c", 'test "$1" = "$WANTED"', "sh", "${value}"], "env": {"WANTED": "${value}"}},
        values={"value": hostile},
    )
    assert result.reading.status == "pass", result


async def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    began = time.monotonic()
    result = await read(
        "command",
        {"script": "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > child; sleep 60' & wait; sleep 60"},
        base_dir=tmp_path,
        timeout_s=0.5,
    )
    assert time.monotonic() - began < HANGS_S
    assert result.reading.detail == "no answer within 0.5 s"
    gone(int(marker.read_text()))


def gone(pid: int) -> None:
    """It no longer runs; a dead one that nobody collected is gone too."""
    for _ in range(200):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.02)
    raise AssertionError(f"{pid} lives on")


async def test_a_flood_of_output_is_cut_and_does_not_block() -> None:
    result = await read(
        "command", {"script": "head -c 50000000 /dev/zero | tr '\\0' x"}, pass_when=("size(stdout) == 65536",)
    )
    assert result.reading.status == "pass", result


async def test_a_script_that_is_not_what_the_run_began_with_is_not_started(tmp_path: Path) -> None:
    script = tmp_path / "look.sh"
    script.write_text("echo 1\n")
    declared = Probe(id="it", kind="command", settings={"argv": ["sh", "look.sh"]})
    files = {"look.sh": hashlib.sha256(script.read_bytes()).hexdigest(), "other.sh": "0" * 64}
    context = context_of(declared, tmp_path, files)
    runner = await find_opener("command")(filled_settings(declared, KINDS.probes["command"], {}), context)
    assert (await runner.read())["stdout"] == "1\n"
    script.write_text("touch was-run\n")
    with pytest.raises(ProbeError, match=r"`look\.sh` has changed since the run began") as raised:
        await runner.read()
    assert raised.value.hint == "put it back as it was"
    assert not (tmp_path / "was-run").exists()


async def test_a_program_that_is_not_there_is_said() -> None:
    result = await read("command", {"argv": ["no-such-program-here"]})
    assert result.reading.status == "error"
    assert result.reading.detail == "no-such-program-here cannot be started: No such file or directory"


async def test_a_program_that_fails_says_its_last_words(tmp_path: Path) -> None:
    result = await read("command", {"script": "echo fine; echo 'disk is full' >&2; echo >&2; exit 3"})
    assert result.reading.detail == "exit_code == 0 is false: exit_code is 3: disk is full"


async def test_a_folder_that_is_not_there_is_named() -> None:
    result = await read("command", {"argv": ["true"], "cwd": "/no/such/folder"})
    assert result.reading.detail == "true cannot be started in /no/such/folder: No such file or directory"


@pytest.mark.parametrize("leaving", ["sleep 61.7 & ", "setsid sleep 60 & "])
async def test_a_program_that_leaves_another_behind_is_read_at_its_own_end(leaving: str) -> None:
    began = time.monotonic()
    result = await read("command", {"script": f"{leaving} echo started"}, pass_when=("stdout == 'started\\n'",))
    assert time.monotonic() - began < HANGS_S
    assert result.reading.status == "pass", result
    if not leaving.startswith("setsid"):
        assert [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "61.7"]] == []


def test_a_command_that_will_not_end_is_gone_with_the_process_that_asked_for_it(tmp_path: Path) -> None:
    async def interrupted() -> None:
        reading = asyncio.create_task(
            read("command", {"script": "trap '' TERM; echo $$ > pid; while :; do sleep 1; done"}, base_dir=tmp_path)
        )
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.01)
        reading.cancel()

    asyncio.run(interrupted())
    gone(int((tmp_path / "pid").read_text()))


async def test_a_flood_leaves_time_for_others() -> None:
    worst_s, before_s = 0.0, time.process_time()  # of a processor: what a busy machine takes is nobody's fault here
    flood = asyncio.create_task(read("command", {"argv": ["yes"]}, timeout_s=1.0))
    while not flood.done():
        at = time.thread_time()
        await asyncio.sleep(0.01)
        worst_s = max(worst_s, time.thread_time() - at)
    assert (await flood).reading.detail == "no answer within 1 s"
    assert worst_s < 0.3
    assert time.process_time() - before_s < 0.7


# ---- tcp -------------------------------------------------------------------------------------------------------------


async def test_an_open_port_passes_and_a_closed_one_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        opened = await read("tcp", {"host": "127.0.0.1", "port": "${port}"}, values={"port": str(port)})
    closed = await read("tcp", {"host": "127.0.0.1", "port": port})
    assert opened.reading.status == "pass"
    assert closed.reading.status == "fail"
    assert closed.reading.detail == "connected is false: connection refused"


async def test_a_host_that_never_answers_fails_and_says_so() -> None:
    with deaf_address() as (address, port):
        tcp = await read("tcp", {"host": address, "port": port}, timeout_s=1.0)
        tls = await read("tls", {"host": address, "port": port}, timeout_s=1.0)
    assert (tcp.reading.status, tcp.reading.detail) == ("fail", "connected is false: no answer")
    assert (tls.reading.status, tls.reading.detail) == ("error", f"tls://{address}:{port}: no answer from {address}")


# ---- tls -------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def tls_server(certificate: trustme.LeafCert) -> AsyncIterator[int]:
    """Shake hands on a free port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError):  # the probe hangs up without a goodbye
            await reader.read()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    server.get_loop().set_exception_handler(lambda loop, context: None)  # handshakes that a probe refuses
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize(
    ("made", "status", "says"),
    [
        ("good", "pass", ""),
        ("expired", "fail", "trusted is false"),
        ("stranger", "fail", "trusted is false"),
        ("misnamed", "fail", "hostname_ok is false"),
    ],
)
async def test_a_certificate_is_described_whether_it_verifies_or_not(
    tmp_path: Path, made: str, status: str, says: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issuer = trustme.CA() if made == "stranger" else authority
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    leaf = issuer.issue_cert(
        "other.example" if made == "misnamed" else "shop.example", not_after=past if made == "expired" else None
    )
    async with tls_server(leaf) as port:
        settings = {"host": "127.0.0.1", "port": port, "server_name": "shop.example", "ca_file": "ca.pem"}
        result = await read("tls", settings, base_dir=tmp_path)
    assert result.reading.status == status, result
    assert result.reading.detail.startswith(says)
    assert isinstance(result.reading.value, float)
    assert (result.reading.value < 0) == (made == "expired")


async def test_a_port_without_tls_is_an_error() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    result = await read("tls", {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1]})
    server.close()
    assert result.reading.status == "error"
    assert result.reading.detail.endswith(": wrong version number") or "record layer" in result.reading.detail
    assert "[SSL" not in result.reading.detail


# ---- env -------------------------------------------------------------------------------------------------------------


async def test_an_environment_variable_is_described_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_TEST_KEY", "abcdabcd")
    result = await read(
        "env",
        {"name": "COCKPIT_TEST_KEY", "pattern": "[a-d]+", "forbidden": ["changeme"]},
        pass_when=("set", "length == 8", "entropy_bits == 16.0", "matches", "!forbidden"),
    )
    assert result.reading.status == "pass", result
    assert "abcd" not in repr(result.reading)


async def test_a_forbidden_value_fails_and_an_unset_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_TEST_KEY", "ChangeMe")
    forbidden = await read("env", {"name": "COCKPIT_TEST_KEY", "forbidden": ["changeme"]})
    monkeypatch.delenv("COCKPIT_TEST_KEY")
    unset = await read("env", {"name": "COCKPIT_TEST_KEY"})
    assert (forbidden.reading.status, unset.reading.status) == ("fail", "fail")


# ---- file ------------------------------------------------------------------------------------------------------------


async def test_age_size_and_recent_lines_of_a_file_are_facts(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    old, new = now - dt.timedelta(minutes=30), now - dt.timedelta(minutes=2)
    (tmp_path / "app.log").write_text(
        f"{old.isoformat()} ERROR old\n  at somewhere ERROR\n{new.isoformat()} ERROR new\n  trace of ERROR\nfine\n"
    )
    result = await read(
        "file",
        {"path": "app.log", "lines": "ERROR", "within": 300.0},
        base_dir=tmp_path,
        pass_when=(
            "exists",
            "size_bytes > 50",
            "age_s < 60.0",
            "lines_matching == 2",
            "last_line == '  trace of ERROR'",
        ),
    )
    assert result.reading.status == "pass", result


async def test_a_missing_file_a_fifo_and_a_folder_do_not_exist_and_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    missing = await read("file", {"path": "gone"}, base_dir=tmp_path)
    fifo = await read("file", {"path": "fifo"}, base_dir=tmp_path, timeout_s=2.0)
    assert missing.reading.status == "fail"
    assert fifo.reading.status == "fail"
    assert fifo.reading.detail == "exists is false"
    folder = await read("file", {"path": "."}, base_dir=tmp_path)
    assert (folder.reading.status, folder.reading.detail) == ("fail", "exists is false")


async def test_only_the_end_of_a_huge_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / "big.log").open("wb") as file:
        file.truncate(3_000_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast ERROR\n")
    result = await read(
        "file", {"path": "big.log", "lines": "ERROR"}, base_dir=tmp_path, pass_when=("lines_matching == 1",)
    )
    assert result.reading.status == "pass", result
