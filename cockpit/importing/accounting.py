"""The account of an import in figures: what became of the lines, and what the profile holds.

Invariant: every count is made here and nowhere else, so that the command, its report and the tests mean the same by a
word. Lines are counted from the ledger's entries, all else from the profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cockpit.importing.imported import Account, Imported
from cockpit.importing.source import Note
from cockpit.profile.model import Profile, Step

_COMPARED = re.compile(r"(?:[<>]=?|==|!=)\s{0,4}-?\d")
"""A value against a number, in a condition (CEL)."""


class LineCounts(Struct, frozen=True, kw_only=True):
    """Lines of one source, or of all. `actionable` = `mapped` + `not_mapped`."""

    lines: int
    actionable: int
    """Those that ask for something: an item, a line of code, a row of a table."""
    mapped: int
    """Of the actionable ones, those that stand in the profile."""
    not_mapped: int
    """Of the actionable ones, those that do not."""
    told: int
    """All lines that stand in the profile, titles and prose among them."""
    left: int
    """Lines that ask for nothing, are no layout, and stand nowhere: prose."""
    repaired: int
    """Notes of text that was damaged and put right."""
    secrets: int
    """Notes of secrets that were replaced."""


class Counts(Struct, frozen=True, kw_only=True):
    """What a profile holds. Phases and steps are those of the walk and of the rollback plans together."""

    phases: int
    steps: int
    commands: int
    """Steps that show or run a command of a shell."""
    sql: int
    """Steps that show or run SQL."""
    waits: int
    messages: int
    signoffs: int
    decisions: int
    claimed: int
    """Steps that the source had ticked."""
    rollback_steps: int
    """Of the steps, those of the plans."""
    http: int
    env: int
    prometheus: int
    other_probes: int
    thresholds: int
    """Conditions that compare a value with a number: of gates, triggers, plans and probes, a bound that a probe and a
    step's gate both tell once."""
    triggers: int
    plans: int
    templates: int
    contacts: int
    roles: int
    tasks: int
    variables: int
    to_give: int
    """Of the variables, those that have no value and no default: somebody has to give them."""

    @property
    def probes(self) -> int:
        """All of them."""
        return self.http + self.env + self.prometheus + self.other_probes


def counts(made: Imported) -> Counts:
    """What the profile of an import holds."""
    return held(made.profile)


def held(profile: Profile) -> Counts:
    """What a profile holds."""
    steps = [step for _, step in profile.every_step()]
    kinds = [probe.kind for probe in profile.probes]
    known = ("http", "env", "prometheus")
    return Counts(
        phases=len({phase.id for phase, _ in profile.every_step()}),
        steps=len(steps),
        commands=sum(_language(step) == "bash" for step in steps),
        sql=sum(_language(step) == "sql" for step in steps),
        waits=sum(step.behaviour == "wait" for step in steps),
        messages=sum(step.behaviour == "message" for step in steps),
        signoffs=sum(step.behaviour == "signoff" for step in steps),
        decisions=sum(step.behaviour == "decision" for step in steps),
        claimed=sum(bool(step.claimed) for step in steps),
        rollback_steps=len(steps) - len(profile.steps()),
        http=kinds.count("http"),
        env=kinds.count("env"),
        prometheus=kinds.count("prometheus"),
        other_probes=sum(kind not in known for kind in kinds),
        thresholds=sum(len(_COMPARED.findall(each)) for each in _conditions(profile)),
        triggers=len(profile.triggers),
        plans=len(profile.rollbacks),
        templates=len(profile.templates),
        contacts=len(profile.contacts),
        roles=len(profile.roles),
        tasks=len(profile.tasks),
        variables=len(profile.variables),
        to_give=sum(each.value is None and each.default is None for each in profile.variables),
    )


def line_counts(accounts: Iterable[Account], notes: Iterable[Note] = ()) -> LineCounts:
    """Of one source's account or of several; `notes` are counted as they are given."""
    entries = [entry for account in accounts for entry in account.entries]
    asked = [entry for entry in entries if entry.actionable]
    kinds = [note.kind for note in notes]
    return LineCounts(
        lines=len(entries),
        actionable=len(asked),
        mapped=sum(entry.fate == "mapped" for entry in asked),
        not_mapped=sum(entry.fate != "mapped" for entry in asked),
        told=sum(entry.fate == "mapped" for entry in entries),
        left=sum(entry.fate == "not mapped" and not entry.actionable for entry in entries),
        repaired=kinds.count("repaired"),
        secrets=kinds.count("secret"),
    )


def _language(step: Step) -> str:
    """Of what a step shows or runs; empty: it is no command."""
    if step.behaviour == "action":
        return "sql" if step.kind == "sql" else "bash"
    return step.language if step.command else ""


def _conditions(profile: Profile) -> Iterator[str]:
    """Every condition, once: a bound of a step that its probe tells as well counts as one."""
    yield from _judged(profile)
    gates = frozenset(each for _, step in profile.every_step() for each in step.gate)
    for probe in profile.probes:
        for each in (*probe.pass_when, *probe.warn_when, *probe.fail_when):
            fact, _, bound = each.partition(" ")
            told = {f"{probe.id} {bound}", f"{probe.id} {_negated(bound)}"}
            if fact not in ("value", "latency_ms", probe.value) or not told & gates:
                yield each


def _negated(bound: str) -> str:
    operator, _, value = bound.partition(" ")
    return f"{_OPPOSITE.get(operator, operator)} {value}"


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _judged(profile: Profile) -> Iterator[str]:
    for _, step in profile.every_step():
        yield from (*step.gate, *step.requires, *step.only_if)
    for phase in {phase.id: phase for phase, _ in profile.every_step()}.values():
        yield from (*phase.gate, *phase.exit)
    for trigger in profile.triggers:
        yield from trigger.when
    for plan in profile.rollbacks:
        yield from plan.when
