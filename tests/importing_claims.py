"""What must hold of every import, whatever the runbook: tests of the corpus, of generated and of broken texts share it.

Each function returns what is wrong, one sentence each, so that a failing test names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from cockpit.importing.imported import Imported, imported
from cockpit.importing.parsing import plain
from cockpit.importing.source import read_source
from cockpit.profile.durations import seconds as duration_s
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.model import Phase, Profile, Step

_FILLED = re.compile(r"(?<!\$)\$\{([a-z][a-z0-9_.]*)\}")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*")
_BOUND = re.compile(r"\b([a-z][a-z0-9_]*)(\[[^\]]*\]|\.[a-z_.]+)*\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\b")
_SCALES = (1.0, 1000.0, 0.001, 60.0, 3600.0, 86400.0, 60000.0, 3600000.0, 0.01, 100.0, 1e6, 1e9, 1024.0, 1048576.0)
_WORD = re.compile(r"[^\W_]+")
_PROMPT = re.compile(r"^[ \t>]{0,99}(?:\S{0,80}[$#%>]|PS \S{0,80}>) ")


@cache
def installed_kinds() -> object:
    """The kinds of probes and steps, looked up once."""
    return installed()


def import_text(text: str | bytes, name: str = "RUNBOOK.md") -> Imported:
    """One runbook as `cockpit import` takes it."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return imported([read_source(content, name)])


def problems(made: Imported, folder: Path) -> tuple[list[str], list[str]]:
    """Errors and warnings of `cockpit check`; that it does not load as it was drafted is an error, too."""
    path = folder / "imported.toml"
    path.write_text(made.toml)
    loaded, found = examine(path, installed_kinds())  # type: ignore[arg-type]  # as `installed` returns them
    errors = [str(each) for each in found if each.severity == "error"]
    drafted = _with_seconds(made.profile)
    if loaded is not None and loaded.profile != drafted:
        errors.append(f"it loads as another profile: {_difference(loaded.profile, drafted)}")
    return errors, [str(each) for each in found if each.severity == "warning"]


def _with_seconds(profile: Profile) -> Profile:
    """With the times of waits and checkpoints in seconds, as loading gives them; in the TOML they stand as `5m`."""

    def _step(step: Step) -> Step:
        timed = {
            key: duration_s(value) if key in ("duration", "delay") and isinstance(value, str) else value
            for key, value in step.settings.items()
        }
        return replace(step, settings=timed)

    def _phases(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
        return tuple(replace(phase, steps=tuple(map(_step, phase.steps))) for phase in phases)

    plans = tuple(replace(plan, phases=_phases(plan.phases)) for plan in profile.rollbacks)
    return replace(profile, phases=_phases(profile.phases), rollbacks=plans)


def bounds(profile: Profile) -> set[tuple[str, str, float]]:
    """Every bound on a measured value as probe, operator, value: of gates, triggers and of probes themselves.

    A bound that a probe has and a gate repeats is one. What a server's status code must be is no bound.
    """
    found: set[tuple[str, str, float]] = set()
    for _, step in profile.every_step():
        for condition in (*step.gate, *step.requires, *step.only_if):
            found |= {(name, sign, float(value)) for name, _, sign, value in _BOUND.findall(condition)}
    for trigger in profile.triggers:
        for condition in trigger.when:
            found |= {(name, sign, float(value)) for name, _, sign, value in _BOUND.findall(condition)}
    for probe in profile.probes:
        for condition in (*probe.pass_when, *probe.warn_when):
            for name, deeper, sign, value in _BOUND.findall(condition):
                if name == "value" or (name == "json" and deeper) or name == "latency_ms":
                    found.add((probe.id, sign, float(value)))
    return found


def unaccounted(made: Imported) -> list[str]:
    """Lines that have no entry, or more than one, and entries that name what the profile does not hold."""
    held = _held(made.profile)
    wrong = []
    for account in made.accounts:
        lines = [entry.line for entry in account.entries]
        if lines != list(range(1, len(account.source.lines) + 1)):
            wrong.append(f"the entries count {lines[:5]}… of {len(account.source.lines)} lines")
        for entry, line in zip(account.entries, account.source.lines, strict=False):
            if entry.text != line:
                wrong.append(f"line {entry.line} is told as {entry.text!r} and is {line!r}")
            if (entry.fate == "mapped") != bool(entry.became):
                wrong.append(f"line {entry.line} is {entry.fate} and became {entry.became}")
            if entry.fate == "not mapped" and not entry.why:
                wrong.append(f"line {entry.line} is not mapped, without a reason")
            wrong += [
                f"line {entry.line} became {each!r}, which the profile has not" for each in _missing(entry.became, held)
            ]
    return wrong


def _missing(became: tuple[str, ...], held: dict[str, set[str]]) -> Iterator[str]:
    for each in became:
        for kind, names in held.items():
            if found := re.search(rf"\b{kind} ([a-z][a-z0-9_]*)$", each):
                if found[1] not in names:
                    yield each
                break


def _held(profile: Profile) -> dict[str, set[str]]:
    phases = {phase.id for phase in profile.phases}
    phases |= {phase.id for plan in profile.rollbacks for phase in plan.phases}
    return {
        "step": {step.id for _, step in profile.every_step()},
        "phase": phases,
        "probe": {probe.id for probe in profile.probes},
        "plan": {plan.id for plan in profile.rollbacks},
        "trigger": {trigger.id for trigger in profile.triggers},
        "template": {template.id for template in profile.templates},
        "contact": {contact.id for contact in profile.contacts},
        "role": {role.id for role in profile.roles},
        "task": {task.id for task in profile.tasks},
        "variable": {variable.name for variable in profile.variables},
    }


def forgotten(made: Imported) -> list[str]:
    """Actionable lines that are said to be mapped although most of their words stand nowhere in the profile.

    Of a wait and of the window the times stand there, and not the words.
    """
    there = set(_words(made.toml))
    waits = {step.id for _, step in made.profile.every_step() if step.kind in ("wait", "checkpoint")}
    wrong = []
    for account in made.accounts:
        for entry in account.entries:
            words = [word for word in _words(entry.text) if len(word) > 2 and not word.isdigit()]
            absent = [word for word in words if word not in there]
            timed = any(each == "window" or each.removeprefix("step ") in waits for each in entry.became)
            if entry.actionable and entry.fate == "mapped" and not timed and len(absent) * 2 > len(words):
                wrong.append(f"line {entry.line} became {entry.became}, and {absent} of {entry.text!r} are nowhere")
    return wrong


def invented(made: Imported) -> list[str]:
    """What the profile holds and the source does not: commands, SQL, URLs, bounds, contacts, templates, steps."""
    said = _Said(made)
    profile = made.profile
    wrong = []
    for _, step in profile.every_step():
        if step.kind not in ("confirm", "wait", "message", "signoff", "record", "decision", "checkpoint"):
            wrong.append(f"step {step.id} is of kind {step.kind}: it would run")
        if step.command and not said.code(step.command):
            wrong.append(f"step {step.id} shows a command that is not in the source: {step.command!r}")
    for probe in profile.probes:
        if probe.kind not in ("http", "prometheus", "env"):
            wrong.append(f"probe {probe.id} is of kind {probe.kind}")
        if probe.kind == "http" and not said.url(str(probe.settings["url"])):
            wrong.append(f"probe {probe.id} asks {probe.settings['url']!r}, which is not in the source")
        if probe.kind == "env" and not said.has(str(probe.settings["name"])):
            wrong.append(f"probe {probe.id} looks at a variable that is not in the source: {probe.settings['name']!r}")
    for name, sign, value in bounds(profile):
        if not said.number(value):
            wrong.append(f"{name} {sign} {value} is no number of the source")
    for contact in profile.contacts:
        wrong += [
            f"contact {contact.id} has {text!r}, which is not in the source"
            for text in ", ".join((contact.title, contact.name, contact.reach)).split(", ")  # cells are joined so
            if text and not (said.text(text.removesuffix("…")) or said.words(text))
        ]
    for template in profile.templates:
        wrong += [
            f"template {template.id} says {line!r}, which is not in the source"
            for line in (template.title.removesuffix(template.id), *template.body.splitlines())
            if line.strip() and not said.text(line)
        ]
    return wrong


def unplaced(made: Imported) -> list[str]:
    """Steps whose source is no place, or one that holds neither their title's words nor their command."""
    lines = {account.source.short_name: account.source.lines for account in made.accounts}
    said = _Said(made)
    wrong = []
    for _, step in made.profile.every_step():
        found = re.fullmatch(r"(.*):(\d+)(?:-(\d+))?", step.source)
        if found is None or found[1] not in lines:
            wrong.append(f"step {step.id} comes from {step.source!r}")
            continue
        first, last = int(found[2]), int(found[3] or found[2])
        own = "\n".join(lines[found[1]][first - 1 : last])
        if not 1 <= first <= last <= len(lines[found[1]]) or not _tells(step, own, said):
            wrong.append(f"step {step.id} ({step.title!r}, {step.command!r}) is not what {step.source} says: {own!r}")
    return wrong


def _tells(step: Step, own: str, said: _Said) -> bool:
    words = _words(said.emptied(step.title))
    there = set(_words(own)) | set(_words(plain(own)))
    if words and sum(word in there for word in words) * 2 >= len(words):
        return True
    if asked := _words(said.emptied(step.command)):
        return any(word in there for word in asked)
    told = set(_words(said.emptied(step.instructions)))
    return step.kind in ("wait", "message", "checkpoint") or not words or not there or bool(told & there)


class _Said:
    """What the sources say, in the forms it may be compared in."""

    def __init__(self, made: Imported) -> None:
        self._defaults = {each.name: each.default or each.value or "" for each in made.profile.variables}
        self._names = {each.name: each.env or "" for each in made.profile.variables}
        texts = [account.source.text for account in made.accounts]
        self._raw = "\n".join(texts)
        unquoted = "\n".join(re.sub(r"^[ \t>]{1,300}", "", line) for line in self._raw.split("\n"))
        unprompted = "\n".join(
            re.sub(r"^[ \t>]{0,99}(?:\S{0,80}[$#%>]|PS \S{0,80}>) ", "", line) for line in self._raw.split("\n")
        )
        self._forms = [_squeezed(form) for form in (self._raw, unquoted, unprompted, self._raw.replace("\\|", "|"))]
        self._forms.append(_squeezed("\n".join(map(plain, re.split(r"\n[ \t>]*\n|\|", self._raw)))))
        self._forms.append(_squeezed(re.sub(r"[`*_~]", "", self._raw)))
        self._words = set(_words(" ".join(self._forms)))
        self._numbers = {float(each.replace(",", "")) for each in _NUMBER.findall(self._raw) if each.count(".") < 2}
        self._numbers |= {float(each) for part in _NUMBER.findall(self._raw) for each in re.split("[.,]", part)}
        self._numbers |= {float(each) for each in re.findall(r"\d{1,15}(?:\.\d{1,15})?", self._raw)}

    def emptied(self, text: str) -> str:
        """Without what is filled in: the default that a placeholder keeps, else nothing; `$${` is `${`."""
        return _FILLED.sub(lambda match: self._defaults.get(match[1], "") or " ", text).replace("$${", "${")

    def has(self, text: str) -> bool:
        """Literally."""
        return text in self._raw

    def text(self, text: str) -> bool:
        """In pieces between what is filled in, whatever the spaces."""
        return all(self._there(piece) for piece in self._pieces(text))

    def words(self, text: str) -> bool:
        """Word by word: what a telephone number was taken out of."""
        said, words = set(_words(self._raw)), _words(text)
        return said.issuperset(words[:-1]) and (not words or any(each.startswith(words[-1]) for each in said))

    def code(self, text: str) -> bool:
        """A command, perhaps with the scene (`cd …`, `export …`) that lines above it set: `(cd … && { …; })`."""
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1]
        parts = (part.strip() for line in text.splitlines() for part in line.split(" && "))
        bare = (part[2:-2].rstrip("; ") if part.startswith("{ ") and part.endswith(" }") else part for part in parts)
        return self.text(text) or all(self.text(part) for part in bare if part.strip(" ."))

    def url(self, text: str) -> bool:
        """As a whole, or a path that is told beside its host."""
        if self.text(text):
            return True
        origin, slashes, rest = text.partition("://")
        if origin == "http" and self.text(rest):  # as curl has it of a URL that says no more
            return True
        host, slash, path = rest.partition("/")
        return self.text(origin + slashes + host) and self.text(slash + path)

    def number(self, value: float) -> bool:
        """In any unit; `zero` and `no` are 0, `all` is 100."""
        if value == 0.0 and re.search(r"\b(?:zero|no|none|0)\b", self._raw, re.IGNORECASE):
            return True
        if any(
            abs(number * scale - value) <= 1e-9 * max(1.0, abs(value)) for number in self._numbers for scale in _SCALES
        ):
            return True
        return bool({"one", "two", "three", "five", "ten", "half", "an"} & self._words)

    def _pieces(self, text: str) -> list[str]:
        known = _FILLED.sub(
            lambda match: self._defaults.get(match[1]) or (f"\0{self._names.get(match[1], '')}\0"), text
        )
        return [piece for piece in known.replace("$${", "${").split("\0") if piece.strip(" .:,;")]

    def _there(self, piece: str) -> bool:
        """Literally; or the name of a variable whose words a placeholder has, as `API_URL` for `your-api-url`."""
        wanted = _squeezed(piece)
        if any(wanted in form for form in self._forms):
            return True
        return piece in self._names.values() and self._words.issuperset(_words(piece.replace("_", " ")))


def _squeezed(text: str) -> str:
    """Without spaces, and without the symbols that leave titles."""
    if text.isascii():
        text = text.replace("^", "").replace("`", "")
    else:
        text = "".join(char for char in text if unicodedata.category(char) not in ("So", "Sk", "Cf", "Co", "Cn", "Mn"))
    return re.sub(r"\s+", "", text)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _difference(loaded: Profile, drafted: Profile) -> str:
    for name in loaded.__struct_fields__:
        mine, other = getattr(drafted, name), getattr(loaded, name)
        if mine != other:
            pair = (
                next(((a, b) for a, b in zip(mine, other, strict=False) if a != b), None)
                if isinstance(mine, tuple)
                else None
            )
            return f"{name}: {pair or (mine, other)}"[:600]
    return "equal fields"
