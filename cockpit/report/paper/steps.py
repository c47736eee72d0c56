"""One step as a person does it from paper: what it is, when it applies, what it does, what must hold, what is asked."""

from __future__ import annotations

from cockpit.profile.model import Phase, Step
from cockpit.profile.steps import (
    CheckpointSettings,
    DecisionSettings,
    RecordSettings,
    SignoffSettings,
    WaitSettings,
    record_name,
    settings_of,
)
from cockpit.report.paper.doing import what_is_done
from cockpit.report.paper.page import Page
from cockpit.report.paper.sheet import Sheet, lasting
from cockpit.run.due import due_at, has_set_time
from cockpit.run.numbering import phase_label, step_label, step_number
from cockpit.text import shortened, visible

_IN = 4
STATUS = {"unknown": "UNKNOWN how it ended", "running": "RUNNING", "requested": "asked for, not begun"}
"""Words for a try that needs to be looked at."""


def phase(page: Page, sheet: Sheet, walked: Phase, steps: tuple[Step, ...]) -> None:
    """A phase, its gates, and those of its steps that are given."""
    page.gap()
    label = phase_label(sheet.profile, walked.id)
    about = {"before": ", before the window", "after": ", after the window"}.get(walked.stage, "")
    order = ", in any order" if walked.order != "ordered" else ""
    page.says(f"PHASE {label}{about}{order}")
    page.says("-" * 40)
    if walked.description:
        page.prose(sheet.filled(walked.description), 2)
    entered = walked.id in sheet.state.phases_entered
    page.every("[ ] to enter it all of this must hold:", () if entered else walked.gate, 0)
    for each in steps:
        step(page, sheet, each)
    page.every("[ ] to leave it all of this must hold:", walked.exit, 0)


def step(page: Page, sheet: Sheet, declared: Step) -> None:
    """A step with a box to tick."""
    page.gap()
    state = sheet.state
    is_now = state.cursor is not None and state.cursor.step == declared.id
    now = "   <== THE RUN STANDS HERE" if is_now else ""
    page.says(f"{step_label(sheet.profile, declared.id)}{now}", 0, "[ ] ")
    page.says(", ".join(_facts(sheet, declared)), _IN)
    if declared.claimed:
        page.says(f"claimed to be done, verified by nobody: {declared.claimed}", _IN)
    if declared.undoes:
        undone = ", ".join(step_label(sheet.profile, each) for each in declared.undoes)
        page.says(f"undoes {undone}", _IN)
    _so_far(page, sheet, declared)
    page.every("it applies only if all of this holds:", declared.only_if, _IN)
    page.every("before it is begun all of this must hold:", declared.requires, _IN)
    if declared.instructions.strip():
        page.prose(sheet.filled(declared.instructions), _IN)
    what_is_done(page, sheet, declared, _IN)
    _asked(page, sheet, declared)
    page.every("it is done only if all of this holds:", declared.gate, _IN)
    if declared.on_failure:
        plan = sheet.profile.plan(declared.on_failure)
        page.says(f"if it fails: roll back by {plan.title or plan.id if plan else declared.on_failure}", _IN)
    if declared.rollback.strip():
        page.says("if it must be undone:", _IN)
        page.prose(sheet.filled(declared.rollback), _IN + 2)
    page.says("done at __________  by ____________________  result ____________________", _IN)


def _facts(sheet: Sheet, declared: Step) -> list[str]:
    told = [declared.kind]
    if declared.risk != "routine":
        told.append("IRREVERSIBLE" if declared.risk == "irreversible" else declared.risk)
    if declared.level != "required":
        told.append(declared.level)
    if declared.owner:
        told.append(f"owner {sheet.owner(declared.owner)}")
    told.append(f"{lasting(declared.estimate_s)} planned" if declared.estimate_s else "no estimate")
    if declared.source:
        told.append(f"from {shortened(declared.source, 80)}")
    return told


def _so_far(page: Page, sheet: Sheet, declared: Step) -> None:
    known = sheet.state.steps[declared.id]
    if known.attempt > 1:
        page.says(f"attempt {known.attempt}", _IN)
    if known.action is not None:
        status = known.action.status
        detail = f", {known.action.detail}" if known.action.detail else ""
        page.says(f"its last try: {STATUS.get(status, status)}{detail}", _IN)
    gate = sheet.state.cursor.gate if sheet.state.cursor and sheet.state.cursor.step == declared.id else ""
    verdict = sheet.state.gates.get(gate)
    if verdict is not None:
        said = f"overridden by {verdict.overridden_by}" if verdict.overridden_by else verdict.verdict
        page.says(f"its gate, as last judged by the keeper: {said}", _IN)
        open_ones = [each for each in verdict.conditions if each.detail and not each.holds]
        page.every("what was said of it:", (f"{each.condition}: {each.detail}" for each in open_ones), _IN)


def _asked(page: Page, sheet: Sheet, declared: Step) -> None:
    """What a person enters, chooses, approves or waits for."""
    if has_set_time(declared):
        moment = due_at(sheet.state, declared)
        page.says(f"due at {sheet.local(moment)} {sheet.zone}" if moment else f"due {_since(sheet, declared)}", _IN)
    match declared.behaviour:
        case "record":
            asked = settings_of(declared, RecordSettings)
            form = f" ({'a number' if asked.type == 'number' else 'a text'}{f' in {asked.unit}' if asked.unit else ''}"
            form += f", as {asked.pattern})" if asked.pattern else ")"
            page.says(f"{sheet.filled(asked.prompt)}{form}", _IN)
            page.says(f"{record_name(declared)} = ______________________________", _IN)
        case "decision":
            decided = settings_of(declared, DecisionSettings)
            page.says("choose one" + (f", decided by {sheet.role(decided.role)}:" if decided.role else ":"), _IN)
            for choice in decided.choices:
                plan = sheet.profile.plan(choice.rollback) if choice.rollback else None
                notes = ["holds the run"] if choice.stop else []
                notes += [f"leads to the way back {plan.title or plan.id}"] if plan else []
                leads = f" ({', '.join(notes)})" if notes else ""
                page.says(f"{choice.title or choice.id}{leads}", _IN, "( ) ")
        case "signoff":
            signed = settings_of(declared, SignoffSettings)
            page.says(f"approval of {sheet.role(signed.role)}: name ____________ at ________", _IN)
            barred = ["who ran or settled a step of this phase"] if signed.four_eyes else []
            barred += [_place(sheet, name) for name in signed.not_by]
            page.every("not by:", barred, _IN)
        case "wait":
            _wait(page, sheet, declared)
        case _:
            return


def _wait(page: Page, sheet: Sheet, declared: Step) -> None:
    settings, known = settings_of(declared, WaitSettings), sheet.state.steps[declared.id].wait
    until = ""
    if known is not None:
        until = {
            "running": f"; its clock ran, until {sheet.local(known.until)} {sheet.zone}",
            "stopped": f"; STOPPED by a breach: {known.detail}",
        }.get(known.status, f"; {known.status.replace('_', ' ')}")
    page.says(f"wait for {lasting(settings.duration_s)}{until}", _IN)
    then = "begin the wait again" if settings.on_breach == "restart" else "stop and decide"
    page.every(f"meanwhile all of this must hold; if it does not, {then}:", settings.healthy, _IN)


def _since(sheet: Sheet, declared: Step) -> str:
    if declared.behaviour != "checkpoint":
        return "at a time that is not known without a window"
    settings = settings_of(declared, CheckpointSettings)
    since = step_label(sheet.profile, settings.since) if settings.since in sheet.state.steps else settings.since
    return f"{lasting(settings.delay_s)} after {since} is done"


def _place(sheet: Sheet, name: str) -> str:
    return f"who did {step_number(sheet.profile, name)}" if name in sheet.state.steps else sheet.role(visible(name))
