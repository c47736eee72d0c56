"""Rows for people: an aligned table of bounded size, and a few figures in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cockpit.text import counted, shortened

ROWS = 50
"""Shown of one result."""
WIDTH = 200
"""Characters of a line."""
_CELL = 60


def table(
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    count: int,
    clean: Callable[[Sequence[str]], Sequence[str]] = list,
) -> str:
    """The first rows under their column names, visible, each line at most `WIDTH` characters, ending in a newline.

    `count`: rows there were. `clean` takes secrets out of a column, before anything is cut: a key may stand in many
    rows. None is shown as `NULL`.
    """
    columns = [_column([name, *(row[at] for row in rows[:ROWS])], clean) for at, name in enumerate(names)]
    heads, *cells = zip(*columns, strict=True)
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = [_line(heads, widths), "-+-".join("-" * width for width in widths), *(_line(row, widths) for row in cells)]
    left = count - len(cells)
    lines.append(f"({counted(count, 'row')}{f', {left} not shown' if left > 0 else ''})")
    return "".join(f"  {_cut(line)}\n" for line in lines)


def seconds(duration_s: float) -> str:
    """A duration in words: `0.12 s`, `83 s`."""
    return f"{duration_s:.2f} s" if duration_s < 10 else f"{duration_s:.0f} s"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _column(values: Sequence[str | None], clean: Callable[[Sequence[str]], Sequence[str]]) -> list[str]:
    texts = iter(clean([value for value in values if value is not None]))
    return ["NULL" if value is None else shortened(next(texts), _CELL) for value in values]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH - 2 else line[: WIDTH - 3] + "…"
