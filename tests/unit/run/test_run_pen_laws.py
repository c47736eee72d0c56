"""Laws of the pen, whatever people do at once: one holder an epoch, epochs that grow, and nobody acts under an old one.

Seats see the run late, as screens do: each decides its keys on what it last painted, and submits on what is true.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from run_story import ANA, BO, Story

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.run.decide import decide
from cockpit.run.evolve import fold
from cockpit.run.handover import Standing, standing
from cockpit.run.holding import ANSWER_S, SILENCE_S, holds
from cockpit.run.people import same_holder
from cockpit.run.state import RunState

CY = e.Actor("cy", "bastion-1")
PEOPLE = {"S1": ANA, "S2": ANA, "S3": BO, "S4": CY}
"""Ana sits at two screens."""
seats = st.sampled_from(sorted(PEOPLE))


class Passing(RuleBasedStateMachine):
    """Four screens of three people, each of them late by as much as it likes."""

    @initialize()
    def start(self) -> None:
        self.story = Story()
        self.here: set[str] = set()
        self.painted: dict[str, RunState] = {}
        self.pressed: dict[str, RunState] = {}
        """By seat: what was painted when the key was pressed whose question is still open."""
        self.read: dict[str, Standing] = {}
        self.up: dict[str, int] = {"S1": 1}
        self.holders: dict[int, e.Actor] = {1: ANA}
        for seat in PEOPLE:
            self.comes(seat)

    # ---- screens -----------------------------------------------------------------------------------------------

    @rule(seat=seats)
    def comes(self, seat: str) -> None:
        if seat not in self.here:
            self.here.add(seat)
            self.story.happens(e.OperatorAttached(seat=seat, role="watching"), PEOPLE[seat])
            self.paints(seat)

    @rule(seat=seats, is_killed=st.booleans())
    def goes(self, seat: str, is_killed: bool) -> None:
        if seat in self.here:
            self.here.discard(seat)
            if not is_killed:
                self.story.happens(e.OperatorDetached(seat=seat), PEOPLE[seat])

    @rule(seat=seats)
    def paints(self, seat: str) -> None:
        """Its tail catches up."""
        self.painted[seat] = self.story.state

    @rule(seat=seats)
    def opens_a_question(self, seat: str) -> None:
        """It may stay open for long."""
        self.pressed[seat] = self.painted[seat]

    @rule(seat=seats)
    def reads_the_card(self, seat: str) -> None:
        self.read[seat] = standing(self.story.state)

    @rule(seat=seats)
    def takes_up(self, seat: str) -> None:
        """With the pen of its person, and nothing of it in the log."""
        pen = self.story.state.pen
        if pen is not None and holds(self.story.state, PEOPLE[seat]):
            self.up[seat] = pen.epoch

    @rule(seconds=st.sampled_from([1.0, ANSWER_S / 2, ANSWER_S, SILENCE_S]))
    def time_passes(self, seconds: float) -> None:
        self.story.passes(seconds)

    # ---- keys --------------------------------------------------------------------------------------------------

    def presses(
        self, seat: str, kind: type[c.Command], shown: RunState | None = None, **fields: Any
    ) -> tuple[e.Body, ...] | Refusal:
        """A key on what was painted, decided on what is true by now, and written."""
        if seat not in self.here:
            return Refusal("gone", "gone", "gone")
        before, painted = self.story.state, shown or self.painted[seat]
        assert before.pen is not None
        assert painted.pen is not None
        is_up = before.pen.seat == seat or self.up.get(seat) == before.pen.epoch
        role = "acting" if is_up and holds(before, PEOPLE[seat]) else "watching"
        if issubclass(kind, c.PenCommand):
            fields = {"seat": seat, "here": tuple(sorted(self.here))} | fields
        command = self.story.command(kind, actor=PEOPLE[seat], role=role, pen_epoch=painted.pen.epoch, **fields)
        decided = decide(before, command)
        if isinstance(decided, Refusal):
            assert decided.code
            assert decided.why
            assert decided.instead
            return decided
        for body in decided:
            self.story.happens(body, PEOPLE[seat])
        after = self.story.state.pen
        assert after is not None
        assert after.by is not None
        if after.epoch != before.pen.epoch:
            assert kind in (c.AcceptPen, c.TakePen), "nothing else moves it"
            assert after.epoch == before.pen.epoch + 1
            assert painted.pen.epoch == before.pen.epoch, "nobody got it on an old screen"
            assert same_holder(after.by, PEOPLE[seat])
            self.holders[after.epoch] = after.by
        return decided

    @rule(seat=seats, to=seats)
    def offers(self, seat: str, to: str) -> None:
        decided = self.presses(seat, c.OfferPen, to=to)
        if not isinstance(decided, Refusal):
            assert to in self.here
            assert not same_holder(PEOPLE[to], PEOPLE[seat])

    @rule(seat=seats)
    def withdraws(self, seat: str) -> None:
        self.presses(seat, c.WithdrawPen)

    @rule(seat=seats)
    def asks(self, seat: str) -> None:
        self.presses(seat, c.AskPen)

    @rule(seat=seats)
    def declines(self, seat: str) -> None:
        self.presses(seat, c.DeclinePen, reason="not now")

    @rule(seat=seats)
    def accepts(self, seat: str) -> None:
        before = self.story.state
        decided = self.presses(seat, c.AcceptPen, read=self.read.get(seat))
        if not isinstance(decided, Refusal):
            assert before.pen_offer is not None
            assert same_holder(PEOPLE[before.pen_offer.seat], PEOPLE[seat]), "nobody else's offer"

    @rule(seat=seats)
    def takes(self, seat: str) -> None:
        before = self.story.state
        assert before.pen is not None
        assert before.pen.by is not None
        decided = self.presses(seat, c.TakePen, reason="because", read=self.read.get(seat))
        if not isinstance(decided, Refusal):
            (body,) = decided
            assert isinstance(body, e.PenTaken)
            is_here = any(same_holder(PEOPLE[each], before.pen.by) for each in self.here & before.seats.keys())
            assert body.found == ("silent" if is_here else "gone")

    @rule(to=seats)
    def hands_over(self, to: str) -> None:
        """Both look at their screens: what is offered is accepted."""
        pen = self.story.state.pen
        assert pen is not None
        giver = next((each for each in sorted(self.here) if self.up.get(each) == pen.epoch or pen.seat == each), "")
        if giver:
            self.paints(giver)
            self.withdraws(giver)
            self.offers(giver, to)
            self.paints(to)
            self.reads_the_card(to)
            self.accepts(to)

    @rule(seat=seats, is_late=st.booleans(), kind=st.sampled_from([c.SkipStep, c.ConfirmStep]))
    def acts(self, seat: str, is_late: bool, kind: type[c.Command]) -> None:
        """At once, or by the question that was opened before."""
        before, painted = self.story.state, self.pressed.pop(seat, None) if is_late else self.painted[seat]
        if painted is None or painted.cursor is None or painted.cursor.step is None:
            return
        assert before.pen is not None
        assert painted.pen is not None
        named = {"reason": "because", "typed": "migrate", "painted_seq": painted.cursor.opened_seq}
        fields = {name: value for name, value in named.items() if name in kind.__struct_fields__}
        decided = self.presses(seat, kind, painted, step=painted.cursor.step, **fields)
        if not isinstance(decided, Refusal):
            assert holds(before, PEOPLE[seat]), "only its holder acts"
            assert painted.pen.epoch == before.pen.epoch, "and under no pen but the one that was painted"

    @rule(seat=seats)
    def notes(self, seat: str) -> None:
        decided = self.presses(seat, c.AddNote, text="seen")
        assert isinstance(decided, tuple) or decided.code in ("gone", "over"), "whoever is here may note"

    # ---- laws --------------------------------------------------------------------------------------------------

    @invariant()
    def every_epoch_has_one_holder_and_epochs_grow(self) -> None:
        if not hasattr(self, "story"):
            return
        epochs = [event.body.epoch for event in self.story.events if isinstance(event.body, e.PenPassed | e.PenTaken)]
        assert epochs == sorted(set(epochs))
        pen = self.story.state.pen
        assert pen is not None
        assert pen.by is not None
        assert pen.epoch == max(self.holders)
        assert same_holder(self.holders[pen.epoch], pen.by)

    @invariant()
    def an_offer_is_never_to_its_holder_and_asks_are_of_others(self) -> None:
        if not hasattr(self, "story"):
            return
        state = self.story.state
        if state.pen_offer is not None:
            by = state.seats[state.pen_offer.seat].by
            assert by is not None
            assert not holds(state, by)
        assert not any(holds(state, ask.by) for ask in state.pen_asked)

    @invariant()
    def the_log_alone_tells_who_holds_it(self) -> None:
        if hasattr(self, "story"):
            assert fold(self.story.events) == self.story.state


Passing.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
TestPassing = Passing.TestCase
