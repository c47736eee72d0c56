"""A run as the document that is written after an incident: what the log knows is filled in, the rest is for people.

Invariant: nothing from a log is Markdown: every character that could begin a link, an image, a heading, HTML or a table
cell is escaped, and line breaks become spaces. Output of commands is indented as code, line by line.
"""

from __future__ import annotations

import re

from cockpit.patterns import late
from cockpit.report.chronicle.records import ActionRecord, Decision
from cockpit.report.pages.account import Account
from cockpit.report.pages.phrasing import Phrasing, against_window, outcome_of
from cockpit.report.pages.storyline import failing_table, story_table
from cockpit.report.pages.summary import facts_of, verify_command, warnings_of
from cockpit.report.pages.tables import (
    CELL,
    Table,
    action_heads,
    mark_table,
    people_tables,
    plan_table,
    probe_table,
    signature_tables,
    troubled_tables,
    word_tables,
)
from cockpit.text import counted, visible

_SPECIAL = late(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")
"""What means something wherever it stands; an underscore does only at the edge of a word."""
_AT_START = late(r"^(?:[-+=](?=\s|$|[-+=])|(\d+)[.)](?=\s|$))")
"""What begins a list or underlines a heading."""
_ADDRESS = late(r"(?i)\b(https?|ftp|www|mailto|xmpp)(?=[:.])|(?<!\w)@(?=\w)")
"""What GitHub makes a link or a mention of, however it is escaped."""
_EVIDENCE = 12
_LINES = 40
_PLACE = "> **To be written by people.**"


def markdown(account: Account, say: Phrasing) -> str:
    """The document, in CommonMark with GitHub's tables."""
    told = account.told
    title = f"{told.title or told.profile} on {told.environment}, {say.moment(told.began)[:10]}"
    lines = [f"# Post-incident review: {plain(title)}", ""]
    lines += "\n>\n".join(f"> **{plain(word)}:** {plain(text)}" for word, text in warnings_of(account)).split("\n")
    lines += ["", "## Summary", "", f"{plain(_sentence(outcome_of(told)))}. {_window(account)}".strip(), ""]
    lines += [f"- **{name}:** {plain(text)}" for name, text in facts_of(account, say)]
    lines += ["", f"Times are {plain(say.zone_name)}.", ""]
    lines += _asked("Impact", "Who noticed what, from when to when; what it cost. Numbers, not adjectives.")
    lines += _failing(failing_table(told, say))
    lines += ["## Timeline", ""]
    lines += _table(story_table(told, say)) or ["The log tells of nothing that happened.", ""]
    lines += ["### What stood out", ""]
    lines += _table(mark_table(told, say)) or ["Nothing stood out.", ""]
    lines += ["### Steps", "", *_table(plan_table(told, say))]
    lines += ["## Deviations, triggers and holds", ""]
    for table in troubled_tables(told, say):
        lines += [f"### {table.title}", "", *_table(table)]
    lines += ["" if told.deviations else "There was no deviation from the plan.", ""]
    lines += [
        "## Decisions",
        "",
        *([line for each in told.decisions for line in _decision(each, say)] or ["None."]),
        "",
    ]
    lines += ["## Commands", "", *([line for each in told.actions for line in _action(each, say)] or ["None."]), ""]
    signatures = signature_tables(account.verification, say)
    for table in (*word_tables(told, say), *signatures, *people_tables(told, say), probe_table(told, say)):
        if table.rows:
            lines += [f"## {table.title}", "", *_table(table)]
    lines += _asked("What went well", "What helped: a gate that stopped something, a rehearsal that paid, a person.")
    lines += _asked("What went wrong", "What surprised, what was slow, what was missing. Systems, not people.")
    lines += _asked("Where we were lucky", "What could have gone worse, and did not.")
    lines += _asked(
        "What is to be done",
        "An owner and a date for each. Where estimates were wrong, `cockpit compare LOG --format toml` has new ones.",
    )
    lines += ["## The log, and what was proven", "", *_proof(account)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def plain(text: str) -> str:
    """Text that Markdown, GitHub's included, shows as it is: no links, mentions, HTML, emphasis or cells."""
    line = " ".join(visible(text, multiline=True).split())
    line = _SPECIAL.sub(lambda match: f"\\{match[0]}", line)
    line = _AT_START.sub(lambda match: f"{match[1] or ''}\\{match[0][-1]}", line)
    return _ADDRESS.sub(lambda match: f"{match[0]}&#8203;", line)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _window(account: Account) -> str:
    told = against_window(account.told)
    return f"{plain(_sentence(told))}." if told else ""


def _asked(title: str, hint: str) -> list[str]:
    return [f"## {title}", "", f"{_PLACE} {hint}", ""]


def _failing(table: Table) -> list[str]:
    if not table.rows:
        return ["No probe failed.", ""]
    return ["What probes saw fail, planned outages too; who suffered from it no log knows:", "", *_table(table)]


def _table(table: Table) -> list[str]:
    if not table.rows:
        return []
    lines = [f"| {' | '.join(table.heads)} |", f"|{'---|' * len(table.heads)}"]
    for at, row in enumerate(table.rows):
        cells = [f"**{plain(cell)}**" if at in table.heavy and cell else plain(cell) for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    if table.left_out:
        lines += ["", f"{counted(table.left_out, 'more row is', 'more rows are')} not shown here."]
    return [*lines, ""]


def _decision(decision: Decision, say: Phrasing) -> list[str]:
    line = f"- {say.at(decision.at)} **{plain(decision.by)}** {plain(decision.text)}"
    if reason := say.rest_of_reason(decision)[:CELL]:
        line += f"  \n  *because:* {plain(reason)}"
    known = [each for each in decision.current or decision.seen if each.status != "unread"]
    if known:
        more = f"; and {len(known) - _EVIDENCE} more" if len(known) > _EVIDENCE else ""
        line += f"  \n  *known then:* {plain('; '.join(say.evidence(each) for each in known[:_EVIDENCE]) + more)}"
    if stood := say.stood(decision):
        line += f"  \n  *by the log:* {plain(stood)}"
    return [line]


def _action(action: ActionRecord, say: Phrasing) -> list[str]:
    again = f", attempt {action.attempt}" if action.attempt > 1 else ""
    lines = [f"### {plain(say.step(action.step) + again)}", ""]
    detail = f": {action.detail}" if action.detail else ""
    lines += [plain(f"{say.at(action.started or action.requested)} {action_heads(action, say)}{detail}"), ""]
    if action.runs_as:
        target = f" → {action.target}" if action.target else ""
        lines += [plain(f"Asked for by {action.by}; ran as {action.runs_as}{target}"), ""]
    lines += ["It was:", "", *_code(action.shown)] if action.shown else []
    output = _code("\n".join(action.tail[-_LINES:]))
    return [*lines, "The end of its output:", "", *output] if output else lines


def _code(text: str) -> list[str]:
    """As indented code: unlike a fence, no line of the text can end it."""
    shown = visible(text, multiline=True).strip("\n")
    return [*(f"    {line}" for line in shown.split("\n")), ""] if shown.strip() else []


def _proof(account: Account) -> list[str]:
    head = account.head
    lines = [f"- {plain(line)}" for line in (*account.shown, *account.troubles)]
    if head is not None:
        lines += [f"- Log head: `{head.digest[:8]}` at {head.seq}, in full `{head.digest}`"]
    lines += [f"- Written by cockpit {account.version}, {account.written:%Y-%m-%d %H:%M:%S} UTC", ""]
    lines += ["Whoever has the log can verify it again. A head that was noted elsewhere while the run went on"]
    lines += ["shows that nothing was cut off its end:", "", *_code(verify_command(account))]
    return lines
