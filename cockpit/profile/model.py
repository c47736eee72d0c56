"""A profile, resolved: frozen values, seconds as numbers, every variable still a reference.

`run.started` carries a `Profile` whole, so these structs are part of the log's format: fields are only ever added, with
defaults. Field names in TOML are given in `docs/profile.md`; durations are written `"90s"`, `"20m"`, `"1h30m"`.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

Risk = Literal["routine", "careful", "irreversible"]
Level = Literal["required", "recommended", "optional"]
Behaviour = Literal["confirm", "record", "action", "wait", "message", "signoff", "decision", "checkpoint"]
"""How the walk treats a step, whatever its kind: a plug-in's kind chooses one of these.

`confirm`: a person says it is done. `record`: a person enters a value. `action`: the keeper does something when a key
is pressed, then a person confirms. `message`: an action that may also be done by hand. `wait`: the keeper watches for a
time. `signoff`: a role approves. `decision`: a person chooses. `checkpoint`: opens at a set time after an event.
"""
Stage = Literal["before", "window", "after"]
Language = Literal["bash", "sql"]
PhaseOrder = Literal["ordered", "free", "area"]
TargetKind = Literal["postgres", "kubernetes"]
Severity = Literal["immediate", "consider"]


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
    behaviour: Behaviour = "confirm"
    """Of its kind, frozen here so that nothing needs the plug-in."""
    instructions: str = ""
    """Markdown, shown literally apart from its formatting; `${variable}` is filled in, a secret as its name."""
    command: str = ""
    """What the operator runs elsewhere; shown highlighted and copied on request, never run."""
    gate: tuple[str, ...] = ()
    """CEL over probes and recorded values; all must be true before the step may be confirmed.

    Of an action this is judged after it ended well, and it is what settles one whose end is not known.
    """
    requires: tuple[str, ...] = ()
    """As `gate`, but before an action (or the sending of a message) may be started."""
    only_if: tuple[str, ...] = ()
    """As `gate`: if any is false when the step becomes current, the step does not apply and is passed by."""
    estimate_s: float = 0.0
    risk: Risk = "routine"
    level: Level = "required"
    owner: str = ""
    rollback: str = ""
    """Markdown: how this step is undone by hand."""
    claimed: str = ""
    """Who says that it is done already (`ticked in the wiki, 2025-10-22`): a claim, until a person confirms it."""
    on_failure: str = ""
    """Id of a rollback plan: if the action fails, the advisor opens with this plan."""
    undoes: tuple[str, ...] = ()
    """In a rollback plan: ids of the steps that this one undoes. It is due only if one of them was done, begun or left
    unknown. Within a phase, neighbours that undo something are walked in the reverse order of what they undo."""
    language: Language = "bash"
    """Of `command`: what it is highlighted as, and what it would be run as once a person turns that on."""
    source: str = ""
    """Where it was imported from: `RUNBOOK.md:57`, or `RUNBOOK.md:57-61`. Empty: a person wrote it here."""
    settings: dict[str, object] = {}


class Phase(Value, frozen=True, kw_only=True):
    """A stretch of the run. `gate` guards entering it, `exit` leaving it. In a `free` one any step may be next.

    Neighbouring `area`s are one free stretch: any step of any of them may be next.
    """

    id: str
    title: str
    steps: tuple[Step, ...]
    gate: tuple[str, ...] = ()
    description: str = ""
    exit: tuple[str, ...] = ()
    order: PhaseOrder = "ordered"
    stage: Stage = "window"

    @property
    def estimate_s(self) -> float:
        """Seconds planned for all its steps."""
        return sum(step.estimate_s for step in self.steps)


class RollbackPlan(Value, frozen=True, kw_only=True):
    """A way back, with phases of its own. Which one fits is a condition; a person chooses."""

    id: str
    title: str
    phases: tuple[Phase, ...]
    when: tuple[str, ...] = ()
    """CEL over probes, recorded values and `since.<step>`; the plan fits if all are true. Empty: always."""
    description: str = ""
    data_loss: str = ""
    """What is lost by it, in words: shown before it is chosen. Empty: nothing."""

    @property
    def estimate_s(self) -> float:
        """Seconds planned for all its steps."""
        return sum(phase.estimate_s for phase in self.phases)


class Trigger(Value, frozen=True, kw_only=True):
    """What recommends a rollback while it is armed. It fires once all of `when` held for `for_s`."""

    id: str
    title: str
    when: tuple[str, ...] = ()
    """CEL over probes and recorded values. Empty: only a person can raise it."""
    for_s: float = 0.0
    clear_when: tuple[str, ...] = ()
    """What must hold for `clear_for_s` before it can fire again (hysteresis); empty: that `when` no longer holds."""
    clear_for_s: float = 0.0
    severity: Severity = "consider"
    plan: str = ""
    """Id of the rollback plan it suggests; empty: whichever fits."""
    armed: tuple[str, ...] = ()
    """Ids of phases and steps during which it is armed; empty: all of stages `window` and `after`."""
    suspended: tuple[str, ...] = ()
    """Ids of phases and steps during which it is not (a planned outage), and why it may not fire is said."""


class Template(Value, frozen=True, kw_only=True):
    """A text to people: `${name}` is filled from variables, recorded values and the run (`${run.window_start}`)."""

    id: str
    title: str = ""
    """The subject."""
    body: str = ""
    to: str = ""
    """Whom it goes to, in words or as an address."""
    channel: str = ""
    """Id of a channel it can be sent through; empty: it is copied and sent by hand."""


class Channel(Value, frozen=True, kw_only=True):
    """A way out for messages and alerts: exactly one of `webhook` and `apprise`, mostly a reference to a secret."""

    id: str
    webhook: str = ""
    """URL that gets a JSON object `{"title", "text", "run", "environment", …}` by POST."""
    apprise: str = ""
    """URL of any service Apprise knows (the extra `apprise`)."""
    unverified: str = ""
    """Why the webhook is plain http, or its certificate not checked; a deviation of every run. Empty: verified."""


class Target(Value, frozen=True, kw_only=True):
    """A system that is acted on, and who it must prove to be before anything is done to it."""

    id: str
    kind: TargetKind
    dsn: str = ""
    """postgres: where it is; may hold `${secret}`."""
    context: str = ""
    """kubernetes: the context of the kubeconfig, always passed explicitly."""
    namespace: str = ""
    kubeconfig: str = ""
    """kubernetes: a file; empty: as kubectl finds it."""
    database: str = ""
    """postgres: the name it must answer to (`current_database()`)."""
    system_identifier: str = ""
    """postgres: of the cluster (`pg_control_system()`), a number as text."""
    server: str = ""
    """kubernetes: the URL of the API server that the context must lead to."""
    unverified: str = ""
    """Why nobody checks that it is the right server, a deviation of every run; empty: that is checked."""


class Contact(Value, frozen=True, kw_only=True):
    """Whom to reach. `order` is the place in the escalation, from 1; 0: not a part of it."""

    id: str
    title: str
    name: str = ""
    reach: str = ""
    """Telephone, address or room; empty: nobody can be reached, which `ready` says."""
    group: str = ""
    order: int = 0


class Task(Value, frozen=True, kw_only=True):
    """Work of later weeks: exported as a list, not walked."""

    id: str
    title: str
    due_s: float = 0.0
    """After the run's end."""
    owner: str = ""
    group: str = ""


Signing = Literal["off", "signoffs", "facts"]
SIGNING: tuple[Signing, ...] = get_args(Signing)


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
    targets: tuple[Target, ...] = ()
    rollbacks: tuple[RollbackPlan, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    templates: tuple[Template, ...] = ()
    channels: tuple[Channel, ...] = ()
    alerts: str = ""
    """Id of the channel that is told of triggers and due steps while no seat is attached; empty: nobody is."""
    contacts: tuple[Contact, ...] = ()
    tasks: tuple[Task, ...] = ()
    signing: Signing = "off"
    """What people sign with their SSH keys: nothing, sign-offs and agreements, or every fact of theirs."""
    allowed_signers: str = ""
    """A file beside the profile: whose keys count (ssh-keygen(1), ALLOWED SIGNERS). Fixed when a run starts."""
    revoked_keys: str = ""
    """A file beside the profile: public keys that count no more, one a line. Fixed when a run starts."""
    shared_accounts: tuple[str, ...] = ()
    """Users that several people log in as: they pick their name from the roles, and prove it by a signature."""
    reviewed: bool = False
    """It is not run without an approval by one of its allowed signers. Against accidents alone: who changes a profile
    could take this out; a machine's policy cannot be changed so."""

    def steps(self) -> tuple[tuple[Phase, Step], ...]:
        """Every step with its phase, in the order of the walk, without those of the rollback plans."""
        return tuple((phase, step) for phase in self.phases for step in phase.steps)

    def every_step(self) -> tuple[tuple[Phase, Step], ...]:
        """As `steps`, then those of the rollback plans."""
        plans = tuple((phase, step) for plan in self.rollbacks for phase in plan.phases for step in phase.steps)
        return (*self.steps(), *plans)

    def plan(self, plan_id: str) -> RollbackPlan | None:
        """The rollback plan, or None."""
        return next((plan for plan in self.rollbacks if plan.id == plan_id), None)
