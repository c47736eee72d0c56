"""The rules about who: roles, and four eyes by identity; each alone, as `refusals`.

Invariant: an approval counts only if it is proven, as far as the log can know it, that another person gives it. A name
that is merely claimed opens nothing; whoever may be one of those who are barred is barred.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.profile.model import Role, Step
from cockpit.profile.steps import DecisionSettings, SignoffSettings, settings_of
from cockpit.run.commands import Command, PlanCommand, Refusal
from cockpit.run.events import Actor
from cockpit.run.friction import needs_second
from cockpit.run.numbering import find_step, step_label
from cockpit.run.people import called, is_nobody_known, name_of, people_of, why_same
from cockpit.run.state import RunState
from cockpit.text import shortened, visible


def not_theirs_to_give(state: RunState, step_id: str) -> Refusal | None:
    """Whoever approves does so from their own seat, or it is left out, which says so."""
    found = find_step(state.profile, step_id)
    if found is None or found[1].behaviour != "signoff":
        return None
    why = f"{step_label(state.profile, step_id)} is a sign-off, which no other person gives"
    return Refusal(why, "whoever approves does so from their own seat; without them, skip it with a reason", "signoff")


def second_missing(state: RunState, command: PlanCommand, step_id: str) -> Refusal | None:
    """What cannot be taken back takes two people once there is no time to go back."""
    if not needs_second(state, step_id, command.now):
        return None
    why = f"{step_label(state.profile, step_id)} cannot be taken back, and the point of no return has passed"
    return Refusal(why, "a second person agrees from their own seat, or waive it with a reason", "needs_second")


# ---- roles -------------------------------------------------------------------------------------------------------


def may_not_sign(state: RunState, step: Step, actor: Actor) -> Refusal | None:
    """Who signs off is of the role, and is not one of those whose work it is."""
    settings = settings_of(step, SignoffSettings)
    role = _role(state, settings.role)
    if role is not None and role.people and not is_named(state, actor, role.people):
        return _not_of(state, actor, role, "", "one of them signs, from their own seat")
    for worker, work in _workers(state, step, settings):
        refusal = _not_two(state, actor, worker, work, "somebody else signs, from their own seat")
        if refusal is not None:
            return refusal
    for name in settings.not_by:
        barred = _role(state, name)
        if barred is not None and _may_be_one_of(state, actor, barred.people):
            why = f"{called(actor)} {_is_or_may_be(actor, barred.people)} {_title(barred)}"
            return Refusal(why, "somebody of another role signs", "not_by")
    return None


def may_not_decide(state: RunState, step: Step, actor: Actor) -> Refusal | None:
    """A decision that belongs to a role is made by one of it."""
    if step.behaviour != "decision":
        return None
    role = _role(state, settings_of(step, DecisionSettings).role)
    if role is None or not role.people or is_named(state, actor, role.people):
        return None
    return _not_of(state, actor, role, ", which decides this", "the pen is passed to one of them")


def is_named(state: RunState, actor: Actor, people: tuple[str, ...]) -> bool:
    """Whether a person is in a list of `user` or `user@host`: by the name that is proven, never by a shared account."""
    if is_nobody_known(actor, state.profile.shared_accounts):
        return False
    name = name_of(actor)
    return name in people or f"{name}@{actor.host}" in people


def _not_of(state: RunState, actor: Actor, role: Role, which: str, instead: str) -> Refusal:
    people = ", ".join(shortened(name, 40) for name in role.people[:5])
    if is_nobody_known(actor, state.profile.shared_accounts):
        return _nobody_known(state, actor, f"only the role {_title(role)} may{which or ' sign'}")
    for claimed in (actor.person, actor.login, actor.sudo):
        if claimed and claimed in role.people:
            why = f"{visible(claimed)} is of the role {_title(role)}, but nothing proves that {called(actor)} is them"
            return Refusal(why, f"{instead}: {people}", "not_proven")
    return Refusal(f"{called(actor)} is not of the role {_title(role)}{which}", f"{instead}: {people}", "not_role")


def _may_be_one_of(state: RunState, actor: Actor, people: tuple[str, ...]) -> bool:
    if people and is_nobody_known(actor, state.profile.shared_accounts):
        return True
    return any(name in people or f"{name}@{actor.host}" in people for name in people_of(actor))


def _is_or_may_be(actor: Actor, people: tuple[str, ...]) -> str:
    is_it = name_of(actor) in people or f"{name_of(actor)}@{actor.host}" in people
    return "is of the role" if is_it else "may be of the role"


def _role(state: RunState, role_id: str) -> Role | None:
    return next((role for role in state.profile.roles if role.id == role_id), None)


def _title(role: Role) -> str:
    return shortened(role.title or role.id, 60)


# ---- four eyes ---------------------------------------------------------------------------------------------------


def no_second_person(state: RunState, command: Command, step_id: str) -> Refusal | None:
    """The second person is another one than the first: who holds the pen, or had a hand in the step."""
    step = state.steps.get(step_id)
    instead = "another person agrees, from their own seat"
    if state.pen is not None:
        holder = state.pen.by or Actor(state.pen.user, state.pen.host)
        refusal = _not_two(state, command.actor, holder, "holds the pen", instead)
        if refusal is not None:
            return refusal
    for worker in step.workers if step is not None else ():
        work = f"had a hand in {step_label(state.profile, step_id)}"
        refusal = _not_two(state, command.actor, worker, work, instead)
        if refusal is not None:
            return refusal
    return None


def _workers(state: RunState, step: Step, settings: SignoffSettings) -> Iterator[tuple[Actor, str]]:
    """Those whose work is signed off, with what they did, in the order of the walk."""
    watched = [name for name in settings.not_by if name in state.steps]
    if settings.four_eyes:
        found = find_step(state.profile, step.id)
        watched += [each.id for each in found[0].steps if each.id != step.id] if found else []
    for step_id in watched:
        if find_step(state.profile, step_id) is not None:
            for worker in state.steps[step_id].workers:
                yield worker, f"did {step_label(state.profile, step_id)}"


def _not_two(state: RunState, actor: Actor, first: Actor, work: str, instead: str) -> Refusal | None:
    """Why the actor does not count as another person than the one who did the work."""
    shared = state.profile.shared_accounts
    if is_nobody_known(actor, shared):
        return _nobody_known(state, actor, f"{called(first)} {work}, and this takes another person")
    if is_nobody_known(first, shared):
        why = f"{called(first)} {work}, and nothing proves who of those that use {visible(name_of(first))} this is"
        return Refusal(f"{why}: it may be you", "go on without it, with a reason", "not_proven")
    same = why_same(actor, first)
    if not same:
        return None
    if name_of(actor) == name_of(first):
        return Refusal(f"{called(actor)} {work}", instead, "four_eyes")
    return Refusal(f"{called(first)} {work}, and {same}", instead, "four_eyes")


def _nobody_known(state: RunState, actor: Actor, what: str) -> Refusal:
    claimed = f" (you say: {visible(actor.person)})" if actor.person else ""
    why = f"several people use {visible(name_of(actor))} and nothing proves who you are{claimed}; {what}"
    return Refusal(why, _way_to_a_name(state), "not_proven")


def _way_to_a_name(state: RunState) -> str:
    """How somebody at a shared account comes to have a name in this run."""
    if state.started is not None and state.started.signers:
        return "come back with a name and the key to it: cockpit join --as NAME"
    return "this run has no allowed signers to prove a name by: act from an account of your own"
