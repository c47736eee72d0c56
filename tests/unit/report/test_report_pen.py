"""Who had the pen, and how it came to them, as a report tells it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from report_story import PROFILE, Told
from screen_story import ANA, BO

from cockpit.report.chronicle.chronicle import Chronicle, chronicle
from cockpit.report.pages.phrasing import Phrasing
from cockpit.report.pages.tables import people_tables
from cockpit.run import commands as c
from cockpit.run.handover import card, standing


def told() -> Chronicle:
    """Bo is offered the pen and accepts; then ana takes it back, since bo is gone."""
    night = Told(PROFILE)
    night.attaches("SEATANA", ANA, "acting")
    night.attaches("SEATBO", BO, "watching")
    here = ("SEATANA", "SEATBO")
    night.does(c.OfferPen, to="SEATBO", here=here)
    lines = card(night.state, night.now(), here)
    night.does(c.AcceptPen, actor=BO, seat="SEATBO", here=here, read=standing(night.state), card=lines)
    night.passes(60)
    night.does(
        c.TakePen,
        seat="SEATANA",
        here=here[:1],
        read=standing(night.state),
        reason="bo's link died",
        typed="production",
    )
    return chronicle(night.events)


def test_a_pen_that_was_passed_and_one_that_was_taken_are_told_apart() -> None:
    passed, taken = told().pens
    assert (passed.by, passed.previous, passed.is_passed, passed.reason) == (
        "bo@bastion-1", "ana@bastion-1", True, "",
    )  # fmt: skip
    assert passed.card[0].startswith("at: ")
    assert (taken.by, taken.is_passed, taken.found, taken.reason) == (
        "ana@bastion-1", False, "gone", "bo's link died",
    )  # fmt: skip
    tables = {table.name: table for table in people_tables(told(), Phrasing(told(), ZoneInfo("UTC")))}
    assert [row[3] for row in tables["pens"].rows] == ["offered and accepted", "taken from somebody gone"]


def test_only_the_one_that_was_taken_is_a_deviation_and_both_are_marked() -> None:
    assert [each.kind for each in told().deviations] == ["pen"]
    assert [each.text for each in told().happenings if each.mark == "pen"] == [
        "accepted the pen from ana@bastion-1",
        "took the pen from bo@bastion-1, who was gone: bo's link died",
    ]


def test_screens_are_told_by_what_they_did_when() -> None:
    screens = [(seat.who, seat.role, seat.why) for seat in told().seats]
    assert screens == [
        ("ana@bastion-1", "acting", "the pen moved"),
        ("bo@bastion-1", "watching", "the pen moved"),
        ("ana@bastion-1", "watching", "the pen moved"),
        ("bo@bastion-1", "acting", "the pen moved"),
        ("ana@bastion-1", "acting", ""),
        ("bo@bastion-1", "watching", ""),
    ]
    assert all(each.acted for each in told().people)
