"""A keeper that differs from the one before, as processes: it probes, and acts once a person has confirmed it."""

from __future__ import annotations

import pytest
from keeper_stage import Stage, do, until
from test_keeper_actions import with_step

from cockpit.audit.layout import environment_key
from cockpit.run.commands import AcceptKeeper
from cockpit.run.events import KeeperAccepted
from cockpit.run.hands import other_hands

PIN = "pin-4711"
"""A secret that anybody could guess from a digest without a key."""


def handed_over(stage: Stage, first: dict[str, str], second: dict[str, str]) -> None:
    """A keeper with one environment, killed, and then one with another."""
    keeper = stage.plugged(**first)
    until(lambda: "db" in stage.state.targets, "a look at the target")
    keeper.kill()
    keeper.wait()
    stage.plugged(**second)
    until(lambda: stage.state.keeper and stage.state.keeper.epoch == 2, "the second keeper")


def test_an_order_that_came_before_anybody_confirmed_is_refused_and_acts_after_it(stage: Stage) -> None:
    stage.begin_with(with_step(says="x", target="db"))
    first = {"KUBECONFIG": "/home/ana/.kube/config", "COCKPIT_TEST_PIN": PIN}
    handed_over(stage, first, {"KUBECONFIG": "/root/.kube/config", "COCKPIT_TEST_PIN": "0815", "PGUSER": "admin"})
    found = other_hands(stage.state)
    assert found.told() == ("changed: COCKPIT_TEST_PIN, KUBECONFIG", "new: PGUSER")
    until(lambda: stage.state.probes["api"].reading, "a reading: it probes")

    action = stage.order("act", epoch=2)
    ended = stage.ending(action)
    assert (ended.outcome, "keeper 2 differs from keeper 1" in ended.detail) == ("refused", True)
    assert stage.done(action) == []

    with stage.seat() as seat:
        do(seat, AcceptKeeper, epoch=2, shown=found.told(), painted_seq=0)
    again = stage.order("act", epoch=2, attempt=2)
    assert stage.ending(again).outcome == "succeeded"
    assert [body.shown for body in stage.bodies("keeper.accepted")] == [found.told()]

    log = b"".join(path.read_bytes() for path in stage.run_dir.glob("*.jsonl"))
    assert PIN.encode() not in log.replace(b'"pid":4711', b"")
    assert environment_key(stage.run_dir).read_bytes().hex().encode() not in log
    (warning, *_) = stage.bodies("keeper.started")[1].warnings
    assert warning.startswith("it differs from keeper 1 (COCKPIT_TEST_PIN, KUBECONFIG and 1 more variable)")


def test_another_terminal_connection_and_login_are_no_difference(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.begin_with(with_step(says="x", target="db"))
    for name in ("TMUX", "TMUX_PANE", "XDG_SESSION_ID"):
        monkeypatch.delenv(name, raising=False)
    away = {"SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22", "SSH_AUTH_SOCK": "/tmp/ssh-1/agent.1", "TERM": "xterm"}
    back = {"SSH_CONNECTION": "192.0.2.9 7 192.0.2.1 22", "TMUX": "/tmp/tmux-0/default,1,0", "TMUX_PANE": "%3",
            "TERM": "tmux-256color", "COLUMNS": "80", "XDG_SESSION_ID": "c7", "PWD": "/", "SHLVL": "4"}  # fmt: skip
    handed_over(stage, away, back)
    assert not other_hands(stage.state).are_there
    assert stage.ending(stage.order("act", epoch=2)).outcome == "succeeded"


def test_without_the_runs_key_the_environment_is_not_known_and_that_is_a_difference(stage: Stage) -> None:
    stage.begin_with(with_step(says="x", target="db"))
    keeper = stage.plugged()
    until(lambda: stage.state.keeper, "the first keeper")
    keeper.kill()
    keeper.wait()
    environment_key(stage.run_dir).unlink()
    stage.plugged()
    until(lambda: stage.state.keeper and stage.state.keeper.epoch == 2, "the second keeper")
    assert other_hands(stage.state).brief() == "its environment is not known"
    assert stage.ending(stage.order("act", epoch=2)).outcome == "refused"


def test_a_target_that_only_the_action_finds_to_be_another_one_stops_it(stage: Stage) -> None:
    stage.begin_with(with_step(says="x", target="db"))
    (stage.folder / "db").write_text("match as app")
    keeper = stage.plugged()
    until(lambda: "db" in stage.state.targets, "a look at the target")
    keeper.kill()
    keeper.wait()
    (stage.folder / "db").write_text("unreachable")
    stage.plugged()
    until(lambda: stage.state.targets["db"].verdict == "unreachable", "a look of the second keeper")
    (stage.folder / "db").write_text("match as admin")
    ended = stage.ending(stage.order("act", epoch=2))
    assert ended.outcome == "refused"
    assert "another one than was seen before, user admin for app" in ended.detail
    found = until(lambda: (f := other_hands(stage.state)).are_there and f, "the difference in the log")
    assert found.told() == ("target db: user admin for app",)
    stage.append(KeeperAccepted(epoch=2, previous=1, shown=found.told()))
    assert stage.ending(stage.order("act", epoch=2, attempt=2)).outcome == "succeeded"


def test_what_runs_is_watched_to_its_end_by_a_keeper_that_differs(stage: Stage) -> None:
    stage.begin_with(with_step(until="enough", target="db"))
    keeper = stage.plugged()
    action = stage.order("act")
    until(lambda: stage.bodies("action.output"), "its output")
    keeper.terminate()
    keeper.wait()
    stage.plugged(KUBECONFIG="/root/.kube/config")
    until(lambda: "adopt" in stage.done(action), "its adoption")
    until(lambda: other_hands(stage.state).are_there, "the difference in the log")
    (stage.run_dir / "enough").touch()
    assert stage.ending(action).outcome == "succeeded"
