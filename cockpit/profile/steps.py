"""Settings of the built-in kinds of step that the walk itself understands, and how to read them from a frozen step.

They are declared here and not beside their kinds, since `run/` needs them and imports nothing above it. They are part
of the log's format: fields are only ever added, with defaults.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from cockpit.profile.kinds import Settings
from cockpit.profile.model import Step, Value

_Settings = TypeVar("_Settings", bound=Settings)


class RecordSettings(Settings, frozen=True, kw_only=True):
    """A value that the operator enters; later `${name}`, and `recorded.name` in conditions."""

    name: str = ""
    """Empty: the step's id."""
    prompt: str = ""
    pattern: str = ""
    """RE2, matches the whole value."""
    type: Literal["text", "number"] = "text"
    unit: str = ""


class WaitSettings(Settings, frozen=True, kw_only=True):
    """Watching for a time."""

    duration_s: float = msgspec.field(name="duration")
    healthy: tuple[str, ...] = ()
    """CEL over probes; must hold the whole time. Unknown is not healthy."""
    on_breach: Literal["restart", "stop"] = "restart"


class SignoffSettings(Settings, frozen=True, kw_only=True):
    """A role's approval."""

    role: str
    four_eyes: bool = False
    """By nobody who settled or ran a step of this phase."""
    not_by: tuple[str, ...] = ()
    """Ids of steps and roles: by nobody who settled or ran these steps, or who is named in these roles."""


class Choice(Value, frozen=True, kw_only=True):
    """One answer of a decision. `stop` holds the run when chosen; `rollback` is the plan the advisor opens with."""

    id: str
    title: str = ""
    stop: bool = False
    rollback: str = ""


class DecisionSettings(Settings, frozen=True, kw_only=True):
    """A choice, recorded under the step's id: `recorded.<step>`."""

    choices: tuple[Choice, ...] = (
        Choice(id="go", title="Go"),
        Choice(id="no_go", title="No-go", stop=True),
    )
    role: str = ""
    """Who decides, by role; empty: whoever holds the pen."""


class CheckpointSettings(Settings, frozen=True, kw_only=True):
    """A look at the system at a set time after an event."""

    since: str = "start"
    """Id of a step (its settling counts), or `start` (of the run), or `window` (its start)."""
    delay_s: float = msgspec.field(name="delay")
    interval_s: float = msgspec.field(name="interval", default=0.0)
    """Outside the window the probes of its gate are read this often; 0: only when it opens."""


class MessageSettings(Settings, frozen=True, kw_only=True):
    """A template to be sent, or copied and sent by hand."""

    template: str
    due: str = ""
    """`start`, `end` (of the window), each with `-48h` or `+30m`; empty: when the step is current."""


def settings_of(step: Step, declared: type[_Settings]) -> _Settings:
    """The settings of a frozen step as `declared`; fields that a newer version wrote are left aside.

    Raises msgspec.ValidationError only for a log that no version of ours wrote.
    """
    known = {field.encode_name for field in msgspec.structs.fields(declared)}
    return msgspec.convert({key: value for key, value in step.settings.items() if key in known}, declared)


def record_name(step: Step) -> str:
    """Under which name a step's value is kept: a record's own name, or the step's id."""
    if step.behaviour != "record":
        return step.id
    return settings_of(step, RecordSettings).name or step.id
