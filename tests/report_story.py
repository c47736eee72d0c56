"""A long night for reports: commands that fail and succeed, a hold, triggers, another pen, and probes all along."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from screen_night import NIGHT_PRODUCTION, Night
from screen_story import ANA, BO, READINGS

from cockpit.audit.line import Draft, digest, encode
from cockpit.profile.model import Probe, Profile
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.friction import required_word
from cockpit.run.readings import ConditionVerdict, Reading

DORA = e.Actor("dora", "bastion-2", "ssh 192.0.2.9", "SHA256:3k1f")
GENESIS = "0" * 64
RUN = "01M7REPT000000000000000000"

PROBES = (
    Probe(id="api_health", kind="http", title="API answers", interval_s=10, warn_when=("latency_ms > 500.0",),
          fail_when=("latency_ms > 2000.0",), pass_when=("status == 200",)),
    Probe(id="connections", kind="postgres", interval_s=10, pass_when=("int(value) < 100",)),
    Probe(id="error_rate", kind="prometheus", unit="%", interval_s=10, warn_when=("value > 1.0",),
          fail_when=("value > 10.0",)),
    Probe(id="missing_profiles", kind="postgres", title="Users without a profile", interval_s=10,
          pass_when=("int(value) == 0",)),
    Probe(id="queue", kind="command", unit="s", value="stdout_seconds"),
    Probe(id="maintenance_page", kind="http", value="status == 503", title="The maintenance page is up"),
    Probe(id="manual", kind="http", on_demand=True),
)  # fmt: skip
PROFILE: Profile = replace(NIGHT_PRODUCTION, probes=PROBES, title="organizational model")


class Told(Night):
    """A night that keeps its events, and reads its probes every ten seconds."""

    trouble_s = 0.0
    """How bad it is: what the probes read grows with it."""

    def lasts(self, seconds: float) -> None:
        """Time goes by, and the keeper samples."""
        end = self.mono + seconds
        while self.mono < end:
            self.passes(min(10.0, end - self.mono))
            self.reads(*self._readings())

    def _readings(self) -> Iterable[Reading]:
        at, bad = self.mono, self.trouble_s
        wave = math.sin(at / 90) + math.sin(at / 37) / 2
        latency = round(142 + 25 * wave + bad * 9, 1)
        rate = round(max(0.0, 0.4 + wave / 4 + bad / 9), 2)
        missing = 12 if bad else 0
        yield Reading(
            probe="api_health", status="fail" if latency > 2000 else "warn" if latency > 500 else "pass",
            value=latency, unit="ms", latency_ms=latency, detail=f"latency_ms is {latency}" if latency > 500 else "",
        )  # fmt: skip
        yield Reading(probe="connections", status="pass", value=max(0, int(41 + 9 * wave - bad)), latency_ms=3.1)
        yield Reading(probe="error_rate", status="warn" if rate > 1 else "pass", value=rate, unit="%")
        yield Reading(probe="missing_profiles", status="fail" if missing else "pass", value=missing)
        yield Reading(probe="queue", status="pass", value=round(0.004 + 0.001 * wave, 4), unit="s")
        yield Reading(probe="maintenance_page", status="pass", value=bool(bad))

    def confirms(self, actor: e.Actor = ANA, **fields: Any) -> None:
        """The step at the cursor is confirmed, its gate passing."""
        self.passes_gate()
        cursor = self.state.cursor
        assert cursor is not None
        assert cursor.step is not None
        typed = required_word(self.state, "confirm", cursor.step, self.now())
        self.does(c.ConfirmStep, step=cursor.step, actor=actor, typed=typed, **fields)

    def attaches(self, seat: str, actor: e.Actor, role: Any) -> None:
        self.happens(e.OperatorAttached(seat=seat, role=role, version="0.1.0"), actor)


def until_migration(profile: Profile = PROFILE) -> Told:
    """People came, the mail went out, the application is down."""
    night = Told(profile)
    night.attaches("s1", ANA, "acting")
    night.lasts(120)
    night.attaches("s2", BO, "watching")
    night.happens(e.StepDue(step="announce"))
    night.confirms()
    night.lasts(60)
    night.passes_gate()
    night.does(c.SignOff, step="approval", actor=BO)
    night.lasts(60)
    night.confirms(value="bk-77")
    night.lasts(30)
    night.runs("deployment.apps/app scaled", exit_code=0)
    night.lasts(60)
    night.judges("pass", ConditionVerdict("connections == 0", True, "connections is 0"))
    night.confirms()
    night.lasts(40)
    return night


def long_night(profile: Profile = PROFILE) -> Told:
    """To its end: a failed try, a hold, a trigger gone on against, an override, a step left out."""
    night = until_migration(profile)
    night.runs(
        "BEGIN", "UPDATE 41233", "ERROR:  deadlock detected", "DETAIL:  Process 812 waits for ShareLock",
        outcome="failed", exit_code=3, detail="deadlock detected (40P01)",
    )  # fmt: skip
    night.trouble_s = 30
    night.plans(emergency="pass", restore="pass")
    night.lasts(90)
    night.does(c.PlaceHold, reason="who else writes to users?", actor=BO)
    night.happens(e.NoteAdded(text="the nightly report was still running", step="migrate"), BO)
    night.lasts(240)
    night.does(c.ReleaseHold, reason="the report was stopped")
    night.does(c.RaiseTrigger, trigger="complaints", reason="support has two calls", actor=BO)
    night.lasts(30)
    night.does(
        c.AnswerTriggers, reason="both from the test group",
        typed=required_word(night.state, "go_on", "", night.now()),
    )  # fmt: skip
    action = night.starts("BEGIN", "UPDATE 41233", "COMMIT", "count", "-----", "0")
    night.lasts(600)
    night.happens(
        e.ActionEnded(
            action=action, step="migrate", outcome="succeeded", exit_code=0, duration_s=611.4, output=f"{action}.log",
            output_bytes=412, output_sha256="ab" * 32,
        )
    )  # fmt: skip
    night.reads(*night._readings())
    night.trouble_s = 4
    night.confirms()
    night.begins_wait()
    night.lasts(120)
    night.trouble_s = 0
    night.happens(e.WaitBegan(step="settle_down", attempt=1, until=night.now().at, detail="connections is 132"))
    night.lasts(300)
    night.happens(e.WaitCompleted(step="settle_down", attempt=1))
    night.confirms()
    night.happens(e.ClockStepped(by_s=-3.0))
    night.happens(e.PenTaken(epoch=2, reason="ana hands over for the rest of the night", previous="ana"), DORA)
    night.attaches("s3", DORA, "acting")
    night.lasts(60)
    night.confirms(actor=DORA, value="go")
    night.passes_gate()
    night.lasts(180)
    night.does(
        c.SkipStep, step="cleanup", reason="next week, with the customer", actor=DORA,
        typed=required_word(night.state, "skip", "cleanup", night.now()),
    )  # fmt: skip
    night.lasts(20)
    night.judges("blocked", ConditionVerdict("missing_profiles == 0", False, "missing_profiles is 12"))
    night.does(
        c.OverrideGate, gate="exit:database", reason="the twelve are test users", actor=DORA,
        typed=required_word(night.state, "override", "", night.now()),
    )  # fmt: skip
    night.does(c.LeavePhase, phase="database", actor=DORA)
    night.happens(e.OperatorDetached(seat="s1", reason="closed"))
    night.lasts(1800)
    night.happens(e.StepDue(step="look_30m"))
    night.reads(*READINGS[:1])
    night.confirms(actor=DORA)
    night.does(c.FinishRun, actor=DORA)
    night.happens(e.KeeperStopped(epoch=1, reason="the run is over"))
    return night


def written(events: Iterable[e.Event], path: Path, run: str = RUN) -> Path:
    """The events as a log that verifies."""
    prev, lines = GENESIS, list[bytes]()
    for seq, event in enumerate(events, 1):
        draft = Draft(id=f"{run[:-6]}{seq:06d}", instant=event.instant, actor=event.actor, body=event.body)
        lines.append(encode(draft, run=run, seq=seq, prev=prev))
        prev = digest(lines[-1][:-1])
    path.write_bytes(b"".join(lines))
    return path
