"""A real keeper whose log becomes long: it says so, then rests, and every key does what it did."""

from __future__ import annotations

from keeper_stage import Stage, confirm, until

from cockpit.audit.verify import verify
from cockpit.run.commands import AbortRun
from cockpit.session.outcomes import Done

SHORT_LOGS = (
    "import sys; from cockpit.audit import extent; from cockpit.audit.extent import Extent; size = 1 << 40; "
    "extent.NEAR, extent.FULL, extent.CROWDED = Extent(8, size), Extent(14, size), Extent({crowded}, size); "
    "from cockpit.keeper import main; sys.exit(main.main(sys.argv[1:]))"
)


def test_a_keeper_says_that_the_log_is_long_and_then_rests_and_people_go_on(stage: Stage) -> None:
    stage.begin()
    stage.server.body = '{"missing": 0}'
    stage.keeper("-c", SHORT_LOGS.format(crowded=10**9))
    until(lambda: stage.state.filled == "near", "that it is half full")
    with stage.seat() as seat:
        assert isinstance(confirm(seat, "first"), Done)
    until(lambda: stage.state.filled == "full", "that it is full", 60.0)
    assert [(body.level, body.events >= 8) for body in stage.bodies("log.filled")] == [("near", True), ("full", True)]
    gate = until(lambda: stage.state.gates.get("step:second"), "what the next gate says")
    assert gate is not None
    until(lambda: stage.state.gates["step:second"].verdict == "pass", "its probes, which are read on")
    with stage.seat() as seat:
        assert isinstance(confirm(seat, "second"), Done)
    resting = until(lambda: [p for p in stage.state.probes.values() if p.status == "stale"], "what rests")
    assert {probe.detail for probe in resting} == {"resting, since the log is full"}
    with stage.seat() as seat:
        assert isinstance(seat.submit(seat.command(AbortRun, reason="goes on in a new run")), Done)
    assert stage.state.status == "aborted"
    found = verify(stage.run_dir)
    assert found.ok, found.problem
