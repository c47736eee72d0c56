"""The run, its phases and its steps: what people decided about the walk.

A part of the log's format: see `events`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from cockpit.profile.model import Profile
from cockpit.run.events_base import Body, SourceFile
from cockpit.run.readings import ConditionVerdict, Evidence, Verdict


class ProfileTrust(Struct, frozen=True, kw_only=True):
    """How it came that a run's profile, which is code, was run: who saw what it executes, and who approved it."""

    digest: str = ""
    """SHA-256, hex: of the profile and every file it names, as it was confirmed. Empty: nobody was asked."""
    how: str = ""
    """`asked`: a person saw what it executes; `noted`: this machine asks nobody; `reviewed`: its digest was given;
    `shipped`: it came with cockpit; `nothing`: it executes nothing."""
    by: str = ""
    """Who did, on the machine that the run began on."""
    at: datetime | None = None
    approved_by: tuple[str, ...] = ()
    """Whose approvals counted: `ana SHA256:…`."""
    wanted: int = 0
    """How many approvals were asked for."""
    unreviewed: str = ""
    """Why it was begun without them; empty: it was not."""


class RunStarted(Body, frozen=True, kw_only=True):
    """The first line. Carries everything a reader needs: the log needs nothing beside it."""

    type: ClassVar[str] = "run.started"
    profile: Profile
    profile_digest: str
    """SHA-256 over the digests of `sources`, in order, hex: the same files give the same digest."""
    sources: tuple[SourceFile, ...]
    variables: dict[str, str] = {}
    """Values of variables that are not secret, as they were at the start."""
    probe_facts: dict[str, dict[str, str]] = {}
    """By kind: fact name to unit, so that a replay needs no plug-in."""
    cockpit_version: str
    window_start: datetime | None = None
    window_end: datetime | None = None
    despite: dict[str, str] = {}
    """Live runs of the same profile at the start (run id to the reason given for starting another)."""
    signers_digest: str = ""
    """SHA-256 of the trusted signers file; empty while signing is off."""
    signers: str = ""
    """That file's text (ssh-keygen(1), ALLOWED SIGNERS)."""
    revoked_digest: str = ""
    """SHA-256 of the file of revoked keys; empty: there is none."""
    revoked: str = ""
    """That file's text: a public key a line."""
    rehearsal: bool = False
    """Nothing outside is changed: commands run their `dry_run` or are shown, SQL is rolled back."""
    rehearsal_reason: str = ""
    """Why a production target is rehearsed against; empty elsewhere."""
    files: dict[str, str] = {}
    """Digests of the files that commands and SQL use: path as the profile names it to SHA-256, hex."""
    medians: dict[str, float] = {}
    """By step: median seconds it took in earlier runs and rehearsals of the same profile."""
    earlier_runs: int = 0
    """How many runs those medians are of, at most."""
    trust: ProfileTrust = ProfileTrust()


class RunFinished(Body, frozen=True, kw_only=True):
    """Every step is settled and the operator closed the run."""

    type: ClassVar[str] = "run.finished"


class RunAborted(Body, frozen=True, kw_only=True):
    """The operator gave the run up."""

    type: ClassVar[str] = "run.aborted"
    reason: str


class PhaseEntered(Body, frozen=True, kw_only=True):
    """A phase with an entry gate was entered. (A phase without one is entered when the cursor reaches it.)"""

    type: ClassVar[str] = "phase.entered"
    phase: str
    seen: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()


class PhaseLeft(Body, frozen=True, kw_only=True):
    """A phase with an exit gate was left."""

    type: ClassVar[str] = "phase.left"
    phase: str
    seen: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()


class StepConfirmed(Body, frozen=True, kw_only=True):
    """The operator says the step is done, on this evidence."""

    type: ClassVar[str] = "step.confirmed"
    step: str
    attempt: int
    seen: tuple[Evidence, ...] = ()
    """What the operator had on screen."""
    current: tuple[Evidence, ...] = ()
    """What was current when the event was decided."""
    counts: dict[str, int] = {}
    """All probes by shown status."""
    values: dict[str, str] = {}
    """What was entered or chosen: by the record's name, or the decision's step id."""
    sent: dict[str, str] = {}
    """Of a message sent by hand: `to`, `digest` (SHA-256 of the text, hex)."""
    second: str = ""
    """user@host who countersigned, where a second person was asked for."""
    unmet: tuple[str, ...] = ()
    """In a rehearsal, where no gate binds: the conditions that did not hold."""
    not_taken: str = ""
    """The rollback plan that was proposed since the step had failed, and not taken; empty: none was."""


class StepDoneOutside(Body, frozen=True, kw_only=True):
    """The step was done by hand, outside of the plan's way: recorded as such."""

    type: ClassVar[str] = "step.done_outside"
    step: str
    attempt: int
    reason: str
    current: tuple[Evidence, ...] = ()
    not_taken: str = ""
    """As of `step.confirmed`."""


class StepSkipped(Body, frozen=True, kw_only=True):
    """The step was left out."""

    type: ClassVar[str] = "step.skipped"
    step: str
    attempt: int
    reason: str
    not_taken: str = ""
    """As of `step.confirmed`."""


class StepReopened(Body, frozen=True, kw_only=True):
    """A settled step is to be done again; the cursor moves to it."""

    type: ClassVar[str] = "step.reopened"
    step: str
    attempt: int
    """The number of the attempt that now begins."""
    reason: str


class CursorJumped(Body, frozen=True, kw_only=True):
    """The operator left the order."""

    type: ClassVar[str] = "cursor.jumped"
    step: str
    """Where to."""
    left: str = ""
    """Where from; empty if no step was current."""
    reason: str
    not_taken: str = ""
    """As of `step.confirmed`, of the step that was left."""


class GateOverridden(Body, frozen=True, kw_only=True):
    """A gate that does not pass was opened by a person, for the current attempt only."""

    type: ClassVar[str] = "gate.overridden"
    gate: str
    attempt: int = 1
    reason: str
    verdict: Verdict
    conditions: tuple[ConditionVerdict, ...] = ()
    current: tuple[Evidence, ...] = ()
    not_taken: str = ""
    """As of `step.confirmed`."""


class StepCountersigned(Body, frozen=True, kw_only=True):
    """A second person agrees to what is about to be confirmed or run."""

    type: ClassVar[str] = "step.countersigned"
    step: str
    attempt: int


class SecondWaived(Body, frozen=True, kw_only=True):
    """A second person was asked for and is missing; it goes on without, for this attempt."""

    type: ClassVar[str] = "second.waived"
    step: str
    attempt: int
    reason: str
