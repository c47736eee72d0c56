"""Conditions and values: CEL, typed, compiled when the profile loads, evaluated by the keeper alone.

Invariant: a condition holds only if its value is the boolean true. Whatever CEL answers instead of a value (a missing
key, an empty fact, a wrong type in a reply) is returned as a text and is never a pass. Nothing here raises while
evaluating.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from cel_expr_python import cel

from cockpit.errors import CockpitError
from cockpit.profile.cel_faults import Fault, cleaned_error, faults
from cockpit.profile.cel_words import RECORDED, SINCE, members_in, names_in, patterns_in
from cockpit.profile.effort import TOO_MANY_TURNS, TOO_MUCH_MEMORY, Effort
from cockpit.profile.gate_slips import slips
from cockpit.profile.kinds import FactType, Kinds, ProbeKind, StepKind
from cockpit.profile.model import Probe, Profile
from cockpit.profile.recording import recorded_types
from cockpit.text import shortened

LIMIT = 4096
"""Characters of one condition."""
_TYPES: Mapping[str, object] = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "list": cel.Type.List(cel.Type.DYN),
    "dyn": cel.Type.DYN,
}
GATE_PARTS: Mapping[str, FactType] = {"status": "string", "passing": "bool", "latency_ms": "double"}
"""What a gate may ask of a probe beside its value."""


class ConditionError(CockpitError):
    """An expression cannot be used; `faults` says everything wrong with it, with places inside its text."""

    def __init__(self, text: str, found: tuple[Fault, ...]) -> None:
        self.faults = found
        first = found[0]
        wanted = f"; expected {first.expected}" if first.expected else ""
        meant = f"; did you mean `{first.nearest}`?" if first.nearest else ""
        super().__init__(f"condition `{shortened(text, 200)}`: {first.message}{wanted}{meant}")


class Environment(Mapping[str, object]):
    """Names and their CEL types, with what CEL builds from them, built once."""

    def __init__(self, names: Mapping[str, object], probes: tuple[str, ...] = ()) -> None:
        self._types: dict[str, cel.Type] = {
            name: _TYPES.get(type_, type_) if isinstance(type_, str) else type_ for name, type_ in names.items()
        }
        self.probes = probes
        """In a gate's environment: every probe, so that its conditions know what they read."""

    @cached_property
    def cel_env(self) -> cel.Env:
        """CEL's own environment (about 1 ms)."""
        return cel.NewEnv(variables=self._types)

    @cached_property
    def type_names(self) -> Mapping[str, str]:
        """CEL's names of the types, such as `INT` or `MAP<STRING, DYN>`."""
        return {name: type_.name() for name, type_ in self._types.items()}

    def __getitem__(self, name: str) -> object:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


class Expression:
    """A compiled expression over named facts."""

    def __init__(self, text: str, compiled: cel.Expression) -> None:
        self.text = text
        self._compiled = compiled
        self.type: object = compiled.return_type()
        """CEL's type of its value, fit for an `Environment`."""
        self.type_name: str = compiled.return_type().name()
        self._effort = Effort(text)

    def _answer(self, facts: Mapping[str, object]) -> tuple[object, str]:
        """The value, or an error's text."""
        if objection := self._effort.objection(facts):
            return None, objection
        try:
            with self._effort.bounded():
                answer = self._compiled.eval(data=facts if isinstance(facts, dict) else dict(facts))
                if answer.type() == cel.Type.ERROR:
                    return None, _said(answer.value())
                return answer.plain_value(), ""
        except MemoryError:
            return None, TOO_MUCH_MEMORY
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:  # texts that are no UTF-8, budgets of CEL
            return None, _said(error)


def _said(error: object) -> str:
    said = cleaned_error(error) or "an error without a text"
    return TOO_MANY_TURNS if said.startswith("Iteration budget exceeded") else said


class Condition(Expression):
    """An expression that is true or false; `probes` are those it reads, if it is a gate's or a plan's."""

    def __init__(self, text: str, compiled: cel.Expression, probes: tuple[str, ...]) -> None:
        super().__init__(text, compiled)
        self.probes = probes
        self.recorded = _members(text, RECORDED)
        """Names of the recorded values it reads."""
        self.since = _members(text, SINCE)
        """Ids of the steps whose age it reads."""

    def evaluate(self, facts: Mapping[str, object]) -> bool | str:
        """Return whether it holds, or the text of the error that kept it from being known."""
        value, error = self._answer(facts)
        if error:
            return error
        return value if isinstance(value, bool) else f"the value is no boolean but {type(value).__name__}"


class ValueExpression(Expression):
    """An expression whose value is shown and compared."""

    def evaluate(self, facts: Mapping[str, object]) -> tuple[object, str]:
        """Return the value and an empty text, or `None` and an error's text."""
        return self._answer(facts)


def compile_condition(text: str, variables: Mapping[str, object]) -> Condition:
    """Compile a condition over names whose types are `FactType`s or CEL types. Raises `ConditionError`."""
    environment = _environment(variables)
    compiled = _compiled(text, environment)
    if environment.probes and (slipped := tuple(slips(text, environment.type_names, environment.probes, GATE_PARTS))):
        raise ConditionError(text, slipped)
    type_ = compiled.return_type()
    if type_ != cel.Type.BOOL:
        raise ConditionError(text, (_not_bool(text, type_.name(), environment),))
    return Condition(text, compiled, names_in(text, environment.probes))


def compile_value(text: str, facts: Mapping[str, object]) -> ValueExpression:
    """Compile an expression of any type. Raises `ConditionError`."""
    return ValueExpression(text, _compiled(text, _environment(facts)))


def probes_in(condition: Condition) -> tuple[str, ...]:
    """Return the ids of the probes a gate's condition reads, in order of first use."""
    return condition.probes


def recorded_in(condition: Condition) -> tuple[str, ...]:
    """Return the names of the recorded values a condition reads, in order of first use."""
    return condition.recorded


def since_in(condition: Condition) -> tuple[str, ...]:
    """Return the ids of the steps whose age a plan's condition reads, in order of first use."""
    return condition.since


def _members(text: str, owner: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token.text for token in members_in(text, owner)))


@lru_cache(maxsize=64)
def _kind_environment(facts: tuple[tuple[str, FactType], ...]) -> Environment:
    return Environment(dict(facts))


def probe_environment(kind: ProbeKind | StepKind) -> Environment:
    """Return the names that the conditions of a probe, or `expect` of a step, of this kind may use: its facts."""
    return _kind_environment(tuple((fact.name, fact.type) for fact in kind.facts))


def value_of(probe: Probe, kind: ProbeKind) -> ValueExpression:
    """Compile the one value a probe shows. Raises `ConditionError`."""
    return compile_value(probe.value or kind.default_value, probe_environment(kind))


def gate_environment(profile: Profile, kinds: Kinds) -> Environment:
    """Return the names that gates may use.

    `<id>` is the probe's value, of the type of its `value` expression; `<id>.status` is `pass`, `warn`, `fail` or
    `error`; `<id>.passing` says whether the status is `pass` or `warn`; `<id>.latency_ms` is the reading's. A probe
    whose kind is not installed or whose value does not compile has a value of any type. `recorded.<name>` is what was
    recorded under a name: a string, or a double of a record step with `type = "number"`. A name in the facts that are
    evaluated is the whole dotted text, such as `"recorded.backup_id"`.
    """
    return Environment(_gate_names(profile, kinds), tuple(probe.id for probe in profile.probes))


def plan_environment(profile: Profile, kinds: Kinds) -> Environment:
    """Return the names that `when` of a rollback plan may use: a gate's, and `since.<step>`.

    That is a double: seconds since the step of the walk was settled. It has no value before.
    """
    names = _gate_names(profile, kinds)
    names.update({f"{SINCE}.{step.id}": "double" for _, step in profile.steps()})
    return Environment(names, tuple(probe.id for probe in profile.probes))


def _gate_names(profile: Profile, kinds: Kinds) -> dict[str, object]:
    names: dict[str, object] = {}
    for probe in profile.probes:
        kind = kinds.probes.get(probe.kind)
        try:
            names[probe.id] = value_of(probe, kind).type if kind is not None else "dyn"
        except ConditionError:
            names[probe.id] = "dyn"
        names.update({f"{probe.id}.{part}": type_ for part, type_ in GATE_PARTS.items()})
    names.update({f"{RECORDED}.{name}": type_ for name, type_ in recorded_types(profile).items()})
    return names


def pattern_error(pattern: str) -> str:
    """Return what RE2 has against a pattern; empty if nothing."""
    value, error = _PATTERN.evaluate({"value": "", "pattern": pattern})
    del value
    return error.removeprefix("invalid regular expression: ")


def matches_whole(pattern: str, value: str) -> bool:
    """Whether RE2 matches the whole of `value`. A pattern that is no pattern matches nothing."""
    matched, _ = _PATTERN.evaluate({"value": value, "pattern": rf"\A(?:{pattern})\z"})
    return matched is True


def _environment(variables: Mapping[str, object]) -> Environment:
    return variables if isinstance(variables, Environment) else Environment(variables)


def _compiled(text: str, environment: Environment) -> cel.Expression:
    if len(text) > LIMIT:
        raise ConditionError(text, (Fault(line=1, column=1, message=f"longer than {LIMIT} characters"),))
    if "${" in text:
        column = text.index("${") + 1
        fault = Fault(
            line=1, column=column, message="variables are not filled into conditions", expected="facts and literals"
        )
        raise ConditionError(text, (fault,))
    try:
        compiled = environment.cel_env.compile(text)
    except (RuntimeError, ValueError) as error:
        raise ConditionError(text, faults(text, str(error), environment)) from error
    if wrong := tuple(_wrong_patterns(text)):
        raise ConditionError(text, wrong)
    return compiled


def _wrong_patterns(text: str) -> Iterator[Fault]:
    for token in patterns_in(text):
        answer = _NOTHING.cel_env.compile(f"''.matches({token.text})").eval(data={})
        if answer.type() == cel.Type.ERROR:
            before = text[: token.start]
            said = cleaned_error(answer.value()).removeprefix("invalid regular expression: ")
            yield Fault(
                line=before.count("\n") + 1,
                column=len(before) - (before.rfind("\n") + 1) + 1,
                message=shortened(f"the pattern {token.text} is wrong: {said}", 300),
                expected="an RE2 pattern",
            )


def _not_bool(text: str, type_name: str, environment: Environment) -> Fault:
    bare = shortened(text.strip(), 80)
    name = type_name.lower()
    if bare in environment.probes:
        return Fault(
            line=1, column=1, message=f"`{bare}` is a value ({name}), no condition", expected=f"`{bare}.passing`"
        )
    expected = (
        f"a comparison, such as `{bare} == true`" if name == "dyn" and "\n" not in text else "something true or false"
    )
    return Fault(line=1, column=1, message=f"the condition's value is {name}, not bool", expected=expected)


_NOTHING = Environment({})
_PATTERN = compile_value("value.matches(pattern)", {"value": "string", "pattern": "string"})
