"""From facts to a reading: which condition decides, and what is said about it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probes.looking import looked_at
from cockpit.probes.reading import Judge, Judgement
from cockpit.profile.kinds import Fact, ProbeKind, Settings
from cockpit.profile.model import Probe

KIND = ProbeKind(
    name="fake",
    doc="",
    settings=Settings,
    facts=(
        Fact("status", "int"),
        Fact("text", "string"),
        Fact("up", "bool"),
        Fact("ms", "double"),
        Fact("json", "dyn", doc="absent if there is none"),
        Fact("headers", "map"),
        Fact("reason", "string"),
    ),
    default_pass=("up",),
    default_value="status",
    default_unit="codes",
)
FACTS = {"status": 503, "text": "x", "up": True, "ms": 2.5, "headers": {"x-a": "b"}, "reason": ""}


def judged(facts: dict[str, object] | None = None, **probe: object) -> Judgement:
    """The judgement of `FACTS`, changed by `facts`."""
    declared = Probe(id="it", kind="fake", **probe)  # type: ignore[arg-type]
    return Judge(declared, KIND).judge(FACTS | (facts or {}), 1.0, 2.0)


@pytest.mark.parametrize(
    ("condition", "paths"),
    [
        ("status == 200", ("status",)),
        ("json.queue[0].size > 3 && json.queue[0].size < 9", ("json.queue[0].size",)),
        ("headers['x-a'] == text", ("headers['x-a']", "text")),
        ("text.contains('status')", ("text",)),
        ("json.name.startsWith('a') || size(text) > 1", ("json.name", "text")),
        ("json.list[status] == 1", ("json.list", "status")),
        ("json.text == 1", ("json.text",)),
        ("!up", ("up",)),
    ],
)
def test_a_condition_looks_at_the_very_values_it_names(condition: str, paths: tuple[str, ...]) -> None:
    seen = looked_at(condition, [fact.name for fact in KIND.facts])
    assert tuple(sight.path for sight in seen) == paths


@pytest.mark.parametrize(
    ("condition", "facts", "detail"),
    [
        ("status == 200", {}, "status == 200 is false: status is 503"),
        ("json.n == 1", {"json": {"n": 12}}, "json.n == 1 is false: json.n is 12"),
        ("headers['x-a'] == 'c'", {}, "headers['x-a'] == 'c' is false: headers['x-a'] is b"),
        ("size(json.all) == 0", {"json": {"all": [1]}}, "size(json.all) == 0 is false"),
        ("json['n'].m[1] == 1", {"json": {"n": {"m": [0, 2]}}}, "json['n'].m[1] == 1 is false: json['n'].m[1] is 2"),
        ("!has(json.n)", {"json": {"n": 1}}, "!has(json.n) is false: json.n is 1"),
        ("has(json.n)", {"json": {}}, "has(json.n) is false"),
        ("up", {"up": False}, "up is false"),
        ("up", {"up": False, "reason": "no route to host"}, "up is false: no route to host"),
        ("up && text == ''", {"up": False}, "up && text == '' is false: up is false, text is x"),
        ("[1].exists(up, up == 2)", {}, "[1].exists(up, up == 2) is false: up is true"),
    ],
)  # fmt: skip
def test_a_failing_condition_says_what_it_saw(condition: str, facts: dict[str, object], detail: str) -> None:
    reading = judged(facts, pass_when=(condition,)).reading
    assert (reading.status, reading.detail) == ("fail", detail)


def test_an_absent_fact_is_an_error_that_names_it() -> None:
    reading = judged(pass_when=("json.n == 1",)).reading
    assert reading.status == "error"
    assert reading.detail == "json.n == 1: there is no `json` in this reading (absent if there is none)"


def test_an_error_counts_more_than_a_failure_and_a_failure_more_than_a_warning() -> None:
    fails, warns, errs = ("status == 503",), ("ms > 1.0",), ("json.n == 1",)
    assert judged(fail_when=fails, warn_when=(*warns, *errs)).reading.status == "error"
    assert judged(fail_when=fails, warn_when=warns).reading.status == "fail"
    assert judged(warn_when=warns).reading.status == "warn"
    assert judged().reading.status == "pass"


def test_conditions_of_fail_alone_replace_the_defaults_of_the_kind() -> None:
    assert judged({"up": False}, fail_when=("status == 1",)).reading.status == "pass"


def test_a_value_that_cannot_be_said_makes_a_good_reading_an_error_and_leaves_a_failing_one() -> None:
    assert judged(value="json.n").reading.status == "error"
    failing = judged({"up": False}, value="json.n").reading
    assert (failing.status, failing.value) == ("fail", None)


@pytest.mark.parametrize(
    ("value", "facts", "told"),
    [
        ("status", {}, 503),
        ("ms", {"ms": float("nan")}, "nan"),
        ("json", {"json": 2**60}, str(2**60)),
        ("text", {"text": "a\x1b[0mb"}, "a␛[0mb"),
        ("text", {"text": "y" * 100}, "y" * 79 + "…"),
        ("json", {"json": [1, 2]}, "a list of 2"),
        ("json", {"json": None}, None),
    ],
)
def test_the_value_of_a_reading_fits_the_log(value: str, facts: dict[str, object], told: object) -> None:
    assert judged(facts, value=value).reading.value == told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)


@given(body=JSON)
def test_whatever_a_server_sends_becomes_a_reading_that_the_log_can_keep(body: object) -> None:
    judgement = judged({"json": body}, pass_when=("json.a.b == 1", "json[0] == 'x'"), value="json")
    assert judgement.reading.status in ("pass", "fail", "error")
    msgspec.json.decode(msgspec.json.encode(judgement.reading))
