"""The desk at the moments that no process can be brought to on purpose: between the intent and the deed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from cockpit.actions.runner import ActionContext, Ending, OnOutput, Planned
from cockpit.audit.clock import now
from cockpit.keeper.acting import Doing
from cockpit.keeper.desk import Desk
from cockpit.masking.mask import Mask
from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.model import Phase, Profile, Step
from cockpit.run import events as e
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY

ANA = e.Actor("ana", "here")
ORDER = e.ActionRequested(action="A", step="act", attempt=1, epoch=2)


class Runner:
    """Does nothing, and says how often it was asked to."""

    def __init__(self) -> None:
        self.runs = 0

    def plan(self, context: ActionContext) -> Planned:
        return Planned(shown="it")

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        self.runs += 1
        return Ending(outcome="succeeded")

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        return None


class Values:
    mask = Mask({})


class Shop:
    """A workshop that needs no plug-in."""

    def __init__(self, folder: Path, runner: Runner) -> None:
        self.run_dir = self.base_dir = folder
        self.values, self._runner = Values(), runner

    def make(self, action: str, step: Any, state: Any, **more: Any) -> Doing:
        kind = StepKind(name="it", doc="", settings=Settings, behaviour="action")
        context = ActionContext(
            action=action, run_dir=self.run_dir, base_dir=self.base_dir, settings=Settings(), mask=Mask({})
        )
        return Doing(step=step, kind=kind, runner=self._runner, context=context)


class Room:
    """A keeper whose disk takes its time."""

    def __init__(self) -> None:
        act = Step(id="act", title="Act", kind="it", behaviour="action")
        profile = Profile(id="shop", environment="staging", phases=(Phase(id="one", title="One", steps=(act,)),))
        self.actor, self.epoch, self.state, self._seq = ANA, 2, EMPTY, 0
        self.told: list[e.Body] = []
        self.is_asked, self.is_written = asyncio.Event(), asyncio.Event()
        self.reads(e.RunStarted(profile=profile, profile_digest="", sources=(), cockpit_version="1"))

    def reads(self, body: e.Body) -> e.Event:
        """The log was read further."""
        self._seq += 1
        event = e.Event(self._seq, str(self._seq), body.type, body.is_fact, now(), ANA, body, "R")
        self.state = evolve(self.state, event)
        return event

    def tell(self, *bodies: e.Body) -> None:
        self.told += bodies

    async def durable(self, body: e.Body) -> None:
        self.is_asked.set()
        await self.is_written.wait()
        self.told.append(body)


class Case(Struct):
    desk: Desk
    room: Room
    runner: Runner

    def order(self) -> None:
        """Somebody presses r at this moment."""
        self.desk.take(self.room.reads(ORDER))


def case(folder: Path) -> Case:
    async def no_objection(target: str) -> str:
        return ""

    def fail(error: Exception) -> None:
        raise error

    runner, room = Runner(), Room()
    desk = Desk(room, Shop(folder, runner), no_objection, fail)  # type: ignore[arg-type] # as far as a desk looks
    return Case(desk, room, runner)


async def test_what_a_keeper_intended_when_it_was_to_end_is_not_begun(tmp_path: Path) -> None:
    it = case(tmp_path)
    it.order()
    await it.room.is_asked.wait()
    closing = asyncio.create_task(it.desk.close())
    await asyncio.sleep(0)
    it.room.is_written.set()
    assert await closing
    assert it.runner.runs == 0
    assert [(type(body).__name__, getattr(body, "outcome", "")) for body in it.room.told] == [
        ("ActionStarted", ""),
        ("ActionEnded", "cancelled"),
    ]


async def test_what_could_not_be_written_until_nobody_looks_at_it_any_more_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.keeper.desk.LATEST_S", 0.0)
    it = case(tmp_path)
    it.order()
    await it.room.is_asked.wait()
    it.room.is_written.set()  # the database is back
    while it.desk.is_busy:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.001)
    assert it.runner.runs == 0
    ended = it.room.told[-1]
    assert isinstance(ended, e.ActionEnded)
    assert (ended.outcome, ended.nothing_done) == ("lapsed", True)
    assert ended.detail.endswith("nothing was done, press again")


async def test_an_intent_that_still_waits_when_its_keeper_is_to_end_is_followed_by_word_that_nothing_was_done(
    tmp_path: Path,
) -> None:
    it = case(tmp_path)
    it.order()
    await it.room.is_asked.wait()
    assert await it.desk.close()
    assert [(type(body).__name__, getattr(body, "outcome", "")) for body in it.room.told] == [
        ("ActionEnded", "cancelled")
    ]
    assert it.runner.runs == 0


async def test_an_order_that_comes_while_a_keeper_begins_is_not_said_to_be_an_earlier_ones(tmp_path: Path) -> None:
    it = case(tmp_path)
    it.room.is_written.set()
    it.order()
    it.desk.begin()
    while it.desk.is_busy:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.001)
    assert it.runner.runs == 1
    assert [getattr(body, "outcome", "") for body in it.room.told] == ["", "succeeded"]
