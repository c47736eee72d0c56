"""A commit that waits for a standby: what `store check` says of it, and what is unknown when the wait is given up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from systems.replicas import Pair, until

from cockpit.audit.line import draft
from cockpit.audit.postgres.judging import judge
from cockpit.audit.postgres.store import PostgresStore
from cockpit.audit.store import Durable, Outcome, Unknown
from cockpit.run.events import Actor, NoteAdded

pytestmark = pytest.mark.xdist_group("pair")  # beside those that share one server

ANA = Actor(user="ana", host="h1")
WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def store(pair: Pair) -> Iterator[PostgresStore]:
    """A run on a primary that waits for its standby."""
    wait_for(pair, "two")
    until(lambda: pair.primary.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "the standby")
    store = PostgresStore.create(pair.dsn(), "R1")
    assert isinstance(store.append(0, draft(NoteAdded(text="begin"), ANA)), Durable)
    yield store
    store.close()


def wait_for(pair: Pair, names: str) -> None:
    pair.primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    pair.primary.execute("SELECT pg_reload_conf()")
    until(lambda: pair.primary.execute("SHOW synchronous_standby_names") == [(names,)], "the setting")


def told(dsn: str) -> list[tuple[bool, str]]:
    about = ("synchronous", "standbys", "replica", "commit waits")
    return [(found.is_well, found.what) for found in judge(dsn) if any(each in found.what for each in about)]


def test_a_check_tells_what_standbys_a_commit_waits_for(pair: Pair) -> None:
    admin = pair.primary.dsn()
    (alone,) = told(admin)
    assert alone[0]
    assert alone[1].startswith("synchronous_commit is on, with no synchronous standby: after a failover the mirrors")
    wait_for(pair, "FIRST 1 (two, three)")
    until(lambda: (True, "1 synchronous standbys are connected, and 1 acknowledge each commit") in told(admin), "it")
    assert told(admin)[0] == (True, "synchronous_commit is on, for the standbys FIRST 1 (two, three)")
    wait_for(pair, "any 2 (two, three)")
    assert (
        False, "of the 2 synchronous standbys that a commit waits for, 1 are connected: commits hang",
    ) in told(admin)  # fmt: skip
    assert (False, "store_ana may not see whether these standbys are connected") in told(pair.dsn())
    assert told(pair.replica.dsn()) == [(False, "this server is a replica: nothing can be written here")]
    pair.replica.stop()
    wait_for(pair, "two")
    until(lambda: not told(admin)[-1][0], "the standby to be gone")
    assert told(admin)[-1][1] == "of the 1 synchronous standbys that a commit waits for, 0 are connected: commits hang"


def test_a_check_tells_of_weaker_settings_of_roles_and_databases(pair: Pair) -> None:
    pair.primary.execute("ALTER ROLE store_ana SET synchronous_commit = local")
    assert (True, "synchronous_commit is local, with no synchronous standby") in [
        (is_well, what.split(":")[0]) for is_well, what in told(pair.dsn())
    ], "no standby is waited for anyway"
    wait_for(pair, "two")
    assert (False, "synchronous standbys are named (two), and synchronous_commit is local") in told(pair.dsn())
    assert (False, "synchronous_commit is local for store_ana") in told(pair.primary.dsn()), "of others too"
    pair.primary.execute("ALTER ROLE store_ana RESET ALL")
    pair.primary.execute("ALTER DATABASE postgres SET synchronous_commit = off")
    assert (False, "synchronous_commit is off: what is acknowledged can be lost") in told(pair.dsn())
    assert (False, "synchronous_commit is off for postgres") in told(
        pair.primary.dsn(options="-c synchronous_commit=on")
    )
    pair.primary.execute("ALTER DATABASE postgres SET synchronous_commit = remote_write")
    assert told(pair.dsn())[0][0]
    assert told(pair.dsn())[0][1].endswith("they have what is acknowledged in memory, not yet on disk")


def cancelled(pair: Pair, _: PostgresStore) -> None:
    pair.primary.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def terminated(pair: Pair, _: PostgresStore) -> None:
    pair.primary.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def waited_out(pair: Pair, store: PostgresStore) -> None:
    """The client's own patience."""
    store.give_up()


@pytest.mark.parametrize("given_up", [cancelled, terminated, waited_out])
def test_a_wait_for_a_stopped_standby_that_is_given_up_is_unknown_and_looked_up(
    pair: Pair, store: PostgresStore, given_up: Callable[[Pair, PostgresStore], None]
) -> None:
    pair.replica.freeze()
    one = draft(NoteAdded(text="waits"), ANA)
    outcomes: list[Outcome] = []
    asking = threading.Thread(target=lambda: outcomes.append(store.append(None, one)))
    asking.start()
    until(lambda: pair.primary.execute(WAITS), "the commit to wait for the standby")
    given_up(pair, store)
    asking.join()
    assert outcomes == [Unknown(id=one.id)]
    found = store.lookup(one.id)
    assert found is not None, "it is committed here, though no standby has it yet"
    pair.replica.thaw()
    assert isinstance(store.append(found.seq, draft(NoteAdded(text="goes on"), ANA)), Durable)


def test_a_statement_timeout_of_the_server_while_it_waits_is_no_lie_either(pair: Pair, store: PostgresStore) -> None:
    """It does not reach a commit that waits: nobody is told anything until the standby answers, or patience ends."""
    pair.primary.execute("ALTER ROLE store_ana SET statement_timeout = '200ms'")
    again = PostgresStore.open(pair.dsn(), "R1")
    again.reach()
    again.answer_s = 0.6
    pair.replica.freeze()
    one = draft(NoteAdded(text="waits"), ANA)
    outcome = again.append(None, one)
    assert outcome == Unknown(id=one.id)
    assert again.lookup(one.id) is not None
    pair.replica.thaw()
    again.close()


def test_what_a_synchronous_standby_acknowledged_is_on_it_after_a_failover(pair: Pair, store: PostgresStore) -> None:
    acknowledged = []
    for number in range(20):
        one = draft(NoteAdded(text=str(number)), ANA)
        assert isinstance(store.append(None, one), Durable)
        acknowledged.append(one.id)
    pair.primary.stop(signal.SIGQUIT)
    pair.replica.promote()
    pair.replica.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
    pair.replica.execute("SELECT pg_reload_conf()")
    assert [each for each in acknowledged if store.lookup(each) is None] == []
