"""A log of a long night, as cockpit would have written it: `python long_log.py PATH EVENTS`.

A hundred steps, thirty probes. Of a hundred lines about two are facts (probes and gates that change, steps, holds,
notes), thirty are output of actions, the rest samples with one or two readings, and a key frame every sixtieth of them.
Lines have about 570 bytes. The chain holds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from screen_log import profile_text

import cockpit
from cockpit.audit.line import GENESIS, digest, draft, encode
from cockpit.profile.freezing import frozen
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run import events as e
from cockpit.run.readings import ConditionVerdict, Reading

PROBES, STEPS = 30, 100
RUN = "01KAK0000000000000000BENCH"
BEGAN = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
ANA, KEEPER = e.Actor(user="ana", host="bench"), e.Actor(user="keeper", host="bench")
AGES = tuple([1] * PROBES)
_BEFORE = 40
"""Lines before the first step."""


class Writer:
    """Appends lines, each chained to the one before."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=1 << 20)
        self.seq, self._prev, self._at = 0, GENESIS, BEGAN

    def event(self, body: e.Body, actor: e.Actor = KEEPER) -> None:
        """One event, some time after the last one."""
        self.seq += 1
        self._at += timedelta(milliseconds=400)
        instant = e.Instant(at=self._at, boot="b", mono=self.seq * 0.4)
        raw = encode(
            msgspec.structs.replace(draft(body, actor, instant), id=f"01KAK{self.seq:021}"),
            run=RUN,
            seq=self.seq,
            prev=self._prev,
        )
        self._prev = digest(raw[:-1])
        self._file.write(raw)

    def close(self) -> None:
        """To the disk."""
        self._file.close()


def reading(probe: int, tick: int, status: str = "pass") -> Reading:
    """One that is another at each tick."""
    value = float(100 + (tick * 37 + probe * 11) % 89)
    return Reading(probe=f"probe_{probe:03}", status=status, value=value, unit="ms", latency_ms=value, ended_mono=1.0)


def started(folder: Path) -> e.RunStarted:
    """The first line's body."""
    profile = folder / "long.toml"
    profile.write_text(profile_text(PROBES, STEPS))
    loaded = load(profile, installed())
    return e.RunStarted(
        profile=frozen(loaded.profile, installed()),
        profile_digest=loaded.digest,
        sources=(),
        cockpit_version=cockpit.__version__,
    )


def write(path: Path, count: int) -> None:
    """Write `count` lines."""
    log = Writer(path)
    log.event(started(path.parent), ANA)
    log.event(e.KeeperStarted(epoch=1, pid=1, version="0"))
    log.event(e.OperatorAttached(seat="s1", role="acting", version="0"), ANA)
    for probe in range(PROBES):
        log.event(e.ProbeChanged(probe=f"probe_{probe:03}", previous="unread", status="pass", value=1.0, unit="ms"))
    a_step = max(20, count // (STEPS + 5))
    while log.seq < count:
        log.event(_next(log.seq - _BEFORE, a_step), *_who(log.seq - _BEFORE, a_step))
    log.close()


def _who(seq: int, a_step: int) -> tuple[e.Actor, ...]:
    return (ANA,) if seq % a_step in _OF_A_STEP or seq % 2003 == 0 else ()


def _opened(seq: int, step: int) -> e.Body:
    holds = ConditionVerdict(condition=f"probe_{step % PROBES:03}.passing", holds=True)
    return e.GateChanged(gate=f"step:step_{step}", opened_seq=seq - 1, verdict="pass", conditions=(holds,))


def _asked(seq: int, step: int) -> e.Body:
    return e.ActionRequested(action=f"a{step}", step=f"step_{step}", attempt=1, epoch=1)


def _begun(seq: int, step: int) -> e.Body:
    return e.ActionStarted(action=f"a{step}", step=f"step_{step}", attempt=1, shown="kubectl", runs_as="ana@bench")


def _over(seq: int, step: int) -> e.Body:
    return e.ActionEnded(action=f"a{step}", step=f"step_{step}", outcome="succeeded", exit_code=0, duration_s=1.0)


def _done(seq: int, step: int) -> e.Body:
    return e.StepConfirmed(step=f"step_{step}", attempt=1, counts={"pass": PROBES})


_OF_A_STEP: dict[int, Callable[[int, int], e.Body]] = {2: _asked, 3: _begun, 17: _over, 18: _opened, 19: _done}
"""What happens at so many lines into a step."""


def _next(seq: int, a_step: int) -> e.Body:
    step, into = divmod(seq, a_step)
    if 0 <= step < STEPS and into in _OF_A_STEP:
        return _OF_A_STEP[into](seq, step)
    if seq % 2003 == 0:
        return e.NoteAdded(text=f"all quiet at {seq}")
    if seq % 60000 in (30000, 30400):
        reason = "replica lag"
        return e.HoldPlaced(reason=reason) if seq % 60000 == 30000 else e.HoldReleased(reason=reason)
    if seq % 50 == 0:
        probe, is_well = seq // 50 % PROBES, seq // (50 * PROBES) % 2
        was, now = ("warn", "pass") if is_well else ("pass", "warn")
        return e.ProbeChanged(probe=f"probe_{probe:03}", previous=was, status=now, value=float(seq % 97), unit="ms")  # type: ignore[arg-type]
    if seq % 10 in (1, 4, 7):
        return e.ActionOutput(
            action=f"a{step}", text=f"deployment/app-{seq}: waiting for {seq % 9} of 12 updated pods to be ready\n" * 2
        )
    if seq % 60 == 3:
        return e.ProbesSampled(key=True, readings=tuple(reading(each, seq) for each in range(PROBES)), ages=AGES)
    return e.ProbesSampled(readings=(reading(seq % PROBES, seq),), ages=AGES)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
