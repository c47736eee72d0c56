"""What a database administrator changes is found by any copy, said plainly, and nothing is written on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from cockpit.audit.keeping import note_store
from cockpit.audit.layout import log_path, poison_mark
from cockpit.audit.line import Draft, decode, digest, draft, encode
from cockpit.audit.postgres import comparing, mending, watching
from cockpit.audit.postgres import store as postgres_store
from cockpit.audit.postgres.dropping import drop_run
from cockpit.audit.postgres.mirror import Mirror, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.moving import put_run, take_run
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Durable
from cockpit.audit.tail import Tail
from cockpit.cli.storing import store as store_commands
from cockpit.errors import LogDamaged, StoreAway, StoreFailed
from cockpit.run.events import Actor, NoteAdded, ProbesSampled, StoreRestored
from cockpit.run.wording import sentence

pytestmark = pytest.mark.xdist_group("store")  # one server for all of them

ANA = Actor(user="ana", host="h1")
LOGS = Path(__file__).parents[2] / "logs" / "v1"
Admin = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "SETTLE_S", 0.0)
    monkeypatch.setattr(watching, "COMPARE_S", 0.0)
    monkeypatch.setattr(comparing, "LINES", 4)


@pytest.fixture
def copy(store_dsn: str, tmp_path: Path) -> Iterator[MirroredStore]:
    """Ten lines, some telemetry among them, and a copy of them."""
    start_mirror(tmp_path / "R1", "R1")
    note_store(tmp_path / "R1", store_dsn)
    store = MirroredStore(PostgresStore.create(store_dsn, "R1"), Mirror(tmp_path / "R1", "R1"))
    for number in range(5):
        one = draft(NoteAdded(text=f"note {number}"), ANA)
        assert isinstance(store.append(None, one, draft(ProbesSampled(), ANA)), Durable)
    yield store
    store.close()


@pytest.fixture
def admin(admin_dsn: str) -> Iterator[Admin]:
    """Who may do everything, with the rules of the table out of the way."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER ALL")
        yield admin


def lines(admin: Admin) -> list[bytes]:
    return [bytes(line) for (line,) in admin.execute("SELECT line FROM cockpit.lines ORDER BY seq")]  # type: ignore[call-overload]


def rewrite(admin: Admin, from_seq: int, drafts: list[Draft]) -> None:
    """Put other lines from there on, with a chain that holds."""
    kept = lines(admin)[: from_seq - 1]
    admin.execute("DELETE FROM cockpit.lines WHERE seq >= %s", (from_seq,))
    prev = digest(kept[-1])
    for seq, one in enumerate(drafts, from_seq):
        raw = encode(one, run="R1", seq=seq, prev=prev)[:-1]
        prev = digest(raw)
        admin.execute(
            "INSERT INTO cockpit.lines (run, seq, id, is_fact, type, line, digest, event)"
            " VALUES ('R1', %s, %s, %s, %s, %s, %s, convert_from(%b, 'UTF8')::jsonb)",
            (seq, one.id, one.body.is_fact, one.body.type, raw, bytes.fromhex(prev), raw),
        )


def changed(admin: Admin) -> None:
    admin.execute("UPDATE cockpit.lines SET line = replace(encode(line, 'escape'), 'note 1', 'mote 1')::bytea")


def gone(admin: Admin) -> None:
    admin.execute("DELETE FROM cockpit.lines WHERE seq = 6")


def torn(admin: Admin) -> None:
    admin.execute(r"UPDATE cockpit.lines SET before = '\x0a' WHERE seq = 7")


def other_id(admin: Admin) -> None:
    admin.execute("UPDATE cockpit.lines SET id = 'never' WHERE seq = 9")


def other_class(admin: Admin) -> None:
    admin.execute("UPDATE cockpit.lines SET is_fact = false WHERE seq = 5")


def other_digest(admin: Admin) -> None:
    admin.execute("UPDATE cockpit.lines SET digest = sha256('x') WHERE seq = 4")


def rewritten(admin: Admin) -> None:
    events = [decode(line) for line in lines(admin)[7:]]
    drafts = [Draft(each.id, each.instant, each.actor, NoteAdded(text="it was not me")) for each in events]
    rewrite(admin, 8, drafts)


def inserted(admin: Admin) -> None:
    events = [decode(line) for line in lines(admin)[2:]]
    rest = [Draft(each.id, each.instant, each.actor, each.body) for each in events]
    rewrite(admin, 3, [draft(NoteAdded(text="bo agreed"), ANA), *rest])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed, "line 3 is another than was read from it"), (gone, "line 6 is gone"),
        (torn, "line 7 is another than"), (other_id, "what the table says of line 9 beside it is not what"),
        (other_class, "what the table says of line 5 beside it"), (other_digest, "what the table says of line 4"),
        (rewritten, "from line 8 on it tells another story"), (inserted, "from line 3 on it tells another story"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_what_was_changed_is_found_and_nothing_is_written_on_it(
    copy: MirroredStore, admin: Admin, tmp_path: Path, change: Callable[[Admin], None], said: str
) -> None:
    before, looked = log_path(tmp_path / "R1").read_bytes(), 0
    for _ in range(6):
        copy.take_in(copy._store)  # twice round: all is well
    change(admin)
    there = lines(admin)
    with pytest.raises(StoreFailed, match=f"THE DATABASE WAS CHANGED: {said}"):  # noqa: PT012
        for looked in range(1, 9):  # noqa: B007 (counts)
            copy.take_in(copy._store)
    assert looked <= 10 // 4 + 3, "once round"
    with pytest.raises(StoreFailed, match="THE DATABASE WAS CHANGED"):
        copy.append(None, draft(NoteAdded(text="on it"), ANA))
    assert poison_mark(tmp_path / "R1").read_text().startswith("THE DATABASE WAS CHANGED")
    assert lines(admin) == there
    assert log_path(tmp_path / "R1").read_bytes() == before
    again = MirroredStore.open(copy._store.dsn, "R1", tmp_path / "R1")
    assert again.is_poisoned, "for everybody here"
    again.close()


def test_a_tail_that_was_cut_off_is_put_back_and_told_of_as_no_failover(
    copy: MirroredStore, admin: Admin, tmp_path: Path
) -> None:
    before = log_path(tmp_path / "R1").read_bytes()
    copy.take_in(copy._store)
    admin.execute("DELETE FROM cockpit.lines WHERE seq > 8")
    admin.execute("ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER check_line")
    copy.take_in(copy._store)
    assert log_path(tmp_path / "R1").read_bytes().startswith(before)
    tail = Tail(tmp_path / "R1")
    last = tail.read()[-1].event
    tail.close()
    assert isinstance(last.body, StoreRestored)
    said = "put back lines 9 to 10, lost by the database WITHOUT a failover (1 of them facts), from the copy on"
    assert said in sentence(last)


def test_a_line_that_somebody_may_add_is_not_a_change(copy: MirroredStore, store_dsn: str) -> None:
    """Nor is a copy that is behind, or one that is read while it grows."""
    other = PostgresStore.open(store_dsn, "R1")
    for number in range(7):
        assert isinstance(other.append(None, draft(NoteAdded(text=f"by another {number}"), ANA)), Durable)
        copy.take_in(copy._store)
    other.close()
    assert copy._watch._comparison.rounds >= 1


def test_all_of_a_run_is_compared_by_a_command(copy: MirroredStore, admin: Admin, tmp_path: Path) -> None:
    runner, run = CliRunner(), str(tmp_path / "R1")
    well = runner.invoke(store_commands, ["compare", run], standalone_mode=False)
    assert (well.return_value, well.output.split(":")[0]) == (0, "R1"), well.output
    assert "10 lines are the same" in well.output
    admin.execute("UPDATE cockpit.lines SET event = '{}' WHERE seq = 4")
    found = runner.invoke(store_commands, ["compare", run], standalone_mode=False)
    assert (found.return_value, "what the table says of line 4 beside it" in found.output) == (1, True), found.output
    changed(admin)
    found = runner.invoke(store_commands, ["compare", run], standalone_mode=False)
    assert (found.return_value, "line 3 is another than was read from it" in found.output) == (1, True)
    admin.execute("DELETE FROM cockpit.lines WHERE seq > 2")
    found = runner.invoke(store_commands, ["compare", run], standalone_mode=False)
    assert (found.return_value, "the database ends with line 2, the copy with line 10" in found.output) == (1, True)


def test_a_copy_does_not_bring_back_a_run_that_was_taken_out_of_the_store(
    store_dsn: str, admin_dsn: str, tmp_path: Path
) -> None:
    run = put_run(store_dsn, LOGS / "night.jsonl").run
    start_mirror(tmp_path / run, run)
    MirroredStore.open(store_dsn, run, tmp_path / run).close()
    take_run(store_dsn, run, tmp_path / "night.jsonl")
    with psycopg.connect(admin_dsn) as admin:
        admin.execute("GRANT cockpit_owner TO CURRENT_USER")
    drop_run(admin_dsn, run, tmp_path / "night.jsonl", "vault:/night.jsonl", "older than a year")
    with pytest.raises(StoreAway, match="was taken out of the store"):
        MirroredStore.open(store_dsn, run, tmp_path / run)
    assert log_path(tmp_path / run).read_bytes() == (LOGS / "night.jsonl").read_bytes()
    with psycopg.connect(admin_dsn) as admin:
        assert admin.execute("SELECT count(*) FROM cockpit.lines").fetchone() == (0,)


def test_a_row_longer_than_any_line_is_not_fetched_and_said_in_one_sentence(
    copy: MirroredStore, admin: Admin, store_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "LARGEST_BYTES", 1 << 20)
    admin.execute("UPDATE cockpit.lines SET line = convert_to(repeat('x', 3000000), 'UTF8') WHERE seq = 7")
    store = PostgresStore.open(store_dsn, "R1")
    with pytest.raises(
        LogDamaged, match="line 7 in the database has 3000000 bytes, more than any line may have"
    ) as raised:
        store.lines_after(0)
    assert raised.value.line == 7
    store.close()
    admin.execute("UPDATE cockpit.lines SET before = convert_to(repeat('y', 300000), 'UTF8')")
    admin.execute("UPDATE cockpit.lines SET line = '{}' WHERE seq = 7")
    store = PostgresStore.open(store_dsn, "R1")
    assert [kept.seq for kept in store.lines_after(0)] == [1, 2, 3, 4], "as much as may be held at a time"
    assert [kept.seq for kept in store.lines_after(4)] == [5, 6, 7, 8]
    store.close()
    ended = CliRunner().invoke(store_commands, ["export", "R1", str(tmp_path / "out"), "--store", store_dsn])
    assert ended.exit_code != 0
    assert "Traceback" not in ended.output
