"""Time that has to pass: a wait that watches, and the set time of a checkpoint or a message."""

from __future__ import annotations

from datetime import datetime

from cockpit.profile.model import Step
from cockpit.profile.steps import WaitSettings, settings_of
from cockpit.run.due import due_at, has_set_time
from cockpit.run.state_walk import StepState, WaitState
from cockpit.text import shortened, visible
from cockpit.tui.lines import Line, duration, flowed, wrapped
from cockpit.tui.panes.gate import gate_lets
from cockpit.tui.panes.seen import Seen


def countdown(seconds: float) -> str:
    """`4:59` in the last five minutes, then minutes, hours and minutes: so that a long one rests."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}" if whole < 300 else duration(whole)


def wait(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    """The countdown, what broke it, what is watched."""
    settings = settings_of(step, WaitSettings)
    lines: list[Line] = []
    state = known.wait
    is_here = seen.is_at(step.id)
    if state is None:
        told = "the keeper begins it" if is_here else "begins when it is due"
        lines.append(((f"· {duration(settings.duration_s)}; {told}", "plain"),))
    else:
        lines += _clock(seen, state, is_here and seen.acts, width)
    if settings.healthy:
        what = "restarts the clock" if settings.on_breach == "restart" else "stops it"
        lines += [((text, "dim"),) for text in wrapped(f"watched meanwhile, a breach {what}:", width)]
        lines += [
            ((f"  {text}", "dim"),) for each in settings.healthy for text in wrapped(visible(each), max(8, width - 2))
        ]
    return lines


def _clock(seen: Seen, state: WaitState, acts: bool, width: int) -> list[Line]:
    lines: list[Line] = []
    match state.status:
        case "running":
            left = (state.until - seen.now.at).total_seconds()
            told: Line = ((f"◔ {countdown(left)} left", "accent"), (f"  until {seen.local(state.until)}", "plain"))
            if state.detail:  # said while a breach lasts, and taken back when all is well
                told = (("✖ broken", "bad"), ("  it begins again when all is well", "plain"))
            early: Line = (("e", "key"), (" ends it early", "plain"))
            lines += flowed((told, early) if acts else (told,), width)
        case "stopped":
            lines.append((("✖ stopped by a breach", "bad"),))
            if acts:
                again: Line = (("e", "key"), (" begins it again", "bold"))
                lines += flowed((again, (("or ends it early, with a reason", "bold"),)), width)
        case "completed":
            lines.append((("✔ the time is over, all was well", "good"),))
        case "ended_early":
            lines.append((("! ended early", "warn"),))
    if state.status in ("completed", "ended_early") and acts and gate_lets(seen) and not seen.is_stopped:
        lines.append((("c", "key"), (" confirms it", "bold")))
    if state.breaches:
        times = "once" if state.breaches == 1 else f"{state.breaches} times"
        told_why = f"broken {times}, last: {shortened(state.detail, 200)}" if state.detail else f"broken {times}"
        lines += [((f"  {text}", "warn"),) for text in wrapped(told_why, max(8, width - 2))]
    return lines


def due(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    """When its time comes, or since when it has come; empty for a step without a set time."""
    if not has_set_time(step) or known.status != "open":
        return []
    if known.due is not None:
        ago = (seen.now.at - known.due.at).total_seconds()
        since = f", {duration(ago)} ago" if ago >= 60 else ""
        return [((f"◆ due since {seen.local(known.due.at)}{since}", "warn"),)]
    at = due_at(seen.state, step)
    told: Line = ((_due_in(seen, at), "accent"),) if at else (("◔ its time is not known yet", "dim"),)
    acts = seen.is_at(step.id) and seen.acts and not seen.is_stopped
    early: Line = (("e", "key"), (" goes ahead early", "plain"))
    return flowed((told, early) if acts else (told,), width)


def _due_in(seen: Seen, at: datetime) -> str:
    left = (at - seen.now.at).total_seconds()
    return f"◔ due in {countdown(left)}, at {seen.local(at)}" if left > 0 else f"◔ due now, at {seen.local(at)}"
