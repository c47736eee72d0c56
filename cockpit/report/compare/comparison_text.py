"""A comparison as plain text that fits a terminal, and as Markdown.

Invariant: no line of a table is wider than the terminal; where not all runs have room beside each other, they stand in
several tables, each with the base. Nothing from a log is Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from textwrap import wrap

from cockpit.report.compare.comparing import deviations, done_otherwise, estimate_lines, heads, people, said, warnings
from cockpit.report.compare.comparing_tables import LEGEND, Table, durations, probes
from cockpit.report.compare.comparison_records import Comparison, letter
from cockpit.report.pages.markdown import plain
from cockpit.text.cells import cells, filled, fitted

WIDEST = 120
"""Where there is no terminal."""
_LABEL, _LEAST_LABEL = 44, 20
_GAP = "  "
_SECTIONS = (
    ("Steps that did not go as planned", done_otherwise),
    ("Deviations", deviations),
    ("Recorded and decided otherwise", said),
    ("Settled by others", people),
)


def text(found: Comparison, zone: tzinfo, columns: int | None, *, by_phase: bool = False) -> str:
    """All of it; `columns`: of the terminal, None: there is none."""
    width = columns or WIDEST
    lines = [*_wrapped(heads(found, zone), width, indent=3)]
    lines += _wrapped([f"! {each}" for each in warnings(found)], width, indent=2)
    for table, note in ((durations(found), LEGEND), (probes(found, by_phase=by_phase), "")):
        if table.rows:
            lines += ["", table.title, *_wrapped([note] if note else [], width), *_laid_out(table, width)]
    for title, told in _sections(found):
        lines += ["", title, *_wrapped([f"  {each}" for each in told], width, indent=3)]
    lines += ["", *_wrapped([_estimates_title(found)], width)]
    # Lines to paste are never cut: what is too wide is a comment alone.
    lines += estimate_lines(found.estimates)
    return "\n".join(lines)


def _sections(found: Comparison) -> Iterable[tuple[str, list[str]]]:
    for title, tell in _SECTIONS:
        if told := tell(found):
            yield title, told


def _estimates_title(found: Comparison) -> str:
    if not found.estimates:
        return "No estimate was far off"
    return f"Estimates to paste into the profile ({len(found.estimates)} were off)"


def _wrapped(lines: Iterable[str], width: int, *, indent: int = 0) -> list[str]:
    told: list[str] = []
    for line in lines:
        kept = " " * (len(line) - len(line.lstrip()))
        told += wrap(
            line.lstrip(), width, initial_indent=kept, subsequent_indent=kept + " " * indent, break_on_hyphens=False
        )
    return told


# ---- tables --------------------------------------------------------------------------------------------------------


def _laid_out(table: Table, width: int) -> list[str]:
    """The table, in as many parts as it takes; the base stands in each."""
    runs = len(table.rows[0][1])
    label = min(_LABEL, max(cells(row[0]) for row in table.rows))
    lines: list[str] = []
    at = 1
    while at < runs or not lines:
        shown = [0, *range(at, runs)]
        while len(shown) > 2 and _width(table, shown, label) > width:
            shown.pop()
        label_here = label if len(shown) > 2 else max(_LEAST_LABEL, min(label, width - _width(table, shown, 0)))
        lines += [*([""] if lines else []), *_part(table, shown, label_here, width)]
        at += max(1, len(shown) - 1)
    return lines


def _columns(table: Table, shown: Sequence[int]) -> list[list[str]]:
    """Values, and differences where there are any, a column each, heads first."""
    columns = []
    for at in shown:
        columns.append([letter(at), *(cells[at][0] for _, cells in table.rows)])
        if any(cells[at][1] for _, cells in table.rows):
            columns.append([f"{letter(at)} − A", *(cells[at][1] for _, cells in table.rows)])
    return columns


def _width(table: Table, shown: Sequence[int], label: int) -> int:
    return label + sum(len(_GAP) + max(map(cells, column)) for column in _columns(table, shown))


def _part(table: Table, shown: Sequence[int], label: int, width: int) -> list[str]:
    columns = _columns(table, shown)
    widths = [max(map(cells, column)) for column in columns]
    labels = ["", *(name for name, _ in table.rows)]
    return [
        fitted(
            _GAP.join(
                [
                    filled(fitted(name, label), label),
                    *(filled(column[row], wide, right=True) for column, wide in zip(columns, widths, strict=True)),
                ]
            ).rstrip(),
            width,
        )
        for row, name in enumerate(labels)
    ]


# ---- Markdown ------------------------------------------------------------------------------------------------------


def markdown(found: Comparison, zone: tzinfo) -> str:
    """A document in CommonMark with GitHub's tables; probes by phase too."""
    base = found.runs[0]
    lines = [f"# Comparison: {plain(base.title or base.profile)} on {plain(base.environment)}", ""]
    lines += [f"- {plain(each)}" for each in heads(found, zone)]
    lines += ["", *(f"> {plain(each)}\n>" for each in warnings(found))]
    for table in (durations(found), probes(found, by_phase=True)):
        if table.rows:
            lines += ["", f"## {plain(table.title)}", "", *_grid(table)]
    lines += ["", plain(LEGEND)]
    for title, told in _sections(found):
        lines += ["", f"## {title}", "", *(f"{'  ' * each.startswith('  ')}- {plain(each.strip())}" for each in told)]
    lines += ["", f"## {_estimates_title(found)}", ""]
    if found.estimates:
        lines += ["```toml", *estimate_lines(found.estimates), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _grid(table: Table) -> list[str]:
    columns = _columns(table, range(len(table.rows[0][1])))
    labels = ["", *(name for name, _ in table.rows)]
    rows = [[label, *(column[at] for column in columns)] for at, label in enumerate(labels)]
    told = [f"| {' | '.join(_indented(cell) for cell in row)} |" for row in rows]
    return [told[0], f"|---|{'---:|' * len(columns)}", *told[1:]]


def _indented(cell: str) -> str:
    kept = len(cell) - len(cell.lstrip())
    return "&nbsp;" * kept + plain(cell.strip())
