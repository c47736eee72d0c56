"""`cockpit tasks`: a checklist, or a calendar that other programs read."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from attacks import ACTING, ATTACKS, attack
from cli_desk import PROFILE, Cockpit, act, one_sentence
from icalendar import Calendar

from cockpit.audit.tail import Tail
from cockpit.cli.tasks import _calendar, _Source
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Profile
from cockpit.run.commands import AbortRun
from cockpit.run.tasks import DueTask
from cockpit.session.creating import create_run
from cockpit.text import visible

HOSTILE = r"Ask; them, all\\ BEGIN:VEVENT *x* <b> 😀 " + "long " * 20
TASKS = (
    PROFILE
    + f"""
[window]
start = "2030-03-01T22:00"
end = "2030-03-02T02:00"
timezone = "Pacific/Auckland"

[[roles]]
id = "product"
title = "Product manager"

[[tasks]]
id = "feedback"
title = "{HOSTILE}"
due = "7d"
owner = "product"
group = "Week 1"

[[tasks]]
id = "logs"
title = "Look at ${{host}}'s logs"
due = "1d"
group = "Week 1"
"""
)


@pytest.fixture
def planned(profile: Path) -> Path:
    profile.write_text(TASKS)
    return profile


def components(text: str, name: str) -> list[Calendar]:
    return list(Calendar.from_ical(text).walk(name))


def test_a_checklist_is_grouped_and_in_time(cockpit: Cockpit, planned: Path) -> None:
    ended = cockpit("tasks", "shop.toml", COCKPIT_TEST_HOST="db-1")
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[:5] == [
        "# shop (staging): tasks", "", "## Week 1", "", "- [ ] Look at db-1's logs (due 2030-03-03 (Sunday))",
    ]  # fmt: skip
    assert lines[5].startswith(r"- [ ] Ask; them, all\\ BEGIN:VEVENT \*x\* \<b\> 😀 long")
    assert lines[5].endswith("(Product manager, due 2030-03-09 (Saturday))")
    assert len(lines) == 6


def test_a_calendar_holds_the_very_same_tasks_whatever_they_are_called(cockpit: Cockpit, planned: Path) -> None:
    ended = cockpit("tasks", "shop.toml", "--format", "ics", COCKPIT_TEST_HOST="a\nBEGIN:VEVENT\x1b[2J")
    first, second = components(ended.stdout, "VTODO")
    assert components(ended.stdout, "VEVENT") == []
    assert (first["summary"], first["uid"]) == ("Look at a␊BEGIN:VEVENT␛[2J's logs", "logs.shop.staging@cockpit")
    assert str(second["summary"]).startswith("Ask; them, all\\ BEGIN:VEVENT *x* <b> 😀 long")
    assert second["due"].dt - first["due"].dt == timedelta(days=6)
    assert "Product manager" in second["description"]
    assert all(len(line.encode()) <= 75 for line in ended.stdout.splitlines())


def test_events_are_of_the_day_in_the_windows_zone(cockpit: Cockpit, planned: Path) -> None:
    ended = cockpit("tasks", "shop.toml", "--format", "ics", "--events")
    first, _ = components(ended.stdout, "VEVENT")
    assert first["dtstart"].dt == date(2030, 3, 3)


def test_of_a_run_they_count_from_its_end(cockpit: Cockpit, planned: Path, tmp_path: Path) -> None:
    run_dir = create_run(load(planned, installed()), {"host": "db-1"}, folder=tmp_path / "runs")
    live = components(cockpit("tasks", run_dir.name, "--format", "ics").stdout, "VTODO")
    assert live[0]["due"].dt.year == 2030
    assert live[0]["uid"] == f"logs.shop.{run_dir.name}@cockpit"
    act(run_dir, AbortRun, reason="over", typed="")
    tail = Tail(run_dir)
    ended_at = tail.read()[-1].event.instant.at
    tail.close()
    over = components(cockpit("tasks", str(run_dir), "--format", "ics").stdout, "VTODO")
    assert over[0]["due"].dt == (ended_at + timedelta(days=1)).replace(microsecond=0)
    assert "Look at db-1's logs" in cockpit("tasks", str(run_dir / "audit.jsonl")).stdout


def test_without_a_window_a_task_says_how_long_after_and_cannot_be_an_event(cockpit: Cockpit, planned: Path) -> None:
    start = TASKS.index("[window]")
    planned.write_text(TASKS[:start] + TASKS[TASKS.index("[[roles]]") :])
    assert "(due 1d after the end)" in cockpit("tasks", "shop.toml").stdout
    (first, _) = components(cockpit("tasks", "shop.toml", "--format", "ics").stdout, "VTODO")
    assert "due" not in first
    ended = cockpit("tasks", "shop.toml", "--format", "ics", "--events")
    assert ended.returncode == 4
    assert "events need a day" in one_sentence(ended)


def test_a_profile_without_tasks_has_an_empty_list(cockpit: Cockpit, profile: Path) -> None:
    ended = cockpit("tasks", "shop.toml")
    assert (ended.returncode, ended.stdout) == (0, "# shop (staging): tasks\n")
    assert "no tasks" in ended.stderr
    assert components(cockpit("tasks", "shop.toml", "--format", "ics").stdout, "VTODO") == []


def test_bad_input_is_one_sentence(cockpit: Cockpit, profile: Path) -> None:
    assert "is for `--format ics`" in one_sentence(cockpit("tasks", "shop.toml", "--events"))
    missing = cockpit("tasks", "none.toml")
    assert missing.returncode == 1
    nothing = cockpit("tasks", "no-such-run")
    assert nothing.returncode == 3
    assert "there is no run no-such-run" in one_sentence(nothing)
    (profile.parent / "x.jsonl").write_text("nonsense\n")
    assert cockpit("tasks", "x.jsonl").returncode in (1, 3)


def test_no_text_of_a_task_becomes_a_line_of_the_calendar_or_acts() -> None:
    texts = [attack(name) for name in ATTACKS] + ["a\r\nATTENDEE:mailto:x@owned.example\r\nEND:VTODO\r\nBEGIN:VALARM"]
    listed = tuple(
        DueTask(id=f"t{at}", title=text, owner=text, group=text, after_s=0, due=None) for at, text in enumerate(texts)
    )
    profile = Profile(id="shop", environment="".join(texts), title="".join(texts))
    told = _calendar(_Source(profile, {}, None, "".join(texts)), listed, events=False)
    assert not ACTING.search(told.replace("\r\n", "\n"))
    whole = Calendar.from_ical(told)
    assert [each.name for each in whole.walk()] == ["VCALENDAR", *["VTODO"] * len(texts)]
    keys = {key for each in whole.walk("VTODO") for key in each}
    assert keys == {"UID", "DTSTAMP", "SUMMARY", "DESCRIPTION", "CATEGORIES"}
    assert [str(each["SUMMARY"]) for each in whole.walk("VTODO")] == [visible(text) for text in texts]
