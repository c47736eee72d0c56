"""The timeline under a replay: marks, phases as blocks, steps, times; as many rows of it as there is room for.

Glyphs and places carry the meaning: `│` begins a block, `┃` several at one cell, `─` goes forward and `═` back,
`■━━□` was held, `┊20h┊` is an idle stretch cut short, `↑` is where the replay stands. What does not move with the
cursor is drawn once for a timeline and a width.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

from msgspec import Struct
from rich.cells import cell_len

from cockpit.report.marks import SIGNS, MarkKind, gravest
from cockpit.report.replay.scaling import Scale, scale
from cockpit.report.replay.timeline import Stretch, Timeline
from cockpit.text import visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, Span, cut

MARK_INKS: dict[MarkKind, Ink] = {
    "damage": "alarm",
    "branch": "warn",
    "rollback": "bad",
    "trigger": "bad",
    "aborted": "bad",
    "unknown": "unsure",
    "failure": "bad",
    "hold": "bad",
    "deviation": "warn",
    "probe": "bad",
    "keeper": "warn",
    "clock": "warn",
    "alert": "warn",
    "pen": "warn",
    "release": "plain",
    "due": "warn",
    "note": "accent",
    "finished": "good",
}
_OTHERS = (
    ("■━━□", "held from there to there"),
    ("│", "a phase or a step began; ┃ several at once"),
    ("─ ═", "forward, and back"),
    ("┊20h┊", "an idle stretch, cut short"),
    ("[ ]", "the window began, ended"),
    ("┤", "no return from there on"),
    ("↑ m", "here; the moment that was noted"),
)
_BLANK: Span = (" ", "plain")
_INFINITE = float("inf")
_Cells = list[Span]
"""One character a cell."""


class Scene(Struct, frozen=True, kw_only=True):
    """What the timeline shows: a run, and a moment in it."""

    timeline: Timeline
    place_s: float
    """Where the replay stands, on the axis."""
    at: datetime
    """The moment's time; aware."""
    zone: tzinfo
    noted_s: float | None = None
    """The place that was noted, to tell a difference from."""
    damages_s: tuple[float, ...] = ()
    """Where lines do not count, beside what the log's own events say."""


class _Kept:
    """A scene's timeline as a key of a cache: by identity, which is right, since timelines are frozen."""

    def __init__(self, timeline: Timeline, damages_s: tuple[float, ...]) -> None:
        self.timeline, self.damages_s = timeline, damages_s

    def __hash__(self) -> int:
        return id(self.timeline)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.timeline is self.timeline and other.damages_s == self.damages_s


def timeline(scene: Scene, width: int, rows: int) -> list[Line]:
    """One to four lines of exactly `width` cells: blocks; marks over them; times; steps. None without a fact."""
    if width < 1 or rows < 1 or not scene.timeline.facts:
        return []
    until_s = scene.place_s if scene.place_s > scene.timeline.length_s else 0.0
    kept = _Kept(scene.timeline, scene.damages_s)
    where = _scale(kept, width, until_s)
    marks, blocks, steps = _drawn(kept, width, until_s)
    cursor = where.cell(scene.place_s)
    blocks = list(blocks)
    if scene.noted_s is not None:
        blocks[where.cell(scene.noted_s)] = ("m", "key")
    if rows == 1:
        blocks = [over if over != _BLANK else under for over, under in zip(marks, blocks, strict=True)]
    lines = [_line(marks, cursor)] if rows > 1 else []
    lines.append(_line(blocks, cursor, "╋" if blocks[cursor][0] in "─═ " else ""))
    if rows > 3:
        lines.append(_line(steps, cursor))
    if rows > 2:
        lines.append(_line(_times(scene, where, cursor, width)))
    return lines


def legend() -> list[Line]:
    """What the glyphs mean, a line each, for help; of a mark also what it is called when one jumps to it."""
    lines: list[Line] = [
        ((sign.glyph, MARK_INKS[kind]), (f"{f'   !{kind}':<16}", "key"), (sign.means, "plain"))
        for kind, sign in SIGNS.items()
    ]
    return lines + [((f"{glyphs:<17}", "key"), (says, "plain")) for glyphs, says in _OTHERS]


# ---- what stands still -------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _scale(kept: _Kept, width: int, until_s: float) -> Scale:
    return scale(kept.timeline, width, until_s)


@lru_cache(maxsize=4)
def _drawn(kept: _Kept, width: int, until_s: float) -> tuple[_Cells, _Cells, _Cells]:
    """The cells of marks, of phases and of steps."""
    where = _scale(kept, width, until_s)
    blocks = _blocks(kept.timeline.phases, where, is_named=True)
    steps = _blocks(kept.timeline.steps, where, is_named=False)
    return _marks(kept, where), blocks, steps


def _marks(kept: _Kept, where: Scale) -> _Cells:
    cells = [_BLANK] * where.width
    for hold in kept.timeline.holds:
        first = where.cell(hold.start_s)
        last = where.cell(hold.end_s) if hold.end_s is not None else where.width - 1
        cells[first : last + 1] = [("━", "bad")] * (last + 1 - first)
    found: dict[int, list[MarkKind]] = {}
    for mark in kept.timeline.marks:
        found.setdefault(where.cell(mark.at_s), []).append(mark.kind)
    for damage_s in kept.damages_s:
        found.setdefault(where.cell(damage_s), []).append("damage")
    for cell, kinds in found.items():
        kind = gravest(kinds)
        cells[cell] = (SIGNS[kind].glyph, MARK_INKS[kind])
        if len(kinds) > 1 and cell + 1 < where.width and cell + 1 not in found:
            cells[cell + 1] = (str(len(kinds)) if len(kinds) < 10 else "+", "dim")
    return cells


def _blocks(stretches: tuple[Stretch, ...], where: Scale, *, is_named: bool) -> _Cells:
    """Blocks with their numbers, and titles if named. Of several that begin in one cell the longest has it."""
    cells = [_BLANK] * where.width
    begun: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        begun.setdefault(where.cell(stretch.start_s), []).append(stretch)
    starts = sorted(begun)
    shown: list[tuple[Stretch, int, int]] = []
    for start, after in zip(starts, [*starts[1:], where.width], strict=True):
        last = begun[start][-1]
        end = where.width if last.end_s is None else max(start + 1, min(after, where.cell(last.end_s)))
        longest = max(begun[start], key=lambda each: _INFINITE if each.end_s is None else each.end_s - each.start_s)
        fill = ("═" if longest.is_back else "─") if is_named else " "
        bar = "│" if len(begun[start]) == 1 else "┃"
        cells[start] = (bar, "warn" if longest.is_back else "plain")
        cells[start + 1 : end] = [(fill, "warn" if longest.is_back else "dim")] * (end - start - 1)
        shown.append((longest, start + 1, end))
    for pause in where.breaks:
        text = f"┊{pause.says}┊" if pause.says else "┊"
        cells[pause.first : pause.first + pause.cells] = [(character, "accent") for character in text]
    for stretch, first, end in shown:
        first, end = _roomiest(first, end, where)
        text = _name(stretch, end - first, is_named=is_named)
        cells[first : first + len(text)] = [(each, "warn" if stretch.is_back else "plain") for each in text]
    return cells


def _roomiest(first: int, end: int, where: Scale) -> tuple[int, int]:
    """Of the cells of a block the longest run that no break takes."""
    runs = []
    for pause in where.breaks:
        if first < pause.first + pause.cells and pause.first < end:
            runs.append((first, pause.first))
            first = pause.first + pause.cells
    return max((*runs, (first, max(first, end))), key=lambda run: run[1] - run[0])


def _name(stretch: Stretch, room: int, *, is_named: bool) -> str:
    """`1 Database`, `1 Dat…`, `1`, or nothing: what the room allows; one cell a character."""
    title = visible(stretch.title)
    if is_named and len(title) == cell_len(title):
        whole = f"{stretch.number} {title}"
        if len(whole) <= room:
            return whole
        if room >= len(stretch.number) + 5:
            return cut(whole, room)
    return stretch.number if len(stretch.number) <= room else ""


# ---- what moves --------------------------------------------------------------------------------------------------


def _times(scene: Scene, where: Scale, cursor: int, width: int) -> _Cells:
    """The moment, then the ends, the window and the point of no return, each only where it hides no other."""
    shown, cells = scene.timeline, [_BLANK] * width
    end = max(shown.length_s, scene.place_s)
    begin_at, end_at = shown.time_at(0.0), shown.time_at(end)
    _put(cells, f"↑{_clock(scene, scene.at, '%H:%M:%S')}", cursor, "bold", anchor="↑")
    _put(cells, _clock(scene, begin_at), 0, "dim")
    _put(cells, _clock(scene, end_at), width - 1, "dim", anchor="end")
    if shown.window_start is not None and 0 <= (start := shown.place_s(shown.window_start)) <= end:
        _put(cells, f"[{_clock(scene, shown.window_start)}", where.cell(start), "accent")
    if shown.window_end is not None and 0 <= (close := shown.place_s(shown.window_end)) <= end:
        _put(cells, f"{_clock(scene, shown.window_end)}]", where.cell(close), "accent", anchor="end")
    if shown.no_return is not None and 0 <= (turn := shown.place_s(shown.no_return)) <= end:
        words = " no return" if width >= 110 else ""
        _put(cells, f"┤{_clock(scene, shown.no_return)}{words}", where.cell(turn), "warn")
    return cells


def _clock(scene: Scene, at: datetime, form: str = "%H:%M") -> str:
    """A time of day in the scene's zone; with its day where it is not the first one's."""
    local, first = at.astimezone(scene.zone), scene.timeline.time_at(0.0).astimezone(scene.zone)
    return local.strftime(form if local.date() == first.date() else f"%a {form}")


def _put(cells: _Cells, text: str, cell: int, ink: Ink, *, anchor: str = "") -> None:
    """Put a text so that its first character stands at the cell (its last with `end`), if all of it hides nothing.

    With `↑` the text is turned round where it would leave the line, so that the arrow stays at its cell.
    """
    first = cell if anchor != "end" else cell - len(text) + 1
    if anchor == "↑" and first + len(text) > len(cells):
        text, first = f"{text[1:]}↑", cell - len(text) + 1
    around = cells[max(0, first - 1) : first + len(text) + 1]
    if first < 0 or first + len(text) > len(cells) or any(each != _BLANK for each in around):
        return
    cells[first : first + len(text)] = [(character, ink) for character in text]


def _line(cells: _Cells, cursor: int | None = None, glyph: str = "") -> Line:
    """The cells as a line, with the cursor's in reverse."""
    spans: list[Span] = []
    for at, (character, ink) in enumerate(cells):
        if at == cursor:
            character, ink = glyph or character, "here"
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + character, ink)
        else:
            spans.append((character, ink))
    return tuple(spans)
