"""Who may sign, decide and agree: rules on people, whatever name or seat they come by."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from run_story import ANA, BO, in_production
from whole_profile import CY, DEE, WHOLE, step
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile, Role
from cockpit.run import commands as c
from cockpit.run import events as e


def with_steps(*steps: object, roles: tuple[Role, ...] = ()) -> Profile:
    phase = Phase(id="only", title="Only", steps=steps)  # type: ignore[arg-type]
    return replace(WHOLE, phases=(phase,), roles=roles or WHOLE.roles, rollbacks=(), triggers=())


def signing(people: tuple[str, ...], **settings: object) -> WholeStory:
    role = Role(id="lead", title="Lead", people=people)
    sign = step("sign", "signoff", settings={"role": "lead"} | settings)
    story = WholeStory(with_steps(step("work"), sign, roles=(role, WHOLE.roles[1])))
    story.does(c.ConfirmStep, step="work")
    return story


def test_a_role_is_named_by_user_or_by_user_and_host() -> None:
    story = signing(("cy@bastion-1",))
    assert story.refused(c.SignOff, step="sign", actor=CY, role="watching").code == "not_role"
    story.does(c.SignOff, step="sign", actor=e.Actor("cy", "bastion-1"), role="watching")


def test_a_role_that_names_nobody_is_anybodys() -> None:
    story = signing(())
    story.does(c.SignOff, step="sign", actor=ANA)


def test_who_is_of_a_barred_role_does_not_sign_though_of_the_right_one_too() -> None:
    story = signing(("dee", "bo"), not_by=["dba"])
    assert story.refused(c.SignOff, step="sign", actor=DEE, role="watching").code == "not_by"
    story.does(c.SignOff, step="sign", actor=BO, role="watching")


def test_four_eyes_are_of_people_and_not_of_hosts() -> None:
    story = signing(("ana", "bo"), four_eyes=True)
    elsewhere = e.Actor("ana", "another-host")
    assert story.refused(c.SignOff, step="sign", actor=elsewhere, role="watching").code == "four_eyes"
    story.does(c.SignOff, step="sign", actor=BO, role="watching")


def test_who_left_a_step_out_did_not_do_it_and_who_did_it_outside_did() -> None:
    for kind, is_barred in ((c.SkipStep, False), (c.RecordDoneOutside, True)):
        role = Role(id="lead", people=("ana",))
        sign = step("sign", "signoff", settings={"role": "lead", "four_eyes": True})
        story = WholeStory(with_steps(step("work"), sign, roles=(role,)))
        story.does(kind, step="work", reason="r")
        refused = [story.refused(c.SignOff, step="sign").code] if is_barred else []
        assert refused == (["four_eyes"] if is_barred else [])


def test_who_did_it_in_an_earlier_attempt_does_not_sign_it_either() -> None:
    story = signing(("ana", "bo"), four_eyes=True)
    story.does(c.TakePen, actor=BO, reason="ana sleeps")
    story.does(c.ReopenStep, step="work", reason="again", actor=BO)
    story.does(c.ConfirmStep, step="work", actor=BO)
    assert story.refused(c.SignOff, step="sign", actor=ANA, role="watching").code == "four_eyes"
    assert story.refused(c.SignOff, step="sign", actor=BO).code == "four_eyes"


def test_a_decision_that_belongs_to_a_role_is_made_by_one_of_it_who_takes_the_pen() -> None:
    decide = step("go", "decision", settings={"choices": [{"id": "go"}], "role": "lead"})
    story = WholeStory(with_steps(decide))
    refusal = story.refused(c.ConfirmStep, step="go", value="go")
    assert (refusal.code, "bo, cy" in refusal.instead) == ("not_role", True)
    assert story.refused(c.ConfirmStep, step="go", value="go", actor=BO).code == "not_pen"
    story.does(c.TakePen, actor=BO, reason="to decide")
    story.does(c.ConfirmStep, step="go", value="go", actor=BO)


@pytest.mark.parametrize("kind", [c.SignOff, c.Countersign])
def test_what_any_seat_may_do_it_may_do_only_at_the_cursor(kind: type[c.Command]) -> None:
    story = WholeStory(in_production(WHOLE))
    assert story.refused(kind, step="sign", actor=BO, role="watching").code == "not_current"
    assert story.refused(kind, step="backup_id", actor=BO, role="watching", painted_seq=0).code == "not_current"


def test_who_had_a_hand_in_an_attempt_is_no_second_person_of_the_next() -> None:
    story = WholeStory(in_production(WHOLE))
    story.goes_to("rollout")
    story.passes(4 * 3600)
    story.does(c.TakePen, actor=BO, reason="ana rests")
    story.does(c.RecordDoneOutside, step="rollout", reason="by hand", actor=BO)
    story.does(c.ReopenStep, step="rollout", reason="again", actor=BO)
    story.does(c.TakePen, reason="bo rests")
    assert story.refused(c.Countersign, step="rollout", actor=BO, role="watching").code == "four_eyes"
    story.does(c.Countersign, step="rollout", actor=CY, role="watching")


def test_a_sign_off_is_not_confirmed_run_or_waived_and_other_steps_are_not_signed() -> None:
    story = signing(("bo",))
    assert story.refused(c.RunAction, step="sign", action="X").code == "wrong_kind"
    assert story.refused(c.WaiveSecond, step="sign", reason="r").code == "no_second_asked"
    assert story.refused(c.EndWait, step="sign", reason="r").code == "wrong_kind"
    assert story.refused(c.RecordDoneOutside, step="sign", reason="bo said yes on the telephone").code == "signoff"
    story = WholeStory()
    assert story.refused(c.SignOff, step="backup_id", actor=BO, role="watching").code == "wrong_kind"
