"""Whether the parts of a profile fit together: conditions, gates, references, patterns.

Every question is asked of the resolved `Profile`; the tree of nodes only serves to say where an answer stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.profile.conditions import (
    ConditionError,
    compile_condition,
    gate_environment,
    matches_whole,
    pattern_error,
    probe_environment,
    value_of,
)
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Probe, Profile, Variable
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import nearest
from cockpit.profile.references import references
from cockpit.profile.settings import judge_settings

Path = tuple[str | int, ...]


def judge(profile: Profile, root: Node, kinds: Kinds, findings: Findings, *, partial: bool) -> None:
    """Note everything that does not fit together. A `partial` profile may refer to what only its heirs define."""
    for variable in profile.variables:
        _variable(variable, root.find("variables", variable.name), findings)
    for index, probe in enumerate(profile.probes):
        _probe(probe, root.find("probes", index), kinds, findings)
    _gates(profile, root, kinds, findings, partial=partial)
    _references(profile, root, findings, partial=partial)
    known = known_values(profile)
    for index, probe in enumerate(profile.probes):
        kind = kinds.probes.get(probe.kind)
        if kind is not None:
            node, what = root.find("probes", index), f"probe `{probe.id}`"
            judge_settings(node, what, probe.settings, kind.settings, kind.problems, known, findings)


def known_values(profile: Profile) -> Mapping[str, str]:
    """Return the values that stand in the file: literal ones and defaults."""
    known = (
        (variable.name, variable.value or variable.default) for variable in profile.variables if not variable.secret
    )
    return {name: value for name, value in known if value}


def _variable(variable: Variable, node: Node, findings: Findings) -> None:
    if variable.pattern is None:
        return
    if error := pattern_error(variable.pattern):
        findings.add(node.find("pattern"), f"the pattern of `{variable.name}` is wrong: {error}", expected="RE2")
        return
    for key, value in (("value", variable.value), ("default", variable.default)):
        if value is not None and not variable.secret and not matches_whole(variable.pattern, value):
            findings.add(
                node.find(key), f"`{value}` does not match `{variable.pattern}`", expected="a whole value that matches"
            )


def _probe(probe: Probe, node: Node, kinds: Kinds, findings: Findings) -> None:
    kind = kinds.probes.get(probe.kind)
    if kind is None:
        return
    environment = probe_environment(kind)
    for key, conditions in (("pass", probe.pass_when), ("warn", probe.warn_when), ("fail", probe.fail_when)):
        for index, condition in enumerate(conditions):
            _condition(condition, environment, node.find(key, index), findings)
    if probe.value:
        try:
            value_of(probe, kind)
        except ConditionError as error:
            _faults(error, node.find("value"), findings)


def _gates(profile: Profile, root: Node, kinds: Kinds, findings: Findings, *, partial: bool) -> None:
    environment = gate_environment(profile, kinds)
    for path, conditions in gates(profile):
        for index, condition in enumerate(conditions):
            node = root.find(*path, index)
            _condition(condition, environment, node, findings, hide_unknown=partial)


def gates(profile: Profile) -> Iterable[tuple[Path, tuple[str, ...]]]:
    """Yield every gate with its path: the phase's before its steps'."""
    for index, phase in enumerate(profile.phases):
        yield ("phases", index, "gate"), phase.gate
        for nth, step in enumerate(phase.steps):
            yield ("phases", index, "steps", nth, "gate"), step.gate


def _condition(
    condition: str, environment: Mapping[str, object], node: Node, findings: Findings, *, hide_unknown: bool = False
) -> None:
    if not condition:
        return  # conversion has said so
    try:
        compile_condition(condition, environment)
    except ConditionError as error:
        if not (hide_unknown and all(fault.message.startswith("there is no `") for fault in error.faults)):
            _faults(error, node, findings)


def _faults(error: ConditionError, node: Node, findings: Findings) -> None:
    for fault in error.faults:
        inside = (fault.line, fault.column)
        findings.add(node, fault.message, inside=inside, expected=fault.expected, nearest=fault.nearest)


def _references(profile: Profile, root: Node, findings: Findings, *, partial: bool) -> None:
    variables = {variable.name: variable for variable in profile.variables}
    for path, text, public in referring_texts(profile):
        for name, offset in references(text):
            if findings.full:
                return
            inside = (text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1)
            node = root.find(*path)
            if name not in variables:
                if not partial:
                    near = nearest(name, variables)
                    expected = "" if near else "a name under `[variables]`, or `$${` for a literal `${`"
                    findings.add(node, f"there is no variable `{name}`", inside=inside, expected=expected, nearest=near)
            elif public and variables[name].secret:
                said = f"`{name}` is secret, and this text is logged"
                findings.add(node, said, inside=inside, expected="secrets in settings, instructions or commands only")


def referring_texts(profile: Profile) -> Iterable[tuple[Path, str, bool]]:
    """Yield every text in which references count, with its path, and whether it is logged as it stands."""
    yield ("title",), profile.title, True
    yield ("description",), profile.description, True
    for index, probe in enumerate(profile.probes):
        path: Path = ("probes", index)
        yield (*path, "title"), probe.title, True
        for setting in _strings(probe.settings, path):
            yield (*setting, False)
    for index, phase in enumerate(profile.phases):
        path = ("phases", index)
        yield (*path, "title"), phase.title, True
        yield (*path, "description"), phase.description, True
        for nth, step in enumerate(phase.steps):
            below: Path = (*path, "steps", nth)
            yield (*below, "title"), step.title, True
            for key, text in (
                ("instructions", step.instructions),
                ("command", step.command),
                ("rollback", step.rollback),
            ):
                yield (*below, key), text, False
            for setting in _strings(step.settings, below):
                yield (*setting, False)


def _strings(value: object, path: Path) -> Iterable[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _strings(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _strings(below, (*path, index))
