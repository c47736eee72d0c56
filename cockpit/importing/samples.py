"""Code that is looked at and not run: sample answers, listings of variables, configurations of other tools."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing import monitors
from cockpit.importing.blocks import Fence, Table
from cockpit.importing.code_text import block, gist
from cockpit.importing.curl import Request
from cockpit.importing.draft import Draft, DraftPhase
from cockpit.importing.environments import Setting, from_rows
from cockpit.importing.expected import answer, conditions, keys
from cockpit.importing.http_probes import expect, full_url, health_probe
from cockpit.importing.naming import read_title
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled, literal
from cockpit.profile.model import Probe, Step

_SAYS = re.compile(
    r"\b(?:response|respond\w*|answers?|returns?|outputs?|expect\w*|should (?:return|look|show|be|see)|result|prints?"
    r"|sample)\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"^\s*(?:#|//|--|;)+\s*(.*)$")


def read_sample(fence: Fence, phase: DraftPhase, draft: Draft, *, heading: str, told: str) -> bool:
    """A sample answer: conditions of the probe that asks for it, and shown. False: it is none."""
    value = answer(fence.body)
    comments = _comments(fence.body)
    said = " ".join((told, heading, comments, phase.title))
    if value is None or not _SAYS.search(said):
        return False
    found = conditions(value)
    near = draft.recent.is_near(draft.ledger.source.name, fence.first, phase.id)
    probe_ids = draft.recent.probe_ids if near and draft.recent.probe_ids else _asked(said, value, draft)
    if not found or not probe_ids:
        return False
    for probe_id in probe_ids:
        expect(probe_id, found, draft)
        draft.ledger.give(fence.body_first, _body_last(fence), f"probe {probe_id}")
    show(fence, phase, draft, heading=heading, told=told, probe_ids=tuple(probe_ids))
    return True


def read_environment(
    settings: tuple[Setting, ...], fence: Fence, phase: DraftPhase, draft: Draft, *, heading: str, told: str
) -> None:
    """A listing of variables: a probe for each, and one step whose gate reads them."""
    title = heading or "Set the environment variables"
    step = Step(
        id=draft.step_ids.take(title, "environment"),
        title=literal(title),
        instructions="\n\n".join(part for part in (told, block(fence.body, fence.language or "bash", draft)) if part),
        gate=tuple(f"{variable_probe(each, draft)}.passing" for each in settings),
    )
    draft.add_step(phase, step, fence.body_first, _body_last(fence))
    for each, condition in zip(settings, step.gate, strict=True):
        line = fence.body_first + each.row
        draft.ledger.give(line, line, f"probe {condition.removesuffix('.passing')}")


def read_variables(table: Table, phase: DraftPhase, draft: Draft, *, heading: str) -> bool:
    """A table of variables of the environment, as `read_environment`. False: it is none."""
    cells = [[plain(cell) for cell in row.cells] for row in table.rows]
    settings = from_rows([plain(head) for head in table.header], cells)
    if not settings:
        return False
    title = heading or "Set the environment variables"
    told = [" | ".join(filled(cell, draft) for cell in each) for each in (table.header, *cells)]
    step = Step(
        id=draft.step_ids.take(title, "environment"),
        title=literal(title),
        instructions="\n".join(f"- {row}" for row in told),
        gate=tuple(dict.fromkeys(f"{variable_probe(each, draft)}.passing" for each in settings)),
    )
    draft.add_step(phase, step, table.first, table.last)
    for row, each in zip(table.rows, settings, strict=True):
        draft.ledger.give(row.line, row.line, f"probe {variable_probe(each, draft)}")
    return True


def variable_probe(setting: Setting, draft: Draft) -> str:
    """The id of the probe of one variable of the environment, made if there is none."""
    known = next((each for each in draft.probes if each.kind == "env" and each.settings["name"] == setting.name), None)
    if known is not None:
        return known.id
    settings: dict[str, object] = {"name": setting.name}
    if setting.pattern:
        settings["pattern"] = setting.pattern
    if setting.forbidden:
        settings["forbidden"] = [literal(value) for value in setting.forbidden]
    right = " && ".join(["!forbidden"] * bool(setting.forbidden) + ["matches"] * bool(setting.pattern)) or "length >= 0"
    probe = Probe(
        id=draft.probe_ids.take(setting.name, "variable"),
        kind="env",
        title=literal(setting.name + (f" ({gist(setting.comment)})" if setting.comment else "")),
        on_demand=True,
        pass_when=(f"!set || {right}",) if setting.optional else (),
        settings=settings,
    )
    draft.probes.append(probe)
    return probe.id


def show(
    fence: Fence, phase: DraftPhase, draft: Draft, *, heading: str, told: str, probe_ids: tuple[str, ...] = ()
) -> None:
    """Show a fence in the step it belongs to: that of the code right before it if it is its output, else its own."""
    probe_ids = tuple(dict.fromkeys((*probe_ids, *_watched(fence, draft))))
    shown = block(fence.body, fence.language, draft)
    gate = tuple(f"{probe_id}.passing" for probe_id in probe_ids)
    first, last = fence.body_first, _body_last(fence)
    recent = draft.recent
    is_output = bool(_SAYS.search(told)) or not told
    if is_output and recent.step_ids and recent.is_near(draft.ledger.source.name, fence.first, phase.id):
        for at, step in enumerate(phase.steps):
            if step.id == recent.step_ids[-1]:
                said = "\n\n".join(part for part in (step.instructions, told, shown) if part)
                gates = tuple(dict.fromkeys((*step.gate, *gate)))
                phase.steps[at] = replace(step, instructions=said, gate=gates)
                draft.ledger.give(first, last, f"step {step.id}")
                return
    title = heading or gist(read_title(_comments(fence.body, first_only=True)).text or phase.title)
    step = Step(
        id=draft.step_ids.take(title, "look"),
        title=literal(title),
        instructions="\n\n".join(part for part in (told, shown) if part),
        gate=gate,
    )
    draft.add_step(phase, step, first, last)


def _watched(fence: Fence, draft: Draft) -> list[str]:
    """Probes of what a configuration watches."""
    if fence.language not in monitors.LANGUAGES:
        return []
    found = []
    for each in monitors.watched(fence.body, fence.language, draft.recent.patience):
        line = next(
            (
                fence.body_first + row
                for row, text in enumerate(fence.body.split("\n"))
                if each.url and each.url in text
            ),
            fence.body_first,
        )
        probe_id = _endpoint(each, draft, line)
        if probe_id:
            found.append(probe_id)
    if not found and monitors.container_checks(fence.body, fence.language):
        draft.note(fence.first, "this health check is asked within its container, so it is no probe")
    return found


def _endpoint(each: monitors.Watched, draft: Draft, line: int) -> str:
    url = full_url(each.url, draft)
    known = next((probe for probe in draft.probes if probe.kind == "http" and probe.settings.get("url") == url), None)
    if not url:
        return ""
    if known is None:
        probe_id = health_probe(Request(url=each.url, method=each.method, discards=True), draft, line, title=each.title)
        if not probe_id:
            known = Probe(
                id=draft.probe_ids.take(each.title or url.split("://")[-1], "endpoint"),
                kind="http",
                title=literal(each.title),
                settings={"url": url} if each.method == "GET" else {"url": url, "method": each.method},
            )
            draft.probes.append(known)
            draft.comment("probes", known.id, draft.place(line, line))
            draft.ledger.give(line, line, f"probe {known.id}")
    else:
        probe_id = known.id
    probe_id = probe_id if known is None else known.id
    if each.interval_s:
        for at, probe in enumerate(draft.probes):
            if probe.id == probe_id:
                draft.probes[at] = replace(probe, interval_s=max(each.interval_s, probe.timeout_s))
    expect(probe_id, each.conditions, draft)
    return probe_id


def _asked(said: str, value: object, draft: Draft) -> list[str]:
    """The probe that a sample belongs to: the one of which the same words were said; of equals, the last."""
    words = set(re.findall(r"[a-z]{3,}", " ".join((said, *keys(value))).lower().replace("_", " ")))
    best, score = "", -1
    for probe_id, own in draft.recent.asked.items():
        shared = len(words & own)
        if shared >= score:
            best, score = probe_id, shared
    return [best] if best else []


def _comments(body: str, *, first_only: bool = False) -> str:
    lines = [found[1] for line in body.split("\n")[:200] if (found := _COMMENT.match(line)) and found[1].strip()]
    return (lines[0] if lines else "") if first_only else " ".join(lines)


def _body_last(fence: Fence) -> int:
    """The last line of the code itself."""
    return max(fence.body_first, fence.body_first + len(fence.body.rstrip("\n").split("\n")) - 1)
