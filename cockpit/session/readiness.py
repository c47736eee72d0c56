"""Looking around before a run: everything that `ready` can find out without one.

Invariant: nothing is changed and nothing is logged; each probe is read once and each target asked once, all at the same
time, within their own time limits. A secret is used and never told.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import asdict, replace

from cockpit.actions.files import digests, files_of
from cockpit.actions.targets import identify
from cockpit.errors import ActionError, VariableError
from cockpit.masking import short
from cockpit.masking.mask import Mask
from cockpit.patterns import late
from cockpit.probes.oneshot import Result, read_once
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile, Step, Target, Variable
from cockpit.profile.open_channels import CURE, is_open
from cockpit.profile.pasting import refusal_in
from cockpit.profile.references import fill, fill_secret, references
from cockpit.profile.variables import resolve, secret_names, secret_values, weaknesses
from cockpit.run.numbering import step_label
from cockpit.run.readiness import Finding, Severity
from cockpit.text import shortened, visible

TARGET_TIMEOUT_S = 10.0
_KNOWN_PROGRAMS = late(
    r"(?<![\w./-])(kubectl|psql|pg_dump|pg_restore|docker|helm|curl|jq|git|ssh|rsync|systemctl)(?![\w./-])"
)
"""Of a script only those are looked for: reading shell text for every program would find too much."""


class Known(Struct, frozen=True):
    """The values that there are, and what was found while looking for them."""

    shown: Mapping[str, str]
    secrets: Mapping[str, str]
    asked: frozenset[str]
    """Variables that a person is asked for when a run starts."""
    findings: tuple[Finding, ...]

    @property
    def all(self) -> dict[str, str]:
        """For use only."""
        return {**self.shown, **self.secrets}


def known_values(profile: Profile, environ: Mapping[str, str]) -> Known:
    """What the environment gives, without asking anybody."""
    shown: dict[str, str] = {}
    secrets: dict[str, str] = {}
    findings: list[Finding] = []
    asked: set[str] = set()
    for variable in profile.variables:
        where = f"variable {visible(variable.name)}"
        if variable.prompt is not None:
            asked.add(variable.name)
            findings.append(Finding("look", "it is asked for when a run starts", where, "have it at hand"))
            continue
        try:
            found = _value(profile, variable, environ)
        except VariableError as error:
            said = visible(error.message).removeprefix(f"variable `{variable.name}`").lstrip(": ")
            findings.append(Finding("missing", said, where, visible(error.hint)))
            continue
        (secrets if variable.secret else shown)[variable.name] = found
    if not any(finding.severity == "missing" for finding in findings) and profile.variables:
        findings.append(Finding("ok", f"all {len(profile.variables)} have a value or are asked for", "variables"))
    findings += (
        Finding("look", said.removesuffix(short.CURE), "secrets", short.CURE.removeprefix("; "))
        for said in weaknesses(profile, shown, secrets)
    )
    return Known(shown, secrets, frozenset(asked), tuple(findings))


def _value(profile: Profile, variable: Variable, environ: Mapping[str, str]) -> str:
    alone = replace(profile, variables=(variable,))
    return {**resolve(alone, environ, {}), **secret_values(alone, environ, {})}[variable.name]


async def look_around(profile: Profile, kinds: Kinds, known: Known, base_dir: Path) -> tuple[Finding, ...]:
    """Read every probe once and ask every target who it is. Masked."""
    targets, probes = await asyncio.gather(_targets(profile, known, base_dir), _probes(profile, kinds, known, base_dir))
    mask = Mask(known.secrets)
    return tuple(Finding(each.severity, mask.text(each.what), each.where, each.instead) for each in (*targets, *probes))


# ---- probes and targets ------------------------------------------------------------------------------------------


async def _probes(profile: Profile, kinds: Kinds, known: Known, base_dir: Path) -> list[Finding]:
    unset: dict[str, frozenset[str]] = {}
    for probe in profile.probes:
        if needed := _names(probe.settings) - known.all.keys():
            unset[probe.id] = needed
    read = replace(profile, probes=tuple(probe for probe in profile.probes if probe.id not in unset))
    results = await read_once(read, kinds, known.all, base_dir) if read.probes else []
    findings = [finding for result in results if (finding := _probe(read, result)) is not None]
    if results and not findings:
        findings.append(Finding("ok", f"all {len(results)} that were read pass", "probes"))
    if unset:
        names = frozenset(name for needed in unset.values() for name in needed)
        said = f"{len(unset)} were not read, for want of {_listed(names)}"
        findings.append(Finding("look" if names <= known.asked else "missing", said, "probes", "give these values"))
    return findings


def _probe(profile: Profile, result: Result) -> Finding | None:
    probe = next(each for each in profile.probes if each.id == result.probe)
    where = f"probe {shortened(probe.title or probe.id, 60)}"
    detail = shortened(result.reading.detail, 200)
    because = f": {detail}" if detail else ""
    match result.reading.status:
        case "pass":
            return None
        case "warn":
            return Finding("look", f"it warns{because}", where, "see to what it watches")
        case "fail":
            return Finding("missing", f"it fails{because}", where, "see to what it watches")
        case "error":
            return Finding("missing", f"it cannot be read{because}", where, "see to what it watches")


async def _targets(profile: Profile, known: Known, base_dir: Path) -> list[Finding]:
    return list(await asyncio.gather(*(_target(target, known, base_dir) for target in profile.targets)))


async def _target(target: Target, known: Known, base_dir: Path) -> Finding:
    where = f"target {visible(target.id)}"
    fields = {name: text for name, text in asdict(target).items() if name not in ("id", "kind")}
    needed = _names(fields)
    if absent := needed - known.all.keys():
        severity: Severity = "look" if absent <= known.asked else "missing"
        return Finding(
            severity, f"it was not asked who it is, for want of {_listed(absent)}", where, "give these values"
        )
    if why := refusal_in(fields, known.all):
        return Finding("missing", "it was not asked who it is", where, why)
    resolved = Target(
        id=target.id, kind=target.kind, **{name: fill_secret(text, known.all) for name, text in fields.items()}
    )
    seen = await identify(resolved, TARGET_TIMEOUT_S, base_dir)
    detail = f": {shortened(seen.detail, 300)}" if seen.detail else ""
    match seen.verdict:
        case "match":
            return Finding("ok", f"it is what the profile says{detail}", where)
        case "mismatch":
            return Finding("missing", f"it IS NOT what the profile says{detail}", where, "correct one of them")
        case _:
            return Finding("missing", f"it cannot be reached{detail}", where, "see to it, and to the way there")


# ---- this host ---------------------------------------------------------------------------------------------------


def of_host(profile: Profile, known: Known, base_dir: Path) -> tuple[Finding, ...]:
    """Files that steps name, programs that steps and probes start, and what channels need. Blocking."""
    return (*_files(profile, base_dir), *_programs(profile, known, base_dir), *_channels(profile, known))


def _files(profile: Profile, base_dir: Path) -> Iterator[Finding]:
    read = 0
    for _, step in profile.every_step():
        for name in files_of(step):
            try:
                digests([name], base_dir)
            except ActionError as error:
                yield Finding("missing", visible(error.message), step_label(profile, step.id), "put it there")
            else:
                read += 1
    if read:
        yield Finding("ok", f"{read} can be read", "files")


def programs(profile: Profile) -> dict[str, str]:
    """What steps, probes and targets start, as written, each with what starts it first."""
    users: dict[str, str] = {}
    for _, step in profile.every_step():
        for program in _started(step):
            users.setdefault(program, step_label(profile, step.id))
    for probe in profile.probes:
        argv = probe.settings.get("argv")
        if probe.kind == "command" and isinstance(argv, list | tuple) and argv:
            users.setdefault(str(argv[0]), f"probe {shortened(probe.title or probe.id, 60)}")
    if any(target.kind == "kubernetes" for target in profile.targets):
        users.setdefault("kubectl", "targets")
    return users


def _programs(profile: Profile, known: Known, base_dir: Path) -> Iterator[Finding]:
    users = programs(profile)
    absent = 0
    for program, where in users.items():
        name = fill(program, known.shown)
        if not whereabouts(name, base_dir):
            absent += 1
            yield Finding("missing", f"there is no program `{shortened(name, 80)}` here", where, "install it")
    if users and not absent:
        yield Finding(
            "ok", f"all found: {_listed(frozenset(fill(program, known.shown) for program in users))}", "programs"
        )


def _started(step: Step) -> Iterator[str]:
    """The programs that a command starts, as far as its text tells."""
    if step.kind != "command" or step.behaviour != "action":
        return
    cwd = step.settings.get("cwd")
    for key in ("argv", "dry_run", "undo", "script"):
        text = step.settings.get(key)
        if isinstance(text, list | tuple) and text:
            program = str(text[0])
            yield f"{cwd}/{program}" if "/" in program and not program.startswith("/") and cwd else program
        elif isinstance(text, str) and text:
            yield "bash"
            yield from _KNOWN_PROGRAMS.findall(text)


def whereabouts(name: str, base_dir: Path) -> str:
    """The path of a program as a step would start it; empty: there is none."""
    if "\x00" in name or not name:
        return ""
    if "/" in name:
        path = base_dir / name
        return str(path) if path.is_file() and os.access(path, os.X_OK) else ""
    return shutil.which(name) or ""


def _channels(profile: Profile, known: Known) -> Iterator[Finding]:
    """What is missing for a text to go out. Of an address nothing is told: it is a secret."""
    for channel in profile.channels:
        where = f"channel {visible(channel.id)}"
        if channel.apprise and find_spec("apprise") is None:
            said = "it goes through Apprise, which is not installed here"
            yield Finding("missing", said, where, "install cockpit[apprise]")
        if _names([channel.webhook, channel.apprise]) - known.all.keys():
            continue  # said of the variable
        if channel.webhook and not _is_url(fill_secret(channel.webhook, known.all)):
            yield Finding("missing", "its webhook is no http or https URL: nothing can be sent", where, "correct it")
        elif is_open(replace(channel, webhook=fill_secret(channel.webhook, known.all))):
            said = "its webhook is plain http to another host: what is sent can be read on the way"
            yield Finding("missing" if profile.production else "look", said, where, CURE)
        elif channel.apprise and not fill_secret(channel.apprise, known.all).strip():
            yield Finding("missing", "its address is empty: nothing can be sent", where, "correct it")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


# ---- words -------------------------------------------------------------------------------------------------------


def _names(settings: object) -> frozenset[str]:
    """The variables that settings refer to, anywhere in them."""
    if isinstance(settings, str):
        return frozenset(name for name, _ in references(settings))
    if isinstance(settings, Mapping):
        settings = list(settings.values())
    below = settings if isinstance(settings, list | tuple) else ()
    return frozenset(name for each in below for name in _names(each))


def _listed(names: Mapping[str, str] | frozenset[str]) -> str:
    shown = sorted(names)
    return ", ".join(shortened(name, 60) for name in shown[:8]) + (", …" if len(shown) > 8 else "")


def shown_secrets(profile: Profile, known: Known) -> dict[str, str]:
    """Every value as it may be shown: a secret as its name, what is asked for as what it is."""
    names = secret_names(profile)
    asked = dict.fromkeys(known.asked, "‹asked for at the start›")
    return {**asked, **known.shown, **{name: f"‹secret {name}›" for name in names & known.secrets.keys()}}
