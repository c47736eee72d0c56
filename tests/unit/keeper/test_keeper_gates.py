"""How a gate is judged: only what is fresh counts, and what is not known never passes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.keeper.gates import DETAIL_EVERY_S, Gate, Known, Teller
from cockpit.profile.conditions import Environment
from cockpit.run.events import GateChanged
from cockpit.run.readings import ConditionVerdict, Reading, Status

ENVIRONMENT = {
    "missing": "int", "missing.status": "string", "missing.passing": "bool", "missing.latency_ms": "double",
    "api": "string", "api.status": "string", "api.passing": "bool", "api.latency_ms": "double",
}  # fmt: skip


def gate(*texts: str) -> Gate:
    return Gate(texts, Environment(ENVIRONMENT, ("missing", "api")))


def fresh(probe: str, value: object, status: Status = "pass", detail: str = "") -> Known:
    shown = value if isinstance(value, int | float | str) else None
    return Known("fresh", Reading(probe=probe, status=status, value=shown, latency_ms=5.0, detail=detail), value)


def test_a_gate_waits_until_its_probes_were_read() -> None:
    verdict, (condition,) = gate("missing == 0").judge({})
    assert (verdict, condition.holds, condition.detail) == ("pending", None, "missing is being read")


def test_a_condition_that_holds_says_no_number() -> None:
    verdict, (condition,) = gate("missing == 0").judge({"missing": fresh("missing", 0)})
    assert (verdict, condition.holds, condition.detail) == ("pass", True, "")


def test_a_condition_that_fails_says_the_value() -> None:
    verdict, (condition,) = gate("missing == 0").judge({"missing": fresh("missing", 12)})
    assert (verdict, condition.holds, condition.detail) == ("blocked", False, "missing is 12")


def test_a_condition_on_a_status_says_the_status_and_why() -> None:
    known = {"api": fresh("api", "x", "fail", "status is 500")}
    verdict, (condition,) = gate("api.passing").judge(known)
    assert (verdict, condition.detail) == ("blocked", "api is fail (status is 500)")


@pytest.mark.parametrize("text", ["missing == 0", "missing != 0", "missing.passing", "!missing.passing"])
def test_an_error_neither_holds_nor_fails(text: str) -> None:
    known = {"missing": Known("fresh", Reading(probe="missing", status="error", detail="refused"))}
    verdict, (condition,) = gate(text).judge(known)
    assert (verdict, condition.holds, condition.detail) == ("unknown", None, "missing is in error: refused")


def test_a_condition_may_ask_for_an_error_itself() -> None:
    known = {"missing": Known("fresh", Reading(probe="missing", status="error", detail="refused"))}
    assert gate('missing.status == "error"').judge(known)[0] == "pass"


@pytest.mark.parametrize("text", ["missing == 0", 'missing.status == "pass"', "missing.passing"])
def test_a_stale_reading_satisfies_nothing(text: str) -> None:
    known = {"missing": Known("stale", Reading(probe="missing", status="pass", value=0), 0)}
    verdict, (condition,) = gate(text).judge(known)
    assert (verdict, condition.holds, condition.detail) == ("unknown", None, "missing is stale")


def test_one_false_condition_blocks_whatever_else_is_not_known() -> None:
    verdict, conditions = gate("missing == 0", "api.passing").judge({"missing": fresh("missing", 3)})
    assert verdict == "blocked"
    assert [condition.holds for condition in conditions] == [False, None]


_STANDINGS = {
    "well": fresh("x", 0),
    "bad": fresh("x", 9, "fail"),
    "error": Known("fresh", Reading(probe="x", status="error")),
    "stale": Known("stale", Reading(probe="x", status="pass", value=0), 0),
    "unread": Known("waiting"),
}
_TEXTS = ("missing == 0", "missing.passing", "!missing.passing", "missing != 0", "api.passing")


@given(
    st.lists(st.sampled_from(_TEXTS), min_size=1, max_size=4),
    st.fixed_dictionaries({name: st.sampled_from(sorted(_STANDINGS)) for name in ("missing", "api")}),
)
def test_a_gate_passes_only_by_fresh_readings_that_could_tell_and_one_objection_blocks_it(
    texts: list[str], standings: dict[str, str]
) -> None:
    verdict, conditions = gate(*texts).judge({name: _STANDINGS[how] for name, how in standings.items()})
    holds = []
    for text in texts:
        how = standings[_probe(text)]
        holds.append(None if how not in ("well", "bad") else (how == "well") is ("!" not in text))
    assert [condition.holds for condition in conditions] == holds
    if False in holds:
        assert verdict == "blocked"
    elif None in holds:
        assert verdict == ("pending" if "unread" in {standings[_probe(text)] for text in texts} else "unknown")
    else:
        assert verdict == "pass"


def _probe(text: str) -> str:
    return "api" if "api" in text else "missing"


def test_a_text_is_judged_whole_although_people_see_it_cut() -> None:
    body = "x" * 5000 + "ERROR"
    known = {"api": Known("fresh", Reading(probe="api", status="pass", value="x" * 80), body)}
    assert gate('!api.contains("ERROR")').judge(known)[0] == "blocked"


def test_a_value_of_another_type_than_declared_cannot_be_judged() -> None:
    assert gate("missing == 0").judge({"missing": fresh("missing", "zero")})[0] == "unknown"


def test_a_condition_that_does_not_compile_says_why_and_never_holds() -> None:
    verdict, (condition,) = gate("nonsense ==").judge({})
    assert (verdict, condition.holds) == ("unknown", None)
    assert "nonsense" in condition.detail


def test_a_gate_of_many_long_conditions_fits_a_line_of_the_log() -> None:
    judged = gate(*(f'api == "{n}{"☃" * 1000}"' for n in range(200))).judge({"api": fresh("api", "☃" * 200)})
    event = GateChanged(gate="step:x", opened_seq=1, verdict=judged[0], conditions=judged[1])
    assert len(msgspec.json.encode(event)) < 60_000


def test_what_is_told_once_is_not_told_again() -> None:
    teller = Teller("step:x", 7)
    said = (ConditionVerdict("missing == 0", False, "missing is 12"),)
    assert teller.tell("blocked", said, 0.0) == (
        GateChanged(gate="step:x", opened_seq=7, verdict="blocked", conditions=said),
    )
    assert teller.tell("blocked", said, 100.0) == ()


def test_numbers_alone_are_told_now_and_then() -> None:
    teller = Teller("step:x", 7)
    first, second = ((ConditionVerdict("missing == 0", False, f"missing is {n}"),) for n in (12, 11))
    teller.tell("blocked", first, 0.0)
    assert teller.tell("blocked", second, DETAIL_EVERY_S - 0.1) == ()
    assert len(teller.tell("blocked", second, DETAIL_EVERY_S)) == 1


def test_another_verdict_is_told_at_once() -> None:
    teller = Teller("step:x", 7)
    teller.tell("blocked", (ConditionVerdict("missing == 0", False, "missing is 12"),), 0.0)
    (event,) = teller.tell("pass", (ConditionVerdict("missing == 0", True),), 0.01)
    assert event.verdict == "pass"


def test_a_gate_that_just_opened_is_pending_without_an_event() -> None:
    assert Teller("step:x", 7).tell("pending", (), 0.0) == ()
