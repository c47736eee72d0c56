"""What may be said of a probe at a moment, and which probes are evidence."""

from __future__ import annotations

from msgspec.structs import replace
from run_story import PROFILE, Story

from cockpit.profile.model import Probe
from cockpit.run import events as e
from cockpit.run.evidence import LIMIT, SAMPLE_SILENCE_S, counts, evidence, gate_probes, probe_now
from cockpit.run.readings import Reading


def sampled(status: str = "pass", age_s: int = 1) -> Story:
    story = Story()
    story.happens(e.ProbeChanged(probe="api", previous="unread", status=status, value=1))  # type: ignore[arg-type]
    story.happens(e.ProbesSampled(readings=(Reading(probe="api", status="pass", value=1),), ages=(age_s,)))
    return story


def shown(story: Story, probe: str = "api") -> tuple[str, float | None]:
    now = probe_now(next(p for p in PROFILE.probes if p.id == probe), story.state.probes[probe], story.now())
    return now.status, now.age_s


def test_an_age_grows_by_the_monotonic_clock() -> None:
    story = sampled()
    story.passes(4)
    assert shown(story) == ("pass", 5.0)


def test_an_age_is_not_known_across_a_reboot() -> None:
    story = sampled()
    story.boot = "boot-b"
    assert shown(story) == ("stale", None)


def test_a_probe_of_which_nobody_spoke_for_too_long_is_stale_whatever_was_last_said() -> None:
    story = sampled()
    probe = PROFILE.probes[0]
    story.passes(2 * probe.interval_s + SAMPLE_SILENCE_S - 1)
    assert shown(story)[0] == "pass"
    story.passes(0.1)
    assert shown(story)[0] == "stale"
    assert counts(story.state, story.now()) == {"stale": 1, "unread": 2}


def test_what_the_keeper_reads_more_seldom_on_purpose_is_as_it_says_while_it_speaks() -> None:
    story = sampled()
    story.happens(e.ProbesSampled(ages=(600,)))  # a checkpoint's own interval
    story.passes(SAMPLE_SILENCE_S)
    assert shown(story)[0] == "pass"
    story.passes(0.1)
    assert shown(story)[0] == "stale", "nobody says so any more"


def test_a_probe_on_demand_does_not_grow_stale_by_itself() -> None:
    story = Story()
    story.happens(e.ProbeChanged(probe="manual", previous="unread", status="pass"))
    story.happens(e.ProbesSampled(ages=(None, None, 1)))
    story.passes(9999)
    assert shown(story, "manual") == ("pass", 10_000.0)


def test_a_probe_that_was_never_read_has_no_age() -> None:
    assert shown(Story()) == ("unread", None)


def test_evidence_is_what_the_gate_names_and_whatever_does_not_pass() -> None:
    story = sampled()
    assert [entry.probe for entry in evidence(story.state, story.now())] == ["missing", "manual"]
    story.comes_to("validate")
    assert gate_probes(story.state) == {"api", "missing"}
    assert [entry.probe for entry in evidence(story.state, story.now())] == ["api", "missing", "manual"]


def test_evidence_is_bounded_and_keeps_the_gates_probes() -> None:
    many = tuple(Probe(id=f"p{n}", kind="http") for n in range(200))
    story = Story(replace(PROFILE, probes=(*many, *PROFILE.probes)))
    story.comes_to("validate")
    chosen = evidence(story.state, story.now())
    assert len(chosen) == LIMIT
    assert [entry.probe for entry in chosen[:2]] == ["api", "missing"]


def test_a_long_value_is_shortened_where_it_becomes_evidence() -> None:
    story = Story()
    story.happens(e.ProbeChanged(probe="api", previous="unread", status="fail", value="x" * 9999))
    assert len(str(evidence(story.state, story.now())[0].value)) == 160
