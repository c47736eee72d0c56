"""The two lines on top of every screen: which environment, who, and how the time stands."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.holding import holder_called
from cockpit.text import counted, shortened
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, Span, duration, fitted, hour, spread, width_of
from cockpit.tui.panes import looking
from cockpit.tui.panes.seen import Seen

_HERE = "  here: "


def identity(seen: Seen, width: int) -> Line:
    """`▌PRODUCTION▐ system · title     LIVE  pen: ana  here: ana bo  head 7f3a·91c2`."""
    profile = seen.state.profile
    label: Span = (
        f"▌{shortened(profile.environment, 24).upper()}▐",
        "production" if profile.production else "elsewhere",
    )
    left: Line = (label, (f" {shortened(profile.id, 32)}", "bold"))
    if profile.title and width >= 100:
        left = (*left, (f" · {shortened(profile.title, 60)}", "plain"))
    right = _right(seen)
    if width < 100 and (seen.mode != "REPLAY" or width - width_of(right) <= width_of(left[:2])):
        right = tuple(_counted(seen, right))
    # The environment is never cut for what stands beside it: the head gives way first, then the pen.
    while len(right) > 1 and width - width_of(right) <= width_of(left[:2]):
        right = right[:-1]
    return spread(left, right, width)


def _right(seen: Seen) -> Line:
    spans: list[Span] = [_mode(seen)]
    if seen.state.rollback is not None:
        plan = seen.state.profile.plan(seen.state.rollback.plan)
        name = shortened(plan.title or plan.id, 30) if plan else shortened(seen.state.rollback.plan, 30)
        spans.append((f" ROLLING BACK {name} ", "alarm"))
    if seen.state.hold is not None:
        spans.append((" HELD", "bad"))
    if seen.state.pen is not None:
        spans.append((f"  pen: {shortened(holder_called(seen.state), 16)}", "plain"))
    if here := looking.here(seen):
        spans.append((f"{_HERE}{shortened(here, 40)}", "plain"))
    if seen.view.head is not None:
        spans.append((f"  head {seen.view.head.short}", "dim"))
    return tuple(spans)


def _counted(seen: Seen, right: Line) -> Iterator[Span]:
    """The same in little room: `+2` behind the pen for the people who are here too. A replay keeps its head instead."""
    beside = looking.beside(seen) if seen.mode != "REPLAY" else 0
    for text, ink in right:
        if not text.startswith(_HERE):
            yield text, ink
        elif beside:
            yield f"  +{beside} here", ink


def _mode(seen: Seen) -> Span:
    """The word that tells a night from its rehearsal, a run from a memory of it."""
    state = seen.state
    over: dict[str, Span] = {"finished": ("FINISHED", "good"), "aborted": ("ABORTED", "bad")}
    span = over.get(state.status, (seen.mode, "accent" if seen.mode == "LIVE" else "warn"))
    if state.offline is not None and seen.mode != "REPLAY" and state.status == "live":
        span = ("OFFLINE" if seen.mode == "LIVE" else "WATCHING OFFLINE", "alarm")
    if seen.mode == "REPLAY" and span[0] != seen.mode:
        span = (f"REPLAY · {span[0]}", span[1])
    if not state.is_rehearsal:
        return span
    return ("▌REHEARSAL▐" if span[0] == "LIVE" else f"▌REHEARSAL {span[0]}▐", "rehearsal")


def clock(seen: Seen, width: int) -> Line:
    """`window 22:00–02:00  ██████░░░░  1:12 used  2:48 left   forecast 01:21 (39m early)   no return after 01:05`.

    In a replay the moment that is shown stands before it, with its zone.
    """
    if seen.mode != "REPLAY":
        return _clock(seen, width)
    local = seen.now.at.astimezone(seen.zone)
    moment: Line = ((f"{local:%a %Y-%m-%d %H:%M:%S}", "bold"), (f" {seen.zone_name}  ", "accent"))
    if width < 100:
        moment = ((f"{local:%d %b %H:%M:%S}", "bold"), (f" {seen.zone_name}  ", "accent"))
    return fitted((*moment, *_clock(seen, max(0, width - width_of(moment)))), width)


def _clock(seen: Seen, width: int) -> Line:
    forecast = seen.forecast
    started = seen.state.started
    if forecast.window == "none" or started is None or started.window_start is None or started.window_end is None:
        return _without_window(seen, width)
    # From the fullest to the barest, the first that fits: what is left and when to turn back stay to the end.
    details = ((5, 5), (4, 4), (3, 3), (2, 2), (1, 1), (0, 1), (0, 0))
    tries = [(_window(seen, detail), _outlook(seen, other)) for detail, other in details]
    left, right = next((each for each in tries if width_of(each[0]) + 1 + width_of(each[1]) <= width), tries[-1])
    return spread(left, right, width)


def _window(seen: Seen, detail: int) -> Line:
    """The window and how much of it is left. `detail`: from 4 with zone and time used, 3 with a bar."""
    forecast, started = seen.forecast, seen.state.started
    assert started is not None
    assert started.window_start is not None
    assert started.window_end is not None
    zone = f" {seen.zone.key.rpartition('/')[2].replace('_', ' ')}" if detail >= 4 else ""
    start, end = started.window_start, started.window_end
    to = hour(end, max(seen.now.at, start), seen.zone)
    hours = f"{seen.local(start)}–{to}{zone}  " if detail else f"{seen.hour(start)}–{seen.hour(end)}  "
    left: list[Span] = [(f"{'window ' if detail else ''}{hours}", "plain")]
    if forecast.window == "before":
        left.append((f"opens in {duration(forecast.opens_in_s)}", "warn"))
    elif forecast.window == "over":
        over = (seen.now.at - started.window_end).total_seconds()
        left.append((f"ended {duration(over)} ago" if seen.state.status == "live" else "over", "bad"))
    else:
        if detail >= 3:
            left.append(_bar(forecast.used_s, forecast.left_s, 14 if detail >= 4 else 6))
        if detail >= 4:
            left.append((f"  {duration(forecast.used_s)} used", "plain"))
        left.append((f"{'  ' if detail >= 3 else ''}{duration(forecast.left_s)} left", "plain"))
    return tuple(left)


def _outlook(seen: Seen, detail: int) -> Line:
    """When all will be done, how far from the end of the window that is, and when it is too late to turn back."""
    forecast = seen.forecast
    spans: list[Span] = []
    if seen.state.status == "live" and forecast.finish_at is not None:
        is_late = forecast.margin_s is not None and forecast.margin_s < 0
        told = f"{duration(abs(forecast.margin_s or 0))} {'late' if is_late else 'early'}"
        told += _from_earlier(seen) if detail >= 5 else ""
        ink: Ink = "bad" if is_late else "dim"
        if detail >= 2 or (detail == 1 and not is_late):
            spans.append((f"  {'forecast' if detail >= 4 else 'done'} {seen.local(forecast.finish_at)}", "plain"))
        if detail >= 2:
            spans.append((f" ({told})", ink))
        elif detail == 1 and is_late:
            spans.append((f"  {told}", ink))
    is_far = forecast.window == "before" and detail < 4  # when it opens is what counts then
    if forecast.no_return_at is not None and seen.state.status == "live" and not is_far:
        at = seen.local(forecast.no_return_at)
        if forecast.is_past_return:
            spans.append((f"  NO RETURN since {at}" if detail >= 4 else f"  NO RETURN {at}", "bad"))
        else:
            left = (forecast.no_return_at - seen.now.at).total_seconds()
            when = f" ({at})" if detail >= 4 else ""
            spans.append(
                (f"  {'no ' if detail else ''}return in {_hours(left)}{when}", "warn" if left < 1800 else "plain")
            )
    return tuple(spans)


def _from_earlier(seen: Seen) -> str:
    """Whose medians the forecast rests on."""
    runs = seen.forecast.from_earlier
    return "" if not runs else f", by {counted(runs, 'earlier run')}"


def _hours(seconds: float) -> str:
    """`0:24`: hours and minutes, which count down; the last minute as `<0:01`."""
    return f"{int(seconds) // 3600}:{int(seconds) % 3600 // 60:02d}" if seconds >= 60 else "<0:01"


def _minutes(seconds: float) -> str:
    """A clock in minutes, so that it rests."""
    return duration(seconds) if seconds >= 60 else "<1m"


def _without_window(seen: Seen, width: int) -> Line:
    forecast = seen.forecast
    left: Line = (("no window", "dim"), (f"  {_minutes(forecast.elapsed_s)} since the start", "plain"))
    right: Line = ()
    if seen.state.status == "live" and forecast.finish_at is not None and forecast.remaining_s > 0:
        right = ((f"forecast {seen.local(forecast.finish_at)} ({duration(forecast.remaining_s)} to go)", "plain"),)
    return spread(left, right, width)


def _bar(used_s: float, left_s: float, cells: int) -> Span:
    whole = used_s + left_s
    filled = round(cells * used_s / whole) if whole else 0
    return ("█" * filled + "░" * (cells - filled), "accent")
