"""The chronicle: one pass, and what it tells of a night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from report_story import PROFILE, Told, long_night, until_migration
from screen_story import BO

from cockpit.audit.line import decode
from cockpit.errors import LogError
from cockpit.report.chronicle.chronicle import Chronicle, Chronicler, chronicle
from cockpit.report.chronicle.records import Threshold
from cockpit.report.chronicle.series import BUCKETS, Course
from cockpit.report.chronicle.thresholds import comparisons, thresholds
from cockpit.report.pages.axis import WIDTH, axis
from cockpit.report.pages.phrasing import Phrasing
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.evolve import fold
from cockpit.run.friction import required_word

LOGS = sorted((Path(__file__).parents[2] / "logs" / "v1").glob("*.jsonl"))


def events(path: Path) -> list[e.Event]:
    told = []
    for raw in path.read_bytes().split(b"\n")[:-1]:
        try:
            told.append(decode(raw))
        except LogError:
            continue
    return told


@pytest.fixture(scope="module")
def night() -> Chronicle:
    return chronicle(long_night().events)


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_every_golden_log_is_told_as_the_fold_has_it(path: Path) -> None:
    happened = events(path)
    state, told = fold(happened), chronicle(happened)
    assert (told.run, told.events, told.facts) == (state.run, len(happened), sum(each.is_fact for each in happened))
    assert told.outcome == state.status
    assert [(each.seq, each.kind, each.reason) for each in told.deviations] == [
        (each.seq, each.kind, each.reason) for each in state.deviations
    ]
    walked = [step for step in told.steps if not step.plan]
    assert [step.status for step in walked] == [state.steps[step.id].status for _, step in state.profile.steps()]
    assert [probe.status for probe in told.probes] == [probe.status for probe in state.probes.values()]
    again = msgspec.json.decode(msgspec.json.encode(told), type=Chronicle)
    assert again == told


def test_any_beginning_of_a_log_can_be_told() -> None:
    chronicler, last = Chronicler(), 0
    assert chronicler.told().outcome == "empty"
    for event in long_night().events[:200]:
        chronicler.take(event)
        assert chronicler.told().facts >= last
        last = chronicler.told().facts


def test_a_night_is_told_with_its_people_times_and_reasons(night: Chronicle) -> None:
    assert (night.profile, night.environment, night.outcome) == ("virtue", "production", "finished")
    assert (night.started_by, night.ended_by) == ("ana@bastion-1", "dora@bastion-2")
    assert night.window is not None
    assert night.window.work_ended == datetime(2026, 11, 21, 21, 33, 55, tzinfo=UTC)
    assert night.window.margin_s == pytest.approx(12365)
    kinds = [each.kind for each in night.deviations]
    assert kinds == ["hold", "trigger", "pen", "skip", "override"]
    (hold,) = night.holds
    assert (hold.by, hold.seconds, hold.step) == ("bo@bastion-1", 240, "migrate")
    assert (hold.released_by, hold.release_reason) == ("ana@bastion-1", "the report was stopped")
    assert [(each.outcome, each.attempt) for each in night.actions] == [
        ("succeeded", 1),
        ("failed", 1),
        ("succeeded", 2),
    ]
    failed = night.actions[1]
    assert "ERROR:  deadlock detected" in failed.tail
    assert (failed.exit_code, failed.runs_as, failed.target) == (3, "ana@bastion-1", "db")
    (trigger,) = night.triggers
    assert (trigger.by, trigger.answer, trigger.answer_reason) == (
        "bo@bastion-1",
        "went on",
        "both from the test group",
    )
    assert [(each.kind, each.by, each.role) for each in night.signoffs] == [("signoff", "bo@bastion-1", "dba")]
    assert [each.outcome for each in night.waits] == ["restarted", "completed"]
    assert {each.who for each in night.people if each.acted} == {"ana@bastion-1", "dora@bastion-2"}
    assert next(each for each in night.people if each.who == "bo@bastion-1").watched
    assert [each.text for each in night.log] == ["the clock of bastion-1 was set back by 3 s"]
    assert night.values == {"backup": "bk-77", "go": "go"}


def test_decisions_carry_what_was_known_then(night: Chronicle) -> None:
    (override,) = [each for each in night.decisions if each.type == "gate.overridden"]
    assert (override.verdict, override.reason) == ("blocked", "the twelve are test users")
    assert [(each.condition, each.holds) for each in override.conditions] == [("missing_profiles == 0", False)]
    scaled = next(each for each in night.decisions if each.type == "step.confirmed" and each.step == "scale_down")
    assert (scaled.gate, scaled.verdict) == ("step:scale_down", "pass")
    assert [each.detail for each in scaled.conditions] == ["connections is 0"]
    migrated = next(each for each in night.decisions if each.type == "step.confirmed" and each.step == "migrate")
    known = {each.probe: each for each in migrated.current}
    assert known["missing_profiles"].status == "fail"
    assert known["missing_profiles"].age_s is not None
    again = next(each for each in night.decisions if each.type == "action.requested" and each.attempt == 2)
    assert again.not_taken == "Emergency"


def test_steps_have_their_visits_and_their_planned_and_actual_times(night: Chronicle) -> None:
    migrate = next(each for each in night.steps if each.id == "migrate")
    assert (migrate.number, migrate.status, migrate.attempts, migrate.planned_s) == ("2.2", "confirmed", 2, 900)
    assert migrate.actual_s == pytest.approx(sum(each.seconds for each in migrate.visits))
    database = next(each for each in night.phases if each.id == "database")
    assert database.began == next(each for each in night.steps if each.id == "scale_down").visits[0].began
    assert database.ended == next(each.at for each in night.happenings if each.type == "phase.left")
    assert database.waited_s == 20


def test_probes_keep_their_course_and_the_time_in_each_status(night: Chronicle) -> None:
    rate = next(each for each in night.probes if each.id == "error_rate")
    assert rate.most == max(bucket.high for bucket in rate.buckets) > 3
    assert len(rate.buckets) <= BUCKETS
    assert set(rate.seconds) >= {"pass", "warn"}
    assert sum(rate.seconds.values()) == pytest.approx(night.duration_s, abs=1)
    assert Threshold("warn", ">", 1.0) in rate.thresholds
    assert Threshold("trigger", ">", 10.0, "logins failing") in rate.thresholds
    page = next(each for each in night.probes if each.id == "maintenance_page")
    assert page.buckets == ()
    assert page.value is False


def test_the_way_back_is_told_with_its_steps_and_its_being_given_up() -> None:
    night = until_migration()
    night.runs("ERROR", outcome="failed", exit_code=3, detail="deadlock")
    night.plans(emergency="pass")
    typed = required_word(night.state, "rollback", "emergency", night.now())
    night.does(c.ChooseRollback, plan="emergency", reason="again", typed=typed)
    told = chronicle(night.events)
    assert told.rolled_back
    (back,) = told.rollbacks
    assert (back.plan, back.title, back.reason) == ("emergency", "Emergency", "again")
    assert {step.id for step in told.steps if step.plan} == set(back.steps)
    assert [phase.id for phase in told.phases if phase.plan == "emergency"] == ["back_db", "back_tell"]
    night.lasts(60)
    night.does(
        c.LeaveRollback, reason="it was the wrong night", typed=required_word(night.state, "forward", "", night.now())
    )
    told = chronicle(night.events)
    assert not told.rolled_back
    assert told.rollbacks[0].left_reason == "it was the wrong night"


def test_an_abort_tells_its_reason_and_what_still_ran() -> None:
    night = until_migration()
    night.starts("half of it")
    night.does(c.PlaceHold, reason="smoke in the server room", actor=BO)
    night.lasts(30)
    night.does(c.AbortRun, reason="fire", typed=required_word(night.state, "abort", "", night.now()))
    told = chronicle(night.events)
    assert (told.outcome, told.outcome_reason) == ("aborted", "fire")
    assert (told.actions[-1].outcome, told.actions[-1].duration_s > 0) == ("running", True)
    assert told.holds[-1].ended == told.ended
    assert told.holds[-1].released_by == ""


def test_a_live_run_is_told_as_of_its_last_event() -> None:
    night = Told(PROFILE)
    night.does(c.PlaceHold, reason="wait", actor=BO)
    night.lasts(90)
    told = chronicle(night.events)
    assert (told.outcome, told.ended, told.duration_s) == ("live", None, 90)
    assert (told.holds[0].ended, told.holds[0].seconds) == (None, 90)


def test_times_that_no_calendar_has_are_told_all_the_same() -> None:
    night = long_night()
    odd = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    events = [
        replace(event, instant=replace(event.instant, at=odd[event.seq % 3 % 2])) if event.seq % 5 == 0 else event
        for event in night.events
    ]
    told = chronicle(events)
    assert told.outcome == "finished"
    assert told.duration_s == pytest.approx(3855), "by the monotonic clock"
    shared = axis(min(odd), max(odd), [each.at for each in told.happenings], ZoneInfo("America/Lima"))
    assert len(shared.ticks(9)) <= 12
    assert Phrasing(told, ZoneInfo("Asia/Tokyo")).moment(max(odd))


# ---- thresholds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("value < 500", [("value", "<", 500.0)]),
        ("int(value) == 0", [("value", "==", 0.0)]),
        ("500.0 >= latency_ms", [("latency_ms", "<=", 500.0)]),
        ("status >= 200 && status < 400", [("status", ">=", 200.0), ("status", "<", 400.0)]),
        ("double(value) > -1.5e3", [("value", ">", -1500.0)]),
        ("api.passing", []),
        ("value < 5 || value > 9", []),
        ("!(value < 5)", []),
        ("value < 5 && api.passing", []),
        ("value < other", []),
        ("value < 1e999", []),
        ("rows[0].n == 1", []),
        ("size(value) < 5", []),
        ("value - 1 < 5", []),
        ("", []),
    ],
)
def test_only_plain_comparisons_with_a_number_are_thresholds(
    condition: str, found: list[tuple[str, str, float]]
) -> None:
    assert list(comparisons(condition)) == found


def test_a_gate_that_compares_a_probe_is_a_threshold_of_it() -> None:
    told = thresholds(PROFILE)
    assert Threshold("gate", "==", 0.0, "phase 2 Database") in told["missing_profiles"]
    assert Threshold("gate", "<", 100.0, "2.3 Watch the replica settle") in told["connections"]
    assert Threshold("fail", ">", 2000.0) in told["api_health"]
    assert told["queue"] == ()


# ---- series ----------------------------------------------------------------------------------------------------------

ORIGIN = datetime(2026, 11, 21, 22, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 400_000), st.floats(-1e9, 1e9)), min_size=1, max_size=1500))
def test_no_number_is_lost_between_the_least_and_the_greatest(numbers: list[tuple[int, float]]) -> None:
    course = Course(ORIGIN)
    for at, value in sorted(numbers):
        course.add(ORIGIN + timedelta(seconds=at), value)
    told = course.told()
    assert len(told) <= BUCKETS
    assert sum(bucket.readings for bucket in told) == len(numbers)
    assert min(bucket.low for bucket in told) == min(value for _, value in numbers)
    assert max(bucket.high for bucket in told) == max(value for _, value in numbers)
    assert [bucket.at for bucket in told] == sorted(bucket.at for bucket in told)
    for at, value in numbers:
        bucket = [each for each in told if each.at <= ORIGIN + timedelta(seconds=at)][-1]
        assert bucket.low <= value <= bucket.high


# ---- the axis --------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=60), st.integers(1, 200_000))
def test_a_later_time_is_never_left_of_an_earlier_one(busy: list[int], length: int) -> None:
    shared = axis(ORIGIN, ORIGIN + timedelta(seconds=length), [ORIGIN + timedelta(seconds=at) for at in busy], UTC)
    places = [shared.x(ORIGIN + timedelta(seconds=at)) for at in sorted([*busy, 0, length])]
    assert places == sorted(places)
    assert all(0 <= place <= WIDTH for place in places)
    assert shared.x(ORIGIN) == 0
    assert shared.x(ORIGIN + timedelta(seconds=length)) == WIDTH
    ticks = shared.ticks(9)
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)
    assert not [tick for tick in ticks for cut in shared.cuts if cut.x < tick.x < cut.x2]


def test_a_day_of_waiting_for_a_checkpoint_does_not_squeeze_the_night() -> None:
    times = [ORIGIN + timedelta(minutes=at) for at in (0, 5, 20, 55, 60)] + [ORIGIN + timedelta(hours=25)]
    shared = axis(times[0], times[-1], times, UTC)
    (cut,) = shared.cuts
    assert cut.says == "1d"
    assert shared.x(times[4]) > WIDTH * 0.9
    assert [tick.label for tick in shared.ticks(7)][:3] == ["22:00", "22:10", "22:20"]
