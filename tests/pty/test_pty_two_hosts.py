"""Two people on two hosts, which share a database alone, walk one run; then a cable is pulled, and a host is lost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ssh_nights import agrees, answers, press
from systems import replicas
from two_hosts import Hosts, obstacle, two_hosts

from cockpit.audit.layout import outputs_dir
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.run import events as e

pytestmark = pytest.mark.skipif(bool(obstacle()), reason=obstacle())
PROFILE = """
id = "shop"
title = "The shop"
environment = "staging"

[[roles]]
id = "dba"
people = ["bo"]

[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "look"
title = "Look at it"
kind = "confirm"
[[phases.steps]]
id = "agree"
title = "Agree"
kind = "signoff"
role = "dba"
four_eyes = true
[[phases.steps]]
id = "migrate"
title = "Migrate"
kind = "command"
argv = ["sh", "-c", "echo begun on $(hostname); until test -e {gate}; do sleep 0.1; done; echo ended"]
[[phases.steps]]
id = "rest"
title = "The rest"
kind = "confirm"

[[probes]]
id = "name"
title = "The host has a name"
kind = "file"
path = "/etc/hostname"
interval = "1 s"
"""


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with tempfile.TemporaryDirectory(prefix="cockpit-pg-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        if said := replicas.obstacle(folder):
            pytest.skip(said)
        with replicas.alone(replicas.make_template(folder), folder) as server:
            try:
                made = two_hosts(server)
                both = made.__enter__()
            except RuntimeError as refused:
                pytest.skip(str(refused))
            try:
                yield both
            finally:
                made.__exit__(None, None, None)


def told(run_dir: Path) -> list[e.Event]:
    tail, found = Tail(run_dir), list[e.Event]()
    while entries := tail.read():
        found += [entry.event for entry in entries]
    tail.close()
    return found


def test_two_people_on_two_hosts_walk_one_run_and_go_on_when_one_is_lost(hosts: Hosts) -> None:
    ash, birch, gate = hosts.ash, hosts.birch, hosts.ash.home / "gate"
    (ash.home / "shop.toml").write_text(PROFILE.replace("{gate}", str(gate)))
    with ash.cockpit("run", str(ash.home / "shop.toml"), "--store", hosts.dsn) as ana:
        ana.wait_for(r"watching \(epoch 1, as ana@ash\)")
        with birch.cockpit("join", "--store", hosts.dsn, columns=80, lines=24) as bo:
            bo.wait_for("WATCHING")
            ana.wait_for("here: ana bo")
            bo.wait_for(r"\+1 here")
            assert "KEEPER" not in bo.text, "the keeper of the other host is seen to live"
            bo.wait_for("✔ name")  # not stale, although both hosts' clocks have nothing to do with each other
            # one step each: confirmed there, approved here, and done by the keeper that is there
            press(ana, "c", "confirmed 1.1 Look at it")
            bo.wait_for("▶ 1.2 Agree")
            agrees(bo, "You approve as dba", "a", opened_by="a")
            # the pen goes to the other host, the keeper stays
            ana.wait_for("▶ 1.3 Migrate")
            answers(bo, "Ask ana for the pen", "my turn", opened_by="P")
            ana.wait_for("bo ASKS FOR THE PEN")
            ana.send("P")
            bo.wait_for("ana OFFERS YOU THE PEN")
            press(bo, "P", "What you take over")
            agrees(bo, "What you take over", "a")
            bo.wait_for("LIVE")
            ana.wait_for("WATCHING")
            bo.send("r")
            bo.wait_for("begun on ash")
            ana.wait_for("begun on ash")
            press(bo, ".", "the keeper on ash was asked to probe now")
            assert birch.keepers() == []

            # the cable is pulled
            ash.cut()
            cut_s = time.monotonic()
            ana.wait_for("THE DATABASE IS AWAY")
            away_s = time.monotonic() - cut_s
            bo.wait_for("KEEPER ON ash GONE")
            gone_s = time.monotonic() - cut_s
            print(f"the cable was pulled: said there after {away_s:.1f} s, and on the other host after {gone_s:.1f} s")
            press(bo, ".", "where are the profile's files on this host")
            agrees(bo, "where are the profile.s files on this host", "enter")  # none are named
            bo.wait_for("1.3 Migrate was under way there")
            answers(bo, "the last one was on ash", "ash does not answer")
            bo.wait_for("UNKNOWN whether it was done")
            bo.wait_for("KEEPER 2 DIFFERS, r shows it: bo for ana, birch for ash")
            (run_dir,) = birch.runs.iterdir()
            assert len(birch.keepers()) == 1

            # it is put back: the keeper there ends, and tells only what its command came to
            seq = told(run_dir)[-1].seq
            ash.mend()
            ana.wait_until_gone("THE DATABASE IS AWAY")
            ana.wait_for("takes over from keeper 1 on ash, to birch")
            gate.touch()
            bo.wait_until_gone("UNKNOWN whether it was done")
            ana.wait_until(lambda text: not ash.keepers())
            assert ash.keepers() == []
            late = [event for event in told(run_dir) if event.seq > seq and event.actor.host == "ash"]
            assert [event.type for event in late if event.is_fact] == ["action.ended"]
            (ended,) = [event.body for event in late if isinstance(event.body, e.ActionEnded)]
            assert ended.outcome == "succeeded"
            came = outputs_dir(run_dir) / ended.output
            assert bo.wait_until(lambda text: came.exists())
            assert came.read_text() == "begun on ash\nended\n"
            press(bo, "c", "confirmed 1.3 Migrate")

            # the other host is lost, with everybody on it
            assert ana.process.poll() is None
            ash.lose()
            lost_s = time.monotonic()
            bo.wait_until_gone(r"\+1 here")
            print(f"a lost host's people are gone after {time.monotonic() - lost_s:.1f} s")
            press(bo, "c", "confirmed 1.4 The rest")
            agrees(bo, "Finish the run", "F", opened_by="F")
            bo.wait_for("finished")
            bo.send("q")
            assert bo.wait_for_exit() == 0
    assert [event.type for event in told(run_dir) if isinstance(event.body, e.KeeperMoved | e.RunFinished)] == [
        "keeper.moved",
        "run.finished",
    ]
    unverified = [event.actor.host for event in told(run_dir) if isinstance(event.body, e.PlaceAccepted)]
    assert unverified == ["ash", "birch"], "each host says once, keeper and all, that it does not verify the store"
    gone = [event.body for event in told(run_dir) if isinstance(event.body, e.OperatorDetached) and event.body.found]
    assert len(gone) <= 2, "each is written down once: while the cable was pulled, perhaps, and at the end"
    assert verify(run_dir / "audit.jsonl").ok
