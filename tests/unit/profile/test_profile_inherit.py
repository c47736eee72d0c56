"""`extends`: what is laid over what, and where problems stand afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_kinds import KINDS

from cockpit.profile.load import examine, load
from cockpit.profile.model import Profile

BASE = """
id = "shop"
environment = "any"
[window]
start = "22:00"
end = "02:00"
reserve = "10m"
[variables.base]
value = "http://a"
[[probes]]
id = "api"
kind = "web"
url = "${base}/api"
headers = { A = "1", B = "2" }
pass = ["status == 200", "open"]
[[probes]]
id = "web"
kind = "web"
url = "${base}"
[[phases]]
id = "db"
[[phases.steps]]
id = "backup"
title = "Back up"
[[phases.steps]]
id = "migrate"
title = "Migrate"
gate = "api.passing"
[[phases]]
id = "app"
[[phases.steps]]
id = "deploy"
title = "Deploy"
"""


def family(folder: Path, **texts: str) -> str:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return str(folder / "child.toml")


def said(path: str) -> list[str]:
    folder = os.path.dirname(path) + "/"
    return [str(problem).replace(folder, "") for problem in examine(path, KINDS, advice=False)[1]]


def test_tables_merge_deeply_and_everything_else_is_replaced(tmp_path: Path) -> None:
    child = """
extends = "base.toml"
environment = "production"
[window]
reserve = "20m"
[[probes]]
id = "api"
headers = { B = "3", C = "4" }
pass = "status == 201"
"""
    profile = load(family(tmp_path, base=BASE, child=child), KINDS).profile
    assert profile.environment == "production"
    assert profile.window is not None
    assert (profile.window.start, profile.window.reserve_s) == ("22:00", 1200.0)
    assert profile.probes[0].settings["headers"] == {"A": "1", "B": "3", "C": "4"}
    assert profile.probes[0].pass_when == ("status == 201",)
    assert [probe.id for probe in profile.probes] == ["api", "web"]


def test_items_are_added_placed_moved_and_removed_by_id(tmp_path: Path) -> None:
    child = """
extends = "base.toml"
[window]
remove = true
[[probes]]
id = "web"
remove = true
[[phases]]
id = "check"
before = "db"
steps = [{ id = "look", title = "Look" }]
[[phases]]
id = "db"
[[phases.steps]]
id = "vacuum"
title = "Vacuum"
after = "backup"
[[phases.steps]]
id = "migrate"
before = "backup"
[[phases.steps]]
id = "count"
title = "Count"
"""
    profile = load(family(tmp_path, base=BASE, child=child), KINDS).profile
    assert profile.window is None
    assert [probe.id for probe in profile.probes] == ["api"]
    assert [(phase.id, [step.id for step in phase.steps]) for phase in profile.phases] == [
        ("check", ["look"]),
        ("db", ["migrate", "backup", "vacuum", "count"]),
        ("app", ["deploy"]),
    ]


def test_a_problem_in_a_base_stands_at_its_place_in_the_base(tmp_path: Path) -> None:
    path = family(tmp_path, base=BASE.replace('"open"', '"opn"'), child='extends = "base.toml"\nproduction = 1\n')
    assert said(path) == [
        "child.toml:2:14: `production` is a whole number `1`; expected true or false",
        "base.toml:15:27: there is no `opn`; did you mean `open`?",
    ]


def test_several_bases_are_laid_over_one_another_in_order(tmp_path: Path) -> None:
    child = 'extends = ["base.toml", "quick.toml"]\n'
    quick = 'partial = true\nproduction = true\n[[phases]]\nid = "app"\ntitle = "App"\n'
    (tmp_path / "quick.toml").write_text(quick)
    profile = load(family(tmp_path, base=BASE, child=child + "partial = false\n"), KINDS).profile
    assert (profile.production, profile.phases[1].title, len(profile.probes)) == (True, "App", 2)


def test_being_a_base_is_not_inherited(tmp_path: Path) -> None:
    path = family(tmp_path, base="partial = true\n" + BASE, child='extends = "base.toml"\n')
    assert load(path, KINDS).profile.id == "shop"


def test_a_circle_is_one_error_with_the_whole_chain(tmp_path: Path) -> None:
    path = family(tmp_path, a='extends = "b.toml"\n', b='\nextends = "./a.toml"\n', child=BASE)
    path = path.replace("child", "a")
    circles = [line for line in said(path) if "circle" in line]
    assert circles == ["b.toml:2:11: `extends` goes in a circle: a.toml → b.toml → a.toml; expected an end"]


def test_a_missing_base_is_reported_where_it_is_named(tmp_path: Path) -> None:
    path = family(tmp_path, child=BASE.replace("id =", 'extends = "bass.toml"\nid =', 1))
    assert said(path) == [
        "child.toml:2:11: `bass.toml` cannot be read: No such file or directory; expected a path relative to this file"
    ]


def test_a_base_that_is_not_toml_is_reported_in_the_base(tmp_path: Path) -> None:
    path = family(tmp_path, base="[a", child=BASE.replace("id =", 'extends = "base.toml"\nid =', 1))
    assert [line.split(" ")[0] for line in said(path)] == ["base.toml:1:3:"]


def test_removing_or_placing_beside_what_is_not_there_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    child = """
extends = "base.toml"
[[probes]]
id = "wep"
remove = true
[[phases]]
id = "db"
after = "ap"
"""
    assert said(family(tmp_path, base=BASE, child=child)) == [
        "child.toml:3:1: nothing to remove: no `wep` is inherited; expected what a base defines; did you mean `web`?",
        "child.toml:8:9: there is no `ap` to be placed after; expected the id of another item; did you mean `app`?",
    ]


def test_a_name_twice_in_one_file_is_reported_at_the_second_place(tmp_path: Path) -> None:
    child = 'extends = "base.toml"\n[[probes]]\nid = "api"\n[[probes]]\nid = "api"\nkind = "web"\nurl = "http://x"\n'
    assert said(family(tmp_path, base=BASE, child=child)) == [
        "child.toml:5:6: the probe `api` is there already, at child.toml:3:6; expected an id that no other probe has"
    ]


def test_files_of_a_family_may_be_1_mib_together(tmp_path: Path) -> None:
    heavy = "#" * (600 << 10)
    assert said(family(tmp_path, base=BASE + heavy, child='extends = "base.toml"')) == []
    path = family(tmp_path, base=BASE + heavy, child='extends = "base.toml"\n' + heavy)
    (only,) = said(path)
    assert only.startswith("base.toml:1:1: too large: a profile's files may have 1 MiB together")


LISTS = {
    "roles": {},
    "targets": {"kind": "kubernetes", "context": "c"},
    "channels": {"webhook": "http://a"},
    "templates": {"body": "b"},
    "probes": {"kind": "web", "url": "http://a"},
    "phases": {},
    "rollbacks": {},
    "triggers": {},
    "contacts": {},
    "tasks": {},
}
NESTED = [("phases", "steps"), ("rollbacks", "phases"), ("rollbacks", "phases", "steps")]
PATHS = [*((key,) for key in LISTS), *NESTED]


def nested(path: tuple[str, ...], items: list[dict[str, object]]) -> dict[str, object]:
    """The items at a path such as rollbacks.phases, inside one item of each list above."""
    for depth in range(len(path) - 1, 0, -1):
        items = [{"id": f"above_{depth}", path[depth]: items}]
    return {path[0]: items}


def below(profile: Profile, path: tuple[str, ...]) -> list[str]:
    items: tuple[object, ...] = getattr(profile, path[0])
    for key in path[1:]:
        (above,) = items
        items = getattr(above, key)
    return [item.id for item in items]  # type: ignore[attr-defined] # every item of a list has an id


@pytest.mark.parametrize("path", PATHS, ids=".".join)
@settings(max_examples=25, deadline=None)
@given(
    inherited=st.lists(st.sampled_from("abcdef"), unique=True, max_size=5),
    removed=st.sets(st.sampled_from("abcdef")),
    added=st.lists(st.sampled_from("xyz"), unique=True),
    placed=st.sampled_from(["", "before", "after"]),
)
def test_every_list_merges_by_id_in_the_same_way(
    tmp_path_factory: pytest.TempPathFactory,
    path: tuple[str, ...],
    inherited: list[str],
    removed: set[str],
    added: list[str],
    placed: str,
) -> None:
    plain = LISTS[path[0]] if len(path) == 1 else {}
    item = {**plain, "title": "T"} if path[-1] in ("steps", "tasks") else plain
    base = nested(path, [{"id": name, **item} for name in inherited])
    changes: list[dict[str, object]] = [{"id": name, "remove": True} for name in inherited if name in removed]
    expected = [name for name in inherited if name not in removed]
    anchor = expected[0] if expected and placed else None
    changes += [{"id": name, **item, **({placed: anchor} if anchor else {})} for name in added]
    for name in added:
        if anchor is None:
            expected.append(name)
        else:
            expected.insert(expected.index(anchor) + (placed == "after"), name)
    folder = tmp_path_factory.mktemp("merged")
    top = {"id": "p", "environment": "e"}
    (folder / "base.toml").write_text(tomli_w.dumps({**top, **base}))
    (folder / "child.toml").write_text(tomli_w.dumps({"extends": "base.toml", **nested(path, changes)}))
    assert below(load(folder / "child.toml", KINDS).profile, path) == expected
