"""`cockpit trust`, and the question that every first use of a profile asks.

Invariant: what is shown is all that the profile may execute, or all that changed since it was confirmed last; nothing
of it is done before the answer. Enter is no. Without a terminal nobody is asked and nothing is run.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cockpit.cli.ending import Refused, say
from cockpit.exits import Exit
from cockpit.profile.executing import changes, listing, summary
from cockpit.run.events import Actor, ProfileTrust, RunStarted
from cockpit.run.people import name_of
from cockpit.session.identity import actor
from cockpit.session.trust import Review, Weighed, weigh
from cockpit.session.trust_digest import executed
from cockpit.session.trust_memory import Confirmed, remember, remembered
from cockpit.session.trust_policy import policy
from cockpit.session.trust_runs import executed_by
from cockpit.text import shortened, visible

if TYPE_CHECKING:
    from cockpit.profile.load import Loaded

DIGITS = 64
"""Of a digest that answers the question: all. Two profiles that begin with the same 12 are found within a minute."""


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--digest", metavar="DIGITS", help="Answer for a script: trust it only if this is its digest, all 64 digits."
)
def trust(file: str, digest: str | None) -> int:
    """Show what the profile in FILE may execute, and trust it on this machine once you say so.

    `run`, `rehearse`, `probe` and `ready` ask the same at a profile's first use; without a terminal they refuse. With
    --digest nothing is asked: it is the digest of what was read in a review (`cockpit check FILE` shows it), all 64
    digits, and another profile is not trusted.
    """
    from cockpit.cli.beginning import runnable

    loaded = runnable(file)
    if loaded is None:
        return Exit.PROBLEMS
    me = actor()
    weighed = weigh(loaded, me, policy(), datetime.now(UTC))
    if digest is not None:
        _require_digest(weighed, digest)
        _keep(weighed, me, "reviewed")
    elif weighed.known.of(weighed.executed.digest) is not None:
        say(f"{_called(weighed)} is trusted here already: {weighed.executed.digest[:16]}")
        return Exit.OK
    else:
        _confirm(loaded, weighed, me)
    say(f"{_called(weighed)} is trusted on this machine: {weighed.executed.digest[:16]}")
    if not weighed.review.is_enough:
        say(f"it is not run yet: {weighed.review.refusal}; approve it: cockpit approve {visible(file)}")
    return Exit.OK


def trusted(loaded: Loaded, started_by: Actor | None = None, unreviewed: str | None = None) -> ProfileTrust:
    """Let a profile be run: with the approvals that are asked for, or a deviation, and by whoever saw what it executes.

    Raises Refused, TrustError. Asks only where it was not confirmed on this machine.
    """
    me = started_by or actor()
    weighed = weigh(loaded, me, policy(), datetime.now(UTC))
    reason = _gone_without(weighed, unreviewed, visible(str(loaded.path)))
    done, confirmed = weighed.executed, weighed.known.of(weighed.executed.digest)
    if not weighed.does_something:
        confirmed = Confirmed(done.digest, datetime.now(UTC), "", "nothing")
    elif confirmed is None:
        confirmed = _keep(weighed, me, "noted") if weighed.policy.first_use == "note" else _confirm(loaded, weighed, me)
    return ProfileTrust(
        digest=done.digest,
        how=confirmed.how,
        by=confirmed.by,
        at=confirmed.at,
        approved_by=weighed.review.found.named,
        wanted=weighed.review.wanted,
        unreviewed=reason,
    )


def trusted_run(run: str, started: RunStarted) -> None:
    """Let a run be acted on from here that began elsewhere: its keeper may have to be started with these hands.

    Raises Refused, TrustError.
    """
    rules = policy()
    if rules.first_use == "note":
        return
    done = executed_by(started)
    known = remembered(done.profile, done.environment)
    if known.of(done.digest) is not None:
        return
    is_production = done.production or rules.is_production(done.profile, done.environment)
    weighed = Weighed(executed=done, is_production=is_production, policy=rules, known=known, review=Review())
    if weighed.does_something:
        say(f"the run {run} was begun elsewhere")
        _ask(weighed)
    _keep(weighed, actor(), "asked")


def _gone_without(weighed: Weighed, unreviewed: str | None, file: str) -> str:
    """The reason for going without approvals; empty if there are enough. Raises Refused."""
    review = weighed.review
    if review.is_enough:
        if unreviewed is not None:
            say("`--unreviewed` says nothing here: no approval is missing")
        return ""
    if unreviewed is None or not review.may_go_without:
        without = "; in an emergency: --unreviewed REASON" if review.may_go_without else ""
        who = (
            "somebody else has to read and sign it" if weighed.policy.four_eyes else "somebody has to read and sign it"
        )
        raise Refused(review.refusal, hint=f"{who}: cockpit approve {file}{without}")
    if not unreviewed.strip():
        raise Refused("going without approvals needs a reason", hint="give it: --unreviewed REASON")
    if not is_terminal():
        raise Refused("going without approvals is confirmed by a typed word", hint="do it in a terminal")
    say(f"{review.refusal}; going on without is a deviation, and stands in the log")
    _typed(weighed)
    return visible(unreviewed.strip())


def _confirm(loaded: Loaded, weighed: Weighed, me: Actor) -> Confirmed:
    """Show, ask, and remember. Raises Refused for a no, and where nobody can be asked."""
    file = visible(str(loaded.path))
    if not is_terminal():
        said = f"{_called(weighed)} was never confirmed on this machine, and nobody can be asked here"
        digest = weighed.executed.digest
        hint = (
            f"read what it executes: cockpit check {file}; then: cockpit trust {file} (--digest {digest} in a script)"
        )
        raise Refused(said, hint=hint)
    _ask(weighed)
    if executed(loaded).digest != weighed.executed.digest:
        raise Refused(f"a file that {file} names changed while it was read: nothing was run", hint="read it again")
    return _keep(weighed, me, "asked")


def _ask(weighed: Weighed) -> None:
    """Show it, and have it confirmed. Raises Refused for anything but a yes."""
    for line in shown(weighed):
        click.echo(line, err=True)
    if weighed.is_production:
        _typed(weighed)
    elif not click.confirm("trust it on this machine", default=False, err=True):
        raise _declined(weighed)


def _typed(weighed: Weighed) -> None:
    """Have the environment's name typed. Raises Refused for anything else."""
    word = visible(weighed.executed.environment)
    answer = click.prompt(f"type {word} to go on", default="", show_default=False, err=True)
    if str(answer).strip() != word:
        raise _declined(weighed)


def _declined(weighed: Weighed) -> Refused:
    return Refused(f"{_called(weighed)} was not confirmed: nothing was run", hint="see what it executes: cockpit check")


def shown(weighed: Weighed) -> list[str]:
    """The lines that are read before the question: everything, or what changed since it was confirmed last."""
    done, known = weighed.executed, weighed.known
    if not known.confirmed:
        first = f"first use on this machine: {_called(weighed)} may execute"
        return [first, *listing(done.executions), *done.file_lines, summary(done.executions), _digest(weighed)]
    last = known.confirmed[-1]
    since = f"{last.at:%Y-%m-%d %H:%M} UTC by {shortened(last.by, 60)}"
    differs = changes(known.keys, done.keys)
    if not differs:
        return [f"{_called(weighed)} changed since {since}, but nothing that it executes", _digest(weighed)]
    return [f"{_called(weighed)} changed since {since}; what it executes:", *differs, _digest(weighed)]


def _digest(weighed: Weighed) -> str:
    return f"digest {weighed.executed.digest}"


def _keep(weighed: Weighed, me: Actor, how: str) -> Confirmed:
    confirmed = Confirmed(weighed.executed.digest, datetime.now(UTC), name_of(me), how)
    remember(weighed.known, confirmed, weighed.executed.keys)
    return confirmed


def _require_digest(weighed: Weighed, digits: str) -> None:
    given = whole(digits)
    if weighed.executed.digest != given:
        raise Refused(
            f"the digest of {_called(weighed)} is {weighed.executed.digest[:16]}, not {shortened(given, 70)}",
            hint="it is not what was reviewed: read it anew with cockpit check",
        )


def whole(digits: str) -> str:
    """A digest as it was given. Raises Refused for a part of one: two profiles can be made that share it."""
    given = digits.strip().lower()
    if len(given) < DIGITS:
        raise Refused(f"`{shortened(digits, 70)}` has fewer than {DIGITS} digits", hint="give the whole digest")
    return given


def _called(weighed: Weighed) -> str:
    return visible(f"{weighed.executed.profile} {weighed.executed.environment}")


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
