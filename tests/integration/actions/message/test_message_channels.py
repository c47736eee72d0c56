"""Texts through real servers, well-behaved and not: what is said of each is what is known of it."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys

import pytest
import trustme
from message_server import MessageServer, message_server

from cockpit.actions.message.channels import send
from cockpit.actions.message.sent import Sent
from cockpit.profile.model import Channel

OWN_WARNINGS = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
"""Of Apprise and what it imports."""
SECRET = "T0pS3cretT0ken"


async def sent(server: MessageServer, path: str, timeout_s: float = 5.0, **extra: str) -> Sent:
    channel = Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}{path}/{SECRET}")
    return await send(channel, "Maintenance", "starts at 22:00\nends at 02:00", extra, timeout_s=timeout_s)


async def test_a_webhook_gets_one_json_object_and_any_2xx_is_success() -> None:
    async with message_server() as server:
        assert await sent(server, "/ok", run="01J", environment="staging") == Sent("succeeded", "status 200")
        assert (await sent(server, "/empty")).ok
        (path, headers, content), _ = server.taken
        assert path == f"/ok/{SECRET}"
        assert headers["content-type"] == "application/json"
        assert content == {
            "run": "01J", "environment": "staging", "title": "Maintenance", "text": "starts at 22:00\nends at 02:00",
        }  # fmt: skip


async def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    async with message_server() as server:
        answer = await sent(server, "/moved")
        assert (answer.outcome, answer.ok) == ("failed", False)
        assert "status 307" in answer.detail
        assert len(server.taken) == 1


async def test_a_refusal_is_told_by_its_status_and_the_first_line_of_its_reason_made_visible() -> None:
    async with message_server() as server:
        assert await sent(server, "/down") == Sent("failed", "status 500: no_service␛[31m")
        assert (await sent(server, "/garbage")).detail.startswith("status 403")


async def test_what_a_server_says_is_left_out_if_it_tells_the_secret_address() -> None:
    async with message_server() as server:
        assert await sent(server, "/echo") == Sent("failed", "status 404")


@pytest.mark.parametrize("path", ["/close", "/close-early", "/half"])
async def test_a_connection_that_is_lost_after_the_request_was_begun_leaves_it_unknown(path: str) -> None:
    async with message_server() as server:
        answer = await sent(server, path)
        assert answer.outcome == "unknown"
        assert answer.detail.endswith("; it may have arrived")


async def test_a_server_that_never_answers_leaves_it_unknown_in_time() -> None:
    async with message_server() as server:
        answer = await sent(server, "/hang", timeout_s=0.3)
        assert answer == Sent("unknown", "no answer within 0.3 s; it may have arrived")
        assert len(server.taken) == 1


async def test_nothing_is_sent_where_nobody_listens() -> None:
    async with message_server() as server:
        pass
    assert await sent(server, "/ok") == Sent("failed", "nothing was sent: connection refused")


async def test_nothing_is_sent_to_a_server_whose_authority_is_not_trusted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with message_server(context) as server:
        channel = Channel(id="oncall", webhook=f"https://127.0.0.1:{server.port}/{SECRET}")
        answer = await send(channel, "", "x", {})
        assert answer.outcome == "failed"
        assert "nothing was sent: its certificate does not verify" in answer.detail
        assert server.taken == []


async def test_no_proxy_of_the_environment_gets_to_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with message_server() as server:
        assert (await sent(server, "/ok")).ok


@pytest.mark.parametrize("url", ["x", "ftp://h/x", "http://", "https:///x", "http://[::1", "file:///etc/passwd"])
async def test_what_is_no_http_address_is_said_without_quoting_it(url: str) -> None:
    answer = await send(Channel(id="oncall", webhook=url), "", "x", {}, timeout_s=2)
    assert answer.outcome == "failed"
    assert answer.detail.startswith("nothing was sent: the webhook is no ")


@pytest.mark.parametrize("url", ["http://h:99999/hook", "http://a b/hook", "http://nowhere.invalid/hook"])
async def test_an_address_that_no_host_has_is_a_failure(url: str) -> None:
    answer = await send(Channel(id="oncall", webhook=url), "", "x", {}, timeout_s=5)
    assert answer.outcome == "failed"
    assert answer.detail.startswith("nothing was sent: ")
    assert "hook" not in answer.detail.removeprefix("nothing was sent: the webhook")


async def test_a_channel_that_leads_nowhere_is_said_so() -> None:
    assert "leads nowhere" in (await send(Channel(id="oncall"), "", "x", {})).detail


async def test_a_text_from_outside_is_made_visible_before_it_goes_out() -> None:
    async with message_server() as server:
        channel = Channel(id="oncall", webhook=f"http://127.0.0.1:{server.port}/ok")
        await send(channel, "a\x1b]0;x\x07\nb", "c\x00\ud800\nd", {"run": "\x07"})
        assert server.taken[0][2] == {"run": "␇", "title": "a␛]0;x␇␊b", "text": "c␀‹U+D800›\nd"}


@OWN_WARNINGS
async def test_apprise_sends_to_a_service_that_it_knows() -> None:
    async with message_server() as server:
        channel = Channel(id="chat", apprise=f"json://127.0.0.1:{server.port}/ok/{SECRET}")
        assert await send(channel, "Maintenance", "now", {}) == Sent("succeeded", "taken by the service")
        ((_, _, content),) = server.taken
        assert (content["title"], content["message"]) == ("Maintenance", "now")


@OWN_WARNINGS
async def test_apprise_never_tells_the_address_of_what_failed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with message_server() as server:
        answers = [
            await send(Channel(id="chat", apprise=f"{url}/{SECRET}"), "", "x", {})
            for url in (f"json://127.0.0.1:{server.port}/down", "nonsense", "json://127.0.0.1:1", "slack://no")
        ]
    assert {answer.outcome for answer in answers} == {"failed"}
    said = "".join(answer.detail for answer in answers) + "".join(capfd.readouterr())
    said += "".join(record.getMessage() for record in caplog.records if record.name.startswith("apprise"))
    assert SECRET not in said


@OWN_WARNINGS
async def test_apprise_that_gets_no_answer_leaves_it_unknown_in_time() -> None:
    async with message_server() as server:
        channel = Channel(id="chat", apprise=f"json://127.0.0.1:{server.port}/hang")
        assert (await send(channel, "", "x", {}, timeout_s=1.0)).outcome == "unknown"


async def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # what importing an absent package does
    answer = await send(Channel(id="chat", apprise=f"json://127.0.0.1/{SECRET}"), "", "x", {})
    assert answer.outcome == "failed"
    assert "install cockpit[apprise]" in answer.detail


async def test_two_texts_at_once_do_not_wait_for_each_other() -> None:
    async with message_server() as server:
        hanging = asyncio.create_task(sent(server, "/hang", timeout_s=30))
        await server.begun.wait()
        assert (await sent(server, "/ok")).ok
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
