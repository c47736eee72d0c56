"""The way to the database breaks at any instant of an append, or its server stands still: no answer is ever wrong."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from looks import HANGS_S
from psycopg.conninfo import make_conninfo
from systems.replicas import Pair, until
from systems.wire import Proxy, Wire

from cockpit.audit.line import draft
from cockpit.audit.postgres.installing import install
from cockpit.audit.postgres.judging import judge
from cockpit.audit.postgres.mirror import Mirror, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Durable, Unknown
from cockpit.audit.verify import verify
from cockpit.errors import LogError, StoreAway, StoreFailed
from cockpit.run.events import Actor, NoteAdded

pytestmark = pytest.mark.xdist_group("pair")  # beside those that share one server

ANA = Actor(user="ana", host="h1")
ANSWER_S = 0.3


@pytest.fixture
def proxy(pair: Pair) -> Iterator[Proxy]:
    proxy = Proxy(str(pair.primary.sockets / ".s.PGSQL.5432"))
    yield proxy
    proxy.close()


def give_up(wire: Wire, store: PostgresStore) -> None:
    """The screen that asked is cancelled."""
    store.give_up()


FAULTS: list[tuple[Callable[[Wire, PostgresStore], None], int]] = [
    (lambda wire, _: wire.cut(), 4), (lambda wire, _: wire.reset(), 4), (lambda wire, _: wire.forget_client(), 4),
    (give_up, 4), (lambda wire, _: wire.deafen(), 2), (lambda wire, _: wire.hold(), 2),
]  # fmt: skip
NAMES = ("cut", "reset", "half open", "given up", "deaf", "held back")


def test_however_an_append_is_cut_off_what_is_said_of_it_is_true(
    pair: Pair, proxy: Proxy, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cuts, chance = 200 if request.config.getoption("--many") else 40, random.Random(11)
    dsn = make_conninfo(
        "", host="127.0.0.1", port=proxy.port, user="store_ana", dbname="postgres", sslmode="disable",
        gssencmode="disable",
    )  # fmt: skip
    start_mirror(tmp_path / "R1", "R1")
    inner = PostgresStore.create(dsn, "R1")
    store = MirroredStore(inner, Mirror(tmp_path / "R1", "R1"))
    said: dict[str, bool] = {}
    told: Counter[tuple[str, str]] = Counter()
    first = draft(NoteAdded(text="begin"), ANA)
    assert isinstance(store.append(0, first), Durable)
    said[first.id] = True
    inner.answer_s = ANSWER_S
    for number in range(cuts):
        which = chance.choices(range(len(FAULTS)), [weight for _, weight in FAULTS])[0]
        reached(inner)
        wire, fault = proxy.wires[-1], FAULTS[which][0]
        one = draft(NoteAdded(text=str(number)), ANA)
        timer = threading.Timer(chance.uniform(0, 0.002), fault, (wire, inner))
        if chance.random() < 0.3:
            fault(wire, inner)
        timer.start()
        try:
            outcome: object = store.append(None, one)
        except StoreAway:
            outcome = None
        timer.join()
        answer = "durable" if isinstance(outcome, Durable) else "unknown" if isinstance(outcome, Unknown) else "nothing"
        said[one.id] = isinstance(outcome, Durable)
        if isinstance(outcome, Unknown):
            said[one.id] = looked_up(store, one.id)
        wire.release()  # what was held is delivered now, after everything was said
        told[NAMES[which], answer + (", written" if answer == "unknown" and said[one.id] else "")] += 1
    for line in sorted(told):
        print(*line, told[line])
    store.close()
    busy = "SELECT 1 FROM pg_stat_activity WHERE usename = 'store_ana' AND state <> 'idle'"
    until(lambda: not pair.primary.execute(busy), "the end of all that was asked")
    there = {str(each) for (each,) in pair.primary.execute("SELECT id FROM cockpit.lines WHERE type = 'note.added'")}
    assert {each for each, is_there in said.items() if is_there != (each in there)} == set()
    assert len(there) + sum(not is_there for is_there in said.values()) == cuts + 1
    again = MirroredStore.open(pair.dsn(), "R1", tmp_path / "R1")
    assert verify(tmp_path / "R1").ok
    again.close()


def reached(store: PostgresStore) -> None:
    """A connection that there is, or a new one."""
    give_up_at = time.monotonic() + 20
    while True:
        try:
            return store.reach()
        except StoreAway:
            assert time.monotonic() < give_up_at


def looked_up(store: MirroredStore, id_: str) -> bool:
    """Ask until there is an answer: it is then for good."""
    give_up_at = time.monotonic() + 20
    while True:
        try:
            return store.lookup(id_) is not None
        except StoreFailed:
            assert time.monotonic() < give_up_at


def test_of_a_server_that_stands_still_every_call_ends_in_its_time_and_tells_the_truth_afterwards(
    pair: Pair, tmp_path: Path
) -> None:
    dsn = pair.primary.dsn("store_ana", connect_timeout="2")
    start_mirror(tmp_path / "R1", "R1")
    stores = [PostgresStore.create(dsn, "R1")]
    assert isinstance(stores[0].append(0, draft(NoteAdded(text="begin"), ANA)), Durable)
    stores += [PostgresStore.open(dsn, "R1") for _ in range(2)]
    for each in stores:
        each.reach()
        each.answer_s = ANSWER_S
    one = draft(NoteAdded(text="into the frozen server"), ANA)
    answers: dict[str, tuple[object, float]] = {}

    def ask(name: str, call: Callable[[], object]) -> None:
        began = time.monotonic()
        try:
            answer = call()
        except LogError as error:
            answer = error
        answers[name] = answer, time.monotonic() - began

    pair.primary.freeze()
    calls: dict[str, Callable[[], object]] = {
        "append": lambda: stores[0].append(None, one), "lookup": lambda: stores[1].lookup("x"),
        "lines": lambda: stores[2].lines_after(0), "open": lambda: PostgresStore.open(dsn, "R1", answer_s=ANSWER_S),
        "copy": lambda: MirroredStore.open(dsn, "R1", tmp_path / "R1", answer_s=ANSWER_S),
        "check": lambda: judge(dsn), "init": lambda: install(dsn),
    }  # fmt: skip
    asking = [threading.Thread(target=ask, args=item) for item in calls.items()]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    pair.primary.thaw()
    stores[0].answer_s = 10.0
    print({name: f"{seconds:.2f} s" for name, (_, seconds) in answers.items()})
    assert answers.pop("append")[0] == Unknown(id=one.id)
    assert {name for name, (answer, _) in answers.items() if not isinstance(answer, StoreAway)} == set()
    assert max(seconds for _, seconds in answers.values()) < HANGS_S, "on a machine that has time for it, 3"
    found = stores[0].lookup(one.id)
    with psycopg.connect(pair.primary.dsn()) as admin:
        row = admin.execute("SELECT count(*) FROM cockpit.lines WHERE id = %s", (one.id,)).fetchone()
    assert (found is not None, row) in ((True, (1,)), (False, (0,)))
    assert isinstance(stores[0].append(None, draft(NoteAdded(text="after"), ANA)), Durable)
    for store in stores:
        store.close()
