"""The profile while it is being drafted: what the readers of sections add to, piece by piece.

Invariant: ids are unique as `check` wants them, and whatever is added says which lines of the source it stands for, so
that the ledger is complete by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cockpit.importing.ledger import Ledger
from cockpit.importing.naming import Ids
from cockpit.importing.recent import Recent
from cockpit.importing.source import Note
from cockpit.profile.cel_words import RESERVED
from cockpit.profile.model import (
    Contact,
    Phase,
    PhaseOrder,
    Probe,
    Profile,
    Role,
    RollbackPlan,
    Stage,
    Step,
    Target,
    Task,
    Template,
    Trigger,
    Variable,
    Window,
)

if TYPE_CHECKING:
    from cockpit.importing.notices import Notice

Names = Mapping[str, Mapping[str, str]]
"""By kind (`steps`, with the phases; `probes`, `templates` …): the ids that parts have for those they would get."""

_STAGES: tuple[Stage, ...] = ("before", "window", "after")


class DraftPhase(Struct, kw_only=True):
    """A phase that steps are still added to. Without steps it never reaches the profile."""

    id: str
    title: str
    stage: Stage
    estimate_s: float = 0.0
    steps: list[Step] = field(default_factory=list)
    description: list[str] = field(default_factory=list)
    optional: bool = False
    """Its steps are alternatives or extras: none of them is required."""
    gate: tuple[str, ...] = ()
    exit: tuple[str, ...] = ()
    order: PhaseOrder = "ordered"

    def built(self) -> Phase:
        """The phase as it stands in the profile. An estimate of the whole is shared out among its steps."""
        steps = _shared_out(self.steps, self.estimate_s)
        return Phase(
            id=self.id,
            title=self.title,
            stage=self.stage,
            steps=tuple(steps),
            description="\n\n".join(self.description),
            gate=self.gate,
            exit=self.exit,
            order=self.order,
        )


def _shared_out(steps: list[Step], estimate_s: float) -> list[Step]:
    """The steps, those without an estimate with an equal part of what the phase's leaves; the last has the rest."""
    bare = [index for index, step in enumerate(steps) if not step.estimate_s]
    left_s = estimate_s - sum(step.estimate_s for step in steps)
    if not bare or left_s <= 0:
        return steps
    part_s = left_s // len(bare)
    part_s -= part_s % (10 if part_s >= 10 else 1)
    shared = list(steps)
    for index in bare:
        own_s = part_s if index != bare[-1] else left_s - part_s * (len(bare) - 1)
        shared[index] = replace(steps[index], estimate_s=own_s)
    return shared


class DraftPlan(Struct, kw_only=True):
    """A rollback plan that phases are still added to."""

    id: str
    title: str
    when: tuple[str, ...] = ()
    within: tuple[str, float] | None = None
    """For how long after the deployment it fits: `("<", 3600.0)` or `(">", 3600.0)`, seconds."""
    is_advice: bool = False
    """It mends something, and takes nothing back: no user is told of it."""
    data_loss: str = ""
    description: list[str] = field(default_factory=list)
    phases: list[DraftPhase] = field(default_factory=list)

    def built(self) -> RollbackPlan:
        """The plan as it stands in the profile."""
        return RollbackPlan(
            id=self.id,
            title=self.title,
            when=self.when,
            description="\n\n".join(self.description),
            data_loss=self.data_loss,
            phases=tuple(phase.built() for phase in self.phases if phase.steps),
        )


class Draft:
    """What has been read so far, of one runbook or several."""

    def __init__(self, names: Names | None = None) -> None:
        names = names or {}
        self._names = names
        self.title = ""
        self.system = ""
        """The profile's id, if the source says it; empty: it is made of the title."""
        self.description: list[str] = []
        self.window: Window | None = None
        self.window_days: list[str] = []
        self.step_ids = Ids(renamed=names.get("steps"))
        self.probe_ids = Ids(RESERVED, names.get("probes"))
        self.other_ids: dict[str, Ids] = {}
        self.variables: dict[str, Variable] = {}
        self.roles: dict[str, Role] = {}
        self.targets: dict[str, Target] = {}
        self.probes: list[Probe] = []
        self.templates: list[Template] = []
        self.notices: list[Notice] = []
        self.phases: list[DraftPhase] = []
        self.plans: list[DraftPlan] = []
        self.triggers: list[Trigger] = []
        self.contacts: list[Contact] = []
        self.tasks: list[Task] = []
        self.notes: list[Note] = []
        self.comments: dict[str, list[str]] = {}
        """Lines to stand above a table of the TOML, by `path id` (`probes api_health`)."""
        self.recent = Recent()
        self.ledgers: list[Ledger] = []

    @property
    def ledger(self) -> Ledger:
        """Of the source that is being read."""
        return self.ledgers[-1]

    def place(self, first: int, last: int) -> str:
        """How a step names its lines: `RUNBOOK.md:57-61`."""
        name = self.ledger.source.short_name
        return f"{name}:{first}" if first == last else f"{name}:{first}-{last}"

    def take_id(self, kind: str, text: str, fallback: str) -> str:
        """A new id among those of its kind (`templates`, `contacts` …)."""
        return self.other_ids.setdefault(kind, Ids(renamed=self._names.get(kind))).take(text, fallback)

    def add_step(self, phase: DraftPhase, step: Step, first: int, last: int) -> Step:
        """Put a step, whose lines are `first` to `last`, at the end of a phase."""
        placed = replace(step, source=self.place(first, last), level="optional" if phase.optional else step.level)
        phase.steps.append(placed)
        self.ledger.give(first, last, f"step {placed.id}")
        return placed

    def note(self, line: int, text: str) -> None:
        """Something that a person should look at."""
        self.notes.append(Note(line=line, text=text))

    def comment(self, path: str, part_id: str, line: str) -> None:
        """A line that will stand above a table of the TOML."""
        self.comments.setdefault(f"{path} {part_id}", []).append(line)

    def built(self, profile_id: str, environment: str, *, production: bool) -> Profile:
        """The profile: phases by stage, otherwise in the source's order."""
        phases = sorted((phase for phase in self.phases if phase.steps), key=lambda phase: _STAGES.index(phase.stage))
        return Profile(
            id=profile_id,
            environment=environment,
            production=production,
            title=self.title,
            description="\n\n".join(self.description),
            window=self.window,
            variables=tuple(self.variables.values()),
            roles=tuple(self.roles.values()),
            targets=tuple(self.targets.values()),
            probes=tuple(self.probes),
            templates=tuple(self.templates),
            phases=tuple(phase.built() for phase in phases),
            rollbacks=tuple(plan.built() for plan in self.plans if any(phase.steps for phase in plan.phases)),
            triggers=tuple(self.triggers),
            contacts=tuple(self.contacts),
            tasks=tuple(self.tasks),
        )
