"""`cockpit demo NAME` on a real terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_operator import cockpit
from demo_place import demo_place, left_behind, until
from systems.operator import Operator
from systems.stage import needs


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with demo_place(monkeypatch) as folder:
        yield folder


def test_virtue_is_begun_by_keys_left_and_stopped(place: Path):
    needs("kubectl")
    with cockpit(place, ["demo", "virtue"]) as terminal:
        operator = Operator(terminal, answers={"The backup is made": "backup-1"})
        operator.walk(lambda screen: "2.1 Users are told" in screen)
        assert "▌DEMO▐ virtue" in terminal.text
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert "cockpit demo --stop" in terminal.text
    with cockpit(place, ["demo", "--stop"]) as terminal:
        assert terminal.wait_for_exit() == 0
        assert "all demos are stopped" in terminal.text
    assert until(lambda: left_behind(place) == []), left_behind(place)
    assert list(place.glob("cockpit-demo-*")) == []
