"""One examination: every look in its order, each of which ends in findings, whatever it meets.

Invariant: a look that fails unforeseen is a finding of its own (`unknown`), and takes no other with it. The terminal is
asked last, when nothing else can come between a question and its answer.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.audit.people import user_name
from cockpit.doctor import clock, environment, files, host, runs, tools
from cockpit.doctor.findings import Finding, in_order, unknown
from cockpit.doctor.ssh import agent, keys, people
from cockpit.doctor.terminal import judging as terminal_judging
from cockpit.doctor.terminal import looking as terminal_looking
from cockpit.doctor.tmux import judging as tmux_judging
from cockpit.doctor.tmux import looking as tmux_looking
from cockpit.session.runs import run_names, runs_folder


class Plan(Struct, frozen=True, kw_only=True):
    """Of a profile: what concerns this account and host."""

    files: tuple[Path, ...]
    """Itself, what it extends, and what its steps name."""
    programs: Mapping[str, str]
    """As it calls them, each with what starts it."""
    found: Mapping[str, str]
    """By the same: where it is; empty: nowhere."""
    signs: bool
    is_shared: bool
    """Several people use this account, it says."""


class Sizes(Struct, frozen=True):
    """Columns and rows below which a screen confirms nothing, or shows nothing."""

    acting: tuple[int, int]
    reading: tuple[int, int]


def examine(
    environ: Mapping[str, str],
    sizes: Sizes,
    *,
    plan: Plan | None = None,
    run_dir: Path | None = None,
    dsn: str = "",
    is_typed: bool = False,
) -> list[Finding]:
    """Look at everything. `dsn`: of the store, `is_typed` on the command line. Raises KeyboardInterrupt."""
    signs = plan is not None and plan.signs
    folder = runs_folder(environ)
    looks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("files", lambda: files.of_account(environ)),
        ("files", lambda: files.of_installation(environ, shutil.which("cockpit", path=environ.get("PATH")))),
        ("runs", lambda: _of_runs(folder, run_dir, has_store=bool(dsn))),
        ("environment", lambda: environment.judge(environment.look_around(environ))),
        ("host", lambda: host.judge(host.look(_user()))),
        ("host", lambda: clock.judge(clock.look())),
        ("ssh", lambda: agent.judge(agent.look(environ), signs=signs)),
        ("ssh", lambda: people.judge(people.look(environ, is_shared=plan is not None and plan.is_shared))),
        ("ssh", lambda: keys.look_at(files.home(environ) / ".ssh")),
        ("tools", lambda: _of_tools(environ, plan)),
    ]
    if plan is not None:
        looks.insert(0, ("profile", lambda: files.of_profile(plan.files, {k: v for k, v in plan.found.items() if v})))
    if dsn:
        looks.append(("store", lambda: _of_store(dsn, is_typed=is_typed)))
    looks.append(("tmux", lambda: _of_tmux(environ)))
    looks.append(("terminal", lambda: _of_terminal(environ, sizes)))
    return in_order(each for area, look in looks for each in looked(area, look))


def looked(area: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a look finds; that it failed, if it did."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except Exception as failed:  # noqa: BLE001 - on a strange host the rest still has to be looked at
        said = f"this look failed ({type(failed).__name__}: {failed})"
        found.append(unknown(f"{area}.failed", "look", said, "what follows it was not looked at", "# please tell us"))
    return found


def _of_runs(folder: Path, run_dir: Path | None, *, has_store: bool) -> Iterator[Finding]:
    yield from runs.of_folder(folder)
    if run_dir is not None:
        yield from runs.of_run(run_dir, has_store=has_store)
    else:
        yield from runs.of_runs([folder / name for name in run_names(folder)])


def _of_tools(environ: Mapping[str, str], plan: Plan | None) -> Iterator[Finding]:
    programs, found = (plan.programs, plan.found) if plan is not None else ({}, {})
    yield from tools.judge(tools.look(environ, programs, found), signs=plan is not None and plan.signs)


def _of_store(dsn: str, *, is_typed: bool) -> Iterator[Finding]:
    from cockpit.doctor import store  # with a driver, which takes longer than all the rest

    yield from store.look_at(dsn, is_typed=is_typed)


def _of_tmux(environ: Mapping[str, str]) -> Iterator[Finding]:
    seen = tmux_looking.look(environ)
    if seen is not None:
        yield from tmux_judging.judge(seen)


def _of_terminal(environ: Mapping[str, str], sizes: Sizes) -> Iterator[Finding]:
    yield from terminal_judging.judge(terminal_looking.look(environ), sizes.acting, sizes.reading)


def _user() -> str:
    return user_name(os.geteuid())
