"""Who sits at an account that several people use: they pick their name, and prove it if the run knows their key.

Invariant: nobody is asked who is proven to be somebody already, and nothing is believed that was only typed.
"""

from __future__ import annotations

import click

from cockpit.cli.ending import Refused, say
from cockpit.profile.model import Profile
from cockpit.run.deciding_people import is_to_name_themselves, may_be_called, people_named
from cockpit.run.events import Actor
from cockpit.run.people import called, name_of
from cockpit.run.state import RunState
from cockpit.session.naming import can_prove, claiming, identify, likely
from cockpit.session.seat import Seat
from cockpit.text import visible

as_option = click.option(
    "--as",
    "as_name",
    metavar="NAME",
    help="Who you are, of those whom the profile's roles name; proven by your SSH key. For shared accounts.",
)


def named(actor: Actor, profile: Profile, as_name: str | None, state: RunState | None = None) -> Actor:
    """The actor with the name that they picked, asked for where several people use their account; as a claim.

    `state`: of the run, if it began. Raises Refused for a name that the profile's roles do not have.
    """
    if as_name is None and not is_to_name_themselves(profile, actor):
        return actor
    if as_name is not None:
        return _claimed(actor, profile, as_name.strip())
    people = people_named(profile)
    if not people:
        say(f"several people use {visible(actor.user)}, and the profile's roles name nobody: {_BY_ACCOUNT}")
        return actor
    return _picked(actor, people, likely(state, actor, people))


_BY_ACCOUNT = "what you do here stands in the log as the account's"


def _claimed(actor: Actor, profile: Profile, person: str) -> Actor:
    if name_of(actor) == person:
        return actor  # as the system knows already
    refusal = may_be_called(profile, person)
    if refusal is not None:
        raise Refused(refusal.why, hint=refusal.instead)
    return claiming(actor, person)


def _picked(actor: Actor, people: tuple[str, ...], default: str) -> Actor:
    say(f"several people use {visible(name_of(actor))}; who are you?")
    for number, person in enumerate(people, 1):
        click.echo(f"  {number}  {visible(person)}", err=True)
    click.echo(f"  0  somebody else: {_BY_ACCOUNT}", err=True)
    likely_number = people.index(default) + 1 if default else None
    while True:
        answer = str(click.prompt("number or name", default=likely_number, err=True)).strip()
        if answer in people:
            return claiming(actor, answer)
        if answer.isdecimal() and len(answer) < 5 and int(answer) <= len(people):
            return claiming(actor, people[int(answer) - 1]) if int(answer) else actor
        say(f"{visible(answer)} is none of these")


def prove(seat: Seat) -> None:
    """Prove the name that was picked, or say plainly what does not count without."""
    actor = seat.actor
    if not actor.person or "person" in actor.proven:
        return
    if not can_prove(seat.view.state):
        why = "this run has no list of allowed signers (`signing` and `allowed_signers` in the profile)"
    else:
        say(f"you sign with your SSH key that you are {visible(actor.person)}; touch it if it blinks")
        why = identify(seat)
    if why:
        say(f"{why}; so that you are {visible(actor.person)} is only claimed")
        if is_to_name_themselves(seat.view.state.profile, actor):
            say(f"as {called(actor)} you can watch, note and hold, and act with the pen; as an approval nothing counts")
