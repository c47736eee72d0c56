"""Commands and health paths in prose: ``Run `npm run test` ``, `` `/health` answers ``.

Invariant: only a code span is taken, and only if it parses as a command. Paths, names of columns, files and functions
are none; a path of a health check is one of the system that other probes ask.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from cockpit.importing.curl import Request, requests_of
from cockpit.importing.draft import Draft
from cockpit.importing.http_probes import health_probe
from cockpit.importing.languages import is_command
from cockpit.importing.parsing import plain
from cockpit.importing.placeholders import filled
from cockpit.importing.risks import risk_of, riskier
from cockpit.importing.shell_tree import Script
from cockpit.profile.model import Probe, Risk, Step

_SPAN = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{2,400})\1(?!`)")
_VERB = re.compile(
    r"\b(?:run|runs|running|execute|invoke|issue|start(?:ing)?|with|using|via|type|enter|use|call)\W{0,3}$",
    re.IGNORECASE,
)
_RUNS = re.compile(r"\b(?:run|running|execute|invoke|issue)\W{0,3}$", re.IGNORECASE)
_ANSWERS = re.compile(
    r"\b(?:answers?|returns?|responds?|says?|shows?|replies|get)\b[\w ]{0,20}?"
    r"([1-5]\d\d\b|[`\"'][^`\"'\n]{1,60}[`\"'])",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?://[^/?#\s]+")
_PATH = re.compile(r"/[\w./-]{1,120}")
_WORD = re.compile(r"[a-z][\w.-]{1,60}")
_FILE = re.compile(r".*\.(?:md|ts|tsx|js|jsx|json|ya?ml|toml|sql|txt|html|css|env|conf|cfg|ini|log|csv)")


def commanded(step: Step, text: str, line: int, draft: Draft) -> Step:
    """A step of prose (Markdown) with the command that it tells to run, and the health checks that it names."""
    if step.kind != "confirm":
        return step
    command, risk = command_in(text, draft) if not step.command else (step.command.replace("$${", "${"), "routine")
    gates = list(step.gate)
    if command:
        script = Script(command, draft.recent.patience)
        asked = requests_of(tuple(script.simples(script.root))) if script.root is not None else ()
        probes = [health_probe(each, draft, line, title=plain(step.title), told=expectations(text)) for each in asked]
        gates += [f"{probe_id}.passing" for probe_id in probes if probe_id]
        if script.root is not None:
            risk = risk_of(tuple(script.simples(script.root)))
        written = step.command or filled(command, draft, code=True)
        step = replace(step, command=written, language="bash", risk=riskier(step.risk, risk))
    gates += [f"{probe_id}.passing" for probe_id in _paths(text, draft, line)]
    return replace(step, gate=tuple(dict.fromkeys(gates)))


def expectations(text: str) -> tuple[str, ...]:
    """What a sentence with a request in it expects: what stands after the request."""
    last = max((found.end() for found in _SPAN.finditer(text) if "://" in found[2]), default=0)
    behind = " ".join(text[last : last + 200].split())
    if found := _ANSWERS.search(behind):
        return (f"should return {found[1]}",)
    return (behind,) if last else ()


def _paths(text: str, draft: Draft, line: int) -> list[str]:
    """Probes of paths like `/health`, on the host that the last health check asked."""
    spans = [match[2].strip() for match in _SPAN.finditer(text)]
    paths = [span for span in spans if _PATH.fullmatch(span) and Request(url=f"http://host{span}").is_health]
    found: list[str] = []
    if not paths:
        return found
    urls = (str(probe.settings.get("url", "")) for probe in reversed(draft.probes) if probe.kind == "http")
    base = next((host[0] for url in urls if (host := _HOST.match(url))), "")
    for path in paths if base else ():
        known = next((probe.id for probe in draft.probes if probe.settings.get("url") == base + path), "")
        if not known:
            known = draft.probe_ids.take(path, "health")
            draft.probes.append(Probe(id=known, kind="http", settings={"url": base + path}))
            draft.comment("probes", known, draft.place(line, line))
        draft.ledger.give(line, line, f"probe {known}")
        found.append(known)
    return found


def command_in(text: str, draft: Draft) -> tuple[str, Risk]:
    """The one command that an item's or sentence's Markdown tells to run, as written; empty if none, or several."""
    found: list[tuple[str, Risk]] = []
    for match in _SPAN.finditer(text):
        span = match[2].strip()
        before = text[max(0, match.start() - 60) : match.start()]
        if (risk := _command(span, before, draft)) is not None:
            found.append((span.removeprefix("$ "), risk))
    return found[0] if len({span for span, _ in found}) == 1 else ("", "routine")


def _command(span: str, before: str, draft: Draft) -> Risk | None:
    text = span.removeprefix("$ ")
    words = text.split()
    if len(words) == 1:
        is_told = bool(_RUNS.search(before)) and bool(_WORD.fullmatch(text)) and not _FILE.fullmatch(text)
        is_script = bool(_VERB.search(before)) and bool(re.fullmatch(r"\.{1,2}/[\w./-]+", text))
        if not is_told and not is_script:
            return None
    script = Script(text, draft.recent.patience)
    if script.root is None or script.broken:
        return None
    if len(words) > 1 and not is_command(script, before if _RUNS.search(before) else ""):
        return None
    return risk_of(tuple(script.simples(script.root)))
