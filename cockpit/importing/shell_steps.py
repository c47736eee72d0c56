"""One shell command as a step: title, instructions, risk, variables, and the probes that ask what it asks."""

from __future__ import annotations

import re

from cockpit.importing.code_text import block, named
from cockpit.importing.consoles import Session
from cockpit.importing.curl import requests_of
from cockpit.importing.draft import Draft
from cockpit.importing.expected import said_of
from cockpit.importing.http_probes import expect, health_probe
from cockpit.importing.placeholders import filled, literal, shell_variable
from cockpit.importing.risks import risk_of, riskier
from cockpit.importing.shell import ShellCommand
from cockpit.importing.shell_tree import Simple
from cockpit.importing.sql import statements
from cockpit.profile.model import Risk, Step

_OWN = re.compile(
    r"HOME|USER|PATH|PWD|OLDPWD|HOSTNAME|HOST|SHELL|IFS|RANDOM|SECONDS|UID|EUID|LOGNAME|LINENO|LANG|TMPDIR|TERM|EDITOR"
    r"|PIPESTATUS|BASH\w*|LC_\w+|PS\d|OPTARG|OPTIND|REPLY|FUNCNAME|_"
)
_PROGRAMS = ("psql", "mysql", "kubectl", "oc", "helm", "docker", "docker-compose", "terraform", "sqlcmd")
_FILE = re.compile(r"[\w.~/${}-]*\w\.\w{1,10}")


def command_step(
    each: ShellCommand, draft: Draft, line: int, *, heading: str, told: str, alone: bool, answer: str = ""
) -> Step:
    """The step of one command that stands on `line`. `answer`: what came back when it was recorded."""
    said = named(each.own, each.remarks, heading, told, draft, alone=alone)
    if each.sleep_s:
        return Step(
            id=draft.step_ids.take(said.title, "wait"),
            title=literal(said.title),
            kind="wait",
            behaviour="wait",
            estimate_s=each.sleep_s,
            instructions=said.instructions,
            settings={"duration": each.sleep_s},
        )
    instructions = [said.instructions]
    if files := _files(each.simples):
        instructions.append("Needs " + ", ".join(f"`{filled(name, draft)}`" for name in files) + ".")
    if answer:
        instructions += ["Answer:", block(answer, "", draft)]
    gate = tuple(f"{probe}.passing" for probe in _probes(each, draft, line, said.title, told, answer))
    for name in sorted(each.uses):
        if not _OWN.fullmatch(name):
            shell_variable(name, draft)
    return Step(
        id=draft.step_ids.take(said.title, "command"),
        title=literal(said.title),
        instructions="\n\n".join(part for part in instructions if part),
        command=filled(each.text, draft, code=True),
        language="bash",
        gate=gate,
        risk=_risk(each),
        level=said.level,
        estimate_s=said.estimate_s,
    )


def answered(found: tuple[ShellCommand, ...], recorded: Session | None) -> list[dict[int, str]]:
    """For each command, the rows that came back, by row."""
    rows: list[dict[int, str]] = [{} for _ in found]
    if recorded is None or not found:
        return rows
    at = 0
    for row, line in sorted(recorded.answers.items()):
        while at + 1 < len(found) and found[at + 1].first <= row:
            at += 1
        rows[at][row] = line
    return rows


def _probes(each: ShellCommand, draft: Draft, line: int, title: str, told: str, answer: str) -> list[str]:
    found: list[str] = []
    asked = requests_of(each.simples)
    remarks = (*each.remarks.above, *each.remarks.before, *each.remarks.below)
    for request in asked:
        said = (*remarks, *told.split("\n")) if len(asked) == 1 else remarks
        probe_id = health_probe(request, draft, line, title=title, told=said)
        if not probe_id or probe_id in found:
            continue
        words = draft.recent.asked.setdefault(probe_id, set())
        words.update(re.findall(r"[a-z]{3,}", " ".join((title, request.path, *remarks)).lower()))
        if answer and len(asked) == 1:
            expect(probe_id, said_of(answer), draft)
        if not re.search(rf"!\s*{re.escape('curl')}", each.own):
            found.append(probe_id)
    return found


def _risk(each: ShellCommand) -> Risk:
    risk = risk_of(each.simples)
    for simple in each.simples:
        name, words = simple.words[0], simple.words
        if name == "psql":
            for at, word in enumerate(words[:-1]):
                if word in ("-c", "--command"):
                    risk = riskier(risk, *(statement.risk for statement in statements(words[at + 1])))
        if name in ("psql", "mysql") and "<<" in each.own:
            risk = riskier(risk, "careful")
    return risk


def _files(simples: tuple[Simple, ...]) -> tuple[str, ...]:
    """Files that are handed to a program (`-f FILE`, `@FILE`), in order."""
    found: list[str] = []
    for simple in simples:
        words = simple.words
        for at, word in enumerate(words[1:], 1):
            before = words[at - 1]
            name = word[1:] if word.startswith("@") and words[0] == "curl" else ""
            if words[0] in _PROGRAMS and before in ("-f", "--file", "--filename", "--values", "-var-file"):
                name = word
            elif words[0] in _PROGRAMS and word.startswith(("--file=", "--filename=", "--values=", "-var-file=")):
                name = word.partition("=")[2]
            elif words[0] == "ansible-playbook" and word.endswith((".yml", ".yaml")):
                name = word
            if name and _FILE.fullmatch(name):
                found.append(name)
    return tuple(dict.fromkeys(found))
