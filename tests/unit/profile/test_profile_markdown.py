"""A profile as a runbook in Markdown: readable, deterministic, and nothing in it acts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_profile_show import profiles as any_profiles

from cockpit.cli import main
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.markdown.conditions import meant
from cockpit.profile.markdown.document import markdown
from cockpit.profile.markdown.escaping import anchor, code, line, prose, shown
from cockpit.profile.markdown.words import lasted, lasting
from cockpit.profile.model import Contact, Phase, Probe, Profile, Step, Template, Variable, Window

TOP = Path(__file__).parents[3]
SHIPPED = sorted(path for path in (TOP / "profiles").glob("*/*.toml") if path.name != "base.toml")
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "# a heading", "a | b", "`a``b`", "<script>x</script>", "[x] ticked", "[a](http://b)", "![a](b)",
    "1. one", "- item",    "***", "a\nb", "&amp;", "*a* _b_ ~~c~~", "$x$", "\\", "| --- |", "https://a.example/_b_?c=*",
    "@ana and ana@b.example",
    "www.a.example|b", "<!-- a", "```", "==", "\u202eabc", "\x1b[31m", "#", "a\\|b", "(5 minutes)",
]  # fmt: skip


def said(text: str) -> str:
    """What a reader sees of one line of Markdown."""
    shown = "".join(
        token.content if token.type in ("text", "code_inline", "text_special") else " "
        for token in READER.parseInline(text)[0].children or ()
    )
    return " ".join(shown.split())


def only_step(step: Step, **more: object) -> str:
    phase = Phase(id="do", title="Do it", steps=(step,))
    return markdown(Profile(id="shop", environment="staging", phases=(phase,), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_shows_hostile_text_as_it_is(text: str) -> None:
    tokens = READER.parse(line(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    kinds = {token.type for token in tokens[1].children or ()}
    assert kinds <= {"text", "text_special", "code_inline"}
    if text.isprintable() or text == "a\nb":
        assert said(line(text)) == " ".join(text.split())


@given(st.text(max_size=40))
def test_a_line_is_read_again_as_the_text_with_its_spaces_joined(text: str) -> None:
    tokens = READER.parse(line(text))
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert said(line(text)) == " ".join(shown(text).split())


@given(st.text(alphabet="`a |", max_size=20))
def test_a_code_span_holds_any_backticks(text: str) -> None:
    assert said(code(text)) == " ".join(text.split())


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "~~~", "````", "text", "", "    code", "- [ ] box", "---", "<b>", "> ## a", "a `b", "`c <i>"]
        )
    ).map("\n".join)
)
def test_prose_opens_no_heading_box_or_tag_ends_where_it_ends_and_stays_when_tamed_again(text: str) -> None:
    tamed = prose(text)
    assert prose("\n".join(tamed)) == tamed
    tokens = READER.parse("\n".join(tamed) + "\n\nTHE END")
    assert not [token for token in tokens if token.type in ("heading_open", "html_block")]
    for token in tokens:
        assert not token.content.startswith("[ ] ") or token.type != "inline"
        assert not [inner for inner in token.children or () if inner.type == "html_inline"]
    assert tokens[-2].content.endswith("THE END")
    assert tokens[-2].type == "inline"


@settings(max_examples=25, deadline=None)
@given(any_profiles())
def test_any_profile_gives_one_document_with_a_box_for_each_step(profile: Profile) -> None:
    text = markdown(profile)
    assert markdown(profile) == text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    tokens = READER.parse(text)
    boxes = [token for token in tokens if token.type == "inline" and token.content.startswith("[ ] **")]
    assert len(boxes) == len(profile.every_step()) + len(profile.tasks)
    first = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
    assert len(first) == 1
    assert not [
        token for token in tokens if token.type == "html_block" and "end of the instructions" not in token.content
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_profile_prints_as_markdown_that_keeps_the_usual_rules(path: Path) -> None:
    loaded, _ = examine(str(path), installed(), advice=False)
    assert loaded is not None
    text = markdown(loaded.profile)
    rows = text.split("\n")
    level, inside = 0, False
    for at, row in enumerate(rows):
        if row.lstrip().startswith("```"):
            inside = not inside
        if inside or not row.startswith("#"):
            continue
        deeper = len(row) - len(row.lstrip("#"))
        assert deeper <= level + 1, row
        level = deeper
        assert not at or not rows[at - 1], f"no blank line above {row}"
        assert not rows[at + 1], f"no blank line below {row}"
    assert not inside
    assert "\n\n\n" not in text or any("\n\n" in step.command for _, step in loaded.profile.every_step())


def test_links_of_the_contents_lead_to_the_headings() -> None:
    steps = tuple(Step(id=f"s{at}", title=f"Step {at}") for at in range(9))
    twice = [Phase(id=f"p{at}", title="A `b` & c_d", steps=steps) for at in range(2)]
    twice[1] = Phase(id="p1", title="A `b` & c_d", steps=tuple(Step(id=f"t{at}", title="x") for at in range(9)))
    text = markdown(Profile(id="a", environment="e", phases=tuple(twice)))
    assert "](#phase-1-a-b--c_d)" in text
    assert anchor("Phase 2: A `b` & c_d (1 hour)") == "phase-2-a-b--c_d-1-hour"


def test_a_step_says_its_command_gate_risk_owner_and_the_way_back() -> None:
    step = Step(
        id="migrate",
        title="Migrate",
        instructions="Look **twice**.",
        command="psql -f a.sql\n\n\necho ```done",
        gate=("api.passing", "lag < 5.0"),
        estimate_s=600.0,
        risk="irreversible",
        level="recommended",
        rollback="Restore the backup.",
        claimed="ticked in the wiki",
    )
    probes = (Probe(id="api", kind="http", title="API"), Probe(id="lag", kind="http", title="Lag"))
    assert only_step(step, probes=probes).split("\n\n- [ ] ")[1].split("\n## ")[0].rstrip() == (
        "**1.1 Migrate** (recommended) (10 minutes)\n\n"
        "  Look **twice**.\n\n"
        "  ````bash\n  psql -f a.sql\n\n\n  echo ```done\n  ````\n\n"
        "  - **Claimed to be done, verified by nobody:** ticked in the wiki\n"
        "  - **Risk:** IRREVERSIBLE\n"
        "  - **Gate:**\n"
        "    - `api.passing` (“API” passes)\n"
        "    - `lag < 5.0` (“Lag” is below 5)\n"
        "  - **To undo it by hand:** Restore the backup."
    )


def test_production_a_base_and_the_window_are_said() -> None:
    window = Window(start="22:00", end="00:30", timezone="Europe/Madrid", reserve_s=1800.0, rollback_estimate_s=1200.0)
    text = markdown(Profile(id="shop", environment="prod", production=True, window=window), partial=True)
    assert "**PRODUCTION**: environment `prod` of system `shop`." in text
    assert "**A base: what its heirs add is missing, and it is never run.**" in text
    assert "| Point of no return | 23:40 (50 minutes before the end) |" in text


def test_values_stand_in_texts_secrets_by_name_and_placeholders_as_they_were() -> None:
    variables = (
        Variable(name="release", value="v1.0"),
        Variable(name="token", env="TOKEN", secret=True),
        Variable(name="user_id", env="USER_ID", default="<user_id>"),
        Variable(name="space", env="SPACE", default="shop"),
    )
    text = only_step(
        Step(id="a", title="${release} ${space}", command="x ${token} ${user_id} $${HOME}"), variables=variables
    )
    assert "**1.1 v1.0 \\${space}**" in text
    assert "x ${token} <user_id> ${HOME}" in text
    assert "| `token` | environment: `TOKEN` |  | yes, only a reference |" in text


def test_cells_hold_pipes_and_line_breaks() -> None:
    contact = Contact(id="a", title="A | B", reach="x\ny | `z`")
    text = markdown(Profile(id="a", environment="e", contacts=(contact,)))
    cells = [token.content for token in READER.parse(text) if token.type == "inline"]
    assert said(cells[cells.index("Reach") + 1]) == "A | B"
    assert said(cells[cells.index("Reach") + 2]) == "x y | `z`"


def test_a_template_stays_in_its_fence() -> None:
    template = Template(id="notice", title="Down", body="a\n```\n# b\n", to="all")
    text = markdown(Profile(id="a", environment="e", templates=(template,)))
    assert "### Notice\n\n**To:** all\n\n````text\nSubject: Down\n\na\n```\n# b\n````\n" in text


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("api.passing", "“API” passes"),
        ("!api.passing && lag <= 5.0", "“API” does not pass and “Lag” is at most 5"),
        ("since.migrate < 3600.0", "less than 1 hour since 1.1 Migrate"),
        ("recorded.go == 'go'", "what was recorded as “go” is go"),
        ("api.latency_ms > 20.5", "“API” answers in a time that is above 20.5 ms"),
        ("lag == '&&'", ""),
        ("api.passing || lag < 5.0", ""),
        ("size(lag) > 1", ""),
        ("nobody == 1", ""),
        ("!lag", "“Lag” is not true"),
    ],
)
def test_conditions_are_said_in_words_where_that_is_certain(condition: str, words: str) -> None:
    assert meant(condition, {"api": "API", "lag": "Lag"}, {"migrate": "1.1 Migrate"}) == words


@given(st.integers(1, 10**11).map(lambda ms: ms / 1000))
def test_times_are_said_in_one_form_that_is_read_again(duration_s: float) -> None:
    assert lasted(lasting(duration_s)) == pytest.approx(duration_s)


def printed(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["show", str(path), "--format", "md"])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_show_prints_markdown_and_fails_as_it_does_with_toml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code_, out, _ = printed(capsys, TOP / "profiles/ppm/production.toml")
    assert code_ == 0
    assert out.startswith("# ")
    code_, out, _ = printed(capsys, TOP / "profiles/ppm/base.toml")
    assert code_ == 0
    assert "**A base:" in out
    (tmp_path / "bad.toml").write_text("id = 1\n")
    code_, out, err = printed(capsys, tmp_path / "bad.toml")
    assert code_ == 1
    assert out == ""
    assert "bad.toml:1:" in err
