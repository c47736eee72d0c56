"""A report as CSV: one table, a record a line, as RFC 4180 has it.

Invariant: no cell does anything in a spreadsheet: text that a formula could begin with gets an apostrophe before it,
and every character that could act is made visible, line breaks too. Times are ISO 8601 in UTC, durations seconds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cockpit.audit.tail import Tail
from cockpit.errors import LogError
from cockpit.report.marks import mark_of
from cockpit.report.pages.account import Account
from cockpit.run.evolve import evolve
from cockpit.run.readings import ConditionVerdict, Evidence
from cockpit.run.state import EMPTY
from cockpit.run.wording import sentence
from cockpit.text import visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
"""What a cell must not begin with: OWASP's list, its full-width forms, and two that older programs obey."""
TABLES: dict[str, tuple[str, ...]] = {
    "events": ("seq", "at", "type", "mark", "who", "host", "text", "step", "reason"),
    "phases": ("id", "number", "title", "stage", "plan", "steps", "planned_s", "actual_s", "waited_s", "began",
               "ended"),
    "steps": ("id", "number", "title", "phase", "plan", "kind", "risk", "level", "owner", "status", "attempts",
              "planned_s", "estimate_s", "median_s", "actual_s", "visits", "began", "settled", "by", "second",
              "reason"),
    "decisions": ("seq", "at", "type", "by", "text", "step", "gate", "attempt", "reason", "verdict", "second",
                  "not_taken", "seen", "current"),
    "deviations": ("seq", "at", "kind", "where", "reason", "by"),
    "actions": ("id", "step", "attempt", "by", "requested", "started", "ended", "outcome", "mode", "shown", "runs_as",
                "target", "exit_code", "detail", "duration_s", "output", "output_bytes", "output_sha256", "digest",
                "cancelled_by", "cancel_reason", "settled_by", "settle_reason"),
    "waits": ("step", "attempt", "began", "until", "ended", "outcome", "detail", "by", "left_s"),
    "holds": ("began", "ended", "seconds", "by", "reason", "step", "released_by", "release_reason"),
    "triggers": ("seq", "at", "trigger", "title", "severity", "by", "reason", "conditions", "cleared", "answered",
                 "answered_by", "answer", "answer_reason"),
    "signoffs": ("seq", "at", "kind", "step", "attempt", "role", "by", "reason"),
    "notes": ("seq", "at", "by", "text", "step"),
    "people": ("who", "via", "keys", "first", "last", "decisions", "notes", "acted", "watched", "proven", "claimed"),
    "probes": ("id", "title", "kind", "unit", "status", "value", "least", "most", "readings", "changes_total", "pass_s",
               "warn_s", "fail_s", "error_s", "stale_s", "unread_s"),
    "changes": ("seq", "at", "probe", "previous", "status", "value", "detail"),
    "readings": ("probe", "at", "low", "high", "last", "readings"),
}  # fmt: skip
"""By name: the columns."""


def as_csv(account: Account, table: str, path: Path) -> str:
    """The table with its heads; `path`: where the log can be read again, for `events`."""
    return table_of(TABLES[table], _events(path) if table == "events" else _records(account, table))


def table_of(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    """Rows as CSV with their heads; of each row what stands under these names."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(_rounded(column, row.get(column))) for column in columns])
    return written.getvalue()


def _rounded(column: str, value: Any) -> Any:
    """Durations to the millisecond: what is behind that is the arithmetic's."""
    return round(value, 3) if column.endswith("_s") and isinstance(value, float) else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = visible(value) if isinstance(value, str) else "; ".join(visible(_word(each)) for each in value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or str(value).startswith(_FORMULA) else text


def _word(value: Any) -> str:
    """A part of a list in a cell."""
    match value:
        case Evidence():
            shown = "" if value.value is None else f" {value.value} {value.unit}".rstrip()
            age = "" if value.age_s is None else f" ({value.age_s:g} s)"
            return f"{value.probe} {value.status}{shown}{age}"
        case ConditionVerdict():
            return f"{value.condition} {value.holds} {value.detail}".rstrip()
        case _:
            return str(value)


def _records(account: Account, table: str) -> Iterator[dict[str, Any]]:
    told = account.told
    match table:
        case "steps":
            for step in told.steps:
                began = step.visits[0].began if step.visits else None
                yield _fields(step) | {"visits": len(step.visits), "began": began}
        case "probes":
            for probe in told.probes:
                seconds = {f"{status}_s": s for status, s in probe.seconds.items()}
                yield _fields(probe) | seconds
        case "changes":
            for probe in told.probes:
                yield from (_fields(change) | {"probe": probe.id} for change in probe.changes)
        case "readings":
            for probe in told.probes:
                yield from (_fields(bucket) | {"probe": probe.id} for bucket in probe.buckets)
        case _:
            every: Iterable[msgspec.Struct] = getattr(told, table)
            yield from map(_fields, every)


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(record)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    """Every fact that counts, up to where the log is damaged."""
    tail, state = Tail(path, is_waited_for=False), EMPTY
    try:
        while entries := tail.read():
            for event in (entry.event for entry in entries):
                if not event.is_fact:
                    continue
                state = evolve(state, event)
                who, _, text = sentence(event, state).partition("  ")
                yield {
                    "seq": event.seq, "at": event.instant.at, "type": event.type, "mark": mark_of(event), "who": who,
                    "host": event.actor.host, "text": text, "step": str(getattr(event.body, "step", "")),
                    "reason": str(getattr(event.body, "reason", "")),
                }  # fmt: skip
    except LogError:
        return  # what is wrong was said when the log was read first
    finally:
        tail.close()
