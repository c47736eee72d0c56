"""`cockpit ready`: what is still missing before the window, without a run or with one."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import click
import msgspec

from cockpit.audit import clock
from cockpit.cli.beginning import runnable
from cockpit.cli.ending import Refused, say
from cockpit.cli.options import unreviewed_option
from cockpit.cli.output import print_json
from cockpit.cli.trusting import is_terminal, trusted
from cockpit.cli.variables import environment, tell_secrets
from cockpit.exits import Exit
from cockpit.masking.outputs import confided
from cockpit.profile.kinds import installed
from cockpit.profile.load import Loaded
from cockpit.profile.window import resolve_window
from cockpit.run.readiness import (
    Finding,
    of_areas,
    of_claims,
    of_preparation,
    of_profile,
    of_steps,
    of_window,
    readiness,
)
from cockpit.run.state import RunState
from cockpit.session.finding import find_run
from cockpit.session.identity import actor
from cockpit.session.readiness import Known, known_values, look_around, of_host, shown_secrets
from cockpit.session.ready_to_sign import of_signing
from cockpit.session.ready_to_trust import of_trust
from cockpit.session.runs import live_runs
from cockpit.session.seat import Seat
from cockpit.session.signing import trust_of
from cockpit.session.trust import weigh
from cockpit.session.trust_policy import policy

_MARKS = {"missing": "✖", "look": "!", "ok": "✔"}
"""The gravest first."""


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--run", "run_", metavar="RUN", help="Of this live run too: its steps, and what its keeper sees.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@unreviewed_option
def ready(file: str, run_: str | None, format_: str, unreviewed: str | None) -> int:
    """Say what is still missing before the window of the profile in FILE.

    Every probe is read once and every target asked who it is; with --run, what the run's keeper sees counts instead.
    Nothing is changed; you are asked only at the first use of the profile on this machine. Until it is trusted, and
    approved as far as that is asked for, its probes and targets are left alone, and that is what is missing. Exit
    status 1 if anything is missing.
    """
    loaded = runnable(file)
    if loaded is None:
        return Exit.PROBLEMS
    profile, base_dir = loaded.profile, loaded.path.absolute().parent
    known = known_values(profile, environment())
    state = None if run_ is None else _state_of(run_, loaded)
    if state is None:
        about_trust = _of_trust(loaded, unreviewed)
        may_ask = all(finding.severity != "missing" for finding in about_trust)
        seen = (*about_trust, *known.findings, *_of_file(loaded, known, may_ask=may_ask))
    else:
        seen = (*known.findings, *readiness(state, clock.now()))
    signing = of_signing(profile, base_dir, actor(), datetime.now(UTC), trust_of(state) if state else None)
    findings = _distinct((*seen, *of_host(profile, known, base_dir), *signing))
    if format_ == "json":
        print_json(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        for finding in findings:
            click.echo(line(finding))
    counted = Counter(finding.severity for finding in findings)
    say(f"{counted['missing']} missing, {counted['look']} to look at, {counted['ok']} in order")
    return Exit.PROBLEMS if counted["missing"] else Exit.OK


def _of_trust(loaded: Loaded, unreviewed: str | None) -> tuple[Finding, ...]:
    """Whether it may be run from here. Only what nothing else is missing for is asked at a terminal. Raises Refused."""
    weighed = weigh(loaded, actor(), policy(), datetime.now(UTC))
    is_known = weighed.known.of(weighed.executed.digest) is not None or weighed.policy.first_use == "note"
    is_approved = weighed.review.is_enough or unreviewed is not None
    went_without = ""
    if is_approved and (is_known or not weighed.does_something or is_terminal()):
        went_without = trusted(loaded, unreviewed=unreviewed).unreviewed
        weighed = weigh(loaded, actor(), policy(), datetime.now(UTC))
    return tuple(of_trust(weighed, str(loaded.path), datetime.now(UTC), went_without))


def _of_file(loaded: Loaded, known: Known, *, may_ask: bool) -> tuple[Finding, ...]:
    """`may_ask`: whether probes and targets are asked, which executes what the profile says."""
    profile, now = loaded.profile, datetime.now(UTC)
    start, end = resolve_window(profile.window, now) if profile.window else (None, None)
    tell_secrets(profile)
    around: tuple[Finding, ...] = ()
    if may_ask:
        with confided():  # plug-ins may print
            around = asyncio.run(look_around(profile, installed(), known, loaded.path.absolute().parent))
    return (
        *of_window(profile, start, end, now),
        *around,
        *_of_steps(loaded),
        *of_profile(profile, shown_secrets(profile, known)),
    )


def _of_steps(loaded: Loaded) -> tuple[Finding, ...]:
    """What is to be settled before the window, by the newest live run if there is one: else nobody has settled it."""
    profile = loaded.profile
    live = [run for run in live_runs(profile.id, profile.environment) if not run.is_rehearsal]
    if not live:
        return (*of_preparation(profile), *of_areas(profile), *of_claims(profile))
    say(f"what is settled is by the live run {live[0].run}; what its keeper sees: --run {live[0].run}")
    return of_steps(_state_of(live[0].run, loaded))


def _state_of(run: str, loaded: Loaded) -> RunState:
    run_dir = find_run(run)
    seat = Seat.open(run_dir, actor(), "watching")
    try:
        state = seat.view.state
    finally:
        seat.close()
    if state.started is None:
        raise Refused(f"the run in {run_dir} never began")
    named = (state.profile.id, state.profile.environment)
    if named != (loaded.profile.id, loaded.profile.environment):
        raise Refused(
            f"the run {run_dir.name} is of {' '.join(named)}, not of this profile",
            hint="see the runs with: cockpit runs",
        )
    return state


def _distinct(findings: tuple[Finding, ...]) -> list[Finding]:
    """Each once, the gravest first."""
    order = list(_MARKS)
    return sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.severity))


def line(finding: Finding) -> str:
    """One line for people."""
    where = f"{finding.where}: " if finding.where else ""
    instead = f"; {finding.instead}" if finding.instead else ""
    return f"{_MARKS[finding.severity]} {where}{finding.what}{instead}"
