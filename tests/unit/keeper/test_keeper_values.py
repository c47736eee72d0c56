"""Where the keeper's values come from, and that secrets do not leave it."""

from __future__ import annotations

import pytest

from cockpit.audit.clock import now
from cockpit.errors import ProbeError
from cockpit.keeper.values import RunValues
from cockpit.probes.reading import Judgement
from cockpit.profile.kinds import ProbeKind, Settings
from cockpit.profile.model import Probe, Profile, Variable
from cockpit.run.events import Actor, Event, KeeperStarted
from cockpit.run.readings import Reading
from cockpit.run.wording import sentence


class WebSettings(Settings, frozen=True, kw_only=True):
    url: str
    headers: dict[str, str] = {}


WEB = ProbeKind(name="web", doc="", settings=WebSettings, facts=(), default_pass=(), default_value="0")
PROFILE = Profile(
    id="shop",
    environment="staging",
    variables=(
        Variable(name="host", value="example.org"),
        Variable(name="typed", prompt="The token", secret=True, pattern="[a-z-]+"),
        Variable(name="given", env="GIVEN", secret=True),
        Variable(name="ticket", prompt="The ticket"),
    ),
)
SECRET = "open-sesame-and-more"


def values(**environ: str) -> RunValues:
    return RunValues(PROFILE, {"host": "example.org", "ticket": "CHG1"}, environ)


def probe(**settings: object) -> Probe:
    return Probe(id="p", kind="web", settings=settings)


def test_only_secrets_with_a_prompt_are_wanted_and_only_once() -> None:
    kept = values(GIVEN="x")
    assert kept.wanted == ("typed",)
    assert kept.take("typed", SECRET) == ""
    assert kept.wanted == ()


@pytest.mark.parametrize("name", ["host", "given", "ticket", "nothing"])
def test_nothing_else_can_be_given(name: str) -> None:
    assert values(GIVEN="x").take(name, "value") == "the profile asks for no such secret"


def test_a_secret_that_does_not_fit_is_refused_without_being_quoted() -> None:
    why = values().take("typed", "UPPER")
    assert "does not match" in why
    assert "UPPER" not in why


def test_settings_are_filled_once_everything_is_there() -> None:
    kept = values(GIVEN="given-to-all")
    asking = probe(url="http://${host}", headers={"A": "${typed}", "B": "${given}"})
    with pytest.raises(ProbeError, match="waiting for the secret `typed`"):
        kept.settings(asking, WEB)
    kept.take("typed", SECRET)
    assert kept.settings(asking, WEB) == WebSettings(
        url="http://example.org", headers={"A": SECRET, "B": "given-to-all"}
    )


def test_a_secret_that_the_environment_lacks_is_named_by_its_variable() -> None:
    kept = values()
    assert any("GIVEN" in problem for problem in kept.problems)
    with pytest.raises(ProbeError, match="GIVEN"):
        kept.settings(probe(url="http://x", headers={"B": "${given}"}), WEB)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"401 for {SECRET}!", "401 for ‹secret typed›!"),
        (f"401 for {SECRET[:9]}…", "401 for ‹secret typed›…"),
        ("401 for nobody…", "401 for nobody…"),
        ("", ""),
    ],
)
def test_what_a_server_quotes_is_masked_even_where_it_was_cut(text: str, expected: str) -> None:
    kept = values()
    kept.take("typed", SECRET)
    masked = kept.masked(Judgement(Reading(probe="p", status="fail", value=text, detail=text))).reading
    assert (masked.value, masked.detail) == (expected, expected)


def test_what_is_shown_of_a_secret_is_its_name() -> None:
    kept = values()
    kept.take("typed", SECRET)
    assert kept.for_show["typed"] == "‹secret typed›"
    assert SECRET not in str(dict(kept.for_show))


def test_a_secret_that_cannot_be_masked_well_is_named_and_not_quoted() -> None:
    assert values(GIVEN="9wH-4kd_Lp2").weak == ()
    (common,) = values(GIVEN="Example.ORG").weak
    assert common.startswith("the secret `given` is a common word")
    refused = values(GIVEN="postgresql://app:hunter2@db/shop")
    why = refused.missing("given")
    assert "the password in the secret `given` has 7 characters" in why
    assert ("hunter2" in why, "given" in refused.secrets) == (False, False)


def test_a_typed_secret_that_is_too_short_is_refused_without_being_quoted() -> None:
    why = values().take("typed", "hunter-")
    assert why.startswith("the secret `typed` has 7 characters; one of fewer than 8 cannot be kept out")
    assert "hunter-" not in why


def test_what_a_keeper_warns_of_is_told_with_its_start() -> None:
    body = KeeperStarted(epoch=2, pid=1, version="1", warnings=("the host kills it at logout",))
    event = Event(1, "id", body.type, True, now(), Actor("ana", "here"), body)
    assert sentence(event) == "keeper  watching (epoch 2, as ana@here); the host kills it at logout"
