"""A message step's runner: what it would send, what it sends, and what is kept of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from message_server import message_server
from msgspec.structs import replace

from cockpit.actions.message.runner import RUNNER
from cockpit.actions.runner import DETACH, ActionContext, Output, find_runner
from cockpit.masking.mask import Mask
from cockpit.profile.model import Channel, Template
from cockpit.profile.steps import MessageSettings
from cockpit.run.messages import digest

NOTICE = Template(id="notice", title="Maintenance", body="Tonight at 22:00", to="all users", channel="oncall")


def context(tmp_path: Path, channel: Channel | None, *, rehearsal: bool = False) -> ActionContext:
    return ActionContext(
        action="01J", run_dir=tmp_path, base_dir=tmp_path, rehearsal=rehearsal, mask=Mask({"hook": "s3cret-hook"}),
        settings=MessageSettings(template="notice"), values={"run.id": "01R", "run.environment": "staging"},
        template=NOTICE, channel=channel,
    )  # fmt: skip


async def ended(asked: ActionContext):  # type: ignore[no-untyped-def]  # of `Ending`
    said: list[Output] = []
    return await RUNNER.run(asked, said.append)


def test_it_is_found_by_its_kind() -> None:
    assert find_runner("message") is RUNNER


async def test_what_went_where_is_kept_with_its_digest(tmp_path: Path) -> None:
    async with message_server() as server:
        ending = await ended(context(tmp_path, Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}/ok")))
        assert (ending.outcome, ending.detail) == ("succeeded", "status 200")
        text = "Maintenance\n\nTonight at 22:00"
        assert ending.sent == {"to": "all users", "channel": "oncall", "digest": digest(text)}
        assert server.taken[0][2] == {
            "run": "01R", "environment": "staging", "to": "all users",
            "title": "Maintenance", "text": "Tonight at 22:00",
        }  # fmt: skip


async def test_of_what_was_not_taken_nothing_is_kept_as_sent(tmp_path: Path) -> None:
    async with message_server() as server:
        ending = await ended(context(tmp_path, Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}/down")))
    assert (ending.outcome, ending.sent) == ("failed", {})


async def test_a_rehearsal_sends_nothing(tmp_path: Path) -> None:
    async with message_server() as server:
        asked = context(tmp_path, Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}/ok"), rehearsal=True)
        assert RUNNER.plan(asked).mode == "shown"
        ending = await ended(asked)
        assert (ending.outcome, server.taken) == ("succeeded", [])
        assert ending.detail == "shown only, nothing was sent"


async def test_a_template_without_a_channel_is_to_be_sent_by_hand(tmp_path: Path) -> None:
    asked = context(tmp_path, None)
    assert "by hand" in RUNNER.plan(asked).refusal
    assert (await ended(asked)).outcome == "refused"
    assert RUNNER.plan(context(tmp_path, None, rehearsal=True)).refusal == ""


async def test_what_is_cancelled_on_its_way_may_have_arrived(tmp_path: Path) -> None:
    async with message_server() as server:
        asked = context(tmp_path, Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}/hang"))
        task = asyncio.create_task(ended(asked))
        await server.begun.wait()
        task.cancel()
        ending = await task
    assert ending.outcome == "unknown"
    assert ending.sent["channel"] == "oncall"


async def test_a_keeper_that_leaves_lets_go_of_it_and_the_next_one_knows_nothing_of_it(tmp_path: Path) -> None:
    async with message_server() as server:
        asked = context(tmp_path, Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}/hang"))
        task = asyncio.create_task(ended(asked))
        await server.begun.wait()
        task.cancel(DETACH)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await RUNNER.adopt(asked, lambda output: None) is None


def test_what_is_shown_is_bounded_and_whole_characters(tmp_path: Path) -> None:
    asked = replace(context(tmp_path, None), template=replace(NOTICE, body="é" * 5000))
    assert len(RUNNER.plan(asked).shown.encode()) <= 4096


def test_no_template_is_a_refusal(tmp_path: Path) -> None:
    assert "no template" in RUNNER.plan(replace(context(tmp_path, None), template=None)).refusal
