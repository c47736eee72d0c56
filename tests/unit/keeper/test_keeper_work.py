"""One action under way: it ends with an ending, whatever its runner does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cockpit.actions.runner import DETACH, Ending, Output
from cockpit.keeper import work as module
from cockpit.keeper.work import Work
from cockpit.run.events import ActionOutput, Body


class Told(list[Body]):
    """What a work tells."""

    @property
    def text(self) -> str:
        return "".join(body.text for body in self if isinstance(body, ActionOutput))


def begun(told: Told | None = None) -> Work:
    return Work("A", "act", (told if told is not None else Told()).append, lambda text: text.replace("secret", "***"))


async def ticking(work: Work) -> None:
    while True:
        work.look()
        await asyncio.sleep(0.005)


async def end_of(work: Work, doing: Callable[[], Awaitable[Ending | None]], limit_s: float = 60.0) -> Ending | None:
    async def do() -> Ending | None:
        return await doing()

    ticks = asyncio.create_task(ticking(work))
    try:
        return await work.end_of(do(), limit_s)
    finally:
        ticks.cancel()


async def for_ever() -> Ending:
    await asyncio.Event().wait()
    return Ending(outcome="succeeded")


async def stopped_in_order() -> Ending:
    try:
        return await for_ever()
    except asyncio.CancelledError:
        return Ending(outcome="cancelled", detail="the child was ended")


async def stubborn() -> Ending:
    while True:
        try:
            return await for_ever()
        except asyncio.CancelledError:
            if asyncio.current_task() in left:
                raise


left: set[asyncio.Task[object] | None] = set()


async def test_what_a_runner_hands_back_is_the_ending() -> None:
    async def quick() -> Ending:
        return Ending(outcome="failed", exit_code=3)

    assert await end_of(begun(), quick) == Ending(outcome="failed", exit_code=3)


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3), asyncio.CancelledError()])
async def test_a_runner_that_raises_leaves_open_what_was_done(error: BaseException) -> None:
    async def raising() -> Ending:
        raise error

    ending = await end_of(begun(), raising)
    assert ending is not None
    assert ending.outcome == "unknown"


@pytest.mark.parametrize("doing", [for_ever, stopped_in_order])
async def test_a_runner_that_is_stopped_ends_cancelled(doing: Callable[[], Awaitable[Ending]]) -> None:
    work = begun()
    asyncio.get_running_loop().call_later(0.02, work.stop)
    ending = await end_of(work, doing)
    assert ending is not None
    assert ending.outcome == "cancelled"


@pytest.mark.parametrize("doing", [for_ever, stopped_in_order])
async def test_what_takes_longer_than_its_limit_is_stopped_from_here(
    doing: Callable[[], Awaitable[Ending]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.01)
    ending = await end_of(begun(), doing, 0.02)
    assert ending is not None
    assert ending.outcome == "timed_out"
    assert ending.detail in ("no end within 0.02 s", "the child was ended")


async def test_a_runner_that_does_not_stop_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.02)
    work = begun()
    asyncio.get_running_loop().call_later(0.02, work.stop)
    ending = await end_of(work, stubborn)
    assert ending is not None
    assert ending.outcome == "unknown"
    assert "did not stop within" in ending.detail
    left.update(task for task in asyncio.all_tasks() if task is not asyncio.current_task())


async def test_what_an_adoption_does_not_know_stays_unknown_to_it() -> None:
    async def nothing() -> None:
        return None

    assert await end_of(begun(), nothing) is None


async def test_what_was_begun_before_is_stopped_by_its_runner_even_if_that_had_not_begun_to_watch() -> None:
    work = begun()
    ended = asyncio.create_task(work.end_of(stopped_in_order(), 60.0, is_adopted=True))
    asyncio.get_running_loop().call_soon(work.stop)  # after the task is made, before it runs
    assert await ended == Ending(outcome="cancelled", detail="the child was ended")


async def test_a_runner_that_was_stopped_while_it_found_out_leaves_open_how_it_ended() -> None:
    work = begun()
    asyncio.get_running_loop().call_later(0.02, work.stop)
    ending = await work.end_of(for_ever(), 60.0, is_adopted=True)
    assert ending is not None
    assert ending.outcome == "unknown"


async def test_letting_go_says_so_to_the_runner() -> None:
    heard: list[object] = []
    has_begun = asyncio.Event()

    async def listening() -> Ending:
        has_begun.set()
        try:
            return await for_ever()
        except asyncio.CancelledError as error:
            heard.extend(error.args)
            raise

    work = begun()
    ended = asyncio.create_task(end_of(work, listening))
    await has_begun.wait()
    assert await work.detach(5.0)
    assert heard == [DETACH]
    await ended


async def test_output_is_told_in_order_and_masked_from_whichever_thread_it_comes() -> None:
    told = Told()
    work = begun(told)

    async def talking() -> Ending:
        work.on_output(Output(text="one\n"))
        await asyncio.to_thread(work.on_output, Output(text="two secret\n"))
        work.on_output(Output(text="three\n"))
        return Ending(outcome="succeeded")

    await end_of(work, talking)
    assert told.text == "one\ntwo ***\nthree\n"
