"""Values that cannot be kept secret are refused where they come in, and those that hardly can are warned of."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from cli_desk import Cockpit
from click.testing import CliRunner

from cockpit.cli.variables import ask
from cockpit.profile.model import Profile, Variable

SHORT, TOKEN = "hunter2", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
DSN = "postgresql://app@db.example/shop"
REFUSED = """
id = "shop"
environment = "staging"
[variables.pin]
env = "COCKPIT_TEST_PIN"
secret = true
[variables.dsn]
env = "COCKPIT_TEST_DSN"
secret = true
[variables.bot]
env = "COCKPIT_TEST_BOT"
"""
WEAK = """
id = "shop"
environment = "staging-of-the-north"
[variables.pin]
env = "COCKPIT_TEST_PIN"
secret = true
"""


@pytest.mark.parametrize("command", ["run", "ready", "probe"])
def test_a_short_secret_and_a_value_that_looks_like_one_are_refused_by_name_and_not_quoted(
    cockpit: Cockpit, tmp_path: Path, command: str
) -> None:
    (tmp_path / "p.toml").write_text(REFUSED)
    ended = cockpit(command, "p.toml", COCKPIT_TEST_PIN=SHORT, COCKPIT_TEST_BOT=TOKEN, COCKPIT_TEST_DSN=DSN)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "has 7 characters; one of fewer than 8 cannot be kept out of what is shown and logged" in said
    assert "holds a GitHub token, is not secret, and the log keeps its value" in said
    assert ("pin" in said, "bot" in said) == (True, True)
    assert (SHORT in said, TOKEN in said, "Traceback" in said) == (False, False, False)
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").glob("*shop*"))


@pytest.mark.parametrize("command", ["ready", "probe"])
def test_a_common_word_as_a_secret_is_warned_of(cockpit: Cockpit, tmp_path: Path, command: str) -> None:
    (tmp_path / "p.toml").write_text(WEAK)
    ended = cockpit(command, "p.toml", COCKPIT_TEST_PIN="staging-of-the-north")
    said = ended.stdout + ended.stderr
    assert "the secret `pin` is a common word: it is masked wherever that word stands, which tells it" in said


@pytest.mark.parametrize("command", ["run", "ready", "probe"])
def test_a_connection_string_with_a_short_password_is_refused_as_a_short_secret_is(
    cockpit: Cockpit, tmp_path: Path, command: str
) -> None:
    (tmp_path / "p.toml").write_text(REFUSED.partition("[variables.bot]")[0])
    dsn = f"postgresql://app:{SHORT}@db.example/shop"
    ended = cockpit(command, "p.toml", COCKPIT_TEST_PIN="long-enough-pin", COCKPIT_TEST_DSN=dsn)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "the password in the secret `dsn` has 7 characters; one of fewer than 8 cannot be kept out" in said
    assert "choose a longer one and set the environment variable COCKPIT_TEST_DSN" in said
    assert (SHORT in said, "Traceback" in said) == (False, False)
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").glob("*shop*"))


def test_whoever_types_a_secret_is_asked_again_for_a_short_one_and_warned_of_a_weak_one() -> None:
    secret = Variable(name="pin", prompt="The pin", secret=True)
    profile = Profile(id="shop-of-these-tests", environment="staging", variables=(secret,))

    @click.command()
    def asking() -> None:
        assert ask(profile, profile.variables) == {"pin": "shop-of-these-tests"}

    ended = CliRunner().invoke(asking, input=f"{SHORT}\nshop-of-these-tests\n", catch_exceptions=False)
    assert ended.exit_code == 0
    assert "the secret `pin` has 7 characters; one of fewer than 8 cannot be kept out" in ended.stderr
    assert "the secret `pin` is a common word" in ended.stderr
    assert (SHORT in ended.output, "shop-of-these-tests" in ended.output) == (False, False)
