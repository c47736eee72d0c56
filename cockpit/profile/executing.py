"""What a profile may execute, send, read and give away: everything, listed for eyes.

Owns the answer to "what happens if I run this?". Invariant: pure; it reads the resolved profile and nothing beside it,
and nothing is left out or cut short: what does not stand here is not done. A value stays its name (`${release}`), and
where it comes from is listed; a secret is never shown. All text is visible: nothing in it can act.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from cockpit.profile import durations
from cockpit.profile.executing_kinds import acting_names, of_probe, of_step, quoted_text
from cockpit.profile.model import Channel, Profile, RollbackPlan, Step, Target, Variable
from cockpit.profile.references import references
from cockpit.text import counted, visible

When = Literal["itself", "asked", "key", "rehearsal", "back", "with"]
HEADS: dict[When, str] = {
    "itself": "by itself, without a key press",
    "asked": "when a gate or a person asks for it",
    "key": "at a key press",
    "rehearsal": "in a rehearsal, at a key press",
    "back": "on the way back, at a key press",
    "with": "with these values",
}
"""In the order in which they are shown."""


class Execution(Struct, frozen=True, kw_only=True):
    """One thing that may be done, or that decides how it is done."""

    when: When
    who: str
    """`probe api_health`, `step migrate`, `channel ops`, `variable release`."""
    what: str
    """`runs`, `runs a script`, `sends SQL`, `asks`, `sends`, `reads`, `is`."""
    text: str
    """What exactly, visible; a script or SQL has several lines."""

    @property
    def lines(self) -> tuple[str, ...]:
        """For eyes: one line, or one and the lines of a program below it."""
        first, *more = self.text.split("\n")
        if not more:
            return (f"{self.who} {self.what}: {first}",)
        return (f"{self.who} {self.what}:", *(f"    {line}" for line in (first, *more)))


def executions(profile: Profile, hidden: Mapping[str, str] | None = None) -> tuple[Execution, ...]:
    """Everything that a run of the profile may do, in the order of `HEADS`.

    `hidden`: texts that must not be shown, and what stands in for each.
    """
    found = [*_by_itself(profile), *_steps(profile), *_channels(profile), *_values(profile)]
    order = list(HEADS)
    clean = [_without(each, hidden or {}) for each in found]
    return tuple(sorted(clean, key=lambda each: order.index(each.when)))


def _without(found: Execution, hidden: Mapping[str, str]) -> Execution:
    text = found.text
    for secret, name in hidden.items():
        text = text.replace(visible(secret, multiline=True), name)
    return msgspec.structs.replace(found, text=text)


def _by_itself(profile: Profile) -> Iterator[Execution]:
    for target in profile.targets:
        yield Execution(when="itself", who=f"target {target.id}", what="is asked who it is", text=_target(target))
    for probe in profile.probes:
        how = "" if probe.on_demand else f" every {durations.written(probe.interval_s)}"
        when: When = "asked" if probe.on_demand else "itself"
        for what, text in of_probe(probe):
            yield Execution(when=when, who=f"probe {probe.id}{how}", what=what, text=text)
    if profile.alerts:
        text = f"triggers that fire and steps that are due, through channel {profile.alerts}"
        yield Execution(when="itself", who="alerts, while nobody is at the run,", what="tell", text=visible(text))


def _target(target: Target) -> str:
    if target.kind == "postgres":
        return visible(f"PostgreSQL {target.dsn}{_unverified(target.unverified)}")
    config = f" of {target.kubeconfig}" if target.kubeconfig else ""
    space = f", namespace {target.namespace}" if target.namespace else ""
    asks = "kubectl config view, kubectl get --raw /version, and the program that its kubeconfig may name (exec)"
    return visible(f"{asks}; context {target.context}{config}{space}{_unverified(target.unverified)}")


def _unverified(reason: str) -> str:
    return f", without checking that it is the right server ({reason})" if reason else ""


def _steps(profile: Profile) -> Iterator[Execution]:
    for _, step in profile.steps():
        yield from _step(profile, step, None)
    for plan in profile.rollbacks:
        for phase in plan.phases:
            for step in phase.steps:
                yield from _step(profile, step, plan)


def _step(profile: Profile, step: Step, plan: RollbackPlan | None) -> Iterator[Execution]:
    who = f"step {step.id}" + (f" of plan {plan.id}" if plan else "")
    when: When = "back" if plan else "key"
    if step.behaviour == "message":
        yield from _message(profile, step, when, who)
    elif step.behaviour == "action":
        for mode, what, text in of_step(step):
            yield Execution(when="rehearsal" if mode == "rehearsal" else when, who=who, what=what, text=text)


def _message(profile: Profile, step: Step, when: When, who: str) -> Iterator[Execution]:
    named = step.settings.get("template")
    template = next((each for each in profile.templates if each.id == named), None)
    if template is not None and template.channel:
        text = f"template {template.id} through channel {template.channel}: {template.title}\n{template.body}"
        yield Execution(when=when, who=who, what="sends", text=quoted_text(text))


def _channels(profile: Profile) -> Iterator[Execution]:
    for channel in profile.channels:
        yield Execution(when="with", who=f"channel {channel.id}", what="leads to", text=_channel(channel))


def _channel(channel: Channel) -> str:
    if channel.webhook:
        return visible(f"POST {channel.webhook}{_unverified(channel.unverified)}")
    return visible(f"Apprise {channel.apprise}" if channel.apprise else "nowhere")


def _values(profile: Profile) -> Iterator[Execution]:
    """Where every value that is filled in somewhere comes from, and where the secrets go."""
    used = uses(profile)
    for variable in profile.variables:
        where = used.get(variable.name, [])
        if where:
            goes = f", goes to {', '.join(where)}" if variable.secret else ""
            yield Execution(
                when="with", who=f"variable {variable.name}", what="is", text=visible(_origin(variable) + goes)
            )
    for who, name in acting_names(profile):
        text = f"{name}, which changes what programs load, run or reach"
        yield Execution(when="with", who=who, what="sets", text=visible(text))


def _origin(variable: Variable) -> str:
    kept = "a secret, " if variable.secret else ""
    if variable.env is not None:
        default = "" if variable.default is None else f", else {'‹secret›' if variable.secret else variable.default!r}"
        return f"{kept}what ${variable.env} holds{default}"
    if variable.prompt is not None:
        return f"{kept}what a person types"
    return f"{kept}{'‹secret›' if variable.secret else repr(variable.value)}"


def uses(profile: Profile) -> dict[str, list[str]]:
    """By variable: the probes, steps, targets and channels that get its value."""
    found: dict[str, dict[str, None]] = {}
    for where, texts in _holders(profile):
        for text in texts:
            for name, _ in references(text):
                found.setdefault(name, {})[where] = None
    return {name: list(where) for name, where in found.items()}


def _holders(profile: Profile) -> Iterator[tuple[str, list[str]]]:
    for target in profile.targets:
        yield f"target {target.id}", [target.dsn, target.context, target.namespace, target.kubeconfig, target.server]
    for probe in profile.probes:
        yield f"probe {probe.id}", list(texts_in(probe.settings))
    for _, step in profile.every_step():
        if step.behaviour in ("action", "message"):
            yield f"step {step.id}", list(texts_in(step.settings))
    for channel in profile.channels:
        yield f"channel {channel.id}", [channel.webhook, channel.apprise]
    for template in profile.templates:
        if template.channel:
            yield f"template {template.id}", [template.title, template.body, template.to]


def texts_in(value: object) -> Iterator[str]:
    """Every text in settings, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from texts_in(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from texts_in(below)


def listing(found: tuple[Execution, ...]) -> list[str]:
    """The lines for eyes, under their heads."""
    lines: list[str] = []
    for when, head in HEADS.items():
        of_head = [each for each in found if each.when == when]
        if of_head:
            lines.append(f"{head}:")
            lines += [f"  {line}" for each in of_head for line in each.lines]
    return lines


def summary(found: tuple[Execution, ...]) -> str:
    """What there is of each, in one line: `3 by itself, without a key press; 12 at a key press`."""
    counts = {when: sum(each.when == when for each in found) for when in HEADS if when != "with"}
    told = [f"{count} {HEADS[when]}" for when, count in counts.items() if count]
    return "; ".join(told) or f"nothing; {counted(len(found), 'value')} used"


def changes(before: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    """What differs between two listings (`keys` of them): gone with `-`, come with `+`; none: nothing differs."""
    known, here = set(before), set(now)
    gone = [key for key in before if key not in here]
    come = [key for key in now if key not in known]
    return [f"{sign} {line}" for sign, found in (("-", gone), ("+", come)) for key in found for line in key.split("\n")]


def keys(found: tuple[Execution, ...]) -> tuple[str, ...]:
    """Each as one text, to be kept and compared."""
    return tuple(f"{HEADS[each.when]}: " + "\n".join(each.lines) for each in found)
