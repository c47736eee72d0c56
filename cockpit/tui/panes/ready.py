"""What is missing before the window: the findings of `readiness`, the gravest first."""

from __future__ import annotations

from cockpit.run.readiness import Finding, readiness
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import EMPTY, Line, wrapped
from cockpit.tui.panes.seen import Seen

_MARKS: dict[str, tuple[str, Ink]] = {"missing": ("✖", "bad"), "look": ("!", "warn"), "ok": ("✔", "good")}
_ORDER = tuple(_MARKS)


def ready(seen: Seen, width: int) -> list[Line]:
    """One finding after the other, with what to do about it."""
    findings = sorted(readiness(seen.state, seen.now), key=lambda each: _ORDER.index(each.severity))
    missing = sum(each.severity == "missing" for each in findings)
    look = sum(each.severity == "look" for each in findings)
    head: Line = (("✔ nothing is missing", "good"),)
    if missing or look:
        head = (
            (f"{missing} missing", "bad" if missing else "plain"),
            (f", {look} to look at", "warn" if look else "plain"),
        )
    return [head, EMPTY, *(line for each in findings for line in _finding(each, width))]


def _finding(finding: Finding, width: int) -> list[Line]:
    mark, ink = _MARKS[finding.severity]
    where = f"{shortened(finding.where, 80)}: " if finding.where else ""
    first, *rest = wrapped(f"{where}{visible(finding.what)}", max(8, width - 2))
    lines: list[Line] = [((f"{mark} ", ink), (first, "plain")), *((("  " + text, "plain"),) for text in rest)]
    return lines + [((f"  {text}", "dim"),) for text in wrapped(visible(finding.instead), max(8, width - 2)) if text]
