"""Keys about signatures: signing what waits for one, and going on without."""

from __future__ import annotations

from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.deciding_signed import awaited
from cockpit.run.friction import required_word
from cockpit.run.numbering import step_label
from cockpit.run.people import called
from cockpit.run.state import RunState
from cockpit.session.view import Rejected
from cockpit.text import shortened, visible
from cockpit.tui.acting.hands import Hands
from cockpit.tui.screens.dialogs import Question


async def sign(hands: Hands, painted: RunState) -> None:
    """Sign what waits for it; the signature is made elsewhere than on this screen's loop."""
    if painted.profile.signing == "off" or painted.is_rehearsal:
        why = "a rehearsal is not signed" if painted.is_rehearsal else "this run asks for no signatures"
        hands.refuse(Refusal(why, "the profile says so: signing", "no_signing"))
        return
    if told := hands.seat.signer.again():
        hands.screen.say(("… ", "dim"), (told, "plain"))
    else:
        hands.refuse(Refusal("nothing waits for a signature of yours", "go on", "signed_already"))


def keeps_from_going_on(hands: Hands, painted: RunState) -> bool:
    """Whether a missing signature does, or one that does not count."""
    return bool(awaited(painted) or _rejected(hands, painted))


def _rejected(hands: Hands, painted: RunState) -> Rejected | None:
    every = hands.seat.view.rejected if painted.rollback is None else ()
    return next((each for each in every if each.seq not in painted.waived_signatures), None)


async def waive(hands: Hands, painted: RunState) -> None:
    """Go on although a signature is missing, or in spite of one that does not count."""
    bad = _rejected(hands, painted)
    if bad is not None:
        seq, title = bad.seq, f"Go on in spite of a signature that does not count: {visible(bad.by)} at {bad.seq}"
        lines = (bad.why, "Whoever wrote it could write to the log, and was not this person or had not their key.")
    else:
        fact = awaited(painted)[0]
        what = step_label(painted.profile, fact.step) if fact.step else f"fact {fact.seq}"
        seq, title = fact.seq, f"Go on without {called(fact.by)}'s signature: {what}"
        why = f"It was not signed: {shortened(fact.failed, 300)}" if fact.failed else "It has not been signed."
        lines = (why, "It stands in the log as a deviation. What they sign later vouches for it too.")
    if hands.refused(painted, hands.command(c.WaiveSignature, seq=seq, is_bad=bad is not None, reason="")):
        return
    question = Question(
        title=title,
        lines=lines,
        reason="why can it not wait, and how do you know whose it is?",
        word=required_word(painted, "unsigned", "", hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is not None:
        command = hands.command(
            c.WaiveSignature, seq=seq, is_bad=bad is not None, reason=answer.reason, typed=answer.word
        )
        await hands.submit(command)
