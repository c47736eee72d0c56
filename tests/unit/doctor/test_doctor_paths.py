"""Who else can change a file, read it, or put another in its place."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cockpit.audit.ways import Others
from cockpit.doctor.findings import Finding, Level
from cockpit.doctor.paths import Node, Way, Wish, judge, look, own_program

NOBODY = Others(owner=False, group=False, everybody=False)
EVERYBODY = Others(owner=False, group=True, everybody=True)


def node(path: str, mode: int, others: Others = NOBODY, *, is_group_empty: bool = False) -> Node:
    kind = stat.S_IFDIR if path.endswith("/") else stat.S_IFREG
    return Node(path.rstrip("/") or "/", "ana", "ops", kind | mode, others, is_group_empty)


def way(*nodes: Node, is_whole: bool = True) -> Way:
    return Way(nodes[-1].path, nodes, is_whole=is_whole)


def bad(*wishes: Wish) -> list[Finding]:
    return [each for each in judge(wishes) if each.level is not Level.OK]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder that nobody else could get at, whatever the one for temporary files is like."""
    tmp_path.chmod(0o700)
    return tmp_path


def test_a_secret_that_others_may_read_is_an_error_with_the_line_that_closes_it(own: Path):
    path = own / "it's mine"
    path.write_text("x")
    path.chmod(0o644)
    [found] = bad(Wish(look(path), "files.x", is_private=True, why_private="it is a secret"))
    assert (found.level, found.found) == (Level.ERROR, "everybody may read it (mode 0644)")
    assert os.system(found.cure[0]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bad(Wish(look(path), "files.x", is_private=True)) == []


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (0o640, "the group ops may read it (mode 0640)"),
        (0o604, "everybody may read it (mode 0604)"),
        (0o660, "the group ops may read and change it (mode 0660)"),
        (0o601, ""),
        (0o400, ""),
        (0o700, ""),
    ],
    ids=str,
)
def test_each_bit_for_others_counts_at_a_secret(mode: int, said: str):
    found = bad(Wish(way(node("/secret", mode)), "files.x", is_private=True, why_private="why"))
    assert [each.found for each in found] == ([said] if said else [])


def test_what_is_no_secret_may_be_read_and_not_written():
    assert bad(Wish(way(node("/", 0o755), node("/profile.toml", 0o644)), "profile.file")) == []
    [found] = bad(Wish(way(node("/p.toml", 0o666, EVERYBODY)), "profile.file", why_own="they decide what runs"))
    assert (found.found, found.why) == ("everybody may write to it (mode 0666)", "they decide what runs")
    assert found.cure == ("chmod go-w /p.toml",)


def test_what_belongs_to_another_user_is_an_error():
    stranger = Others(owner=True, group=False, everybody=False)
    [found] = bad(Wish(way(node("/p.toml", 0o644, stranger)), "profile.file"))
    assert found.found == "it belongs to ana"
    assert found.cure[0].startswith("sudo chown ")


def test_a_folder_that_others_may_write_to_is_told_once_with_all_that_lies_below():
    folder = node("/srv/", 0o777, EVERYBODY)
    wishes = [Wish(way(folder, node(f"/srv/{name}", 0o644)), "profile.file") for name in ("a", "b", "c", "d")]
    [found] = bad(*wishes)
    assert found.what == "/srv"
    assert "in the place of /srv/a, /srv/b, /srv/c and 1 more" in found.why
    assert found.cure == ("chmod go-w /srv",)


def test_in_a_sticky_folder_nobody_replaces_what_is_there_but_anybody_makes_what_is_not():
    sticky = node("/tmp/", 0o1777, EVERYBODY)
    assert bad(Wish(way(sticky, node("/tmp/mine", 0o600)), "files.x")) == []
    [found] = bad(Wish(way(sticky, is_whole=False), "environment.path"))
    assert found.level is Level.ERROR


def test_a_group_with_nobody_known_in_it_is_worth_a_word_and_no_error():
    staff = Others(owner=False, group=True, everybody=False)
    [found] = bad(Wish(way(node("/usr/local/lib/", 0o2775, staff, is_group_empty=True), node("/x", 0o644)), "files.x"))
    assert found.level is Level.ADVICE
    assert "nobody known here" in found.found


def test_a_link_that_somebody_else_made_leads_wherever_they_like():
    link = Node("/tmp/to", "mallory", "mallory", stat.S_IFLNK | 0o777, Others(owner=True, group=False, everybody=True))
    [found] = bad(Wish(way(link, node("/etc/hosts", 0o644)), "files.x"))
    assert found.found == "this link belongs to mallory"


def test_what_is_not_there_is_nothing_unless_it_should_be(own: Path):
    assert list(judge([Wish(look(own / "none"), "files.x", is_private=True)])) == []
    [found] = bad(Wish(look(own / "none"), "files.x", why_missing="the profile names it"))
    assert (found.level, found.found) == (Level.WARNING, "it is not there")


def test_what_cannot_be_looked_at_is_unknown(own: Path):
    (own / "loop").symlink_to("loop")
    [found] = bad(Wish(look(own / "loop"), "files.x"))
    assert found.level is Level.UNKNOWN
    [found] = bad(Wish(look("/x\0y"), "files.x"))
    assert found.level is Level.UNKNOWN


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_another_user_above_a_file_of_mine_is_seen_for_real(own: Path):
    folder = own / "theirs"
    folder.mkdir()
    (folder / "mine").write_text("x")
    os.chown(folder, 45999, 45999)
    [found] = bad(Wish(look(folder / "mine"), "files.x"))
    assert (found.what, found.found) == (str(folder), "this folder belongs to 45999")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_is_to_be_of_root_is_of_nobody_else(own: Path, monkeypatch: pytest.MonkeyPatch):
    path = own / "policy.toml"
    path.write_text("")
    assert bad(Wish(look(path, is_of_root=True), "files.policy", is_of_root=True)) == []
    os.chown(path, 45999, 45999)
    monkeypatch.setattr(os, "geteuid", lambda: 45999)
    [found] = [
        each
        for each in bad(Wish(look(path, is_of_root=True), "files.policy", is_of_root=True))
        if each.id == "files.policy"
    ]
    assert found.cure == (f"sudo chown root {path}",)


def test_a_program_that_somebody_else_may_have_put_on_path_is_not_run(own: Path, monkeypatch: pytest.MonkeyPatch):
    program = own / "bin" / "tool"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert own_program("tool", {"PATH": f"/usr/bin:{own}/bin"}) == str(program)
    program.chmod(0o777)
    assert own_program("tool", {"PATH": f"{own}/bin"}) is None
    program.chmod(0o755)
    program.parent.chmod(0o777)
    assert own_program("tool", {"PATH": f"{own}/bin"}) is None
    monkeypatch.chdir(program.parent)
    assert own_program("tool", {"PATH": ".:"}) is None
