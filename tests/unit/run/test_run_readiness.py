"""What is missing before the window: each thing that was looked at, and nothing called ready unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import ANA, BEGIN, BO, PROFILE, Story

from cockpit.profile.model import (
    Channel,
    Contact,
    Phase,
    Probe,
    Profile,
    Role,
    RollbackPlan,
    Step,
    Target,
    Variable,
)
from cockpit.run import events as e
from cockpit.run.numbering import step_label
from cockpit.run.readiness import Finding, of_areas, of_claims, of_window, readiness
from cockpit.run.readings import Reading
from cockpit.run.state import EMPTY

BEFORE = Phase(
    id="before",
    title="Before",
    stage="before",
    steps=(
        Step(id="backup", title="Backup"),
        Step(id="drill", title="Drill", level="recommended"),
        Step(id="approve", title="Approve", kind="signoff", behaviour="signoff", settings={"role": "dba"}),
    ),
)
WHOLE = replace(
    PROFILE,
    phases=(BEFORE, *PROFILE.phases),
    probes=(Probe(id="api", kind="http", title="API"),),
    roles=(Role(id="dba", title="DBA", people=("bo",)),),
    contacts=(Contact(id="dba", title="DBA", reach="${phone}", order=1),),
    channels=(Channel(id="oncall", webhook="https://x"),),
    alerts="oncall",
    rollbacks=(RollbackPlan(id="back", title="Back", phases=()),),
    targets=(Target(id="db", kind="postgres"),),
)


def begun(profile: Profile = WHOLE, hours: float = 24.0, **variables: str) -> Story:
    """A run that began so many hours before its window."""
    story = Story(profile, start=False)
    opens = BEGIN + timedelta(hours=hours)
    story.happens(
        e.RunStarted(
            profile=profile, profile_digest="", sources=(), cockpit_version="", variables={"phone": "7", **variables},
            window_start=opens, window_end=opens + timedelta(hours=4),
        )
    )  # fmt: skip
    return story


def found(story: Story, where: str) -> Finding | None:
    return next((each for each in readiness(story.state, story.now()) if each.where == where), None)


def severity(story: Story, where: str) -> str:
    finding = found(story, where)
    return finding.severity if finding else ""


def prepared() -> Story:
    """A run in which everything before the window was done."""
    story = begun()
    story.happens(e.KeeperStarted(epoch=1, pid=7, version="0"))
    story.happens(e.TargetSeen(target="db", verdict="match", detail="database `virtue`"))
    for step in ("backup", "drill"):
        story.happens(e.StepConfirmed(step=step, attempt=1))
    story.happens(e.StepConfirmed(step="approve", attempt=1), BO)
    reading = Reading(probe="api", status="pass", began_mono=story.mono, ended_mono=story.mono)
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="pass"))
    story.happens(e.ProbesSampled(key=True, readings=(reading,), ages=(0,)))
    return story


def test_a_run_that_is_prepared_has_only_what_is_in_order() -> None:
    story = prepared()
    findings = readiness(story.state, story.now())
    assert {each.severity for each in findings} == {"ok"}, findings
    assert {each.where for each in findings} == {
        "window", "keeper", "preparation", "target db", "probes", "contacts", "alerts", "way back",
    }  # fmt: skip


def test_open_required_steps_and_approvals_are_missing_and_recommended_ones_are_to_be_looked_at() -> None:
    story = begun()
    assert severity(story, "1.1 Backup") == "missing"
    assert severity(story, "1.2 Drill") == "look"
    approval = found(story, "1.3 Approve")
    assert approval is not None
    assert (approval.severity, approval.what) == ("missing", "this approval is missing")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (e.StepSkipped(step="backup", attempt=1, reason="no time"), "it was skipped: no time"),
        (e.StepDoneOutside(step="backup", attempt=1, reason="cron"), "nobody verified it: cron"),
    ],
)
def test_what_nobody_verified_is_to_be_looked_at(body: e.Body, said: str) -> None:
    story = begun()
    story.happens(body)
    finding = found(story, "1.1 Backup")
    assert finding is not None
    assert finding.severity == "look"
    assert said in finding.what
    assert finding.instead


def test_an_overridden_gate_is_to_be_looked_at() -> None:
    gated = replace(BEFORE, steps=(Step(id="backup", title="Backup", gate=("api.passing",)),))
    story = begun(replace(WHOLE, phases=(gated, *PROFILE.phases)))
    story.happens(e.GateOverridden(gate="step:backup", reason="it is old", verdict="blocked"))
    story.happens(e.StepConfirmed(step="backup", attempt=1))
    finding = found(story, "1.1 Backup")
    assert finding is not None
    assert finding.what == "its gate was overridden: it is old"


def test_a_skipped_approval_is_still_missing() -> None:
    story = begun()
    story.happens(e.StepSkipped(step="approve", attempt=1, reason="ill"))
    assert severity(story, "1.3 Approve") == "missing"


def test_a_run_without_a_keeper_is_not_ready() -> None:
    story = begun()
    assert severity(story, "keeper") == "missing"
    story.happens(e.KeeperStarted(epoch=1, pid=7, version="0"))
    assert severity(story, "keeper") == "ok"
    story.happens(e.KeeperStopped(epoch=1, reason="the host shuts down"))
    finding = found(story, "keeper")
    assert finding is not None
    assert "the host shuts down" in finding.what


@pytest.mark.parametrize(
    ("verdict", "expected"), [("match", "ok"), ("mismatch", "missing"), ("unreachable", "missing")]
)
def test_targets_must_be_what_the_profile_says(verdict: str, expected: str) -> None:
    story = begun()
    assert severity(story, "target db") == "look"
    story.happens(e.TargetSeen(target="db", verdict=verdict, detail="other"))  # type: ignore[arg-type]
    assert severity(story, "target db") == expected


def test_red_probes_are_missing_and_unread_or_old_ones_are_to_be_looked_at() -> None:
    story = begun()
    assert severity(story, "probe API") == "look"
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="fail", detail="status is 503"))
    finding = found(story, "probe API")
    assert finding is not None
    assert (finding.severity, finding.what) == ("missing", "it fails: status is 503")
    story = prepared()
    story.passes(3600)
    assert severity(story, "probe API") == "look"


def test_of_a_probe_that_rests_before_the_window_the_keeper_is_not_suspected() -> None:
    story = prepared()
    resting = e.ProbeChanged(probe="api", previous="pass", status="stale", detail="resting outside the window")
    story.happens(resting)
    finding = found(story, "probe API")
    assert finding is not None
    assert finding.what == "its last reading is too old to count: resting outside the window"
    assert finding.instead == "press . on the run's screen to have it read now"


def test_contacts_that_nobody_can_reach_are_missing() -> None:
    assert severity(begun(phone=" "), "contact DBA") == "missing"
    assert severity(begun(), "contacts") == "ok"
    assert severity(begun(replace(WHOLE, contacts=())), "contacts") == "look"


def test_a_secret_way_to_reach_them_is_a_way_and_is_not_told() -> None:
    story = begun(replace(WHOLE, variables=(Variable(name="phone", env="P", secret=True),)))
    assert severity(story, "contacts") == "ok"


def test_without_an_alert_channel_nobody_is_called() -> None:
    finding = found(begun(replace(WHOLE, alerts="")), "alerts")
    assert finding is not None
    assert finding.what == "nobody is called when no screen is open"


def test_no_way_back_and_a_role_without_people_are_said() -> None:
    story = begun(replace(WHOLE, rollbacks=(), roles=(Role(id="dba", title="DBA"),)))
    assert severity(story, "way back") == "look"
    assert "anybody may sign off" in next(
        each.what for each in readiness(story.state, story.now()) if each.where == "1.3 Approve" and "role" in each.what
    )


def test_a_variable_without_a_value_is_missing_but_a_secret_is_not_judged() -> None:
    variables = (Variable(name="host", env="H"), Variable(name="token", env="T", secret=True))
    story = begun(replace(WHOLE, variables=variables))
    assert severity(story, "variable host") == "missing"
    assert severity(story, "variable token") == ""


@pytest.mark.parametrize(
    ("hours", "expected", "said"),
    [
        (24.0, "ok", "it opens in 24 h 00 min"),
        (0.5, "look", "it opens in 30 min"),
        (-1.0, "look", "it is open, for another 3 h 00 min"),
        (-4.0, "missing", "it has ended"),
        (-400.0, "missing", "it has ended"),
        (24 * 7, "ok", "it opens in 7 days"),
    ],
)
def test_the_window_is_ahead_or_soon_or_over(hours: float, expected: str, said: str) -> None:
    finding = found(begun(hours=hours), "window")
    assert finding is not None
    assert finding.severity == expected
    assert finding.what.startswith(said)


def test_a_run_whose_steps_are_all_settled_is_to_be_finished() -> None:
    story = Story()
    said = "every step is settled, and nobody finished the run"
    assert said not in {each.what for each in readiness(story.state, story.now())}
    story.comes_to("")
    (finding,) = [each for each in readiness(story.state, story.now()) if each.what == said]
    assert (finding.severity, finding.instead) == ("look", "resume it, F finishes it")


def test_no_window_is_to_be_looked_at() -> None:
    (finding,) = of_window(replace(PROFILE, window=None), None, None, BEGIN)
    assert finding.severity == "look"


def test_nothing_is_said_before_a_run_and_one_thing_after_it() -> None:
    assert readiness(EMPTY, Story().now()) == ()
    story = begun()
    story.happens(e.RunAborted(reason="x"))
    assert [each.what for each in readiness(story.state, story.now())] == ["the run was aborted"]


STEPS = [step.id for step in BEFORE.steps]
BODIES = st.one_of(
    st.builds(e.StepConfirmed, step=st.sampled_from(STEPS), attempt=st.just(1)),
    st.builds(e.StepSkipped, step=st.sampled_from(STEPS), attempt=st.just(1), reason=st.text(max_size=20)),
    st.builds(e.StepDoneOutside, step=st.sampled_from(STEPS), attempt=st.just(1), reason=st.text(max_size=20)),
    st.builds(e.StepReopened, step=st.sampled_from(STEPS), attempt=st.just(2), reason=st.text(max_size=20)),
    st.builds(e.TargetSeen, target=st.just("db"), verdict=st.sampled_from(["match", "mismatch", "unreachable"])),
    st.builds(
        e.ProbeChanged,
        probe=st.just("api"),
        previous=st.just("unread"),
        status=st.sampled_from(["pass", "warn", "fail", "error", "stale", "unread"]),
        detail=st.text(max_size=20),
    ),
    st.builds(e.KeeperStarted, epoch=st.just(1), pid=st.just(1), version=st.just("0")),
    st.builds(e.KeeperStopped, epoch=st.just(1), reason=st.text(max_size=20)),
)


@given(st.lists(BODIES, max_size=12))
def test_whatever_happened_every_open_required_step_is_named_and_every_line_is_visible(bodies: list[e.Body]) -> None:
    story = begun()
    for body in bodies:
        story.happens(body, ANA)
    findings = readiness(story.state, story.now())
    named = {each.where for each in findings if each.severity == "missing"}
    for step, label in (("backup", "1.1 Backup"), ("approve", "1.3 Approve")):
        if story.state.steps[step].status == "open":
            assert label in named
    assert all("\n" not in text and "\x1b" not in text for each in findings for text in (each.what, each.where))
    if all(each.severity == "ok" for each in findings):
        assert all(story.state.steps[step].status == "confirmed" for step in STEPS)
        assert story.state.targets["db"].verdict == "match"


def test_what_came_ticked_is_a_claim_until_somebody_confirms_it() -> None:
    said = "ticked in the wiki, 2025-10-22"
    first, *rest = WHOLE.phases
    before = replace(first, steps=(replace(first.steps[0], claimed=said), *first.steps[1:]))
    later = replace(rest[0], steps=(replace(rest[0].steps[0], claimed=said + "\x1b[2J"), *rest[0].steps[1:]))
    profile = replace(WHOLE, phases=(before, later, *rest[1:]))
    story = begun(profile)
    claim = f"it is claimed to be done ({said}), nobody verified it"
    assert found(story, "1.1 Backup") == Finding("missing", claim, "1.1 Backup", "look, and confirm it")
    elsewhere = step_label(profile, rest[0].steps[0].id)
    assert severity(story, elsewhere) == "look"
    assert "\x1b" not in str(found(story, elsewhere))
    assert [each.where for each in of_claims(profile)] == ["1.1 Backup", elsewhere]
    story.happens(e.StepConfirmed(step="backup", attempt=1))
    story.happens(e.StepConfirmed(step=rest[0].steps[0].id, attempt=1))
    assert [each for each in readiness(story.state, story.now()) if "claimed" in each.what] == []


def test_each_area_says_how_much_of_it_is_open_and_how_much_is_only_claimed() -> None:
    first, *rest = WHOLE.phases
    area = replace(first, order="free", steps=(replace(first.steps[0], claimed="ticked"), *first.steps[1:]))
    profile = replace(WHOLE, phases=(area, *rest))
    said = Finding("look", "3 of 3 steps open, 1 of them only claimed to be done", "area 1 Before", "go through it")
    assert list(of_areas(profile)) == [said]
    assert list(of_areas(WHOLE)) == [], "what is walked in its order is no area"
    story = begun(profile)
    assert found(story, "area 1 Before") == said
    story.happens(e.StepConfirmed(step="backup", attempt=1))
    assert found(story, "area 1 Before").what == "2 of 3 steps open"
    story.happens(e.StepSkipped(step="drill", attempt=1, reason="no time"))
    story.happens(e.StepConfirmed(step="approve", attempt=1))
    assert found(story, "area 1 Before") == Finding("ok", "3 steps, none open", "area 1 Before")
