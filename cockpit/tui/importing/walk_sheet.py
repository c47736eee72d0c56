"""The profile as it will be walked: phases with their steps, ways back, and what stands around them, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.importing.linking import TOP, Key
from cockpit.profile.model import Phase, Probe, Profile, Step
from cockpit.run.numbering import phase_label, step_label
from cockpit.text import shortened, visible
from cockpit.tui.importing.sheets import Sheet
from cockpit.tui.ink import Ink
from cockpit.tui.lines import EMPTY, Line, duration

_STAGES = {"before": "before the window", "window": "in the window", "after": "after the window"}
_PROMPTS = {"bash": "$ ", "sql": "=# "}
_LONGEST = 400
Told = tuple[Line, tuple[Key, ...]]


def walk_sheet(profile: Profile) -> Sheet:
    """Every part of a profile as a row or a few."""
    rows = list(_all(profile))
    lines, keys = [line for line, _ in rows], [of for _, of in rows]
    heads = [row for row, of in enumerate(keys) if of and (not row or keys[row - 1] != of)]

    def text(row: int) -> str:
        return "".join(part for part, _ in lines[row])

    return Sheet(keys, text, lines.__getitem__, stops=heads)


def _all(profile: Profile) -> Iterator[Told]:
    yield ((shortened(profile.title or profile.id, _LONGEST), "bold"),), (TOP,)
    if profile.window is not None:
        yield (
            _named("window", f"{profile.window.start} to {profile.window.end} {profile.window.timezone}"),
            (("window", ""),),
        )
    stage = ""
    for phase in profile.phases:
        if phase.stage != stage:
            stage = phase.stage
            yield EMPTY, ()
            yield ((_STAGES[stage], "dim"),), ()
        yield from _phase(profile, phase)
    for plan in profile.rollbacks:
        yield EMPTY, ()
        key: Key = ("rollback plan", plan.id)
        yield (("way back: ", "dim"), (shortened(plan.title, _LONGEST), "bold")), (key,)
        yield from (_detail("if", each, key) for each in plan.when)
        for phase in plan.phases:
            yield from _phase(profile, phase)
    yield from _around(profile)


def _phase(profile: Profile, phase: Phase) -> Iterator[Told]:
    planned = f"  {duration(phase.estimate_s)}" if phase.estimate_s else ""
    yield ((visible(phase_label(profile, phase.id)), "bold"), (planned, "dim")), (("phase", phase.id),)
    for step in phase.steps:
        yield from _step(profile, step)


def _step(profile: Profile, step: Step) -> Iterator[Told]:
    key: Key = ("step", step.id)
    told = (
        [] if step.behaviour == "confirm" else [step.behaviour if step.behaviour != "action" else f"runs {step.kind}"]
    )
    told += [step.level] if step.level != "required" else []
    told += [duration(step.estimate_s)] if step.estimate_s else []
    name: Ink = "plain"
    yield ((f"  {visible(step_label(profile, step.id))}", name), (f"  {', '.join(told)}", "dim")), (key,)
    if step.command:
        yield from _command(step, key)
    if step.claimed:
        yield _detail("claimed", step.claimed, key)
    yield from (_detail("holds until", each, key) for each in (*step.requires, *step.gate))


def _command(step: Step, key: Key) -> Iterator[Told]:
    prompt = _PROMPTS[step.language]
    for number, line in enumerate(step.command.split("\n")):
        start = prompt if number == 0 else " " * len(prompt)
        yield ((f"      {start}", "dim"), (shortened(line, _LONGEST), "accent")), (key,)


def _around(profile: Profile) -> Iterator[Told]:
    groups: tuple[tuple[str, list[tuple[Line, Key]]], ...] = (
        ("probes", [(_probe(each), ("probe", each.id)) for each in profile.probes]),
        (
            "triggers",
            [(_named(each.severity, each.title, *each.when), ("trigger", each.id)) for each in profile.triggers],
        ),
        ("templates", [(_named(each.id, each.title), ("template", each.id)) for each in profile.templates]),
        ("contacts", [(_named(each.title, each.name, each.reach), ("contact", each.id)) for each in profile.contacts]),
        ("roles", [(_named(each.id, each.title, *each.people), ("role", each.id)) for each in profile.roles]),
        ("targets", [(_named(each.id, each.kind), ("target", each.id)) for each in profile.targets]),
        ("later tasks", [(_named(duration(each.due_s), each.title), ("task", each.id)) for each in profile.tasks]),
        (
            "variables",
            [
                (
                    _named(each.name, f"from {each.env}" if each.env else each.value or "asked for"),
                    ("variable", each.name),
                )
                for each in profile.variables
            ],
        ),
    )
    for title, rows in groups:
        if rows:
            yield EMPTY, ()
            yield ((title, "dim"),), ()
            yield from ((line, (key,)) for line, key in rows)


def _probe(probe: Probe) -> Line:
    where = probe.settings.get("url") or probe.settings.get("query") or probe.settings.get("variable") or ""
    return _named(f"{probe.kind} {probe.id}", str(where), *probe.pass_when)


def _named(name: str, *told: str) -> Line:
    said = "  ".join(shortened(each, _LONGEST) for each in told if each)
    return ((f"  {shortened(name, 80)}", "plain"), (f"  {said}", "dim"))


def _detail(word: str, what: str, key: Key) -> Told:
    return ((f"      {word}: ", "dim"), (shortened(what, _LONGEST), "plain")), (key,)
