"""What the step's pane says of every kind of step: how it stands, and which key is next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from screen_night import BO, IDENTITY, NIGHT, NIGHT_PRODUCTION, Night, at, failed, going_back
from screen_story import BEGIN, GONE, HOSTILE, text_of, texts

from cockpit.profile.model import Phase, Step
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.arming import unread_because
from cockpit.run.readings import ConditionVerdict
from cockpit.tui.lines import width_of
from cockpit.tui.panes import action, contacts, gate, keys, probes, step, stepping, top, tree
from cockpit.tui.panes.banner import banner

WIDTHS = (28, 40, 52, 80)


def told(night: Night, width: int = 52, **seen) -> str:
    return texts(step.facts(night.seen(**seen), width))


def hints(night: Night, **seen) -> str:
    return text_of(keys.hints(night.seen(**seen), 120, 40))


def row(night: Night, number: str) -> str:
    rows = texts(tree.tree(night.seen(), 44, 40)).split("\n")
    return next(each for each in rows if f" {number} " in each)


# ---- actions -------------------------------------------------------------------------------------------------------


def test_before_an_action_the_pane_says_which_key_runs_it_as_whom_and_where():
    night = at("scale_down")
    assert "r runs it, for at most 5m" in told(night)
    assert "runs as ana@bastion-1 → cluster (virtue-prod, virtue)" in told(night, 80)
    assert hints(night).startswith(" r run")


def test_an_action_whose_requirement_does_not_hold_offers_no_key_that_runs_it():
    night = at("migrate")
    night.judges("blocked", ConditionVerdict("api_health.passing", False, "api_health fails"))
    assert "r runs it" not in told(night)
    assert gate.title(night.seen()) == "Before it is run"


def test_a_running_action_says_how_long_and_how_to_cancel_and_its_output_follows():
    night = at("migrate")
    name = night.starts("UPDATE 20000", "UPDATE 40000")
    night.happens(e.ActionOutput(action=name, text="half", progress=("41 % of the rows",)))
    assert "» running  4s of at most 15m  K cancels" in told(night)
    assert "41 % of the rows" in told(night)
    shown = stepping.part(stepping.lines(night.seen(), 52, 9, is_formatted=False), 0, 9)
    assert [text_of(line) for line in shown if text_of(line).startswith("│")][-2:] == ["│ UPDATE 40000", "│ half"]
    assert gate.gate(night.seen(), 52) == [], "what it needed before it began needs no room any more"
    assert hints(night).startswith(" K cancel…  v output")
    assert row(night, "2.2").endswith("running")


def test_the_last_lines_of_a_long_output_are_in_sight_and_the_others_counted():
    night = at("migrate")
    night.starts(*(f"row {n}" for n in range(60)))
    shown = stepping.part(stepping.lines(night.seen(), 52, 8, is_formatted=False), 0, 8)
    assert "row 59" in texts(shown)
    assert "row 10" not in texts(shown)
    assert "more lines (PgDn)" in text_of(shown[-1])


@pytest.mark.parametrize(
    ("mode", "word"), [("dry_run", "DRY RUN"), ("shown", "SHOWN ONLY"), ("rolled_back", "ROLLED BACK")]
)
def test_what_is_only_rehearsed_says_so_in_capitals(mode, word):
    night = Night(rehearsal=True)
    night.reaches("migrate")
    night.starts(mode=mode)
    assert word in told(night)
    assert "REHEARSAL" in text_of(top.identity(night.seen(), 80))
    assert "LIVE" not in text_of(top.identity(night.seen(), 80))


def test_an_action_that_succeeded_is_confirmed_next():
    night = at("scale_down")
    night.runs("deployment scaled", exit_code=0)
    assert "✔ succeeded  exit 0, 12s" in told(night)
    assert "its gate has to pass before it is confirmed" in told(night)
    night.passes_gate()
    assert "c confirms, it succeeded" in told(night)
    assert hints(night).startswith(" c confirm")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("failed", "✖ failed  exit 3"),
        ("timed_out", "✖ timed out"),
        ("cancelled", "✖ cancelled"),
        ("refused", "✖ refused, nothing was done"),
        ("lapsed", "✖ lapsed, nothing was done"),
    ],
)
def test_an_action_that_did_not_succeed_offers_another_attempt_a_skip_a_hold_and_the_way_back(outcome, words):
    night = at("migrate")
    night.runs("boom", outcome=outcome, exit_code=3 if outcome == "failed" else None, detail="deadlock detected")
    pane = told(night)
    assert words in pane
    assert "deadlock detected" in pane
    assert "r again: attempt 2  s skip…  h hold…  b roll back…" in pane
    assert "r again  s skip…  h hold…  b roll back…" in hints(night)
    assert "✖ 2.2" in row(night, "2.2")


def test_an_action_whose_end_is_not_known_says_what_is_known_and_the_ways_on():
    night = at("migrate")
    night.runs("UPDATE 20000", outcome="unknown", detail="the keeper died")
    pane = told(night, 120)
    assert "? UNKNOWN whether it was done" in pane
    assert "asked for at 22:04 by ana, begun at 22:04; it last said: UPDATE 20000" in pane
    assert "u says how it ended" in pane
    assert "r attempt 2" not in pane  # it has conditions: they are read once it is known how it ended
    assert text_of(banner(night.seen(), 80, 24)).startswith(" UNKNOWN how 2.2 Migrate the users ended")
    assert row(night, "2.2").endswith("UNKNOWN")


def test_what_has_no_conditions_may_be_run_again_with_a_reason_before_its_end_is_known():
    night = at("scale_down")
    night.runs(outcome="unknown")
    pane = told(night, 120)
    assert "u says how it ended" in pane
    assert "r attempt 2, why" in pane


def test_a_second_attempt_is_counted_and_the_conditions_of_its_outcome_are_shown():
    night = failed()
    verdicts = (ConditionVerdict("rows >= 1", False, "rows is 0"), ConditionVerdict("exit == 0", True))
    night.runs(outcome="failed", conditions=verdicts)
    pane = told(night)
    assert "attempt 2" in pane
    assert "✖ rows >= 1" in pane
    assert "✔ exit == 0" in pane
    assert "r again: attempt 3" in pane


def test_a_target_that_proved_to_be_another_is_shouted_about():
    night = at("migrate")
    night.happens(e.TargetSeen(target="db", verdict="mismatch", detail="it is virtue_staging"))
    assert "NOT the target that the profile names: it is virtue_staging" in " ".join(told(night).split())
    assert text_of(banner(night.seen(), 80, 24)).startswith(" WRONG TARGET db: it is virtue_staging")


def test_the_whole_output_says_where_the_file_is_and_what_was_left_out():
    night = at("migrate")
    name = night.starts("UPDATE 1")
    night.happens(e.ActionOutput(action=name, text="more\n", skipped_bytes=5000))
    declared = night.seen().step()
    assert declared is not None
    whole = texts(action.whole(night.seen(), declared, 80))
    assert f"whole in outputs/{name}.log" in whole
    assert "5000 bytes of it are not shown here" in whole
    assert "UPDATE 1" in whole


@pytest.mark.parametrize("width", WIDTHS)
def test_every_way_on_is_in_sight_however_narrow_the_pane(width):
    for outcome in ("failed", "unknown"):
        night = at("migrate")
        night.runs(outcome=outcome)
        pane = told(night, width)
        for key in ("s skip…", "h hold…", "b roll back…"):
            assert key in pane


def test_a_list_to_read_offers_no_key_that_does_nothing_there():
    night = failed()
    whole = texts(action.whole(night.seen(), night.seen().step(), 80))
    assert "✖ failed" in whole
    assert "r again" not in whole


# ---- waits and set times ---------------------------------------------------------------------------------------------


def test_a_wait_counts_down_and_says_what_is_watched():
    night = at("settle_down")
    night.begins_wait()
    night.passes(62)
    pane = told(night)
    assert "◔ 3:58 left" in pane
    assert "e ends it early" in pane
    assert "a breach restarts the clock" in pane
    assert "connections < 100" in pane
    assert row(night, "2.3").endswith("waiting")


def test_a_wait_that_was_stopped_says_why_and_how_it_goes_on():
    night = at("settle_down")
    night.begins_wait()
    night.happens(e.WaitStopped(step="settle_down", attempt=1, detail="connections is 141"))
    assert "✖ stopped by a breach" in told(night)
    assert "e begins it again  or ends it early, with a reason" in told(night)
    assert "broken once, last: connections is 141" in told(night)
    assert "WAIT STOPPED: connections is 141" in text_of(banner(night.seen(), 80, 24))


def test_a_wait_that_is_over_is_confirmed_next():
    night = at("settle_down")
    night.begins_wait()
    night.happens(e.WaitCompleted(step="settle_down", attempt=1))
    assert "✔ the time is over, all was well" in told(night)
    assert "c confirms it" in told(night)


def test_a_checkpoint_says_when_it_is_due_and_since_when():
    night = at("look_30m")
    night.does(c.OverrideGate, gate="exit:database", reason="x") if night.state.cursor.step is None else None
    assert "◔ due in " in told(night)
    assert "e goes ahead early" in told(night)
    night.passes(1900)
    night.happens(e.StepDue(step="look_30m"))
    night.passes(300)
    assert "◆ due since" in told(night)
    assert "5m ago" in told(night)


# ---- what people are asked for ---------------------------------------------------------------------------------------


def test_a_message_shows_its_filled_text_to_whom_it_goes_and_how():
    night = at("announce")
    night.happens(e.StepDue(step="announce"))
    pane = told(night)
    assert "r sends it" in pane
    assert "y copies it, then c: sent by hand" in pane
    assert "to all users, through mail" in pane
    assert "Maintenance on 2026-11-21 (Saturday)" in pane
    assert "│ virtue is read-only from 22:00 to 02:00" in pane
    assert stepping.copied(night.seen(), night.seen().step()).startswith("Maintenance on 2026-11-21 (Saturday)\n\nDear")


def test_what_was_sent_says_to_whom_and_through_what():
    sent = {"to": "all users", "channel": "mail", "digest": "8fb30b51" * 8}
    assert texts(action.sent_lines(sent, 60)) == "sent to all users through mail, digest 8fb30b51"
    assert texts(action.sent_lines({"channel": "mail"}, 60)) == "sent to people through mail"
    assert texts(action.sent_lines({"to": "all users"}, 60)) == "sent to all users"


def test_a_message_with_a_name_that_has_no_value_says_which():
    templates = (replace(NIGHT.templates[0], body="from ${nobody}"),)
    night = Night(replace(NIGHT, templates=templates))
    assert "✖ has no value yet: nobody" in told(night)


def test_a_record_says_what_is_asked_and_afterwards_what_was_recorded():
    night = at("backup")
    assert "c asks for it" in told(night)
    assert "Which backup is the way back?" in told(night)
    assert "as bk-[0-9]+" in told(night)
    night.settles()
    assert "backup = bk-77" in told(night, selected="backup")


def test_a_decision_shows_its_choices_and_what_they_lead_to():
    night = at("go")
    pane = told(night, 80)
    assert "c chooses" in pane
    assert "○ No-go  holds the run, opens the way back Emergency" in pane
    night.settles()
    assert "● Go" in told(night, selected="go")


def test_a_signoff_says_whose_it_is_and_whose_not():
    pane = " ".join(told(at("approval")).split())
    assert "a approves" in pane
    assert "approval of Database administrators (bo, dora)" in pane
    assert "not by: who ran or settled a step of this phase; the role Lead" in pane
    assert "approve" in hints(at("approval"), mode="WATCHING")


def test_whether_a_step_applies_is_read_before_anything_is_offered():
    night = at("cleanup")
    assert "does it apply?" in told(night)
    assert gate.title(night.seen()) == "Applies only if"
    night.judges("blocked", ConditionVerdict("recorded.go == 'go'", False))
    assert "– does not apply" in told(night, selected="cleanup")
    assert row(night, "2.5").endswith("n/a")


def test_past_the_point_of_no_return_an_irreversible_step_asks_for_a_second_person():
    night = Night(NIGHT_PRODUCTION, begin=BEGIN + timedelta(hours=3, minutes=30))
    night.reaches("migrate", 1)
    assert "a second person agrees with a" in " ".join(told(night).split())
    assert hints(night).startswith(" w waive…")
    night.does(c.Countersign, step="migrate", actor=BO)
    assert "✔ bo@bastion-1 agrees" in told(night)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_of_any_step_is_wider_than_its_pane_but_for_what_may_be_cut(width):
    for name in ("announce", "approval", "backup", "migrate", "settle_down", "go", "cleanup"):
        for line in step.facts(at(name).seen(), width):
            assert width_of(line) <= max(width, 60)


# ---- the run as a whole ----------------------------------------------------------------------------------------------


def test_a_fired_trigger_stands_in_the_banner_with_its_keys_before_a_hold():
    night = at("go")
    night.fires()
    night.passes(130)
    night.does(c.PlaceHold, reason="wait", actor=BO)
    shouts = text_of(banner(night.seen(), 100, 24))
    assert shouts.startswith(" IMMEDIATE logins failing 2m: b roll back, g go on")
    assert shouts.rstrip().endswith("+1 more")
    assert hints(night).startswith(" b roll back…  g go on…")


def test_what_a_person_raised_is_told_with_their_words():
    night = at("go")
    night.does(c.RaiseTrigger, reason="users cannot log in", actor=BO)
    assert "CONSIDER raised by bo: users cannot log in" in text_of(banner(night.seen(), 100, 24))


def test_an_immediate_trigger_comes_before_one_to_consider():
    night = at("go")
    night.does(c.RaiseTrigger, reason="slow", actor=BO)
    night.fires()
    assert text_of(banner(night.seen(), 80, 24)).startswith(" IMMEDIATE")


def test_a_clock_that_was_set_is_told_for_a_while():
    night = at("go")
    night.happens(e.ClockStepped(by_s=3600.0))
    assert "THE CLOCK WAS SET" in text_of(banner(night.seen(), 120, 24))
    night.passes(700)
    assert "THE CLOCK" not in text_of(banner(night.seen(), 120, 24))


def test_a_log_that_becomes_long_is_told_and_one_that_is_full_loudly():
    night = at("go")
    night.happens(e.LogFilled(level="near", events=2_000_000, size_bytes=1 << 30))
    assert "THE LOG IS HALF FULL: plan how this run ends" in text_of(banner(night.seen(), 120, 24))
    night.happens(e.LogFilled(level="full", events=4_000_000, size_bytes=2 << 30))
    told = text_of(banner(night.seen(), 80, 24))
    assert "THE LOG IS FULL: only what somebody waits for is probed" in told
    assert "HALF" not in told


def test_suspended_triggers_are_counted_with_the_reason():
    night = at("migrate")
    assert "2 triggers suspended: during 2 Database" in texts(probes.probes(night.seen(), 60, 12))
    assert "suspended: during 2 Database" in texts(probes.every(night.seen(), 80))
    assert "2 triggers suspended" in text_of(probes.summary(night.seen()))


def test_a_trigger_that_cannot_be_judged_says_so_on_its_line_and_what_covers_it():
    night = at("look_30m")
    night.happens(e.ProbeChanged(probe="error_rate", previous="pass", status="error", detail="no answer"))
    assert "1 trigger cannot be judged: error_rate is in error" in texts(probes.probes(night.seen(), 60, 12))
    assert "trigger logins failing  cannot be judged: error_rate is in error" in texts(probes.every(night.seen(), 80))
    assert "trigger answers are slow  armed" in texts(probes.every(night.seen(), 80))
    assert probes.title(night.seen(), 3) == "Probes · 1 trigger cannot be judged (p)"
    covered = replace(night.profile.triggers[0], when=("!error_rate.passing",))
    assert unread_because(night.state, covered, night.now()) == ""
    night.happens(e.ProbeChanged(probe="error_rate", previous="error", status="stale", detail="no reading"))
    assert unread_because(night.state, covered, night.now()) == "error_rate is stale"


def test_on_a_small_screen_suspended_triggers_take_no_probes_place():
    night = at("migrate")
    assert "suspended" not in texts(probes.probes(night.seen(), 52, 3))
    assert texts(probes.probes(night.seen(), 52, 3)).startswith("✔ api_health")
    assert probes.title(night.seen(), 3) == "Probes · 2 triggers suspended (p)"
    assert probes.title(night.seen(), 12) == "Probes"


def test_rolling_back_stands_on_top_and_its_steps_before_the_way_forward():
    night = going_back()
    assert "ROLLING BACK Emergency" in text_of(top.identity(night.seen(), 80))
    assert tree.title(night.seen()) == "The way back"
    rows = texts(tree.tree(night.seen(), 44, 40)).split("\n")
    assert rows[0].startswith("▶ R1 Database back")
    assert rows[1].startswith("  ▶ R1.1 Put the old ids back")
    assert any("the way forward" in each for each in rows)
    assert "rolling back emergency: 0 of 3" in text_of(tree.line(night.seen()))


def test_at_the_end_of_the_way_back_the_pane_says_so_and_how_it_goes_on():
    night = going_back()
    for step_id in night.state.rollback.steps:
        night.does(c.SkipStep, step=step_id, reason="nothing was moved")
    assert "✔ the way back is walked" in told(night)
    assert "F finishes the run, b goes forward again" in told(night)


def test_phases_before_and_after_the_window_are_told_apart():
    rows = texts(tree.tree(at("go").seen(), 44, 40))
    assert "── before the window" in rows
    assert "── in the window" in rows
    assert "── after the window" in rows


def test_at_the_exit_of_a_phase_it_waits_to_be_left():
    night = at("exit:database")
    assert step.title(night.seen()) == "Leaving 2 Database"
    assert "waits to be left" in told(night)
    assert gate.title(night.seen()) == "To leave the phase"
    assert hints(night).startswith(" c leave phase")
    assert row(night, "2 Database").endswith("to be left")


def test_after_the_end_probes_stand_as_they_were_then():
    night = at("go")
    night.does(c.AbortRun, reason="over")
    night.passes(7200)
    seen = night.seen(keeper=GONE)
    assert "stale" not in texts(probes.probes(seen, 40, 12))
    assert probes.title(seen, 9).startswith("Probes at the end")


def test_contacts_come_in_the_order_of_escalation_and_say_who_cannot_be_reached():
    lines = texts(contacts.contacts(at("go").seen(), 80))
    assert lines.index("1. Database administrator") < lines.index("2. Engineering lead") < lines.index("Support desk")
    assert "✖ no way to reach them is given" in lines


def test_a_condition_that_has_to_be_broken_is_indented_where_it_goes_on():
    long = "missing_profiles == 0 && api_health.latency_ms < 250.0 && connections < 100"
    phases = (Phase(id="one", title="One", steps=(Step(id="only", title="Only", gate=(long,)),)),)
    night = Night(replace(NIGHT, phases=phases, rollbacks=(), triggers=()))
    night.judges("blocked", ConditionVerdict(long, False, "missing_profiles is 12, api_health.latency_ms is 431.2"))
    first, *rest = [text_of(line) for line in gate.gate(night.seen(), 40)[1:]]
    assert first.startswith(" ✖ missing")
    assert len(rest) >= 3
    assert all(each.startswith("     ") for each in rest)


def test_hostile_text_of_actions_targets_and_triggers_reaches_no_pane_with_anything_that_acts():
    night = at("migrate")
    name = night.starts(HOSTILE)
    night.happens(e.ActionOutput(action=name, text=HOSTILE, progress=(HOSTILE,)))
    night.happens(e.TargetSeen(target="db", identity={**IDENTITY, "x": HOSTILE}, verdict="mismatch", detail=HOSTILE))
    night.happens(
        e.ActionEnded(
            action=name, step="migrate", outcome="unknown", detail=HOSTILE,
            conditions=(ConditionVerdict(HOSTILE, False, HOSTILE),), sent={"to": HOSTILE},
        )
    )  # fmt: skip
    night.does(c.RaiseTrigger, reason=HOSTILE, actor=e.Actor(HOSTILE, HOSTILE))
    seen = night.seen()
    shown = [
        *stepping.lines(seen, 60, 20, is_formatted=True),
        *action.whole(seen, seen.step(), 60),
        banner(seen, 200, 40),
        *contacts.contacts(seen, 60),
        *probes.every(seen, 60),
        *tree.tree(seen, 60, 40),
    ]
    acting = {each for each in texts(shown) if each != "\n" and (ord(each) < 32 or 0x7F <= ord(each) < 0xA0)}
    assert acting == set()
    assert "\u202e" not in texts(shown)


# ---- what an operator must not be misled by ------------------------------------------------------------------------


def test_who_holds_an_action_up_is_read_whole():
    night = at("migrate")
    name = night.starts()
    blocker = "blocked by pid 812 (app, nightly billing; active for 4.27 s): update users set profile_id = 7"
    night.happens(e.ActionOutput(action=name, text="", progress=(blocker,)))
    assert "".join(told(night, 40).split()).count("".join(blocker.split())) == 1
    rows = action.lines(night.seen(), night.profile.phases[1].steps[1], night.state.steps["migrate"], 40)
    assert all(width_of(line) <= 40 for line in rows)


def test_nothing_is_said_to_run_while_nobody_watches_it():
    night = at("migrate")
    night.starts()
    assert "» running" in told(night)
    assert "? it ran when its keeper went" in told(night, keeper=GONE)
    assert "K cancels" not in told(night, keeper=GONE)


def test_what_ended_unknown_took_no_time_that_anybody_knows_and_its_gate_may_vouch_for_it():
    night = at("scale_down")
    night.runs(outcome="unknown")
    assert "? UNKNOWN whether it was done\n" in told(night)
    assert "c confirms, its gate passes" not in told(night)
    night.judges("pass")
    assert "c confirms, its gate passes" in told(night)
    assert hints(night).startswith(" c by its gate")


def test_while_a_breach_lasts_no_time_is_left_to_count():
    night = at("settle_down")
    night.begins_wait()
    until = night.now().at + timedelta(seconds=300)
    night.happens(e.WaitBegan(step="settle_down", attempt=1, until=until, detail="connections is 140"))
    assert "✖ broken  it begins again when all is well" in told(night)
    assert " left" not in told(night)
    night.happens(e.WaitBegan(step="settle_down", attempt=1, until=until))
    assert "◔ 5m left" in told(night)


def test_a_message_without_a_channel_offers_no_key_that_sends_it():
    templates = tuple(replace(each, channel="") for each in NIGHT.templates)
    night = Night(replace(NIGHT, templates=templates))
    night.happens(e.StepDue(step="announce"))
    assert hints(night).startswith(" y copy  c sent by hand")


def test_what_a_database_says_of_itself_is_told_in_words():
    night = at("migrate")
    found = {"database": "virtue", "user": "ana", "server_address": "10.0.0.7", "server_port": "5432",
             "standby": "false", "server_version": "18.4"}  # fmt: skip
    night.happens(e.TargetSeen(target="db", identity=found, verdict="match"))
    assert "db (virtue, as ana, 10.0.0.7, port 5432, version 18.4)" in told(night, 120)
    night.happens(e.TargetSeen(target="db", identity={**found, "standby": "true"}, verdict="match"))
    assert "a standby" in told(night, 120)


def test_under_a_hold_nothing_is_said_to_be_read_that_was_read():
    night = at("cleanup")
    night.does(c.PlaceHold, reason="stop")
    assert "being read" not in told(night)
