"""Where the others look, and who is here: marks that are quiet, fit, and never stand in place of a status."""

from __future__ import annotations

import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import PATIENCE_S
from msgspec.structs import replace
from report_story import written
from screen_story import BO, HOSTILE, FakeSeat, StoryApp, apart, blocked, text_of, texts

import cockpit
from cockpit.report.replay.film import Film
from cockpit.run import events as e
from cockpit.run.clocks import Skew
from cockpit.run.events import Actor
from cockpit.run.forecast import forecast
from cockpit.run.state_people import SeatState
from cockpit.text import visible
from cockpit.tui.lines import width_of
from cockpit.tui.panes import company, keys, looking, top, tree
from cockpit.tui.panes.banner import banner
from cockpit.tui.panes.looking import SIGN
from cockpit.tui.panes.seen import Seen
from cockpit.tui.playing import Player

ME = "s1"


def seen(*others: tuple[str, str | None], **changed: object) -> Seen:
    """A screen of ana's, beside which these people look at these steps."""
    story = blocked()
    now = story.now()
    mine = SeatState(ME, "ana", "acting", now, by=Actor("ana", "h"), version=cockpit.__version__, at="", active=now)
    seats = [
        SeatState(f"o{k}", name, "watching", now, by=Actor(name, "h"), version=cockpit.__version__, at=at, active=now)
        for k, (name, at) in enumerate(others)
    ]
    shown = story.seen()
    return replace(shown, view=replace(shown.view, here=(mine, *seats)), me=ME, **changed)


def rows(shown: Seen, width: int = 30, height: int = 30) -> list[str]:
    return [text_of(line) for line in tree.tree(shown, width, height)]


def marked(shown: Seen, width: int = 30) -> dict[str, str]:
    """By the row's first words: the mark."""
    return {line.split(SIGN)[0].strip(" ▶·✔")[:3]: line.split(SIGN)[1] for line in rows(shown, width) if SIGN in line}


def test_whoever_looks_at_a_step_is_marked_behind_its_row() -> None:
    assert marked(seen(("bo", "validate"))) == {"1.3": "b"}
    assert marked(seen(("bo", "validate")), 40) == {"1.3": "bo"}


def test_whoever_looks_at_what_is_due_is_marked_where_the_run_stands() -> None:
    assert marked(seen(("bo", ""))) == {"1.3": "b"}


def test_an_older_cockpit_that_does_not_say_where_it_looks_is_marked_nowhere() -> None:
    assert marked(seen(("bo", None))) == {}


def test_oneself_is_not_marked() -> None:
    assert marked(seen()) == {}


def test_as_many_letters_as_tell_people_apart() -> None:
    assert marked(seen(("bo", "migrate"), ("ben", "validate"))) == {"1.2": "bo", "1.3": "be"}
    assert marked(seen(("bo", "validate"), ("eve", "validate"))) == {"1.3": "b,e"}


def test_too_many_for_the_row_are_counted() -> None:
    crowd = tuple((f"person{k}", "validate") for k in range(12))
    assert marked(seen(*crowd)) == {"1.3": "12"}


def test_a_mark_out_of_sight_stands_behind_how_many_rows_are_hidden() -> None:
    shown = rows(seen(("bo", "maintenance")), height=5)
    assert SIGN in shown[0]
    assert "more" in shown[0]


@given(st.text(max_size=20), st.integers(20, 60), st.sampled_from(["", "validate", "nope", "maintenance"]))
def test_a_mark_of_whatever_name_leaves_the_row_in_its_width_and_its_status_in_its_place(
    name: str, width: int, at: str
) -> None:
    shown = seen((name, at))
    bare = seen()
    for line, plain in zip(tree.tree(shown, width, 40), tree.tree(bare, width, 40), strict=True):
        assert width_of(line) <= width
        assert visible(text_of(line)) == text_of(line)
        assert text_of(line)[:4] == text_of(plain)[:4]


def test_the_top_line_says_who_is_here_and_on_a_small_screen_how_many_others() -> None:
    shown = seen(("bo", ""), ("eve", ""), ("eve", "validate"))
    assert "here: ana bo eve" in text_of(top.identity(shown, 140))
    small = text_of(top.identity(shown, 80))
    assert "+2 here" in small
    assert "+" not in text_of(top.identity(seen(), 80))
    assert "+" not in text_of(top.identity(seen(("ana", "")), 80)), "one's own second screen is nobody else"


def test_two_on_one_account_who_proved_nothing_are_seen_to_be_two_by_what_they_claim() -> None:
    shown = seen(("deploy", ""))
    mine, other = (
        replace(seat, user="deploy", by=Actor("deploy", "h", person=person))
        for seat, person in zip(shown.view.here, ("ana", "bo"), strict=True)
    )
    shown = replace(shown, view=replace(shown.view, here=(mine, other)))
    assert "here: deploy(ana?) deploy(bo?)" in text_of(top.identity(shown, 140))
    assert "+1 here" in text_of(top.identity(shown, 80))
    alone = replace(shown, view=replace(shown.view, here=(mine, replace(mine, seat="o9"))))
    assert "+" not in text_of(top.identity(alone, 80)), "one's own second screen is nobody else"


def test_whoever_does_not_fit_on_the_first_line_is_counted_and_nobody_is_cut_off_unsaid() -> None:
    crowd = tuple((f"somebody-{k}", "") for k in range(8))
    line = text_of(top.identity(seen(*crowd), 140))
    assert "here: ana somebody-0 somebody-1 +6  head" in line
    wide = text_of(top.identity(seen(("宽" * 20, ""), ("长" * 20, "")), 140))
    assert "here: ana +2" in wide, "not a name cut off in the middle of the others"


def test_the_list_says_what_is_known_of_each_and_what_is_merely_claimed() -> None:
    shown = seen()
    now = shown.now
    actor = Actor("deploy", "h", via="ssh 192.0.2.7", key="SHA256:abc", tty="pts/3", client="192.0.2.7", person="bo",
                  signer="SHA256:abc", proven=("person", "signer", "tty"))  # fmt: skip
    other = SeatState("o", "deploy", "watching", now, by=actor, version="9.9", at="validate", active=now)
    shown = replace(shown, view=replace(shown.view, here=(*shown.view.here, other)))
    told = texts(company.company(shown, 200))
    assert "ana (this seat)" in told
    assert "bo (deploy)   watching" in told
    assert "on pts/3 ·" in told
    assert "from 192.0.2.7 (claimed)" in told
    assert "key SHA256:abc (claimed)" in told
    assert "looks at 1.3" in told
    assert "at the keys" in told
    assert f"! cockpit 9.9; this one is {cockpit.__version__}" in told
    assert looking.versions(shown).startswith(f"other cockpits than this one ({cockpit.__version__}): bo 9.9")


def test_the_list_says_who_left_and_whose_screen_died() -> None:
    story = blocked()
    story.happens(e.OperatorAttached(seat="x", role="watching"), BO)
    story.happens(e.OperatorDetached(seat="x", reason="the screen is gone", found="gone"))
    story.happens(e.OperatorAttached(seat="y", role="watching"), BO)
    story.happens(e.OperatorDetached(seat="y", reason="the screen was closed"), BO)
    told = texts(company.company(story.seen(), 100))
    assert told.index("bo: the screen was closed") < told.index("bo: the screen is gone: killed")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_list_fits_and_nothing_in_it_acts(width: int) -> None:
    shown = seen((HOSTILE, HOSTILE))
    hostile = Actor(HOSTILE, HOSTILE, via=HOSTILE, key=HOSTILE, client=HOSTILE, tty=HOSTILE, person=HOSTILE)
    here = tuple(replace(seat, by=hostile, version=HOSTILE) for seat in shown.view.here)
    shown = replace(shown, view=replace(shown.view, here=here, skew=Skew(HOSTILE, HOSTILE, -300.0), read_only=HOSTILE))
    for line in (*company.company(shown, width), banner(shown, width, 24), top.identity(shown, width)):
        assert visible(text_of(line)) == text_of(line)
    assert all(width_of(line) <= width for line in company.company(shown, width))


def test_the_banner_says_who_may_only_read_and_whose_clock_differs() -> None:
    shown = seen()
    reading = replace(shown, view=replace(shown.view, read_only="this run belongs to ana"))
    assert "READING ONLY, nobody sees you here: this run belongs to ana" in text_of(banner(reading, 120, 40))
    offered = text_of(keys.hints(replace(reading, mode="WATCHING"), 120, 40))
    assert "i who is here" in offered
    assert not [word for word in ("note", "hold", "approve", "raise", "pen") if word in offered]
    skewed = replace(shown, view=replace(shown.view, skew=Skew("keeper", "bastion-1", -240.0)))
    assert "the keeper's clock (bastion-1) is 4m behind this host's" in text_of(banner(skewed, 120, 40))


async def test_what_is_shown_is_told_to_the_others_and_keys_that_write_are_refused_to_who_may_only_read() -> None:
    seat = FakeSeat(blocked())
    app = StoryApp(seat)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down")
        await pilot.press("home")
        assert seat.presence.looked[-2:] != []
        assert seat.presence.looked[-1] == ""
        assert any(seat.presence.looked)
        seat._view = replace(seat.view, read_only="this run belongs to ana")
        await apart(pilot, "n")
        assert "you may only read this run: this run belongs to ana" in texts(app.run_screen._panes["says"].lines)
        assert app.screen is app.run_screen


def test_whoever_proved_no_name_on_a_shared_account_is_told_so_for_as_long_as_the_screen_is_open() -> None:
    shown = seen()
    started = shown.state.started
    assert started is not None
    profile = replace(started.profile, shared_accounts=("deploy",))

    def said(actor: Actor) -> str:
        seats = {"me": SeatState("me", actor.user, "watching", shown.now, by=actor)}
        state = replace(shown.state, seats=seats, started=replace(started, profile=profile), pen=None, hold=None)
        return text_of(banner(replace(shown, view=replace(shown.view, state=state), me="me"), 80, 24))

    assert "NOT PROVEN who you are: approvals do not count" in said(Actor("deploy", "h"))
    claiming = said(Actor("deploy", "h", person="bo\x1b[2J"))
    assert "NOT PROVEN that you are bo␛[2J: approvals do not count" in claiming
    assert "NOT PROVEN" not in said(Actor("deploy", "h", person="bo", proven=("person",)))
    assert "NOT PROVEN" not in said(Actor("ana", "h"))


def test_a_replay_marks_where_people_looked_then(tmp_path: Path) -> None:
    story = blocked()
    told = [each.event for each in story.recent]
    told += [
        story.happens(e.OperatorAttached(seat="x", role="watching", at=""), BO),
        story.happens(e.NoteAdded(text="first")),
        story.happens(e.OperatorMoved(seat="x", step="maintenance"), BO),
        story.happens(e.NoteAdded(text="second")),
        story.happens(e.OperatorDetached(seat="x"), BO),
        story.happens(e.NoteAdded(text="third")),
    ]
    film = Film(written(told, tmp_path / "log.jsonl"))
    try:
        film.start(lambda: None)
        until_whole(film)
        player = Player(film)
        looked = []
        for fact in range(film.facts - 3, film.facts):
            player.go_to(fact)
            now = player.now()
            shown = Seen(
                view=player.view, now=now, keeper=player.keeper_sight(), forecast=forecast(player.view.state, now),
                mode="REPLAY", zone=ZoneInfo("UTC"),
            )  # fmt: skip
            looked.append(marked(shown))
        assert looked == [{"1.3": "b"}, {"1.1": "b"}, {}]
    finally:
        film.close()


def until_whole(film: Film) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not film.is_whole:
        assert time.monotonic() < give_up
        time.sleep(0.001)


def test_the_list_of_who_is_here_says_who_trusted_the_profile_if_the_log_knows_it() -> None:
    shown = seen()
    started = shown.state.started
    assert started is not None
    assert "profile" not in [text_of(line).strip() for line in company.company(shown, 80)]
    trust = e.ProfileTrust(how="asked", by="ana\x1b[2J", at=None, approved_by=("bo SHA256:abc",), wanted=1)
    state = replace(shown.state, started=replace(started, trust=trust))
    told = [
        text_of(line).strip() for line in company.company(replace(shown, view=replace(shown.view, state=state)), 120)
    ]
    at = told.index("profile")
    assert told[at + 1] == visible(
        "approved by bo (SHA256:abc); trusted since an unknown time, confirmed by ana\x1b[2J"
    )
