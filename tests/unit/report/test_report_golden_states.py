"""Golden logs are replayed to the states that they were replayed to when they were written."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.report.replay.film import Film

LOGS = Path(__file__).parents[2] / "logs"
sys.path.insert(0, str(LOGS))

import final_states  # noqa: E402 (beside the logs, where it is run by hand)

GOLDEN = sorted(LOGS.glob("v*/*.jsonl"))


def differences(kept: Any, now: Any, where: str = "") -> list[str]:
    """Where the state is another than the kept one. What later versions add is none."""
    if isinstance(kept, dict) and isinstance(now, dict):
        missing = [f"{where}/{key}: gone" for key in kept if key not in now]
        return missing + [
            each for key in kept.keys() & now.keys() for each in differences(kept[key], now[key], f"{where}/{key}")
        ]
    if isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        return [
            each
            for index, pair in enumerate(zip(kept, now, strict=True))
            for each in differences(*pair, f"{where}/{index}")
        ]
    return [] if kept == now else [f"{where}: {kept!r}, now {now!r}"]


def test_every_golden_log_has_its_final_state_kept() -> None:
    assert GOLDEN
    assert {final_states.path_of(log) for log in GOLDEN} == set(LOGS.glob("v*/*.state.json"))


@pytest.mark.parametrize("log", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_log_is_replayed_to_the_same_final_state(log: Path) -> None:
    kept = msgspec.json.decode(final_states.path_of(log).read_bytes())
    film, is_read = Film(log), threading.Event()
    film.start(lambda: is_read.set() if film.is_whole else None)
    try:
        assert is_read.wait(60)
        replayed = film.state(film.at_seq(2**60))
    finally:
        film.close()
    assert replayed == final_states.folded(log)
    assert differences(kept, msgspec.json.decode(msgspec.json.encode(final_states.plain(replayed)))) == []


def test_another_state_is_noticed_and_a_field_more_is_not() -> None:
    kept = {"steps": {"a": {"status": "open"}}, "deviations": [1, 2]}
    assert differences(kept, {**kept, "more": 1}) == []
    assert differences(kept, {"steps": {"a": {"status": "confirmed"}}, "deviations": [1, 2]})
    assert differences(kept, {"steps": {}, "deviations": [1, 2]})
    assert differences(kept, {**kept, "deviations": [1]})
