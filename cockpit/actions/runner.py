"""The seam between the keeper and a kind of step that acts.

A runner is asked three things: what it would do (`plan`), to do it (`run`), and, by a keeper that did not start it, how
it ended (`adopt`). Invariant: it does something only in `run`, and at most once for an action's id; the sentences,
outputs and plans that it hands out are visible text without secrets. It never raises for what can go wrong outside:
that is an `Ending`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol, TypeVar, cast

import msgspec
from msgspec import Struct

from cockpit.errors import ActionError
from cockpit.masking.mask import Mask
from cockpit.profile.kinds import Settings
from cockpit.profile.model import Channel, Step, Target, Template
from cockpit.profile.plugins import offers
from cockpit.profile.references import fill, fill_within
from cockpit.text import shortened

Mode = Literal["real", "dry_run", "shown", "rolled_back"]
Outcome = Literal["succeeded", "failed", "timed_out", "cancelled", "refused", "lapsed", "unknown"]
_Settings = TypeVar("_Settings", bound=Settings)

DETACH = "detach"
"""`task.cancel(DETACH)` on a `run` or `adopt`: watch no more and let it go on: the keeper ends, not the action."""


class Output(Struct, frozen=True, kw_only=True):
    """What an action says while it runs."""

    text: str = ""
    """Masked and visible, at most 4 KiB; to be appended to what was said before."""
    skipped_bytes: int = 0
    """Left out before `text`."""
    progress: tuple[str, ...] | None = None
    """What stands in place of the last progress; None leaves it as it was."""
    end: int = 0
    """Where `text` ends in the output file, bytes, so that `adopt` goes on from there; 0: it does not say."""


class Ending(Struct, frozen=True, kw_only=True):
    """How an action ended, as `action.ended` tells it."""

    outcome: Outcome
    exit_code: int | None = None
    detail: str = ""
    """One visible line."""
    duration_s: float = 0.0
    facts: Mapping[str, object] = {}
    """For the conditions of `expect`, under the names that the kind declares."""
    output: str = ""
    """Name of the file in `outputs/`; empty: there is none."""
    output_bytes: int = 0
    """Size of that file."""
    output_sha256: str = ""
    """Of that file, hex."""
    sent: dict[str, str] = {}
    """Of a message: `to`, `channel`, `digest`."""
    nothing_done: bool = False
    """It was begun, and is known to have left nothing (its transaction was rolled back): there is nothing to undo."""


class Planned(Struct, frozen=True, kw_only=True):
    """What a runner would do."""

    shown: str
    """For people, secrets as their names, at most 4 KiB."""
    mode: Mode = "real"
    refusal: str = ""
    """Why it cannot be done, a sentence; then nothing is run."""


class ActionContext(Struct, frozen=True, kw_only=True):
    """What runners may know of the run and the step."""

    action: str
    """Its id: names the files that it leaves in `outputs/`."""
    run_dir: Path
    base_dir: Path
    """Relative paths of settings start here: the profile's folder."""
    fixed: Mapping[str, str] = {}
    """By name as written: the SHA-256 (hex) of each file when the run began. What is read is held to it."""
    scripts: tuple[str, ...] = ()
    """Those of them that a command of the step starts, or gives to what it starts."""
    rehearsal: bool = False
    timeout_s: float = 600.0
    settings: Settings
    """Typed, public values filled in, references to secrets still in it; see `typed_settings`."""
    values: Mapping[str, str] = {}
    """Every public value: variables, recorded values, `run.…`."""
    secrets: Mapping[str, str] = {}
    """By name; for use only: never shown, never an argument."""
    target: Target | None = None
    """References filled in, secrets included."""
    mask: Mask
    """For what others say."""
    template: Template | None = None
    """Of a message: its texts filled in for display."""
    told_bytes: int = 0
    """For `adopt`: the last `Output.end` that an earlier keeper told."""
    channel: Channel | None = None
    """Of a message: references filled in, secrets included; None: it is sent by hand."""


OnOutput = Callable[[Output], None]


class ActionRunner(Protocol):
    """A kind of step that acts."""

    def plan(self, context: ActionContext) -> Planned:
        """What would be done. Pure and quick."""
        ...

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        """Do it, to its end. Cancelled: stop it, and return how it ended (`cancelled`); but see `DETACH`."""
        ...

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        """How an action ended, or ends, that an earlier keeper started; None: nothing is known of its end."""
        ...


def typed_settings(step: Step, declared: type[_Settings], values: Mapping[str, str]) -> _Settings:
    """The step's settings as `declared`, public `values` filled in, for `ActionContext.settings`.

    A kind that fills in its texts itself, since pasting would be wrong (a shell script), says so by the class variable
    `AS_WRITTEN: ClassVar = True`; its settings stay as written. Raises ActionError if they do not fit.
    """
    known = {field.encode_name for field in msgspec.structs.fields(declared)}
    settings: dict[str, object] = {key: value for key, value in step.settings.items() if key in known}
    if not getattr(declared, "AS_WRITTEN", False):
        settings = {key: fill_within(value, lambda text: fill(text, values)) for key, value in settings.items()}
    try:
        return msgspec.convert(settings, declared)
    except msgspec.ValidationError as error:
        raise ActionError(f"the settings of step `{step.id}` do not fit kind `{step.kind}`: {error}") from error


def find_runner(kind: str) -> ActionRunner:
    """Load the runner of a kind from the installed packages' entry points. Raises ActionError if it cannot."""
    found = [each for each in offers("cockpit.step_runners") if each.name == kind]
    if not found:
        raise ActionError(f"no plug-in that runs kind `{shortened(kind, 60)}` is installed here")
    try:
        return cast("ActionRunner", found[0].load())
    except Exception as error:
        said = shortened(f"{type(error).__name__}: {error}", 150)
        raise ActionError(f"the plug-in for kind `{shortened(kind, 60)}` cannot be loaded: {said}") from error
