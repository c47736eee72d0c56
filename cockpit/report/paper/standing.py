"""Which run it is, and where it stands: what runs or is UNKNOWN, what stops it, how the time is."""

from __future__ import annotations

from cockpit.profile.model import Probe, Profile
from cockpit.report.paper.page import Page
from cockpit.report.paper.sheet import Sheet, lasting, person
from cockpit.report.paper.steps import STATUS
from cockpit.run.conflicts import both, label
from cockpit.run.deciding_signed import awaited
from cockpit.run.elapsed import elapsed_s
from cockpit.run.forecast import forecast
from cockpit.run.holding import holder_at
from cockpit.run.numbering import gate_label, step_label
from cockpit.run.phrases import quantity
from cockpit.run.state_walk import ActionState
from cockpit.run.walk import open_steps, route
from cockpit.run.wording_trust import told_trust
from cockpit.text import counted, visible

_WINDOW = {"none": "none", "before": "not open yet", "open": "open", "over": "OVER"}


def _environment(profile: Profile) -> str:
    name = profile.environment.upper()
    return f"{name} (production)" if profile.production and name != "PRODUCTION" else name


def identity(page: Page, sheet: Sheet) -> None:
    """Which run this is, from where it was read, and when."""
    profile, state = sheet.profile, sheet.state
    page.fact("run", f"{state.run}{'  (A REHEARSAL: nothing outside is changed)' if state.is_rehearsal else ''}")
    page.fact("profile", f"{profile.id}{f' - {profile.title}' if profile.title else ''}")
    page.fact("environment", _environment(profile))
    if state.started is not None and (told := told_trust(state.started.trust, state.began.at if state.began else None)):
        page.fact("trusted", told)
    utc = "" if sheet.zone == "UTC" else f" ({sheet.now.at:%H:%M} UTC); times here are of {sheet.zone}"
    page.fact("written", f"{sheet.local(sheet.now.at)} {sheet.zone}{utc}, by {person(sheet.writer)}")
    page.fact("log", str(sheet.source))
    if sheet.head is not None:
        digits = " ".join(sheet.head.check[at : at + 4] for at in range(0, 32, 4))
        page.fact("head", f"{sheet.head.seq}  {digits}")
    if state.last is not None:
        page.fact("last line", f"{state.last_seq}, written {sheet.local(state.last.at)}")


def window(page: Page, sheet: Sheet) -> None:
    """The agreed times, and until when one can turn back."""
    started, told = sheet.state.started, forecast(sheet.state, sheet.now)
    if started is None or started.window_start is None or started.window_end is None:
        page.fact("window", "none was agreed")
    else:
        page.fact(
            "window",
            f"{sheet.local(started.window_start)} to {sheet.local(started.window_end)}, {_WINDOW[told.window]}",
        )
        agreed = sheet.profile.window
        if agreed is not None and told.no_return_at is not None:
            kept = f"way back {lasting(agreed.rollback_estimate_s)}, reserve {lasting(agreed.reserve_s)}"
            word = "PASSED" if told.is_past_return else "not passed when this was written"
            page.fact("no return", f"after {sheet.local(told.no_return_at)} ({kept}); {word}")
    if told.finish_at is not None and sheet.state.status == "live":
        unknown = f", {counted(told.unestimated, 'step')} without an estimate" if told.unestimated else ""
        page.fact("forecast", f"done at {sheet.local(told.finish_at)} ({lasting(told.remaining_s)} to go{unknown})")


def standing(page: Page, sheet: Sheet) -> None:
    """Where the run stands."""
    state = sheet.state
    walked = route(state)
    ended = f" at {sheet.local(state.ended.at)}" if state.ended else ""
    page.fact(
        "state",
        f"{state.status}{ended}; {len(walked) - len(open_steps(state))} of {counted(len(walked), 'step')} settled",
    )
    if state.began is not None:
        page.fact("began", sheet.local(state.began.at))
    page.fact("at", _place(sheet))
    if state.pen is not None:
        page.fact("pen", f"{holder_at(state)} acts; others watch")
    page.fact("keeper", sheet.keeper)
    if state.hold is not None:
        since = sheet.local(state.hold.since.at)
        page.fact("HELD", f"by {person(state.hold.by)} since {since}: {state.hold.reason}")
    if state.offline is not None:
        since = sheet.local(state.offline.since.at)
        page.fact("OFFLINE", f"by {person(state.offline.by)} since {since}, others may act: {state.offline.reason}")
    for conflict in state.conflicts:
        page.fact("CONFLICT", f"{label(state, conflict.subject)}: {both(conflict)}")
    if state.rollback is not None:
        plan = state.profile.plan(state.rollback.plan)
        name = plan.title or plan.id if plan else state.rollback.plan
        since = sheet.local(state.rollback.since.at)
        page.fact(
            "ROLLING BACK", f"by {name}, chosen by {person(state.rollback.by)} at {since}: {state.rollback.reason}"
        )
    names = {trigger.id: trigger.title for trigger in state.profile.triggers}
    for fired in state.fired:
        over = ", over by now" if fired.is_cleared else ""
        told = names.get(fired.trigger) or fired.trigger or "raised by hand"
        reason = f": {fired.reason}" if fired.reason else ""
        page.fact("TRIGGER", f"{fired.severity}: {told}{reason}, since {sheet.local(fired.since.at)}{over}, unanswered")
    for fact in awaited(state):
        what = step_label(state.profile, fact.step) if fact.step else f"fact {fact.seq}"
        why = f": {fact.failed}" if fact.failed else ""
        page.fact("UNSIGNED", f"{what} awaits the signature of {person(fact.by)}{why}")
    if len(state.unsigned) > len(awaited(state)):
        count = len(state.unsigned) - len(awaited(state))
        page.fact("unsigned", f"{counted(count, 'more fact')}, which nothing waits for")
    if state.unknown_types:
        kinds = ", ".join(visible(kind) for kind in state.unknown_types)
        page.fact("NEWER", f"a newer cockpit wrote what this one does not know, and left it out here: {kinds}")
    for name, value in state.values.items():
        page.fact("recorded", f"{name} = {value}")
    _under_way(page, sheet)


def _place(sheet: Sheet) -> str:
    state = sheet.state
    if state.cursor is None:
        return "every step is settled; nobody has closed the run" if state.status == "live" else "its end"
    if state.cursor.step is not None:
        return f"{step_label(state.profile, state.cursor.step)}, since {sheet.local(state.cursor.opened.at)}"
    return f"the gate of {gate_label(state.profile, state.cursor.gate)}"


def _under_way(page: Page, sheet: Sheet) -> None:
    """What runs, and what nobody knows the end of: the first thing to look at."""
    for step_id, known in sheet.state.steps.items():
        action = known.action
        if action is None or not (action.is_under_way or (action.status == "unknown" and known.status == "open")):
            continue
        page.gap()
        word = STATUS.get(action.status, action.status)
        page.says(f"{word}: {step_label(sheet.profile, step_id)}, attempt {action.attempt}", 0, "!! ")
        if action.status == "unknown":
            page.says("it may have been done, wholly or in part; find out before anything is done again", 3)
        for told in (*_known(sheet, action), *sheet.traces.get(action.action, ())):
            page.says(told, 5, "- ")
        last = [line for line in action.tail if line.strip()][-5:]
        page.says("the last that the log has of its output:" if last else "the log has nothing of its output", 3)
        for line in last:
            page.code(line, 5)


def _known(sheet: Sheet, action: ActionState) -> list[str]:
    told = [f"asked for at {sheet.local(action.requested.at)} by {person(action.by)}"]
    if action.started is not None:
        limit = f" of at most {lasting(action.timeout_s)}" if action.timeout_s else ""
        whole_s = elapsed_s(action.started, sheet.now)
        ran = f", {lasting(whole_s)}{limit} ago" if action.is_under_way else ""
        target = f" on {action.target}" if action.target else ""
        told.append(f"begun at {action.started.at:%Y-%m-%d %H:%M:%S} UTC as {action.runs_as}{target}{ran}")
    else:
        told.append("it is not known to have begun")
    if action.detail:
        told.append(action.detail)
    if action.output:
        where = f"in {visible(action.home)}" if action.home else "in the run's folder"
        told.append(f"its whole output: outputs/{action.output} {where}")
    if action.cancel_reason:
        told.append(f"it was to be cancelled: {action.cancel_reason}")
    return told


def probes(page: Page, sheet: Sheet, named: list[Probe]) -> None:
    """What the conditions name: how each is read, so that a person can read it, and what it last was."""
    for probe in named:
        page.gap()
        known = sheet.state.probes.get(probe.id)
        page.says(f"{probe.title or 'no title'} ({probe.kind})", 0, f"{probe.id}: ")
        for key, value in probe.settings.items():
            page.code(f"{key} = {sheet.filled(value) if isinstance(value, str) else _setting(sheet, value)}", 2)
        if probe.value:
            page.says(f"its value: {probe.value}{f' {probe.unit}' if probe.unit else ''}", 2)
        for word, conditions in (("pass", probe.pass_when), ("warn", probe.warn_when), ("fail", probe.fail_when)):
            page.every(f"{word} when:", conditions, 2)
        if known is not None and known.reading is not None:
            since = f" since {sheet.local(known.since.at)}" if known.since else ""
            was = quantity(known.reading.value, known.reading.unit)
            page.says(f"last known: {known.status}{since}{f', {was}' if was else ''}", 2)


def _setting(sheet: Sheet, value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_setting(sheet, each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_setting(sheet, each)}" for key, each in value.items())
    return sheet.filled(value) if isinstance(value, str) else str(value)
