"""Who sits at an account that several people use is asked for, and what does not count without a proof is said."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cockpit.cli.ending import Refused
from cockpit.cli.naming import named
from cockpit.profile.model import Profile, Role
from cockpit.run.events import Actor

DEPLOY = Actor("deploy", "bastion-1")
PROFILE = Profile(
    id="shop",
    environment="staging",
    roles=(Role(id="lead", people=("ana", "bo@bastion-1")), Role(id="dba", people=("bo", "cy", "deploy"))),
    shared_accounts=("deploy",),
)


def picks(*answers: str, actor: Actor = DEPLOY, profile: Profile = PROFILE) -> tuple[Actor, str]:
    """Whom they are after these answers, and what they were told."""
    found: list[Actor] = []

    @click.command()
    def command() -> None:
        found.append(named(actor, profile, None))

    ended = CliRunner().invoke(command, input="".join(f"{answer}\n" for answer in answers), standalone_mode=False)
    assert ended.exception is None, ended.output
    return found[0], ended.output


def refused(name: str, profile: Profile = PROFILE) -> str:
    with pytest.raises(Refused) as caught:
        named(DEPLOY, profile, name)
    return str(caught.value)


def test_people_pick_their_name_by_number_or_by_name() -> None:
    for answer, person in (("1", "ana"), ("2", "bo"), ("cy", "cy"), ("0", ""), (" 3 ", "cy")):
        actor, told = picks(answer)
        assert (actor.person, actor.proven) == (person, ())
        assert "several people use deploy; who are you?" in told
        assert [line.split() for line in told.splitlines() if line.startswith("  ")][:3] == [
            ["1", "ana"],
            ["2", "bo"],
            ["3", "cy"],
        ]


def test_what_is_no_answer_is_asked_again_and_does_nothing() -> None:
    actor, told = picks("4", "-1", "eve", "\x1b[2J", "9" * 5000, "deploy", "bo")
    assert actor.person == "bo"
    assert "eve is none of these" in told
    assert "\x1b[2J is none" not in told


def test_whom_the_claims_name_is_offered_first() -> None:
    actor, told = picks("", actor=replace(DEPLOY, sudo="bo"))
    assert (actor.person, "[2]" in told) == ("bo", True)


@pytest.mark.parametrize(
    "actor",
    [Actor("ana", "h"), replace(DEPLOY, login="ana", proven=("login",)), replace(DEPLOY, sudo="cy", proven=("sudo",))],
)
def test_nobody_is_asked_who_is_known(actor: Actor) -> None:
    assert picks(actor=actor) == (actor, "")


def test_where_the_roles_name_nobody_there_is_nothing_to_pick() -> None:
    actor, told = picks(profile=replace(PROFILE, roles=()))
    assert (actor, "the profile's roles name nobody" in told) == (DEPLOY, True)


def test_a_name_that_is_given_is_one_of_the_roles() -> None:
    assert named(DEPLOY, PROFILE, " bo ").person == "bo"
    assert named(Actor("ana", "h"), PROFILE, "bo").person == "bo"  # who has an account of their own may say so, too
    assert named(Actor("ana", "h"), PROFILE, "ana") == Actor("ana", "h")
    assert refused("eve") == "eve is nobody whom the profile's roles name; pick one of: ana, bo, cy"
    assert named(DEPLOY, PROFILE, "deploy") == DEPLOY  # the account's: nobody is asked then
    assert refused("") == "nothing is nobody whom the profile's roles name; pick one of: ana, bo, cy"
    assert "\x1b" not in refused("\x1b[2J")
    assert "write people into its roles" in refused("ana", replace(PROFILE, roles=()))


def test_whoever_opens_a_screen_may_say_who_they_are_beforehand() -> None:
    from cockpit.cli.beginning import run
    from cockpit.cli.coming_back import join, resume
    from cockpit.cli.rehearsing import rehearse

    for command in (run, rehearse, resume, join):
        assert any("--as" in parameter.opts for parameter in command.params), command.name
