"""From headings, lists, tables and prose to phases and steps."""

import pytest

from cockpit.errors import ImportRefused
from cockpit.importing.imported import Imported, imported
from cockpit.importing.source import read_source
from cockpit.profile.check import check
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.model import Phase, Step


def made(text: str, **options: object) -> Imported:
    return imported([read_source(text.encode(), "RUNBOOK.md")], **options)  # type: ignore[arg-type]


def phases(text: str) -> dict[str, Phase]:
    return {phase.title: phase for phase in made(text).profile.phases}


def steps(text: str) -> list[Step]:
    return [step for _, step in made(text).profile.every_step()]


def titles(text: str) -> list[str]:
    return [step.title for step in steps(text)]


def became(text: str, line: int) -> str:
    entry = made(text).accounts[0].entries[line - 1]
    return ", ".join(entry.became) or f"{entry.fate}: {entry.why}"


def test_a_heading_with_items_is_a_phase_and_each_item_a_step():
    profile = made("# Shop\n\n## Deployment\n- [ ] Stop the workers\n- [ ] Start them\n").profile
    assert (profile.title, profile.id) == ("Shop", "shop")
    assert [(phase.title, [step.title for step in phase.steps]) for phase in profile.phases] == [
        ("Deployment", ["Stop the workers", "Start them"])
    ]


def test_each_step_keeps_its_lines():
    assert [step.source for step in steps("## Deploy\n\n1. One\n   of two lines\n2. Two\n")] == [
        "RUNBOOK.md:3-4",
        "RUNBOOK.md:5",
    ]


def test_a_ticked_box_is_a_claim_and_no_more():
    [done, open_] = steps("## Deploy\n- [x] Backup\n- [ ] Restore\n")
    assert (done.claimed, done.kind) == ("ticked in the runbook", "confirm")
    assert open_.claimed == ""


def test_nested_boxes_are_steps_and_nested_bullets_are_told():
    found = steps("## Deploy\n- [ ] Prepare\n  - [x] Backup\n    - to the other site\n  - [ ] Notify\n- [ ] Go\n")
    assert [step.title for step in found] == ["Prepare", "Backup", "Notify", "Go"]
    assert found[1].instructions == "- to the other site"


def test_preparation_comes_first_and_what_follows_the_window_last_whatever_the_order_of_the_text():
    text = "## Deployment\n- go\n\n## Prerequisites\n- have\n\n## Post-deployment monitoring\n- look\n"
    assert [(phase.title, phase.stage) for phase in made(text).profile.phases] == [
        ("Prerequisites", "before"),
        ("Deployment", "window"),
        ("Post-deployment monitoring", "after"),
    ]


def test_what_stands_before_the_deployment_is_preparation_though_its_heading_says_nothing():
    assert [phase.stage for phase in made("# X\n## Security\n- a\n## Deployment\n- b\n").profile.phases] == [
        "before",
        "window",
    ]


def test_the_estimate_of_a_phase_is_shared_out_and_its_sum_is_kept():
    phase = phases("## Phase 1: Database (30 minutes)\n1. One\n2. Two (10 min)\n3. Three\n4. Four\n")["Database"]
    assert phase.estimate_s == 1800
    assert [step.estimate_s for step in phase.steps] == [400, 600, 400, 400]


def test_a_heading_called_step_is_a_step_of_its_phase():
    text = (
        "## Phase 1: Data\n\n### Step 1: Stop\n\n```bash\nsystemctl stop app\n```\n\n### Step 2: Tell\n\nTell people.\n"
    )
    [phase] = made(text).profile.phases
    assert [(step.title, step.command, step.instructions) for step in phase.steps] == [
        ("Stop", "systemctl stop app", ""),
        ("Tell", "", "Tell people."),
    ]


def test_short_sections_of_code_in_a_row_are_steps_of_one_phase():
    text = "## Deployment\n### Stop\n```bash\nstop a\n```\n### Start\n```bash\nstart a\n```\n"
    assert {title: len(phase.steps) for title, phase in phases(text).items()} == {"Deployment": 2}


def test_phases_of_one_title_are_told_apart_by_what_they_stand_in():
    assert list(phases("# X\n## Deploy\n### Database\n- a\n## Performance\n### Database\n- b\n")) == [
        "Database",
        "Performance: Database",
    ]


def test_code_in_an_item_is_the_items_command():
    [step] = steps("## Deploy\n- [x] Restart it\n  ```bash\n  systemctl restart app\n  ```\n")
    assert (step.title, step.command, bool(step.claimed)) == ("Restart it", "systemctl restart app", True)


def test_prose_that_tells_people_to_do_something_is_a_step_and_other_prose_describes():
    text = "## Failover\n\nIt serves analytics.\n\nStop the writers on both hosts. They hold locks.\n\nThen start.\n"
    [phase] = made(text).profile.phases
    assert phase.description == "It serves analytics."
    assert [step.title for step in phase.steps] == ["Stop the writers on both hosts", "Then start"]


def test_a_reference_section_is_described_and_not_walked():
    profile = made("# X\n\n## Overview\n- what it is\n\n## Deploy\n- go\n").profile
    assert [step.title for _, step in profile.every_step()] == ["go"]
    assert "what it is" in profile.description


def test_of_alternatives_every_step_is_optional():
    text = "## Deploy\n- go\n## Environment-specific instructions\n### On Vercel\n- v\n### On Docker\n- d\n"
    assert [(step.title, step.level) for step in steps(text)] == [
        ("go", "required"),
        ("v", "optional"),
        ("d", "optional"),
    ]
    assert any("keep what is yours" in note.text for note in made(text).notes)


def test_a_rollback_is_a_plan_of_phases():
    text = "## Deploy\n- go\n## Rollback\n### Database\n- undo the schema\n### Code\n- undo the code\n"
    [plan] = made(text).profile.rollbacks
    assert (plan.title, [phase.title for phase in plan.phases]) == ("Rollback", ["Database", "Code"])


def test_ways_back_that_are_alternatives_are_plans_with_the_time_they_fit():
    text = (
        "## Deployment\n1. Prepare\n2. Deploy the release\n3. Look\n## Rollback procedures\n"
        "### Emergency rollback (< 1 hour after deployment)\n- quickly\n"
        "### Planned rollback (> 1 hour after deployment)\n- slowly\n"
    )
    plans = made(text).profile.rollbacks
    assert [plan.when for plan in plans] == [
        ("since.deploy_the_release < 3600.0",),
        ("since.deploy_the_release > 3600.0",),
    ]


def test_a_look_some_time_after_the_deployment_is_a_checkpoint_that_counts_from_it():
    text = (
        "## Deployment\n1. Deploy it\n2. Smile\n"
        "## Monitoring\n### First 4 hours\n- Logs are quiet\n- Monitor it for 24 hours\n"
    )
    found = [step for step in steps(text) if step.kind == "checkpoint"]
    assert [step.settings for step in found] == [
        {"delay": 14400.0, "since": "deploy_it"},
        {"delay": 86400.0, "since": "deploy_it"},
    ]


def test_waiting_in_words_is_a_wait():
    [_, wait, _] = steps("## Deploy\n1. Go\n2. Wait 5 minutes and monitor\n3. Look\n")
    assert (wait.kind, wait.settings, wait.estimate_s) == ("wait", {"duration": 300.0}, 300.0)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- **Time**: 10:00 PM - 2:00 AM (lowest traffic)", ("22:00", "02:00")),
        ("- Window: 22:00–02:00 UTC", ("22:00", "02:00")),
        ("- Time: 9am to 11am", ("09:00", "11:00")),
        ("- Estimate: 2-3 hours", None),
        ("- Version 1.2 - 1.3", None),
    ],
)
def test_the_window_is_found_and_nothing_else_is_taken_for_one(line: str, expected: tuple[str, str] | None):
    window = made(f"## Schedule\n{line}\n\n## Deploy\n- go\n").profile.window
    assert (window and (window.start, window.end)) == expected


def test_days_of_the_window_are_found_in_a_line_of_their_own():
    window = made("## Schedule\n- Day: Weekend (Saturday)\n- Time: 22:00 - 02:00\n## Deploy\n- go\n").profile.window
    assert window is not None
    assert window.days == ("saturday",)


def test_texts_are_sent_before_the_window_at_its_end_and_on_the_way_back():
    text = (
        "## Deploy\n- go\n## Rollback\n- undo\n## Schedule\n- Time: 22:00 - 02:00\n## Communication templates\n"
        "### Pre-migration notice (24 hours)\n```\nSubject: Soon\n\nOn [DATE].\n```\n"
        "### Migration complete\n```\nDone.\n```\n### Rollback notice\n```\nUndone.\n```\n"
    )
    profile = made(text).profile
    assert [(each.title, each.body) for each in profile.templates] == [
        ("Soon", "On ${run.window_date}."),
        ("Migration complete", "Done."),
        ("Rollback notice", "Undone."),
    ]
    sent = {step.title: (phase.stage, step.settings) for phase, step in profile.every_step() if step.kind == "message"}
    assert sent["Send: Pre-migration notice"] == ("before", {"template": "pre_migration_notice", "due": "start-1d"})
    assert sent["Send: Migration complete"][0] == "window"
    assert profile.rollbacks[0].phases[-1].steps[-1].title == "Send: Rollback notice"


def test_work_of_later_weeks_is_tasks():
    tasks = made("## Deploy\n- go\n## Follow-up tasks\n### Short-term (Week 1)\n- [ ] Collect feedback\n").profile.tasks
    assert [(task.title, task.due_s) for task in tasks] == [("Collect feedback", 604800.0)]


def test_items_that_name_their_week_are_tasks_as_well_and_so_is_what_is_nested_in_them():
    text = (
        "## Deploy\n- go\n## Follow-up tasks\n- [ ] Week 1: read the reviews\n  - of both stores\n- Week 2: clean up\n"
    )
    tasks = made(text).profile.tasks
    assert [(task.title, task.due_s) for task in tasks] == [
        ("read the reviews", 604800.0),
        ("of both stores", 604800.0),
        ("clean up", 1209600.0),
    ]


def test_facts_about_a_change_are_told_and_not_walked():
    profile = made("# X\n## Change details\n1. **Technician** - @ana\n## Deploy\n- go\n").profile
    assert [step.title for _, step in profile.every_step()] == ["go"]
    assert profile.description == "**Change details**\n\n1. **Technician** - @ana"


def test_items_without_words_are_no_steps_and_what_is_nested_in_them_may_be():
    assert titles("## Deploy\n- \n1. \n   - [ ] \n   - [ ] go\n") == ["go"]


def test_a_table_of_tasks_is_read_by_what_its_columns_are():
    text = (
        "## Cutover\n\n| # | Time | Task | Owner | Status | Duration |\n|---|---|---|---|---|---|\n"
        "| 1 | 21:30 | Stop the jobs | @ana | done | 5 min |\n| 2 | 22:00 | Switch | TBD | [ ] | |\n"
    )
    [one, two] = steps(text)
    assert (one.title, one.owner, one.estimate_s, bool(one.claimed)) == ("Stop the jobs", "ana", 300.0, True)
    assert one.instructions == "- Time: 21:30"
    assert (two.owner, two.claimed) == ("", "")


def test_lists_and_tables_in_html_are_read_as_those_of_markdown():
    text = (
        "## Deploy\n\n<ul>\n<li><input type=checkbox checked> Ordered</li>\n"
        "<li><input type='checkbox'> Stop &amp; start</li>\n</ul>\n\n"
        "<table><tr><th>Task</th><th>Owner</th></tr>\n<tr><td>Switch</td><td>Bo</td></tr></table>\n"
    )
    found = steps(text)
    assert [(step.title, bool(step.claimed)) for step in found] == [
        ("Ordered", True),
        ("Stop & start", False),
        ("Switch", False),
    ]
    assert [step.source for step in found] == ["RUNBOOK.md:4", "RUNBOOK.md:5", "RUNBOOK.md:9"]


def test_front_matter_gives_the_title_and_a_broken_one_is_no_error():
    assert (
        made("---\ntitle: Restore drill\nowner: x\n---\n# Goals\n\n# Restore\n- go\n").profile.title == "Restore drill"
    )
    assert made("---\ntitle: [\n---\n# Restore\n- go\n").profile.title == "Restore"


def test_several_runbooks_make_one_profile_and_steps_name_their_own():
    sources = [read_source(b"# One\n## Deploy\n- a\n", "a.md"), read_source(b"# Two\n## Verify\n- a\n", "b.md")]
    both = imported(sources)
    assert [step.source for _, step in both.profile.every_step()] == ["a.md:3", "b.md:3"]
    assert [account.source.name for account in both.accounts] == ["a.md", "b.md"]
    assert len({step.id for _, step in both.profile.every_step()}) == 2


def test_a_path_of_this_machine_is_not_in_the_profile():
    made_one = imported([read_source(b"## Deploy\n- go\n", "/home/ana/RUNBOOK.md")])
    assert "/home/ana" not in made_one.toml


def test_it_is_for_production_unless_it_is_said_otherwise():
    text = "## Deploy\n- go\n"
    assert (made(text).profile.environment, made(text).profile.production) == ("production", True)
    other = made(text, environment="staging").profile
    assert (other.environment, other.production) == ("staging", False)


def test_lines_that_only_hold_marks_are_layout_and_prose_that_nothing_takes_is_said():
    text = "# X\n\n---\n\n## Table of contents\n- [a](#a)\n\n## Deploy\n- go\n"
    assert became(text, 3) == "layout: layout"
    assert became(text, 6) == "layout: table of contents"
    assert became(text, 9) == "step go"


@pytest.mark.parametrize("text", ["just words", "# A heading\n\n## Another\n", "---\ntitle: x\n---\n"])
def test_a_text_that_asks_for_nothing_is_refused_in_a_sentence(text: str):
    with pytest.raises(ImportRefused, match="nothing in it asks for anything to be done"):
        made(text)


def test_more_steps_than_a_profile_holds_are_refused():
    with pytest.raises(ImportRefused, match="2,001 steps"):
        made("## Deploy\n" + "- x\n" * 2001)


def test_what_is_imported_passes_check_and_loads_as_it_was_drafted(tmp_path):
    text = (
        "# Shop\n\n## Prerequisites\n- [x] Backup\n\n## Deployment (1 hour)\n1. Deploy it\n\n```bash\n# go\n"
        'psql "$DATABASE_URL" -f a.sql\nsleep 30\ncurl -f https://shop.example/health\n```\n\n## Checks\n'
        "- [ ] Error rate < 1%\n\n## Rollback\n- undo\n\n## Rollback triggers\n- Error rate > 5%\n\n"
        "## Contacts\n- DBA: Ana\n"
    )
    found = made(text)
    path = tmp_path / "shop.toml"
    path.write_text(found.toml)
    assert [str(problem) for problem in check([str(path)], installed()) if problem.severity == "error"] == []
    loaded, _ = examine(path, installed(), advice=False)
    assert loaded is not None
    assert loaded.profile == found.profile


def test_a_heading_without_steps_of_its_own_describes_the_phases_under_it():
    text = "# X\n## Release day\nAll of it.\n### iOS\n- a\n### Android\n- b\n## Background\n### Nothing\n"
    profile = made(text).profile
    assert [(phase.title, phase.description) for phase in profile.phases] == [
        ("iOS", "Release day\n\nAll of it."),
        ("Android", "Release day"),
    ]
    assert [became(text, line) for line in (2, 3)] == ["description of phase ios", "description of phase ios"]
    assert became(text, 8) == "not mapped: nothing to be done stands under it"


def test_whatever_a_line_became_is_in_the_profile():
    text = "# X\n## Rollback\nNothing yet.\n## Later\n### Empty\n## Deploy\n- go\n"
    ids = {"step go", "phase deploy", "title"}
    for entry in made(text).accounts[0].entries:
        assert set(entry.became) <= ids


def test_texts_that_begin_with_a_subject_are_templates_wherever_they_stand():
    text = "## Deploy\n- go\n## Status page\n### Resolved\n> Subject: Back again\n>\n> It works.\n"
    [template] = made(text).profile.templates
    assert (template.title, template.body) == ("Back again", "It works.")


def test_prose_that_waits_or_names_a_bound_is_read_as_items_are():
    text = "## Failover\n\nSwitch over.\n\nWait 5 minutes and look again.\n\nCheck that queue depth < 100.\n"
    [_, wait, look] = steps(text)
    assert (wait.kind, wait.settings) == ("wait", {"duration": 300.0})
    assert look.gate == ("queue_depth < 100.0",)


@pytest.mark.parametrize(
    "text",
    [
        f"# {'${x} ' * 45}\n## Deploy\n- go\n",
        "## Deploy\nRun it. Then `a. b; c` once.\n\n```yaml\nx: 1\n```\n",
        "## Deploy\n- Ask <url>\n\n```bash\ncurl $URL/health\n```\n",
        "## Deploy\n- * <br>\n  - go\n",
    ],
    ids=["long title", "command over sentences", "placeholder and variable", "nothing around something"],
)
def test_what_fuzzing_found_passes_check(text: str, tmp_path):
    path = tmp_path / "shop.toml"
    path.write_text(made(text).toml)
    assert [str(problem) for problem in check([str(path)], installed()) if problem.severity == "error"] == []


def test_a_row_of_dots_that_no_profile_holds_is_refused():
    with pytest.raises(ImportRefused, match="a row of dots without end"):
        made("## Deploy\n- go" + " 1." * 300 + "\n")
