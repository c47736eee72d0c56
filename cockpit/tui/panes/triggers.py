"""The triggers as the probes' pane tells of them: which may not fire now, which cannot be judged, and why."""

from __future__ import annotations

from cockpit.profile.model import Trigger
from cockpit.run.arming import suspended_because, unread_because
from cockpit.text import counted, shortened
from cockpit.tui.lines import Line, Span, cut
from cockpit.tui.panes.seen import Seen


def summed_up(seen: Seen, *, why: bool = True) -> tuple[str, bool]:
    """`1 trigger cannot be judged: missing is in error; 2 suspended`, and whether any cannot be judged.

    Empty where every trigger is armed and judged. `why`: with the first reason.
    """
    if seen.state.status != "live":
        return "", False
    watching = [each for each in seen.state.profile.triggers if each.when]
    unread = [because for each in watching if (because := _unread(seen, each))]
    suspended = [because for each in watching if (because := suspended_because(seen.state, each))]
    parts = [_counted(unread, "cannot be judged", why), _counted(suspended, "suspended", why and not unread)]
    return "; ".join(part for part in parts if part), bool(unread)


def _counted(reasons: list[str], what: str, why: bool) -> str:
    if not reasons:
        return ""
    told = f"{counted(len(reasons), 'trigger')} {what}"
    return f"{told}: {shortened(reasons[0], 120)}" if why else told


def _unread(seen: Seen, trigger: Trigger) -> str:
    """Why an armed trigger cannot be judged; empty: it can, or it fired."""
    if trigger.id in seen.state.firing or suspended_because(seen.state, trigger):
        return ""
    return unread_because(seen.state, trigger, seen.now)


def line(seen: Seen, width: int) -> list[Line]:
    """One line where triggers are suspended or cannot be judged; empty if none is."""
    told, is_unsure = summed_up(seen)
    return [((cut(told, width), "unsure" if is_unsure else "dim"),)] if told else []


def every(seen: Seen, width: int) -> list[Line]:
    """Each trigger: armed, or why it may not fire now or cannot be judged; or that it fired."""
    lines: list[Line] = []
    for trigger in seen.state.profile.triggers:
        name = shortened(trigger.title or trigger.id, 60)
        lines.append((("trigger ", "dim"), (cut(name, max(8, width - 9)), "plain"), _stands(seen, trigger)))
    return lines


def _stands(seen: Seen, trigger: Trigger) -> Span:
    state = seen.state
    if trigger.id in state.firing or any(each.trigger == trigger.id for each in state.fired):
        return "  fired", "bad"
    if why := suspended_because(state, trigger):
        return f"  suspended: {shortened(why, 120)}", "dim"
    if why := _unread(seen, trigger):
        return f"  cannot be judged: {shortened(why, 120)}", "unsure"
    return "  armed", "good"
