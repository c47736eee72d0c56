"""The values that a run needs before it can start: from the environment, and from the person at the terminal.

Invariant: everything that is missing is said at once; a secret that is typed is not echoed, and is held only until the
keeper has taken it (`Typed`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import click
from msgspec.structs import replace

from cockpit.audit import clock
from cockpit.cli.ending import say
from cockpit.errors import KeeperError, VariableError
from cockpit.masking import told
from cockpit.profile.model import Profile, Variable
from cockpit.profile.variables import check_value, resolve, secret_values, weaknesses
from cockpit.session.elsewhere import Glances
from cockpit.session.secrets import give, wanted
from cockpit.session.sight import keeper_sight
from cockpit.text import visible

LOOK_S = 0.3
"""How often a seat looks whether a keeper waits for a secret that it holds."""


def unprompted(profile: Profile, environ: Mapping[str, str]) -> dict[str, str]:
    """Values that need nobody. Raises VariableError that names every variable without one, secrets too."""
    tell_secrets(profile)
    values: dict[str, str] = {}
    wrong: list[VariableError] = []
    for variable in profile.variables:
        if variable.prompt is not None:
            continue
        alone = replace(profile, variables=(variable,))
        try:
            values |= resolve(alone, environ, {})
            secret_values(alone, environ, {})
        except VariableError as error:
            wrong.append(error)
    for earlier in wrong[:-1]:
        say(str(earlier))
    if wrong:
        raise wrong[-1]
    return values


def tell_secrets(profile: Profile) -> None:
    """Let this process mask the secrets that its environment holds, whether they fit or not."""
    named = {each.name: each.env for each in profile.variables if each.secret and each.env is not None}
    told.tell({name: os.environ[variable] for name, variable in named.items() if variable in os.environ})


def ask(profile: Profile, variables: tuple[Variable, ...], shown: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ask the person for these, each until its pattern fits. Raises click.Abort when they give up.

    `shown`: the profile's other values that are no secret, as far as they are known.
    """
    words = dict(shown or {})
    values: dict[str, str] = {}
    for variable in variables:
        while True:
            text = visible(variable.prompt or variable.name)
            value = click.prompt(text, hide_input=variable.secret, err=True, default="", show_default=False)
            try:
                check_value(variable, value)
            except VariableError as error:
                say(str(error))
                continue
            if value:
                values[variable.name] = value
                if variable.secret:
                    told.tell({variable.name: value})
                    warn(profile, words, {variable.name: value})
                else:
                    words[variable.name] = value
                break
            say(f"variable `{variable.name}` needs a value; Ctrl+C gives up")
    return values


def warn(profile: Profile, shown: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """Say which of these secrets cannot be masked well, as the keeper does in the log."""
    for said in weaknesses(profile, shown, secrets):
        say(said)


def is_keeper_without(run_dir: Path, profile: Profile) -> tuple[Variable, ...]:
    """The secrets that a person has to type before this run's probes can all work."""
    asked = tuple(variable for variable in profile.variables if variable.secret and variable.prompt is not None)
    if not asked:
        return ()
    sight = keeper_sight(run_dir, clock.now(), Glances().of(run_dir))
    if sight.alive and not keeper_sight(run_dir, clock.now()).alive:
        return ()  # it is on another host: what is typed here does not leave this one
    if not sight.alive:
        return asked
    waiting = wanted(run_dir)
    return tuple(variable for variable in asked if variable.name in waiting)


class Typed:
    """Secrets that were typed here, given to whichever keeper waits for them while this screen is open."""

    def __init__(self, run_dir: Path, values: Mapping[str, str]) -> None:
        self._run_dir = run_dir
        self._values = dict(values)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Typed:
        if self._values:
            self._thread = threading.Thread(target=self._give, name="cockpit-secrets", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._values.clear()

    def _give(self) -> None:
        while not self._closing.wait(LOOK_S):
            if not keeper_sight(self._run_dir, clock.now()).alive:
                continue
            for name in wanted(self._run_dir):
                if name in self._values:
                    self._try(name)

    def _try(self, name: str) -> None:
        try:
            give(self._run_dir, name, self._values[name])
        except KeeperError:
            # It is still wanted, so it is tried again; its probes say on screen what they wait for.
            return


def environment() -> Mapping[str, str]:
    """The environment that the keeper will inherit."""
    return os.environ
