"""Whatever two seats, a keeper and crashes do, in whatever order: the log holds what was told (see `crash_playing`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash_figures import tell
from crash_playing import Host, Night, counted, play
from hypothesis import Phase

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run

EXAMPLES, MANY_EXAMPLES = 15, 200
PROFILE = 'id = "p"\nenvironment = "staging"\n[[phases]]\nid = "all"\ntitle = "All"\n' + "".join(
    f'[[phases.steps]]\nid = "step_{n}"\ntitle = "Step {n}"\n' for n in range(40)
)


@pytest.fixture(autouse=True)
def begun(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PROFILE)
    Night.plan = create_run(load(tmp_path / "p.toml", installed()), {}, folder=tmp_path / "runs")


@pytest.mark.timeout(600)
def test_whatever_two_seats_a_keeper_and_crashes_do_the_log_holds_what_was_told(
    request: pytest.FixtureRequest,
) -> None:
    play(MANY_EXAMPLES if request.config.getoption("--many") else EXAMPLES)
    assert counted["crashes"] > EXAMPLES
    tell(
        "Two seats, a keeper and crashes between and within their writes, invented by Hypothesis",
        counted["crashes"],
        acknowledged=counted["acknowledged"],
        lost=0,
        note=f"{counted['runs']} runs, {counted['conflicts']} conflicts of two decisions",
    )


def test_the_machine_would_notice_a_store_that_acknowledges_what_no_sync_covered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the test above shows nothing."""
    monkeypatch.setattr(Host, "fdatasync", lambda self, fd: None)
    with pytest.raises(AssertionError):
        play(50, phases=[Phase.generate], database=None)
