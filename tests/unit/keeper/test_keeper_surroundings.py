"""What a keeper's environment becomes in the log: digests that say whether something is the same, and nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.audit.layout import environment_key, origin_path
from cockpit.keeper.surroundings import UMASK, surroundings, told
from cockpit.run.hands import REST

KEY = bytes(32)
ENVIRON = {b"PATH": b"/usr/bin", b"SHOP_TOKEN": b"1234", b"COCKPIT_UMASK": b"22"}
names = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name and b"=" not in name)
values = st.binary(max_size=12).filter(lambda value: b"\0" not in value)
environs = st.dictionaries(names, values, max_size=8)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_the_key_is_made_once_and_read_by_nobody_else(run_dir: Path) -> None:
    first = surroundings(run_dir, ENVIRON)
    key = environment_key(run_dir)
    assert len(key.read_bytes()) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert surroundings(run_dir, ENVIRON) == first
    assert first.environment is not None
    assert set(first.environment) == {"PATH", "SHOP_TOKEN", UMASK}
    assert key.read_bytes().hex()[:16] not in str(first)


def test_a_run_whose_key_was_lost_gets_another_and_tells_that_it_is_another(run_dir: Path) -> None:
    first = surroundings(run_dir, ENVIRON)
    environment_key(run_dir).write_bytes(b"torn")
    second = surroundings(run_dir, ENVIRON)
    assert second.key
    assert second.key != first.key
    assert len(environment_key(run_dir).read_bytes()) == 32


def test_where_no_key_can_be_made_or_read_nothing_is_told(run_dir: Path) -> None:
    environment_key(run_dir).mkdir()
    assert surroundings(run_dir, ENVIRON) == surroundings(run_dir / "gone", ENVIRON)
    assert surroundings(run_dir, ENVIRON).environment == {}
    assert surroundings(run_dir, ENVIRON).key == ""


def test_a_key_is_not_read_through_a_link(run_dir: Path) -> None:
    elsewhere = run_dir / "elsewhere"
    elsewhere.write_bytes(bytes(32))
    environment_key(run_dir).symlink_to(elsewhere)
    surroundings(run_dir, ENVIRON)
    assert not environment_key(run_dir).is_symlink()
    assert environment_key(run_dir).read_bytes() != bytes(32)


def test_a_demo_is_not_compared(run_dir: Path) -> None:
    origin_path(run_dir).write_text("/tmp/cockpit-demo-0-x/profile/shop")
    origin_path(run_dir).chmod(0o600)
    assert surroundings(run_dir, ENVIRON).environment is None


@pytest.mark.parametrize(
    "name",
    [
        "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SSH_AUTH_SOCK", "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
        "COLORTERM", "COLUMNS", "LINES", "TMUX", "TMUX_PANE", "STY", "WINDOW", "WINDOWID", "PWD", "OLDPWD", "SHLVL",
        "_", "PS1", "MAIL", "HISTFILE", "DISPLAY", "XDG_SESSION_ID", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
        "GPG_TTY", "LS_COLORS", "INVOCATION_ID", "JOURNAL_STREAM", "SUDO_COMMAND", "COCKPIT_THEME", "COCKPIT_RUNS",
        "COCKPIT_GROUP", "NO_COLOR", "MOTD_SHOWN",
    ],
)  # fmt: skip
def test_what_differs_from_terminal_to_terminal_is_left_out(name: str) -> None:
    assert told({name.encode(): b"x"}, KEY) == {}


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "HOME", "USER", "KUBECONFIG", "AWS_PROFILE", "PGHOST", "PGPASSWORD", "SSH_KEY_PATH", "TERMINUS", "LANG",
        "LC_ALL", "PYTHONPATH", "SUDO_USER", "KRB5CCNAME", "TMPDIR", "HTTPS_PROXY", "VIRTUE_DATABASE_URL", "PWD_FILE",
        "COCKPIT_DEMO_URL", "BASH_FUNC_module%%",
    ],
)  # fmt: skip
def test_what_a_command_may_read_counts(name: str) -> None:
    assert list(told({name.encode(): b"x"}, KEY)) == [name]


@given(environs, environs)
def test_two_environments_are_told_alike_only_if_what_counts_is_alike(
    one: dict[bytes, bytes], other: dict[bytes, bytes]
) -> None:
    assert (told(one, KEY) == told(other, KEY)) == (_counting(one) == _counting(other))


def _counting(environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in environ.items() if told({name: value}, KEY)}


@given(environs)
def test_names_are_printable_and_digests_are_short(environ: dict[bytes, bytes]) -> None:
    for name, digest in told(environ, KEY).items():
        assert name == REST or (name.isascii() and name.isprintable() and "=" not in name)
        assert len(digest) == 16


def test_another_key_gives_another_digest_and_a_value_moved_to_another_name_too() -> None:
    one = told({b"A": b"1234", b"B": b"1234"}, KEY)
    assert one["A"] != one["B"]
    assert one["A"] != told({b"A": b"1234"}, os.urandom(32))["A"]


def test_a_very_large_environment_fits_a_line_and_still_tells_every_difference() -> None:
    environ = {f"N{number:05}{'x' * 60}".encode(): b"1" for number in range(5000)}
    whole = told(environ, KEY)
    assert len(whole) <= 301
    assert sum(len(name) for name in whole) < 10_000
    environ[f"N04999{'x' * 60}".encode()] = b"2"
    assert {name for name, digest in told(environ, KEY).items() if whole[name] != digest} == {REST}
