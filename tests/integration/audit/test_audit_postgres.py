"""The store in a real PostgreSQL: what the database itself refuses, what is unknown, and what moves in and out."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cockpit.audit.files import FileStore
from cockpit.audit.line import Draft, decode, draft, encode
from cockpit.audit.postgres.installing import install
from cockpit.audit.postgres.judging import Finding, judge
from cockpit.audit.postgres.listing import runs_in
from cockpit.audit.postgres.moving import put_run, take_run
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Durable, Unknown
from cockpit.audit.verify import verify
from cockpit.errors import LogDamaged, LogError, LogUnreadable, StoreFailed, StoreFenced
from cockpit.run.events import Actor, KeeperMoved, KeeperStarted, NoteAdded, ProbesSampled

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

ANA = Actor(user="ana", host="h1")
LOGS = Path(__file__).parents[2] / "logs" / "v1"


@pytest.fixture
def store(store_dsn: str) -> Iterator[PostgresStore]:
    store = PostgresStore.create(store_dsn, "R1", answer_s=3.0)
    add(store, "begin")
    yield store
    store.close()


def add(store: PostgresStore, text: str) -> Durable:
    outcome = store.append(None, draft(NoteAdded(text=text), ANA))
    assert isinstance(outcome, Durable), outcome
    return outcome


# ---- what the database refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cockpit.lines SET line = line || ' '", "DELETE FROM cockpit.lines", "TRUNCATE cockpit.lines",
        "UPDATE cockpit.lines SET event = '{}'", "DELETE FROM cockpit.lines WHERE false",
    ],
)  # fmt: skip
def test_nothing_is_changed_or_taken_away_by_a_writer_or_by_a_superuser(
    store: PostgresStore, store_dsn: str, admin_dsn: str, change: str
) -> None:
    for dsn in (store_dsn, admin_dsn):
        with psycopg.connect(dsn) as somebody, pytest.raises(psycopg.errors.InsufficientPrivilege):
            somebody.execute(change)


def test_a_line_that_does_not_chain_is_refused_by_the_database_itself(
    store: PostgresStore, store_dsn: str, admin_dsn: str
) -> None:
    head = add(store, "two").head
    assert head is not None
    good = encode(draft(NoteAdded(text="x"), ANA), run="R1", seq=3, prev=head.digest)[:-1]
    bad = {
        "another place": good.replace(b'"seq":3', b'"seq":4'),
        "another line before": good.replace(head.digest[:8].encode(), b"00000000"),
        "another run": good.replace(b'"run":"R1"', b'"run":"R2"'),
        "a second seq": good.replace(b'"class":"fact"', b'"class":"fact","seq":9'),
        "a class that is none": good.replace(b'"class":"fact"', b'"class":"rumour"'),
        "two lines in one": good[:-1] + b',"x":"\n"}',
        "no end": good[:-1],
        "too long": good[:-1] + b',"x":"' + b"x" * 65536 + b'"}',
        "no JSON": good[:-2] + b",}}",
    }
    insert = (
        "INSERT INTO cockpit.lines (run,seq,id,is_fact,type,line,digest,event) VALUES ('R1',%s,'',true,'',%s,'','{}')"
    )
    for dsn in (store_dsn, admin_dsn):
        for what, line in bad.items():
            with psycopg.connect(dsn) as somebody, pytest.raises(psycopg.Error) as refused:
                somebody.execute(insert, (3, line))
            assert refused.value.sqlstate in ("23000", "22P02", "22P05"), (what, refused.value)
    with psycopg.connect(store_dsn) as writer:
        writer.execute(insert, (3, good))
        assert writer.execute("SELECT is_fact, type FROM cockpit.lines WHERE seq = 3").fetchone() == (
            True,
            "note.added",
        )


def test_a_reader_reads_and_does_nothing_else(store: PostgresStore, admin_dsn: str) -> None:
    dsn = make_conninfo(admin_dsn, user="store_carl")
    reading = PostgresStore.open(dsn, "R1")
    assert reading.head == store.head
    with pytest.raises(StoreFailed, match="refuses the line: permission denied"):
        reading.append(None, draft(NoteAdded(text="x"), ANA))
    reading.close()


# ---- the schema ----------------------------------------------------------------------------------------------------


def test_a_schema_is_made_once_by_however_many_at_once(postgres_dsn: str, empty_store: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("CREATE DATABASE store_twice")
    dsn, applied = make_conninfo(postgres_dsn, dbname="store_twice"), list[list[str]]()
    both = [threading.Thread(target=lambda: applied.append(install(dsn))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(applied) == [[], ["0001_log.sql", "0002_many_runs.sql"]]
    assert install(dsn) == []
    with psycopg.connect(dsn) as admin:
        admin.execute("UPDATE cockpit.schema_versions SET sha256 = 'x'")
    with pytest.raises(StoreFailed, match="made by another text"):
        install(dsn)
    with psycopg.connect(dsn) as admin:
        admin.execute("INSERT INTO cockpit.schema_versions (version, name, sha256) VALUES (99, 'later', '')")
    with pytest.raises(StoreFailed, match="schema version 99; update cockpit"):
        install(dsn)


def failures(findings: list[Finding]) -> str:
    """What is wrong, but for the disk that the server of these tests does not wait for."""
    wrong = [found.what for found in findings if not found.is_well]
    return "\n".join(what for what in wrong if not what.startswith(("fsync", "full_page_writes")))


def test_a_store_is_judged_by_rights_triggers_and_settings(store_dsn: str, admin_dsn: str, postgres_dsn: str) -> None:
    assert failures(judge(store_dsn)) == ""
    with psycopg.connect(store_dsn) as writer:
        row = writer.execute("SELECT current_setting('fsync') = 'on'").fetchone()
    assert [found.is_well for found in judge(store_dsn) if found.what.startswith("fsync is ")] == list(row or ())
    assert "superuser, whom no rule" in failures(judge(admin_dsn))
    assert "may not add lines" in failures(judge(make_conninfo(admin_dsn, user="store_carl")))
    with psycopg.connect(admin_dsn) as admin:
        admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER refuse_change")
        admin.execute("GRANT DELETE ON cockpit.lines TO store_ana")
        admin.execute("ALTER ROLE store_ana SET synchronous_commit = off")
    try:
        told = failures(judge(store_dsn))
    finally:
        with psycopg.connect(admin_dsn) as admin:
            admin.execute("ALTER ROLE store_ana RESET synchronous_commit")
    assert "refuse_change of lines" in told
    assert "store_ana has the right to DELETE" in told
    assert "synchronous_commit is off" in told
    assert "there is no store in this database" in failures(judge(postgres_dsn))


# ---- what is unknown -----------------------------------------------------------------------------------------------


def backend(store: PostgresStore) -> int:
    assert store._connection is not None
    return store._connection.info.backend_pid


def test_a_server_that_does_not_answer_is_left_and_what_it_did_is_looked_up(
    store: PostgresStore, store_dsn: str
) -> None:
    store = PostgresStore.open(store_dsn, "R1", answer_s=1.0)
    one = draft(NoteAdded(text="frozen"), ANA)
    pid = backend(store)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        outcome = store.append(None, one)
        took = time.monotonic() - began
        with pytest.raises(StoreFailed, match="whether it was written is unknown"):
            store.lookup(one.id)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert outcome == Unknown(id=one.id)
    print(f"left after {took:.2f} s")
    # Whichever way it went, both sides agree on it from now on.
    found = store.lookup(one.id)
    assert add(store, "after").events[0].seq == (3 if found else 2)
    store.close()


def test_a_connection_that_is_ended_in_the_middle_leaves_no_wrong_word(store: PostgresStore, admin_dsn: str) -> None:
    """The server's own word is the only one that counts: what it did not acknowledge is unknown until looked up."""
    lost = 0
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for number in range(20):
            pid, one = backend(store), draft(NoteAdded(text=str(number)), ANA)
            ending = threading.Timer(0.0005 * number, admin.execute, ("SELECT pg_terminate_backend(%s)", (pid,)))
            ending.start()
            outcome = store.append(None, one)
            ending.join()
            found = store.lookup(one.id)
            assert isinstance(outcome, Durable | Unknown)
            assert found is not None or isinstance(outcome, Unknown)
            lost += found is None
    print(f"{lost} of 20 were not written")


def test_a_synchronous_wait_that_is_given_up_is_unknown_although_the_commit_returns(
    store: PostgresStore, admin_dsn: str
) -> None:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        admin.execute("SELECT pg_reload_conf()")
        try:
            outcome: object = None
            while not isinstance(outcome, Unknown):  # until every process has read the new setting
                later = draft(NoteAdded(text="waits"), ANA)
                outcome = given_up(store, later, admin)
        finally:
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
    assert outcome == Unknown(id=later.id)
    assert store.lookup(later.id) is not None


def given_up(store: PostgresStore, one: Draft, admin: psycopg.Connection[tuple[object, ...]]) -> object:
    """What an append answers whose wait for a standby an administrator ends, should it wait."""
    outcomes: list[object] = []
    waiting = threading.Thread(target=lambda: outcomes.append(store.append(None, one)))
    waiting.start()
    while waiting.is_alive():
        admin.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    return outcomes[0]


def test_no_sentence_shows_a_password(store_dsn: str) -> None:
    given = make_conninfo(store_dsn, password="hunter2")
    wrong = [
        make_conninfo(given, host="/nowhere"), make_conninfo(given, dbname="none"),
        "postgresql://u:hunter2@[bad/db", "nonsense=hunter2",
    ]  # fmt: skip
    for dsn in wrong:
        with pytest.raises(StoreFailed) as caught:
            PostgresStore.open(dsn, "R1")
        assert "hunter2" not in str(caught.value)


# ---- moving --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.jsonl")), ids=lambda log: log.name)
def test_a_run_goes_in_and_out_with_the_same_bytes(log: Path, store_dsn: str, tmp_path: Path) -> None:
    moved = put_run(store_dsn, log)
    assert runs_in(store_dsn) == [(moved.run, moved.lines)]
    assert put_run(store_dsn, log).moved == 0
    back = take_run(store_dsn, moved.run, tmp_path / "back.jsonl")
    assert (tmp_path / "back.jsonl").read_bytes() == log.read_bytes()
    assert back.digest == moved.digest
    with pytest.raises(LogUnreadable, match="File exists"):
        take_run(store_dsn, moved.run, tmp_path / "back.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["back.jsonl"]


def test_a_run_goes_on_in_the_store_and_the_file_follows(store_dsn: str, tmp_path: Path) -> None:
    kept = FileStore.create(tmp_path / "R1", "R1")
    for number in range(5):
        kept.append(None, draft(NoteAdded(text=str(number)), ANA), draft(ProbesSampled(), ANA))
    assert put_run(store_dsn, kept.path).moved == 10
    kept.append(None, draft(NoteAdded(text="later"), ANA))
    assert put_run(store_dsn, kept.path).moved == 1
    store = PostgresStore.open(store_dsn, "R1")
    assert store.head == kept.head
    add(store, "in the database")
    store.close()
    with pytest.raises(StoreFailed, match="holds more of the run R1: 12 lines, the file 11"):
        put_run(store_dsn, kept.path)
    kept.append(None, draft(NoteAdded(text="in the file"), ANA))
    with pytest.raises(StoreFailed, match="holds another run R1: line 12 differs"):
        put_run(store_dsn, kept.path)
    kept.close()


def test_what_does_not_verify_is_not_moved(store_dsn: str, tmp_path: Path) -> None:
    raw = (LOGS / "night.jsonl").read_bytes()
    for name, damaged in {"changed": raw.replace(b"ana", b"bob", 1), "cut": raw[:-9], "empty": b""}.items():
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(LogError):
            put_run(store_dsn, tmp_path / name)
    assert runs_in(store_dsn) == []


def test_what_an_administrator_changed_is_found_on_the_way_out(
    store: PostgresStore, store_dsn: str, admin_dsn: str, tmp_path: Path
) -> None:
    add(store, "two")
    with psycopg.connect(admin_dsn) as admin:
        admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER refuse_change")
        admin.execute(
            "UPDATE cockpit.lines SET line = replace(encode(line, 'escape'), 'begin', 'bogin')::bytea WHERE seq = 1"
        )
    with pytest.raises(LogDamaged, match="does not verify: line 2 does not chain"):
        take_run(store_dsn, "R1", tmp_path / "R1.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_log_from_the_store_verifies_as_any_other(store: PostgresStore, store_dsn: str, tmp_path: Path) -> None:
    add(store, "two")
    take_run(store_dsn, "R1", tmp_path / "R1.jsonl")
    found = verify(tmp_path / "R1.jsonl", anchors=[store.head] if store.head else [])
    assert found.ok, found.problem


def test_a_keeper_writes_nothing_any_more_once_another_one_began_or_is_to_begin(store: PostgresStore, store_dsn: str):
    other = PostgresStore.open(store_dsn, "R1")
    try:
        store.append(None, draft(KeeperStarted(epoch=1, pid=1, version="0"), ANA))
        store.fence(1)
        add(store, "as the keeper that there is")
        other.append(None, draft(KeeperMoved(epoch=1, previous="ash", host="birch", reason="gone"), ANA))
        for _ in range(2):
            with pytest.raises(StoreFenced, match="another keeper than 1 has taken over"):
                add(store, "from behind")
        other.fence(2)
        other.append(None, draft(KeeperStarted(epoch=2, pid=1, version="0"), ANA))
        add(other, "as the next one")
        store.fence(0)
        add(store, "as anybody")
        texts = [decode(each.line).body for each in other.lines_after(0)]
        assert [body.text for body in texts if isinstance(body, NoteAdded)] == [
            "begin",
            "as the keeper that there is",
            "as the next one",
            "as anybody",
        ]
    finally:
        other.close()
