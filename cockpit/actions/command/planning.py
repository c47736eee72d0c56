"""From a step's settings to what is executed: arguments, environment, folder.

Invariant: a value is never read as code. It reaches a program as (a part of) one argument or through the environment; a
script's `${name}` stays as it is, for bash to read from the environment. Secrets go through the environment alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.actions.command.declaration import CommandSettings, quoted
from cockpit.actions.runner import ActionContext, Mode, Planned
from cockpit.actions.targets.kubernetes import is_kubectl, with_target
from cockpit.errors import ActionError
from cockpit.patterns import late
from cockpit.profile import arguments
from cockpit.profile.advice_values import script_names
from cockpit.profile.references import REFERENCE, fill_secret, references
from cockpit.text import shortened, visible

UMASK_VARIABLE = "COCKPIT_UMASK"
"""In the keeper's environment, octal: what the operator's umask was before the keeper took a stricter one."""
_SHOWN_BYTES = 4096
_BASH = ("bash", "-euo", "pipefail", "-c")
_PLACE = late(r"\$\$\{|\$\{([^{}\n]*)\}")
_PROFILE_NAME = late(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")
_NAME = late(r"[A-Za-z_][A-Za-z0-9_]*")


class Invocation(Struct, frozen=True):
    """What is executed."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    """Added to the keeper's own."""
    cwd: Path
    shown: str
    needs_kubeconfig: bool = False
    """The target is a cluster, and the program is not kubectl itself."""


def mode_of(context: ActionContext) -> Mode:
    """What becomes of the step: in a rehearsal its dry run, or nothing."""
    if not context.rehearsal:
        return "real"
    return "dry_run" if _settings(context).dry_run else "shown"


def planned(context: ActionContext) -> Planned:
    """The plan, or why there is none."""
    settings = _settings(context)
    mode = mode_of(context)
    try:
        return Planned(shown=_fit(invocation(context).shown, context), mode=mode)
    except ActionError as error:
        return Planned(shown=_fit(quoted(settings.argv) or settings.script, context), mode=mode, refusal=str(error))


def invocation(context: ActionContext) -> Invocation:
    """What to execute. Raises ActionError if a reference has no value, or would show a secret."""
    settings = _settings(context)
    what: tuple[str, ...] | str = settings.argv or settings.script
    if mode_of(context) == "dry_run":
        what = settings.dry_run
    env = {_variable(name): _filled(value, context, f"env.{name}") for name, value in settings.env.items()}
    cwd = context.base_dir / _folder(settings.cwd, what, context)
    is_cluster = context.target is not None and context.target.kind == "kubernetes"
    if isinstance(what, str):
        script, used = _script(what, context)
        _require_texts(script, script_names({"env": settings.env}, what), {**used, **env})
        # $0 names whoever complains: `cockpit: line 3: …`.
        return Invocation((*_BASH, script, "cockpit"), {**used, **env}, cwd, script, is_cluster)
    argv = tuple(_public(item, context, "argv") for item in what)
    said, instead = arguments.refusal(what, {**context.values, **context.secrets})
    if said:
        raise ActionError(shortened(said, 300), hint=instead)
    if is_cluster and is_kubectl(argv):
        assert context.target is not None
        argv = with_target(argv, context.target, context.base_dir)
        is_cluster = False
    return Invocation(argv, env, cwd, quoted(argv), is_cluster)


def _folder(written: str, what: tuple[str, ...] | str, context: ActionContext) -> str:
    """The folder to run in. A value in it must not lead elsewhere, nor choose which `./program` is run."""
    folder = _public(written, context, "cwd")
    if folder == written:
        return folder
    program = what if isinstance(what, str) else what[0]
    is_whole = REFERENCE.fullmatch(written) is not None
    if ".." in Path(folder).parts and ".." not in Path(written).parts:
        raise ActionError("`cwd` leads upwards by a value with `..` in it", hint="give the folder itself")
    if os.path.isabs(folder) and not os.path.isabs(written) and not is_whole:
        raise ActionError("`cwd` leads elsewhere by a value that begins with `/`", hint="give a part of the path")
    if not isinstance(what, str) and "/" in program and not os.path.isabs(program) and not any(references(program)):
        raise ActionError(
            f"`{shortened(program, 60)}` is looked for in a folder that a value names, which would choose the program",
            hint="write the program's whole path, or its name alone",
        )
    return folder


def _require_texts(script: str, names: Collection[str], values: Mapping[str, str]) -> None:
    """Raise ActionError for a value that bash would take for more than a text, where the script has it."""
    if not names:
        return
    from cockpit.profile.shell_values import SAID, fits, uses  # bash's grammar: 15 ms, for scripts with values alone

    for use in uses(script, names):
        if use.name in values and not fits(use.way, values[use.name]):
            said, instead = SAID[use.way]
            raise ActionError(
                f"line {use.line} of the script: `{use.name}` {said}, and this value is none that is safe there",
                hint=f"write {instead.replace('name', use.name)}",
            )


def environment(added: Mapping[str, str]) -> dict[str, str]:
    """All of a command's environment: the keeper's, which is the operator's, and what is added."""
    own = {name: value for name, value in os.environ.items() if name != UMASK_VARIABLE}
    return {**own, "TERM": "dumb", **added}  # there is no terminal, whatever the operator's was


def umask() -> int:
    """The operator's, or the usual one."""
    said = os.environ.get(UMASK_VARIABLE, "")
    return int(said, 8) if re.fullmatch("[0-7]{1,4}", said) else 0o022


def _settings(context: ActionContext) -> CommandSettings:
    assert isinstance(context.settings, CommandSettings)
    return context.settings


def _script(script: str, context: ActionContext) -> tuple[str, dict[str, str]]:
    """The script for bash, and the variables that it refers to."""
    used: dict[str, str] = {}

    def kept(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "${"
        if name in _settings(context).env or not _PROFILE_NAME.fullmatch(name):
            return match[0]  # `${HOME}`, `${count:-1}`: bash's own
        variable = name.replace(".", "_")  # `run.id`: bash has no such names
        used[variable] = _filled(match[0], context, "script")
        return f"${{{variable}}}"

    return _PLACE.sub(kept, script), used


def _public(text: str, context: ActionContext, key: str) -> str:
    secret = next((name for name, _ in references(text) if name in context.secrets), "")
    if secret:
        raise ActionError(
            f"`{key}` refers to the secret `{secret}`, and everybody on this host sees a program's arguments",
            hint="pass it through `env`",
        )
    return _filled(text, context, key)


def _filled(text: str, context: ActionContext, key: str) -> str:
    try:
        filled = fill_secret(text, {**context.values, **context.secrets})
    except KeyError as error:
        hint = "write `$${` for a literal `${`" if key == "script" else ""
        raise ActionError(
            f"`{key}` refers to `{shortened(str(error.args[0]), 60)}`, which has no value", hint=hint
        ) from None
    if "\0" in filled:
        raise ActionError(f"`{key}` holds a null character")
    return filled


def _variable(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ActionError(f"`{shortened(name, 60)}` under `env` is no name of a variable")
    return name


def _fit(text: str, context: ActionContext) -> str:
    shown = context.mask.text(visible(text, multiline=True))
    if len(shown.encode()) <= _SHOWN_BYTES:
        return shown
    return shown.encode()[: _SHOWN_BYTES - 3].decode("utf-8", "ignore") + "…"
