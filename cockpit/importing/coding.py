"""Fences as steps: shell and SQL command by command, health checks as probes as well, listings of variables as probes
of the environment, sample answers as conditions; everything else is shown by the step that it belongs to.

Invariant: nothing is ever run by what is made here, but waiting; and every line of a fence stands in some step.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.blocks import Fence, Paragraph
from cockpit.importing.code_text import block, gist, named
from cockpit.importing.consoles import Session, session, sql_session
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.environments import listing
from cockpit.importing.languages import holds
from cockpit.importing.naming import read_title
from cockpit.importing.placeholders import filled, literal
from cockpit.importing.samples import read_environment, read_sample, show
from cockpit.importing.shell import ShellCommand, commands
from cockpit.importing.shell_steps import answered, command_step
from cockpit.importing.spoken import command_in, commanded
from cockpit.importing.sql import SqlStatement, statements
from cockpit.profile.model import Step


def code_steps(
    fence: Fence, phase: DraftPhase, draft: Draft, *, heading: str, told: str, above: tuple[Paragraph, ...]
) -> None:
    """Add a fence's steps to a phase. `told` is the prose `above` it, which the first of them tells."""
    draft.ledger.lay(fence.first, fence.first, "fence")
    draft.ledger.lay(fence.last, fence.last, "fence")
    before = len(phase.steps)
    for each in above:
        _spoken(each, fence, phase, draft)
    match holds(fence, told, draft.recent.patience):
        case "shell":
            _shell(fence, None, phase, draft, heading, told)
        case "console":
            _shell(fence, session(fence.body, root_prompt=True), phase, draft, heading, told)
        case "sql":
            _sql(fence, phase, draft, heading, told)
        case "environment":
            settings = listing(fence.body, fence.language)
            read_environment(settings, fence, phase, draft, heading=heading, told=told)
        case _:
            if not read_sample(fence, phase, draft, heading=heading, told=told):
                show(fence, phase, draft, heading=heading, told=told)
    if len(phase.steps) > before:
        for each in above:
            draft.ledger.give(each.first, each.last, f"step {phase.steps[before].id}")
    _remember(fence, phase, draft, before)


def _spoken(above: Paragraph, fence: Fence, phase: DraftPhase, draft: Draft) -> None:
    """Prose that leads to the code and tells to run something else before it."""
    command, _ = command_in(above.text, draft)
    if not command or command in fence.body:
        return
    sentences = re.split(r"(?<=[.!;]) ", above.text.replace("\n", " "))
    sentence = next((each for each in sentences if command in each), above.text)
    title = gist(read_title(sentence.rstrip(".:;")).text)
    step = Step(id=draft.step_ids.take(title, "step"), title=literal(title))
    draft.add_step(phase, commanded(step, above.text, above.first, draft), above.first, above.last)


def _remember(fence: Fence, phase: DraftPhase, draft: Draft, before: int) -> None:
    recent = draft.recent
    recent.source, recent.last_line, recent.phase_id = draft.ledger.source.name, fence.last, phase.id
    if len(phase.steps) > before:
        recent.step_ids = [step.id for step in phase.steps[before:]]
        gates = {name.removesuffix(".passing") for step in phase.steps[before:] for name in step.gate}
        recent.probe_ids = [probe.id for probe in draft.probes if probe.id in gates and probe.kind == "http"]


def _shell(fence: Fence, recorded: Session | None, phase: DraftPhase, draft: Draft, heading: str, told: str) -> None:
    body = recorded.body if recorded is not None else fence.body
    found = commands(body, draft.recent.patience)
    real = [each for each in found if each.text]
    answers = answered(found, recorded)
    for at, each in enumerate(found):
        first, last = fence.body_first + each.first, fence.body_first + max([each.last, *answers[at]])
        if not each.text:
            _tells(each, fence, phase, draft, heading, told)
            continue
        answer = "\n".join(answers[at].values())
        step = command_step(each, draft, first, heading=heading, told=told, alone=len(real) == 1, answer=answer)
        told = ""
        placed = draft.add_step(phase, step, first, last)
        for row in each.scene_rows:
            draft.ledger.give(fence.body_first + row, fence.body_first + row, f"step {placed.id}")
        if not each.parsed:
            draft.note(first, f"step `{placed.id}`: this is no shell that can be taken apart, so it is shown as it is")
    if not found and recorded is not None:
        show(fence, phase, draft, heading=heading, told=told)


def _tells(each: ShellCommand, fence: Fence, phase: DraftPhase, draft: Draft, heading: str, told: str) -> None:
    """Nothing but comments is something to do; nothing but `echo` is told with what comes before it."""
    first, last = fence.body_first + each.first, fence.body_first + each.last
    lines = [filled(line, draft) for line in each.remarks.above]
    if each.is_talk:
        if phase.steps:
            step = phase.steps[-1]
            phase.steps[-1] = replace(
                step, instructions="\n\n".join(filter(None, [step.instructions, "\n".join(lines)]))
            )
            draft.ledger.give(first, last, f"step {step.id}")
        else:
            phase.description += lines
            draft.ledger.give(first, last, f"description of phase {phase.id}")
        return
    title = heading or (read_title(each.remarks.above[0]).text if each.remarks.above else phase.title)
    rest = lines if heading else lines[1:]
    step = Step(
        id=draft.step_ids.take(title, "look"),
        title=literal(gist(title)),
        instructions="\n\n".join(part for part in (told, "\n".join(rest)) if part),
    )
    draft.add_step(phase, step, first, last)


def _sql(fence: Fence, phase: DraftPhase, draft: Draft, heading: str, told: str) -> None:
    recorded = sql_session(fence.body)
    found = statements(recorded.body if recorded is not None else fence.body, draft.recent.patience)
    for at, each in enumerate(found):
        first, last = fence.body_first + each.first, fence.body_first + each.last
        if not each.text:
            talk = ShellCommand(text="", remarks=each.remarks, first=each.first, last=each.last)
            _tells(talk, fence, phase, draft, heading, told)
            continue
        if recorded is not None:
            until = found[at + 1].first if at + 1 < len(found) else 1 << 40
            rows = {row: line for row, line in recorded.answers.items() if each.last < row < until}
            last = max([last, *(fence.body_first + row for row in rows)])
        step = _statement(each, draft, heading, told, alone=len(found) == 1)
        if recorded is not None and rows:
            shown = block("\n".join(rows.values()), "", draft)
            step = replace(step, instructions="\n\n".join(filter(None, [step.instructions, "Answer:", shown])))
        told = ""
        placed = draft.add_step(phase, step, first, last)
        if not each.parsed:
            draft.note(first, f"step `{placed.id}`: PostgreSQL's parser does not take this statement")


def _statement(each: SqlStatement, draft: Draft, heading: str, told: str, *, alone: bool) -> Step:
    said = named(each.text, each.remarks, heading, told, draft, alone=alone)
    return Step(
        id=draft.step_ids.take(said.title, "sql"),
        title=literal(said.title),
        instructions=said.instructions,
        command=filled(each.text, draft, code=True),
        language="sql",
        risk=each.risk,
        level=said.level,
        estimate_s=said.estimate_s,
    )
