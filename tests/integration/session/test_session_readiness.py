"""Looking around before a run, at real servers: who a target is, what a probe reads, and no secret told."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.profile.kinds import installed
from cockpit.profile.model import Probe, Profile, Target, Variable
from cockpit.run.readiness import Finding
from cockpit.session.readiness import known_values, look_around

SECRET = "s3cret-in-the-detail"
PROFILE = Profile(
    id="shop",
    environment="staging",
    variables=(
        Variable(name="dsn", env="DSN", secret=True),
        Variable(name="token", env="TOKEN", secret=True),
        Variable(name="ticket", prompt="The ticket"),
    ),
    targets=(Target(id="db", kind="postgres", dsn="${dsn}", database="postgres"),),
    probes=(
        Probe(id="db_up", kind="postgres", settings={"dsn": "${dsn}", "query": "select 1 as one"}, value="1"),
        Probe(
            id="leaks",
            kind="command",
            settings={"script": "echo $T >&2; exit 3", "env": {"T": "${token}"}},
            pass_when=("exit_code == 0",),
            value="stderr",
        ),
        Probe(id="later", kind="env", settings={"name": "${ticket}"}),
    ),
)


async def around(dsn: str, tmp_path: Path, profile: Profile = PROFILE) -> dict[str, Finding]:
    known = known_values(profile, {"DSN": dsn, "TOKEN": SECRET})
    findings = await look_around(profile, installed(), known, tmp_path)
    assert SECRET not in str(findings) + str(known.findings)
    return {finding.where: finding for finding in (*known.findings, *findings)}


async def test_a_target_that_is_what_the_profile_says_is_in_order_and_a_red_probe_is_missing(
    postgres_dsn: str, tmp_path: Path
) -> None:
    found = await around(postgres_dsn, tmp_path)
    assert found["target db"].severity == "ok"
    assert "probe db_up" not in found
    assert found["probe leaks"].severity == "missing"
    assert (found["probes"].severity, "for want of ticket" in found["probes"].what) == ("look", True)
    assert found["variable ticket"].severity == "look"


@pytest.mark.parametrize("wrong", [{"database": "shop"}, {"system_identifier": "7"}])
async def test_another_database_or_server_than_declared_is_missing(
    postgres_dsn: str, tmp_path: Path, wrong: dict[str, str]
) -> None:
    profile = replace(PROFILE, targets=(replace(PROFILE.targets[0], **wrong),), probes=())
    found = await around(postgres_dsn, tmp_path, profile)
    assert found["target db"].severity == "missing"
    assert found["target db"].what.startswith("it IS NOT what the profile says")


async def test_a_target_whose_secret_is_unset_is_not_asked(tmp_path: Path) -> None:
    profile = replace(PROFILE, probes=())
    known = known_values(profile, {"TOKEN": SECRET})
    (finding,) = await look_around(profile, installed(), known, tmp_path)
    assert (finding.severity, finding.what) == ("missing", "it was not asked who it is, for want of dsn")
