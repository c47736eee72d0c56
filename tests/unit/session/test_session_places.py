"""A run on a file system that cannot be trusted: only for a reason, and the log has it."""

from __future__ import annotations

from pathlib import Path

import fuse_place
import pytest
from session_runs import append, new_run

from cockpit.audit import filesystems
from cockpit.audit.continuing import carry_on
from cockpit.audit.tail import Tail
from cockpit.errors import PlaceRefused
from cockpit.run.events import Event, NoteAdded
from cockpit.run.evolve import fold
from cockpit.run.wording import sentence
from cockpit.session.identity import actor
from cockpit.session.placed import accept_place


def move_to_nas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mountinfo").write_text(fuse_place.as_if_mounted(tmp_path, "nfs4", "nas:/export"))
    monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "mountinfo")


def events(run_dir: Path) -> list[Event]:
    tail = Tail(run_dir)
    try:
        return [entry.event for entry in tail.read()]
    finally:
        tail.close()


def test_a_run_is_begun_there_for_a_reason_that_stands_beside_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_to_nas(tmp_path, monkeypatch)
    with pytest.raises(PlaceRefused, match="nfs4 nas:/export"):
        new_run(tmp_path)
    assert not (tmp_path / "runs").exists()
    run_dir = new_run(tmp_path, despite_place="the local disk is full")
    append(run_dir, NoteAdded(text="and everybody may write to it from then on"))
    told = events(run_dir)
    assert [event.type for event in told] == ["run.started", "place.accepted", "note.added"]
    assert (
        "keeps this log on nfs4 nas:/export, where locks and syncs cannot be trusted: the local disk is full"
        in sentence(told[1])
    )
    assert [(each.kind, each.reason) for each in fold(told).deviations] == [("place", "the local disk is full")]


def test_a_run_that_was_moved_there_goes_on_for_a_reason_that_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = new_run(tmp_path, despite_place="of no matter on a disk of this host")
    assert [event.type for event in events(run_dir)] == ["run.started"]
    move_to_nas(tmp_path, monkeypatch)
    with pytest.raises(PlaceRefused):
        append(run_dir, NoteAdded(text="refused"))
    accept_place(run_dir, "it was moved")
    accept_place(run_dir, "asked again")
    append(run_dir, NoteAdded(text="written"))
    assert [event.type for event in events(run_dir)] == ["run.started", "place.accepted", "note.added"]


def test_a_run_whose_disk_is_broken_goes_on_there_for_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = new_run(tmp_path)
    move_to_nas(tmp_path, monkeypatch)
    with pytest.raises(PlaceRefused):
        carry_on(run_dir, tmp_path / "nas" / run_dir.name, actor(), trouble="the disk is full")
    assert not (tmp_path / "nas").exists()
    new_dir = tmp_path / "nas" / run_dir.name
    carry_on(run_dir, new_dir, actor(), trouble="the disk is full", despite_place="there is no other disk")
    append(new_dir, NoteAdded(text="written"))
    told = [event.type for event in events(new_dir)]
    assert told == ["run.started", "log.continued", "place.accepted", "note.added"]
