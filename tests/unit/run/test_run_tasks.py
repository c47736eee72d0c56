"""The list of later work: grouped, in time, and literal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import BEGIN, PROFILE

from cockpit.profile.model import Task, Variable, Window
from cockpit.run.tasks import as_markdown, due_tasks

DAY = 86400.0
TASKS = (
    Task(id="feedback", title="Collect feedback of ${who}", due_s=7 * DAY, owner="product", group="Week 1"),
    Task(id="report", title="Report", due_s=30 * DAY, group="Month 1"),
    Task(id="logs", title="Look at logs", due_s=DAY, owner="ops", group="Week 1"),
)
WHOLE = replace(PROFILE, tasks=TASKS, variables=(Variable(name="who", value="all"),))


def test_groups_stay_in_order_and_tasks_in_time() -> None:
    tasks = due_tasks(WHOLE, {"who": "all users"}, BEGIN)
    assert [task.id for task in tasks] == ["logs", "feedback", "report"]
    assert tasks[1].title == "Collect feedback of all users"
    assert tasks[1].due == BEGIN + timedelta(days=7)


def test_the_checklist_names_who_and_when() -> None:
    assert as_markdown(WHOLE, due_tasks(WHOLE, {}, BEGIN)) == (
        "# organizational model (staging): tasks\n"
        "\n"
        "## Week 1\n"
        "\n"
        "- [ ] Look at logs (ops, due 2026-11-22 (Sunday))\n"
        "- [ ] Collect feedback of ${who} (product, due 2026-11-28 (Saturday))\n"
        "\n"
        "## Month 1\n"
        "\n"
        "- [ ] Report (due 2026-12-21 (Monday))\n"
    )


def test_without_a_window_it_says_how_long_after() -> None:
    text = as_markdown(WHOLE, due_tasks(WHOLE, {}, None))
    assert "(ops, due 1d after the end)" in text


def test_dates_are_those_of_the_windows_zone() -> None:
    profile = replace(WHOLE, window=Window(start="22:00", end="02:00", timezone="Pacific/Auckland"))
    assert "due 2026-11-23 (Monday)" in as_markdown(profile, due_tasks(profile, {}, BEGIN))


def test_tasks_without_a_group_have_no_heading_and_no_task_is_a_bare_title() -> None:
    profile = replace(PROFILE, tasks=(Task(id="a", title="A"), Task(id="b", title="B")))
    text = as_markdown(profile, due_tasks(profile, {}, None))
    assert text == "# organizational model (staging): tasks\n\n- [ ] A (due at the end)\n- [ ] B (due at the end)\n"
    assert as_markdown(PROFILE, ()) == "# organizational model (staging): tasks\n"


def test_a_due_time_beyond_all_time_is_left_open() -> None:
    profile = replace(PROFILE, tasks=(Task(id="a", title="A", due_s=DAY),))
    assert due_tasks(profile, {}, datetime.max.replace(tzinfo=UTC))[0].due is None


@given(st.lists(st.builds(Task, id=st.just("a"), title=st.text(max_size=30), group=st.text(max_size=20)), max_size=6))
def test_every_task_is_one_item_of_the_list_whatever_it_is_called(tasks: list[Task]) -> None:
    profile = replace(PROFILE, tasks=tuple(tasks))
    text = as_markdown(profile, due_tasks(profile, {}, BEGIN))
    assert len([line for line in text.splitlines() if line.startswith("- [ ] ")]) == len(tasks)
    assert not re.search(r"(?<!\\)[<>`|]", text)
