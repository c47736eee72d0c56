"""What is still missing before the window: pure, over what the profile says and what the log knows.

Invariant: nothing is called ready that nobody looked at. `missing` is what has to be put right before the work begins;
`look` is what a person should have seen; `ok` is what was found in order. What comes later by its nature (a sign-off
within the window) is neither.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from cockpit.profile.model import Contact, Phase, Profile, Step
from cockpit.profile.references import fill
from cockpit.profile.steps import SignoffSettings, settings_of
from cockpit.profile.unverified import unverified
from cockpit.profile.variables import secret_names
from cockpit.run.events import Instant
from cockpit.run.evidence import probe_now
from cockpit.run.hands import other_hands, sentence
from cockpit.run.naming import shown_values, zone_of
from cockpit.run.numbering import phase_label, step_label
from cockpit.run.state import RunState
from cockpit.run.walk import waits_to_be_finished
from cockpit.text import counted, shortened, visible

Severity = Literal["missing", "look", "ok"]
SOON = timedelta(hours=1)


class Finding(Struct, frozen=True):
    """One thing that was looked at. All texts are visible lines."""

    severity: Severity
    what: str
    where: str = ""
    """`1.2 Migrate`, `probe api`, `contact DBA`; may be empty."""
    instead: str = ""
    """What to do; empty if nothing is to be done."""


def readiness(state: RunState, now: Instant) -> tuple[Finding, ...]:
    """Everything that was looked at, in the order in which it is put right; nothing before a run began."""
    if state.started is None:
        return ()
    if state.status != "live":
        return (Finding("look", f"the run was {state.status}", "", "start another: cockpit run FILE"),)
    window = (state.started.window_start, state.started.window_end)
    return (
        *of_window(state.profile, *window, now.at),
        *_keeper(state),
        *_variables(state),
        *of_steps(state),
        *_targets(state),
        *_probes(state, now),
        *of_profile(state.profile, shown_values(state)),
    )


# ---- without a run -----------------------------------------------------------------------------------------------


def of_profile(profile: Profile, values: Mapping[str, str]) -> tuple[Finding, ...]:
    """What the profile alone says: contacts, roles, alerts, the way back. `values` are those that may be shown."""
    return (
        *_contacts(profile, values), *_roles(profile), *_alerts(profile), *_ways_back(profile), *_unverified(profile)
    )  # fmt: skip


def of_window(profile: Profile, start: datetime | None, end: datetime | None, now: datetime) -> tuple[Finding, ...]:
    """Whether the window, resolved to aware instants, is still ahead. `now` is aware."""
    if start is None or end is None:
        return (Finding("look", "no window is agreed: nothing says when it has to be over", "window", "agree on one"),)
    zone = zone_of(profile)
    times = f"{start.astimezone(zone):%Y-%m-%d %H:%M} to {end.astimezone(zone):%H:%M} {zone}"
    if now >= end:
        return (Finding("missing", f"it has ended: {times}", "window", "agree on another, and correct the profile"),)
    if now >= start:
        return (Finding("look", f"it is open, for another {_length(end - now)}: {times}", "window"),)
    severity: Severity = "look" if start - now <= SOON else "ok"
    return (Finding(severity, f"it opens in {_length(start - now)}: {times}", "window"),)


def of_preparation(profile: Profile) -> Iterator[Finding]:
    """What has to be settled before the window, where no run has begun in which it could have been."""
    steps = [step for phase, step in profile.steps() if phase.stage == "before"]
    if not steps:
        return
    approvals = [step_label(profile, step.id) for step in steps if step.behaviour == "signoff"]
    said = f"{counted(len(steps), 'step')} before the window, none settled: no run has begun"
    if approvals:
        missing = ", ".join(approvals[:5]) + (", …" if len(approvals) > 5 else "")
        said += f"; {counted(len(approvals), 'approval')} missing: {missing}"
    yield Finding("look", said, "preparation", "start it: cockpit run FILE")


def of_areas(profile: Profile, settled: Container[str] = ()) -> Iterator[Finding]:
    """The gap report: for each area, a phase before the window that is walked in any order, what is open of it."""
    for phase in profile.phases:
        if phase.stage != "before" or phase.order == "ordered" or not phase.steps:
            continue
        where = f"area {phase_label(profile, phase.id)}"
        left = [step for step in phase.steps if step.id not in settled]
        if not left:
            yield Finding("ok", f"{counted(len(phase.steps), 'step')}, none open", where)
            continue
        claimed = sum(1 for step in left if step.claimed)
        said = f", {claimed} of them only claimed to be done" if claimed else ""
        yield Finding("look", f"{len(left)} of {counted(len(phase.steps), 'step')} open{said}", where, "go through it")


def _contacts(profile: Profile, values: Mapping[str, str]) -> Iterator[Finding]:
    secrets = secret_names(profile)
    unreachable = [each for each in profile.contacts if not fill(each.reach, values, secrets=secrets).strip()]
    for contact in unreachable:
        yield Finding("missing", "there is no way to reach them", _contact(contact), "give `reach` in the profile")
    if not profile.contacts:
        yield Finding("look", "the profile names nobody to reach", "contacts", "give `[[contacts]]`")
    elif not unreachable:
        yield Finding("ok", f"{counted(len(profile.contacts), 'contact')} can be reached", "contacts")


def _contact(contact: Contact) -> str:
    return f"contact {shortened(contact.title or contact.id, 60)}"


def _roles(profile: Profile) -> Iterator[Finding]:
    roles = {role.id: role for role in profile.roles}
    for _, step in profile.steps():
        if step.behaviour != "signoff":
            continue
        role = roles.get(settings_of(step, SignoffSettings).role)
        if role is not None and not role.people:
            said = f"nobody is named in the role {shortened(role.title or role.id, 60)}: anybody may sign off"
            yield Finding("look", said, step_label(profile, step.id), "give `people` of the role")


def _alerts(profile: Profile) -> Iterator[Finding]:
    if profile.alerts:
        yield Finding("ok", f"people are called through {visible(profile.alerts)}", "alerts")
    else:
        yield Finding("look", "nobody is called when no screen is open", "alerts", "name a channel: `alerts`")


def _ways_back(profile: Profile) -> Iterator[Finding]:
    if profile.rollbacks:
        titles = ", ".join(shortened(plan.title or plan.id, 60) for plan in profile.rollbacks[:5])
        yield Finding("ok", f"{counted(len(profile.rollbacks), 'rollback plan')}: {titles}", "way back")
    else:
        yield Finding("look", "there is no rollback plan", "way back", "give `[[rollbacks]]`")


def _unverified(profile: Profile) -> Iterator[Finding]:
    for each in unverified(profile):
        yield Finding("look", f"nobody verifies its server: {each.reason}", each.where, "have it verified: `ca_file`")


# ---- of a run ----------------------------------------------------------------------------------------------------


def _keeper(state: RunState) -> Iterator[Finding]:
    keeper = state.keeper
    if keeper is None or keeper.stopped:
        why = f": {shortened(keeper.stopped, 160)}" if keeper else ""
        yield Finding("missing", f"nothing watches this run{why}", "keeper", f"cockpit resume {state.run}")
    elif (found := other_hands(state)).are_there:
        yield Finding("look", f"{sentence(found)}; nothing is run", "keeper", "press r on the screen of the run")
    else:
        yield Finding("ok", f"it watches, as {visible(keeper.user)}@{visible(keeper.host)}", "keeper")


def _variables(state: RunState) -> Iterator[Finding]:
    assert state.started is not None
    for variable in state.profile.variables:
        if not variable.secret and variable.name not in state.started.variables:
            said = "it had no value when the run began"
            yield Finding("missing", said, f"variable {visible(variable.name)}", "set it, and start another run")


def of_steps(state: RunState) -> tuple[Finding, ...]:
    """What is to be settled before the window, and what came ticked, as the run knows it."""
    settled = [step for step, known in state.steps.items() if known.status != "open"]
    return (*_end(state), *of_areas(state.profile, settled), *_before(state), *_claimed(state))


def _end(state: RunState) -> Iterator[Finding]:
    """What is over is to be closed: till then its keeper lives."""
    if waits_to_be_finished(state):
        done = "every step is settled" if state.rollback is None else "the way back is walked"
        yield Finding("look", f"{done}, and nobody finished the run", "", "resume it, F finishes it")


def _before(state: RunState) -> Iterator[Finding]:
    """What is to be settled before the window."""
    steps = [(phase, step) for phase, step in state.profile.steps() if phase.stage == "before"]
    findings = [finding for phase, step in steps for finding in _step(state, phase, step)]
    yield from findings
    if steps and not findings:
        yield Finding("ok", f"{counted(len(steps), 'step')} before the window: all are done", "preparation")


def _step(state: RunState, phase: Phase, step: Step) -> Iterator[Finding]:
    known, where = state.steps[step.id], step_label(state.profile, step.id)
    must: Severity = "missing" if step.level == "required" else "look"
    because = f": {shortened(known.reason, 160)}" if known.reason else ""
    match known.status:
        case "open" if step.behaviour == "signoff":
            yield Finding(must, "this approval is missing", where, "who may, signs off")
        case "open" if step.claimed:
            yield Finding(must, _claim(step), where, "look, and confirm it")
        case "open":
            level = "" if step.level == "required" else f", {step.level}"
            yield Finding(must, f"it is open{level}", where, "settle it before the window")
        case "conflict":
            yield Finding(must, "two sides settled it without knowing of each other", where, "say which counts: u")
        case "skipped":
            yield Finding(must if step.behaviour == "signoff" else "look", f"it was skipped{because}", where, _VERIFY)
        case "done_outside":
            yield Finding("look", f"somebody says it was done outside, nobody verified it{because}", where, _VERIFY)
        case "confirmed":
            why = next(
                (each.reason for each in state.deviations if each.kind == "override" and each.where == where), ""
            )
            if why:
                yield Finding("look", f"its gate was overridden: {shortened(why, 160)}", where, _VERIFY)


def _claim(step: Step) -> str:
    where = f", {shortened(step.source, 80)}" if step.source else ""
    return f"it is claimed to be done ({shortened(visible(step.claimed), 120)}{where}), nobody verified it"


def _claimed(state: RunState) -> Iterator[Finding]:
    """What came ticked and is not verified yet, outside `_before`."""
    for phase, step in state.profile.steps():
        if step.claimed and phase.stage != "before" and state.steps[step.id].status == "open":
            yield Finding("look", _claim(step), step_label(state.profile, step.id), "look, and confirm it")


def of_claims(profile: Profile) -> Iterator[Finding]:
    """What came ticked: without a run, nobody has verified any of it."""
    for _, step in profile.steps():
        if step.claimed:
            yield Finding("look", _claim(step), step_label(profile, step.id), "look, and confirm it in the run")


_VERIFY = "reopen it, or make sure that it is so"


def _targets(state: RunState) -> Iterator[Finding]:
    for target in state.profile.targets:
        seen, where = state.targets.get(target.id), f"target {visible(target.id)}"
        detail = f": {shortened(seen.detail, 200)}" if seen and seen.detail else ""
        if seen is None:
            yield Finding("look", "nobody has asked it yet who it is", where, "a keeper asks when it starts")
        elif seen.verdict == "match":
            yield Finding("ok", f"it is what the profile says{detail}", where)
        elif seen.verdict == "mismatch":
            yield Finding("missing", f"it IS NOT what the profile says{detail}", where, "correct one of them")
        else:
            yield Finding("missing", f"it cannot be reached{detail}", where, "see to it, and to the way there")


_READ = "press . on the run's screen to have it read now"
"""Outside the window a living keeper lets probes rest; that there is none is said of the keeper."""


def _probes(state: RunState, now: Instant) -> Iterator[Finding]:
    well = 0
    for probe in state.profile.probes:
        known = state.probes[probe.id]
        status = probe_now(probe, known, now).status
        detail = f": {shortened(known.detail, 160)}" if known.detail else ""
        where = f"probe {shortened(probe.title or probe.id, 60)}"
        match status:
            case "pass":
                well += 1
            case "fail" | "error":
                said = "it fails" if status == "fail" else "it cannot be read"
                yield Finding("missing", f"{said}{detail}", where, "see to what it watches")
            case "unread" if probe.on_demand:
                yield Finding("look", "it is read on demand, and was not yet", where, "press . where a gate needs it")
            case "unread":
                yield Finding("look", "it was not read yet", where, _READ)
            case "stale":
                why = detail if known.status == "stale" else ""
                yield Finding("look", f"its last reading is too old to count{why}", where, _READ)
            case "warn":
                yield Finding("look", f"it warns{detail}", where, "see to what it watches")
    if well and well == len(state.profile.probes):
        yield Finding("ok", f"{counted(well, 'probe')}: all pass", "probes")


# ---- words -------------------------------------------------------------------------------------------------------


def _length(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60:02d} min" if hours < 48 else f"{hours // 24} days"
