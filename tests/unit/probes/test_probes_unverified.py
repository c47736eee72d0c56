"""What a profile lets go unverified: only with a reason, which `check` and the run's log both tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.errors import ProbeError
from cockpit.probes.http.declaration import HTTP, HttpSettings
from cockpit.probes.http.exchange import build_request
from cockpit.profile.elsewhere import is_here
from cockpit.profile.kinds import installed
from cockpit.profile.load import examine

PROFILE = """
id = "shop"
environment = "staging"
{above}
[[probes]]
id = "api"
kind = "http"
{probe}
pass = ["status == 200"]
[[phases]]
id = "all"
title = "All"
[[phases.steps]]
id = "look"
title = "Look"
gate = ["api.passing"]
{below}
"""


def _checked(tmp_path: Path, probe: str, below: str = "") -> list[str]:
    path = tmp_path / "profile.toml"
    path.write_text(PROFILE.format(above="", probe=probe, below=below))
    _, problems = examine(path, installed())
    return [f"{each.severity}: {each.message}" for each in problems]


def test_what_is_not_verified_is_a_warning_of_check(tmp_path: Path) -> None:
    found = _checked(
        tmp_path,
        'url = "https://shop.example"\nunverified = "self-signed"',
        '[[channels]]\nid = "chat"\nwebhook = "https://chat.example/x"\nunverified = "an appliance"\n'
        '[[targets]]\nid = "db"\nkind = "postgres"\ndsn = "postgresql://db.example/shop"\n'
        'unverified = "no TLS there"\n',
    )
    said = "is not verified: whoever stands between reads and answers in its name"
    assert {f"warning: {each} {said}" for each in ("probe api", "target db", "channel chat")} <= set(found)


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ('url = "https://shop.example"\nunverified = true', "error: `unverified` is true or false"),
        ('url = "https://shop.example"\nunverified = "  "', "error: probe `api`: `unverified` is the reason why"),
        ('url = "https://shop.example"\nunverified = "a\\nb"', "error: probe `api`: `unverified` is the reason why"),
        (
            'url = "https://shop.example"\nunverified = "x"\nca_file = "ca.pem"',
            "error: probe `api`: `ca_file` and `unverified` exclude each other",
        ),
        (
            'url = "http://shop.example"\nbearer = "abc"',
            "error: probe `api`: `bearer` would go unencrypted to shop.example: use https://",
        ),
        (
            'url = "http://10.0.0.9"\nheaders = {Cookie = "seat=1"}',
            "error: probe `api`: the header Cookie of `headers` would go unencrypted to 10.0.0.9",
        ),
    ],
    ids=["flag", "blank", "lines", "both", "bearer", "cookie"],
)
def test_verifying_is_turned_off_by_a_reason_alone(tmp_path: Path, probe: str, said: str) -> None:
    found = _checked(tmp_path, probe)
    assert any(each.startswith(said) for each in found), found


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "http://localhost:8080", "bearer": "abc"},
        {"url": "http://127.0.0.1", "headers": {"Authorization": "x"}},
        {"url": "http://[::1]:80", "bearer": "abc"},
        {"url": "http://shop.example"},
        {"url": "https://shop.example", "bearer": "abc"},
        {"url": "http://shop.example", "bearer": "abc", "unverified": "a private line"},
    ],
    ids=["localhost", "loopback", "ipv6", "nothing-secret", "https", "reason"],
)
def test_credentials_may_go_where_nobody_else_reads_them(settings: dict[str, object]) -> None:
    assert HTTP.problems(HttpSettings(**settings)) == ()  # type: ignore[arg-type]  # the values fit


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X A": "space"}, "is no header's"),
        ({"X:A": "colon"}, "is no header's"),
        ({"": "empty"}, "is no header's"),
        ({"Transfer-Encoding": "chunked"}, "is sent by itself"),
        ({"content-length": "5"}, "is sent by itself"),
        ({"X-A": "1", "x-a": "2"}, "stands there twice"),
    ],
    ids=["space", "colon", "empty", "chunked", "length", "twice"],
)
def test_a_header_cannot_smuggle_another_one_or_another_request(headers: dict[str, str], said: str) -> None:
    (problem,) = HTTP.problems(HttpSettings(url="https://shop.example", headers=headers))
    assert said in problem


@pytest.mark.parametrize("value", ["one\r\nX-B: two", "one\ntwo", "nul\0", "\x0b", "del\x7f"])
@pytest.mark.parametrize("where", ["header", "bearer"])
def test_a_value_with_a_line_break_never_becomes_a_request(where: str, value: str) -> None:
    headers, bearer = ({"X-A": value}, "") if where == "header" else ({}, value)
    with pytest.raises(ProbeError, match="line break") as raised:
        build_request("GET", "https://shop.example", headers=headers, bearer=bearer)
    assert value not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("LOCALHOST.", True), ("api.localhost", True), ("127.0.0.1", True), ("127.9.9.9", True),
        ("::1", True), ("[::1]", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("localhost.example", False),
        ("127.0.0.1.example", False), ("::ffff:10.0.0.1", False), ("2130706433", False), ("0.0.0.0", False),
        ("", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_here(host: str, here: bool) -> None:
    assert is_here(host) is here


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://x/y", "unix:/run/x", "data:text/plain,x", "gopher://x", "//shop.example",
        "http:shop", "https:///x", "http://u:p@x/", "http://u@x/",
    ],
)  # fmt: skip
def test_only_http_and_https_with_a_host_and_no_password_are_asked(url: str) -> None:
    assert HTTP.problems(HttpSettings(url=url))


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ('webhook = "http://chat.example/x"', "would send unencrypted to chat.example"),
        ('webhook = "http://10.0.0.9:8080/x"', "would send unencrypted to 10.0.0.9"),
        ('webhook = "HTTP://chat.example/${hook}"', "would send unencrypted to chat.example"),
        ('webhook = "http://${place}/x"', "would send unencrypted to chat.example"),
        ('webhook = "http://${hook}/x"', ""),
        ('webhook = "${hook}"', ""),
        ('webhook = "http://127.0.0.1:9/x"', ""),
        ('webhook = "http://localhost/x"', ""),
        ('webhook = "https://chat.example/x"', ""),
        ('webhook = "http://chat.example/x"\nunverified = "a cable between two hosts"', ""),
    ],
)
@pytest.mark.parametrize("is_production", [True, False], ids=["production", "staging"])
def test_texts_go_unencrypted_to_another_host_only_for_a_reason(
    tmp_path: Path, channel: str, said: str, is_production: bool
) -> None:
    variables = '[variables.hook]\nenv = "HOOK"\nsecret = true\n[variables.place]\nvalue = "chat.example"\n'
    path = tmp_path / "profile.toml"
    above, below = "production = true" if is_production else "", f'{variables}[[channels]]\nid = "chat"\n{channel}\n'
    path.write_text(PROFILE.format(above=above, probe='url = "https://shop.example"', below=below))
    _, problems = examine(path, installed())
    found = [f"{each.severity}: {each.message}" for each in problems if "unencrypted" in each.message]
    severity = "error" if is_production else "warning"
    assert found == ([f"{severity}: channel `chat` {said}"] if said else [])
    if "unverified" in channel:
        assert any("channel chat is not verified" in each.message for each in problems), "a deviation of every run"
