"""The schedule: deadlines, no overlap, timeouts that hold; and the debouncing of failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from looks import HANGS_S, PATIENCE_S

from cockpit.errors import ProbeError
from cockpit.probes.reading import Debounce, Judge, Judgement
from cockpit.probes.runner import Facts
from cockpit.probes.scheduler import Scheduler, Watched
from cockpit.profile.kinds import Fact, ProbeKind, Settings
from cockpit.profile.model import Probe

KIND = ProbeKind(
    name="fake",
    doc="",
    settings=Settings,
    facts=(Fact("n", "int"),),
    default_pass=("n >= 0",),
    default_value="n",
)


class Fake:
    """A runner that does what it is told."""

    def __init__(self, act: Callable[[int], Awaitable[int]]) -> None:
        self.act = act
        self.reads: list[float] = []
        self.running = 0
        self.overlapped = False
        self.closed = False
        self.opened = 0

    async def open(self) -> Fake:
        self.opened += 1
        return self

    async def read(self) -> Facts:
        self.reads.append(time.monotonic())
        self.overlapped |= self.running > 0
        self.running += 1
        try:
            return {"n": await self.act(len(self.reads))}
        finally:
            self.running -= 1

    async def close(self) -> None:
        self.closed = True


def watched(
    fake: Fake, name: str = "it", *, interval_s: float = 0.05, timeout_s: float = 0.2, **more: object
) -> Watched:
    probe = Probe(id=name, kind="fake", interval_s=interval_s, timeout_s=timeout_s, **more)  # type: ignore[arg-type]
    return Watched(probe, Judge(probe, KIND), lambda: asyncio.ensure_future(fake.open()))


async def at_once(n: int) -> int:
    return n


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_probes_of_one_interval_are_spread_over_it_and_keep_their_deadlines() -> None:
    fakes = [Fake(at_once) for _ in range(4)]
    schedule = Scheduler([watched(f, f"p{k}", interval_s=0.2) for k, f in enumerate(fakes)], lambda j: None)
    schedule.start()
    await until(lambda: all(len(f.reads) >= 4 for f in fakes))
    await schedule.close()
    starts = [f.reads[0] - fakes[0].reads[0] for f in fakes]
    assert starts == sorted(starts)
    assert starts[3] > 0.1
    assert all(f.closed for f in fakes)


async def test_a_slow_reading_skips_ticks_and_never_overlaps() -> None:
    async def slow(n: int) -> int:
        await asyncio.sleep(0.12)
        return n

    fake = Fake(slow)
    schedule = Scheduler([watched(fake, interval_s=0.05)], lambda j: None)
    schedule.start()
    await until(lambda: len(fake.reads) >= 4)
    await schedule.close()
    assert not fake.overlapped
    assert schedule.missed >= 3


async def test_a_reading_that_ignores_its_cancellation_is_left_behind_and_read_anew() -> None:
    release = asyncio.Event()

    async def deaf(n: int) -> int:
        while n == 1 and not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return n

    fake, other = Fake(deaf), Fake(at_once)
    readings: list[Judgement] = []
    schedule = Scheduler([watched(fake, timeout_s=0.1), watched(other, "other", interval_s=0.02)], readings.append)
    schedule.start()
    await until(lambda: fake.opened == 2)
    assert len(other.reads) > 10, "the other probe was delayed"
    first = next(j.reading for j in readings if j.reading.probe == "it")
    assert (first.status, first.detail) == ("error", "no answer within 0.1 s")
    release.set()
    await schedule.close()


async def test_a_runner_that_raises_anything_gives_an_error_and_stops_nobody() -> None:
    async def broken(n: int) -> int:
        if n == 1:
            raise ProbeError("it is away")
        raise KeyError("surprise \x1b[31m")

    fake = Fake(broken)
    readings: list[Judgement] = []
    schedule = Scheduler([watched(fake)], readings.append)
    schedule.start()
    await until(lambda: len(readings) >= 2)
    await schedule.close()
    assert readings[0].reading.detail == "it is away"
    assert readings[1].reading.detail == "the probe's own code failed: KeyError: 'surprise \\x1b[31m'"


async def test_a_probe_on_demand_is_read_only_when_asked_and_again_if_asked_meanwhile() -> None:
    gate = asyncio.Event()

    async def waits(n: int) -> int:
        await gate.wait()
        return n

    fake = Fake(waits)
    schedule = Scheduler([watched(fake, on_demand=True, timeout_s=5.0)], lambda j: None)
    schedule.start()
    await asyncio.sleep(0.1)
    assert fake.reads == []
    schedule.probe_now(["it", "unknown"])
    await until(lambda: len(fake.reads) == 1)
    schedule.probe_now(["it"])
    schedule.probe_now(["it"])
    gate.set()
    await until(lambda: len(fake.reads) == 2)
    await asyncio.sleep(0.05)
    await schedule.close()
    assert len(fake.reads) == 2


async def test_a_runner_that_gives_up_by_cancelling_itself_is_read_again() -> None:
    async def gives_up(n: int) -> int:
        if n == 1:
            raise asyncio.CancelledError
        if n == 2:
            raise SystemExit(3)
        return n

    readings: list[Judgement] = []
    schedule = Scheduler([watched(Fake(gives_up))], readings.append)
    schedule.start()
    await until(lambda: len(readings) >= 3)
    await schedule.close()
    assert [j.reading.status for j in readings[:3]] == ["error", "error", "pass"]
    assert readings[0].reading.detail == "the probe's own code gave up: it was cancelled"
    assert readings[1].reading.detail.endswith("it asked this process to exit (3)")


async def test_a_runner_left_behind_is_closed_once_it_stops_and_its_late_opening_is_not_used() -> None:
    release = asyncio.Event()
    opened: list[Fake] = []

    async def slow_opening() -> Fake:
        opened.append(Fake(at_once))
        mine = opened[-1]
        while len(opened) == 1 and not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return mine

    each = msgspec.structs.replace(
        watched(Fake(at_once), timeout_s=0.05), open=lambda: asyncio.ensure_future(slow_opening())
    )
    schedule = Scheduler([each], lambda j: None)
    schedule.start()
    await until(lambda: len(opened) == 2 and len(opened[1].reads) >= 2)
    release.set()
    await until(lambda: opened[0].closed)
    assert opened[0].reads == []
    assert not opened[1].closed
    await schedule.close()
    assert opened[1].closed


async def test_closing_waits_for_a_reading_to_clean_up_but_not_for_ever() -> None:
    cleaned = False

    async def tidy(n: int) -> int:
        nonlocal cleaned
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            cleaned = True
        return n

    fake = Fake(tidy)
    schedule = Scheduler([watched(fake, timeout_s=30.0)], lambda j: None)
    schedule.start()
    await until(lambda: len(fake.reads) == 1)
    await schedule.close()
    assert cleaned
    assert fake.closed


def test_a_reading_that_never_stops_does_not_keep_the_process() -> None:
    async def deaf(n: int) -> int:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    async def night() -> None:
        readings: list[Judgement] = []
        schedule = Scheduler([watched(Fake(deaf), timeout_s=0.05)], readings.append)
        schedule.start()
        await until(lambda: len(readings) >= 2)
        await schedule.close()

    began = time.monotonic()
    asyncio.run(night())
    assert time.monotonic() - began < HANGS_S


async def test_an_asked_reading_that_outlasts_a_tick_is_not_followed_by_another_at_once() -> None:
    async def slow(n: int) -> int:
        await asyncio.sleep(0.15)
        return n

    fake = Fake(slow)
    schedule = Scheduler([watched(fake, interval_s=0.4, timeout_s=5.0)], lambda j: None)
    schedule.start()
    await until(lambda: len(fake.reads) == 1)
    start = fake.reads[0]
    await asyncio.sleep(max(0.0, start + 0.3 - time.monotonic()))
    schedule.probe_now(["it"])
    await until(lambda: len(fake.reads) == 3)
    await schedule.close()
    assert fake.reads[2] - start > 0.7
    assert schedule.missed == 1


@given(
    readings=st.lists(st.sampled_from(["pass", "warn", "fail", "error"]), min_size=1, max_size=30),
    fail_after=st.integers(min_value=1, max_value=5),
)
def test_failures_count_from_fail_after_in_a_row_on_and_one_good_reading_ends_them(
    readings: list[str], fail_after: int
) -> None:
    debounce = Debounce(fail_after)
    in_a_row = 0
    for reading in readings:
        status = debounce.status(reading)  # type: ignore[arg-type]
        in_a_row = 0 if reading in ("pass", "warn") else in_a_row + 1
        if in_a_row == 0 or in_a_row >= fail_after:
            assert status == reading
        else:
            assert status in (None, "pass", "warn", "fail", "error")
            assert in_a_row < fail_after
            if status in ("fail", "error"):
                raise AssertionError("a failure counted too early")


async def test_what_rests_is_read_only_when_asked_and_wakes_at_once_without_having_missed_anything() -> None:
    fake, other = Fake(at_once), Fake(at_once)
    schedule = Scheduler([watched(fake, "it"), watched(other, "other")], lambda j: None)
    schedule.rest({"it"})
    schedule.start()
    await until(lambda: len(other.reads) >= 5)
    assert fake.reads == []
    schedule.probe_now(["it"])
    await until(lambda: len(fake.reads) == 1)
    before = len(other.reads)
    await until(lambda: len(other.reads) >= before + 5)
    assert len(fake.reads) == 1
    schedule.rest(())
    await until(lambda: len(fake.reads) >= 4)
    schedule.rest({"it", "other"})
    await until(lambda: not fake.running and not other.running)
    before = len(fake.reads)
    await asyncio.sleep(0.2)  # nothing is to come: there is no condition to wait for
    assert len(fake.reads) <= before + 1
    await schedule.close()
