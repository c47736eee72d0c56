"""TOML edited as text: what is asked for is there afterwards, and every other byte is where it was."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.importing.arranging import Arrangement, out_of_place
from cockpit.importing.parts import PROFILE, parts_of
from cockpit.importing.placing import part_at
from cockpit.importing.segments import joined, owner, segments
from cockpit.importing.toml_text import Edits, comments, toml_value

TEXT = '''\
# the shop
id = "shop" # its id
environment = "production"

[variables]
small = { env = "SMALL" } # in one line

# the probe
[[probes]]
id = "health"
kind = "http"

[probes.headers]
Accept = "a"

# ---- walk ----

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "a"
title = """
# no comment
[[phases]]"""
"quoted key" = 1
  # above
  gate = [
    "health.passing", # first
  ] # behind
# below

[[phases.steps]]
id = "b"
'''


def test_segments_joined_again_are_the_text_and_know_their_part():
    pieces = segments(TEXT)
    assert joined(pieces) == TEXT
    assert [piece.owner for piece in pieces[1:]] == [
        ("variables",), ("probes", 0), ("probes", 0), ("phases", 0),
        ("phases", 0, "steps", 0), ("phases", 0, "steps", 1),
    ]  # fmt: skip
    assert [piece.lead for piece in pieces[1:]] == ["", "# the probe\n", "", "", "", ""]
    assert pieces[3].gap == "\n# ---- walk ----\n\n"
    assert pieces[5].body.endswith("# below\n")


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (("rollbacks", 0, "phases", 1, "steps", 2, "env"), ("rollbacks", 0, "phases", 1, "steps", 2)),
        (("phases", 3, "steps", 0), ("phases", 3, "steps", 0)),
        (("variables", "x", "y"), ("variables", "x")),
        (("window",), ("window",)),
        (("other", "deep"), ("other",)),
    ],
)
def test_a_table_belongs_to_the_part_that_it_is_or_stands_in(path: tuple[str | int, ...], part: tuple[str | int, ...]):
    assert owner(path) == part


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("environment",), "staging", '"production"', '"staging"'),
        (("phases", 0, "title"), "Two\nlines", '"One"', '"""\nTwo\nlines"""'),
        (("phases", 0, "steps", 0, "quoted key"), 2, '"quoted key" = 1', '"quoted key" = 2'),
        (("variables", "small", "env"), "BIG", '"SMALL"', '"BIG"'),
        (("probes", 0, "headers", "Accept"), "b", 'Accept = "a"', 'Accept = "b"'),
        (("probes", 0, "headers", "X y"), "b", 'Accept = "a"\n', 'Accept = "a"\n"X y" = "b"\n'),
        (("phases", 0, "steps", 1, "env"), {"A": "x y"}, 'id = "b"\n', 'id = "b"\nenv = { A = "x y" }\n'),
        (("title",), "T", 'environment = "production"\n', 'environment = "production"\ntitle = "T"\n'),
    ],
)
def test_a_value_is_set_where_it_stands_or_behind_those_before_it(
    path: tuple[str | int, ...], value: object, old: str, new: str
):
    edits = Edits(TEXT)
    assert edits.set(path, value, ("id", "environment", "Accept"))
    assert edits.made() == TEXT.replace(old, new, 1)


def test_a_key_is_not_put_into_an_inline_table():
    edits = Edits(TEXT)
    assert not edits.set(("variables", "small", "default"), "x")
    assert edits.made() == TEXT


def test_a_key_is_taken_out_with_its_lines_and_the_comment_behind_it_stays():
    edits = Edits(TEXT)
    assert edits.unset(("phases", 0, "steps", 0, "gate"))
    assert edits.unset(("probes", 0, "headers"))
    made = edits.made()
    assert "  # above\n# behind\n# below\n" in made
    assert "headers" not in tomllib.loads(made)["probes"][0]
    assert "# ---- walk ----" in made


def test_a_remark_stands_above_its_key_once_or_above_the_header_if_the_key_is_gone():
    path = ("phases", 0, "steps", 0)
    text = TEXT
    for said in ('"x"\ny', '"z"'):
        edits = Edits(text)
        edits.remark(path, "gate", said)
        edits.remark(path, "command", said)
        text = edits.made()
    assert '# runbook now: command = "z"\n[[phases.steps]]\nid = "a"\n' in text
    assert '  # above\n  # runbook now: gate = "z"\n  gate = [\n' in text
    assert len(comments(text)) == len(comments(TEXT)) + 2
    assert tomllib.loads(text) == tomllib.loads(TEXT)


def test_a_remark_shows_what_would_act_instead_of_doing_it():
    edits = Edits(TEXT)
    edits.remark(("phases", 0), "title", '"a\x1b[2J\u202e"')
    assert "\x1b" not in edits.made()
    assert "\u202e" not in edits.made()


def test_only_comments_are_comments():
    assert [said for _, said in comments(TEXT)] == [
        "# the shop", "# its id", "# in one line", "# the probe", "# ---- walk ----", "# above", "# first", "# behind",
        "# below",
    ]  # fmt: skip


def test_a_part_is_taken_out_and_put_back_elsewhere_with_what_is_its_own():
    arrangement = Arrangement(TEXT)
    pieces = arrangement.take(("probe", "health"))
    assert "# ---- walk ----" in arrangement.text()
    assert "Accept" not in arrangement.text()
    arrangement.put(pieces, ("probe", "health"), PROFILE, [("probe", "health")])
    assert tomllib.loads(arrangement.text()) == tomllib.loads(TEXT)
    assert "# the probe\n[[probes]]\n" in arrangement.text()


def test_a_step_goes_into_the_way_back_under_its_header():
    text = f'{TEXT}\n[[rollbacks]]\nid = "back"\ntitle = "Back"\n\n[[rollbacks.phases]]\nid = "undo"\ntitle = "Undo"\n'
    arrangement = Arrangement(text)
    key, parent = ("step", "a"), ("phase", "undo")
    pieces = arrangement.adapted(arrangement.take(key), key, parent)
    arrangement.put(pieces, key, parent, [key])
    part = parts_of(arrangement.text())[key]
    assert (part.parent, part.table) == (parent, parts_of(TEXT)[key].table)


@pytest.mark.parametrize(
    ("line", "column", "place"),
    [
        (2, 6, (PROFILE, "id")),
        (6, 12, (("variable", "small"), "env")),
        (9, 1, (("probe", "health"), "")),
        (14, 3, (("probe", "health"), "headers")),
        (29, 10, (("step", "a"), "gate")),
    ],
)
def test_a_place_of_the_text_leads_to_the_part_and_key_that_stand_there(
    line: int, column: int, place: tuple[tuple[str, str], str]
):
    assert part_at(TEXT, line, column) == place


@given(st.permutations(range(8)), st.permutations(range(8)))
def test_moving_what_is_out_of_place_gives_the_other_order(before: list[int], after: list[int]):
    keys = {each: ("step", str(each)) for each in before}
    moved = out_of_place([keys[each] for each in before], [keys[each] for each in after])
    rest = [each for each in before if keys[each] not in moved]
    assert rest == [each for each in after if keys[each] not in moved]


VALUES = st.recursive(
    st.one_of(
        st.text(st.characters(blacklist_categories=("Cs",)), max_size=12), st.integers(-9, 9), st.booleans(),
        st.floats(-9, 9),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(st.sampled_from('ab "\n\'#é.'), max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(value=VALUES, name=st.text(st.sampled_from("ab \"'#é.="), min_size=1, max_size=4))
def test_whatever_is_set_is_read_again_and_nothing_else_changes(value: object, name: str):
    edits = Edits(TEXT)
    edits.set(("phases", 0, "steps", 1, name), value, ("id",))
    edits.set(("phases", 0, "steps", 0, "gate"), value)
    want = tomllib.loads(TEXT)
    want["phases"][0]["steps"][1][name] = want["phases"][0]["steps"][0]["gate"] = value
    assert tomllib.loads(edits.made()) == want
    assert tomllib.loads(f"k = {toml_value(value, inline=True)}") == {"k": value}
