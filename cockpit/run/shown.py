"""What a step does, as text for people (its command, its SQL), with its values; secrets stand as their names.

Invariant: what is copied into a shell does what the keeper does. Values are quoted as a shell needs them; those of a
script stand before it as what they are there, its environment, and are never pasted into it. Those of SQL stand before
it as comments: they are sent apart from it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from cockpit.profile.model import Step
from cockpit.profile.references import fill, references
from cockpit.profile.variables import secret_names
from cockpit.run.naming import shown_values
from cockpit.run.state import RunState
from cockpit.text import visible

EXPORT = "export "
"""What the lines before a script begin with."""
COMMENT = "-- "
"""What the lines before SQL begin with."""


def shown(state: RunState, step: Step) -> str:
    """The step's `command` (of a kind that acts: what it will do, frozen when the profile was loaded), filled in."""
    if state.started is None or not step.command:
        return ""
    secrets = secret_names(state.profile)
    values = {**shown_values(state), **{name: f"‹secret {name}›" for name in secrets}}
    return visible(_filled(step, values), multiline=True)


def _filled(step: Step, values: Mapping[str, str]) -> str:
    if step.kind == "sql":
        return _sql(step, values)
    argv, script, env = (step.settings.get(key) for key in ("argv", "script", "env"))
    added = {key: str(value) for key, value in env.items()} if isinstance(env, Mapping) else {}
    if isinstance(script, str) and script and script == step.command:
        return _script(script, added, values)
    if isinstance(argv, list | tuple) and argv and shlex.join(map(str, argv)) == step.command:
        return shlex.join(fill(str(item), values) for item in argv)
    return fill(step.command, values)


def _sql(step: Step, values: Mapping[str, str]) -> str:
    """The SQL (or the names of its files) as written, after its parameters, each on a line of its own."""
    params = step.settings.get("params")
    given = params.items() if isinstance(params, Mapping) else ()
    lines = [f"{COMMENT}{name} = {visible(fill(str(text), values))}" for name, text in given]
    return "\n".join([*lines, step.command])


def _script(script: str, env: Mapping[str, str], values: Mapping[str, str]) -> str:
    """The script as bash gets it, after the variables of the profile that it reads."""
    used = {name: name.replace(".", "_") for name, _ in references(script) if name in values and name not in env}
    given = {variable: values[name] for name, variable in used.items()}
    given |= {name: fill(text, values) for name, text in env.items()}
    lines = [f"{EXPORT}{name}={shlex.quote(value)}" for name, value in given.items()]
    text = fill(script, {name: f"${{{variable}}}" for name, variable in used.items()})
    return "\n".join([*lines, text.strip("\n")])
