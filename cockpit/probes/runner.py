"""The seam between the schedule and a kind of probe.

A runner is opened once, in the keeper, with its secrets filled in; it is asked for facts again and again, never twice
at once, and closed at the end. It raises `ProbeError` where it cannot tell; the sentence must hold no secret.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol, cast

import msgspec

from cockpit.errors import ProbeError
from cockpit.profile import arguments
from cockpit.profile.kinds import ProbeKind, Settings
from cockpit.profile.model import Probe
from cockpit.profile.pasting import refusal_in
from cockpit.profile.plugins import offers
from cockpit.profile.programs import fixed_in
from cockpit.profile.references import fill_secret, fill_within, references
from cockpit.text import shortened

Facts = Mapping[str, object]


class Context(msgspec.Struct, frozen=True):
    """What runners may know of the run."""

    base_dir: Path
    """Relative paths of settings start here: the profile's folder."""
    timeout_s: float
    """Of this probe; the schedule enforces it too, a runner may use it to end its own work in order."""
    is_rare: bool = False
    """Whether readings are so far apart that nothing should be held at the server between them."""
    fixed: Mapping[str, str] = {}
    """By name from `base_dir`: the SHA-256 (hex) that each script must have for the probe to be read."""


class Runner(Protocol):
    """One probe, ready to be read."""

    async def read(self) -> Facts:
        """Return the facts of one reading. Raises `ProbeError`."""
        ...

    async def close(self) -> None:
        """Give back what is held. Never raises."""
        ...


RARE_S = 60.0
"""From this interval on, and on demand, a probe is read rarely."""


def context_of(probe: Probe, base_dir: Path, files: Mapping[str, str] | None = None) -> Context:
    """What the runner of `probe` may know. `files`: the digests of all files that were fixed when the run began."""
    is_rare = probe.on_demand or probe.interval_s >= RARE_S
    fixed = {name: files[name] for name in fixed_in(probe.settings, files)} if files else {}
    return Context(base_dir, probe.timeout_s, is_rare=is_rare, fixed=fixed)


OpenRunner = Callable[[Settings, Context], Awaitable[Runner]]


def filled_settings(probe: Probe, kind: ProbeKind, values: Mapping[str, str]) -> Settings:
    """Return the probe's settings with every `${variable}` filled in, secrets included: for use, never for show.

    Raises `ProbeError` where a variable has no value or the filled settings do not fit.
    """
    try:
        filled = fill_within(probe.settings, lambda text: fill_secret(text, values))
    except KeyError as error:
        raise ProbeError(f"variable `{error.args[0]}` has no value", hint="set it and resume the run") from None
    _require_own_values(probe, filled, values)
    try:
        settings = msgspec.convert(filled, kind.settings)
    except msgspec.ValidationError:
        # The error could quote a filled-in secret.
        raise ProbeError(f"its settings do not fit kind `{kind.name}`", hint="run cockpit check") from None
    if problems := kind.problems(settings):
        raise ProbeError(problems[0])
    return settings


def _require_own_values(probe: Probe, filled: object, values: Mapping[str, str]) -> None:
    """Raise ProbeError for a value that would be more than a value: an option, another host, a program."""
    if why := refusal_in(probe.settings, values):
        raise ProbeError(why)
    argv = probe.settings.get("argv")
    if probe.kind == "command" and isinstance(argv, list | tuple):
        said, instead = arguments.refusal([str(item) for item in argv], values)
        if said:
            raise ProbeError(shortened(said, 300), hint=instead)
    script, env = probe.settings.get("script"), probe.settings.get("env")
    if isinstance(script, str) and script and isinstance(env, Mapping) and isinstance(filled, Mapping):
        _require_texts(script, env, filled["env"])


def _require_texts(script: str, env: Mapping[str, object], values: Mapping[str, str]) -> None:
    names = {name for name, text in env.items() if any(references(str(text)))}
    if not names:
        return
    from cockpit.profile.shell_values import SAID, fits, uses  # a shell's grammar: 15 ms, for such scripts alone

    for use in uses(script, names):
        if not fits(use.way, values[use.name]):
            said, instead = SAID[use.way]
            why = f"line {use.line} of its script: `{use.name}` {said}, and this value is none that is safe there"
            raise ProbeError(why, hint=f"write {instead.replace('name', use.name)}")


def find_opener(kind: str) -> OpenRunner:
    """Load the runner of a kind from the installed packages' entry points. Raises `ProbeError` if it cannot."""
    found = [each for each in offers("cockpit.probe_runners") if each.name == kind]
    if not found:
        raise ProbeError(f"no plug-in for kind `{shortened(kind, 60)}` is installed here")
    try:
        return cast("OpenRunner", found[0].load())
    except Exception as error:
        said = shortened(f"{type(error).__name__}: {error}", 150)
        raise ProbeError(f"the plug-in for kind `{shortened(kind, 60)}` cannot be loaded: {said}") from error
