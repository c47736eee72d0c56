"""All probes of a profile without a run: once, or watched."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from probe_reading import KINDS
from probe_server import probe_server

from cockpit.probes.oneshot import Result, as_json, exit_is_good, line, read_once, watching
from cockpit.profile.model import Probe, Profile, Variable


def profile(port: int) -> Profile:
    """Probes that pass, fail, warn and cannot be read."""
    url = f"http://127.0.0.1:{port}"
    return Profile(
        id="x",
        environment="test",
        variables=(Variable(name="token", env="TOKEN", secret=True),),
        probes=(
            Probe(id="well", kind="http", settings={"url": f"{url}/health"}, interval_s=0.2, value="status"),
            Probe(id="down", kind="http", settings={"url": f"{url}/down"}, interval_s=0.2, on_demand=True),
            Probe(
                id="slow", kind="http", settings={"url": f"{url}/health"}, interval_s=60.0, warn_when=("status == 200",)
            ),
            Probe(id="lost", kind="http", settings={"url": "${nowhere}/x"}),
            Probe(id="alien", kind="teleport"),
            Probe(
                id="echo",
                kind="command",
                settings={"argv": ["echo", "it is ${token}"]},
                value="stdout",
                fail_when=("stdout != ''",),
            ),
        ),
    )


async def test_every_probe_is_read_once_in_the_order_of_the_profile() -> None:
    async with probe_server() as server:
        results = await read_once(profile(server.port), KINDS, {"token": "s3cr3t"}, Path())
        assert len(server.seen) == 3
    assert [(each.probe, each.reading.status) for each in results] == [
        ("well", "pass"), ("down", "fail"), ("slow", "warn"), ("lost", "error"), ("alien", "error"), ("echo", "fail"),
    ]  # fmt: skip
    assert not exit_is_good(results)
    assert exit_is_good([results[0], results[2]])


async def test_a_result_is_one_line_of_text_or_of_json() -> None:
    async with probe_server() as server:
        results = await read_once(profile(server.port), KINDS, {"token": "s3cr3t"}, Path())
    lines = [line(each) for each in results]
    assert lines[0].split()[:4] == ["✔", "pass", "well", "200"]
    assert lines[1].startswith("✖ fail   down ")
    assert lines[1].endswith("status >= 200 && status < 400 is false: status is 503")
    assert "variable `nowhere` has no value" in lines[3]
    assert "no plug-in for kind `teleport`" in lines[4]
    told = [json.loads(as_json(each)) for each in results]
    assert told[1]["reading"]["status"] == "fail"
    assert told[1]["conditions"][0] == {
        "condition": "status >= 200 && status < 400", "holds": False, "detail": "status is 503",
    }  # fmt: skip


async def test_a_secret_that_a_program_prints_is_masked_everywhere() -> None:
    async with probe_server() as server:
        results = await read_once(profile(server.port), KINDS, {"token": "s3cr3t"}, Path())
    echo = results[-1]
    assert echo.reading.value == "it is ‹secret token›␊"
    assert "s3cr3t" not in line(echo)
    assert "s3cr3t" not in as_json(echo)


async def test_watching_shows_each_probe_at_once_and_then_on_its_interval() -> None:
    shown: list[Result] = []
    async with probe_server() as server:
        task = asyncio.create_task(watching(profile(server.port), KINDS, {"token": "x"}, Path(), shown.append))
        async with asyncio.timeout(10):
            while sum(each.probe == "well" for each in shown) < 4:  # noqa: ASYNC110 - readings come as they come
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert {each.probe for each in shown} == {"well", "down", "slow", "lost", "alien", "echo"}
    assert sum(each.probe == "down" for each in shown) == 1


async def test_watching_ends_when_nobody_reads_it() -> None:
    def show(result: Result) -> None:
        if result.probe == "well":
            raise BrokenPipeError

    async with probe_server() as server, asyncio.timeout(10):
        with pytest.raises(BrokenPipeError):
            await watching(profile(server.port), KINDS, {"token": "x"}, Path(), show)


async def test_no_probe_is_no_result() -> None:
    assert await read_once(Profile(id="x", environment="test"), KINDS, {}, Path()) == []
