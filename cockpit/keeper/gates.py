"""Judging one gate: which of its conditions hold on readings that are fresh enough to count.

Triggers, plans and the health of waits are judged in the same way; which readings count, the caller says. Invariant:
where a reading is missing, stale or an `error`, its value does not exist, and CEL answers that the condition cannot be
said (unless another part of it decides alone). The same holds of what nobody has recorded. Pure: it is told the time,
and never says a number that changes by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from cockpit.errors import CockpitError
from cockpit.keeper.rounding import rounded
from cockpit.patterns import late
from cockpit.profile.conditions import Condition, compile_condition
from cockpit.run.events import GateChanged
from cockpit.run.phrases import quantity
from cockpit.run.readings import ConditionVerdict, Reading, Verdict
from cockpit.text import shortened

DETAIL_EVERY_S = 5.0
"""A gate whose conditions say the same with other numbers is told this often: every telling moves the log's head."""
_TEXTS_BYTES = 12_000
"""Characters of all texts in one verdict, so that the event fits a line of the log whatever the profile holds."""
_NAMED = late(r"\b(?:recorded|since)\.[a-z][a-z0-9_]*")
_NOTHING: Mapping[str, object] = {}
_PARTS = late(r"[a-z][a-z0-9_]*\s*\.\s*(?:status|passing)\b")

Standing = Literal["fresh", "waiting", "stale"]


class Known(Struct, frozen=True):
    """What counts of a probe at this moment."""

    standing: Standing
    reading: Reading | None = None
    value: object = None
    """The reading's value, whole: what is in the reading is cut for people."""


class Gate:
    """The conditions of one gate, compiled once; those that do not compile cannot be said, and say why."""

    def __init__(
        self, texts: tuple[str, ...], environment: Mapping[str, object], *, is_error_failing: bool = False
    ) -> None:
        """`is_error_failing`: of a probe in error it is said that it is not passing, instead of nothing."""
        self._is_error_failing = is_error_failing
        self._conditions: list[Condition | ConditionVerdict] = []
        limit = max(40, min(300, _TEXTS_BYTES // (2 * max(1, len(texts)))))
        self._limit = limit
        for text in texts:
            try:
                self._conditions.append(compile_condition(text, environment))
            except CockpitError as error:
                detail = shortened(str(error), limit)
                self._conditions.append(ConditionVerdict(condition=shortened(text, limit), holds=None, detail=detail))
        conditions = [condition for condition in self._conditions if isinstance(condition, Condition)]
        self.probes = tuple(dict.fromkeys(probe for condition in conditions for probe in condition.probes))
        """Every probe that a condition reads."""

    def judge(
        self, known: Mapping[str, Known], recorded: Mapping[str, object] = _NOTHING
    ) -> tuple[Verdict, tuple[ConditionVerdict, ...]]:
        """The verdict, and what each condition says, in the profile's order.

        `recorded` are the facts that come from no probe, under their whole names (`recorded.<name>`, `since.<step>`).
        """
        verdicts: list[ConditionVerdict] = []
        is_waiting = False
        for condition in self._conditions:
            if isinstance(condition, ConditionVerdict):
                verdicts.append(condition)
                continue
            verdict = self._verdict(condition, known, recorded)
            verdicts.append(verdict)
            if verdict.holds is None:
                is_waiting |= any(_of(known, probe).standing == "waiting" for probe in condition.probes)
        return _summed_up(verdicts, is_waiting=is_waiting), tuple(verdicts)

    def _verdict(
        self, condition: Condition, known: Mapping[str, Known], recorded: Mapping[str, object]
    ) -> ConditionVerdict:
        facts: dict[str, object] = dict(recorded)
        for probe in condition.probes:
            facts.update(_facts(probe, _of(known, probe), is_error_failing=self._is_error_failing))
        holds = condition.evaluate(facts)
        if holds is True:
            # No numbers here: the readings are evidence anyway, and a value that moves would be told for ever.
            detail = ""
        elif holds is False:
            said = [_said(condition, probe, known) for probe in condition.probes]
            detail = ", ".join(said + _recorded_said(condition, recorded))
        else:
            reasons = [why for probe in condition.probes if (why := _obstacle(probe, _of(known, probe)))]
            detail = ", ".join(reasons) or holds
        return ConditionVerdict(
            condition=shortened(condition.text, self._limit),
            holds=holds if isinstance(holds, bool) else None,
            detail=shortened(detail, self._limit),
        )


def _of(known: Mapping[str, Known], probe: str) -> Known:
    return known.get(probe, Known("waiting"))


def _facts(probe: str, known: Known, *, is_error_failing: bool) -> dict[str, object]:
    reading = known.reading
    if known.standing != "fresh" or reading is None:
        return {}
    facts: dict[str, object] = {f"{probe}.status": reading.status}
    if reading.latency_ms is not None:
        facts[f"{probe}.latency_ms"] = reading.latency_ms
    if reading.status != "error":  # `error` means that the probe could not tell: neither a value nor a verdict
        facts[f"{probe}.passing"] = reading.status in ("pass", "warn")
        if known.value is not None:
            facts[probe] = known.value
    elif is_error_failing:
        facts[f"{probe}.passing"] = False
    return facts


def _said(condition: Condition, probe: str, known: Mapping[str, Known]) -> str:
    """What a probe says, in the words that its condition uses: its value, or its status."""
    reading = _of(known, probe).reading
    if reading is None:
        return _obstacle(probe, _of(known, probe))
    about = [found for found in _PARTS.findall(condition.text) if re.split(r"\s*\.", found)[0] == probe]
    if about:
        return f"{probe} is {reading.status}" + (f" ({reading.detail})" if reading.detail else "")
    return f"{probe} is {quantity(rounded(reading.value), reading.unit) or 'without a value'}"


def _recorded_said(condition: Condition, recorded: Mapping[str, object]) -> list[str]:
    """What a condition's other names stand for."""
    names = dict.fromkeys(_NAMED.findall(condition.text))
    found = [(name, recorded[name]) for name in names if name in recorded]
    return [f"{name} is {rounded(value)}" for name, value in found if isinstance(value, str | float)]


def _obstacle(probe: str, known: Known) -> str:
    if known.standing == "waiting":
        return f"{probe} is being read"
    if known.standing == "stale":
        return f"{probe} is stale"
    if known.reading is not None and known.reading.status == "error":
        return f"{probe} is in error: {known.reading.detail}".rstrip(": ")
    return ""


def _summed_up(verdicts: list[ConditionVerdict], *, is_waiting: bool) -> Verdict:
    if any(verdict.holds is False for verdict in verdicts):
        return "blocked"
    if all(verdict.holds is True for verdict in verdicts):
        return "pass"
    return "pending" if is_waiting else "unknown"


class Teller:
    """Says when a verdict is worth an event: at once if it decides otherwise, now and then if only numbers moved."""

    def __init__(self, gate: str, opened_seq: int) -> None:
        self._gate = gate
        self._opened_seq = opened_seq
        self._told: tuple[Verdict, tuple[ConditionVerdict, ...]] | None = None
        self._told_mono = 0.0

    def tell(
        self, verdict: Verdict, conditions: tuple[ConditionVerdict, ...], now_mono: float
    ) -> tuple[GateChanged, ...]:
        """The event to append, or nothing."""
        if self._told is None and verdict == "pending":
            return ()  # a gate that opened is pending without anybody saying so
        if (verdict, conditions) == self._told:
            return ()
        if self._told is not None and now_mono - self._told_mono < DETAIL_EVERY_S:
            before = (self._told[0], [told.holds for told in self._told[1]])
            if before == (verdict, [condition.holds for condition in conditions]):
                return ()
        self._told, self._told_mono = (verdict, conditions), now_mono
        return (GateChanged(gate=self._gate, opened_seq=self._opened_seq, verdict=verdict, conditions=conditions),)
