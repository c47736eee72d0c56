"""What events are about: the steps, phases and probes that a person asks a log for.

Invariant: an event is about what its body names, and about the step whose action it names. Nothing that a log holds is
trusted to be of the run's profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct

from cockpit.profile.model import Profile
from cockpit.run import events as e
from cockpit.run.numbering import phase_number, step_number

_LISTED = 8


class _Reading(Struct, gc=False):
    probe: str = ""


class Named(Struct, gc=False):
    """What the data of an event name, of whatever type it is."""

    step: str = ""
    left: str = ""
    phase: str = ""
    gate: str = ""
    action: str = ""
    probe: str = ""
    readings: tuple[_Reading, ...] = ()


_decoder = msgspec.json.Decoder(Named)


def named_in(data: msgspec.Raw) -> Named:
    """What the undecoded data of a line name; nothing, where they are of other types than any event's."""
    try:
        return _decoder.decode(data)
    except (ValueError, RecursionError):
        return Named()


class Subjects:
    """The steps, phases and probes that were asked for, by their ids in one run."""

    def __init__(self, profile: Profile | None, steps: Sequence[str], phases: Sequence[str], probes: Sequence[str]):
        """Each asked for by numbers (`1.3`, `R1`), ids or globs of ids."""
        walks = (profile.phases, *(plan.phases for plan in profile.rollbacks)) if profile else ()
        every_phase = [phase for walked in walks for phase in walked]
        known_steps = {s.id: step_number(profile, s.id) for each in every_phase for s in each.steps} if profile else {}
        known_phases = {each.id: phase_number(profile, each.id) for each in every_phase} if profile else {}
        known_probes = {each.id: "" for each in profile.probes} if profile else {}
        self._asks = (bool(steps), bool(phases), bool(probes))
        self._steps, self._phases = _named(steps, known_steps), _named(phases, known_phases)
        self._probes = _named(probes, known_probes)
        self._steps_of_phases = {s.id for each in every_phase if each.id in self._phases for s in each.steps}
        self._actions: dict[str, str] = {}
        """By action: its step."""
        self.unknown: tuple[str, ...] = (
            *_unknown("step", steps, known_steps),
            *_unknown("phase", phases, known_phases),
            *_unknown("probe", probes, known_probes),
        )
        """What was asked for and is not in this profile: a phrase each."""

    def may_be_of_type(self, type_: str) -> bool:
        """Whether events of this type name anything of what is asked for, or tell which step an action is of."""
        body = e.BODIES.get(type_)
        if body is None:
            return True
        by_step, by_phase, by_probe = self._asks
        fields = set(body.__struct_fields__)
        return not (by_probe and not fields & {"probe", "readings"}) and not (
            (by_step or by_phase) and not fields & {"step", "left", "phase", "gate", "action"}
        )

    def include(self, named: Named) -> bool:
        """Whether an event is about one of each sort that was asked for. To be asked of every event, in order."""
        by_step, by_phase, by_probe = self._asks
        steps, phases = self._walked(named)
        if by_step and not self._steps & steps:
            return False
        if by_phase and not (self._phases & phases or self._steps_of_phases & steps):
            return False
        return not by_probe or bool(self._probes & {named.probe, *(reading.probe for reading in named.readings)})

    def _walked(self, named: Named) -> tuple[set[str], set[str]]:
        """Steps and phases that are named."""
        steps, phases = {named.step, named.left}, {named.phase}
        if named.action and named.step:
            self._actions[named.action] = named.step
        elif named.action:
            steps.add(self._actions.get(named.action, ""))
        kind, _, name = named.gate.partition(":")
        if kind in ("step", "run", "if"):
            steps.add(name)
        elif kind in ("phase", "exit"):
            phases.add(name)
        return steps, phases


def _named(asked: Iterable[str], known: Mapping[str, str]) -> set[str]:
    """The ids that are meant by ids, globs of them, or numbers."""
    return {id_ for id_, number in known.items() if any(_is_meant(each, id_, number) for each in asked)}


def _is_meant(asked: str, id_: str, number: str) -> bool:
    return fnmatchcase(id_, asked.strip()) or (bool(number) and number == asked.strip().upper())


def _unknown(what: str, asked: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """`no step `1.9`: it has the steps 1.1, 1.2`, for each that is not there."""
    told = []
    for each in asked:
        if not any(_is_meant(each, id_, number) for id_, number in known.items()):
            near = get_close_matches(each, list(known), n=1)
            told.append(f"no {what} `{each}`" + (f" (did you mean `{near[0]}`?)" if near else _range(what, known)))
    return told


def _range(what: str, known: Mapping[str, str]) -> str:
    named = [number or id_ for id_, number in known.items()]
    if not named:
        return ""
    listed = ", ".join(named) if len(named) <= _LISTED else f"{', '.join(named[: _LISTED - 1])}, … {named[-1]}"
    return f" (it has {what}s {listed})"
