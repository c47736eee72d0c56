"""A box of a printed document as the step that it was, except that nothing in it is run: a command is shown.

Facts that an import does not take over stay in the instructions as they are written, so that nothing is lost.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cockpit.importing.blocks import Block, Fence, Item, Rule
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.parsing import plain
from cockpit.importing.printed_kinds import kind_of
from cockpit.importing.printed_text import Known, bold, labelled, quoted
from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.words import LEVELS, RISKS, lasted
from cockpit.profile.model import Language, Level, Step

_ASIDE = re.compile(r"\(([^()]*)\)")
_LANGUAGES: tuple[Language, ...] = ("bash", "sql")
CONDITIONS = {say.ONLY_IF: "only_if", say.REQUIRES: "requires", say.GATE: "gate"}


class Fact(Struct, frozen=True, kw_only=True):
    """One labelled fact."""

    label: str
    values: list[str]
    """Markdown: what stands beside the label, or the items below it."""
    item: Item


def is_printed(item: Item) -> bool:
    """It is a step's box as it is printed: with its title in bold."""
    return item.checked is not None and bold(item.text) is not None


def title_of(item: Item) -> tuple[str, str]:
    """A step's number (`1.2`; empty if somebody wrote one without) and its title; plain."""
    found = bold(item.text)
    title = found[0] if found is not None else plain(item.text)
    number, _, rest = title.partition(" ")
    return (number, rest) if re.fullmatch(r"R?\d{1,5}\.\d{1,5}", number) and rest else ("", title)


def facts_of(item: Item) -> list[Fact]:
    """The labelled facts that an item ends with."""
    found: list[Fact] = []
    for block in reversed(item.blocks):
        if not isinstance(block, Item) or block.checked is not None or (said := labelled(block.text)) is None:
            break
        below = [inner.text for inner in block.blocks if isinstance(inner, Item)]
        found.append(Fact(label=said[0], values=[said[1]] if said[1] else below, item=block))
    return found[::-1]


def last_of(block: Block) -> int:
    """The last line of a block and all that is in it."""
    return max([block.last, *map(last_of, block.blocks)]) if isinstance(block, Item) else block.last


def raw(draft: Draft, first: int, last: int, indent: int = 0) -> str:
    """Lines of the source as they are written, without the indentation of the list that they stand in."""
    lines = draft.ledger.source.lines[first - 1 : last]
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in lines).strip("\n")


def read_step(item: Item, phase: DraftPhase, draft: Draft, known: Known) -> None:
    """Add the step of a box."""
    facts = facts_of(item)
    rest = list(item.blocks[: len(item.blocks) - len(facts)])
    command = rest.pop() if rest and isinstance(rest[-1], Fence) and rest[-1].language in _LANGUAGES else None
    told = [each for each in rest if not isinstance(each, Rule)]
    parts, understood = kind_of({fact.label: fact.values for fact in facts}, known)
    parts |= _head(item)
    left: list[str] = []
    for fact in facts:
        taken = {} if fact.label in understood else _taken(fact, parts, draft, known)
        parts |= taken or {}
        if taken is None:
            left.append(raw(draft, fact.item.first, last_of(fact.item), 2))
    said = [raw(draft, item.last + 1, last_of(told[-1]), 2)] if told else []
    instructions = "\n\n".join(part for part in (*said, "\n".join(left)) if part)
    _, title = title_of(item)
    step = Step(
        id=known.ids[item.first],
        title=known.text(title),
        instructions=known.text(instructions),
        claimed=parts.pop("claimed", "ticked in the runbook" if item.checked else ""),
        **parts,
    )
    if isinstance(command, Fence):
        language = "sql" if command.language == "sql" else "bash"
        step = replace(step, command=known.shell(command.body.rstrip("\n")), language=language)
    draft.add_step(phase, step, item.first, last_of(item))
    if step.kind in ("record", "decision"):
        type_ = "double" if step.settings.get("type") == "number" else "string"
        known.records[str(step.settings.get("name", step.id))] = type_


def _head(item: Item) -> dict[str, Any]:
    """What stands in brackets behind the title."""
    found = bold(item.text)
    parts: dict[str, Any] = {}
    levels: dict[str, Level] = {said: level for level, said in LEVELS.items() if said}
    for aside in _ASIDE.findall(found[1] if found is not None else ""):
        if aside in levels:
            parts["level"] = levels[aside]
        elif (estimate_s := lasted(aside)) is not None:
            parts["estimate_s"] = estimate_s
    return parts


def _taken(fact: Fact, parts: dict[str, Any], draft: Draft, known: Known) -> dict[str, Any] | None:
    """The fields of a step that a fact says; None: it is not taken over.

    `parts` are those that are known already: what is shown and not run needs nothing before it, and cannot fail.
    """
    value = fact.values[0] if fact.values else ""
    if (fact.label == say.REQUIRES and parts.get("kind") != "message") or (
        fact.label == say.ON_FAILURE and "gate" not in parts
    ):
        return None
    if fact.label in CONDITIONS:
        conditions = known.conditions(fact.values)
        return {CONDITIONS[fact.label]: conditions} if conditions else None
    match fact.label:
        case say.CLAIMED:
            return {"claimed": known.text(plain(value))}
        case say.OWNER:
            return {"owner": known.role(value)}
        case say.RISK:
            return next(({"risk": risk} for risk, said in RISKS.items() if said and said == plain(value)), None)
        case say.UNDOES:
            return {"undoes": steps} if (steps := known.steps(value)) else None
        case say.ON_FAILURE:
            return {"on_failure": plan} if (plan := known.plans.get(quoted(value), "")) else None
        case say.UNDO:
            below = fact.item.blocks
            text = value or (raw(draft, fact.item.last + 1, last_of(fact.item), 4) if below else "")
            return {"rollback": known.text(text)} if text else None
    return None
