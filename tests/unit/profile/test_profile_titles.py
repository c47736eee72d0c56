"""Titles with variables: filled once, everywhere that a screen or a log names something."""

from __future__ import annotations

from cockpit.profile.model import Phase, Probe, Profile, RollbackPlan, Step, Trigger
from cockpit.profile.titles import titled


def test_every_title_that_a_run_shows_gets_its_values_and_what_is_recorded_later_stays() -> None:
    phase = Phase(id="p", title="To ${release}", steps=(Step(id="s", title="Deploy ${release}, ticket ${ticket}"),))
    profile = Profile(
        id="shop",
        environment="test",
        title="Release ${release}",
        phases=(phase,),
        probes=(Probe(id="v", kind="http", title="${release} answers"),),
        triggers=(Trigger(id="t", title="${release} fails"),),
        rollbacks=(RollbackPlan(id="r", title="From ${release} back", phases=(phase,)),),
    )
    found = titled(profile, {"release": "1.5"})
    assert (found.title, found.phases[0].title) == ("Release 1.5", "To 1.5")
    assert found.phases[0].steps[0].title == "Deploy 1.5, ticket ${ticket}"
    assert found.rollbacks[0].phases == found.phases
    assert [found.probes[0].title, found.triggers[0].title] == ["1.5 answers", "1.5 fails"]
    assert found.rollbacks[0].title == "From 1.5 back"
