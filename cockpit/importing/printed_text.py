"""What a document that `cockpit show --format md` printed says, taken out of its Markdown again.

Only what is understood whole is taken as what it was; everything else stays the text that it is.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from cockpit.importing.draft import Draft
from cockpit.importing.parsing import plain
from cockpit.importing.passing import compiles, passes
from cockpit.importing.placeholders import filled
from cockpit.profile.cel_words import FUNCTIONS, RECORDED, SINCE, names_in, tokens
from cockpit.profile.conditions import Environment, gate_environment
from cockpit.profile.kinds import installed
from cockpit.profile.markdown.words import lasted
from cockpit.profile.model import Probe, Profile, Variable, Window

_LABELLED = re.compile(r"\*\*([A-Z][^*:\n]{0,60}):\*\*(?:[ \n]+(\S.*))?$", re.DOTALL)
_BOLD = re.compile(r"\*\*((?:[^*\\]|\\.)+)\*\*(.*)$", re.DOTALL)
_NUMBER = re.compile(r"(R?\d{1,5}(?:\.\d{1,5})?) ")
_HELD = re.compile(r"\$\$\{([a-z][a-z0-9_.]{0,80})\}")
_SHELL_NAME = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]{0,80})")
_QUOTED = re.compile(r"“(.*)”")
_WORDS = ("true", "false", "null", "in", *FUNCTIONS)
_MOST = 200
"""Parts that are judged one by one, where not all of them are right."""
_INLINE = MarkdownIt("commonmark")


def labelled(text: str) -> tuple[str, str] | None:
    """A fact's label and what stands beside it (Markdown); None: it is none."""
    found = _LABELLED.match(text)
    return (found[1], found[2] or "") if found is not None else None


def bold(text: str) -> tuple[str, str] | None:
    """The bold text that an item begins with, and the rest; both plain. None: it begins otherwise."""
    found = _BOLD.match(text)
    return (plain(found[1]), plain(found[2])) if found is not None else None


def spans(text: str) -> tuple[str, ...]:
    """The code spans of a line of Markdown."""
    return tuple(each.content for each in _INLINE.parseInline(text)[0].children or () if each.type == "code_inline")


def quoted(text: str) -> str:
    """What stands in quotation marks, plain; empty: nothing does."""
    found = _QUOTED.search(plain(text))
    return found[1] if found is not None else ""


def without_estimate(title: str) -> tuple[str, float]:
    """A heading or rest without the time in brackets that it ends with, and that time."""
    before, opened, aside = title.rpartition("(")
    seconds = lasted(aside[:-1]) if opened and aside.endswith(")") else None
    return (title, 0.0) if seconds is None else (before.rstrip(), seconds)


class Known:
    """What the document defines anywhere, so that every part of it can be named from every other."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.variables: dict[str, Variable] = {}
        """As its table has them."""
        self.probes: dict[str, Probe] = {}
        self.records: dict[str, str] = {}
        """Names that `recorded.` may be followed by, of the steps that were read so far: `string` or `double`."""
        self.walked: list[str] = []
        """Ids of the steps of the walk."""
        self.numbers: dict[str, str] = {}
        """Ids of phases and steps by their numbers."""
        self.ids: dict[int, str] = {}
        """Ids of phases, steps and plans by the line that they begin on."""
        self.roles: dict[str, str] = {}
        self.plans: dict[str, str] = {}
        self.templates: dict[str, str] = {}
        """Ids by titles."""
        self._needed: set[str] = set()
        self._kinds = installed()
        self._names: dict[tuple[int, bool], Environment] = {}

    def text(self, text: str) -> str:
        """Text as the profile holds it: references to variables of the table stay references."""
        return _HELD.sub(self._held, filled(text, self._draft))

    def _held(self, match: re.Match[str]) -> str:
        if match[1] not in self.variables and match[1] not in self.records and not match[1].startswith("run."):
            return match[0]
        self._needed.add(match[1])
        return match[0][1:]

    def shell(self, text: str) -> str:
        """Shell or SQL: variables of the environment are named in it, too."""
        by_env = {each.env: each.name for each in self.variables.values() if each.env}
        self._needed |= {by_env[name] for name in _SHELL_NAME.findall(text) if name in by_env}
        return self.text(text)

    def watch(self) -> None:
        """Put the probes into the draft, with the variables that they name."""
        for probe in self.probes.values():
            self._draft.probe_ids.take(probe.id, "probe")
            self._draft.probes.append(probe)
            self._needed.update(re.findall(r"\$\{([a-z][a-z0-9_]{0,80})\}", str(probe.settings)))

    def step(self, text: str) -> str:
        """The id of a phase or step that is called `1.2 Migrate` or `phase 2 Application`; empty: there is none."""
        found = _NUMBER.match(text.removeprefix("phase ") + " ")
        return self.numbers.get(found[1], "") if found is not None else ""

    def steps(self, text: str) -> tuple[str, ...]:
        """Several of them; empty if one is not known."""
        found = [self.step(each) for each in plain(text).split("; ")]
        return tuple(found) if all(found) else ()

    def role(self, text: str) -> str:
        """A role's id, or the name as it stands."""
        return self.roles.get(plain(text), plain(text))

    def conditions(self, values: list[str], *, since: bool = False) -> tuple[str, ...]:
        """The conditions that some values hold, each as code; none if one of them cannot be said here."""
        found = [next(iter(spans(value)), "") for value in values]
        return tuple(found) if found and all(each and self._can_say(each, since=since) for each in found) else ()

    def _can_say(self, condition: str, *, since: bool) -> bool:
        words = {each.text for each in tokens(condition) if each.kind == "name"}
        if not set(names_in(condition, words)) <= {*self.probes, RECORDED, *([SINCE] if since else []), *_WORDS}:
            return False
        key = (len(self.records), since)
        if key not in self._names and len(self._names) >= _MOST:
            return False
        if key not in self._names:
            gates = gate_environment(_alone(probes=tuple(self.probes.values())), self._kinds)
            more = {f"{RECORDED}.{name}": type_ for name, type_ in self.records.items()}
            more |= {f"{SINCE}.{step}": "double" for step in self.walked} if since else {}
            self._names[key] = Environment({**gates, **more}, gates.probes)
        return compiles(condition, self._names[key])

    def sound_window(self, window: Window) -> bool:
        """Whether `check` would take the window."""
        return passes(_alone(window=window), self._kinds)

    def keep_sound(self) -> None:
        """Keep of the tables' variables and probes those that `check` would take; mostly all."""
        held = tuple(self.variables.values())
        if not passes(_alone(variables=held), self._kinds):
            held = tuple(each for each in held[:_MOST] if passes(_alone(variables=(each,)), self._kinds))
            self.variables = {each.name: each for each in held}
        probes = tuple(self.probes.values())
        if not passes(_alone(probes, held), self._kinds):
            probes = tuple(each for each in probes[:_MOST] if passes(_alone((each,), held), self._kinds))
            self.probes = {each.id: each for each in probes}

    def passes(self, profile: Profile) -> bool:
        """Whether `check` would take a whole profile."""
        return passes(profile, self._kinds)

    def declare(self) -> None:
        """Put the variables that are needed into the draft, in the table's order, and others after them."""
        draft = self._draft
        kept = {name: each for name, each in self.variables.items() if name in self._needed or name in draft.variables}
        draft.variables = {**kept, **{name: each for name, each in draft.variables.items() if name not in kept}}


def _alone(
    probes: tuple[Probe, ...] = (), variables: tuple[Variable, ...] = (), window: Window | None = None
) -> Profile:
    return Profile(id="a", environment="e", probes=probes, variables=variables, window=window)
