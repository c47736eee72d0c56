"""What a person types to get to a place in a log: a time, a step, a person, a line, a mark, or words.

Pure but for what is asked of the log. What could mean two things is answered with a sentence that says which two, and
never by a guess; what was found is said, so that a wrong one is seen.

    22:41   22:41:07   Sun 22:41   2026-11-21 22:41   22:41Z   -5m   +1h30m      a time, in the zone that is shown
    1.3   R1.1   2   migrate   valid                                             a step or phase: number, id, title
    @bo                                                                          what bo did next
    #1234                                                                        the line with this seq
    !hold   !                                                                    the next mark of a kind, or any
    /replica lag                                                                 words in what happened
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Literal, Protocol

from msgspec import Struct

from cockpit.patterns import late
from cockpit.report.marks import KINDS, MarkKind
from cockpit.report.replay.timeline import Timeline
from cockpit.report.replay.times import moments
from cockpit.run.events import Event
from cockpit.run.numbering import find_phase, find_step, phase_label, step_label, step_number
from cockpit.run.state import RunState
from cockpit.run.wording import sentence
from cockpit.text import shortened

_STEP = late(r"[rR]?\d+\.\d+")
_PHASE = late(r"[rR]?\d+")
_LOOK_UP = 200
"""Facts that are looked at between two pauses of a search."""
_LONGEST = 200
"""Characters of what is typed that count."""
_NAMED = 4
"""Of several that fit so many are named."""


class Moment(Protocol):
    """A fact in short: what a search goes by before the file is read."""

    @property
    def seq(self) -> int:
        """Of its line."""
        ...

    @property
    def at(self) -> datetime:
        """Aware."""
        ...

    @property
    def user(self) -> str:
        """Who did it; `keeper`: the machine."""
        ...

    @property
    def mark(self) -> MarkKind | str:
        """Its mark's kind; empty for none."""
        ...


class Facts(Protocol):
    """The facts of a log, counted from 0."""

    @property
    def facts(self) -> int:
        """How many are known."""
        ...

    @property
    def damaged(self) -> tuple[int, ...]:
        """Those at which damage of the log is marked, beside what its events say."""
        ...

    def moment(self, k: int) -> Moment:
        """Of fact `k`, without reading the file."""
        ...

    def event(self, k: int) -> Event:
        """Fact `k`."""
        ...


class Here(Struct, frozen=True, kw_only=True):
    """Where one jumps from."""

    state: RunState
    """Any of this run: steps and phases are known by it."""
    timeline: Timeline
    fact: int
    """-1: before the first."""
    at: datetime
    """Aware."""
    zone: tzinfo


class AtTime(Struct, frozen=True):
    """A moment; aware, UTC."""

    at: datetime
    place_s: float
    """On the timeline's axis."""


class AtSeq(Struct, frozen=True):
    """A line, by its number."""

    seq: int


class Sought(Struct, frozen=True):
    """What is looked for from fact to fact, and again."""

    kind: Literal["person", "mark", "text", "step", "phase"]
    word: str
    """The user, the mark's kind (empty: any), the words in lower case, or the id."""
    label: str
    """As it is said."""


class Unclear(Struct, frozen=True):
    """What was typed means nothing here, or more than one thing: a sentence that says what would."""

    sentence: str


Goal = AtTime | AtSeq | Sought
"""What was meant."""


def understood(typed: str, here: Here, facts: Facts) -> Goal | Unclear:
    """What is meant by what was typed. Asks `facts` for people's names only."""
    text = shortened(" ".join(typed.split()), _LONGEST)
    match text[:1]:
        case "":
            return Unclear("nothing was typed: a time, a step, @person, #seq, !mark or /words")
        case "#":
            return _seq(text[1:].strip())
        case "!":
            return _mark(text[1:].strip().lower())
        case "@":
            return _person(text[1:].strip(), facts)
        case "/":
            return _words(text[1:].strip())
    begin, end = here.timeline.span
    at = moments(text, begin=begin, end=max(end, here.at), now=here.at, zone=here.zone)
    if isinstance(at, datetime):
        return _time(text, at, here, facts)
    if at:
        return Unclear(at)
    return _step(text, here.state)


def _time(text: str, at: datetime, here: Here, facts: Facts) -> AtTime | Unclear:
    """The moment, unless the clock showed it several times since it was set back."""
    places = here.timeline.places_s(at)
    if len(places) < 2:
        return AtTime(at, places[0] if places else here.timeline.place_s(at))
    order = range(facts.facts)
    lines = [bisect_right(order, place_s, key=lambda k: _place_s(here, facts, k)) - 1 for place_s in places]
    told = _listed([f"#{facts.moment(max(0, fact)).seq}" for fact in lines])
    return Unclear(f"the clock showed `{text}` {len(places)} times, as it was set back: write the line, {told}")


def _place_s(here: Here, facts: Facts, fact: int) -> float:
    return here.timeline.place_s(facts.moment(fact).at, fact)


def _seq(text: str) -> AtSeq | Unclear:
    if not text.isascii() or not text.isdigit() or not int(text):
        return Unclear(f"`#{shortened(text, 40)}` is no line's number; write it like #1234")
    return AtSeq(int(text))


def _mark(text: str) -> Sought | Unclear:
    if not text:
        return Sought("mark", "", "mark")
    found = [kind for kind in KINDS if kind == text] or [kind for kind in KINDS if kind.startswith(text)]
    if len(found) == 1:
        return Sought("mark", found[0], found[0])
    told = f"could be {_listed(found)}" if found else f"is no mark; there are: {', '.join(KINDS)}"
    return Unclear(f"`!{shortened(text, 40)}` {told}")


def _person(name: str, facts: Facts) -> Sought | Unclear:
    people = {facts.moment(k).user for k in range(facts.facts)}
    if name in people:
        return Sought("person", name, f"by {shortened(name, 40)}")
    low = name.casefold()
    found = sorted(user for user in people if user.casefold().startswith(low))
    if len(found) == 1:
        return Sought("person", found[0], f"by {shortened(found[0], 40)}")
    there = (
        f"could be {_listed(found)}" if found and name else f"did nothing in this log; {_listed(sorted(people))} did"
    )
    return Unclear(f"`@{shortened(name, 40)}` {there}")


def _words(text: str) -> Sought | Unclear:
    if not text:
        return Unclear("no words were given; write them like /replica lag")
    return Sought("text", text.casefold(), f"“{shortened(text, 40)}”")


def _step(text: str, state: RunState) -> Sought | Unclear:
    """A step or phase by its number, its id, or its title; else words."""
    profile = state.profile
    steps = {step.id: step.title for _, step in profile.every_step()}
    phases = {phase.id: phase.title for phase in profile.phases}
    phases |= {phase.id: phase.title for plan in profile.rollbacks for phase in plan.phases}
    if _STEP.fullmatch(text):
        numbered = [each for each in steps if step_number(profile, each) == text.upper()]
        return _to_step(state, numbered[0]) if numbered else Unclear(f"there is no step {text.upper()} in this run")
    if _PHASE.fullmatch(text):
        found = [each for each in phases if phase_label(profile, each).split(" ")[0] == text.upper()]
        return _to_phase(state, found[0]) if found else Unclear(f"there is no phase {text.upper()} in this run")
    low = text.casefold()
    exact = [each for each in steps if low in (each.casefold(), steps[each].casefold())]
    part = exact or [each for each in steps if low in steps[each].casefold()]
    whole = [each for each in phases if low in (each.casefold(), phases[each].casefold())] if not exact else []
    labels = [*(step_label(profile, each) for each in part), *(f"phase {phase_label(profile, each)}" for each in whole)]
    if len(labels) > 1:
        shown = shortened(text, 40)
        return Unclear(f"`{shown}` could be {_listed(labels)}: write the number, or /{shown} for the words")
    if part:
        return _to_step(state, part[0])
    return _to_phase(state, whole[0]) if whole else _words(text)


def _to_step(state: RunState, step_id: str) -> Sought:
    return Sought("step", step_id, step_label(state.profile, step_id))


def _to_phase(state: RunState, phase_id: str) -> Sought:
    return Sought("phase", phase_id, f"phase {phase_label(state.profile, phase_id)}")


def _listed(names: list[str] | list[MarkKind]) -> str:
    """`a, b or c`; of many the first ones, and how many more."""
    shown = [shortened(name, 40) for name in names[:_NAMED]]
    if len(names) > _NAMED:
        return f"{', '.join(shown)} or {len(names) - _NAMED} more"
    return " or ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)


# ---- looking for it ----------------------------------------------------------------------------------------------


class Found(Struct, frozen=True):
    """The fact that was looked for."""

    fact: int
    is_round: bool = False
    """It was found only by going on from the other end."""


def seek(sought: Sought, here: Here, facts: Facts, way: Literal[1, -1] = 1) -> Iterator[Found | None]:
    """The next fact that is meant, or the last before, going round the ends; the present one comes last.

    Yields None now and then, so that whoever asks may do something else or give up, and at last what was found; ends
    without if there is nothing.
    """
    count = facts.facts
    turns = _turns(sought, here, facts)
    for nth in range(1, count + 1):
        fact = here.fact + way * nth
        is_round = not 0 <= fact < count
        fact %= count
        if nth % _LOOK_UP == 0:
            yield None
        if _is_meant(sought, fact, facts, here.state, turns):
            yield Found(fact, is_round)
            return


def _turns(sought: Sought, here: Here, facts: Facts) -> frozenset[int]:
    """The facts by which a step or phase became current; of damage, those at which it is marked."""
    if sought.kind == "mark" and sought.word in ("", "damage"):
        return frozenset(facts.damaged)
    stretches = {"step": here.timeline.steps, "phase": here.timeline.phases}.get(sought.kind, ())
    return frozenset(each.first for each in stretches if each.id == sought.word)


def _is_meant(sought: Sought, fact: int, facts: Facts, state: RunState, turns: frozenset[int]) -> bool:
    match sought.kind:
        case "step" | "phase":
            return fact in turns
        case "mark":
            mark = facts.moment(fact).mark
            return fact in turns or (bool(mark) and sought.word in ("", mark))
        case "person":
            return facts.moment(fact).user == sought.word
        case "text":
            return sought.word in sentence(facts.event(fact), state).casefold()


def in_vain(sought: Sought, state: RunState) -> str:
    """The sentence for what was looked for in all facts and is not there."""
    match sought.kind:
        case "step" | "phase":
            found = find_step(state.profile, sought.word) or find_phase(state.profile, sought.word)
            return f"the run never stood at {sought.label}" if found else f"there is no {sought.label}"
        case "mark":
            return f"there is no {sought.label}{'' if sought.label == 'mark' else ' mark'} in this log"
        case "person":
            return f"nothing in this log was done {sought.label}"
        case "text":
            return f"{sought.label} is in nothing that happened; a step goes by its number, @bo is a person"
