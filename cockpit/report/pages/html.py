"""A run as one HTML file: nothing is fetched, nothing runs, and it prints.

Invariant: whatever a log says is escaped by the template and made visible on the way; the only markup that is taken as
it is are the pictures, which `drawing` put together. The page's own policy forbids scripts and every request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cockpit.report.chronicle.records import ActionRecord, Decision
from cockpit.report.pages.account import Account
from cockpit.report.pages.drawing import Picture
from cockpit.report.pages.phrasing import MODES, Phrasing, against_window, outcome_of
from cockpit.report.pages.pictures import pictures
from cockpit.report.pages.standouts import stand_outs
from cockpit.report.pages.storyline import failing_table
from cockpit.report.pages.summary import facts_of, verify_command, warnings_of
from cockpit.report.pages.tables import (
    CELL,
    action_heads,
    change_table,
    happening_table,
    mark_table,
    people_tables,
    plan_table,
    probe_table,
    signature_tables,
    troubled_tables,
    word_tables,
)
from cockpit.run.readings import Evidence
from cockpit.text import visible

TEMPLATES = Path(__file__).with_name("templates")
DECISIONS = 1500
EVIDENCE = 20_000
"""Entries of evidence on one page; of more decisions each shows its first ones."""
_FEW = 8
ACTIONS = 1000
OUTPUT_BYTES = 1_000_000
"""Of output on one page, all together."""


def html(account: Account, say: Phrasing) -> str:
    """The page."""
    told = account.told
    marks = stand_outs(told)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_seen,
    )  # fmt: skip
    environment.filters["picture"] = _picture
    entries = sum(len(each.seen) + len(each.current) for each in told.decisions)
    return environment.get_template(
        "report.html.j2"
    ).render(
        account=account,
        told=told,
        say=say,
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        outcome=_capital(outcome_of(told)),
        window=against_window(told),
        facts=facts_of(account, say),
        warnings=warnings_of(account),
        command=verify_command(account),
        pictures=pictures(told, marks, say),
        plan=plan_table(told, say),
        marks=mark_table(told, say),
        troubled=troubled_tables(told, say),
        decisions=[_decision(each, say, 64 if entries <= EVIDENCE else _FEW) for each in told.decisions[:DECISIONS]],
        decisions_left=max(0, len(told.decisions) - DECISIONS),
        actions=_actions(told.actions, say),
        actions_left=max(0, len(told.actions) - ACTIONS),
        words=[*word_tables(told, say), *signature_tables(account.verification, say)],
        probes=probe_table(told, say),
        failing=failing_table(told, say),
        changes=change_table(told, say),
        people=people_tables(told, say),
        happenings=happening_table(told, say),
        happenings_left=told.happenings_total - len(told.happenings),
    )


def _seen(value: Any) -> Any:
    """What a template writes out: texts made visible, but for markup of our own."""
    return visible(value, multiline=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def _picture(picture: Picture) -> Markup:
    return Markup(picture.svg)  # noqa: S704 - put together from allowed elements alone: see `drawing`


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _decision(decision: Decision, say: Phrasing, most: int) -> dict[str, Any]:
    """A decision with what was known then; the same readings are not told twice."""
    seen, current = decision.seen, decision.current
    is_same = [(e.probe, e.status, e.value) for e in seen] == [(e.probe, e.status, e.value) for e in current]
    what = (
        [("On the screen, and current", seen)] if is_same and seen else [("On the screen", seen), ("Current", current)]
    )
    return {
        "seq": decision.seq,
        "at": say.at(decision.at),
        "by": decision.by,
        "text": decision.text,
        "where": say.where(decision.step, decision.gate),
        "reason": say.rest_of_reason(decision)[:CELL],
        "evidence": [(name, [_entry(e, say) for e in entries[:most]], max(0, len(entries) - most))
                     for name, entries in what if entries],
        "counts": ", ".join(f"{count} {status}" for status, count in decision.counts.items()),
        "stood": say.stood(decision),
        "entered": list(decision.values.items()),
        "verdict": decision.verdict,
        "conditions": [say.condition(each) for each in decision.conditions],
        "unmet": decision.unmet,
        "second": decision.second,
        "not_taken": decision.not_taken,
    }  # fmt: skip


def _entry(entry: Evidence, say: Phrasing) -> tuple[str, str]:
    """Its status, for the colour, and the words."""
    return entry.status, say.evidence(entry)


def _actions(actions: tuple[ActionRecord, ...], say: Phrasing) -> list[dict[str, Any]]:
    shown = actions[:ACTIONS]
    room = max(1024, OUTPUT_BYTES // max(1, len(shown)))
    return [_action(each, say, room) for each in shown]


def _action(action: ActionRecord, say: Phrasing, room: int) -> dict[str, Any]:
    text = "\n".join(action.tail).rstrip("\n")
    facts = [
        ("Asked for by", f"{action.by}, {say.at(action.requested)}"),
        ("Ran as", action.runs_as + (f" → {action.target}" if action.target else "")),
        (
            "Began, ended",
            f"{say.at(action.started)} to {say.at(action.ended) or 'not known'}" if action.started else "",
        ),
        ("At most", say.lasted(action.timeout_s) if action.timeout_s else ""),
        ("How", MODES.get(action.mode, action.mode)),
        ("Cancelled", f"{action.cancelled_by}: {action.cancel_reason}" if action.cancelled_by else ""),
        ("Settled", f"{action.settled_by} says so: {action.settle_reason}" if action.settled_by else ""),
        ("Nothing done", "it is known to have left nothing" if action.nothing_done else ""),
        ("Whole output", f"outputs/{action.output}, {action.output_bytes} bytes" if action.output else ""),
        ("SHA-256 of it", action.output_sha256),
        ("SHA-256 of what was shown", action.digest),
    ]
    return {
        "step": say.step(action.step),
        "attempt": action.attempt,
        "at": say.at(action.started or action.requested),
        "ok": action.outcome == "succeeded",
        "how": action_heads(action, say),
        "detail": action.detail,
        "shown": action.shown,
        "facts": [(name, value) for name, value in facts if value],
        "conditions": [say.condition(each) for each in action.conditions],
        "output": text[-room:],
        "cut": action.left_out > 0 or len(text) > room,
    }
