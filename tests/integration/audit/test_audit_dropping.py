"""Taking a run out of a store: what is over, and elsewhere to the last byte; never without a trace."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import psycopg
import pytest
from integration.audit.test_audit_mirror import until
from integration.audit.test_audit_store_commands import cockpit
from psycopg.conninfo import make_conninfo

from cockpit.audit.line import draft
from cockpit.audit.postgres import installing
from cockpit.audit.postgres.dropping import drop_run
from cockpit.audit.postgres.following import Following
from cockpit.audit.postgres.installing import install, steps
from cockpit.audit.postgres.judging import judge
from cockpit.audit.postgres.listing import dropped_from, held_in, runs_in
from cockpit.audit.postgres.moving import put_run, take_run
from cockpit.audit.postgres.outgoing import take_outputs
from cockpit.audit.postgres.store import PostgresStore
from cockpit.errors import LogError, LogUnreadable, StoreFailed
from cockpit.exits import Exit
from cockpit.run.events import Actor, NoteAdded

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

ANA = Actor(user="ana", host="h1")
LOGS = Path(__file__).parents[2] / "logs" / "v1"
NIGHT, ABORTED = LOGS / "night.jsonl", LOGS / "aborted.jsonl"


@pytest.fixture
def night(store_dsn: str, tmp_path: Path) -> tuple[str, Path]:
    """A finished run with an output, beside another one; its id, and where it was exported to."""
    run = put_run(store_dsn, NIGHT).run
    put_run(store_dsn, ABORTED)
    with psycopg.connect(store_dsn) as writer:
        for start, chunk in ((0, b"one\n"), (4, b"\x1b[2Jtwo\n")):
            writer.execute("INSERT INTO cockpit.outputs VALUES (%s, 'a1.log', %s, %s)", (run, start, chunk))
        writer.execute("INSERT INTO cockpit.outputs VALUES (%s, 'a2.log', 0, 'x')", (run,))
    file = tmp_path / "kept" / "night.jsonl"
    file.parent.mkdir()
    take_run(store_dsn, run, file)
    assert take_outputs(store_dsn, run, file.parent) == 2
    return run, file


TRACE = "INSERT INTO cockpit.dropped (run, lines, digest, exported, reason) VALUES (%s, %s, %s, 'x', 'x')"


def last_of(dsn: str, run: str) -> tuple[int, bytes]:
    """Number and digest of the run's last line."""
    with psycopg.connect(dsn) as reader:
        row = reader.execute(
            "SELECT seq, digest FROM cockpit.lines WHERE run = %s ORDER BY seq DESC", (run,)
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def lines_of(dsn: str, run: str) -> int:
    return dict(runs_in(dsn)).get(run, 0)


def test_a_run_that_is_kept_elsewhere_is_dropped_and_leaves_a_trace(
    night: tuple[str, Path], admin_dsn: str, store_dsn: str
) -> None:
    run, file = night
    assert (file.parent / "outputs" / "a1.log").read_bytes() == b"one\n\x1b[2Jtwo\n"
    other = [name for name, _ in runs_in(store_dsn) if name != run]
    dropped = drop_run(admin_dsn, run, file, "vault:/kept/night.jsonl", "older than a year")
    assert dropped_from(store_dsn) == [dropped]
    assert (dropped.run, dropped.lines, dropped.reason) == (run, 48, "older than a year")
    assert dropped.digest.startswith("9d4af72d1a44059a")
    assert [name for name, _ in runs_in(store_dsn)] == other, "nothing else was touched"
    with psycopg.connect(store_dsn) as reader:
        assert reader.execute("SELECT count(*) FROM cockpit.outputs WHERE run = %s", (run,)).fetchone() == (0,)
        assert reader.execute("SELECT outputs FROM cockpit.dropped").fetchone() == (3,)
    states = {held.run: held.state for held in held_in(store_dsn)}
    assert states == {run: "dropped", other[0]: "aborted"}
    told = [found.what for found in judge(store_dsn) if "dropped" in found.what]
    assert len(told) == 1
    assert told[0].startswith(f"1 run was exported and dropped, last {run} on ")


def test_a_dropped_run_never_comes_back(night: tuple[str, Path], admin_dsn: str, store_dsn: str) -> None:
    """Neither by a copy that has it, nor by an import, nor as another run by its name."""
    run, file = night
    drop_run(admin_dsn, run, file, "vault", "old")
    for dsn in (store_dsn, admin_dsn):
        with pytest.raises(StoreFailed, match=f"the run {run} was dropped from this store on 20"):
            put_run(dsn, file)
        store = PostgresStore.create(dsn, run)
        with pytest.raises(StoreFailed, match="was dropped from this store"):
            store.append(None, draft(NoteAdded(text="x"), ANA))
        store.close()
        with psycopg.connect(dsn) as writer, pytest.raises(psycopg.errors.IntegrityError):
            writer.execute("INSERT INTO cockpit.outputs VALUES (%s, 'a', 0, 'x')", (run,))
    assert lines_of(store_dsn, run) == 0
    with pytest.raises(LogUnreadable, match=f"the run {run} was dropped .* by .*; it was exported to vault; a copy"):
        PostgresStore.open(store_dsn, run)


def test_what_is_not_the_same_run_to_the_last_byte_drops_nothing(
    night: tuple[str, Path], admin_dsn: str, store_dsn: str
) -> None:
    run, file = night
    raw = file.read_bytes()
    output = file.parent / "outputs" / "a1.log"
    wrong = {
        "shorter": (b"".join(raw.splitlines(keepends=True)[:-1]), "ends before the run .* at line 48"),
        "another run": (ABORTED.read_bytes(), f"is the log of .*, not of {run}"),
        "changed": (raw.replace(b"ana", b"bob", 1), "differs from the run .* at line 1"),
        "cut": (raw[:-9], "does not end in a whole line"),
        "empty": (b"", "no run began"),
    }
    for what, (data, told) in wrong.items():
        other = file.with_name(what)
        other.write_bytes(data)
        with pytest.raises(LogError, match=told):
            drop_run(admin_dsn, run, other, "vault", "old")
    output.write_bytes(b"one\n\x1b[2Jtwo!")
    with pytest.raises(StoreFailed, match="is not what the store holds of the output"):
        drop_run(admin_dsn, run, file, "vault", "old")
    output.unlink()
    with pytest.raises(StoreFailed, match="in the store, and there is no"):
        drop_run(admin_dsn, run, file, "vault", "old")
    assert lines_of(store_dsn, run) == 48
    assert dropped_from(store_dsn) == []


def test_a_file_that_has_more_than_the_store_drops_nothing(admin_dsn: str, store_dsn: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    shutil.copy(NIGHT, whole)
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(NIGHT.read_bytes().splitlines(keepends=True)[:-1]))
    run = put_run(store_dsn, cut).run
    with pytest.raises(StoreFailed, match=r"has more lines than the run .* at line 48"):
        drop_run(admin_dsn, run, whole, "vault", "old")


def test_what_is_live_or_open_is_not_dropped(
    night: tuple[str, Path], admin_dsn: str, store_dsn: str, tmp_path: Path
) -> None:
    run, file = night
    live = put_run(store_dsn, LOGS / "stopped.jsonl").run
    with pytest.raises(StoreFailed, match=f"the run {live} is live"):
        drop_run(admin_dsn, live, LOGS / "stopped.jsonl", "vault", "old")
    with psycopg.connect(admin_dsn) as admin, pytest.raises(psycopg.errors.IntegrityError, match="is live"):
        admin.execute(TRACE, (live, *last_of(admin_dsn, live)))
    following = Following(store_dsn, run, lambda *_: None, print, holds=lambda: ("seat-1",))
    following.start()
    try:
        until(lambda: following.leases.holds("seat-1"), "the seat's lease")
        with pytest.raises(StoreFailed, match="is open on 1 screen"):
            drop_run(admin_dsn, run, file, "vault", "old")
    finally:
        following.close()
    assert lines_of(store_dsn, run) == 48


def test_only_the_owners_members_drop_and_nobody_deletes_by_hand(
    night: tuple[str, Path], admin_dsn: str, store_dsn: str
) -> None:
    run, file = night
    with pytest.raises(StoreFailed, match=r"permission denied .* a member of cockpit_owner may"):
        drop_run(store_dsn, run, file, "vault", "old")
    deletions = [
        "DELETE FROM cockpit.lines", "DELETE FROM cockpit.outputs", "DELETE FROM cockpit.dropped",
        "UPDATE cockpit.dropped SET reason = 'another'", "TRUNCATE cockpit.dropped",
        "TRUNCATE cockpit.lines, cockpit.outputs",
    ]  # fmt: skip
    for deletion in deletions:
        with psycopg.connect(admin_dsn) as admin, pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(deletion)
    # Nor another run, in a transaction that drops one; nor by a trace that says what is not.
    last = last_of(admin_dsn, run)
    with psycopg.connect(admin_dsn) as admin:
        admin.execute(TRACE, (run, *last))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is not dropped"):
            admin.execute("DELETE FROM cockpit.lines")
        admin.rollback()
    for lines, digest in ((47, last[1]), (48, b"x"), (0, b"")):
        with psycopg.connect(admin_dsn) as admin, pytest.raises(psycopg.errors.IntegrityError, match="does not end as"):
            admin.execute(TRACE, (run, lines, digest))
    with psycopg.connect(admin_dsn) as admin, pytest.raises(psycopg.errors.IntegrityError):
        admin.execute(TRACE, ("none", 0, b""))
    assert lines_of(store_dsn, run) == 48


def test_a_trace_says_who_and_when_whatever_it_was_told(
    night: tuple[str, Path], admin_dsn: str, store_dsn: str
) -> None:
    run, _ = night
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO cockpit.dropped VALUES (%s, %s, %s, 99, 'x', 'x', '2001-01-01', 'nobody', '3')",
            (run, *last_of(admin_dsn, run)),
        )
        me = admin.execute("SELECT session_user::text").fetchone()
    (dropped,) = dropped_from(store_dsn)
    assert me == (dropped.by,)
    assert dropped.at.year > 2020


def test_a_store_of_the_first_version_is_upgraded_with_its_runs(
    postgres_dsn: str, empty_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("CREATE DATABASE store_first")
    dsn = make_conninfo(postgres_dsn, dbname="store_first")
    with monkeypatch.context() as early:
        early.setattr(installing, "steps", lambda: steps()[:1])
        assert install(dsn) == ["0001_log.sql"]
        run = put_run(dsn, NIGHT).run
    assert any("0002_many_runs.sql" in found.what for found in judge(dsn) if not found.is_well)
    assert install(dsn) == ["0002_many_runs.sql"]
    assert [held.run for held in held_in(dsn)] == [run]


# ---- as people type it -----------------------------------------------------------------------------------------------


def test_runs_are_listed_exported_and_dropped_from_the_command_line(
    store_dsn: str, admin_dsn: str, tmp_path: Path
) -> None:
    run = put_run(store_dsn, NIGHT).run
    (tmp_path / "kept").mkdir()
    env = {"COCKPIT_STORE": admin_dsn}
    assert cockpit("export", run, "kept/night.jsonl", folder=tmp_path, **env).returncode == Exit.OK
    packed = tmp_path / "kept" / "night.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "kept" / "night.jsonl").read_bytes()))
    refusals = {
        ("drop", run[:20], "--exported", str(packed), "--reason", "old"): "by its whole id",
        ("drop", run, "--exported", str(packed)): "dropping a run needs a reason",
        ("drop", run, "--exported", str(tmp_path / "none"), "--reason", "old"): "there is no",
    }
    for arguments, told in refusals.items():
        refused = cockpit(*arguments, folder=tmp_path, **env)
        assert told in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        assert refused.returncode != Exit.OK
    done = cockpit("drop", run, "--exported", str(packed), "--reason", "older than\na year", folder=tmp_path, **env)
    assert done.returncode == Exit.OK, done.stderr
    assert f"48 lines of {run} deleted" in done.stderr
    listed = cockpit("list", folder=tmp_path, **env).stdout.splitlines()
    assert listed[1].split()[:2] == [run, "dropped"]
    assert "older than␊a year" in listed[2]
    assert str(packed) in listed[3]
    gone = cockpit("export", run[:12], "again.jsonl", folder=tmp_path, **env)
    assert f"{run} was dropped on" in gone.stderr


def test_the_copy_of_a_host_is_no_export(store_dsn: str, admin_dsn: str, tmp_path: Path) -> None:
    run = put_run(store_dsn, NIGHT).run
    copy = tmp_path / "runs" / run
    copy.mkdir(parents=True)
    shutil.copy(NIGHT, copy / "audit.jsonl")
    (copy / "store").write_text(store_dsn)
    for token in (str(copy), str(copy / "audit.jsonl"), run):
        refused = cockpit("drop", run, "--exported", token, "--reason", "x", "--store", admin_dsn, folder=tmp_path)
        assert "is this host's copy of the run, and no export" in refused.stderr
        assert refused.returncode == Exit.REFUSED
    assert lines_of(store_dsn, run) == 48
