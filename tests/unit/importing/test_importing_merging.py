"""A changed runbook merged into a profile that people edited: no edit is lost, the rest is as imported."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.errors import ImportRefused
from cockpit.importing.changes import Change
from cockpit.importing.imported import imported
from cockpit.importing.parts import parts_of
from cockpit.importing.pristine import Pristine, Unusable, beside, encoded, pristine, read
from cockpit.importing.saving import read_profile, replace_text
from cockpit.importing.source import Source, read_source
from cockpit.importing.updating import Updated, updated
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine
from cockpit.profile.problems import Problem

RUNBOOK = """\
# Shop

## Pre-deployment

- [ ] Back up the orders
- [ ] Tell the team
- [ ] Freeze the deployments

## Deployment

```bash
systemctl stop shop.service --wait
systemctl start shop.service --wait
```

## Verification

```bash
curl -f https://shop.example/health
```

## Rollback

- [ ] Restore the backup
- [ ] Start the old version
"""


def source(text: str) -> Source:
    return read_source(text.encode(), "R.md")


def fresh(text: str) -> str:
    return imported([source(text)]).toml


def kept(text: str, toml: str = "") -> Pristine:
    return pristine([source(text)], ["R.md"], Path(), toml or fresh(text), production=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles") / "shop.toml"


def errors(place: Path, text: str) -> list[Problem]:
    place.write_text(text)
    return [each for each in examine(place, installed(), advice=False)[1] if each.severity == "error"]


def update(place: Path, ours: str, then: str | None, now: str) -> Updated:
    return updated(ours, kept(then) if then is not None else None, [source(now)], lambda text: errors(place, text))


def again(place: Path, before: Updated, then: str, now: str) -> Updated:
    """An update after an update."""
    imported_then = kept(then, before.made.toml)
    return updated(before.toml, imported_then, [source(now)], lambda text: errors(place, text))


def told(outcome: Updated) -> list[tuple[str, str, str]]:
    return [(change.what, change.part[1], change.key) for change in outcome.changes]


def step(toml: str, step_id: str) -> dict[str, object]:
    return dict(parts_of(toml)["step", step_id].table)


def steps(toml: str) -> list[str]:
    return [key[1] for key in parts_of(toml) if key[0] == "step"]


def test_a_runbook_that_did_not_change_changes_nothing(place: Path):
    outcome = update(place, fresh(RUNBOOK), RUNBOOK, RUNBOOK)
    assert (outcome.toml, outcome.changes) == (fresh(RUNBOOK), ())


def test_without_edits_a_changed_runbook_gives_what_a_new_import_gives_but_for_ids(place: Path):
    now = RUNBOOK.replace("- [ ] Tell the team\n", "- [ ] Announce it\n- [ ] Tell the whole team\n")
    outcome = update(place, fresh(RUNBOOK), RUNBOOK, now)
    assert outcome.toml.replace('"tell_the_team"', '"tell_the_whole_team"') == fresh(now)
    assert told(outcome) == [("changed", "tell_the_team", "title"), ("added", "announce_it", "")]


def test_an_edit_stays_where_the_runbook_changed_something_else_of_the_step(place: Path):
    ours = fresh(RUNBOOK).replace('title = "Tell the team"', 'title = "Tell the team"\nestimate = "5m" # by phone')
    outcome = update(place, ours, RUNBOOK, RUNBOOK.replace("Tell the team", "Tell the whole team"))
    assert 'title = "Tell the whole team"\nestimate = "5m" # by phone\n' in outcome.toml


def test_where_both_changed_a_key_the_persons_stays_and_a_remark_shows_the_runbooks_once(place: Path):
    ours = fresh(RUNBOOK).replace('title = "Tell the team"', 'title = "Tell everybody"')
    now = RUNBOOK.replace("Tell the team", "Tell the whole team")
    outcome = update(place, ours, RUNBOOK, now)
    assert '# runbook now: title = "Tell the whole team"\ntitle = "Tell everybody"\n' in outcome.toml
    assert told(outcome) == [("conflict", "tell_the_team", "title")]
    second = again(place, outcome, now, now)
    assert (second.toml, second.changes) == (outcome.toml, ())
    later = again(place, outcome, now, RUNBOOK.replace("Tell the team", "Tell the old team"))
    assert later.toml.count("# runbook now: ") == 1
    assert '# runbook now: title = "Tell the old team"\n' in later.toml


def test_what_a_person_took_out_stays_out_and_comes_not_again(place: Path):
    ours = without_step(fresh(RUNBOOK), "tell_the_team")
    outcome = update(place, ours, RUNBOOK, RUNBOOK + "\n- [ ] Write the report\n")
    assert "tell_the_team" not in steps(outcome.toml)
    assert "write_the_report" in steps(outcome.toml)
    changed = update(place, ours, RUNBOOK, RUNBOOK.replace("Tell the team", "Tell the whole team"))
    assert (changed.toml, told(changed)) == (ours, [("left out", "tell_the_team", "")])


def test_what_the_runbook_has_no_longer_goes_unless_somebody_worked_on_it(place: Path):
    now = RUNBOOK.replace("- [ ] Tell the team\n- [ ] Freeze the deployments\n", "")
    ours = fresh(RUNBOOK).replace('id = "freeze_the_deployments"', '# ask Ana\nid = "freeze_the_deployments"')
    outcome = update(place, ours, RUNBOOK, now)
    assert "tell_the_team" not in steps(outcome.toml)
    assert "# ask Ana\n" in outcome.toml
    assert told(outcome) == [("removed", "tell_the_team", ""), ("kept", "freeze_the_deployments", "")]
    assert outcome.changes[-1].why == "you wrote a comment on it"


def test_a_comment_that_stands_alone_survives_the_part_before_it(place: Path):
    ours = fresh(RUNBOOK).replace(
        '[[phases.steps]]\nid = "freeze', '# ---- the night before ----\n\n[[phases.steps]]\nid = "freeze'
    )
    outcome = update(place, ours, RUNBOOK, RUNBOOK.replace("- [ ] Tell the team\n", ""))
    assert "tell_the_team" not in steps(outcome.toml)
    assert "# ---- the night before ----\n\n[[phases.steps]]\nid = " in outcome.toml


def test_a_comment_within_a_list_keeps_the_list(place: Path):
    then = RUNBOOK.replace("Tell the team", "Error rate < 5 %")
    ours = fresh(then).replace('    "error_rate < 5.0",\n', '    "error_rate < 5.0", # as agreed\n')
    assert "# as agreed" in ours
    outcome = update(place, ours, then, then.replace("< 5 %", "< 4 %"))
    assert '    "error_rate < 5.0", # as agreed\n' in outcome.toml
    assert "gate" in [change.key for change in outcome.changes if change.what == "conflict"]


def test_a_probe_that_a_person_still_names_is_kept_although_the_runbook_has_it_no_longer(place: Path):
    ours = fresh(RUNBOOK).replace('title = "Tell the team"', 'title = "Tell the team"\ngate = "health.passing"')
    now = RUNBOOK.replace("```bash\ncurl -f https://shop.example/health\n```", "- [ ] Look at it")
    outcome = update(place, ours, RUNBOOK, now)
    assert ("probe", "health") in parts_of(outcome.toml)
    assert ("kept", "health", "") in told(outcome)


def test_a_new_step_that_needs_what_a_person_took_out_comes_without_it_and_that_is_said(place: Path):
    toml = fresh(RUNBOOK)
    ours = toml[: toml.index("# R.md")] + toml[toml.index("[[phases]]") :].replace(
        'gate = [\n    "health.passing",\n]\n', ""
    )
    assert errors(place, ours) == []
    now = RUNBOOK.replace("## Rollback", "```bash\ncurl -f https://shop.example/health?deep=yes\n```\n\n## Rollback")
    outcome = update(place, ours, RUNBOOK, now)
    assert errors(place, outcome.toml) == []


def test_a_step_keeps_its_id_when_another_of_its_title_comes_before_it(place: Path):
    ours = fresh(RUNBOOK).replace('id = "tell_the_team"', 'id = "tell_the_team"\nestimate = "9m"')
    now = RUNBOOK.replace("## Pre-deployment\n", "## Preparation\n\n- [ ] Tell the team\n\n## Pre-deployment\n")
    outcome = update(place, ours, RUNBOOK, now)
    assert step(outcome.toml, "tell_the_team")["estimate"] == "9m"
    assert steps(outcome.toml)[:3] == ["tell_the_team_2", "back_up_the_orders", "tell_the_team"]


def test_a_step_that_a_person_gave_another_id_goes_on_under_it(place: Path):
    ours = fresh(RUNBOOK).replace('id = "tell_the_team"', 'id = "tell"')
    outcome = update(place, ours, RUNBOOK, RUNBOOK.replace("Tell the team", "Tell the whole team"))
    assert step(outcome.toml, "tell")["title"] == "Tell the whole team"
    assert "tell_the_team" not in steps(outcome.toml)


def test_a_step_that_the_runbook_moved_is_moved_with_its_edits_and_comments(place: Path):
    ours = fresh(RUNBOOK).replace('title = "Tell the team"', 'title = "Tell the team" # all of it\nestimate = "5m"')
    now = RUNBOOK.replace("- [ ] Tell the team\n", "").replace(
        "## Rollback\n\n", "## Rollback\n\n- [ ] Tell the team\n"
    )
    outcome = update(place, ours, RUNBOOK, now)
    assert told(outcome) == [("moved", "tell_the_team", "")]
    part = parts_of(outcome.toml)["step", "tell_the_team"]
    assert (part.path[0], part.table["estimate"]) == ("rollbacks", "5m")
    assert 'title = "Tell the team" # all of it\n' in outcome.toml


def test_an_order_that_a_person_made_stays(place: Path):
    blocks = {each: block(fresh(RUNBOOK), each) for each in ("back_up_the_orders", "freeze_the_deployments")}
    first, last = blocks.values()
    ours = fresh(RUNBOOK).replace(first, "\0").replace(last, first).replace("\0", last)
    now = RUNBOOK.replace(
        "- [ ] Tell the team\n- [ ] Freeze the deployments\n", "- [ ] Freeze the deployments\n- [ ] Tell the team\n"
    )
    outcome = update(place, ours, RUNBOOK, now)
    assert steps(outcome.toml)[:3] == ["freeze_the_deployments", "tell_the_team", "back_up_the_orders"]
    assert [change.what for change in outcome.changes] == ["conflict"]


def test_a_script_that_a_person_turned_on_stays_and_the_new_command_is_shown(place: Path):
    toml = fresh(RUNBOOK)
    step_id = next(key[1] for key, part in parts_of(toml).items() if "stop shop" in str(part.table.get("command")))
    written = block(toml, step_id).replace("command = ", 'kind = "command"\nscript = ')
    ours = toml.replace(block(toml, step_id), written)
    outcome = update(place, ours, RUNBOOK, RUNBOOK.replace("stop shop.service --wait", "stop shop.service --now"))
    assert step(outcome.toml, step_id)["script"] == "systemctl stop shop.service --wait"
    assert ("conflict", step_id, "command") in told(outcome)
    assert '# runbook now: command = "systemctl stop shop.service --now"\n' in outcome.toml


def test_without_what_was_imported_all_that_stands_counts_as_a_persons(place: Path):
    outcome = update(place, fresh(RUNBOOK), None, RUNBOOK.replace("Tell the team", "Tell the whole team"))
    assert step(outcome.toml, "tell_the_team")["title"] == "Tell the team"
    assert told(outcome) == [("conflict", "tell_the_team", "title")]
    added = update(place, fresh(RUNBOOK), None, RUNBOOK + "\n- [ ] Write the report\n")
    assert told(added) == [("added", "write_the_report", "")]


@pytest.mark.parametrize("form", ["inline", "array"])
def test_a_profile_written_with_inline_tables_loses_nothing(place: Path, form: str):
    toml = fresh(RUNBOOK.replace("systemctl stop", "systemctl stop $UNIT"))
    assert "[variables.unit]" in toml
    if form == "inline":
        ours = toml.replace('[variables.unit]\nenv = "UNIT"\n', '[variables]\nunit = { env = "UNIT" } # ours\n')
    else:
        probes = toml[toml.index("# R.md") : toml.index("[[phases]]")]
        table = tomllib.loads(probes)["probes"][0]
        pairs = ", ".join(f'{key} = "{value}"' for key, value in table.items())
        top, rest = toml.split("\n[variables", 1)
        ours = f"{top}\nprobes = [{{ {pairs} }}]\n\n[variables{rest}".replace(probes, "")
    assert errors(place, ours) == []
    then = RUNBOOK.replace("systemctl stop", "systemctl stop $UNIT")
    outcome = update(place, ours, then, then.replace("$UNIT", "$SERVICE").replace("/health", "/healthz"))
    assert errors(place, outcome.toml) == []
    assert ("# ours" in outcome.toml) is (form == "inline")


def test_what_is_kept_of_an_import_is_read_again_and_damage_is_told(tmp_path: Path):
    file = beside(tmp_path / "shop.toml")
    assert (file.name, read(file)) == ("shop.import.json", None)
    file.write_bytes(encoded(kept(RUNBOOK)))
    assert read(file) == kept(RUNBOOK)
    content = file.read_text()
    for damaged in (content[:-40], "[]", "", content.replace("Tell the team", "Tell", 1), '{"format": 2}', "\0"):
        file.write_text(damaged)
        with pytest.raises(Unusable):
            read(file)


def test_a_profile_that_was_changed_meanwhile_is_not_written_over(tmp_path: Path):
    file = tmp_path / "shop.toml"
    file.write_text("id = 1\n")
    profile = read_profile(file)
    file.write_text("id = 2\n")
    with pytest.raises(ImportRefused, match="changed meanwhile"):
        replace_text(profile, "id = 3\n")
    assert (file.read_text(), [each.name for each in tmp_path.iterdir()]) == ("id = 2\n", ["shop.toml"])


def block(toml: str, step_id: str) -> str:
    at = toml.index(f'id = "{step_id}"\n')
    start, end = toml.rindex("[[", 0, at), toml.find("\n\n[[", at)
    return toml[start : end + 1 if end >= 0 else len(toml)]


def without_step(toml: str, step_id: str) -> str:
    return toml.replace(f"{block(toml, step_id)}\n", "")


WORDS = ("restart", "verify", "database", "backup", "cache", "workers", "traffic", "orders", "queue", "monitor")


def document(phases: list[tuple[str, list[str]]]) -> str:
    """A runbook: under each heading items, or a command where one begins with `$ `."""
    said = ["# Shop", ""]
    for title, items in phases:
        said += [f"## {title}", ""]
        for item in items:
            said += [f"### Step: {item[2:]}", "", "```bash", f"{item[2:]} --now", "```", ""] if item[0] == "$" else []
            said += [f"- [ ] {item}", ""] if item[0] != "$" else []
    return "\n".join(said)


def titles(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=3)).capitalize()


def changed(phases: list[tuple[str, list[str]]], chance: random.Random) -> list[tuple[str, list[str]]]:
    """Another version of a runbook: items come, go, change and move, phases too."""
    phases = [(title, list(items)) for title, items in phases]
    for _ in range(chance.randrange(1, 6)):
        items = chance.choice(phases)[1]
        match chance.randrange(6):
            case 0:
                items.insert(chance.randrange(len(items) + 1), titles(chance))
            case 1 if len(items) > 1:
                del items[chance.randrange(1, len(items)) :]
            case 2:
                at = chance.randrange(len(items))
                items[at] = f"{items[at]} again"
            case 3:
                other = chance.choice(phases)[1]
                if len(items) > 1:
                    other.insert(chance.randrange(len(other) + 1), items.pop(chance.randrange(len(items))))
            case 4:
                phases.insert(chance.randrange(len(phases) + 1), (titles(chance), [titles(chance), titles(chance)]))
            case 5:
                chance.shuffle(items)
    return phases


def edited(toml: str, chance: random.Random) -> tuple[str, dict[str, dict[str, object]], set[str], list[str]]:
    """What a person makes of a profile: its text, the values they set by step, the steps they took out, comments."""
    values: dict[str, dict[str, object]] = {}
    gone: set[str] = set()
    comments = []
    for number in range(chance.randrange(0, 9)):
        step_id = chance.choice(steps(toml))
        own = block(toml, step_id)
        match chance.randrange(5):
            case 0 if "estimate" not in own:
                toml = toml.replace(own, own.replace("\n", f'\nestimate = "{number + 1}m"\n', 1))
                values.setdefault(step_id, {})["estimate"] = f"{number + 1}m"
            case 1:
                title = f"Mine {number}"
                lines = [f'title = "{title}"' if line.startswith("title = ") else line for line in own.split("\n")]
                toml = toml.replace(own, "\n".join(lines))
                values.setdefault(step_id, {})["title"] = title
            case 2 if step_id not in values and len(steps(toml)) > 2:
                toml = without_step(toml, step_id)
                gone.add(step_id)
            case 3:
                comments.append(f"# remark {number}")
                toml = toml.replace(own, own.replace("\n", f"\n{comments[-1]}\n", 1))
                values.setdefault(step_id, {})
            case 4:
                new = f'[[phases.steps]]\nid = "mine_{number}"\ntitle = "Own {number}"\n'
                if own.startswith("[[phases.steps"):
                    toml = toml.replace(own, f"{own}\n{new}")
                    values[f"mine_{number}"] = {"title": f"Own {number}"}
    return toml, values, gone & set(gone) - set(steps(toml)), comments


def laws(place: Path, seed: int) -> list[Change]:
    """Edit, change, update: whatever happens, these hold."""
    chance = random.Random(seed)
    phases = [(titles(chance), [titles(chance) for _ in range(chance.randrange(1, 5))]) for _ in range(3)]
    phases[1][1].append(f"$ {titles(chance).lower()}")
    then, now = document(phases), document(changed(phases, chance))
    ours, values, gone, comments = edited(fresh(then), chance)
    outcome = update(place, ours, then, now)
    result = parts_of(outcome.toml)
    for step_id, wanted in values.items():
        assert wanted.items() <= dict(result["step", step_id].table).items()
    assert not {("step", each) for each in gone} & set(result)
    assert all(outcome.toml.count(comment) == 1 for comment in comments)
    by_source = {part.table.get("source"): part for part in result.values() if part.key[0] == "step"}
    for part in parts_of(fresh(now)).values():
        held = by_source.get(part.table.get("source")) if part.key[0] == "step" else None
        if part.key[0] != "step" or (held is not None and held.key[1] in values):
            continue
        if held is not None:
            assert {**held.table, "id": ""} == {**part.table, "id": ""}
        else:
            assert gone, f"{part.name} was dropped, and nobody took anything out"
    assert errors(place, outcome.toml) == []
    second = again(place, outcome, now, now)
    assert (second.toml, second.changes) == (outcome.toml, ())
    if seed % 4 == 0:  # a host that went down before what was imported was written, too
        assert update(place, outcome.toml, then, now).toml == outcome.toml
    return list(outcome.changes)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_whatever_is_edited_and_changed_no_edit_is_lost_and_the_rest_is_as_imported(place: Path, seed: int):
    laws(place, seed)


def test_many_edits_and_changes_lose_nothing(place: Path, pytestconfig: pytest.Config):
    seeds = range(500 if pytestconfig.getoption("many") else 30)
    seen = {change.what for seed in seeds for change in laws(place, seed)}
    assert seen >= {"added", "changed", "removed", "moved", "conflict", "kept"}


RUNBOOKS = sorted((Path(__file__).parents[4] / "shared" / "runbooks").glob("*.md"))


def shuffled(lines: list[str], chance: random.Random) -> list[str]:
    """Another version of a real runbook: lines go, come twice, change, move, alone and in blocks."""
    lines = list(lines)
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2 if lines[at].strip() and "```" not in lines[at]:
                lines[at] += " again"
            case 3:
                block_of = lines[at : at + chance.randrange(1, 10)]
                del lines[at : at + len(block_of)]
                to = chance.randrange(len(lines) + 1)
                lines[to:to] = block_of
    return lines


@pytest.mark.skipif(not RUNBOOKS, reason="../shared/runbooks is absent")
def test_real_runbooks_torn_apart_cost_nobody_an_edit(place: Path, pytestconfig: pytest.Config):
    for runbook in RUNBOOKS if pytestconfig.getoption("many") else RUNBOOKS[1:3]:
        text = runbook.read_text()
        for seed in range(40 if pytestconfig.getoption("many") else 1):
            chance = random.Random(seed)
            now = "\n".join(shuffled(text.split("\n"), chance))
            ours, values, gone, comments = edited(fresh(text), chance)
            if errors(place, ours):
                continue  # a step that something names was taken out, which `check` tells people
            outcome = update(place, ours, text, now)
            result = parts_of(outcome.toml)
            for step_id, wanted in values.items():
                assert wanted.items() <= dict(result["step", step_id].table).items()
            assert not {("step", each) for each in gone} & set(result)
            assert all(outcome.toml.count(comment) == 1 for comment in comments)
            second = again(place, outcome, now, now)
            assert (second.toml, second.changes) == (outcome.toml, ())
