"""Fenced code as steps: shell and SQL command by command, health checks as probes as well, listings of variables as
probes of the environment."""

from __future__ import annotations

import re

from cockpit.importing.blocks import Fence, Paragraph
from cockpit.importing.curl import Request, request_of
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.naming import read_title
from cockpit.importing.placeholders import filled, in_url, literal, shell_variable
from cockpit.importing.shell import commands
from cockpit.importing.sql import statements
from cockpit.profile.durations import written
from cockpit.profile.model import Language, Probe, Step

SHELL = ("bash", "sh", "shell", "zsh", "console", "shell-session", "terminal", "")
SQL = ("sql", "postgresql", "psql", "pgsql", "plpgsql")
_VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]+)\b")
_LONGEST_TITLE = 70


def code_steps(
    fence: Fence, phase: DraftPhase, draft: Draft, *, heading: str, told: str, above: tuple[Paragraph, ...]
) -> None:
    """Add a fence's steps to a phase. `told` is the prose `above` it, which the first of them tells."""
    draft.ledger.lay(fence.first, fence.first, "fence")
    draft.ledger.lay(fence.last, fence.last, "fence")
    before = len(phase.steps)
    if fence.language in SHELL:
        _shell(fence, phase, draft, heading, told)
    elif fence.language in SQL:
        _sql(fence, phase, draft, heading, told)
    else:
        draft.ledger.leave(fence.body_first, fence.last, f"{fence.language} is shown nowhere and run by nothing")
    if len(phase.steps) > before:
        for each in above:
            draft.ledger.give(each.first, each.last, f"step {phase.steps[before].id}")


def _shell(fence: Fence, phase: DraftPhase, draft: Draft, heading: str, told: str) -> None:
    found = commands(fence.body)
    real = [each for each in found if each.text]
    for each in found:
        first, last = fence.body_first + each.first, fence.body_first + each.last
        if not each.text:
            if phase.steps:
                draft.ledger.give(first, last, f"step {phase.steps[-1].id}")
            continue
        title, instructions = _titled(each.comment, each.text, heading, told, alone=len(real) == 1)
        told = ""
        if each.sleep_s:
            step = Step(
                id=draft.step_ids.take(title, "wait"),
                title=literal(title),
                kind="wait",
                behaviour="wait",
                estimate_s=each.sleep_s,
                instructions=instructions,
                settings={"duration": written(each.sleep_s)},
            )
            draft.add_step(phase, step, first, last)
            continue
        request = request_of(each.text)
        gate = (f"{_health(request, draft, first)}.passing",) if request is not None and request.is_health else ()
        step = _command(title, each.text, instructions, "bash", draft, gate)
        draft.add_step(phase, step, first, last)
        if gate:
            draft.ledger.give(first, last, f"probe {gate[0].removesuffix('.passing')}")
        for name in dict.fromkeys(_VARIABLE.findall(each.text)):
            shell_variable(name, draft)


def _sql(fence: Fence, phase: DraftPhase, draft: Draft, heading: str, told: str) -> None:
    found = statements(fence.body)
    for each in found:
        first, last = fence.body_first + each.first, fence.body_first + each.last
        title, instructions = _titled(each.comment, each.text, heading, told, alone=len(found) == 1)
        told = ""
        step = _command(title, each.text, instructions, "sql", draft, ())
        draft.add_step(phase, step, first, last)


def _command(title: str, text: str, instructions: str, language: Language, draft: Draft, gate: tuple[str, ...]) -> Step:
    return Step(
        id=draft.step_ids.take(title, "command"),
        title=literal(title),
        instructions=instructions,
        command=filled(text, draft),
        language=language,
        gate=gate,
    )


def _titled(comment: str, text: str, heading: str, told: str, *, alone: bool) -> tuple[str, str]:
    """A command's title and what is told with it: its heading if it stands alone, else its comment."""
    remarks = [line for line in comment.splitlines() if line]
    if alone and heading:
        title, told_first = heading, ""
    elif remarks:
        title, told_first = read_title(remarks.pop(0)).text, heading
    else:
        first_line = text.splitlines()[0]
        title = first_line if len(first_line) <= _LONGEST_TITLE else first_line[: _LONGEST_TITLE - 1] + "…"
        told_first = heading
    said = [f"**{literal(told_first)}**" if told_first else "", told, "\n".join(literal(line) for line in remarks)]
    return title, "\n\n".join(part for part in said if part)


def _health(request: Request, draft: Draft, line: int) -> str:
    url = in_url(request.url, draft)
    known = next((probe for probe in draft.probes if probe.settings.get("url") == url), None)
    if known is None:
        settings: dict[str, object] = {"url": url}
        if request.headers:
            settings["headers"] = request.headers
        path = request.url.split("://")[-1].partition("/")[2].split("?")[0]
        known = Probe(id=draft.probe_ids.take(path, "health"), kind="http", settings=settings)
        draft.probes.append(known)
        draft.comment("probes", known.id, draft.place(line, line))
    return known.id
