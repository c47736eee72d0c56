"""What a step does, exactly as it would be done, so that a person can do it by hand. Secrets stand as their names."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from cockpit.actions.files import files_of
from cockpit.actions.targets.kubernetes import is_kubectl, with_target
from cockpit.errors import ActionError
from cockpit.profile.model import Step, Target
from cockpit.report.paper.page import Page
from cockpit.report.paper.sheet import Sheet, lasting
from cockpit.run.messages import filled, missing, template_of
from cockpit.run.shown import shown

_SQL_FACTS = ("lock_timeout", "statement_timeout")


def what_is_done(page: Page, sheet: Sheet, step: Step, indent: int) -> None:
    """The command, the SQL or the message, where it is done, and the files that it needs."""
    if step.behaviour == "message":
        _message(page, sheet, step, indent)
        return
    text = _with_target(sheet, step) or shown(sheet.state, step)
    if not text and not files_of(step):
        return
    by_keeper = step.behaviour == "action"
    is_sql = step.kind == "sql" or (step.kind == "confirm" and step.language == "sql")
    kind = "SQL" if is_sql else "command" if step.kind in ("command", "confirm") else step.kind
    page.says(f"{kind}, run by the keeper:" if by_keeper else f"{kind}, run elsewhere by a person:", indent)
    for fact in _facts(sheet, step):
        page.says(fact, indent + 2)
    if text:
        page.code(text, indent + 2)
    for name in files_of(step):
        _file(page, sheet, name, indent + 2)
    expect = step.settings.get("expect")
    if isinstance(expect, list | tuple):
        page.every("afterwards all of this must hold of its outcome:", map(str, expect), indent)


def _facts(sheet: Sheet, step: Step) -> list[str]:
    """Where and within which limits."""
    settings, told = step.settings, list[str]()
    if name := str(settings.get("target") or ""):
        told.append(f"target: {target_words(sheet, name)}")
    if (cwd := settings.get("cwd")) or (step.kind == "command" and sheet.base_dir):
        folder = Path(sheet.base_dir or ".", sheet.filled(str(cwd or ".")))
        told.append(f"in the folder {folder}")
    if step.kind == "sql":
        whole = settings.get("transaction", True)
        told.append("in one transaction, all or nothing" if whole else "each statement commits by itself")
        told += [f"{key} {lasting(value)}" for key in _SQL_FACTS if isinstance(value := settings.get(key), int | float)]
    if isinstance(timeout := settings.get("timeout"), int | float):
        told.append(f"for at most {lasting(timeout)}")
    codes = settings.get("exit_codes")
    if isinstance(codes, list | tuple) and list(codes) != [0]:
        told.append(f"exit codes that count as success: {', '.join(map(str, codes))}")
    return told


def target_words(sheet: Sheet, name: str) -> str:
    """Which system a target is, as declared, and what it proved to be."""
    target = next((each for each in sheet.profile.targets if each.id == name), None)
    if target is None:
        return f"{name}, which the profile does not declare"
    keys = ("dsn", "database", "system_identifier", "context", "namespace", "kubeconfig", "server")
    said = [f"{key} {sheet.filled(value)}" for key in keys if (value := getattr(target, key))]
    seen = sheet.state.targets.get(name)
    proved = (
        ""
        if seen is None
        else {"match": "", "mismatch": "; IT WAS ANOTHER ONE", "unreachable": "; not reached"}[seen.verdict]
        + (f": {seen.detail}" if seen.verdict != "match" and seen.detail else "")
    )
    return f"{name} ({target.kind}: {', '.join(said)}){proved}"


def _with_target(sheet: Sheet, step: Step) -> str:
    """A `kubectl` with the context and namespace that the keeper gives it; empty for anything else."""
    argv, name = step.settings.get("argv"), step.settings.get("target")
    if not isinstance(argv, Sequence) or isinstance(argv, str) or not is_kubectl([str(item) for item in argv]):
        return ""
    target = next((each for each in sheet.profile.targets if each.id == name and each.kind == "kubernetes"), None)
    if target is None:
        return ""
    known: Target = replace(
        target, **{key: sheet.filled(getattr(target, key)) for key in ("context", "namespace", "kubeconfig")}
    )
    with suppress(ActionError):  # it names another target itself: the keeper would refuse it
        return shlex.join(with_target([sheet.filled(str(item)) for item in argv], known, sheet.base_dir or Path()))
    return ""


def _file(page: Page, sheet: Sheet, name: str, indent: int) -> None:
    started = sheet.state.started
    fixed = started.files.get(name, "") if started else ""
    page.says(f"file {name}, SHA-256 fixed at the start: {fixed or 'none'}", indent)
    found = sheet.files.get(name)
    if found is None:
        return
    if found.sha256 and fixed and found.sha256 != fixed:
        page.says(f"IT HAS CHANGED since: it is {found.sha256} now; the keeper would refuse it", indent)
    if found.problem:
        page.says(f"its text is not here: {found.problem}", indent)
    if found.text:
        page.code(found.text, indent)


def _message(page: Page, sheet: Sheet, step: Step, indent: int) -> None:
    template = template_of(sheet.state, step)
    if template is None:
        page.says("message: the profile has no such template", indent)
        return
    channel = next((each for each in sheet.profile.channels if each.id == template.channel), None)
    way = sheet.filled(channel.webhook or channel.apprise) if channel else ""
    through = f"through {template.channel} ({way})" if channel else "by hand: it has no channel"
    page.says(f"message to {sheet.filled(template.to) or 'people'}, {through}:", indent)
    if unknown := missing(sheet.state, template):
        page.says(f"has no value yet, write it in: {', '.join(unknown)}", indent + 2)
    subject, body = filled(sheet.state, template)
    page.code(f"{subject}\n\n{body}" if subject else body, indent + 2)
