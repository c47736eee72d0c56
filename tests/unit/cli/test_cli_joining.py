"""The list of live runs that one may join: who is there is told in whatever room."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.cli import joining

LONG = "a-person-with-a-name-of-forty-characters"


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def listed(columns: int | None, *runs: tuple[str, ...]) -> list[str]:
        """Of each run who is here; the first of them has the pen."""
        monkeypatch.setattr(joining, "holder_called", lambda names: names[0] if names else "ana")
        seats = {name: SimpleNamespace(by=None, user=name) for names in runs for name in names}
        monkeypatch.setattr(
            joining,
            "attendance",
            lambda run_dir, names, elsewhere: SimpleNamespace(here=[seats[name] for name in names], is_hearsay=False),
        )
        live: list[Any] = [
            SimpleNamespace(
                about=SimpleNamespace(
                    run_dir=Path("x"),
                    profile_id="beta_with_a_rather_long_name_for_a_profile",
                    environment="production",
                    is_rehearsal=False,
                    began=datetime.now(UTC),
                ),
                state=names,
            )
            for names in runs
        ]
        return joining.listed(live, columns)

    return listed


def test_with_room_everything_is_told(listed: Any) -> None:
    head, first, second = listed(140, ("bo", "cy"), ())
    assert head.split() == ["profile", "environment", "since", "(UTC)", "pen", "here"]
    assert first.endswith("  bo, cy")
    assert second.endswith("  nobody")
    assert "beta_with_a_rather_long" in first


@pytest.mark.parametrize("columns", [60, 80])
def test_in_little_room_who_is_here_is_told_still_and_who_does_not_fit_is_counted(listed: Any, columns: int) -> None:
    head, first, second = listed(columns, (LONG, "bo", *(f"somebody-{k}" for k in range(6))), ("bo",))
    assert all(len(line) <= columns for line in (head, first, second))
    assert head.endswith("  here")
    assert first.endswith(", +7")
    assert "a-person" in first.split("  ")[-1]
    assert second.endswith("  bo")


def test_in_no_room_at_all_a_line_is_cut_and_nothing_fails(listed: Any) -> None:
    assert all(len(line) <= 20 for line in listed(20, (LONG, "bo"), ("bo",)))
