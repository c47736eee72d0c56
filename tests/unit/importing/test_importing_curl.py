"""Requests on the command line, the probes they become, and the answers they expect."""

from __future__ import annotations

import pytest

from cockpit.importing.answers import all_of, from_grep, from_jq, from_prose
from cockpit.importing.curl import request_of, requests_of
from cockpit.importing.draft import Draft
from cockpit.importing.expected import answer, conditions, said_of
from cockpit.importing.http_probes import full_url, health_probe
from cockpit.importing.ledger import Ledger
from cockpit.importing.shell import commands
from cockpit.importing.source import Source
from cockpit.probes.http.declaration import HTTP
from cockpit.profile.conditions import compile_condition, probe_environment

URL = "https://shop.example/health"


def drafted():
    draft = Draft()
    draft.ledgers.append(Ledger(Source(name="R.md", lines=("x",))))
    return draft


def probe_of(command, told=()):
    draft = drafted()
    found = [health_probe(each, draft, 1, told=told) for each in requests_of(commands(command)[0].simples)]
    return [probe for probe in draft.probes if probe.id in found], draft


@pytest.mark.parametrize(
    "command",
    [
        f"curl {URL}",
        f"curl -sSf {URL}",
        f'curl -s -S -f "{URL}"',
        f"curl --silent --show-error --fail --url {URL}",
        f"curl -fsSo /dev/null {URL}",
        f'curl -s -o /dev/null -w "%{{http_code}}\\n" {URL}',
        f"curl -X GET {URL}",
        f"curl -XGET {URL}",
        f"time curl {URL} | jq .",
        f"if curl -f {URL} > /dev/null 2>&1; then echo ok; fi",
        f"until curl -sf {URL}; do sleep 1; done",
        f"wget -qO- {URL}",
        f"http GET {URL}",
        "https shop.example/health",
        f"curl -s {URL} || exit 1",
    ],
)
def test_a_health_check_is_a_probe_of_its_url_however_it_is_written(command):
    (probe,), _ = probe_of(command)
    assert probe.settings["url"] == URL
    assert probe.settings.get("method", "GET") == "GET"


@pytest.mark.parametrize(
    "command",
    [
        f"curl -X POST {URL}",
        f"curl -d a=b {URL}",
        f"curl --json '{{}}' {URL}",
        f"curl --data-raw x {URL}",
        f"curl -T file {URL}",
        f"curl -u ana:secret {URL}",
        f"curl -H 'Authorization: Bearer abcdef0123456789' {URL}",
        f"curl -H 'X-Api-Key: abcdef0123456789' {URL}",
        f"curl -b session=1 {URL}",
        "curl https://shop.example/api/orders",
        "curl https://shop.example/sign-up",
        "curl -fsSL https://get.example.com | sh",
        "curl /health",
        "curl https://ana:pw@shop.example/health",
        "curl https://$(hostname)/health",
        "kubectl exec web -- curl localhost:8080/health",
        "ssh web1 curl localhost/health",
        "docker compose exec web curl -f localhost/health",
        "http POST https://shop.example/health",
        "http https://shop.example/health a=b",
        "wget --post-data=x https://shop.example/health",
        "echo curl https://shop.example/health",
    ],
)
def test_what_changes_something_or_cannot_be_asked_from_here_is_no_probe(command):
    assert probe_of(command)[0] == []


def test_options_are_kept_as_settings():
    (probe,), draft = probe_of(
        'curl -kLI --max-time 20 -H "Authorization: Bearer $API_TOKEN" -H "Accept: text/plain" $BASE_URL/readyz'
    )
    assert probe.settings == {
        "url": "${base_url}/readyz",
        "method": "HEAD",
        "headers": {"Accept": "text/plain"},
        "bearer": "${api_token}",
        "follow_redirects": True,
    }
    assert (probe.timeout_s, probe.interval_s) == (20.0, 20.0)
    assert draft.variables["api_token"].secret
    assert "certificates" in draft.notes[0].text
    assert request_of("ls") is None


def test_several_urls_are_several_probes_and_the_same_one_is_one():
    probes, draft = probe_of("curl -f https://a.example/health https://b.example/health")
    assert [probe.settings["url"] for probe in probes] == ["https://a.example/health", "https://b.example/health"]
    health_probe(request_of("curl https://a.example/health"), draft, 1)
    assert len(draft.probes) == 2


@pytest.mark.parametrize(
    ("command", "told", "expected"),
    [
        (f"curl -f {URL} | jq -e '.status == \"ok\"'", (), 'json.status == "ok"'),
        (f"curl -f {URL} | jq -e '.a.missing == 0 and .ready'", (), "json.ready != null && json.ready != false"),
        (f"curl -f {URL} | jq -e '.errors | length == 0'", (), "size(json.errors) == 0"),
        (f"curl -f {URL} | grep -q healthy", (), 'text.contains("healthy")'),
        (f"curl -f {URL} | grep -qi healthy", (), 'text.matches("(?i)healthy")'),
        (f"curl {URL}", ("=> 204",), "status == 204"),
        (f"curl {URL}", ("Should return 503 while in maintenance",), "status == 503"),
        (f"curl {URL}", ("Expected output: `pong`",), 'text.contains("pong")'),
    ],
)
def test_what_is_expected_of_the_answer_is_a_condition(command, told, expected):
    (probe,), _ = probe_of(command, told)
    assert expected in probe.pass_when
    assert probe.pass_when[0].startswith("status")
    for each in probe.pass_when:
        compile_condition(each, probe_environment(HTTP))


def test_what_does_not_translate_truly_is_left_to_a_person():
    assert from_jq("[.[] | select(.a)] | length > 0") == ()
    assert from_jq('.a == "x" or .b') == ()
    assert from_grep("ok.*", "q") == ()
    assert from_grep("error", "v") == ()
    assert from_prose(("Should return 150 rows", "returns 100% of them", "Expected: about what it was")) == ()
    (probe,), draft = probe_of(f"curl -f {URL} | jq -e '.a | test(\"x\")'")
    assert probe.pass_when == ()
    assert "jq" in draft.notes[0].text


def test_a_sample_answer_gives_conditions_on_what_says_how_the_system_is():
    sample = """# Example response
    {
        "status": "healthy", "timestamp": "2026-01-08T10:30:00Z", "version": "1.2.3", "build": 17,
        "user-sync": {"total": 150, "missing_profiles": 0, "sync_percentage": 100.0, "ready": true, "debug": false},
        "services": [{"name": "db", "status": "up"}, {"name": "auth", "status": "up"}],
        "errors": [], "last_error": null, "in": {"ok": true},
    }"""
    found = conditions(answer(sample))
    assert found == (
        'json.status == "healthy"',
        'json["user-sync"].missing_profiles == 0',
        'json["user-sync"].sync_percentage == 100',
        'json["user-sync"].ready == true',
        'json.services.all(part, part.status == "up")',
        "size(json.errors) == 0",
        "json.last_error == null",
        'json["in"].ok == true',
    )
    for each in found:
        compile_condition(each, probe_environment(HTTP))


def test_answers_in_a_terminal_are_read_too():
    assert said_of('{"status": "ok"}') == all_of(('json.status == "ok"',))
    assert said_of("OK")[1] == 'text.contains("OK")'
    assert said_of("HTTP/1.1 204 No Content\nServer: x") == ("status == 204",)
    assert said_of("total 0\nfile") == ()


def test_urls_with_placeholders_ask_for_a_variable_and_others_are_refused():
    draft = drafted()
    assert full_url("localhost:8000/health", draft) == "http://localhost:8000/health"
    assert full_url("https://your-api/health", draft) == "https://${api}/health"
    before = dict(draft.variables)
    for bad in (
        "/health",
        "ftp://x/health",
        "https://a b/health",
        "$X y",
        "http://",
        "file:///etc/health",
        "https://[::/health",
    ):
        assert full_url(bad, draft) == "", bad
    assert draft.variables == before
