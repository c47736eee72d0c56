"""A run goes on without its database and comes back: as it was written, or merged; once, whatever is cut short."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from systems.replicas import Pair

from cockpit.audit import clock
from cockpit.audit.files import FileStore
from cockpit.audit.keeping import create_store, note_store, open_store
from cockpit.audit.layout import action_log, continued_mark, log_path
from cockpit.audit.leaving import end_of
from cockpit.audit.line import draft
from cockpit.audit.moved import branch_of, place_now, went_on
from cockpit.audit.postgres import mending, watching
from cockpit.audit.postgres.mirror import start_mirror
from cockpit.audit.postgres.moving import take_run
from cockpit.audit.store import Durable
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.cli import main
from cockpit.errors import LogError, RunError, StoreAway, StoreDiverged, StoreFailed
from cockpit.profile.model import Phase, Profile, Step
from cockpit.run import events as e
from cockpit.run.commands import GoOffline, Refusal, SettleConflict
from cockpit.run.decide import decide
from cockpit.run.state import RunState
from cockpit.run.told_lines import told_events
from cockpit.session.follower import Follower
from cockpit.session.identity import actor
from cockpit.session.offline import CameBack, come_home, go_offline, merge_copy

pytestmark = pytest.mark.xdist_group("store")

ANA, BO = e.Actor(user="ana", host="h1"), e.Actor(user="bo", host="h2")
STEPS = tuple(Step(id=name, title=name.title()) for name in ("one", "two", "three"))
PROFILE = Profile(id="p", environment="staging", phases=(Phase(id="all", title="All", steps=STEPS),))


class Host:
    """A host's folder of a run that a database keeps."""

    def __init__(self, folder: Path, dsn: str, actor: e.Actor, holder: e.Actor = ANA) -> None:
        self.run_dir, self.dsn, self.actor, self.holder = folder / "R1", dsn, actor, holder

    def begins(self) -> None:
        store = create_store(self.run_dir, self.dsn)
        body = e.RunStarted(profile=PROFILE, profile_digest="0", sources=(), cockpit_version="0")
        assert isinstance(store.append(0, draft(body, self.holder)), Durable)
        store.close()

    def joins(self) -> None:
        start_mirror(self.run_dir, "R1")
        note_store(self.run_dir, self.dsn)
        open_store(self.run_dir).close()

    @property
    def place(self) -> Path:
        return place_now(self.run_dir)

    def does(self, *bodies: e.Body) -> None:
        store = open_store(self.place)
        for body in bodies:
            assert isinstance(store.append(None, draft(body, self.actor)), Durable)
        store.close()

    def confirms(self, *steps: str) -> None:
        self.does(*(e.StepConfirmed(step=step, attempt=1) for step in steps))

    @property
    def state(self) -> RunState:
        follower = Follower(self.place)
        try:
            assert not follower.view.trouble
            return follower.view.state
        finally:
            follower.close()

    def leaves(self, **more: object) -> Path:
        follower = Follower(self.run_dir)
        try:
            fields = {
                "actor": self.holder,
                "now": clock.now(),
                "reason": "it burns",
                "away": "no answer",
                "seq": 0,
                "digest": "",
            }
            left = go_offline(self.run_dir, follower, GoOffline(**fields | more))  # type: ignore[arg-type]
            assert isinstance(left, Path), left
            return left
        finally:
            follower.close()

    def returns(self, branch: Path | None = None) -> CameBack:
        follower = Follower(branch or self.place)
        try:
            came = come_home(branch or self.place, follower, self.holder)
            assert isinstance(came, CameBack), came
            return came
        finally:
            follower.close()

    @property
    def bytes(self) -> bytes:
        return log_path(self.run_dir).read_bytes()


@pytest.fixture
def one(store_dsn: str, tmp_path: Path) -> Host:
    host = Host(tmp_path / "one", store_dsn, ANA)
    host.begins()
    return host


@pytest.fixture
def two(one: Host, tmp_path: Path) -> Host:
    host = Host(tmp_path / "two", one.dsn, BO)
    host.joins()
    return host


def kept(host: Host, tmp_path: Path) -> bytes:
    """What the database holds, verified."""
    path = tmp_path / f"kept-{time.monotonic_ns()}.jsonl"
    take_run(host.dsn, "R1", path)
    found = verify(path)
    assert found.ok, found.problem
    return path.read_bytes()


def refuses(run_dir: Path) -> None:
    """Nothing is added there any more."""
    store = open_store(run_dir)
    with pytest.raises(StoreFailed, match="goes on in"):
        store.append(None, draft(e.NoteAdded(text="here"), ANA))
    store.close()


def test_a_branch_is_a_whole_log_of_its_own_and_the_copy_is_not_touched(one: Host):
    one.confirms("one")
    before = one.bytes
    branch = one.leaves()
    assert (branch.name, branch_of(branch), went_on(one.run_dir)) == ("offline-2", one.run_dir, str(branch))
    one.confirms("two")
    assert one.bytes == before
    assert log_path(branch).read_bytes().startswith(before)
    assert verify(branch).ok
    assert one.state.offline is not None
    assert one.state.offline.reason == "it burns"
    refuses(one.run_dir)
    with pytest.raises(RunError, match="already"):
        one.leaves()


def test_an_unchanged_database_takes_the_lines_as_they_were_written(one: Host, tmp_path: Path):
    one.confirms("one")
    branch = one.leaves()
    one.confirms("two")
    written = log_path(branch).read_bytes()
    came = one.returns()
    assert (came.how, came.lines, came.theirs) == ("as it was", 2, 0)
    assert kept(one, tmp_path).startswith(written)
    assert one.bytes == kept(one, tmp_path)
    assert one.place == one.run_dir
    assert not continued_mark(one.run_dir).is_symlink()
    assert one.state.offline is None
    assert one.state.steps["two"].status == "confirmed"
    one.confirms("three")
    refuses(branch)


def test_a_database_that_moved_on_keeps_both_and_what_both_confirmed_is_in_conflict(
    one: Host, two: Host, tmp_path: Path
):
    one.leaves()
    one.confirms("one", "two")
    two.confirms("one")
    before = kept(two, tmp_path)
    came = one.returns()
    assert (came.how, came.lines, came.theirs) == ("merged", 3, 1)
    assert kept(one, tmp_path).startswith(before)
    open_store(two.run_dir).close()
    assert one.bytes == two.bytes == kept(one, tmp_path)
    for host in (one, two):
        assert [each.subject for each in host.state.conflicts] == ["step:one"]
        assert host.state.steps["two"].status == "confirmed"
    found = verify(one.run_dir)
    assert [(each.lines, each.problem) for each in found.branches] == [(3, "")]
    command = SettleConflict(actor=ANA, now=clock.now(), subject="step:one", counts="log", reason="bo was first")
    bodies = decide(two.state, command)
    assert not isinstance(bodies, Refusal)
    two.does(*bodies)
    assert not two.state.conflicts


def test_telemetry_alone_makes_two_parents_and_no_conflict(one: Host, two: Host):
    one.leaves()
    one.confirms("one")
    two.does(e.ProbesSampled(ages=(1,)))
    assert one.returns().how == "merged"
    assert one.state.conflicts == ()
    assert one.state.steps["one"].status == "confirmed"


@pytest.mark.parametrize("first", [0, 1])
def test_both_hosts_were_offline_and_the_second_to_return_merges(one: Host, two: Host, first: int):
    hosts = (one, two) if first == 0 else (two, one)
    for host in hosts:
        host.leaves()
    one.confirms("one")
    two.confirms("one", "two")
    assert hosts[0].returns().how == "as it was"
    assert hosts[1].returns().how == "merged"
    open_store(hosts[0].run_dir).close()
    assert one.bytes == two.bytes
    assert {each.subject for each in one.state.conflicts} == {"step:one"}
    assert one.state.offline is None
    assert verify(one.run_dir).ok


def test_a_run_goes_offline_and_returns_twice(one: Host, two: Host):
    first = one.leaves()
    one.confirms("one")
    one.returns()
    two.does(e.NoteAdded(text="there"))
    second = one.leaves()
    assert first != second
    one.confirms("two")
    assert one.returns().how == "merged"
    third = one.leaves()
    one.confirms("three")
    assert third not in (first, second)
    assert one.returns().how == "as it was"
    assert [one.state.steps[step].status for step in ("one", "two", "three")] == ["confirmed"] * 3
    assert verify(one.run_dir).ok


def test_what_came_back_before_is_not_brought_twice(one: Host, two: Host, tmp_path: Path):
    for is_moved in (False, True):
        branch = one.leaves()
        one.does(e.NoteAdded(text="x"))
        if is_moved:
            two.does(e.NoteAdded(text="y"))
        one.returns()
        before = kept(one, tmp_path)
        continued_mark(branch).unlink()  # as if it had been cut short before word was left
        continued_mark(one.run_dir).symlink_to(branch)
        assert one.place == branch
        assert one.returns().how == "was there"
        assert kept(one, tmp_path) == before
        assert one.place == one.run_dir
        open_store(one.run_dir).close()


def test_marks_that_point_at_each_other_lead_home(one: Host):
    branch = one.leaves()
    one.returns()
    continued_mark(one.run_dir).symlink_to(branch)  # killed between the two marks
    assert one.place == one.run_dir
    assert went_on(one.run_dir) == ""
    assert one.returns(branch).how == "was there"
    assert not continued_mark(one.run_dir).is_symlink()


def test_the_database_is_away_when_the_branch_would_return_and_nothing_is_lost(one: Host):
    branch = one.leaves()
    one.confirms("one")
    (one.run_dir / "store").write_text("postgresql://ana@127.0.0.1:1/none\n")
    with pytest.raises(StoreAway):
        one.returns()
    assert one.place == branch
    one.confirms("two")
    (one.run_dir / "store").write_text(one.dsn + "\n")
    assert one.returns().lines == 3


def test_nobody_returns_who_does_not_hold_the_pen_or_while_something_runs(one: Host):
    branch = one.leaves()
    follower = Follower(branch)
    refused = come_home(branch, follower, BO)
    assert isinstance(refused, Refusal)
    assert refused.code == "not_pen"
    assert isinstance(come_home(branch, follower, ANA, role="watching"), Refusal)
    follower.close()
    with pytest.raises(RunError, match="is no branch"):
        come_home(one.run_dir, follower, ANA)


def test_another_history_in_the_database_is_never_merged(one: Host, admin_dsn: str):
    one.confirms("one")
    branch = one.leaves()
    one.confirms("two")
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER ALL")
        changed = """convert_to(replace(convert_from(line, 'UTF8'), '"one"', '"two"'), 'UTF8')"""
        admin.execute(f"UPDATE cockpit.lines SET line = {changed} WHERE seq = 2")
        admin.execute("ALTER TABLE cockpit.lines ENABLE TRIGGER ALL")
    with pytest.raises(LogError, match="tells another story"):
        one.returns()
    assert one.place == branch
    assert verify(branch).ok


def test_outputs_of_the_branch_lie_beside_those_of_the_run(one: Host):
    branch = one.leaves()
    action_log(branch, "A1").write_bytes(b"what it wrote")
    action_log(branch, "A1").chmod(0o600)
    one.returns()
    assert action_log(one.run_dir, "A1").read_bytes() == b"what it wrote"


def test_torn_bytes_of_a_branch_come_along_as_they_are(one: Host, tmp_path: Path):
    branch = one.leaves()
    with log_path(branch).open("ab") as log:
        log.write(b'{"v":1,"run":"R1","seq":3,"pr\xff')
    one.does(e.NoteAdded(text="after the crash"))
    written = log_path(branch).read_bytes()
    assert one.returns().how == "as it was"
    assert kept(one, tmp_path).startswith(written)


def test_torn_bytes_of_a_branch_do_not_keep_it_from_being_told(one: Host, two: Host):
    branch = one.leaves()
    with log_path(branch).open("ab") as log:
        log.write(b'{"v":1,"run":"R1","seq":3,"pr\xff')
    one.does(e.NoteAdded(text="after the crash"))
    two.does(e.NoteAdded(text="meanwhile"))
    assert one.returns().how == "merged"
    found = verify(one.run_dir)
    assert found.ok, found.problem
    assert found.branches[0].lines == 3


def test_a_told_line_that_was_changed_is_found(one: Host, two: Host, tmp_path: Path):
    one.leaves()
    one.confirms("one")
    two.does(e.NoteAdded(text="meanwhile"))
    one.returns()
    from cockpit.audit.chain import Chain
    from cockpit.audit.line import Draft, decode, encode
    from cockpit.audit.postgres.lines import lines_of

    lines, prev = b"", "0" * 64
    chain = Chain()
    for line in lines_of(log_path(one.run_dir), chain):  # the log of somebody who rewrites and mends it
        event = decode(line.text)
        body = event.body
        if isinstance(body, e.BranchTold):
            body = e.BranchTold(
                branch=body.branch, part=body.part, text=body.text.replace('"step":"one"', '"step":"two"')
            )
        raw = encode(Draft(event.id, event.instant, event.actor, body), run="R1", seq=event.seq, prev=prev)
        from cockpit.audit.line import digest

        prev = digest(raw[:-1])
        lines += raw
    (tmp_path / "mended.jsonl").write_bytes(lines)
    found = verify(tmp_path / "mended.jsonl")
    assert not found.is_broken
    assert [each.kind for each in found.problems] == ["branch"]
    assert "not the tip" in found.problem


POINTS = (
    "cockpit.audit.postgres.returning._Giving._append",
    "cockpit.audit.leaving.leave_word",
    "cockpit.session.offline.come_back",
    "cockpit.session.offline.bring_outputs",
    "cockpit.session.offline._finished",
)


@pytest.mark.parametrize(
    ("point", "is_after", "is_moved"),
    [(point, is_after, (at + is_after) % 2 == 0) for at, point in enumerate(POINTS) for is_after in (False, True)],
)
def test_killed_at_any_point_of_the_way_back_it_is_completed_by_doing_it_again(
    one: Host, two: Host, tmp_path: Path, point: str, is_after: bool, is_moved: bool
):
    branch = one.leaves()
    one.confirms("one")
    if is_moved:
        two.confirms("one")
    _in_a_child(lambda: _killed_at(point, is_after, lambda: one.returns(branch)))
    again = one.returns(branch) if one.place == branch or went_on(branch) else one.returns()
    assert again.run_dir == one.run_dir
    assert one.place == one.run_dir
    assert not continued_mark(one.run_dir).is_symlink()
    text = kept(one, tmp_path)
    assert text.count(b'"type":"branch.merged"') == is_moved
    assert text.count(b'"type":"store.returned"') == (not is_moved)
    assert one.bytes == text
    assert bool(one.state.conflicts) is is_moved


def _killed_at(point: str, is_after: bool, act: Callable[[], object]) -> None:
    """Do something until a function is called (or has returned), and die there."""
    module_name, _, name = point.rpartition(".")
    owner: object = sys.modules.get(module_name)
    if owner is None:
        __import__(module_name.rpartition(".")[0])
        owner = getattr(sys.modules[module_name.rpartition(".")[0]], module_name.rpartition(".")[2])
    real = getattr(owner, name)

    def dies(*args: object, **more: object) -> object:
        if is_after:
            real(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    setattr(owner, name, dies)
    act()


def _in_a_child(act: Callable[[], None]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def test_killed_while_it_leaves_a_run_has_not_left_or_has(one: Host):
    one.confirms("one")
    for point in ("cockpit.audit.leaving._copy", "cockpit.audit.leaving.leave_word"):
        for is_after in (False, True):
            if one.place != one.run_dir:
                one.returns()
            _in_a_child(lambda p=point, a=is_after: _killed_at(p, a, one.leaves))  # type: ignore[misc]
            if one.place == one.run_dir:
                one.leaves()
            assert verify(one.place).ok
            assert end_of(one.place).seq == one.state.last_seq
            one.does(e.NoteAdded(text="on"))
    assert one.returns().how == "as it was"


def test_what_the_keeper_could_not_write_any_more_is_in_the_branch(one: Host):
    from cockpit.audit.aside import AsideFile

    aside = AsideFile(one.run_dir, "R1", 1)
    aside.renew([draft(e.NoteAdded(text="seen while it was away"), ANA)])
    one.leaves()
    assert b"seen while it was away" in log_path(one.place).read_bytes()
    assert place_now(one.run_dir) == one.place
    one.returns()
    assert b"seen while it was away" in one.bytes


ORDERS = [
    order
    for order in itertools.permutations(
        ("one leaves", "two leaves", "one acts", "two acts", "one returns", "two returns")
    )
    if all(order.index(f"{host} leaves") < order.index(f"{host} returns") for host in ("one", "two"))
]
"""In which two hosts may leave, act and return: 180."""


def _of_orders(config: pytest.Config) -> list[tuple[str, ...]]:
    """All of them, or one in thirty."""
    return ORDERS if config.getoption("--many") else ORDERS[::30]


def test_in_every_order_of_leaving_acting_and_returning_both_hosts_end_with_one_log_that_tells_all(
    one: Host, two: Host, admin_dsn: str, tmp_path: Path, pytestconfig: pytest.Config
):
    for number, order in enumerate(_of_orders(pytestconfig)):
        hosts = {"one": one, "two": two}
        if number:
            with psycopg.connect(admin_dsn, autocommit=True) as admin:
                admin.execute("ALTER TABLE cockpit.lines DISABLE TRIGGER ALL")
                admin.execute("DELETE FROM cockpit.lines")
                admin.execute("ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER check_line")
                admin.execute("ALTER TABLE cockpit.lines ENABLE ALWAYS TRIGGER refuse_change")
            for name, host in tuple(hosts.items()):
                hosts[name] = Host(tmp_path / f"{name}-{number}", host.dsn, host.actor)
            hosts["one"].begins()
            hosts["two"].joins()
        for event in order:
            name, _, what = event.partition(" ")
            host = hosts[name]
            match what:
                case "leaves":
                    host.leaves()
                case "acts":
                    host.confirms("one", "two" if name == "one" else "three")
                case _:
                    host.returns()
        for host in hosts.values():
            open_store(host.run_dir).close()
            found = verify(host.run_dir)
            assert found.ok, (order, found.problem)
            told = {(body.step, fact.actor.user) for fact, body in facts(host) if isinstance(body, e.StepConfirmed)}
            assert told == {("one", "ana"), ("two", "ana"), ("one", "bo"), ("three", "bo")}, order
            state = host.state
            assert state.offline is None, order
            assert state.steps["two"].status == state.steps["three"].status == "confirmed", order
            is_apart = found.branches and any(each.facts > 1 for each in found.branches)
            assert {each.subject for each in state.conflicts} <= ({"step:one"} if is_apart else set()), order
        assert hosts["one"].bytes == hosts["two"].bytes, order


def facts(host: Host) -> list[tuple[e.Event, e.Body]]:
    """All that a log says happened, what it tells of branches too."""
    follower = Tail(host.run_dir)
    found: list[tuple[e.Event, e.Body]] = []
    while entries := follower.read():
        for entry in entries:
            body = entry.event.body
            told = told_events(body.text)[0] if isinstance(body, e.BranchTold) else [entry.event]
            found += [(each, each.body) for each in told]
    follower.close()
    return found


def test_what_a_failover_lost_is_merged_where_the_new_primary_went_on_otherwise(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mending, "SETTLE_S", 0.2)  # on one machine hosts find each other at once
    monkeypatch.setattr(watching, "OTHERS_S", 0.5)
    one, two = Host(tmp_path / "one", pair.dsn(), ANA), Host(tmp_path / "two", pair.dsn(), BO)
    one.begins()
    two.joins()
    pair.caught_up()
    pair.cut()
    one.confirms("one", "two")
    pair.fail_over()
    two.confirms("one")
    with pytest.raises(StoreDiverged, match="cockpit store return"):
        open_store(one.run_dir)
    lost = one.bytes
    came = merge_copy(one.run_dir, ANA)
    assert (came.how, came.lines, came.theirs) == ("merged", 2, 1)
    open_store(two.run_dir).close()
    assert one.bytes == two.bytes
    assert {each.subject for each in one.state.conflicts} == {"step:one"}
    assert one.state.steps["two"].status == "confirmed"
    assert [log_path(path).read_bytes() for path in one.run_dir.glob("offline-*")] == [lost]
    assert verify(one.run_dir).ok
    one.confirms("three")
    assert merge_copy(one.run_dir, ANA).how == "was there"


def test_commands_find_a_run_where_it_goes_on_offline_and_bring_it_back(
    store_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def cockpit(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return (int(ended.value.code or 0), *capsys.readouterr())

    me = actor()
    monkeypatch.setenv("COCKPIT_RUNS", str(tmp_path / "runs"))
    host = Host(tmp_path / "runs", store_dsn, me, me)
    host.begins()
    assert "nothing of this host's copy is missing there" in cockpit("store", "return", "R1")[2]
    branch = host.leaves()
    host.confirms("one")
    assert "OFFLINE" in cockpit("runs")[1]
    assert f'"offline_since": "{host.state.offline.since.at:%Y-%m-%d}' in cockpit("runs", "--format", "json")[1]  # type: ignore[union-attr]
    assert "goes on OFFLINE, without the store" in cockpit("log", "R1")[1]
    assert cockpit("verify", str(branch))[0] == 0
    status, told, said = cockpit("store", "return", "R1")
    assert (status, told.strip()) == (0, str(host.run_dir))
    assert "2 lines came back as written" in said
    assert "OFFLINE" not in cockpit("runs")[1]
    assert cockpit("verify", "R1")[0] == 0
    branch = host.leaves()
    host.does(e.PenTaken(epoch=2, reason="gone", previous="me"))
    other = draft(e.PenTaken(epoch=3, reason="gone", previous="me"), BO)
    store = open_store(branch)
    store.append(None, other)
    store.close()
    assert "bo holds the pen" in cockpit("store", "return", "R1")[2]
    no_store = tmp_path / "runs" / "R2"
    FileStore.create(no_store, "R2").append(
        0, draft(e.RunStarted(profile=PROFILE, profile_digest="0", sources=(), cockpit_version="0"), me)
    )
    assert "no database keeps the run" in cockpit("store", "return", "R2")[2]
