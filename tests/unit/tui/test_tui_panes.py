"""What stands in the panes, in every state a run can be in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from screen_story import (
    BEGIN,
    BLOCKED,
    BO,
    GONE,
    HOSTILE,
    PRODUCTION,
    PROFILE,
    READINGS,
    Story,
    blocked,
    text_of,
    texts,
)

from cockpit.profile.model import Phase, Probe, Step
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import KeeperSight
from cockpit.run.readings import ConditionVerdict, Reading
from cockpit.tui import calling
from cockpit.tui.lines import width_of
from cockpit.tui.panes import gate, instructions, keys, probes, step, tail, top, tree
from cockpit.tui.panes.banner import banner

WIDTHS = (40, 72, 80, 120, 200)


# ---- on top --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_the_environment_stands_on_top_at_every_width(width):
    line = top.identity(blocked(PRODUCTION).seen(), width)
    assert text_of(line).startswith("▌PRODUCTION▐ virtue")
    assert line[0][1] == "production"
    assert width_of(line) <= width


def test_the_top_line_says_who_holds_the_pen_who_is_here_and_the_head():
    story = blocked()
    line = text_of(top.identity(story.seen(), 120))
    assert "LIVE" in line
    assert "pen: ana" in line
    assert "here: ana bo" in line
    assert f"head {story.head().short}" in line


def test_a_replay_says_who_was_there_on_a_small_terminal_too():
    seen = replace(blocked().seen(), mode="REPLAY")
    line = text_of(top.identity(seen, 80))
    assert "here: ana bo" in line
    assert "head " in line
    narrow = text_of(top.identity(seen, 58))
    assert "here" not in narrow  # it gives way before the head does
    assert "head " in narrow


def test_beside_a_replay_s_moment_no_return_is_said_in_full():
    assert "  no return in " in text_of(top.clock(replace(blocked().seen(), mode="REPLAY"), 80))


def test_a_run_that_went_on_elsewhere_says_that_and_offers_nothing_to_do_here():
    story = blocked()
    seen = story.seen()
    seen = replace(seen, view=replace(seen.view, trouble="the disk is full: /a", went_on="/mnt/spare/01M7\x1b[2J"))
    said = text_of(banner(seen, 80, 24))
    assert said.startswith(" WENT ON ELSEWHERE   q, cockpit resume /mnt/spare/01M7")
    assert "\x1b" not in said
    assert "W GOES ON" not in said
    offered = text_of(keys.hints(seen, 120, 24))
    assert not [word for word in ("confirm", "elsewhere", "hold", "note") if word in offered]
    watching = replace(seen, mode="WATCHING")
    assert text_of(banner(watching, 80, 24)).startswith(" WENT ON ELSEWHERE   q, cockpit join /mnt")


def test_a_hold_stands_on_top_and_in_the_banner():
    story = blocked()
    story.does(c.PlaceHold, reason="the replica lags", actor=BO)
    seen = story.seen()
    assert "HELD" in text_of(top.identity(seen, 80))
    shouts = banner(seen, 40, 24)
    assert text_of(shouts).startswith(" HELD by bo, h releases")
    assert shouts[0][1] == "alarm"


def test_an_open_window_says_what_is_used_and_left_and_when_there_is_no_return():
    line = text_of(top.clock(blocked().seen(), 120))
    assert "window 22:00–02:00 Rome" in line
    assert "used" in line
    assert "3:51 left" in line
    assert "forecast" in line
    assert "early)" in line
    assert "no return in 3:11 (01:20)" in line


def test_before_its_window_the_clock_says_when_it_opens():
    story = Story(begin=BEGIN - timedelta(minutes=20))
    assert "opens in 20m" in text_of(top.clock(story.seen(), 120))


@pytest.mark.parametrize("width", [40, 60, 72, 80, 120])
def test_two_days_before_its_window_the_clock_names_the_day_and_is_not_cut(width):
    line = text_of(top.clock(Story(begin=BEGIN - timedelta(days=2)).seen(), width))
    assert "opens in 48:00" in line
    assert "…" not in line
    assert cell_len(line) <= width
    assert width == 40 or "Sat 22:00–02:00" in line


def test_after_its_window_the_clock_says_how_long_ago_it_ended():
    story = Story(begin=BEGIN + timedelta(hours=4, minutes=12))
    line = top.clock(story.seen(), 120)
    assert "ended 12m ago" in text_of(line)
    assert ("ended 12m ago", "bad") in line
    story = Story(begin=BEGIN + timedelta(hours=14))
    assert "ended 10:00 ago" in text_of(top.clock(story.seen(), 80))  # never as if 10:00 were a time of day


def test_times_of_another_day_say_the_day():
    story = Story()
    assert story.state.started is not None
    story.state = replace(story.state, started=replace(story.state.started, window_end=BEGIN + timedelta(hours=40)))
    line = text_of(top.clock(story.seen(), 200))
    assert "22:00–Mon 14:00" in line
    assert "(Mon 13:" in line
    story.passes(20 * 3600)
    line = text_of(top.clock(story.seen(), 200))
    assert "Sat 22:00–Mon 14:00" in line
    assert "forecast 18:" in line
    assert story.seen().local(BEGIN + timedelta(days=8)) == "Sun 29 Nov 22:00"


def test_a_forecast_past_the_end_says_how_late():
    story = Story(begin=BEGIN + timedelta(hours=3, minutes=30))
    line = text_of(top.clock(story.seen(), 120))
    assert "late)" in line
    assert any(ink == "bad" and "late" in text for text, ink in top.clock(story.seen(), 120))


def test_past_the_point_of_no_return_its_time_turns_bad():
    story = Story(begin=BEGIN + timedelta(hours=3, minutes=30))
    assert ("  NO RETURN since 01:20", "bad") in top.clock(story.seen(), 120)


def test_without_a_window_the_clock_says_how_long_it_runs():
    story = Story(replace(PROFILE, window=None))
    story.passes(180)
    line = text_of(top.clock(story.seen(), 80))
    assert "no window" in line
    assert "3m since the start" in line
    assert "forecast" in line


@pytest.mark.parametrize("width", [40, 60, 72, 79, 80, 99, 100, 120])
def test_the_clock_is_never_cut_and_keeps_what_is_left_and_when_to_turn_back(width):
    for story in (blocked(), Story(begin=BEGIN + timedelta(hours=3, minutes=30))):
        line = text_of(top.clock(story.seen(), width))
        assert cell_len(line) <= width
        assert "…" not in line
        assert "3:51 left" in line or "30m left" in line
        assert "return in 3:11" in line or "01:20" in line


def test_a_late_forecast_is_told_even_where_little_else_fits():
    story = Story(begin=BEGIN + timedelta(hours=3, minutes=30))
    assert ("  25m late", "bad") in top.clock(story.seen(), 60)


# ---- the tree ------------------------------------------------------------------------------------------------------


def test_the_tree_marks_what_is_settled_what_is_now_and_what_is_to_come():
    rows = texts(tree.tree(blocked().seen(), 40, 20)).split("\n")
    assert rows[0].startswith("▶ 1 Database")
    assert rows[1].startswith("  ✔ 1.1 Maintenance on")
    assert rows[3].startswith("  ▶ 1.3 Validate the migration")
    assert rows[4].startswith("· 2 Application")
    assert all(cell_len(row) <= 40 for row in rows)


def test_the_tree_tells_a_skip_and_an_outside_deed_from_a_confirmation():
    story = Story()
    story.does(c.SkipStep, step="maintenance", reason="closed already")
    story.does(c.RecordDoneOutside, step="migrate", reason="by the dba")
    told = texts(tree.tree(story.seen(), 40, 20))
    assert "↷ 1.1" in told
    assert "⚑ 1.2" in told


def test_a_settled_step_shows_what_it_took_and_one_to_come_its_plan():
    story = Story()
    story.passes(20)
    story.does(c.ConfirmStep, step="maintenance")
    rows = texts(tree.tree(story.seen(), 40, 20)).split("\n")
    assert rows[0].endswith(" <1m/40m")
    assert rows[1].endswith(" <1m")
    assert "/" not in rows[1]
    assert rows[3].endswith(" 10m")


def test_a_second_attempt_is_counted():
    story = Story()
    story.comes_to("migrate")
    story.does(c.ReopenStep, step="maintenance", reason="it opened again")
    assert "1.1 Maintenance on (attempt 2)" in texts(tree.tree(story.seen(), 60, 20))


def hundred_steps() -> Story:
    steps = tuple(Step(id=f"s{n}", title=f"Step {n}") for n in range(100))
    return Story(replace(PROFILE, phases=(Phase(id="all", title="All", steps=steps),)))


@given(st.integers(0, 99), st.integers(4, 30))
def test_of_a_hundred_steps_the_current_one_is_always_in_sight_and_the_hidden_are_counted(at, height):
    story = hundred_steps()
    seen = story.seen(selected=f"s{at}")
    rows = texts(tree.tree(seen, 40, height)).split("\n")
    assert len(rows) == height
    assert any(f"1.{at + 1} Step {at}" in row for row in rows)
    shown = sum("Step" in row or "1 All" in row for row in rows)
    told = [int(row.split()[1]) for row in (rows[0], rows[-1]) if row.strip()]
    assert shown + sum(told) == 101


def test_the_tree_in_a_line_says_how_far_and_where():
    assert text_of(tree.line(blocked().seen())) == "2 of 5 steps settled · 1.3 Validate the migration"


# ---- the step ------------------------------------------------------------------------------------------------------


def test_the_current_step_says_what_it_is_and_whose():
    seen = blocked().seen()
    assert step.title(seen) == "1.3 Validate the migration"
    assert text_of(step.facts(seen, 60)[0]) == "▶ now  10m planned, owner dba"


def test_a_settled_step_says_how_by_whom_and_when():
    seen = blocked().seen(selected="migrate")
    assert text_of(step.facts(seen, 60)[0]) == "✔ confirmed by ana at 22:08  IRREVERSIBLE  25m planned"


def test_a_skipped_step_says_why():
    story = Story()
    story.does(c.SkipStep, step="maintenance", reason="closed already")
    assert "reason: closed already" in texts(step.facts(story.seen(selected="maintenance"), 60))


def test_at_the_door_of_a_phase_the_phase_stands_where_its_step_will():
    story = blocked()
    story.judges("pass")
    story.does(c.ConfirmStep, step="validate")
    seen = story.seen()
    assert step.title(seen) == "Entering 2 Application"
    told = texts(step.facts(seen, 40))
    assert "this phase waits to be entered" in told
    assert "The new release goes out." in told
    assert text_of(keys.hints(seen, 80, 24)).startswith(" c enter phase")
    assert "api_health.passing" in texts(gate.gate(seen, 40))


def test_when_every_step_is_settled_the_step_says_how_to_finish():
    story = Story()
    story.comes_to("")
    seen = story.seen()
    assert "F finishes the run" in texts(step.facts(seen, 40))
    assert "until then its keeper goes on" in texts(step.facts(seen, 40))
    assert text_of(keys.hints(seen, 80, 24)).startswith(" F finish")
    assert calling.title(story.state).endswith("to be finished")


@pytest.mark.parametrize(
    ("kind", "fields", "word"), [(c.FinishRun, {}, "finished"), (c.AbortRun, {"reason": "no"}, "aborted")]
)
def test_a_run_that_is_over_says_how_it_ended(kind, fields, word):
    story = Story()
    story.comes_to("")
    story.does(kind, **fields)
    seen = story.seen(keeper=GONE)
    assert f"the run was {word}" in texts(step.facts(seen, 60))
    assert word.upper() in text_of(top.identity(seen, 80))
    assert banner(seen, 80, 24) == ()
    assert text_of(keys.hints(seen, 80, 24)).rstrip().endswith("q quit")


# ---- the gate ------------------------------------------------------------------------------------------------------


def test_a_blocked_gate_says_which_condition_does_not_hold_and_why():
    lines = gate.gate(blocked().seen(), 60)
    assert "✖ blocked" in text_of(lines[0])
    assert "o overrides" in text_of(lines[0])
    assert text_of(lines[1]).startswith(" ✖ missing_profiles == 0")
    assert text_of(lines[1]).endswith("missing_profiles is 12")
    assert text_of(lines[2]).startswith(" ✔ api_health.passing")
    assert all(width_of(line) <= 60 for line in lines)


def test_a_gate_that_cannot_be_judged_is_unknown_and_not_green():
    story = blocked()
    story.judges("unknown", ConditionVerdict("missing_profiles == 0", None, "missing_profiles is stale"), BLOCKED[1])
    lines = gate.gate(story.seen(), 60)
    assert "? unknown" in text_of(lines[0])
    assert ". reads again  o overrides" in text_of(lines[0])
    assert text_of(lines[1]).startswith(" ? missing_profiles")


def test_a_gate_that_is_still_being_read_says_so():
    story = Story()
    story.comes_to("validate")
    assert "reading its probes" in texts(gate.gate(story.seen(), 60))


def test_an_overridden_gate_says_by_whom_and_why():
    story = blocked()
    story.does(c.OverrideGate, gate="step:validate", reason="the twelve are test users")
    assert "overridden by ana: the twelve are test users" in texts(gate.gate(story.seen(), 80))


def test_with_the_keeper_gone_nothing_of_a_passing_gate_stays_green():
    story = blocked()
    story.judges("pass", *(replace(each, holds=True) for each in BLOCKED))
    lines = gate.gate(story.seen(keeper=GONE), 60)
    assert "? unknown: keeper gone 12 s" in text_of(lines[0])
    assert not any(ink == "good" for line in lines for _, ink in line)
    assert text_of(banner(story.seen(keeper=GONE), 80, 24)).startswith(" KEEPER GONE 12 S")


def test_a_keeper_that_a_person_stopped_says_who_did_it_and_why():
    story = blocked()
    assert story.state.keeper is not None
    story.happens(e.KeeperStopRequested(epoch=story.state.keeper.epoch, reason="The host is patched"), BO)
    said = text_of(banner(story.seen(keeper=GONE), 120, 24))
    assert said.startswith(" KEEPER STOPPED by bo: The host is patched   ")
    at_80 = text_of(banner(story.seen(keeper=GONE), 80, 24))
    assert "KEEPER STOPPED by bo: The host" in at_80
    assert "starts it again" in at_80, "the way on is in sight however long the reason"
    assert text_of(gate.gate(story.seen(keeper=GONE), 60)[0]) == "? unknown: keeper stopped by bo: The host is patched"
    assert story.seen().keeper_trouble == "", "it lives and may still be ending"


def test_a_silent_keeper_is_no_living_one():
    seen = blocked().seen(keeper=KeeperSight(alive=True, silent_s=30.0))
    assert "KEEPER SILENT 30 S" in text_of(banner(seen, 120, 40))


def test_a_keeper_that_has_not_beaten_yet_is_not_called_silent():
    story = blocked()
    story.judges("pass", *(replace(each, holds=True) for each in BLOCKED))
    starting = KeeperSight(alive=True, silent_s=float("inf"))
    assert story.seen(keeper=starting).keeper_trouble == "keeper not heard of yet"
    assert banner(story.seen(keeper=starting), 120, 40)[0][1] == "warn"
    said = text_of(banner(story.seen(keeper=starting), 120, 40))
    assert said.startswith(" KEEPER NOT HEARD OF YET   its first beat is waited for")
    assert text_of(gate.gate(story.seen(keeper=starting), 60)[0]) == "? unknown: keeper not heard of yet"
    elsewhere = story.seen(keeper=replace(starting, is_elsewhere=True))
    assert story.state.keeper is not None
    assert f"KEEPER ON {story.state.keeper.host} NOT HEARD OF YET" in text_of(banner(elsewhere, 120, 40))
    gone = story.seen(keeper=KeeperSight(alive=False, silent_s=float("inf")))
    assert gone.keeper_trouble == "keeper gone"


def test_before_the_first_keeper_the_banner_says_that_it_starts():
    seen = Story(keeper=False).seen(keeper=KeeperSight(alive=False, silent_s=float("inf")))
    assert "the keeper is starting" in text_of(banner(seen, 80, 24))


def test_a_long_condition_and_why_it_does_not_hold_are_shown_whole():
    long = "missing_profiles == 0 && api_health.latency_ms < 250.0 && connections < 100"
    phases = (Phase(id="one", title="One", steps=(Step(id="only", title="Only", gate=(long,)),)),)
    story = Story(replace(PROFILE, phases=phases))
    why = "missing_profiles is 12, api_health.latency_ms is 431.2"
    story.judges("blocked", ConditionVerdict(long, False, why))
    told = texts(gate.gate(story.seen(), 36))
    assert "…" not in told
    assert long in " ".join(told.split())
    assert why in " ".join(told.split())


def test_the_gate_of_a_step_that_is_not_due_shows_its_conditions_unjudged():
    lines = gate.gate(Story().seen(selected="validate"), 60)
    assert text_of(lines[0]) == "· judged when this is due"
    assert text_of(lines[1]) == " · missing_profiles == 0"


def test_of_many_conditions_those_that_do_not_hold_come_first():
    many = tuple(f"api_health.latency_ms < {n}.0" for n in range(20))
    phases = (Phase(id="one", title="One", steps=(Step(id="only", title="Only", gate=many),)),)
    story = Story(replace(PROFILE, phases=phases))
    story.judges("blocked", *(ConditionVerdict(text, at != 17, "") for at, text in enumerate(many)))
    assert "< 17.0" in text_of(gate.gate(story.seen(), 60)[1])


# ---- the probes ----------------------------------------------------------------------------------------------------


def test_every_probe_has_its_mark_its_value_and_the_units_stand_in_a_column():
    rows = texts(probes.probes(blocked().seen(), 28, 10)).split("\n")
    assert [row.rstrip() for row in rows] == [
        "✔ api_health          142 ms",
        "✔ connections          41",
        "! error_rate          1.4 %",
        "✖ missing_profiles     12",
        "✔ queue            0.0042 s",
        "· manual           unread",
    ]


@given(
    st.one_of(
        st.booleans(), st.integers(), st.floats(), st.none(), st.sampled_from(["", "1.4.2", "漢字" * 9, HOSTILE])
    ),
    st.sampled_from(["", "%", "ms", "B", "req/s", "requests", "漢"]),
    st.integers(20, 70),
)
def test_a_row_takes_exactly_its_width_and_never_shows_a_part_of_a_number(value, unit, width):
    story = Story()
    story.reads(Reading(probe="api_health", status="pass", value=value, unit=unit))
    line = probes.probes(story.seen(), width, 10)[0]
    assert width_of(line) == width
    told = text_of(line)
    assert "\x1b" not in told
    if isinstance(value, (int, float)):
        assert "…" not in told[-9:]


def test_a_stale_probe_says_so_with_its_age_and_shows_no_value():
    story = blocked()
    story.passes(90)
    row = text_of(probes.probes(story.seen(), 40, 10)[0])
    assert row.startswith("? api_health")
    assert "stale 1m" in row
    assert "142" not in row


def test_of_two_hundred_probes_those_out_of_sight_are_counted_with_what_is_wrong():
    many = tuple(Probe(id=f"p{n}", kind="http") for n in range(200))
    story = Story(replace(PROFILE, probes=many, phases=PROFILE.phases[:1]))
    story.reads(*(Reading(probe=f"p{n}", status="fail" if n == 150 else "pass", value=n) for n in range(200)))
    rows = probes.probes(story.seen(), 40, 10)
    assert len(rows) == 10
    assert text_of(rows[-1]) == "191 more (p): 1 fail"
    assert rows[-1][0][1] == "bad"
    assert text_of(probes.summary(story.seen())) == "probes  199 ✔ pass  1 ✖ fail"


def test_a_sparkline_is_flat_for_noise_and_rises_with_the_value():
    story = Story()
    for value in (100, 101, 99, 100):
        story.reads(Reading(probe="api_health", status="pass", value=value))
    assert len(set(probes.sparkline(story.state.probes["api_health"], 4))) <= 2
    for value in (10, 20, 30, 40):
        story.reads(Reading(probe="connections", status="pass", value=value))
    drawn = probes.sparkline(story.state.probes["connections"], 4)
    assert list(drawn) == sorted(drawn)
    assert drawn[0] == "▁"
    assert drawn[-1] == "█"


def test_the_whole_list_says_title_kind_time_and_why():
    told = texts(probes.every(blocked().seen(), 80))
    assert "Users without a profile, postgres, every 10s, took 2 ms" in told
    assert "missing_profiles is 12" in told


def test_the_whole_list_says_what_the_time_of_a_reading_was_spent_on_where_it_tells_that():
    story = Story()
    parts = (("DNS", 0.42), ("connect", 1.2), ("first \x1bbyte", 23.4), ("total", 25.1))
    story.reads(Reading(probe="api_health", status="pass", value=25.1, parts=parts))
    told = texts(probes.every(story.seen(), 80))
    assert "DNS 0.4, connect 1.2, first ␛byte 23, total 25 ms" in told
    assert told.count("DNS") == 1


def test_the_whole_list_says_a_text_whole_that_its_column_cuts():
    story = Story()
    for version in ("organizational-model-v1.0", "1.4.2"):
        story.reads(Reading(probe="api_health", status="pass", value=version))
        told = texts(probes.every(story.seen(), 80))
        assert version in told
        assert told.count("1.4.2") == (version == "1.4.2")
    story.reads(Reading(probe="api_health", status="pass", value="\x1bv" + 300 * "9"))
    lines = probes.every(story.seen(), 80)
    assert "␛v999" in texts(lines)
    assert all(width_of(line) <= 80 for line in lines)


# ---- the log's tail ------------------------------------------------------------------------------------------------


def test_the_tail_ends_with_the_newest_and_leaves_out_gates_and_good_first_readings():
    story = blocked()
    told = texts(tail.tail(story.seen(), 20))
    assert told.split("\n")[-1].endswith("bo  note: replica lag settled")
    assert "api_health unread" not in told
    assert "missing_profiles unread → fail" in told
    assert "gate of" not in told
    whole = texts(tail.whole(story.seen(), 100))
    assert "api_health unread → pass" in whole
    assert "gate of 1.3 Validate the migration is blocked" in whole


def test_the_tail_tells_of_a_step_that_is_passed_by():
    steps = (Step(id="a", title="Roll out", only_if=("x == 1",)), Step(id="b", title="B"))
    phase = Phase(id="one", title="One", steps=steps)
    story = Story(replace(PROFILE, phases=(phase,)))
    story.judges("blocked", ConditionVerdict("x == 1", False, "x is 2"))
    assert "1.1 Roll out does not apply: x is 2" in texts(tail.tail(story.seen(), 20))


def test_times_stand_in_the_zone_of_the_window():
    assert texts(tail.tail(blocked().seen(), 99)).startswith("22:00:00 ")


# ---- the keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_help_and_leaving_are_hinted_at_every_width(width):
    told = text_of(keys.hints(blocked().seen(), width, 24))
    assert told.rstrip().endswith("? help  q detach")
    assert cell_len(told) <= width


def test_who_only_watches_is_shown_no_key_that_acts():
    told = text_of(keys.hints(blocked().seen(mode="WATCHING"), 120, 24))
    assert "confirm" not in told
    assert "n note" in told
    assert told.rstrip().endswith("q leave")


def test_looking_at_another_step_the_first_key_leads_back():
    assert text_of(keys.hints(blocked().seen(selected="smoke"), 80, 24)).startswith(" Home back to now")


def test_a_terminal_too_small_to_act_is_told_so():
    assert "too small to act: 72x20" in text_of(banner(blocked().seen(), 71, 24))
    assert "confirm" not in text_of(keys.hints(blocked().seen(), 71, 24))
    assert banner(blocked().seen(), 72, 20) == ()
    assert "c confirm" in text_of(keys.hints(blocked().seen(), 72, 20))


# ---- whatever the text ---------------------------------------------------------------------------------------------


def hostile() -> Story:
    gate = ("api_health.passing",)
    first = Step(
        id="first", title=HOSTILE, instructions=HOSTILE, command=HOSTILE, owner=HOSTILE, rollback=HOSTILE, gate=gate
    )
    profile = replace(
        PROFILE,
        id=HOSTILE,
        title=HOSTILE,
        environment=HOSTILE,
        probes=(replace(PROFILE.probes[0], title=HOSTILE),),
        phases=(Phase(id="p", title=HOSTILE, description=HOSTILE, steps=(first,)),),
    )
    story = Story(profile)
    story.reads(Reading(probe="api_health", status="fail", value=HOSTILE, unit=HOSTILE, detail=HOSTILE))
    story.judges("blocked", ConditionVerdict("api_health.passing", False, HOSTILE))
    story.happens(e.NoteAdded(text=HOSTILE), e.Actor(HOSTILE, HOSTILE))
    story.happens(e.HoldPlaced(reason=HOSTILE), e.Actor(HOSTILE, HOSTILE))
    return story


@pytest.mark.parametrize("width", [40, 80, 160])
def test_text_from_outside_reaches_no_pane_with_anything_that_acts(width):
    seen = hostile().seen()
    shown = [
        top.identity(seen, width),
        top.clock(seen, width),
        banner(seen, width, 40),
        keys.hints(seen, width, 40),
        tree.line(seen),
        *tree.tree(seen, width, 20),
        *step.facts(seen, width),
        *gate.gate(seen, width),
        *probes.probes(seen, width, 20),
        *probes.every(seen, width),
        *tail.tail(seen, 20),
        *tail.whole(seen, width),
        *instructions.plain(*(seen.filled(HOSTILE),) * 3, width),
        *instructions.formatted(*(seen.filled(HOSTILE),) * 3, width),
    ]
    told = texts(shown) + step.title(seen)
    acting = {
        character for character in told if character != "\n" and (ord(character) < 32 or 0x7F <= ord(character) < 0xA0)
    }
    assert acting == set()
    assert "\u202e" not in told
    assert "[@click=app.quit]" in told.replace("\n", "")


@given(st.integers(8, 80), st.lists(st.sampled_from(["漢字", "ab", "'x y'", " ", "$HOME", "|"]), max_size=30))
def test_a_command_is_shown_whole_whatever_the_width(width, parts):
    command = "run " + "".join(parts)
    lines = instructions.formatted("", command, "", width)
    assert all(width_of(line) <= width for line in lines)
    told = "".join(text_of(line).strip() for line in lines).replace(" ", "")
    assert told == ("$ " + command.strip()).replace(" ", "")


def test_instructions_are_there_before_they_are_formatted_and_after():
    for form in (instructions.plain, instructions.formatted):
        told = texts(form("The script **must** run.", "psql -f x.sql", "Restore.", 40))
        assert "must" in told
        assert "$ psql -f x.sql" in told
        assert "Restore." in told
    assert "**" not in texts(instructions.formatted("The script **must** run.", "", "", 40))


def test_nothing_of_what_is_to_be_done_is_hidden_by_its_markdown():
    written = (
        "use <namespace>, <!-- never this --> not ~~that~~, &#27;[31m &amp; ![picture](https://a.example/p.png) [b][1]"
        "\n\n[1]: https://b.example\n\n<details>and this</details>"
    )
    told = " ".join(texts(instructions.formatted(written, "", "", 200)).split())
    for part in ("<namespace>", "<!-- never this -->", "~~that~~", "&#27;[31m", "&amp;", "https://a.example", "[b][1]"):
        assert part in told
    assert "[1]: https://b.example" in told
    assert "<details>and this</details>" in told


def test_readings_stand_in_the_order_of_the_profile():
    assert [row.split()[1] for row in texts(probes.probes(blocked().seen(), 40, 10)).split("\n")] == [
        each.id for each in PROFILE.probes
    ]
    assert len(READINGS) == 5


# ---- claims --------------------------------------------------------------------------------------------------------


def test_what_came_ticked_is_shown_as_a_claim_until_it_is_confirmed():
    said = "ticked in the wiki, 2025-10-22"
    phase = Phase(
        id="p",
        title="P",
        steps=(Step(id="one", title="One", claimed=said), Step(id="two", title="Two", claimed=said)),
    )
    story = Story(replace(PROFILE, phases=(phase,)))
    rows = [text_of(line) for line in tree.tree(story.seen(), 40, 20)]
    assert [row.split() for row in rows[1:]] == [["▶", "1.1", "One", "claimed"], ["○", "1.2", "Two", "claimed"]]
    assert f"○ claimed, not verified: {said}" in [text_of(line) for line in step.facts(story.seen(), 80)]
    story.does(c.ConfirmStep, step="one")
    rows = [text_of(line) for line in tree.tree(story.seen(), 40, 20)]
    assert rows[1].split()[:3] == ["✔", "1.1", "One"]
    assert "claimed" not in rows[1]
