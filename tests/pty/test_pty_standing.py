"""`cockpit demo NAME` on a real terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_operator import DemoOperator, cockpit
from demo_place import demo_place, left_behind, until
from seated import keeper_pid
from systems.operator import Operator
from systems.stage import needs


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with demo_place(monkeypatch) as folder:
        yield folder


def test_virtue_is_begun_by_keys_left_resumed_after_its_keeper_died_and_stopped(place: Path):
    needs("kubectl")
    with cockpit(place, ["demo", "virtue"]) as terminal:
        operator = Operator(terminal, answers={"The backup is made": "backup-1"})
        operator.walk(lambda screen: "━ 2.1 Users are told" in screen)
        assert "▌DEMO▐ virtue" in terminal.text
        (run_dir,) = (place / "runs").iterdir()
        keeper = keeper_pid(run_dir)  # the first steps take none, and may be sooner than it
        assert DemoOperator(terminal).leave() == 0
        assert "cockpit demo --stop" in terminal.text
    os.kill(keeper, signal.SIGKILL)
    with cockpit(place, ["resume"]) as terminal:  # a shell that knows nothing of where the system is
        resumed = Operator(terminal, answers={"The backup is made": "backup-1"})
        resumed.walk(lambda screen: "━ 3.2 Note the connection" in screen and "✔ passes" in screen)
        assert DemoOperator(terminal).leave() == 0
    with cockpit(place, ["demo", "--stop"]) as terminal:
        assert terminal.wait_for_exit() == 0
        assert "all demos are stopped" in terminal.text
    assert until(lambda: left_behind(place) == []), left_behind(place)
    assert list(place.glob("cockpit-demo-*")) == []
