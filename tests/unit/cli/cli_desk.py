"""What the tests of commands share: a small profile, and how a command ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from cockpit.run.commands import ConfirmStep, SkipStep
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat

PROFILE = """
id = "shop"
environment = "staging"

[variables.host]
env = "COCKPIT_TEST_HOST"

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "first"
title = "First"

[[phases.steps]]
id = "second"
title = "Second"
"""


Ended = subprocess.CompletedProcess[str]


Cockpit = Callable[..., Ended]


def act(run_dir: Path, kind: type, **fields: object) -> None:
    seat = Seat.open(run_dir, actor())
    try:
        cursor = seat.view.state.cursor
        if kind in (ConfirmStep, SkipStep):
            assert cursor is not None
            fields["painted_seq"] = cursor.opened_seq
        assert isinstance(seat.submit(seat.command(kind, **fields)), Done)
    finally:
        seat.close()


def one_sentence(ended: Ended) -> str:
    """The only thing said on stderr; without a traceback, and naming who says it."""
    assert "Traceback" not in ended.stderr
    lines = ended.stderr.strip().splitlines()
    said = [line for line in lines if line.startswith("cockpit: ")]
    assert said, ended.stderr
    return said[-1]
