"""Conditions: typed when they are compiled, never a pass by mistake when they are evaluated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_kinds import KINDS, WEB

from cockpit.profile.conditions import (
    ConditionError,
    compile_condition,
    compile_value,
    gate_environment,
    probe_environment,
    probes_in,
)
from cockpit.profile.model import Probe, Profile
from cockpit.text import visible

FACTS = probe_environment(WEB)
PROFILE = Profile(
    id="p",
    environment="e",
    probes=(
        Probe(id="api", kind="web"),
        Probe(id="code", kind="web", value="status"),
        Probe(id="reply", kind="web", value="json.state"),
        Probe(id="up", kind="web", value="open"),
        Probe(id="alien", kind="unheard_of"),
    ),
)
GATES = gate_environment(PROFILE, KINDS)
SOUP = "status latency_ms text json && || ! ( ) == < > 5 5.0 'a' \"b\\\" . , ? : in [ ] -"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("latency_ms < 5", "(1,14) `latency_ms` is a number with a fraction (double), `5` is not: write `5.0`"),
        ("latency_ms > -5", "(1,14) `latency_ms` is a number with a fraction (double), `-5` is not: write `-5.0`"),
        ("5 > latency_ms", "(1,1) `latency_ms` is a number with a fraction (double), `5` is not: write `5.0`"),
        ("status == 200.0", "(1,11) `status` is a whole number (int), `200.0` is not: write `200`"),
        (
            "status < 5.5",
            "(1,10) `status` is a whole number (int), `5.5` is not: write a whole number, or `double(status) < 5.5`",
        ),
        (
            "latency_ms < status",
            (
                "(1,12) `<` does not take a number with a fraction (double) and a whole number (int)"
                " expected numbers of one sort: write `double(status)`"
            ),
        ),
        ("statu == 200", "(1,1) there is no `statu` nearest status"),
        ("status == 200 && latncy_ms < 5.0", "(1,18) there is no `latncy_ms` nearest latency_ms"),
        ("text.match('a')", "(1,6) there is no function `match`, or not with these arguments nearest matches"),
        ("text.matches('a(')", "(1,14) the pattern 'a(' is wrong: missing ): a( expected an RE2 pattern"),
        (
            "matches(text, r'(?!x)')",
            "(1,15) the pattern r'(?!x)' is wrong: invalid perl operator: (?! expected an RE2 pattern",
        ),
        ("status = 200", "(1,8) `=` means nothing here expected `==`"),
        ("open and open", "(1,6) `and` means nothing here expected `&&`"),
        ("status == ", "(1,11) the condition ends too early expected a value, a name or a closing bracket"),
        ("text == 5", "(1,6) `==` does not take a string and a whole number (int) expected a string on both sides"),
        ("status", "(1,1) the condition's value is int, not bool expected something true or false"),
        ("json.ok", "(1,1) the condition's value is dyn, not bool expected a comparison, such as `json.ok == true`"),
        ("text == '${x}'", "(1,10) variables are not filled into conditions expected facts and literals"),
        ("open &&\n  statu == 3", "(2,3) there is no `statu` nearest status"),
        ("(" * 100 + "open" + ")" * 100, "(1,1) is nested too deeply"),
    ],
)
def test_a_wrong_condition_says_where_and_what_to_write_instead(condition: str, said: str) -> None:
    with pytest.raises(ConditionError) as raised:
        compile_condition(condition, FACTS)
    fault = raised.value.faults[0]
    expected = f" expected {fault.expected}" if fault.expected else ""
    near = f" nearest {fault.nearest}" if fault.nearest else ""
    assert f"({fault.line},{fault.column}) {fault.message}{expected}{near}" == said


def test_everything_wrong_with_one_condition_is_said_at_once() -> None:
    with pytest.raises(ConditionError) as raised:
        compile_condition("text < 3 || latency_ms == 3 || foo", FACTS)
    assert [fault.column for fault in raised.value.faults] == [6, 27, 32]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("apo.passing", "there is no `apo.passing`; did you mean `api.passing`?"),
        ("api.stats == 'pass'", "did you mean `api.status`?"),
        ("api", "`api` is a value (double), no condition; expected `api.passing`"),
        ("reply", "`reply` is a value (dyn), no condition; expected `reply.passing`"),
        ("api < 5", "write `5.0`"),
        ("code == 'x'", "does not take a whole number (int) and a string"),
        ("reply.pasing", "`reply` has no part `pasing`"),
        ("reply.stats == 1", 'expected `reply["stats"]` for a key of its value; did you mean `reply.status`?'),
        ("api.status == 'passed'", "`api.status` is never `passed`; expected one of"),
    ],
)
def test_a_wrong_gate_names_the_nearest_probe_or_what_to_ask_of_it(condition: str, said: str) -> None:
    with pytest.raises(ConditionError) as raised:
        compile_condition(condition, GATES)
    assert said in str(raised.value)


def test_in_a_gate_a_probe_is_its_value_of_its_own_type_and_three_parts() -> None:
    facts = {"api": 12.5, "code": 200, "reply": "ok", "up": True, "alien": [1], "api.status": "warn"}
    facts |= {"api.passing": True, "api.latency_ms": 12.5}
    for gate in (
        "api < 20.0 && api.status == 'warn' && api.passing && api.latency_ms < 20.0",
        "code == 200 && reply == 'ok'",
        "up",
        "alien == [1]",
        "reply.ready == 1 || reply.status != 'fail' || reply == 'ok'",
    ):
        assert compile_condition(gate, GATES).evaluate(facts) is True


def test_a_gate_knows_exactly_which_probes_it_reads() -> None:
    gate = "code == 200 // api\n && reply != 'api up' && api.passing && reply.matches(r'up\\.') && json.up.api == 1"
    environment = type(GATES)({**GATES, "json": "dyn"}, GATES.probes)
    assert probes_in(compile_condition(gate, environment)) == ("code", "reply", "api")


@pytest.mark.parametrize(
    ("condition", "facts", "said"),
    [
        ("json.ok == true", {"json": {}}, 'no such key: "ok"'),
        ("status == 200", {}, "`status` has no value"),
        ("status == 200", {"status": None}, "Unexpected value type for 'status': NoneType. (Expected INT)"),
        ("json > 5", {"json": "x"}, "No matching overloads found : _>_(string, int64)"),
        ("1 / status == 1", {"status": 0}, "divide by zero"),
        ("text.matches(json)", {"text": "", "json": "("}, "invalid regular expression: missing ): ("),
        ("text == 'x'", {"text": "\ud800"}, "basic_string: construction from null is not valid"),
        ("json.a == 'x'", {"json": {"a": {"\x1b[2J": 1}}}, None),
    ],
)
def test_an_error_while_evaluating_is_a_visible_text_and_never_a_pass(
    condition: str, facts: dict[str, object], said: str | None
) -> None:
    answer = compile_condition(condition, FACTS).evaluate(facts)
    assert answer is not True
    if said is not None:
        assert answer == said


@given(
    st.text(max_size=30)
    | st.lists(
        st.sampled_from(SOUP.split()),
    ).map(" ".join)
)
def test_any_text_compiles_or_is_refused_with_a_visible_reason(text: str) -> None:
    refusal: ConditionError | None = None
    try:
        condition = compile_condition(text, FACTS)
    except ConditionError as error:
        refusal = error
    if refusal is None:
        answer = condition.evaluate({"status": 200, "latency_ms": 1.0, "text": "a", "json": None})
        assert isinstance(answer, bool | str)
    else:
        assert all(fault.line >= 1 and fault.column >= 1 for fault in refusal.faults)
        assert visible(str(refusal)) == str(refusal)


def test_a_value_is_returned_beside_an_empty_error() -> None:
    value = compile_value("json.items.size()", FACTS)
    assert value.evaluate({"json": {"items": [1, 2]}}) == (2, "")
    assert value.evaluate({"json": {}}) == (None, 'no such key: "items"')
    assert compile_value("status", FACTS).type_name == "INT"
