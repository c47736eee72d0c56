"""`show` and `schema`: a profile as TOML again, and what editors are told about that TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_kinds import KINDS

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Phase, Probe, Profile, Role, Step, Variable, Window
from cockpit.profile.schema import schema
from cockpit.profile.schema_parts import field_docs
from cockpit.profile.show import show

BROKEN = Path(__file__).parents[2] / "broken"
SCHEMA = schema(KINDS)

plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf")), max_size=5)
awkward = st.sampled_from(["\n", "\r\n", "\t", '"', "'", "\\", "$", "{", "}"])
texts = st.lists(plain | awkward).map("".join)
prose = texts.map(lambda text: text.replace("${", "$ {"))
lines = prose.map(lambda text: text.replace("\n", " ").replace("\r", " ")[:200])
ids = st.from_regex(r"x[a-z0-9_]{0,6}", fullmatch=True)
durations = st.integers(0, 10**9).map(lambda ms: ms / 1000)
positive = st.integers(1, 10**9).map(lambda ms: ms / 1000)
fact_conditions = st.lists(st.sampled_from(["status == 200", 'text == "a\\"b"', "open"]), max_size=2).map(tuple)
gates = st.lists(st.sampled_from(["true", "1 < 2"]), max_size=2).map(tuple)
web_settings = st.fixed_dictionaries(
    {"url": st.sampled_from(["http://a", "${xsecret}/b", "$${x}"])},
    optional={
        "headers": st.dictionaries(lines, prose, max_size=2),
        "expected_codes": st.lists(st.integers(-5, 2**62)),
        "max_age_s": st.floats(0, 1e6),
    },
)
variables = st.lists(
    st.one_of(
        st.builds(Variable, name=ids, value=prose),
        st.builds(Variable, name=ids, env=lines, default=st.none() | prose, description=prose),
        st.builds(Variable, name=ids, prompt=lines, secret=st.booleans()),
    ),
    max_size=3,
    unique_by=lambda variable: variable.name,
).map(lambda some: (*some, Variable(name="xsecret", env="S", secret=True)))
probe_parts = {
    "kind": st.just("web"),
    "title": lines,
    "interval_s": positive,
    "timeout_s": positive,
    "fail_after": st.integers(1, 9),
    "on_demand": st.booleans(),
    "pass_when": fact_conditions,
    "warn_when": fact_conditions,
    "fail_when": fact_conditions,
    "value": st.sampled_from(["", "status"]),
    "unit": lines,
    "settings": web_settings,
}
step_parts = {
    "title": lines.filter(bool),
    "instructions": prose,
    "command": prose,
    "gate": gates,
    "estimate_s": durations,
    "owner": lines,
    "risk": st.sampled_from(["routine", "careful", "irreversible"]),
    "level": st.sampled_from(["required", "optional"]),
    "rollback": prose,
}


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    probe_ids = draw(st.lists(ids, unique=True, max_size=3))
    step_ids = draw(st.lists(ids, unique=True, max_size=4))
    phase_ids = draw(st.lists(ids, unique=True, min_size=len(step_ids), max_size=len(step_ids)))
    phases = tuple(
        Phase(
            id=phase_id,
            title=draw(lines.filter(bool)),
            gate=draw(gates),
            description=draw(prose),
            steps=(Step(id=step_id, **{key: draw(part) for key, part in step_parts.items()}),),
        )
        for phase_id, step_id in zip(phase_ids, step_ids, strict=True)
    )
    role_ids = draw(st.lists(ids, unique=True, max_size=2))
    window = Window(start="22:00", end="02:00", days=("monday",), reserve_s=draw(durations))
    return Profile(
        id=draw(ids),
        environment=draw(lines.filter(bool)),
        title=draw(lines),
        description=draw(prose),
        production=draw(st.booleans()),
        requests_per_s=draw(st.none() | st.floats(0.01, 1e6)),
        window=draw(st.none() | st.just(window)),
        variables=draw(variables),
        roles=tuple(Role(id=role_id, title=draw(lines), people=("ana",)) for role_id in role_ids),
        probes=tuple(Probe(id=probe_id, **{k: draw(v) for k, v in probe_parts.items()}) for probe_id in probe_ids),
        phases=phases,
    )


@settings(max_examples=80, deadline=None)
@given(profiles())
def test_what_show_prints_loads_as_an_equal_profile_and_fits_the_schema(profile: Profile) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shown.toml"
        path.write_text(show(profile), newline="")
        assert load(path, KINDS).profile == profile
    jsonschema.validate(tomllib.loads(show(profile)), SCHEMA)


def test_show_prints_secrets_as_references_and_durations_as_people_write_them() -> None:
    probe = Probe(id="api", kind="web", interval_s=90.0, settings={"url": "http://${token}@a"})
    profile = Profile(
        id="p", environment="e", probes=(probe,), variables=(Variable(name="token", env="T", secret=True),)
    )
    assert show(profile) == (
        'id = "p"\nenvironment = "e"\n\n[variables.token]\nenv = "T"\nsecret = true\n\n'
        '[[probes]]\nid = "api"\nkind = "web"\ninterval = "1m30s"\nurl = "http://${token}@a"\n'
    )


def test_the_schema_is_a_schema_and_describes_fields_by_their_docstrings() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    probe = SCHEMA["properties"]["probes"]["items"]["properties"]  # type: ignore[index] # plain JSON
    assert probe["on_demand"]["description"] == field_docs(Probe)["on_demand"]
    assert probe["fail_after"]["description"].startswith("Consecutive failing readings")
    assert "max_age_s" in SCHEMA["$defs"]["probe_web"]["properties"]  # type: ignore[index] # plain JSON


@pytest.mark.parametrize("name", ["unknown_keys.toml", "wrong_types.toml", "kinds.toml"])
def test_the_schema_refuses_what_editors_should_underline(name: str) -> None:
    document = tomllib.loads((BROKEN / name).read_text())
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(document))


def test_every_installed_kind_is_in_the_schema_with_its_settings_and_docs() -> None:
    installed_schema = schema(installed())
    jsonschema.Draft202012Validator.check_schema(installed_schema)
    within = installed_schema["$defs"]["probe_file"]["properties"]["within"]  # type: ignore[index] # plain JSON
    assert within["type"] == ["string", "number"]
    assert within["description"].startswith("Count only lines")
