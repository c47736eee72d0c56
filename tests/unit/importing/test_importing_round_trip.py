"""A runbook imported, printed as Markdown and imported again is the same profile; and so is that one, ever after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.errors import CockpitError
from cockpit.importing.imported import Imported, imported
from cockpit.importing.source import read_source
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.markdown.document import markdown
from cockpit.profile.markdown.words import PRINTED
from cockpit.profile.model import (
    Contact,
    Phase,
    Probe,
    Profile,
    Role,
    RollbackPlan,
    Step,
    Task,
    Template,
    Trigger,
    Variable,
    Window,
)
from cockpit.profile.references import fill

TOP = Path(__file__).parents[3]
RUNBOOKS = TOP.parent / "shared" / "runbooks"
KINDS = installed()
CORPUS = sorted(
    path for path in (TOP / "tests" / "importing_corpus").glob("*") if path.suffix in (".md", ".txt", ".yml")
)
SHIPPED = [
    pytest.param(path, marks=[] if path.name == "production.toml" else pytest.mark.many)
    for path in sorted((TOP / "profiles").glob("*/*.toml"))
    if "partial = true" not in path.read_text().splitlines()
]
SHARED = [
    "bn-aura-unified-workflow.md", "go-live-checklist.md", "ppm-user-synchronization.md", "scheduler-mvp.md",
    "virtue-organizational-model.md",
]  # fmt: skip


def loaded(path: Path, toml: str) -> Profile:
    """The profile that a TOML text loads as, without where its steps came from."""
    path.write_text(toml)
    found, problems = examine(path, KINDS, advice=False)
    assert found is not None, problems
    return replace(
        found.profile,
        phases=without_sources(found.profile.phases),
        rollbacks=tuple(replace(plan, phases=without_sources(plan.phases)) for plan in found.profile.rollbacks),
    )


def without_sources(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    return tuple(replace(phase, steps=tuple(replace(step, source="") for step in phase.steps)) for phase in phases)


def again(profile: Profile) -> Imported:
    """What an import makes of the profile's Markdown."""
    return imported([read_source(markdown(profile).encode(), "printed.md")], environment=profile.environment)


def walked(profile: Profile, phases: tuple[Phase, ...]) -> list[Any]:
    """What a reader is told of each phase and step; ids are the importer's own."""
    values = {each.name: each.default or each.value or "" for each in profile.variables if not each.secret}

    def told(text: str) -> str:
        return " ".join(fill(text, values).split())

    return [
        (
            told(phase.title),
            phase.stage,
            phase.order,
            [
                (
                    told(step.title), step.kind, told(step.command), step.language, step.estimate_s, step.level,
                    step.risk, step.claimed, step.owner, step.gate, told(step.rollback),
                )
                for step in phase.steps
            ],
        )
        for phase in phases
    ]  # fmt: skip


def around(profile: Profile) -> list[Any]:
    return [profile.triggers, profile.templates, profile.contacts, profile.tasks, profile.roles, profile.window]


def comes_back(first: Profile, tmp_path: Path) -> None:
    second = loaded(tmp_path / "second.toml", again(first).toml)
    assert walked(second, second.phases) == walked(first, first.phases)
    assert [(plan.title, plan.description, plan.data_loss) for plan in second.rollbacks] == [
        (plan.title, plan.description, plan.data_loss) for plan in first.rollbacks
    ]
    for back, plan in zip(second.rollbacks, first.rollbacks, strict=True):
        assert walked(second, back.phases) == walked(first, plan.phases)
    assert around(second) == around(first)
    assert (second.title, second.id, second.production) == (first.title, first.id, first.production)
    third = loaded(tmp_path / "third.toml", again(second).toml)
    assert third == second


@pytest.mark.parametrize("name", SHARED)
def test_the_shared_runbooks_come_back_from_their_markdown(name: str, tmp_path: Path) -> None:
    if not RUNBOOKS.is_dir():
        pytest.skip("the shared runbooks are not here")
    made = imported([read_source((RUNBOOKS / name).read_bytes(), name)])
    comes_back(loaded(tmp_path / "first.toml", made.toml), tmp_path)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_runbooks_of_other_styles_come_back_from_their_markdown(path: Path, tmp_path: Path) -> None:
    made = imported([read_source(path.read_bytes(), path.name)])
    comes_back(loaded(tmp_path / "first.toml", made.toml), tmp_path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_profiles_written_by_hand_keep_every_title_command_and_text_and_run_nothing(path: Path, tmp_path: Path) -> None:
    found, _ = examine(path, KINDS, advice=False)
    assert found is not None
    first = found.profile
    made = again(first)
    second = loaded(tmp_path / "second.toml", made.toml)
    values = {each.name: each.value or "" for each in first.variables if each.value is not None}
    titles = [(fill(phase.title, values), fill(step.title, values)) for phase, step in first.every_step()]
    assert [(phase.title, step.title) for phase, step in second.every_step()] == titles
    for name in ("triggers", "tasks", "contacts", "rollbacks"):
        before, after = getattr(first, name), getattr(second, name)
        assert sorted(each.title for each in after) == sorted(fill(each.title, values) for each in before), name
    assert [each.body.strip() for each in second.templates] == [
        fill(each.body, values).strip() for each in first.templates
    ]
    assert {step.behaviour for _, step in second.every_step()}.isdisjoint({"action"})
    assert {probe.kind for probe in second.probes}.isdisjoint({"command", "postgres"})
    for (_, before), (_, after) in zip(first.every_step(), second.every_step(), strict=True):
        script = str(before.settings.get("script", "")).replace("$${", "${")
        sql = str(before.settings.get("statements", "")).strip("\n")
        shown = fill(after.command, {name: f"${{{name}}}" for name in values})
        assert shown.strip() == (script or sql or fill(before.command, values) or shown).strip()
        for condition in (*before.gate, *before.requires, *before.only_if):
            words = " ".join(condition.split())
            assert condition in (*after.gate, *after.requires, *after.only_if) or words in after.instructions
    asked = [entry for entry in made.accounts[0].entries if entry.actionable and entry.fate == "not mapped"]
    assert all(entry.text.startswith("|") or entry.text.startswith("- ") for entry in asked)
    third = loaded(tmp_path / "third.toml", again(second).toml)
    assert third == second


words = st.sampled_from(
    ["deploy", "the", "database", "3 replicas", "(5 minutes)", "a|b", "*x*", "`code`", "<b>", "# no", "rollback", "1.2",
     "Contacts:", "**Gate:**", "- [ ]", "https://a.example/x?y=z", "$HOME", "ümläut", "“so”", "Phase 1:", "\\", "~~~"]
)  # fmt: skip
titles = st.lists(words, min_size=1, max_size=5).map(" ".join).filter(lambda text: text[0] != " ")
lines = st.one_of(st.just(""), titles)
prose = st.lists(
    st.sampled_from(["Some *text*.", "", "- a point", "1. first", "```json", "{}", "```", "    code", "> q"]),
    max_size=6,
).map(lambda some: "\n".join(some).strip("\n"))
times = st.integers(0, 10**6).map(lambda count: float(count * 30))
conditions = st.lists(
    st.sampled_from(["api.passing", "api.latency_ms < 500.0", "api < 200.5"]), max_size=2, unique=True
).map(tuple)


@st.composite
def steps(draw: st.DrawFn, step_id: str) -> Step:
    kind = draw(
        st.sampled_from(["confirm", "confirm", "wait", "message", "signoff", "decision", "record", "checkpoint"])
    )
    kinds: dict[str, dict[str, object]] = {
        "confirm": {},
        "wait": {"duration": draw(times) + 1.0, "healthy": ["api.passing"]},
        "message": {"template": "notice", "due": "start-2d"},
        "signoff": {"role": "dba", "four_eyes": True},
        "decision": {"choices": [{"id": "go", "title": draw(titles)}, {"id": "no", "stop": True, "title": "No"}]},
        "record": {"name": f"r{step_id}", "prompt": draw(titles), "pattern": "a|`b`+"},
        "checkpoint": {"since": "window", "delay": 3600.0},
    }
    return Step(
        id=step_id,
        title=draw(titles),
        kind=kind,
        behaviour=kind,
        settings={key: value for key, value in kinds[kind].items() if value != ""},
        instructions=draw(prose),
        command=draw(st.sampled_from(["", "", "kubectl get pods", "if x; then\n\n\n\ty\nfi"]))
        if kind == "confirm"
        else "",
        gate=draw(conditions) if kind in ("confirm", "checkpoint") else (),
        estimate_s=draw(times) if kind != "wait" else 30.0,
        risk=draw(st.sampled_from(["routine", "careful", "irreversible"])),
        level=draw(st.sampled_from(["required", "recommended", "optional"])),
        owner=draw(st.sampled_from(["", "dba"])),
        claimed=draw(lines),
        rollback=draw(prose),
    )


@st.composite
def phases(draw: st.DrawFn, prefix: str, count: int) -> tuple[Phase, ...]:
    return tuple(
        Phase(
            id=f"{prefix}{at}",
            title=draw(titles),
            description=draw(prose),
            gate=draw(conditions),
            order=draw(st.sampled_from(["ordered", "free"])),
            steps=tuple(draw(steps(f"{prefix}{at}s{step}")) for step in range(draw(st.integers(1, 3)))),
        )
        for at in range(count)
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    plan = RollbackPlan(
        id="back", title=draw(titles), phases=draw(phases("b", 1)), description=draw(prose), data_loss=draw(lines)
    )
    return Profile(
        id="shop",
        environment="staging",
        title=draw(titles),
        description=draw(prose),
        window=Window(start="22:00", end="02:00", days=("friday",), reserve_s=600.0),
        roles=(Role(id="dba", title="Database administrator", people=("Ana", "Bo")),),
        variables=(Variable(name="ticket", prompt="Which ticket?"),),
        probes=(Probe(id="api", kind="http", title=draw(titles), settings={"url": "http://127.0.0.1:1/${ticket}"}),),
        templates=(Template(id="notice", title=draw(titles), body="Ticket ${ticket}.\n\n```\n# x", to="all"),),
        phases=draw(phases("p", 2)),
        rollbacks=(plan,),
        triggers=(Trigger(id="t", title=draw(titles), when=("!api.passing",), for_s=60.0, severity="immediate"),),
        contacts=(Contact(id="c", title=draw(titles), name=draw(lines), reach=draw(lines), order=2),),
        tasks=(Task(id="k", title=draw(titles), due_s=604800.0, owner="dba", group=draw(lines)),),
    )


@settings(max_examples=20, deadline=None, derandomize=True)
@given(profiles())
def test_any_profile_is_a_fixed_point_once_it_was_imported(
    tmp_path_factory: pytest.TempPathFactory, profile: Profile
) -> None:
    folder = tmp_path_factory.mktemp("fixed")
    second = loaded(folder / "second.toml", again(profile).toml)
    assert len(second.every_step()) == len(profile.every_step())
    assert [step.kind for _, step in second.every_step()] == [step.kind for _, step in profile.every_step()]
    assert [" ".join(step.title.split()) for _, step in second.every_step()] == [
        " ".join(step.title.split()) for _, step in profile.every_step()
    ]
    assert [step.gate for _, step in second.every_step()] == [step.gate for _, step in profile.every_step()]
    assert loaded(folder / "third.toml", again(second).toml) == second


def printed() -> str:
    step = Step(id="migrate", title="Migrate", command="psql -f a.sql", estimate_s=60.0)
    return markdown(
        Profile(id="shop", environment="staging", phases=(Phase(id="db", title="Database", steps=(step,)),))
    )


def steps_of(text: str) -> Iterator[tuple[str, str]]:
    made = imported([read_source(text.encode(), "edited.md")])
    for phase, step in made.profile.every_step():
        yield phase.title, step.title
    assert not [entry for entry in made.accounts[0].entries if entry.actionable and entry.fate == "not mapped"]


def test_what_people_add_to_the_page_is_read_as_in_any_runbook() -> None:
    text = (
        printed()
        + "- [ ] Look at the dashboard\n- [x] **Tell support** (5 minutes)\n\n## Smoke tests\n\n- [ ] Log in\n"
    )
    assert list(steps_of(text)) == [
        ("Database", "Migrate"),
        ("Database", "Look at the dashboard"),
        ("Database", "Tell support"),
        ("Smoke tests", "Log in"),
    ]


def test_facts_that_are_not_understood_stay_in_the_instructions() -> None:
    text = (
        printed().rstrip("\n")
        + "\n\n  - **Gate:** `nobody_knows == 1`\n  - **Owner:** Ana\n  - **Mood:** calm\n    - very\n"
    )
    made = imported([read_source(text.encode(), "edited.md")]).profile
    step = made.every_step()[0][1]
    assert step.command == "psql -f a.sql"
    assert step.owner == "Ana"
    assert step.instructions == "- **Gate:** `nobody_knows == 1`\n- **Mood:** calm\n  - very"
    assert step.gate == ()


def test_probes_that_would_run_or_send_something_are_not_taken_over() -> None:
    probes = (
        Probe(id="get", kind="http", settings={"url": "http://a.example", "headers": {"a": "b c"}}, fail_after=3),
        Probe(id="post", kind="http", settings={"url": "http://a.example", "method": "POST"}),
        Probe(id="sends", kind="http", settings={"url": "http://a.example", "body": "x"}),
        Probe(id="runs", kind="command", settings={"argv": ["rm", "-rf", "/"]}),
        Probe(id="asks", kind="postgres", settings={"dsn": "x", "query": "select 1"}),
    )
    step = Step(id="a", title="A", gate=("get.passing", "post.passing"))
    profile = Profile(id="a", environment="e", probes=probes, phases=(Phase(id="p", title="P", steps=(step,)),))
    made = again(profile).profile
    assert [(probe.id, probe.kind, probe.settings, probe.fail_after) for probe in made.probes] == [
        ("get", "http", probes[0].settings, 3)
    ]
    assert made.every_step()[0][1].instructions.startswith("- **Gate:**\n  - `get.passing`")


def test_what_a_template_or_trigger_cannot_keep_stands_above_it_as_a_comment() -> None:
    template = Template(id="notice", title="Down", body="x", to="all", channel="mail")
    trigger = Trigger(id="slow", title="Slow", when=("gone.passing",), for_s=60.0)
    phase = Phase(id="p", title="P", steps=(Step(id="a", title="A"),))
    profile = Profile(id="a", environment="e", phases=(phase,), templates=(template,), triggers=(trigger,))
    toml = again(profile).toml
    assert '# Through: mail\n[[templates]]\nid = "notice"' in toml
    assert '# Fires when: gone.passing\n# For: 1 minute\n[[triggers]]\nid = "slow"' in toml


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_a_printed_page_that_was_cut_off_anywhere_is_read_or_refused(cut: int) -> None:
    loaded_, _ = examine(TOP / "profiles/virtue/production.toml", KINDS, advice=False)
    assert loaded_ is not None
    text = markdown(loaded_.profile)
    text = text[: len(text) * cut // 100]
    try:
        made = imported([read_source(text.encode(), "cut.md")])
    except CockpitError:
        return
    assert len(made.accounts[0].entries) == len(text.splitlines())


def test_a_page_without_the_sentence_keeps_titles_and_commands_as_any_runbook_does() -> None:
    text = printed().replace(PRINTED, "")
    step = imported([read_source(text.encode(), "wiki.md")]).profile.every_step()[0][1]
    assert (step.title, step.command, step.kind) == ("Migrate", "psql -f a.sql", "confirm")
    assert msgspec.to_builtins(step)["settings"] == {}
