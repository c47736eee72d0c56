"""Whether the parts of a profile fit together: conditions, gates, references, patterns.

Every question is asked of the resolved `Profile`; the tree of nodes only serves to say where an answer stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.profile.advice_values import judge_values
from cockpit.profile.cel_words import RECORDED, SINCE, Token, compared_in, members_in
from cockpit.profile.conditions import (
    Condition,
    ConditionError,
    Environment,
    compile_condition,
    gate_environment,
    matches_whole,
    pattern_error,
    plan_environment,
    probe_environment,
    value_of,
)
from cockpit.profile.kinds import Kinds
from cockpit.profile.links import judge_links
from cockpit.profile.model import Probe, Profile, Variable
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.open_channels import judge_channels
from cockpit.profile.places import Guard, guards, placed_steps
from cockpit.profile.problems import nearest, one_of
from cockpit.profile.recording import choices_of
from cockpit.profile.referring import judge_references
from cockpit.profile.settings import judge_settings


def judge(profile: Profile, root: Node, kinds: Kinds, findings: Findings, *, partial: bool) -> None:
    """Note everything that does not fit together. A `partial` profile may refer to what only its heirs define."""
    for variable in profile.variables:
        _variable(variable, root.find("variables", variable.name), findings)
    for index, probe in enumerate(profile.probes):
        _probe(probe, root.find("probes", index), kinds, findings)
    _guards(profile, root, kinds, findings, partial=partial)
    judge_references(profile, root, findings, partial=partial)
    judge_links(profile, root, findings, partial=partial)
    judge_values(profile, root, findings)
    judge_channels(profile, root, findings)
    _settings(profile, root, kinds, findings)


def _settings(profile: Profile, root: Node, kinds: Kinds, findings: Findings) -> None:
    known = known_values(profile)
    for index, probe in enumerate(profile.probes):
        kind = kinds.probes.get(probe.kind)
        if kind is not None:
            node, what = root.find("probes", index), f"probe `{probe.id}`"
            judge_settings(node, what, probe.settings, kind.settings, kind.problems, known, findings)
    for placed in placed_steps(profile):
        step = placed.step
        declared = kinds.steps.get(step.kind)
        if declared is not None:
            node, what = root.find(*placed.path), f"step `{step.id}`"
            judge_settings(
                node, what, step.settings, declared.settings, declared.problems, known, findings, together=True
            )


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


def _guards(profile: Profile, root: Node, kinds: Kinds, findings: Findings, *, partial: bool) -> None:
    environments: dict[str, Environment] = {}
    choices = {step.id: choices_of(step) for _, step in profile.every_step() if step.behaviour == "decision"}
    for guard in guards(profile):
        if not guard.conditions:
            continue
        name = f"expect of {guard.step.kind}" if guard.names == "facts" and guard.step else guard.names
        if name not in environments:
            made = _environment(guard, profile, kinds)
            if made is None:
                continue  # the kind is not installed, which has been said
            environments[name] = made
        for index, condition in enumerate(guard.conditions):
            node = root.find(*guard.path, index)
            compiled = _condition(condition, environments[name], node, findings, hide_unknown=partial)
            if compiled is not None and guard.names != "facts":
                _recorded(compiled, guard, choices, node, findings)


def _environment(guard: Guard, profile: Profile, kinds: Kinds) -> Environment | None:
    if guard.names == "plan":
        return plan_environment(profile, kinds)
    if guard.names == "gate":
        return gate_environment(profile, kinds)
    kind = kinds.steps.get(guard.step.kind) if guard.step else None
    return probe_environment(kind) if kind is not None else None


def _recorded(
    condition: Condition, guard: Guard, choices: Mapping[str, list[str]], node: Node, findings: Findings
) -> None:
    """A gate on what is only recorded later, or on an answer that there is none of, would never open."""
    for token in members_in(condition.text, RECORDED):
        if token.text not in guard.known:
            said = f"`{RECORDED}.{token.text}` is not known yet when this is judged"
            expected = "what was recorded earlier in the walk"
            findings.add(node, said, inside=_inside(condition.text, token), expected=expected)
    for name, literal in compared_in(condition.text, RECORDED):
        answers, said = choices.get(name), literal.text.strip("\"'")
        if answers and said not in answers:
            findings.add(
                node, f"`{RECORDED}.{name}` is never `{said}`", inside=_inside(condition.text, literal),
                expected=one_of(answers), nearest=nearest(said, answers),
            )  # fmt: skip


def _inside(text: str, token: Token) -> tuple[int, int]:
    before = text[: token.start]
    return before.count("\n") + 1, token.start - (before.rfind("\n") + 1) + 1


def _condition(
    condition: str, environment: Environment, node: Node, findings: Findings, *, hide_unknown: bool = False
) -> Condition | None:
    if not condition:
        return None  # conversion has said so
    try:
        return compile_condition(condition, environment)
    except ConditionError as error:
        if not (hide_unknown and all(fault.message.startswith("there is no `") for fault in error.faults)):
            _faults(error, node, findings)
        return None


def _faults(error: ConditionError, node: Node, findings: Findings) -> None:
    for fault in error.faults:
        expected = fault.expected
        for owner, said in _OWNERS.items():
            if fault.message.startswith(f"there is no `{owner}.") and not fault.nearest.startswith(owner):
                expected = said
        inside = (fault.line, fault.column)
        near = "" if expected != fault.expected else fault.nearest
        findings.add(node, fault.message, inside=inside, expected=expected, nearest=near)


_OWNERS = {
    RECORDED: "a name that a `record` or `decision` step records",
    SINCE: "`since.` with a step of the walk, in `when` of a rollback plan",
}
