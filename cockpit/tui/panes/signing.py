"""What a screen says of signatures: on the banner, beside the steps that wait for one, and as the next keys.

These are hints, no rules: whether a key is refused, `decide` and the seat say. In a replay it stands without keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.deciding_signed import awaited
from cockpit.run.elapsed import elapsed_s
from cockpit.run.numbering import step_label
from cockpit.run.people import called, name_of
from cockpit.run.state_people import UnsignedFact
from cockpit.text import counted, shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, wrapped
from cockpit.tui.panes.pen import me
from cockpit.tui.panes.seen import Seen

PATIENCE_S = 2.0
"""A signature is made in less: nothing is shouted before."""
MISSING = "unsigned"
"""Beside a step in the walk."""


def shouts(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """What keeps the run from going on, or should."""
    for each in seen.view.rejected:
        if each.seq not in seen.state.waived_signatures:
            how = "; w goes on in spite of it" if seen.acts else ""
            yield (
                f"A SIGNATURE DOES NOT COUNT, {shortened(each.by, 20)} at {each.seq}: {visible(each.why)}{how}",
                "alarm",
            )
    for fact in awaited(seen.state):
        if _is_late(seen, fact) and not (_is_mine(seen, fact) and seen.view.signing):
            why = f": {shortened(fact.failed, 160)}" if fact.failed else ""
            yield f"AWAITING SIGNATURE of {called(fact.by)}: {_what(seen, fact)}{_keys(seen, fact)}{why}", "alarm"


def murmurs(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """What becomes of this seat's own signatures, and facts that nobody waits for and that stay unsigned."""
    if seen.view.signing:
        yield visible(seen.view.signing), "alarm" if seen.view.signing.startswith("NOT SIGNED") else "warn"
    late: dict[str, list[UnsignedFact]] = {}
    for fact in seen.state.unsigned:
        if fact.what != "signoff" and _is_late(seen, fact) and not (_is_mine(seen, fact) and seen.view.signing):
            late.setdefault(called(fact.by), []).append(fact)
    for who, facts in late.items():
        failed = next((each.failed for each in reversed(facts) if each.failed), "")
        why = f": {shortened(failed, 160)}" if failed else ""
        yield (
            f"{counted(len(facts), 'fact')} of {who} unsigned{', S signs' if _is_mine(seen, facts[-1]) else ''}{why}",
            "warn",
        )


def is_unsigned(seen: Seen, step_id: str) -> bool:
    """Whether somebody's approval of a step waits for its signature."""
    return any(each.step == step_id for each in seen.state.unsigned)


def lines(seen: Seen, step_id: str, width: int) -> list[Line]:
    """The same, with why and what helps, for the step on show."""
    told: list[Line] = []
    for fact in seen.state.unsigned:
        if fact.step == step_id:
            why = f": {shortened(fact.failed, 300)}" if fact.failed else ""
            text = f"! awaiting {called(fact.by)}'s signature{why}{_keys(seen, fact)}"
            told += [((each, "warn"),) for each in wrapped(text, width)]
        elif seen.is_at(step_id) and fact in awaited(seen.state) and _is_late(seen, fact):
            text = f"✖ not before {called(fact.by)}'s signature of {_what(seen, fact)}{_keys(seen, fact)}"
            told += [((each, "bad"),) for each in wrapped(text, width)]
    return told


def wants_key(seen: Seen) -> bool:
    """Whether something of this person's waits until they press the key that signs."""
    return any(_is_mine(seen, fact) and _is_late(seen, fact) for fact in seen.state.unsigned)


def _keys(seen: Seen, fact: UnsignedFact) -> str:
    if seen.mode == "REPLAY" or seen.state.status != "live":
        return ""
    ways = (["S signs it"] if _is_mine(seen, fact) else []) + (["w goes on without"] if seen.acts else [])
    return "".join(f"; {way}" for way in ways)


def _what(seen: Seen, fact: UnsignedFact) -> str:
    return step_label(seen.state.profile, fact.step) if fact.step else f"fact {fact.seq}"


def _is_late(seen: Seen, fact: UnsignedFact) -> bool:
    return bool(fact.failed) or fact.since is None or elapsed_s(fact.since, seen.now) >= PATIENCE_S


def _is_mine(seen: Seen, fact: UnsignedFact) -> bool:
    actor = me(seen)
    return actor is not None and name_of(actor) == name_of(fact.by)
