"""Nights whose database goes away, for tests of how going on without it and coming back look."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from screen_night import NIGHT, NIGHT_PRODUCTION, Night, at
from screen_story import ANA, FakeSeat

from cockpit.audit.branching import BranchLines, merging
from cockpit.audit.line import GENESIS, Draft, digest, encode
from cockpit.audit.postgres.lines import Line
from cockpit.profile.model import Profile
from cockpit.run import events as e
from cockpit.run.commands import KeeperSight
from cockpit.session.placed import write_origin

AWAY = "the store db-1:5432/cockpit cannot be reached: connection refused"
REASON = "the window ends at 02:00, and db-1 will not be back before"
BO = e.Actor("bo", "bastion-2", "ssh 192.0.2.9")


def away_seat(profile: Profile = NIGHT, away: str = AWAY) -> FakeSeat:
    """Ana acts, and the database has just gone."""
    seat = FakeSeat(at("go", profile))
    seat._view = replace(seat._view, away=away)
    return seat


def taking_over_seat(folder: Path, silent_s: float, profile: Profile = NIGHT) -> FakeSeat:
    """Ana acts from here; the keeper was on another host and is gone. `folder`: where the profile's files are here."""
    night = at("go", profile)
    host = e.Actor("ana", "app-7")
    night.happens(e.KeeperStarted(epoch=2, pid=4711, version="0"), host)
    seat = FakeSeat(night, keeper=KeeperSight(alive=False, silent_s=silent_s, is_elsewhere=True))
    seat.objection = "the last keeper was on app-7: taking over from it needs a reason"
    seat.run_dir = Path(tempfile.mkdtemp()) / "R1"
    seat.run_dir.mkdir()
    write_origin(seat.run_dir, folder)
    return seat


def left(night: Night) -> Night:
    """Ana went on offline."""
    night.happens(
        e.StoreLeft(reason=REASON, store="db-1:5432/cockpit", away=AWAY, seq=night.state.last_seq, digest="0" * 64)
    )
    night.passes(300)
    night.happens(e.OperatorAttached(seat="s1", role="acting", at=""))
    return night


def offline_seat(*, answers: bool = False) -> FakeSeat:
    """Ana is at the branch; `answers`: the database is there again."""
    seat = FakeSeat(left(at("go")))
    # A branch is known by its folder, beside the copy that says which database keeps it.
    run_dir = Path(tempfile.mkdtemp()) / "R1"
    (run_dir / "offline-9").mkdir(parents=True)
    (run_dir / "store").touch()
    seat.run_dir = run_dir / "offline-9"
    seat._view = replace(seat._view, answers=answers)
    return seat


def _told(night: Night, seconds: float, *bodies: e.Body) -> BranchLines:
    """What ana wrote on a branch from here on, beginning so many seconds from now."""
    lines: list[Line] = []
    ancestor, prev, moment = night.state.last_seq, GENESIS, night.now()
    for number, body in enumerate(bodies, 1):
        instant = replace(moment, at=moment.at + timedelta(seconds=seconds + 20 * number))
        one = Draft(id=f"{number:026d}", instant=instant, actor=ANA, body=body)
        raw = encode(one, run=night.state.run or "RUN", seq=ancestor + number, prev=prev)[:-1]
        prev = digest(raw)
        lines.append(Line(ancestor + number, b"", raw, prev, body.is_fact))
    return BranchLines("RUN", ancestor, GENESIS, tuple(lines))


def conflict(profile: Profile = NIGHT_PRODUCTION, step: str = "go") -> Night:
    """Bo skipped on the database what ana confirmed on her branch."""
    night = at(step, profile)
    left_it = e.StoreLeft(reason=REASON, store="db-1:5432/cockpit", seq=night.state.last_seq, digest=GENESIS)
    confirmed = e.StepConfirmed(step=step, attempt=1, counts={"pass": 3, "warn": 1})
    branch = _told(night, 10, left_it, confirmed)
    night.passes(90)
    night.happens(e.StepSkipped(step=step, attempt=1, reason="ana's host is not reached, it was not begun"), BO)
    night.passes(600)
    for body in merging(branch, f"ana went on offline: {REASON}"):
        night.happens(body, ANA)
    night.happens(e.OperatorAttached(seat="s1", role="acting", at=""))
    return night
