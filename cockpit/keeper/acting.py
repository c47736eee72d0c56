"""From a step and the state of the run to what its runner is given; and why it cannot be given.

Invariant: every text of a context is filled from what is known now: the run's variables, what was recorded, and the
run's own names; secrets go in apart. What has no value is said here, before anything is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from cockpit.actions.files import files_of
from cockpit.actions.runner import ActionContext, ActionRunner, typed_settings
from cockpit.errors import ActionError
from cockpit.keeper.messaging import message_of
from cockpit.keeper.values import RunValues, references_in
from cockpit.profile.kinds import Settings, StepKind
from cockpit.profile.model import Profile, Step, Target
from cockpit.profile.pasting import refusal_in
from cockpit.profile.programs import fixed_in
from cockpit.profile.references import fill_secret
from cockpit.run.naming import run_values
from cockpit.run.state import RunState
from cockpit.text import shortened

TIMEOUT_S = 600.0
"""Of a kind that does not say how long it may take."""


class Doing(Struct, frozen=True):
    """A step's action, ready to be done."""

    step: Step
    kind: StepKind
    runner: ActionRunner
    context: ActionContext

    @property
    def files(self) -> tuple[str, ...]:
        """What it reads, as the profile names it, and those of its scripts that were fixed when the run began."""
        return tuple(dict.fromkeys((*files_of(self.step), *self.context.scripts)))


class Workshop(Struct, frozen=True):
    """What every action of a run is made from, beside its state."""

    run_dir: Path
    base_dir: Path
    values: RunValues
    kinds: Mapping[str, StepKind]
    find_runner: Callable[[str], ActionRunner]

    def make(self, action: str, step: Step, state: RunState, *, is_begun: bool = False, told_bytes: int = 0) -> Doing:
        """The action of `step`. Raises ActionError, saying what is missing.

        One that `is_begun` is only watched to its end: it can do without values, so that none is missed.
        """
        kind = self.kinds.get(step.kind)
        if kind is None:
            raise ActionError(f"no plug-in for kind `{shortened(step.kind, 60)}` is installed here")
        runner = self.find_runner(step.kind)
        public = public_values(state, self.values)
        settings = typed_settings(step, kind.settings, public)
        if is_begun:
            target, template, channel = self._target_if_known(state, step, public), None, None
        else:
            self._refuse_missing(step, kind, public)
            named = target_of(state.profile, step)
            target = resolved(named, public, self.values) if named is not None else None
            template, channel = message_of(state, step, public, self.values)
        fixed = state.started.files if state.started is not None else {}
        context = ActionContext(
            action=action,
            run_dir=self._home_of(action, step, state) if is_begun else self.run_dir,
            base_dir=self.base_dir,
            fixed=fixed,
            scripts=fixed_in(step.settings, fixed) if step.behaviour == "action" else (),
            rehearsal=state.is_rehearsal,
            timeout_s=timeout_of(settings),
            settings=settings,
            values=public,
            secrets=self.values.secrets,
            target=target,
            mask=self.values.mask,
            template=template,
            told_bytes=told_bytes,
            channel=channel,
        )
        return Doing(step=step, kind=kind, runner=runner, context=context)

    def _home_of(self, action: str, step: Step, state: RunState) -> Path:
        """The folder in which what was begun left its files: another one, if the log went on here since."""
        known = state.steps[step.id].action
        return Path(known.home) if known is not None and known.action == action and known.home else self.run_dir

    def _target_if_known(self, state: RunState, step: Step, public: Mapping[str, str]) -> Target | None:
        """For a runner that has to ask there how it ended (SQL); None while a value of it is not known again."""
        try:
            named = target_of(state.profile, step)
            return resolved(named, public, self.values) if named is not None else None
        except ActionError:
            return None

    def _refuse_missing(self, step: Step, kind: StepKind, public: Mapping[str, str]) -> None:
        names = sorted(references_in(step.settings))
        if missing := next((why for name in names if (why := self.values.missing(name))), ""):
            raise ActionError(missing)
        if getattr(kind.settings, "AS_WRITTEN", False):
            return  # its runner knows what in them is a reference, and refuses by its plan
        known = {*public, *self.values.secrets}
        if unknown := next((name for name in names if name not in known), ""):
            raise ActionError(f"`{shortened(unknown, 60)}` has no value yet", hint="it is recorded by an earlier step")


def public_values(state: RunState, values: RunValues) -> dict[str, str]:
    """Everything that a text may refer to and that may be shown."""
    return {**values.shown, **state.values, **run_values(state)}


def target_of(profile: Profile, step: Step) -> Target | None:
    """The target that a step names, unresolved. Raises ActionError if the profile has no such target."""
    name = step.settings.get("target")
    if not isinstance(name, str) or not name:
        return None
    found = next((target for target in profile.targets if target.id == name), None)
    if found is None:
        raise ActionError(f"the profile has no target `{shortened(name, 60)}`")
    return found


def resolved(target: Target, public: Mapping[str, str], values: RunValues) -> Target:
    """The target with its references filled in, secrets included. Raises ActionError."""
    fields: dict[str, str] = {
        name: value for name, value in asdict(target).items() if name not in ("id", "kind") and isinstance(value, str)
    }
    if missing := next((why for name in sorted(references_in(fields)) if (why := values.missing(name))), ""):
        raise ActionError(missing)
    known = {**public, **values.secrets}
    if why := refusal_in(fields, known):
        raise ActionError(f"target `{target.id}`: {why}")
    try:
        filled = {name: fill_secret(value, known) for name, value in fields.items()}
    except KeyError as error:
        raise ActionError(f"target `{target.id}`: `{shortened(str(error.args[0]), 60)}` has no value") from None
    return Target(id=target.id, kind=target.kind, **filled)


def timeout_of(settings: Settings) -> float:
    """How long the action may take, seconds."""
    said = getattr(settings, "timeout_s", TIMEOUT_S)
    return float(said) if isinstance(said, int | float) and said > 0 else TIMEOUT_S
