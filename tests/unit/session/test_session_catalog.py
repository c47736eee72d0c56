"""Which runs are found, and what is read for it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.audit import skimming
from cockpit.audit.files import FileStore
from cockpit.audit.line import decode, draft
from cockpit.run import events as e
from cockpit.session import catalog
from cockpit.session.catalog import Catalog, RunsAsked

LOGS = Path(__file__).parents[2] / "logs" / "v1"
NIGHTS = {"01A": "night", "01B": "acting", "01C": "every_type", "01D": "aborted", "01E": "other_hands"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for run, log in NIGHTS.items():
        (tmp_path / run).mkdir()
        (tmp_path / run / "audit.jsonl").write_bytes((LOGS / f"{log}.jsonl").read_bytes())
    (tmp_path / "01X").mkdir()
    (tmp_path / "01X" / "audit.jsonl").write_bytes(b"nonsense\n")
    return tmp_path


def found(folder: Path, **asked: object) -> list[str]:
    return [listed.about.run for listed in Catalog(RunsAsked(**asked), folder).found()]


def test_everything_is_found_the_newest_first_and_what_is_damaged_is_shown_as_such(folder: Path) -> None:
    assert found(folder) == ["01X", "01E", "01D", "01C", "01B", "01A"]
    assert found(folder, outcomes=("damaged",)) == ["01X"]


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ({"profiles": ("virtue",)}, ["01B", "01A"]),
        ({"profiles": ("vir*", "nothing"), "environments": ("staging",)}, ["01B"]),
        ({"outcomes": ("finished",)}, ["01C", "01A"]),
        ({"outcomes": ("live", "aborted")}, ["01E", "01D", "01B"]),
        ({"by": ("bo",)}, ["01E", "01D", "01C", "01B", "01A"]),
        ({"by": ("b",)}, []),
        ({"by": ("keeper",)}, []),
        ({"rehearsal": True}, []),
        ({"rehearsal": False, "by": ("ana",), "profiles": ("shop",)}, ["01E", "01D", "01C"]),
        ({"since": datetime(2026, 11, 21, tzinfo=UTC)}, ["01E", "01B", "01A"]),
        ({"before": datetime(2026, 11, 21, tzinfo=UTC)}, ["01D", "01C"]),
        (
            {"since": datetime(2026, 11, 21, 21, 30, tzinfo=UTC), "before": datetime(2026, 11, 21, 21, 31, tzinfo=UTC)},
            ["01A"],
        ),
    ],
)
def test_all_that_is_asked_for_has_to_fit(folder: Path, asked: dict[str, object], runs: list[str]) -> None:
    catalog = Catalog(RunsAsked(**asked), folder)
    assert [listed.about.run for listed in catalog.found()] == runs
    assert catalog.damaged == ["01X"]


def test_who_took_part_and_what_deviated_is_told(folder: Path) -> None:
    (night,) = [each for each in Catalog(RunsAsked(), folder).found() if each.about.run == "01A"]
    assert night.people == ("ana", "bo")
    assert [each.kind for each in night.state.deviations] == ["hold", "override", "skip"]
    assert night.about.ended == datetime(2026, 11, 21, 21, 40, 11, tzinfo=UTC)
    assert night.about.duration_s == 2411
    assert night.outcome == "finished"


def test_a_run_that_was_finished_on_the_way_back_is_rolled_back(folder: Path) -> None:
    run_dir = folder / "01F"
    store = FileStore.create(run_dir, "01F")
    raw = (LOGS / "acting.jsonl").read_bytes().splitlines()
    events = [decode(line) for line in raw]
    for event in (*events[:47], *(decode(raw[46]),)):
        store.append(None, draft(event.body, event.actor, event.instant))
    store.append(None, draft(e.RunFinished(), events[0].actor, events[48].instant))
    store.close()
    assert found(folder, outcomes=("rolled-back",)) == ["01F"]
    assert found(folder, outcomes=("finished",)) == ["01C", "01A"]
    assert found(folder, outcomes=("finished", "rolled-back")) == ["01F", "01C", "01A"]


def test_what_a_runs_beginning_and_end_rule_out_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    facts = catalog._facts
    monkeypatch.setattr(catalog, "_facts", lambda log: (read.append(log.parent.name), facts(log))[1])
    assert found(folder, profiles=("shop",), environments=("staging",), by=("bo",)) == ["01D", "01C"]
    assert set(read) == {"01C", "01D"}
    read.clear()
    assert found(folder, outcomes=("rolled-back",)) == []
    assert set(read) == {"01A", "01C"}  # finished ones
    read.clear()
    listed = Catalog(RunsAsked(), folder).found()
    assert [next(listed).about.run for _ in range(2)] == ["01X", "01E"]
    assert read == ["01E"]


def test_only_facts_are_cut_out_of_a_log_wherever_its_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = (LOGS / "night.jsonl").read_bytes()
    log = tmp_path / "audit.jsonl"
    log.write_bytes(raw + raw.splitlines()[-1][:200])
    facts = [line for line in raw.splitlines() if b'"class":"fact"' in line]
    for size in (1, 7, 4096, 1 << 20):
        monkeypatch.setattr(skimming, "_BLOCK_BYTES", size)
        assert list(catalog._facts(log)) == facts


def test_a_text_that_looks_like_a_fact_makes_none(tmp_path: Path) -> None:
    store = FileStore.create(tmp_path / "R1", "R1")
    actor = e.Actor(user="ana", host="h")
    store.append(None, draft(e.NoteAdded(text="x"), actor))
    store.append(None, draft(e.ActionOutput(action="a", text='{"class":"fact","user":"eve"}' * 20), actor))
    store.close()
    assert len(list(catalog._facts(store.path))) == 1


def test_how_a_run_ended_is_read_from_its_lines_and_not_from_texts_in_them(folder: Path) -> None:
    run_dir = folder / "01F"
    store = FileStore.create(run_dir, "01F")
    raw = (LOGS / "aborted.jsonl").read_bytes().splitlines()
    began = decode(raw[0])
    store.append(None, draft(began.body, began.actor, began.instant))
    text = '"class":"fact","type":"run.finished"' * 10
    store.append(None, draft(e.NoteAdded(text=text), began.actor, began.instant))
    store.append(None, draft(e.ActionOutput(action="a", text=text), began.actor, began.instant))
    store.close()
    about = next(each.about for each in Catalog(RunsAsked(), folder).found() if each.about.run == "01F")
    assert (about.status, about.problem) == ("live", "")
    assert "note: " in about.last_sentence
    store = FileStore.open(run_dir)
    store.append(None, draft(e.RunAborted(reason=text), began.actor, began.instant))
    store.close()
    about = next(each.about for each in Catalog(RunsAsked(), folder).found() if each.about.run == "01F")
    assert about.status == "aborted"


def test_a_user_is_found_however_json_spells_the_name(tmp_path: Path) -> None:
    """A log from outside may escape any letter, and still counts."""
    raw = (LOGS / "aborted.jsonl").read_bytes()
    (tmp_path / "01A").mkdir()
    (tmp_path / "01A" / "audit.jsonl").write_bytes(raw.replace(b'"user":"bo"', b'"user":"\\u0062o"'))
    assert found(tmp_path, by=("bo",)) == ["01A"]


def test_a_run_that_was_put_away_compressed_is_listed_like_any(folder: Path) -> None:
    log = folder / "01A" / "audit.jsonl"
    (folder / "01A" / "audit.jsonl.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    assert found(folder, outcomes=("finished",), by=("bo",)) == ["01C", "01A"]
    whole = (folder / "01A" / "audit.jsonl.gz").read_bytes()
    (folder / "01A" / "audit.jsonl.gz").write_bytes(whole[:-40])
    (cut,) = [each for each in Catalog(RunsAsked(), folder).found() if each.about.run == "01A"]
    assert "cut off" in cut.about.problem


def test_what_is_wrong_with_the_end_of_a_log_is_said(folder: Path) -> None:
    with (folder / "01A" / "audit.jsonl").open("ab") as log:
        log.write(b'{"v":2,"new":true}\n')
    (night,) = [each for each in Catalog(RunsAsked(), folder).found() if each.about.run == "01A"]
    assert "update cockpit" in night.about.problem
    assert night.about.status == "finished"
