"""The tables of a report, the same in HTML and in Markdown: text for people, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cockpit.audit.verdict import Verification
from cockpit.report.chronicle.chronicle import Chronicle
from cockpit.report.chronicle.records import ActionRecord, PenRecord, PhaseRecord, StepRecord
from cockpit.report.pages.phrasing import DEVIATIONS, STATUS, Phrasing
from cockpit.report.pages.standouts import left_out, stand_outs
from cockpit.run.phrases import quantity
from cockpit.text import counted


class Table(Struct, frozen=True):
    """A table: every row has a cell for every head."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0
    """Rows that were too many."""
    heavy: frozenset[int] = frozenset()
    """Rows that stand for those after them."""


MOST = 2000
"""Rows of one table; the JSON has them all."""
CELL = 4000
"""Characters of one cell; the JSON has them all."""


def _table(name: str, title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    every = list(rows)
    told = tuple(tuple(map(_bounded, row)) for row in every[:MOST])
    return Table(name, title, heads, told, max(0, len(every) - MOST))


def _bounded(cell: str) -> str:
    return cell if len(cell) <= CELL else f"{cell[:CELL]}… ({counted(len(cell) - CELL, 'more character')})"


def plan_table(told: Chronicle, say: Phrasing) -> Table:
    """Phases and steps, planned against actual."""
    heads = ("Step", "Status", "Planned", "Actual", "Difference", "Began", "Settled", "By", "Notes")
    rows, heavy = list[tuple[str, ...]](), set[int]()
    for phase in told.phases:
        heavy.add(len(rows))
        rows.append(_phase_row(phase, say, _is_walked(told, phase.plan)))
        rows += [
            _step_row(step, say, _is_walked(told, step.plan))
            for step in told.steps
            if step.phase == phase.id and step.plan == phase.plan
        ]
    bounded = tuple(tuple(map(_bounded, row)) for row in rows[:MOST])
    return Table("plan", "Phases and steps", heads, bounded, max(0, len(rows) - MOST), frozenset(heavy))


def _is_walked(told: Chronicle, plan: str) -> bool:
    """Whether the walk is still on this way where the log ends: what is open on it may be done yet."""
    way = next((each.plan for each in reversed(told.rollbacks) if each.left is None), "") if told.rolled_back else ""
    return told.outcome == "live" and plan == way


def _phase_row(phase: PhaseRecord, say: Phrasing, is_walked: bool) -> tuple[str, ...]:
    open_word = "under way" if is_walked else "not finished"
    status = "done" if phase.ended else open_word if phase.began else "not begun"
    waited = f"{say.lasted(phase.waited_s)} at its gates" if phase.waited_s >= 1 else ""
    plan = "way back" if phase.plan else ""
    return (
        f"{phase.number} {phase.title or phase.id}", status, say.lasted(phase.planned_s or None),
        say.lasted(phase.actual_s or None),
        _difference(phase.planned_s, phase.actual_s, say) if phase.ended else "", say.at(phase.began),
        say.at(phase.ended), "", "; ".join(part for part in (plan, waited) if part),
    )  # fmt: skip


def _step_row(step: StepRecord, say: Phrasing, is_walked: bool) -> tuple[str, ...]:
    notes = [
        f"{step.attempts} attempts" if step.attempts > 1 else "",
        f"{len(step.visits)} visits" if len(step.visits) > 1 else "",
        f"planned by earlier runs, estimate {say.lasted(step.estimate_s)}" if step.median_s else "",
        "irreversible" if step.risk == "irreversible" else "",
        f"with {step.second}" if step.second else "",
        f"without a second person: {step.waived_reason}" if step.waived_reason else "",
        *(f"{name}: {value}" for name, value in step.values.items()),
        step.reason,
    ]
    is_left = step.status == "open" and bool(step.visits) and not is_walked
    status = "left open" if is_left else STATUS.get(step.status, step.status)
    return (
        f"{step.number} {step.title or step.id}", status,
        say.lasted(step.planned_s or None), say.lasted(step.actual_s) if step.visits else "",
        _difference(step.planned_s, step.actual_s, say) if step.status == "confirmed" else "",
        say.at(step.visits[0].began) if step.visits else "", say.at(step.settled), step.by,
        "; ".join(note for note in notes if note),
    )  # fmt: skip


def _difference(planned_s: float, actual_s: float, say: Phrasing) -> str:
    if planned_s <= 0 or actual_s <= 0:
        return ""
    over_s = actual_s - planned_s
    return f"{'+' if over_s > 0 else ''}{say.lasted(over_s)}"


def mark_table(told: Chronicle, say: Phrasing) -> Table:
    """What stands out, as numbered in the picture."""
    rows = [(str(each.number), say.at(each.at), each.word, each.who, each.text) for each in stand_outs(told)]
    table = _table("marks", "What stood out", ("No.", "Time", "Kind", "Who", "What"), rows)
    return replace(table, left_out=left_out(told))


def troubled_tables(told: Chronicle, say: Phrasing) -> list[Table]:
    """Deviations, triggers, holds and ways back; those that are not empty."""
    return _filled(
        _table(
            "deviations", "Deviations", ("Time", "Who", "What", "Where", "Reason"),
            ((say.at(d.at), d.by, DEVIATIONS.get(d.kind, d.kind), d.where, d.reason) for d in told.deviations),
        ),
        _table(
            "triggers", "Triggers", ("Time", "Trigger", "Severity", "Seen by", "Because", "Cleared", "Answer"),
            (
                (
                    say.at(t.at), t.title or t.trigger or "raised by hand", t.severity, t.by or "keeper",
                    t.reason or "; ".join([*map(say.condition, t.conditions), *map(say.evidence, t.current)]),
                    say.at(t.cleared),
                    f"{t.answer} ({t.answered_by}, {say.at(t.answered)})" + (f": {t.answer_reason}" if t.answer_reason
                    else "") if t.answered else "none",
                )
                for t in told.triggers
            ),
        ),
        _table(
            "holds", "Holds", ("From", "To", "For", "By", "Reason", "At", "Released"),
            (
                (
                    say.at(h.began), say.at(h.ended) or "lasts", say.lasted(h.seconds), h.by, h.reason,
                    say.step(h.step),
                    f"{h.released_by}: {h.release_reason}" if h.released_by else "not released",
                )
                for h in told.holds
            ),
        ),
        _table(
            "rollbacks", "Ways back", ("Time", "Plan", "By", "Reason", "Proposed", "Steps", "Given up"),
            (
                (
                    say.at(r.at), r.title, r.by, r.reason, say.plan(r.proposed) or "none fitted",
                    ", ".join(say.step(each) for each in r.steps),
                    f"{say.at(r.left)} {r.left_by}: {r.left_reason}" if r.left else "",
                )
                for r in told.rollbacks
            ),
        ),
    )  # fmt: skip


def word_tables(told: Chronicle, say: Phrasing) -> list[Table]:
    """Sign-offs, messages, waits and notes; those that are not empty."""
    words = {
        "signoff": "signed off",
        "countersign": "agreed, as the second person",
        "waived": "without a second person",
    }
    return _filled(
        _table(
            "signoffs", "Sign-offs and second persons", ("Time", "Who", "What", "Step", "As", "Reason"),
            ((say.at(s.at), s.by, words[s.kind], say.step(s.step), s.role, s.reason) for s in told.signoffs),
        ),
        _table(
            "messages", "Messages", ("Time", "Step", "To", "Through", "How it went", "Digest of the text"),
            _messages(told, say),
        ),
        _table(
            "waits", "Waits", ("From", "Until", "Ended", "Step", "How", "Why"),
            (
                (
                    say.at(w.began), say.at(w.until), say.at(w.ended), say.step(w.step), w.outcome.replace("_", " "),
                    "; ".join(part for part in (w.by, w.detail) if part),
                )
                for w in told.waits
            ),
        ),
        _table(
            "notes", "Notes", ("Time", "Who", "On", "Note"),
            ((say.at(n.at), n.by, say.step(n.step), n.text) for n in told.notes),
        ),
    )  # fmt: skip


def signature_tables(found: Verification, say: Phrasing) -> list[Table]:
    """Who signed what, as it was checked, and what is unsigned; those that are not empty."""
    if found.signed is None:
        return []
    return _filled(
        _table(
            "signatures", "Signatures", ("Time", "Who", "What", "Up to", "Key", "Counts"),
            (
                (
                    say.at(s.at), s.of,
                    "proved a name" if s.kind == "person" else "countersigned" if s.is_countersignature else "signed",
                    f"seq {s.head}", s.key, "yes" if s.by else f"NO: {s.why_not}",
                )
                for s in found.signed.signatures
            ),
        ),
        _table(
            "unsigned", "Unsigned", ("Time", "Who", "What", "Why"),
            (
                (say.at(u.at), u.by, u.what or f"seq {u.seq}", u.why or "no signature arrived")
                for u in found.signed.unsigned
            ),
        ),
    )  # fmt: skip


def _messages(told: Chronicle, say: Phrasing) -> Iterator[tuple[str, ...]]:
    """Those that the keeper sent, and those that people sent by hand."""
    for action in told.actions:
        if action.sent:
            yield (say.at(action.ended), say.step(action.step), action.sent.get("to", ""),
                   action.sent.get("channel", ""), action.outcome, action.sent.get("digest", ""))  # fmt: skip
    for decision in told.decisions:
        if decision.sent:
            yield (say.at(decision.at), say.step(decision.step), decision.sent.get("to", ""), f"by hand, {decision.by}",
                   "", decision.sent.get("digest", ""))  # fmt: skip


def _how_it_moved(pen: PenRecord) -> str:
    if pen.is_passed:
        return "offered and accepted"
    return f"taken from somebody {pen.found}" if pen.found else "taken"


def people_tables(told: Chronicle, say: Phrasing) -> list[Table]:
    """Who was there, whose keeper watched, what was acted on; those that are not empty."""
    return _filled(
        _table(
            "people", "People", ("Who", "As", "From", "To", "Decisions", "Notes", "Came by", "Proven", "Claimed"),
            (
                (
                    p.who, " and ".join(w for w, is_so in (("acting", p.acted), ("watching", p.watched)) if is_so),
                    say.at(p.first), say.at(p.last), str(p.decisions), str(p.notes), ", ".join(p.via),
                    ", ".join(p.proven), ", ".join(p.claimed),
                )
                for p in told.people
            ),
        ),
        _table(
            "seats", "Screens", ("From", "To", "Who", "As", "Came by", "Why it closed"),
            (
                (say.at(s.began), say.at(s.ended) or "no end in the log", s.who, s.role, s.via, s.why)
                for s in told.seats
            ),
        ),
        _table(
            "pens", "The pen", ("Time", "To", "From", "How", "Reason"),
            ((say.at(p.at), p.by, p.previous, _how_it_moved(p), p.reason) for p in told.pens),
        ),
        _table(
            "keepers", "Keepers", ("Epoch", "From", "To", "Ran as", "Version", "Why it ended", "Shown differences"),
            (
                (
                    str(k.epoch), say.at(k.began), say.at(k.ended) or "no end in the log",
                    f"{k.runs_as}, process {k.pid}",
                    k.version, "; ".join(part for part in (k.stopped_by, k.why) if part),
                    "; ".join((*k.differences, *((f"accepted by {k.accepted_by}",) if k.accepted_by else ()))),
                )
                for k in told.keepers
            ),
        ),
        _table(
            "targets", "Targets", ("Time", "Target", "Verdict", "Was", "Detail"),
            (
                (say.at(t.at), t.target, t.verdict, ", ".join(f"{k} {v}" for k, v in t.identity.items()), t.detail)
                for t in told.targets
            ),
        ),
        _table(
            "log", "The log, clocks and calls", ("Time", "What"),
            ((say.at(entry.at), entry.text) for entry in told.log),
        ),
    )  # fmt: skip


def action_heads(action: ActionRecord, say: Phrasing) -> str:
    """How an action went, in a few words."""
    words = {"requested": "asked for, not begun", "running": "no end is known", "timed_out": "timed out",
             "lapsed": "lapsed, nothing was done", "refused": "refused, nothing was done",
             "unknown": "UNKNOWN: it may have been done"}  # fmt: skip
    code = f", exit code {action.exit_code}" if action.exit_code is not None else ""
    took = f", {say.lasted(action.duration_s)}" if action.duration_s else ""
    return f"{words.get(action.outcome, action.outcome)}{code}{took}"


def probe_table(told: Chronicle, say: Phrasing) -> Table:
    """Every probe over the run."""
    heads = ("Probe", "Title", "At the end", "Least", "Most", "Readings", "Changes", "Time in each status")
    rows = (
        (
            p.id, p.title, ", ".join(part for part in (p.status, quantity(p.value, p.unit)) if part),
            quantity(p.least, p.unit), quantity(p.most, p.unit), str(p.readings), str(p.changes_total),
            ", ".join(f"{status} {say.lasted(s)}" for status, s in p.seconds.items()),
        )
        for p in told.probes
    )  # fmt: skip
    return _table("probes", "Probes", heads, rows)


def change_table(told: Chronicle, say: Phrasing) -> Table:
    """Every change of a probe's status."""
    rows = sorted(
        (
            (change.seq, say.at(change.at), probe.id, f"{change.previous} → {change.status}",
             change.detail or quantity(change.value, probe.unit))
            for probe in told.probes for change in probe.changes
        ),
        key=lambda row: row[0],
    )  # fmt: skip
    return _table("changes", "Changes of status", ("Time", "Probe", "Status", "Why"), (row[1:] for row in rows))


def happening_table(told: Chronicle, say: Phrasing) -> Table:
    """All that happened, a fact a row."""
    rows = ((str(h.seq), say.at(h.at), h.who, h.text) for h in told.happenings)
    return _table("happenings", "Everything that happened", ("Seq", "Time", "Who", "What"), rows)


def _filled(*tables: Table) -> list[Table]:
    return [table for table in tables if table.rows]
