"""What a kind of probe or step declares about itself, and the registry of those installed.

A declaration imports msgspec and this module only, so that `check` never loads a driver. Runners are found by the same
name in the group `cockpit.probe_runners` and are loaded by the keeper alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, cast

from msgspec import Struct

from cockpit.profile.model import Behaviour
from cockpit.profile.plugins import offers

FactType = Literal["bool", "int", "double", "string", "map", "list", "dyn"]
"""CEL types: `map` is string to dyn, `list` is a list of dyn, `dyn` is anything JSON has."""


class Fact(Struct, frozen=True):
    """One thing a reading makes known to conditions, under its plain name."""

    name: str
    type: FactType
    unit: str = ""
    doc: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of a kind's settings: TOML keys of the probe beside the common ones.

    Text fields may contain `${variable}`; they are filled in just before the runner is opened.
    """


class ProbeKind(Struct, frozen=True, kw_only=True):
    """The declaration of a kind of probe."""

    name: str
    doc: str
    settings: type[Settings]
    facts: tuple[Fact, ...]
    default_pass: tuple[str, ...]
    """Conditions used when the probe has no `pass` and no `fail`."""
    default_value: str
    """CEL over the facts."""
    default_unit: str = ""
    target: Callable[[Settings], str] = lambda settings: ""
    """What the load goes to (for example `https://host:443`), for the request budget and for grouping; empty: local."""
    problems: Callable[[Settings], tuple[str, ...]] = lambda settings: ()
    """What is wrong with settings beyond their types, each a sentence naming the key in backquotes."""


class StepKind(Struct, frozen=True, kw_only=True):
    """The declaration of a kind of step. One that acts has a runner of the same name in `cockpit.step_runners`."""

    name: str
    doc: str
    settings: type[Settings]
    behaviour: Behaviour = "confirm"
    facts: tuple[Fact, ...] = ()
    """What `expect`, the conditions on an action's outcome, may use."""
    shown: Callable[[Settings], str] = lambda settings: ""
    """What will be done, as text for people (a command line, SQL), references unfilled; shown and copied."""
    problems: Callable[[Settings], tuple[str, ...]] = lambda settings: ()
    """As of a probe's kind."""


class Kinds(Struct, frozen=True):
    """The kinds that are installed, by name."""

    probes: Mapping[str, ProbeKind]
    steps: Mapping[str, StepKind]


def installed() -> Kinds:
    """Every declaration among the installed packages' entry points (about 10 ms, so call it once a process)."""
    found = offers("cockpit.probes", "cockpit.steps")  # once for both: it looks at every package
    return Kinds(
        probes={each.name: cast("ProbeKind", each.load()) for each in found if each.group == "cockpit.probes"},
        steps={each.name: cast("StepKind", each.load()) for each in found if each.group == "cockpit.steps"},
    )
