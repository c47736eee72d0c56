"""The ways back: what recommends one, which fit, and what each would undo now, in its order."""

from __future__ import annotations

from cockpit.profile.model import RollbackPlan, Trigger
from cockpit.report.paper.page import Page
from cockpit.report.paper.sheet import Sheet, lasting
from cockpit.report.paper.steps import phase
from cockpit.run.advisor import Option, advise
from cockpit.run.numbering import phase_label, step_label
from cockpit.run.state import RunState

_FITS = {
    "pass": "its condition held when the keeper last looked",
    "blocked": "its condition did NOT hold when the keeper last looked",
    "unknown": "whether its condition holds could not be said",
    "pending": "its condition has not been judged",
}


def triggers(page: Page, sheet: Sheet) -> None:
    """Every trigger: what to watch for, and which plan it leads to."""
    for trigger in sheet.profile.triggers:
        page.gap()
        page.says(f"{trigger.title or trigger.id} ({trigger.severity})", 0, "[ ] ")
        for_s = f" for {lasting(trigger.for_s)}" if trigger.for_s else ""
        page.every(f"when all of this holds{for_s}:", trigger.when, 4)
        if not trigger.when:
            page.says("only a person can tell", 4)
        _when_armed(page, sheet, trigger)
        plan = sheet.profile.plan(trigger.plan)
        page.says(f"then: roll back by {plan.title or plan.id}" if plan else "then: whichever way back fits", 4)


def _when_armed(page: Page, sheet: Sheet, trigger: Trigger) -> None:
    for word, ids in (("only during", trigger.armed), ("not during", trigger.suspended)):
        if ids:
            page.says(f"{word} {'; '.join(_named(sheet, each) for each in ids)}", 4)


def _named(sheet: Sheet, name: str) -> str:
    if name in sheet.state.steps:
        return step_label(sheet.profile, name)
    return f"phase {phase_label(sheet.profile, name)}"


def plans(page: Page, sheet: Sheet) -> None:
    """Every plan, the proposed one first; of the one that is being walked what is left stands under the steps."""
    advice = advise(sheet.state, sheet.now)
    for option in advice.options:
        plan = sheet.profile.plan(option.plan)
        if plan is not None:
            _plan(page, sheet, plan, option)


def _plan(page: Page, sheet: Sheet, plan: RollbackPlan, option: Option) -> None:
    page.gap()
    page.says("*" * 40)
    page.says(f"WAY BACK: {plan.title or plan.id}{'   <== PROPOSED' if option.is_proposed else ''}")
    page.says("*" * 40)
    if option.why:
        page.says(f"proposed since {option.why}" if option.is_proposed else option.why)
    if plan.when:
        page.says(_FITS[option.fits] + (f" ({option.detail})" if option.detail else ""))
        page.every("it fits if all of this holds:", plan.when, 0)
    else:
        page.says("it fits at any time")
    if plan.description:
        page.prose(sheet.filled(plan.description), 2)
    page.says(sheet.filled(plan.data_loss) if plan.data_loss else "nothing is lost by it, as the profile has it",
              0, "DATA LOSS: ")  # fmt: skip
    late = "" if option.fits_window else "; IT WOULD NOT BE OVER BEFORE THE WINDOW'S END"
    page.says(f"takes {lasting(option.estimate_s)} as planned{late}")
    due = set(option.steps)
    order = [step_label(sheet.profile, each) for each in option.steps]
    if not order:
        page.says("it would undo nothing now: nothing that it undoes was done")
    page.every("what it would walk now, in this order:", order, 0)
    for each in plan.phases:
        steps = {step.id: step for step in each.steps}
        if walked := tuple(steps[name] for name in option.steps if name in steps):
            phase(page, sheet, each, walked)
    _not_due(page, sheet, plan, due)


def _not_due(page: Page, sheet: Sheet, plan: RollbackPlan, due: set[str]) -> None:
    """Whole all the same: who goes on from paper does more than was done when it was written."""
    if all(step.id in due for each in plan.phases for step in each.steps):
        return
    page.gap()
    page.says("Not due when this was written, since what they undo was not done. Whoever does it later walks them too, "
              "in their places; neighbours in the reverse order of what they undo.")  # fmt: skip
    for each in plan.phases:
        if left := tuple(step for step in each.steps if step.id not in due):
            phase(page, sheet, each, left)


def left_forward(state: RunState) -> list[str]:
    """On the way back: the steps forward that are not walked any more and were not settled."""
    if state.rollback is None:
        return []
    return [
        step_label(state.profile, step.id) for _, step in state.profile.steps() if state.steps[step.id].status == "open"
    ]
