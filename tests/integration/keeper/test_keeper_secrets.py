"""Secrets that are typed: they reach their probe, and nothing else ever holds them."""

from __future__ import annotations

import pytest
from keeper_stage import Server, Stage, until

from cockpit.session.secrets import give, socket_path, wanted

SECRET = "correct-horse-battery-staple"


ASKED = """
[variables.token]
prompt = "The token"
secret = true

[variables.other]
env = "COCKPIT_TEST_OTHER"
secret = true

[[probes]]
id = "guarded"
kind = "http"
url = "${base}/guarded"
bearer = "${token}"
interval = 0.2
timeout = 1
value = "text"

[[probes]]
id = "other"
kind = "http"
url = "${base}/other"
bearer = "${other}"
interval = 600
timeout = 1
"""


def test_a_typed_secret_reaches_its_probe_and_nothing_else(stage: Stage, server: Server) -> None:
    server.body = f'{{"missing": 0, "quoted": "{SECRET}"}}'  # a server that gives it away
    stage.begin(more=ASKED)
    stage.keeper()
    until(lambda: stage.state.probes["guarded"].status == "error", "the probe that waits")
    assert "waiting for the secret `token`" in stage.state.probes["guarded"].detail
    until(lambda: "COCKPIT_TEST_OTHER" in stage.state.probes["other"].detail, "the one that the environment lacks")
    assert wanted(stage.run_dir) == ("token",)
    assert socket_path(stage.run_dir).stat().st_mode & 0o777 == 0o600
    give(stage.run_dir, "token", SECRET)
    until(lambda: stage.state.probes["guarded"].status == "pass", "the probe that has its secret")
    assert wanted(stage.run_dir) == ()
    until(lambda: stage.state.probes["guarded"].reading, "a sample")
    reading = stage.state.probes["guarded"].reading
    assert reading is not None
    assert "‹secret token›" in str(reading.value)
    assert SECRET.encode() not in stage.everything_kept()


def test_a_new_keeper_asks_again(stage: Stage) -> None:
    stage.begin(more=ASKED)
    first = stage.keeper(COCKPIT_TEST_OTHER="known-to-all")
    give(stage.run_dir, "token", SECRET)
    assert wanted(stage.run_dir) == ()
    first.kill()
    first.wait()
    stage.keeper(COCKPIT_TEST_OTHER="known-to-all")
    assert wanted(stage.run_dir) == ("token",)
    until(lambda: stage.state.probes["other"].status == "pass", "a secret of the environment")


@pytest.mark.parametrize(
    "request_bytes",
    [b"\n", b"not json\n", b'{"name": "token"}\n', b"x" * 200_000 + b"\n", b'{"name": "base", "value": "x"}\n'],
    ids=["empty", "no_json", "no_value", "too_long", "another_name"],  # the environment holds the id
)
def test_nonsense_on_the_socket_changes_nothing(stage: Stage, request_bytes: bytes) -> None:
    import socket

    stage.begin(more=ASKED)
    keeper = stage.keeper()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_path(stage.run_dir)))
        try:
            connection.sendall(request_bytes)
            answer = connection.recv(4096)
        except ConnectionError:
            answer = b'"ok":false'
    assert b'"ok":false' in answer
    assert wanted(stage.run_dir) == ("token",)
    assert keeper.poll() is None
