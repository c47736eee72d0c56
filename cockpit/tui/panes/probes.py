"""The probes: glyph, name, value, sparkline; the word and the age where something is not well."""

from __future__ import annotations

import math
from decimal import Decimal

from msgspec import Struct
from rich.cells import cell_len

from cockpit.profile.model import Probe
from cockpit.profile.unverified import reason_of
from cockpit.run.evidence import ProbeNow, probe_now
from cockpit.run.readings import Reading, Scalar
from cockpit.run.state_watch import ProbeState
from cockpit.text import shortened, visible
from cockpit.tui.ink import MARKS, Ink
from cockpit.tui.lines import Line, cut, duration, padded, wrapped
from cockpit.tui.panes import triggers
from cockpit.tui.panes.seen import Seen

_BARS = "▁▂▃▄▅▆▇█"
UNVERIFIED = "⚑"
"""Before the name of a probe whose server nobody verifies: a deviation, as the timeline marks it."""
_UNIT_CELLS = 3
"""Wider units stand beside their number, outside of the column."""
_TEXT = 400
"""Characters of a text that the full-screen list shows."""
_WORDS = ("fail", "error", "stale", "unread", "warn", "pass")


def probes(seen: Seen, width: int, height: int, first: int = 0) -> list[Line]:
    """One line a probe, from the `first`; where not all fit, a line counts those that are not in sight."""
    told = triggers.line(seen, width) if _has_room_for_triggers(seen, height) else []
    height = max(1, height - len(told))
    declared = seen.state.profile.probes
    return [*_rows(seen, declared, width, height, first), *told]


def _rows(seen: Seen, declared: tuple[Probe, ...], width: int, height: int, first: int) -> list[Line]:
    if not declared:
        return [(("this profile has no probes", "dim"),)]
    if len(declared) <= height:
        columns = _columns(seen, width)
        return [_row(seen, probe, columns) for probe in declared]
    room = max(1, height - 1)
    first = min(max(0, first), len(declared) - room)
    columns = _columns(seen, width)
    rows = [_row(seen, probe, columns) for probe in declared[first : first + room]]
    hidden = (*declared[:first], *declared[first + room :])
    return [*rows, _hidden(seen, hidden, width)]


def summary(seen: Seen) -> Line:
    """All probes in one line: `probes  28 ✔  1 !  1 ✖`."""
    spans: list[tuple[str, Ink]] = [("probes", "plain")]
    counted = _count(seen, seen.state.profile.probes)
    for status in reversed(_WORDS):
        if number := counted.get(status, 0):
            mark, ink = MARKS[status]
            spans.append((f"  {number} {mark} {status}", ink))
    told, is_unsure = triggers.summed_up(seen, why=False)
    if told:
        spans.append((f"  {told}", "unsure" if is_unsure else "dim"))
    if unseen := _unverified(seen):
        spans.append((f"  {unseen} {UNVERIFIED} unverified", "warn"))
    return tuple(spans) if len(spans) > 1 else (("no probes", "dim"),)


def _hidden(seen: Seen, hidden: tuple[Probe, ...], width: int) -> Line:
    counted = _count(seen, hidden)
    ill = [(word, counted[word]) for word in _WORDS[:-1] if counted.get(word)]
    told = ", ".join(f"{number} {word}" for word, number in ill) or "all pass"
    return ((f"{len(hidden)} more (p): {told}", MARKS[ill[0][0]][1] if ill else "dim"),)


def _count(seen: Seen, declared: tuple[Probe, ...]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for probe in declared:
        status = _now(seen, probe).status
        counted[status] = counted.get(status, 0) + 1
    return counted


def _now(seen: Seen, probe: Probe) -> ProbeNow:
    """As it may be shown now; once the run is over, as it was then: nobody reads it any more."""
    return probe_now(probe, seen.state.probes[probe.id], seen.state.ended or seen.now)


def title(seen: Seen, height: int) -> str:
    """What stands in the border of a pane of `height` rows: that nobody reads them, or which triggers do not watch."""
    if seen.state.ended:
        return f"Probes at the end, {seen.local(seen.state.ended.at)}"
    if seen.keeper_trouble and seen.state.keeper is not None:
        return "Probes · as last read, by nobody now"
    told, _ = triggers.summed_up(seen, why=False)
    if unseen := _unverified(seen):
        return f"Probes · {unseen} {UNVERIFIED} unverified"
    return "Probes" if not told or _has_room_for_triggers(seen, height) else f"Probes · {told} (p)"


def _unverified(seen: Seen) -> int:
    return sum(1 for probe in seen.state.profile.probes if reason_of(probe))


def _name(probe: Probe, width: int) -> str:
    """The name in exactly `width` cells; what is not verified says so first, whatever else is cut."""
    if not reason_of(probe):
        return padded(visible(probe.id), width)
    return padded(f"{UNVERIFIED} {visible(probe.id)}", width)


def _has_room_for_triggers(seen: Seen, height: int) -> bool:
    """A line about triggers never takes a probe's place while only few are in sight."""
    return height > min(len(seen.state.profile.probes), 4)


class _Columns(Struct, frozen=True):
    """Cells of each column, the same for all rows: found once a drawing, since they depend on every probe."""

    name: int
    value: int
    unit: int
    spark: int


def _columns(seen: Seen, width: int) -> _Columns:
    value = 9 if width < 40 else 12
    spark = _spark_width(seen, width - 2 - value - 1) if width >= 32 else 0
    name = max(6, width - 2 - value - 1 - (spark + 1 if spark else 0))
    return _Columns(name=name, value=value, unit=_unit_width(seen), spark=spark)


def _row(seen: Seen, probe: Probe, columns: _Columns) -> Line:
    known = seen.state.probes[probe.id]
    now = _now(seen, probe)
    mark, ink = MARKS[now.status]
    name_width, value_width, spark = columns.name, columns.value, columns.spark
    if now.status in ("stale", "unread", "error"):
        told = _unwell(now)
        value = padded(told, value_width + (spark + 1 if spark else 0))
        return ((f"{mark} ", ink), (_name(probe, name_width), "plain"), (" ", "plain"), (value, ink))
    value = _column(known.reading, value_width, columns.unit)
    tail: Line = ((" ", "plain"), (sparkline(known, spark), "dim")) if spark else ()
    name_ink: Ink = "plain" if now.status == "pass" else ink
    return ((f"{mark} ", ink), (_name(probe, name_width), name_ink), (f" {value}", name_ink), *tail)


def _spark_width(seen: Seen, room: int) -> int:
    """Cells of the sparklines: fewer where the longest name needs them."""
    longest = max(cell_len(visible(probe.id)) for probe in seen.state.profile.probes)
    return 6 if longest + 1 + 6 <= room else 4


def _unit_width(seen: Seen) -> int:
    """Cells that the units take in their column: the widest one's; long units do not count, they stand as they can."""
    readings = (known.reading for known in seen.state.probes.values())
    widths = (cell_len(shortened(reading.unit, 10)) for reading in readings if reading is not None)
    return max((width for width in widths if width <= _UNIT_CELLS), default=0)


def _column(reading: Reading | None, width: int, unit_width: int) -> str:
    """A value in exactly `width` cells: numbers end in one column, their units begin in the next."""
    value, unit = (reading.value, shortened(reading.unit, 10)) if reading else (None, "")
    room = width - (unit_width + 1 if unit_width else 0)
    short = number(value) if cell_len(number(value)) <= room else number(value, short=True)
    in_columns = f"{short} {padded(unit, unit_width)}" if unit_width and cell_len(unit) <= unit_width else ""
    # Rather no unit than a part of a number.
    tries = [in_columns, quantity(value, unit), f"{short} {unit}" if unit else short, short]
    whole = next((each for each in tries if each and cell_len(each) <= width), cut(short, width))
    return " " * (width - cell_len(whole)) + whole


def _unwell(now: ProbeNow) -> str:
    if now.status == "stale" and now.age_s is not None:
        # In tens of seconds: thirty ages that all count seconds would be noise, and bytes.
        return f"stale {duration(now.age_s if now.age_s < 10 else now.age_s // 10 * 10)}"
    return now.status


def quantity(value: Scalar, unit: str) -> str:
    """A value with its unit, rounded to what a person can read at a glance."""
    return f"{number(value)} {shortened(unit, 10)}" if unit and value is not None else number(value)


def number(value: Scalar, *, short: bool = False) -> str:
    """A value without its unit; three digits are enough to decide on. `short`: a long number by its power of ten.

    A number is never cut: what is left of one that was would be another number.
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return shortened(value, 24)
    if short and abs(value) >= 1000:
        return _powered(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**12 else _powered(value)
    if not math.isfinite(value) or abs(value) >= 1e12:
        return f"{value:.3g}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _powered(value: float) -> str:
    """`1.2e9`: whole numbers may be larger than a float can hold."""
    return f"{Decimal(value):.1e}".replace("e+", "e")


def sparkline(known: ProbeState, cells: int) -> str:
    """The newest numbers as bars between their least and greatest; spaces where there are none."""
    values = known.history[-cells:]
    values = tuple(None if value is None or not math.isfinite(value) else value for value in values)
    numbers = [value for value in values if value is not None]
    if not numbers:
        return " " * cells
    low, high = min(numbers), max(numbers)
    # Noise is no news: what varies by less than a tenth of its size is drawn flat.
    span = max(high - low, abs(high) * 0.1, 1e-9)
    bars = "".join(" " if value is None else _BARS[min(7, int((value - low) / span * 7.99))] for value in values)
    return bars.rjust(cells)


def every(seen: Seen, width: int) -> list[Line]:
    """Every probe with its title, latency and why it is not well: the full-screen list."""
    lines: list[Line] = [summary(seen), *triggers.every(seen, width), ()]
    columns = _columns(seen, min(width, 64))
    for probe in seen.state.profile.probes:
        known = seen.state.probes[probe.id]
        lines.append(_row(seen, probe, columns))
        lines += [((f"    is {text}", "plain"),) for text in _cut_text(known.reading, columns, width - 7)]
        took = known.reading.latency_ms if known.reading else None
        told = [visible(probe.title)] if probe.title else []
        told += [f"{probe.kind}, every {duration(probe.interval_s)}"]
        told += [f"took {took:.0f} ms"] if took is not None else []
        lines.append(((f"    {', '.join(told)}", "dim"),))
        if known.reading and (parts := known.reading.told_parts()):
            lines.append(((f"    {cut(parts, width - 4)}", "dim"),))
        if reason := reason_of(probe):
            told_why = f"{UNVERIFIED} its server is not verified: {reason}"
            lines += [((f"    {text}", "warn"),) for text in wrapped(told_why, width - 4)]
        if known.detail or (known.reading and known.reading.detail):
            detail = known.detail or (known.reading.detail if known.reading else "")
            lines += [
                ((f"    {text}", MARKS[_now(seen, probe).status][1]),) for text in wrapped(visible(detail), width - 4)
            ]
    return lines


def _cut_text(reading: Reading | None, columns: _Columns, width: int) -> list[str]:
    """A text that its column cuts, whole: two versions often differ only in their last letters."""
    if reading is None or not isinstance(reading.value, str):
        return []
    whole = shortened(reading.value, _TEXT)
    return wrapped(whole, width) if whole not in _column(reading, columns.value, columns.unit) else []
