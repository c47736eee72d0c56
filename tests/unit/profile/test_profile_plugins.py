"""What installed packages offer."""

from __future__ import annotations

import os.path
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from cockpit.profile.plugins import Offer, offers

GROUPS = ("cockpit.probes", "cockpit.probe_runners", "cockpit.steps", "cockpit.step_runners")


def _package(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "entry_points.txt").write_text(text, encoding="utf-8")


def test_what_is_installed_here_is_offered_as_pythons_own_reader_has_it() -> None:
    # `console_scripts` is of packages of all sorts.
    for groups in (GROUPS, ("console_scripts",)):
        known = {(each.group, each.name): each.value for group in groups for each in entry_points(group=group)}
        assert {(each.group, each.name): each.value for each in offers(*groups)} == known
        assert known
    assert all(each.load() is entry_points(group=each.group)[each.name].load() for each in offers("cockpit.probes"))


def test_of_two_packages_of_one_name_the_first_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _package(tmp_path / "a", "Our.Probes-2.0.dist-info", "[cockpit.probes]\nours = new.place:KIND\n")
    _package(tmp_path / "b", "our_probes-1.0.dist-info", "[cockpit.probes]\nours = old:KIND\ngone = old:GONE\n")
    _package(tmp_path / "b", "others-1.0.dist-info", "[cockpit.probes]\nours = others:KIND\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "nowhere"), str(tmp_path / "a"), str(tmp_path / "b")])
    assert offers("cockpit.probes") == [Offer("cockpit.probes", "ours", "new.place:KIND")]


def test_other_groups_comments_and_what_is_no_entry_point_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "[console_scripts]\ncockpit.probes = no:where\n\n; old\n# [cockpit.probes]\n[ cockpit.probes ]\n"
        "# one = two:THREE\n\njust words\n mine = os.path : join [extra]\n[other]\nyours = a:b\n"
    )
    _package(tmp_path, "some.egg-info", text)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (found,) = offers("cockpit.probes")
    assert found.name == "mine"
    assert found.load() is os.path.join
    assert Offer("cockpit.probes", "mine", "os").load() is sys.modules["os"]
    with pytest.raises(AttributeError):
        Offer("cockpit.probes", "mine", "os:nothing").load()
    with pytest.raises(ModuleNotFoundError):
        Offer("cockpit.probes", "mine", "no_such_module:x").load()


def test_checking_a_profile_imports_no_parsers_of_mail_and_archives() -> None:
    code = (
        "import sys\nfrom cockpit.profile.kinds import installed\n"
        "assert installed().probes\n"
        "print([name for name in ('importlib.metadata', 'email', 'zipfile') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
