"""From facts to a reading: the probe's conditions, judged one by one.

Invariant: `pass` is said only when every `pass` condition is true and no `fail` condition is; anything CEL cannot say
makes the reading an `error`. Values are exact here; rounding for people and for the log is the keeper's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from cockpit.errors import ProbeError
from cockpit.probes.looking import looked_at
from cockpit.profile.cel_words import names_in
from cockpit.profile.conditions import Condition, compile_condition, probe_environment, value_of
from cockpit.profile.kinds import ProbeKind
from cockpit.profile.model import Probe
from cockpit.run.readings import ConditionVerdict, Reading, Scalar, Status
from cockpit.text import shortened

_DETAIL = 200
_TEXT = 80


class Judgement(Struct, frozen=True):
    """A reading, and what each condition said, in the profile's order: `fail`, `pass`, `warn`."""

    reading: Reading
    conditions: tuple[ConditionVerdict, ...] = ()
    value: object = None
    """As CEL gave it, neither cut nor made a text: what gates judge by. None where there is none."""


class Judge:
    """The compiled conditions of one probe."""

    def __init__(self, probe: Probe, kind: ProbeKind) -> None:
        """Compile everything. Raises `ConditionError`."""
        self.probe = probe
        environment = probe_environment(kind)
        passes = probe.pass_when or (() if probe.fail_when else kind.default_pass)
        self._fail = [compile_condition(text, environment) for text in probe.fail_when]
        self._pass = [compile_condition(text, environment) for text in passes]
        self._warn = [compile_condition(text, environment) for text in probe.warn_when]
        self._value = value_of(probe, kind)
        self._unit = probe.unit or ("" if probe.value else kind.default_unit)
        texts = [condition.text for condition in (*self._fail, *self._pass, *self._warn)]
        facts = tuple(fact.name for fact in kind.facts)
        self._docs = {fact.name: fact.doc for fact in kind.facts}
        self._used = {text: names_in(text, facts) for text in (*texts, self._value.text)}
        self._sights = {text: looked_at(text, facts) for text in texts}
        self._needed = frozenset(name for names in self._used.values() for name in names)

    def judge(self, facts: Mapping[str, object], began_mono: float, ended_mono: float) -> Judgement:
        """Judge the facts of one reading; times are seconds of the keeper's monotonic clock."""
        used = {name: facts[name] for name in self._needed if name in facts}
        verdicts: list[ConditionVerdict] = []
        status, detail = self._status(used, verdicts)
        if status in ("fail", "warn") and (reason := facts.get("reason")) and "reason" not in used:
            detail = f"{detail}: {reason}"
        value, error = self._value.evaluate(used)
        if error and status in ("pass", "warn"):
            status, detail = "error", f"{self._value.text}: {error}"
        latency = facts.get("latency_ms")
        reading = Reading(
            probe=self.probe.id,
            status=status,
            value=None if error else scalar(value),
            unit=self._unit,
            latency_ms=float(latency) if isinstance(latency, int | float) else None,
            detail=shortened(detail, _DETAIL),
            parts=_parts(facts.get("parts")),
            began_mono=began_mono,
            ended_mono=ended_mono,
        )
        return Judgement(reading, tuple(verdicts), None if error else value)

    def no_reading(self, error: ProbeError, began_mono: float, ended_mono: float) -> Judgement:
        """The judgement where the probe could not tell."""
        return Judgement(
            Reading(
                probe=self.probe.id,
                status="error",
                unit=self._unit,
                detail=shortened(str(error), _DETAIL),
                began_mono=began_mono,
                ended_mono=ended_mono,
            )
        )

    def _status(self, facts: dict[str, object], verdicts: list[ConditionVerdict]) -> tuple[Status, str]:
        """Judge every condition, so that all can be shown; the first that decides gives the detail."""
        failing: list[str] = []
        erring: list[str] = []
        warning: list[str] = []
        for conditions, wanted, found in ((self._fail, False, failing), (self._pass, True, failing),
                                          (self._warn, False, warning)):  # fmt: skip
            for condition in conditions:
                verdict = self._verdict(condition, facts)
                verdicts.append(verdict)
                if verdict.holds is None:
                    erring.append(f"{condition.text}: {verdict.detail}")
                elif verdict.holds is not wanted:
                    said = condition.text if verdict.holds else f"{condition.text} is false"
                    found.append(said if verdict.detail in ("", said) else f"{said}: {verdict.detail}")
        if erring:
            return "error", erring[0]
        if failing:
            return "fail", failing[0]
        return ("warn", warning[0]) if warning else ("pass", "")

    def _verdict(self, condition: Condition, facts: dict[str, object]) -> ConditionVerdict:
        holds = condition.evaluate(facts)
        if isinstance(holds, str):
            absent = [name for name in self._used[condition.text] if name not in facts]
            if absent:
                holds = f"there is no `{absent[0]}` in this reading ({self._docs[absent[0]]})"
            return ConditionVerdict(condition=condition.text, holds=None, detail=shortened(holds, _DETAIL))
        said = ", ".join(self._seen(condition.text, facts))
        return ConditionVerdict(condition=condition.text, holds=holds, detail=shortened(said, _DETAIL))

    def _seen(self, condition: str, facts: dict[str, object]) -> Iterator[str]:
        """The values that a condition depends on; a list or a map is no answer, and an absent one neither."""
        for sight in self._sights[condition]:
            try:
                value = sight.value(facts)
            except LookupError:
                continue
            if not isinstance(value, list | dict):
                yield f"{sight.path} is {_told(value)}"


class Debounce:
    """Turns readings into a status: a failing one counts from `fail_after` in a row on."""

    def __init__(self, fail_after: int) -> None:
        self._fail_after = fail_after
        self._failing = 0
        self._status: Status | None = None

    def go_on_from(self, status: Status) -> None:
        """Begin with what an earlier keeper knew: the status stays until readings say otherwise."""
        self._status = status

    def status(self, reading: Status) -> Status | None:
        """Return the status after this reading; None while there is none yet."""
        if reading in ("pass", "warn"):
            self._failing = 0
            self._status = reading
        else:
            self._failing += 1
            if self._failing >= self._fail_after:
                self._status = reading
        return self._status


def _parts(told: object) -> tuple[tuple[str, float], ...]:
    """The parts of a reading's time, of a kind that has such a fact."""
    if not isinstance(told, Mapping):
        return ()
    return tuple((str(name), float(ms)) for name, ms in told.items() if isinstance(ms, int | float))


def scalar(value: object) -> Scalar:
    """Return a CEL or SQL value as one that the log keeps: numbers as they are, anything else as short text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**53) < value < 2**53 else str(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return _told(value)


def _told(value: object) -> str:
    if isinstance(value, str):
        return shortened(value, _TEXT) or "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"a map of {len(value)}"
    return shortened(str(value), _TEXT)
