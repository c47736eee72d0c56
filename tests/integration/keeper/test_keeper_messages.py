"""Messages that a real keeper sends: filled from the run, through a secret address that is never told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from keeper_stage import PROFILE, Stage, do, until

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import ConfirmStep
from cockpit.run.messages import digest
from cockpit.session.creating import create_run

SECRET = "s3cret-hook-of-the-team"
TEXTS = """
[variables.hook]
env = "COCKPIT_TEST_HOOK"
secret = true

[variables.service]
value = "Stage"

[[channels]]
id = "team"
webhook = "${{hook}}"

[[templates]]
id = "notice"
title = "${{service}}: maintenance"
to = "the team of ${{service}}"
channel = "team"
body = "${{run.operator}} begins with ticket ${{ticket}} on ${{run.environment}}."

[[templates]]
id = "by_hand"
body = "Tell them."
"""
STEPS = """
[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "ticket"
title = "Ticket"
kind = "record"

[[phases.steps]]
id = "tell"
title = "Tell the team"
kind = "message"
template = "notice"

[[phases.steps]]
id = "tell_by_hand"
title = "Tell by hand"
kind = "message"
template = "by_hand"
"""
WITH_MESSAGES = PROFILE[: PROFILE.index("[[phases]]")] + STEPS


class Hook:
    """Takes what is posted."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/{SECRET}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


MORE = TEXTS.replace("{{", "{").replace("}}", "}")


def record_ticket(stage: Stage) -> None:
    with stage.seat() as seat:
        cursor = seat.view.state.cursor
        assert cursor is not None
        do(seat, ConfirmStep, step="ticket", value="CHG-7", painted_seq=cursor.opened_seq)


def test_a_message_goes_out_filled_from_the_run_and_its_address_is_nowhere(stage: Stage, hook: Hook) -> None:
    stage.begin(profile=WITH_MESSAGES, more=MORE)
    stage.keeper(COCKPIT_TEST_HOOK=hook.url)
    record_ticket(stage)
    ended = stage.ending(stage.order("tell"))
    assert (ended.outcome, ended.detail) == ("succeeded", "status 200")
    operator = stage.state.pen.user if stage.state.pen else ""
    body = f"{operator} begins with ticket CHG-7 on staging."
    assert [(each["title"], each["text"]) for each in hook.taken] == [("Stage: maintenance", body)]
    assert (hook.taken[0]["run"], hook.taken[0]["environment"]) == (stage.run_dir.name, "staging")
    text = f"Stage: maintenance\n\n{body}"
    assert ended.sent == {"to": "the team of Stage", "channel": "team", "digest": digest(text)}
    (started,) = stage.bodies("action.started")
    assert (started.shown, started.mode) == (text, "real")
    assert SECRET.encode() not in stage.everything_kept()


def test_a_refused_message_may_be_sent_again_as_another_attempt(stage: Stage, hook: Hook) -> None:
    stage.begin(profile=WITH_MESSAGES, more=MORE)
    stage.keeper(COCKPIT_TEST_HOOK=hook.url)
    record_ticket(stage)
    hook.status = 503
    ended = stage.ending(stage.order("tell"))
    assert (ended.outcome, ended.detail, ended.sent) == ("failed", "status 503", {})
    hook.status = 204
    assert stage.ending(stage.order("tell", attempt=2)).outcome == "succeeded"
    assert len(hook.taken) == 2


def test_through_an_empty_address_nothing_is_sent_and_it_says_why(stage: Stage, hook: Hook) -> None:
    stage.begin(profile=WITH_MESSAGES, more=MORE)
    stage.keeper(COCKPIT_TEST_HOOK="")
    record_ticket(stage)
    ended = stage.ending(stage.order("tell"))
    assert (ended.outcome, "its address is empty" in ended.detail) == ("failed", True)
    assert hook.taken == []


def test_a_rehearsal_shows_a_message_and_sends_nothing(stage: Stage, hook: Hook) -> None:
    path = stage.folder / "stage.toml"
    path.write_text(WITH_MESSAGES.format(url=stage.server.url, interval="0.2", timeout="1", more=MORE))
    loaded = load(path, installed())
    stage.run_dir = create_run(
        loaded, {"base": stage.server.url, "service": "Stage"}, folder=stage.folder / "runs", rehearsal=True
    )
    stage.keeper(COCKPIT_TEST_HOOK=hook.url)
    record_ticket(stage)
    ended = stage.ending(stage.order("tell"))
    assert (ended.outcome, ended.sent, hook.taken) == ("succeeded", {}, [])
    assert [body.mode for body in stage.bodies("action.started")] == ["shown"]
    assert stage.state.is_rehearsal


def test_people_are_called_when_a_message_is_due_and_no_screen_is_open(stage: Stage, hook: Hook) -> None:
    alerts = WITH_MESSAGES.replace('environment = "staging"', 'environment = "staging"\nalerts = "team"')
    stage.begin(
        profile=alerts.replace('template = "notice"', 'template = "notice"\ndue = "start-24h"'),
        more=MORE + '[window]\nstart = "00:00"\nend = "23:59"\n',
    )
    stage.keeper(COCKPIT_TEST_HOOK=hook.url)
    (told,) = until(lambda: stage.bodies("alert.sent"), "a call")
    assert (told.ok, told.channel, told.detail) == (True, "team", "status 200")
    assert hook.taken[0]["title"] == "stage staging: 1.2 Tell the team is due"
    assert "cockpit resume" in hook.taken[0]["text"]
    assert SECRET.encode() not in stage.everything_kept()
