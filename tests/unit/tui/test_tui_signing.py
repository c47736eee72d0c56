"""What a screen shows of signatures, and the keys that sign and go on without."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from screen_story import ANA, BO, FakeSeat, Story, StoryApp, apart, text_of, texts, until
from textual import events
from textual.widgets import Static

from cockpit.profile.model import Phase, Profile, Role, Step
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.session.view import Rejected
from cockpit.tui.panes.banner import banner
from cockpit.tui.panes.keys import hints
from cockpit.tui.panes.step import facts
from cockpit.tui.panes.tree import tree
from cockpit.tui.screens.dialogs import AskDialog

PROFILE = Profile(
    id="virtue",
    environment="prod",
    production=True,
    signing="signoffs",
    allowed_signers="signers",
    roles=(Role(id="lead", people=("bo",)),),
    phases=(
        Phase(
            id="only",
            title="Only",
            steps=(
                Step(id="work", title="Work"),
                Step(id="ok", title="Approve it", kind="signoff", behaviour="signoff", settings={"role": "lead"}),
                Step(id="after", title="After"),
            ),
        ),
    ),
)
GONE = "the SSH agent is gone"


def approved(**profile: Any) -> Story:
    """Bo approved, and has not signed."""
    story = Story(replace(PROFILE, **profile))
    for seat, who in (("s1", ANA), ("s2", BO)):
        story.happens(e.OperatorAttached(seat=seat, role="acting" if who is ANA else "watching"), who)
    story.does(c.ConfirmStep, step="work")
    story.does(c.SignOff, step="ok", actor=BO, role="watching")
    return story


def failed(story: Story) -> Story:
    story.happens(e.SigningFailed(seq=story.state.unsigned[-1].seq, reason=GONE), BO)
    return story


def shouted(story: Story, me: str = "s1", width: int = 160) -> str:
    """The first thing that is wrong."""
    return text_of(banner(story.seen(me=me), width, 40)).strip().split("   ")[0]


def test_nothing_is_shouted_before_a_signature_could_have_come() -> None:
    story = approved()
    assert shouted(story) == ""
    assert "unsigned" in texts(tree(story.seen(me="s1"), 40, 20))
    story.passes(3)
    assert shouted(story) == "AWAITING SIGNATURE of bo: 1.2 Approve it; w goes on without"
    assert shouted(story, "s2") == "AWAITING SIGNATURE of bo: 1.2 Approve it; S signs it; w goes on without"


def test_why_it_was_not_signed_stands_on_the_banner_at_the_step_and_where_it_is_waited_for() -> None:
    story = failed(approved())
    assert shouted(story).endswith(f"w goes on without: {GONE}")
    own = texts(facts(replace(story.seen(me="s1"), selected="ok"), 100))
    assert f"! awaiting bo's signature: {GONE}" in own
    assert "✖ not before bo's signature of 1.2 Approve it" in texts(facts(story.seen(me="s1"), 100))
    assert "S sign" in text_of(hints(story.seen(me="s2"), 120, 40))
    assert "S sign" not in text_of(hints(story.seen(me="s1"), 120, 40))
    assert "w without it…" in text_of(hints(story.seen(me="s1"), 120, 40))


def test_whoever_could_not_sign_reads_that_once() -> None:
    story = failed(approved())
    story.signing = f"NOT SIGNED: {GONE}; S tries again"
    assert shouted(story, "s2") == story.signing


def test_facts_that_nobody_waits_for_are_counted_for_each_person() -> None:
    story = Story(replace(PROFILE, signing="facts"))
    story.happens(e.OperatorAttached(seat="s1", role="acting"), ANA)
    story.does(c.AddNote, text="one")
    story.does(c.AddNote, text="two", actor=BO, role="watching")
    story.passes(3)
    assert shouted(story) == "2 facts of ana unsigned, S signs"
    assert text_of(banner(story.seen(me="s1"), 160, 40)).endswith("+1 more ")  # bo's


def test_a_signature_that_does_not_count_is_the_first_thing_said_until_it_is_waived() -> None:
    story = failed(approved())
    story.rejected = (Rejected(seq=9, by="bo", why="it is not under this text"),)
    assert shouted(story).startswith(
        "A SIGNATURE DOES NOT COUNT, bo at 9: it is not under this text; w goes on in spite"
    )
    story.does(c.WaiveSignature, seq=9, is_bad=True, reason="r", typed="prod")
    assert "DOES NOT COUNT" not in shouted(story)


def test_a_rewritten_log_is_said_in_its_own_words() -> None:
    story = approved()
    story.trouble = "THE LOG WAS REWRITTEN: you held 7f3a·91c2 at 4, and that is gone"
    assert shouted(story).startswith(story.trouble)


def test_a_replay_shows_what_was_unsigned_and_no_keys() -> None:
    story = failed(approved())
    told = text_of(banner(story.seen(mode="REPLAY"), 160, 40)).strip()
    assert told == f"AWAITING SIGNATURE of bo: 1.2 Approve it: {GONE}"


async def test_s_signs_and_says_what_or_that_there_is_nothing() -> None:
    seat = FakeSeat(failed(approved()))
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "S")
        await until(pilot, lambda: "nothing waits for a signature of yours" in app.shows("says"))
        seat.signer.told = "signing 1 of yours up to 5"
        await apart(pilot, "S")
        await until(pilot, lambda: "signing 1 of yours up to 5" in app.shows("says"))
    assert seat.signer.asked == 2
    seat = FakeSeat(approved(signing="off"))
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "S")
        await until(pilot, lambda: "this run asks for no signatures" in app.shows("says"))
    assert seat.signer.asked == 0


async def test_w_goes_on_without_a_signature_for_a_reason_and_a_word() -> None:
    seat = FakeSeat(failed(approved()))
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "w")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        shown = "\n".join(str(each.content) for each in app.screen.query("#dialog Static").results(Static))
        assert "Go on without bo's signature: 1.2 Approve it" in shown
        assert f"It was not signed: {GONE}" in shown
        await until(pilot, lambda: app.screen._since < events.Key("x", "x").time)  # type: ignore[attr-defined]
        await apart(pilot, *"he", "tab", *"prod", "enter")
        await until(pilot, lambda: bool(seat.asked))
    (asked,) = seat.asked
    assert isinstance(asked, c.WaiveSignature)
    assert (asked.reason, asked.typed, asked.is_bad) == ("he", "prod", False)
    assert seat.view.state.unsigned == ()


async def test_w_goes_on_in_spite_of_a_signature_that_does_not_count() -> None:
    story = approved(environment="staging", production=False)
    story.happens(e.HeadSigned(seq=5, digest="ab" * 32, principal="bo", key="k", signature="s"), BO)
    story.rejected = (Rejected(seq=story.seq, by="bo", why="it is not under this text"),)
    seat = FakeSeat(story)
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "w")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        await until(pilot, lambda: app.screen._since < events.Key("x", "x").time)  # type: ignore[attr-defined]
        await apart(pilot, "y", "enter")
        await until(pilot, lambda: bool(seat.asked))
    (asked,) = seat.asked
    assert isinstance(asked, c.WaiveSignature)
    assert (asked.seq, asked.is_bad) == (story.rejected[0].seq, True)


async def test_finishing_says_what_stays_unsigned() -> None:
    story = Story(replace(PROFILE, signing="facts", environment="staging", production=False))
    for step in ("work", "ok", "after"):
        story.does(c.SkipStep, step=step, reason="r")
    seat = FakeSeat(story)
    app = StoryApp(seat)
    async with app.run_test(size=(80, 24)) as pilot:
        await apart(pilot, "F")
        await until(pilot, lambda: app.screen is not app.run_screen)
        shown = "\n".join(str(each.content) for each in app.screen.query("#dialog Static").results(Static))
    assert "4 facts are unsigned." in shown
