"""The drafted profile made to fit what `cockpit check` asks of every profile, whatever the source says.

Readers take texts as they come. Here, at the end and for all of them at once, titles become one line that is not empty
and not too long (the whole text then stands below it), and `${…}` that is no variable is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from cockpit.errors import ImportRefused
from cockpit.profile.model import Contact, Phase, Profile, RollbackPlan, Step, Value, Variable
from cockpit.profile.recording import RUN_NAMES as _RUN_NAMES
from cockpit.profile.sources import DOTTED

LONGEST_TITLE = 200
"""Characters, as `check` has it."""
_LAST_IN_ORDER = 99
_LONGEST_S = 365 * 86400.0
LARGEST_BYTES = (2 << 20) - (128 << 10)
"""Of the profile and its TOML together: the first line of a run's log holds both, and a little beside them."""
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}")
_ORIGIN = re.compile(r"https?://[^\s<>{}\[\]]+$")
_IN_URL = re.compile(r"(?!your-)[\w.:/@%~-]+$")
RUN_NAMES = frozenset(_RUN_NAMES)
_Part = TypeVar("_Part", bound=Value)


def fitted(profile: Profile) -> Profile:
    """The profile, with texts that `check` takes."""
    names = {variable.name for variable in profile.variables if not variable.secret}
    secret = {variable.name for variable in profile.variables if variable.secret}
    own = _titled(_texts(_titled(profile, "title", ""), names, ("title", "description")), "title", "")
    return replace(
        own,
        variables=_asked(profile),
        roles=tuple(_around(role, names) for role in profile.roles),
        probes=tuple(_around(probe, names) for probe in profile.probes),
        templates=tuple(
            _texts(_titled(each, "title", each.id), names | RUN_NAMES, ("title", "body", "to"))
            for each in profile.templates
        ),
        phases=_phases(profile.phases, names, secret),
        rollbacks=tuple(_plan(plan, names, secret) for plan in profile.rollbacks),
        triggers=tuple(_around(trigger, names) for trigger in profile.triggers),
        contacts=tuple(_contact(contact, names) for contact in profile.contacts),
        tasks=tuple(_titled(_around(task, names), "group", "") for task in profile.tasks),
    )


def _asked(profile: Profile) -> tuple[Variable, ...]:
    """The variables; one that a probed URL is made of has to be given where its default is no part of a URL."""
    urls = [str(probe.settings.get("url", "")) for probe in profile.probes]
    first = {found[1] for url in urls if (found := _REFERENCE.match(url))}
    probed = {name for url in urls for name in _REFERENCE.findall(url)}
    return tuple(
        replace(each, default=None)
        if each.name in probed
        and each.default is not None
        and not (_ORIGIN if each.name in first else _IN_URL).match(each.default)
        else each
        for each in profile.variables
    )


def refuse_oversized(profile: Profile, toml: str) -> None:
    """Raise ImportRefused for a profile that no run could begin with, or that no profile may be."""
    if DOTTED.search(toml):
        raise ImportRefused(
            "a text in it is a row of dots without end (`1. 1. 1. …`), which no profile may hold", hint="take it out"
        )
    if len(toml) > LARGEST_BYTES // 8:
        size = len(msgspec.json.encode(profile)) + len(msgspec.json.encode(toml))
        if size > LARGEST_BYTES:
            raise ImportRefused(
                f"its profile would take {size:,} bytes, and a run's log holds {LARGEST_BYTES:,} of one",
                hint="give it in parts, or leave out what nobody has to read during the run",
            )


def _phases(phases: tuple[Phase, ...], names: Set[str], secret: Set[str]) -> tuple[Phase, ...]:
    return tuple(
        replace(_around(phase, names), steps=tuple(_step(step, names, secret) for step in phase.steps))
        for phase in phases
    )


def _plan(plan: RollbackPlan, names: Set[str], secret: Set[str]) -> RollbackPlan:
    return replace(_around(plan, names), phases=_phases(plan.phases, names, secret))


def _step(step: Step, names: Set[str], secret: Set[str]) -> Step:
    """Secrets may stand in what is shown masked, and not in a title."""
    if len(step.title) > LONGEST_TITLE:
        step = replace(step, instructions="\n\n".join(filter(None, (step.title, step.instructions))))
    if step.estimate_s > _LONGEST_S and step.kind == "confirm":
        step = replace(step, estimate_s=0.0)  # no plan is made of it
    fallback = step.command or step.instructions.lstrip("-*# \n") or step.id
    titled = _titled(step, "title", next(filter(str.strip, fallback.split("\n")), step.id))
    own = _titled(_texts(titled, names, ("title",)), "title", step.id)
    return _texts(own, names | secret | RUN_NAMES, ("instructions", "command", "rollback"))


def _contact(contact: Contact, names: Set[str]) -> Contact:
    contact = _titled(contact, "title", contact.id)
    for key in ("name", "reach", "group"):
        contact = _titled(contact, key, "")
    if contact.order > _LAST_IN_ORDER:
        contact = replace(contact, order=0)
    return _texts(contact, names, ("title", "name", "reach", "group"))


def _around(part: _Part, names: Set[str]) -> _Part:
    """A part that has a title, and perhaps a description, in which only variables are filled in."""
    titled = _titled(part, "title", getattr(part, "id", ""))
    return _titled(_texts(titled, names, ("title", "description")), "title", "")  # what is escaped is longer


def _titled(part: _Part, key: str, fallback: str) -> _Part:
    text = getattr(part, key)
    fitting = " ".join(text.split()) or " ".join(fallback.split())
    if len(fitting) > LONGEST_TITLE:
        fitting = fitting[: LONGEST_TITLE - 2]
        if fitting.rfind("${") > fitting.rfind("}"):
            fitting = fitting[: fitting.rfind("${")]
        fitting = fitting.rstrip(" $") + "…"
    return part if fitting == text else replace(part, **{key: fitting})


def _texts(part: _Part, names: Set[str], keys: tuple[str, ...]) -> _Part:
    """With what would read as a variable and is none escaped."""
    changed = {}
    for key in keys:
        text = getattr(part, key, None)
        if text and "${" in text and (escaped := _escaped(text, names)) != text:
            changed[key] = escaped
    return replace(part, **changed) if changed else part


def _escaped(text: str, names: Set[str]) -> str:
    return _REFERENCE.sub(lambda found: found[0] if found[1] is None or found[1] in names else f"${found[0]}", text)
