"""A profile, resolved: frozen values, seconds as numbers, every variable still a reference.

`run.started` carries a `Profile` whole, so these structs are part of the log's format: fields are only ever added, with
defaults. Field names in TOML are given in `docs/profile.md`; durations are written `"90s"`, `"20m"`, `"1h30m"`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Risk = Literal["routine", "careful", "irreversible"]
Level = Literal["required", "recommended", "optional"]


class Value(Struct, frozen=True, forbid_unknown_fields=False, kw_only=True):
    """The base of every part of a profile: frozen, keyword-only; unknown fields of newer versions are ignored."""


class Variable(Value, frozen=True, kw_only=True):
    """A named text. Exactly one of `value`, `env`, `prompt` says where it comes from.

    `default` serves `env` when it is unset. `pattern` (RE2, whole value) is checked when the value becomes known. A
    `secret` one is a reference: it is resolved where it is used and is never stored, logged or shown.
    """

    name: str
    value: str | None = None
    env: str | None = None
    prompt: str | None = None
    default: str | None = None
    pattern: str | None = None
    secret: bool = False
    description: str = ""


class Role(Value, frozen=True, kw_only=True):
    """Who does what: shown to people, and used by later sign-offs."""

    id: str
    title: str = ""
    people: tuple[str, ...] = ()
    contact: str = ""


class Window(Value, frozen=True, kw_only=True):
    """The agreed times.

    `start` and `end` are either both `HH:MM` (local, on one of `days`; an end before the start is on the next day) or
    both ISO 8601 date-times (local to `timezone` unless they carry an offset).
    """

    start: str
    end: str
    timezone: str = "UTC"
    days: tuple[str, ...] = ()
    """Lower-case English day names on which it may start; empty means every day."""
    reserve_s: float = 0.0
    rollback_estimate_s: float = 0.0


class Probe(Value, frozen=True, kw_only=True, rename={"pass_when": "pass", "warn_when": "warn", "fail_when": "fail"}):
    """What is watched. Conditions are CEL over the kind's facts, as lists.

    A reading is `fail` if any of `fail` holds or any of `pass` does not; else `warn` if any of `warn` holds; else
    `pass`.
    """

    id: str
    kind: str
    title: str = ""
    interval_s: float = 10.0
    timeout_s: float = 5.0
    fail_after: int = 1
    """Consecutive failing readings before the probe's status says so; until then the status stays as it was."""
    on_demand: bool = False
    """Read only when asked, or when a gate that needs it opens."""
    pass_when: tuple[str, ...] = ()
    """Empty means the kind's own (`ProbeKind.default_pass`)."""
    warn_when: tuple[str, ...] = ()
    fail_when: tuple[str, ...] = ()
    value: str = ""
    """CEL over the facts giving the one value that is shown and that gates compare; empty means the kind's own."""
    unit: str = ""
    settings: dict[str, object] = {}
    """The kind's own settings, as written, with `${variable}` references still in them."""


class Step(Value, frozen=True, kw_only=True):
    """One thing a person does or looks at. `id` is unique in the whole profile."""

    id: str
    title: str
    kind: str = "confirm"
    instructions: str = ""
    """Markdown, shown literally apart from its formatting; `${variable}` is filled in, a secret as its name."""
    command: str = ""
    """What the operator runs elsewhere; shown highlighted and copied on request, never run."""
    gate: tuple[str, ...] = ()
    """CEL over probes; all must be true before the step may be confirmed."""
    estimate_s: float = 0.0
    risk: Risk = "routine"
    level: Level = "required"
    owner: str = ""
    rollback: str = ""
    """Markdown: how this step is undone by hand."""
    settings: dict[str, object] = {}


class Phase(Value, frozen=True, kw_only=True):
    """A stretch of the run. Steps are done in order. `gate` guards entering it."""

    id: str
    title: str
    steps: tuple[Step, ...]
    gate: tuple[str, ...] = ()
    description: str = ""

    @property
    def estimate_s(self) -> float:
        """Seconds planned for all its steps."""
        return sum(step.estimate_s for step in self.steps)


class Profile(Value, frozen=True, kw_only=True):
    """One environment, whole."""

    id: str
    """The system, for example `bn_aura`; the same for all its environments."""
    environment: str
    title: str = ""
    description: str = ""
    production: bool = False
    """More friction: typed words before irreversible steps and overrides."""
    requests_per_s: float | None = None
    """The load that all probes together may put on their targets; `check` warns when intervals exceed it."""
    window: Window | None = None
    variables: tuple[Variable, ...] = ()
    roles: tuple[Role, ...] = ()
    probes: tuple[Probe, ...] = ()
    phases: tuple[Phase, ...] = ()

    def steps(self) -> tuple[tuple[Phase, Step], ...]:
        """Every step with its phase, in the order of the walk."""
        return tuple((phase, step) for phase in self.phases for step in phase.steps)
