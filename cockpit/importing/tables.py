"""Tables as steps: a row for each, its columns read by what their heads say.

A table without a column that names tasks gives each row by its first words. Metrics with their limits are steps with a
condition; what no column is known for is told by the instructions.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cockpit.importing.blocks import Row, Table
from cockpit.importing.draft import Draft
from cockpit.importing.items import CLAIM, Where
from cockpit.importing.measured import conditions
from cockpit.importing.naming import read_title, slug
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled
from cockpit.importing.quantities import duration_s
from cockpit.importing.samples import read_variables
from cockpit.importing.spoken import commanded
from cockpit.profile.model import Role, Step

Column = Literal["title", "number", "owner", "status", "duration", "command", "metric", "limit", "told"]

_HEADS: tuple[tuple[Column, re.Pattern[str]], ...] = (
    ("number", re.compile(r"#|no\.?|nr\.?|id|step( ?(no\.?|number|#))?|order|seq", re.IGNORECASE)),
    ("metric", re.compile(r"metric|kpi|indicator|measure|signal", re.IGNORECASE)),
    ("limit", re.compile(r"threshold|limit|target|slo|alert( at| when)?|bound|criteri(on|a)|goal", re.IGNORECASE)),
    ("owner", re.compile(r"owner|responsible|assignee|assigned( to)?|who|dri|role|team|lead|executor", re.IGNORECASE)),
    ("status", re.compile(r"status|done\??|state|completed?\??|checked|check|✓|✔|☑|ok\??", re.IGNORECASE)),
    ("duration", re.compile(r"duration|estimate[d]?|est\.?|length|(time )?\(?min(ute)?s?\)?|effort", re.IGNORECASE)),
    ("command", re.compile(r"commands?|cmd|script|shell", re.IGNORECASE)),
    ("title", re.compile(
        r"tasks?|steps?|actions?|activit(y|ies)|descriptions?|items?|what|procedures?|tests?|checks?|verification|name",
        re.IGNORECASE,
    )),
)  # fmt: skip
_DONE = re.compile(r"\[[xX✓✔]\]|[xX✓✔☑✅]|done|completed?|yes|ok|pass(ed)?|finished", re.IGNORECASE)
_STATUS = re.compile(r"(\[[ xX✓✔]\]|\W?|x|done|open|pending|todo|yes|no|ok|pass(ed)?|completed?|n/?a)?", re.IGNORECASE)
_LONGEST_NUMBER = 8
_SHORT = 2
_MINUTES = re.compile(r"\bmin", re.IGNORECASE)
_NOBODY = re.compile(r"\W*|tbd|n/?a|-+|none", re.IGNORECASE)


class _Layout(Struct, frozen=True):
    """What each column of a table is."""

    columns: tuple[Column, ...]
    header: tuple[str, ...]

    def cell(self, row: Row, column: Column) -> str:
        """The first cell of that column, without Markdown; empty if there is none."""
        return next((plain(row.cells[at]) for at, each in enumerate(self.columns) if each == column), "")


def read_table(table: Table, where: Where, draft: Draft) -> None:
    """Add the steps of a table."""
    for line in range(table.first, table.last + 1):
        draft.ledger.lay(line, line, "table")
    if read_variables(table, where.phase, draft, heading=where.heading):
        return
    layout = _layout(table)
    for row in table.rows:
        if any(plain(cell) for cell in row.cells):
            _row(row, layout, where, draft)
            if where.phase.steps:
                draft.ledger.give(table.first, table.first, f"phase {where.phase.id}")


def _layout(table: Table) -> _Layout:
    columns = [
        _column(plain(head).strip(), [plain(row.cells[at]).strip() for row in table.rows])
        for at, head in enumerate(table.header)
    ]
    for at, column in enumerate(columns):
        if column == "title" and "title" in columns[:at]:
            columns[at] = "told"
    if "title" not in columns and "metric" not in columns:
        first = next((at for at, column in enumerate(columns) if column == "told"), None)
        if first is not None:
            columns[first] = "title"
    return _Layout(tuple(columns), table.header)


def _column(head: str, cells: list[str]) -> Column:
    """What a column is, by its head and by what its cells can be."""
    fitting = [column for column, pattern in _HEADS if pattern.fullmatch(head)]
    for column in fitting:
        if column == "number" and not all(len(cell) <= _LONGEST_NUMBER for cell in cells):
            continue
        if column == "status" and "title" in fitting and not all(_STATUS.fullmatch(cell) for cell in cells):
            continue
        if column == "title" and all(len(cell.rstrip(".")) <= _SHORT for cell in cells):
            return "number"
        return column
    return "told"


def _row(row: Row, layout: _Layout, where: Where, draft: Draft) -> None:
    metric, limit = layout.cell(row, "metric"), layout.cell(row, "limit")
    named = layout.cell(row, "title") or f"{metric}: {limit}".strip(": ")
    title = read_title(named or next(plain(cell) for cell in row.cells if plain(cell)))
    bounded = f"{metric or title.text} {limit}" if limit else title.text
    step = Step(
        id=draft.step_ids.take(title.text, "row"),
        title=filled(title.text, draft),
        level=title.level,
        estimate_s=_estimate_s(row, layout) or title.estimate_s,
        gate=conditions(bounded, draft, row.line),
        owner=_owner(row, layout, draft),
        claimed=CLAIM if _DONE.fullmatch(layout.cell(row, "status").strip()) else "",
        command=filled(layout.cell(row, "command"), draft, code=True),
        instructions=_told(row, layout, draft),
    )
    step = commanded(step, "\n".join(row.cells), row.line, draft)
    draft.add_step(where.phase, step, row.line, row.line)


def _told(row: Row, layout: _Layout, draft: Draft) -> str:
    said = []
    for head, cell, column in zip(layout.header, row.cells, layout.columns, strict=True):
        if cell.strip() and column in ("told", "limit"):
            said.append(
                f"- {filled(head, draft)}: {filled(cell, draft)}" if head.strip() else f"- {filled(cell, draft)}"
            )
    return "\n".join(said)


def _estimate_s(row: Row, layout: _Layout) -> float:
    text = layout.cell(row, "duration")
    if (known := duration_s(text)) is not None:
        return known
    head = next((head for head, column in zip(layout.header, layout.columns, strict=True) if column == "duration"), "")
    return float(text) * 60 if text.strip().isdigit() and _MINUTES.search(head) else 0.0


def _owner(row: Row, layout: _Layout, draft: Draft) -> str:
    """A role's id; the role is made after the cell's words."""
    who = layout.cell(row, "owner").strip().lstrip("@")
    if _NOBODY.fullmatch(who) or not (role := slug(who)):
        return ""
    draft.roles.setdefault(role, Role(id=role, title=who))
    return role
