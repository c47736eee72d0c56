"""A keeper is taken over to another host: by whom, when, and what that makes true."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from run_story import ANA, BO
from whole_story import WholeStory

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import KeeperSight, Refusal
from cockpit.run.decide import decide

GONE = KeeperSight(alive=False, silent_s=20.0, is_elsewhere=True)
ON_BIRCH = replace(ANA, host="birch")


def asked(story: WholeStory, sight: KeeperSight = GONE, actor: e.Actor = ANA, **fields: Any) -> Any:
    assert story.state.keeper is not None
    given = {"epoch": story.state.keeper.epoch, "reason": "ash burned", "painted_seq": 0} | fields
    return decide(story.state, c.MoveKeeper(actor=actor, now=story.now, keeper=sight, **given))


@pytest.mark.parametrize(
    ("sight", "code"),
    [
        (KeeperSight(alive=True, silent_s=0.5, is_elsewhere=True), "keeper_lives"),
        (KeeperSight(alive=True, silent_s=9.0, is_elsewhere=True), "keeper_silent"),
        (KeeperSight(alive=False, silent_s=9.0, is_elsewhere=True, is_unknown=True), "keeper_unknown"),
        (KeeperSight(alive=False, silent_s=9.0), "keeper_here"),
    ],
)
def test_only_from_a_host_on_which_it_is_seen_to_be_gone(sight: KeeperSight, code: str) -> None:
    refusal = asked(WholeStory(), sight)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_one_that_holds_its_place_is_waited_for_before_it_is_ended_unless_it_fell_silent() -> None:
    starting = asked(WholeStory(), KeeperSight(alive=True, silent_s=float("inf"), is_elsewhere=True))
    assert starting.why.endswith("has not been heard of here yet, and still holds its place")
    assert starting.instead.startswith("wait for its first beat; if none comes, end it there: cockpit stop ")
    silent = asked(WholeStory(), KeeperSight(alive=True, silent_s=9.0, is_elsewhere=True))
    assert silent.why.endswith("is silent, and still holds its place")
    assert silent.instead.startswith("end it there: cockpit stop ")


def test_only_by_whoever_holds_the_pen_with_a_reason_and_of_the_last_keeper() -> None:
    story = WholeStory()
    assert asked(story, actor=BO).code == "not_pen"
    assert asked(story, reason=" ").code == "no_reason"
    assert asked(story, epoch=7).code == "not_current"


def test_it_stands_in_the_log_as_a_deviation_until_the_next_one_begins() -> None:
    story = WholeStory()
    (body,) = asked(story)
    assert isinstance(body, e.KeeperMoved)
    assert body.host == ANA.host
    epoch = body.epoch
    story.happens(replace(body, host="birch"), ANA)
    assert story.state.keeper is not None
    assert story.state.keeper.moved_to == "birch"
    assert [each.kind for each in story.state.deviations] == ["moved"]
    assert asked(story, actor=replace(ANA, host=ANA.host)), "the other one may not come either: it may be taken again"
    story.happens(e.KeeperStarted(epoch=epoch + 1, pid=1, version="0"), ON_BIRCH)
    assert story.state.keeper.moved_to == ""
    story.happens(replace(body, host="oak"), ANA)
    assert story.state.keeper.moved_to == "", "of a keeper that is not the last one"
