"""The rest of a run on paper: what a person could go on from if everything else were gone.

Pure: from a `Sheet` to text. Invariant: it says first what is wrong with what it was made from; a secret stands as its
name; every step that is left, and every plan's, is whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.patterns import late
from cockpit.profile.model import Phase, Probe, Step
from cockpit.report.paper import back, standing, steps
from cockpit.report.paper.page import CODE, GOES_ON, Page
from cockpit.report.paper.sheet import Sheet
from cockpit.run.numbering import find_phase, find_step, step_label
from cockpit.run.people import name_of
from cockpit.run.phrases import quantity
from cockpit.run.walk import open_steps

_NAME = late(r"[a-z][a-z0-9_]*")
_SETTLED = {
    "confirmed": "done", "done_outside": "done outside, by hand", "skipped": "skipped",
    "not_applicable": "does not apply",
    "conflict": "IN CONFLICT: two sides settled it, and nobody has said which counts",
}  # fmt: skip


def paper(sheet: Sheet) -> str:
    """The paper. The run must have begun."""
    page = Page()
    _warn(page, sheet)
    page.heading(f"THE REST OF A RUN: {sheet.profile.id}, {sheet.profile.environment.upper()}")
    standing.identity(page, sheet)
    standing.window(page, sheet)
    page.gap()
    page.says(f"Lines of commands and texts begin with {CODE}and go on after {GOES_ON}without a break or a space "
              "between. ‹secret name› is to be replaced by that secret.")  # fmt: skip
    page.heading("WHERE IT STANDS")
    standing.standing(page, sheet)
    page.heading("WHAT IS LEFT" + (", ON THE WAY BACK" if sheet.state.rollback else ""))
    _remaining(page, sheet)
    if sheet.profile.triggers:
        page.heading("WHEN TO TURN BACK")
        back.triggers(page, sheet)
    page.heading("HOW TO TURN BACK")
    if not sheet.profile.rollbacks:
        page.says("the profile has no rollback plan")
    back.plans(page, sheet)
    if named := _named_probes(sheet):
        page.heading("WHAT THE CONDITIONS NAME")
        standing.probes(page, sheet, named)
    page.heading("WHOM TO REACH")
    _people(page, sheet)
    page.heading("VALUES")
    _values(page, sheet)
    if sheet.done:
        page.heading("WHAT WAS DONE")
        _done(page, sheet)
    page.gap()
    page.says(f"end of the paper of run {sheet.state.run}")
    return str(page)


def _warn(page: Page, sheet: Sheet) -> None:
    if not sheet.troubles:
        return
    page.says("!" * 80)
    page.says("SOMETHING IS WRONG WITH THE LOG: this is what counts of it; more may have been done")
    for trouble in sheet.troubles:
        page.says(trouble, 0, "- ")
    page.says("!" * 80)
    page.gap()


def _remaining(page: Page, sheet: Sheet) -> None:
    left = open_steps(sheet.state)
    if not left:
        page.says("no step is left" + ("; the run is to be finished" if sheet.state.status == "live" else ""))
    for phase, members in _by_phase(sheet, left):
        steps.phase(page, sheet, phase, members)
    page.gap()
    page.every("the way forward, left where the way back began:", back.left_forward(sheet.state), 0)


def _by_phase(sheet: Sheet, step_ids: Iterable[str]) -> list[tuple[Phase, tuple[Step, ...]]]:
    """The steps under their phases, in their order."""
    grouped: dict[str, list[Step]] = {}
    for step_id in step_ids:
        found = find_step(sheet.profile, step_id)
        if found is not None:
            grouped.setdefault(found[0].id, []).append(found[1])
    phases = [(find_phase(sheet.profile, name), tuple(members)) for name, members in grouped.items()]
    return [(phase, members) for phase, members in phases if phase is not None]


def _named_probes(sheet: Sheet) -> list[Probe]:
    """Those that a condition of what is left, of a trigger or of a plan names."""
    profile = sheet.profile
    left = set(open_steps(sheet.state))
    conditions: list[str] = [each for trigger in profile.triggers for each in trigger.when]
    walked = [(phase, step) for phase, step in profile.steps() if step.id in left]
    walked += [(phase, step) for plan in profile.rollbacks for phase in plan.phases for step in phase.steps]
    for phase, step in walked:
        healthy = step.settings.get("healthy")
        conditions += [*phase.gate, *phase.exit, *step.only_if, *step.requires, *step.gate]
        conditions += map(str, healthy) if isinstance(healthy, list | tuple) else ()
    conditions += [each for plan in profile.rollbacks for each in plan.when]
    names = {name for condition in conditions for name in _NAME.findall(condition)}
    return [probe for probe in profile.probes if probe.id in names]


def _people(page: Page, sheet: Sheet) -> None:
    profile = sheet.profile
    if not profile.contacts and not profile.roles:
        page.says("the profile names nobody")
    ordered = sorted(profile.contacts, key=lambda each: (each.order == 0, each.order))
    for contact in ordered:
        number = f"{contact.order}. " if contact.order else "-  "
        name = f", {contact.name}" if contact.name else ""
        reach = sheet.filled(contact.reach) or "NO WAY TO REACH THEM IS GIVEN"
        page.says(f"{contact.title or contact.id}{name}: {reach}", 0, number)
    page.gap()
    page.every("roles:", (sheet.role(role.id) for role in profile.roles), 0)


def _values(page: Page, sheet: Sheet) -> None:
    started = sheet.state.started
    known = started.variables if started else {}
    for variable in sheet.profile.variables:
        if variable.secret:
            where = f"from the environment variable {variable.env}" if variable.env else "typed by a person"
            page.says(f"secret, {where}{f': {variable.description}' if variable.description else ''}", 0,
                      f"{variable.name}: ")  # fmt: skip
        else:
            page.code(f"{variable.name} = {known.get(variable.name, '(no value)')}", 0)
    if not sheet.profile.variables:
        page.says("the profile has no variables")


def _done(page: Page, sheet: Sheet) -> None:
    for _, declared in sheet.profile.every_step():
        known = sheet.state.steps[declared.id]
        if known.status == "open":
            continue
        by = f" by {name_of(known.by)}" if known.by and known.status != "not_applicable" else ""
        at = f" at {sheet.local(known.settled.at)}" if known.settled else ""
        reason = f": {known.reason}" if known.reason else ""
        page.says(f"{step_label(sheet.profile, declared.id)}: {_SETTLED[known.status]}{by}{at}{reason}", 0, "[x] ")
        for seen in known.evidence[:20]:
            page.says(f"{seen.probe}: {seen.status} {quantity(seen.value, seen.unit)}", 6, "- ")
    page.gap()
    told = (f"{each.kind} {each.where} by {each.by}: {each.reason}" for each in sheet.state.deviations)
    page.every("deviations from the plan:", told, 0)
