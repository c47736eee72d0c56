"""How keepers differ, which of them may act, and who says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from run_story import ALIVE, ANA, BO, GONE, in_production
from whole_story import WHOLE, WholeStory

from cockpit.profile.model import Profile, Target
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.evolve import fold
from cockpit.run.hands import REST, differences, may_not_act, other_hands, target_objection
from cockpit.run.readiness import readiness
from cockpit.run.state_watch import KeeperState

NIGHT = replace(WHOLE, targets=(Target(id="db", kind="postgres"),))
ENVIRONMENT = {"HOME": "h1", "KUBECONFIG": "k1", "PATH": "p1"}
ELSEWHERE = e.Actor("ana", "bastion-2")


class Shift(WholeStory):
    """Keepers come and go. It stands at the first step that is run."""

    def __init__(self, profile: Profile = NIGHT, **started: Any) -> None:
        super().__init__(profile, **started)
        self.epoch = 0
        self.state = fold(self.events[:-1])  # the whole story's keeper notes no environment
        self.events = self.events[:-1]

    def starts(self, actor: e.Actor = ANA, environment: dict[str, str] | None = None, **fields: Any) -> None:
        self.epoch += 1
        fields = {"version": "1", "environment_key": "key"} | fields
        told = ENVIRONMENT if environment is None else environment
        self.happens(e.KeeperStarted(epoch=self.epoch, pid=self.epoch, environment=told, **fields), actor)

    def sees(self, **identity: str) -> None:
        self.happens(e.TargetSeen(target="db", identity=identity, verdict="match"))

    def accepts(self, **fields: Any) -> e.Body:
        found = other_hands(self.state)
        return self.does(c.AcceptKeeper, **{"epoch": found.now, "shown": found.told()} | fields)

    @property
    def brief(self) -> str:
        return other_hands(self.state).brief()


def first_run() -> str:
    return next(step.id for _, step in WHOLE.every_step() if step.behaviour == "action")


def test_the_first_keeper_of_a_run_differs_from_nothing() -> None:
    shift = Shift()
    assert not other_hands(shift.state).are_there
    shift.starts()
    assert not other_hands(shift.state).are_there
    assert may_not_act(shift.state, 1) == ""


def test_a_keeper_with_the_same_hands_acts_at_once() -> None:
    shift = Shift()
    shift.starts()
    shift.starts(version="2")
    assert not other_hands(shift.state).are_there, "another version alone stops nothing"
    assert shift.state.trusted is not None
    assert shift.state.trusted.epoch == 2


@pytest.mark.parametrize(
    ("started", "brief"),
    [
        ({"actor": BO}, "bo for ana"),
        ({"actor": ELSEWHERE}, "bastion-2 for bastion-1"),
        ({"environment": ENVIRONMENT | {"KUBECONFIG": "k2"}}, "KUBECONFIG"),
        ({"environment": ENVIRONMENT | {"PGHOST": "x"}}, "PGHOST"),
        ({"environment": {"HOME": "h1", "PATH": "p1"}}, "KUBECONFIG"),
        ({"actor": BO, "environment": {}}, "bo for ana, KUBECONFIG, PATH and 1 more variable"),
        ({"environment_key": "other"}, "its environment is not known"),
        ({"environment": {}, "environment_key": ""}, "its environment is not known"),
        ({"environment": ENVIRONMENT | {REST: "r"}}, "variables beyond those that are told one by one"),
    ],
)
def test_a_difference_is_told_and_stops_what_would_be_run(started: dict[str, Any], brief: str) -> None:
    shift = Shift()
    shift.starts()
    shift.starts(**started)
    assert shift.brief == brief
    assert f"keeper 2 differs from keeper 1: {brief}" in may_not_act(shift.state, 2)


def test_running_is_refused_until_the_one_with_the_pen_has_confirmed_what_was_shown() -> None:
    shift = Shift()
    shift.starts()
    shift.goes_to(first_run())
    shift.opens()
    shift.starts(BO, version="2")
    shift.opens()
    ask = {"step": first_run(), "action": "A9"}
    refusal = shift.refused(c.RunAction, **ask)
    assert (refusal.code, "bo for ana" in refusal.why, "press r" in refusal.instead) == ("keeper_differs", True, True)
    shown = other_hands(shift.state).told()
    assert shown == ("user: bo for ana", "version: 2 for 1, which alone would stop nothing")
    for fields, code in (
        ({"actor": BO}, "not_pen"),
        ({"role": "watching"}, "watching"),
        ({"keeper": GONE}, "no_keeper"),
        ({"epoch": 1}, "not_current"),
        ({"shown": shown[:1]}, "not_current"),
    ):
        found = shift.refused(c.AcceptKeeper, **{"epoch": 2, "shown": shown} | fields)
        assert found.code == code, found
    body = shift.accepts()
    assert isinstance(body, e.KeeperAccepted)
    assert (body.epoch, body.previous, body.shown) == (2, 1, shown)
    assert shift.state.deviations[-1].kind == "hands"
    assert may_not_act(shift.state, 2) == ""
    assert isinstance(shift.does(c.RunAction, **ask), e.ActionRequested)
    assert shift.refused(c.AcceptKeeper, epoch=2, shown=()).code == "keeper_acts"


def test_what_is_missing_before_the_window_tells_of_it() -> None:
    shift = Shift()
    shift.starts()
    shift.starts(BO)
    (finding,) = (each for each in readiness(shift.state, shift.now()) if each.where == "keeper")
    assert (finding.severity, "keeper 2 differs from keeper 1: bo for ana" in finding.what) == ("look", True)


def test_in_production_the_environments_name_is_typed() -> None:
    shift = Shift(in_production(NIGHT))
    shift.starts()
    shift.starts(BO)
    shown = other_hands(shift.state).told()
    assert shift.refused(c.AcceptKeeper, epoch=2, shown=shown).code == "typed_word"
    shift.accepts(typed="production")
    assert not other_hands(shift.state).are_there


def test_it_may_be_confirmed_while_the_line_is_held() -> None:
    shift = Shift()
    shift.starts()
    shift.starts(BO)
    shift.does(c.PlaceHold, reason="wait")
    shift.accepts(reason="agreed by phone")
    assert "agreed by phone" in shift.state.deviations[-1].reason


def test_a_wrong_keeper_that_went_again_changes_nothing_for_the_right_one() -> None:
    shift = Shift()
    shift.starts()
    shift.starts(BO, {})
    shift.starts()
    assert may_not_act(shift.state, 3) == ""
    shift.starts(BO)
    shift.accepts()
    shift.starts()
    assert shift.brief == "ana for bo", "now bo's hands are those that acted last"


def test_a_keeper_that_notes_nothing_differs_from_nothing_and_the_next_one_cannot_be_compared() -> None:
    shift = Shift()
    shift.starts()
    shift.happens(e.KeeperStarted(epoch=2, pid=2, version="0"), BO)
    assert not other_hands(shift.state).are_there
    shift.epoch = 2
    shift.starts()
    assert "keeper 2 was of a cockpit that did not note its own" in other_hands(shift.state).told()[1]


def test_a_keeper_that_has_not_said_yet_who_it_is_does_not_act() -> None:
    shift = Shift()
    assert may_not_act(shift.state, 1) == "", "the first one has nobody to differ from"
    shift.starts()
    assert "keeper 2 has not said yet as whom it acts" in may_not_act(shift.state, 2)


def test_nobody_is_asked_in_a_rehearsal() -> None:
    shift = Shift(rehearsal=True)
    shift.starts()
    shift.starts(BO, {})
    assert may_not_act(shift.state, 2) == ""


def test_what_the_profile_reads_is_named_first() -> None:
    before = KeeperState(
        epoch=1, user="ana", host="h", pid=1, version="1", started=Shift().now(), environment={"A": "1"}
    )
    now = KeeperState(
        epoch=2, user="ana", host="h", pid=1, version="1", started=Shift().now(), environment_key="k",
        environment={"A": "2", "HOME": "1", "ZULU_TOKEN": "1", "B": "1"},
    )  # fmt: skip
    known = differences(KeeperState(**{**_fields(before), "environment_key": "k"}), now, frozenset({"ZULU_TOKEN"}))
    assert known.brief() == "ZULU_TOKEN, A and 2 more variables"
    assert known.told() == ("changed: A", "new: ZULU_TOKEN, B, HOME")


def _fields(struct: KeeperState) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


# ---- targets -----------------------------------------------------------------------------------------------------


def test_a_target_that_is_another_one_than_the_last_keeper_saw_is_a_difference() -> None:
    shift = Shift()
    shift.starts()
    shift.sees(database="shop", user="app", server_version="16")
    shift.starts()
    shift.sees(database="shop", user="app", server_version="17")
    assert not other_hands(shift.state).are_there, "an upgrade is no difference of hands"
    shift.starts()
    shift.sees(database="shop", user="admin", server_version="17")
    assert other_hands(shift.state).targets == ("db: user admin for app",)
    assert shift.brief == "target db"
    assert "keeper 3" in may_not_act(shift.state, 3)
    shift.accepts()
    shift.starts()
    shift.sees(database="shop", user="app", server_version="17")
    assert other_hands(shift.state).told() == ("target db: user app for admin",)


def test_the_door_of_a_cluster_that_names_itself_does_not_matter() -> None:
    shift = Shift()
    shift.starts()
    shift.sees(system_identifier="7", server_address="10.0.0.1", database="shop")
    shift.starts()
    shift.sees(system_identifier="7", server_address="10.0.0.2", database="shop")
    assert not other_hands(shift.state).are_there
    shift.starts()
    shift.sees(system_identifier="8", server_address="10.0.0.2", database="shop")
    assert other_hands(shift.state).told() == ("target db: system identifier 8 for 7",)


def test_what_changes_under_the_eyes_of_a_keeper_that_acts_is_no_difference_of_hands() -> None:
    shift = Shift()
    shift.starts()
    shift.sees(database="shop")
    shift.sees(database="shop2")
    assert not other_hands(shift.state).are_there
    assert target_objection(shift.state, "db", {"database": "shop3"}) == ""
    shift.starts()
    assert target_objection(shift.state, "db", {"database": "shop2"}) == ""
    assert "database shop3 for shop2" in target_objection(shift.state, "db", {"database": "shop3"})
    shift.sees(database="shop2")
    assert target_objection(shift.state, "db", {"database": "shop3"}) == ""


def test_a_target_that_shows_another_face_after_the_keeper_was_confirmed_stops_it_again() -> None:
    shift = Shift()
    shift.starts()
    shift.sees(database="shop")
    shift.starts(BO)
    shift.accepts()
    shift.sees(database="other")
    assert other_hands(shift.state).told() == ("target db: database other for shop",)


# ---- laws --------------------------------------------------------------------------------------------------------

names = st.sampled_from(["HOME", "KUBECONFIG", "PATH", "PGHOST", "\x1b[2J"])
environments = st.dictionaries(names, st.sampled_from(["1", "2"]), max_size=4)
keepers = st.fixed_dictionaries(
    {
        "actor": st.sampled_from([ANA, BO, ELSEWHERE]),
        "environment": environments,
        "environment_key": st.sampled_from(["", "k", "l"]),
        "version": st.sampled_from(["1", "2"]),
    }
)


@given(st.lists(st.tuples(keepers, st.booleans()), min_size=1, max_size=6))
def test_only_hands_that_were_confirmed_or_are_the_same_may_act(comings: list[tuple[dict[str, Any], bool]]) -> None:
    shift = Shift()
    trusted: dict[str, Any] | None = None
    for coming, is_confirmed in comings:
        shift.starts(**coming)
        same = trusted is None or (
            coming["actor"] == trusted["actor"]
            and coming["environment"] == trusted["environment"]
            and coming["environment_key"] == trusted["environment_key"] != ""
        )
        assert (may_not_act(shift.state, shift.epoch) == "") is same
        assert "\x1b" not in "".join((shift.brief, *other_hands(shift.state).told()))
        if same or is_confirmed:
            if not same:
                shift.accepts(keeper=ALIVE)
            trusted = coming


@given(environments, environments)
def test_every_variable_that_differs_is_named_once_and_no_other(before: dict[str, str], now: dict[str, str]) -> None:
    shift = Shift()
    shift.starts(environment=before)
    shift.starts(environment=now)
    found = other_hands(shift.state)
    named = [*found.changed, *found.new, *found.gone]
    assert sorted(named) == sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
