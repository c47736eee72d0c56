"""Hostile values in the settings of probes: they reach what the profile says, or nothing."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hostile_values import VALUES
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import ProbeError
from cockpit.probes.postgres.declaration import postgres_target
from cockpit.probes.runner import filled_settings
from cockpit.profile.kinds import installed
from cockpit.profile.model import Probe
from cockpit.profile.pasting import refusal

KINDS = installed().probes


def filled(kind: str, value: str, **settings: object) -> dict[str, object] | None:
    """The settings with a value in them; None: it was refused, without being quoted."""
    probe = Probe(id="p", kind=kind, settings=dict(settings))
    try:
        typed = filled_settings(probe, KINDS[kind], {"x": value, "base": "https://api.example"})
    except ProbeError as refused:
        is_quoted = len(value) > 12 and value in str(refused)
        return {"url": f"refused, and quoted: {refused}", "dsn": ""} if is_quoted else None
    return {name: getattr(typed, name) for name in typed.__struct_fields__}


@pytest.mark.parametrize("url", ["https://api.example/v/${x}/health", "${base}/v/${x}", "https://api.example/h?v=${x}"])
def test_a_value_in_a_url_leaves_its_host_and_its_parts_as_they_are(url: str) -> None:
    plain = urlsplit(url.replace("${base}", "https://api.example"))
    passed = 0
    for value in VALUES:
        found = filled("http", value, url=url)
        if found is None:
            continue
        passed += 1
        parts = urlsplit(str(found["url"]))
        assert (parts.scheme, parts.netloc, parts.username) == ("https", "api.example", None)
        assert parts.path.count("/") == plain.path.count("/")
        assert (parts.query.count("&"), parts.fragment) == (0, "")
        assert ".." not in parts.path.split("/")
    assert passed > 10


def test_a_value_in_the_place_of_a_host_is_a_host() -> None:
    for value in VALUES:
        found = filled("http", value, url="https://${x}/health")
        if found is not None:
            parts = urlsplit(str(found["url"]))
            assert (parts.path, parts.query, parts.fragment, parts.username) == ("/health", "", "", None)
            assert parts.netloc == value
    assert filled("http", "api.example:8443", url="https://${x}/health") is not None


@pytest.mark.parametrize(
    "dsn", ["postgresql://u:${x}@db.example:5432/shop", "host=db.example password=${x} dbname=shop",
            "host=db.example password='${x}' dbname=shop", "postgresql://u@db.example:5432/shop?application_name=${x}"],
)  # fmt: skip
def test_a_value_in_a_dsn_leaves_its_server_and_database_as_they_are(dsn: str) -> None:
    passed = 0
    for value in VALUES:
        found = filled("postgres", value, dsn=dsn)
        if found is not None:
            passed += 1
            where = postgres_target(str(found["dsn"]))
            assert where.removeprefix("postgresql://").partition(":")[0].partition("/")[0] == "db.example"
            assert where.endswith("/shop")
    assert passed > 10


@given(st.text(st.characters(exclude_characters="\0")))
def test_no_text_at_all_leads_a_url_elsewhere(value: str) -> None:
    if refusal("https://api.example/${x}/y", {"x": value}) == ("", ""):
        parts = urlsplit(f"https://api.example/{value}/y")
        assert (parts.netloc, parts.query, parts.fragment, parts.path.count("/")) == ("api.example", "", "", 2)


def test_an_argument_of_a_probe_is_no_option_and_a_shell_gets_no_value_as_text() -> None:
    assert filled("command", "-rf", argv=["look", "${x}"]) is None
    assert filled("command", "-rf", argv=["look", "--", "${x}"]) is not None
    assert filled("command", "a b", script="echo $V", env={"V": "${x}"}) is None
    assert filled("command", "a b", script='echo "$V"', env={"V": "${x}"}) is not None
    assert filled("command", "a[$(id)]", script="echo $((V))", env={"V": "${x}"}) is None


def test_a_part_of_a_files_name_leads_to_no_other_folder() -> None:
    for value in ("..", "../../etc/passwd", "/etc/passwd", "a/b"):
        assert filled("file", value, path="logs/${x}") is None
        assert filled("file", value, path="${x}") is not None
