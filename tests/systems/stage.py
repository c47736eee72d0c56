"""Everything a test of a whole system stands on: a stand-in, its profile for tonight, and screens driven by keys.

    needs("kubectl")                                        # skips the test where a program is missing
    with system_of("virtue", tmp_path, postgres_dsn) as system: …  # `postgres_dsn`: a fixture of tests/conftest.py
    with evening(system, tmp_path, profile="virtue", fast=FAST, values=VALUES, more="production = true") as run:
        run.operator.walk_to_the_end()      # `cockpit run FILE` in a terminal, opened when it is first asked for
        run.log.bodies("trigger.fired")     # what the log says (`Looking`); run.run_dir is the run's folder
    with resumed(night, plan="Emergency") as operator: …    # `cockpit resume` of a Night that was walked to some step

`values` are what is entered, by step id, the same for a Night and for keys. Of `evening` and `resumed`, `options` go to
`Operator` (`why`, `plan`, `rolls_back`). The second person is bo, with a screen of their own (`cockpit join`).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from systems.laying import laid_out
from systems.leaving import end_run
from systems.looking import Looking, until
from systems.night import Night
from systems.operator import Operator
from terminal import Terminal

from cockpit.demo.standing import StandIn, kinds, open_system
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Profile
from cockpit.profile.steps import DecisionSettings, settings_of
from cockpit.run.numbering import step_label

COCKPIT = (sys.executable, "-m", "cockpit.cli")
AS_SOMEBODY = (sys.executable, "-P", str(Path(__file__).with_name("person.py")))


def needs(*programs: str) -> None:
    """Skip the test where a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed here")


@contextmanager
def system_of(name: str, folder: Path, admin_dsn: str) -> Iterator[Any]:
    """A stand-in, closed at the end. Typed `Any`: tests look at what their own system has."""
    kind = kinds()[name]
    needs(*kind.programs)
    system = open_system(kind, folder, admin_dsn)
    try:
        yield system
    finally:
        system.close()


def screen(system: StandIn, folder: Path, arguments: Sequence[str], *, person: str = "") -> Terminal:
    """`cockpit ARGUMENTS` in a terminal, in the system's environment, its runs in `folder`/runs."""
    env = {**os.environ, **system.environ, "COCKPIT_RUNS": str(folder / "runs"), "TMPDIR": str(folder)}
    argv = [*AS_SOMEBODY, person, *arguments] if person else [*COCKPIT, *arguments]
    return Terminal(argv, env=env)


def answers(profile: Profile, values: Mapping[str, str]) -> dict[str, str]:
    """What is entered, by the labels that questions have on the screen; of a decision the choice's words."""
    found: dict[str, str] = {}
    for _, step in profile.every_step():
        if step.id in values:
            value = values[step.id]
            if step.behaviour == "decision":
                choices = settings_of(step, DecisionSettings).choices
                value = next(choice.title or choice.id for choice in choices if choice.id == value)
            found[step_label(profile, step.id)] = value
    return found


class Evening:
    """One run, from `cockpit run` on, by keys."""

    def __init__(self, system: StandIn, folder: Path, path: Path, values: Mapping[str, str], **options: Any) -> None:
        self.system, self.folder, self.path = system, folder, path
        self._options = options
        self._screens = ExitStack()
        profile = load(path, installed(), environ=system.environ).profile
        self._answers = answers(profile, values)

    @cached_property
    def operator(self) -> Operator:
        """Who walks it; the run begins when they are first asked for."""
        terminal = self._screens.enter_context(screen(self.system, self.folder, ["run", str(self.path)]))
        return Operator(terminal, answers=self._answers, second=self._second, **self._options)

    @property
    def terminal(self) -> Terminal:
        """The operator's."""
        return self.operator.terminal

    @property
    def run_dir(self) -> Path:
        """The run's folder, once there is one."""
        runs = self.folder / "runs"
        (found,) = until(lambda: list(runs.glob("*")) if runs.exists() else [], "the run")
        return Path(found)

    @property
    def log(self) -> Looking:
        """What its log says."""
        return Looking(self.run_dir)

    def close(self) -> None:
        """Close the screens, and give the run up if it lives."""
        self._screens.close()
        for run_dir in (self.folder / "runs").glob("*"):
            end_run(run_dir)

    def _second(self) -> Operator:
        terminal = screen(self.system, self.folder, ["join", self.run_dir.name], person="bo")
        return Operator(self._screens.enter_context(terminal))


@contextmanager
def evening(
    system: StandIn,
    folder: Path,
    *,
    profile: str,
    fast: Path,
    values: Mapping[str, str] | None = None,
    more: str = "",
    **options: Any,
) -> Iterator[Evening]:
    """A run to be walked by keys from its beginning."""
    run = Evening(system, folder, laid_out(profile, folder, fast, more), values or {}, **options)
    try:
        yield run
    finally:
        run.close()


@contextmanager
def resumed(night: Night, **options: Any) -> Iterator[Operator]:
    """A screen on a night that was walked without one, to go on by keys."""
    folder = night.run_dir.parents[1]
    with ExitStack() as screens:

        def second() -> Operator:
            joined = screen(night.system, folder, ["join", night.run_dir.name], person="bo")
            return Operator(screens.enter_context(joined))

        terminal = screens.enter_context(screen(night.system, folder, ["resume", night.run_dir.name]))
        yield Operator(terminal, answers=answers(night.state.profile, night.values), second=second, **options)
