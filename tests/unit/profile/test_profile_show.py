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

from cockpit.profile.counts import LEAST_INTERVAL_S
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine, load
from cockpit.profile.model import (
    Channel,
    Contact,
    Phase,
    Probe,
    Profile,
    Role,
    RollbackPlan,
    Step,
    Target,
    Task,
    Template,
    Trigger,
    Variable,
    Window,
)
from cockpit.profile.schema import schema
from cockpit.profile.schema_parts import field_docs
from cockpit.profile.show import show

BROKEN = Path(__file__).parents[2] / "broken"
SCHEMA = schema(KINDS)
FITS = jsonschema.Draft202012Validator(SCHEMA)

plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf")), max_size=5)
awkward = st.sampled_from(["\n", "\r\n", "\t", '"', "'", "\\", "$", "{", "}"])
texts = st.lists(plain | awkward).map("".join)
prose = texts.map(lambda text: text.replace("${", "$ {"))
lines = prose.map(lambda text: text.replace("\n", " ").replace("\r", " ")[:200])
ids = st.from_regex(r"x[a-z0-9_]{0,6}", fullmatch=True)
names = ids.map("v".__add__)  # `${name}` reaches what is recorded, too, so that no two may be named alike
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
        st.builds(Variable, name=names, value=prose),
        st.builds(Variable, name=names, env=lines, default=st.none() | prose, description=prose),
        st.builds(Variable, name=names, prompt=lines, secret=st.booleans()),
    ),
    max_size=3,
    unique_by=lambda variable: variable.name,
).map(lambda some: (*some, Variable(name="xsecret", env="S", secret=True)))
probe_parts = {
    "kind": st.just("web"),
    "title": lines,
    "interval_s": positive.filter(lambda seconds: seconds >= LEAST_INTERVAL_S),
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
    "requires": gates,
    "only_if": gates,
    "on_failure": st.sampled_from(["", "xback"]),
}
action_settings = st.fixed_dictionaries(
    {"argv": st.lists(prose, min_size=1, max_size=2)},
    optional={
        "env": st.dictionaries(lines, prose | st.just("${xsecret}"), max_size=2),
        "timeout": positive,
        "expect": st.just(["code == 0"]),
        "target": st.just("xcluster"),
        "undo": st.lists(prose, max_size=2) | prose,
    },
)
wait_settings = st.fixed_dictionaries({"duration": positive}, optional={"healthy": gates.map(list)})
choices = st.lists(
    st.fixed_dictionaries({"id": ids}, optional={"title": lines, "stop": st.booleans()}),
    min_size=2,
    unique_by=lambda choice: choice["id"],
)
kinds_of_step = st.one_of(
    st.just(("confirm", "confirm", {})),
    st.tuples(st.just("do"), st.just("action"), action_settings),
    st.tuples(st.just("wait"), st.just("wait"), wait_settings),
    st.tuples(st.just("record"), st.just("record"), st.fixed_dictionaries({}, optional={"prompt": lines})),
    st.tuples(
        st.just("decision"),
        st.just("decision"),
        st.fixed_dictionaries({}, optional={"choices": choices}),
    ),
    st.just(("checkpoint", "checkpoint", {"delay": 60.0})),
    st.just(("tell", "message", {"template": "xnotice", "due": ""})),
)
around = {
    "targets": st.just((Target(id="xcluster", kind="kubernetes", context="c", namespace="n"),)),
    "channels": st.just((Channel(id="xout", webhook="${xsecret}"),)),
    "alerts": st.sampled_from(["", "xout"]),
    "templates": st.builds(
        Template, id=st.just("xnotice"), title=lines, body=prose.filter(bool) | st.just("${run.id}"), to=lines,
        channel=st.sampled_from(["", "xout"]),
    ).map(lambda template: (template,)),
    "triggers": st.builds(
        Trigger, id=ids, title=lines.filter(bool), when=st.just(("1 < 2",)), for_s=durations, clear_when=gates,
        clear_for_s=durations, severity=st.sampled_from(["immediate", "consider"]), plan=st.sampled_from(["", "xback"]),
        armed=st.just(("zback",)),
    ).map(lambda trigger: (trigger,)),
    "contacts": st.builds(
        Contact, id=ids, title=lines.filter(bool), name=lines, reach=lines, order=st.integers(0, 99)
    ).map(lambda contact: (contact,)),
    "tasks": st.builds(Task, id=ids, title=lines.filter(bool), due_s=durations, owner=lines, group=lines).map(
        lambda task: (task,)
    ),
}  # fmt: skip


@st.composite
def steps(draw: st.DrawFn, step_id: str, **more: object) -> Step:
    kind, behaviour, kind_settings = draw(kinds_of_step)
    parts = {key: draw(part) for key, part in step_parts.items()}
    if behaviour == "wait" and not parts["estimate_s"]:
        parts["estimate_s"] = kind_settings["duration"]
    return Step(id=step_id, kind=kind, behaviour=behaviour, settings=kind_settings, **{**parts, **more})


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
            exit=draw(gates),
            order=draw(st.sampled_from(["ordered", "free", "area"])),
            stage=draw(st.sampled_from(["before", "window", "after"])),
            steps=(draw(steps(step_id)),),
        )
        for phase_id, step_id in zip(phase_ids, step_ids, strict=True)
    )
    back = Phase(id="zback", title="Back", gate=draw(gates), steps=(draw(steps("zundo", undoes=tuple(step_ids[:1]))),))
    plan = RollbackPlan(
        id="xback", title=draw(lines.filter(bool)), phases=(back,), when=draw(gates), data_loss=draw(prose)
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
        rollbacks=(plan,),
        **{key: draw(part) for key, part in around.items()},
    )


@settings(max_examples=30, deadline=None)
@given(profiles())
def test_what_show_prints_loads_as_an_equal_profile_and_fits_the_schema(profile: Profile) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shown.toml"
        path.write_text(show(profile), newline="")
        assert load(path, KINDS).profile == profile
    FITS.validate(tomllib.loads(show(profile)))


def test_a_base_is_shown_as_a_base_that_can_be_extended(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('partial = true\ntitle = "All"\n[[roles]]\nid = "dba"\n')
    (tmp_path / "shown.toml").write_text("")
    loaded, problems = examine(tmp_path / "base.toml", KINDS)
    assert loaded is not None
    assert problems == []
    shown = show(loaded.profile, partial=loaded.partial)
    assert shown == 'partial = true\ntitle = "All"\n\n[[roles]]\nid = "dba"\n'
    (tmp_path / "shown.toml").write_text(shown)
    again, _ = examine(tmp_path / "shown.toml", KINDS)
    assert again is not None
    assert (again.profile, again.partial) == (loaded.profile, True)


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
    assert list(FITS.iter_errors(document))


def test_every_installed_kind_is_in_the_schema_with_its_settings_and_docs() -> None:
    installed_schema = schema(installed())
    jsonschema.Draft202012Validator.check_schema(installed_schema)
    within = installed_schema["$defs"]["probe_file"]["properties"]["within"]  # type: ignore[index] # plain JSON
    assert within["type"] == ["string", "number"]
    assert within["description"].startswith("Count only lines")
