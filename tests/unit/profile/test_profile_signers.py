"""Whose signatures count: the file beside a profile, read, and what `check` says of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from profile_kinds import KINDS

from cockpit.errors import SigningError
from cockpit.profile.check import check
from cockpit.profile.signers import LIMIT_BYTES, fits, read_revoked, read_signers

ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHTWeZERpwDpCkb/kgebuezlfmd0F3dChUOtUYHTzEBs"
FINGERPRINT = "SHA256:SDIzwRYFCiOGRm61wYrZwfe8k6YM5Dtywc9RB17F/0k"
"""As ssh-keygen -l says of it."""
START = 'id = "shop"\nenvironment = "staging"\n'
STEP = '[[phases]]\nid = "db"\n[[phases.steps]]\nid = "migrate"\ntitle = "Migrate"\n'
NO_TIME = "not YYYYMMDD or YYYYMMDDHHMM[SS], with Z or not"
SIGNED = 'signing = "signoffs"\nallowed_signers = "signers"\n'


def test_a_line_is_a_name_options_and_a_key() -> None:
    text = (
        f'# ours\n\nana,ana@* {ED} ana@laptop\r\n"bo" namespaces="a,b c",valid-before="20270102Z",cert-authority {ED}\n'
    )
    ana, bo = read_signers(text)
    assert (ana.line, ana.principals, ana.kind, ana.fingerprint) == (3, "ana,ana@*", "ssh-ed25519", FINGERPRINT)
    assert (bo.line, bo.principals, bo.namespaces, bo.is_authority) == (4, "bo", "a,b c", True)
    assert ana.is_of(("ana",), "x")
    assert not bo.is_of(("bo",), "x")
    assert bo.is_valid(datetime(2027, 1, 1, tzinfo=UTC))
    assert not bo.is_valid(datetime(2027, 1, 3, tzinfo=UTC))
    assert read_revoked(f"# gone\n{ED} ana\n") == (FINGERPRINT,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nobody's key is in it; write a line for each person: NAME KEY (ssh-keygen(1))"),
        ("# only this\n", "nobody's key is in it; write a line for each person: NAME KEY (ssh-keygen(1))"),
        ("ana\n", "line 1: `ana` is not: NAME [OPTIONS] KEYTYPE KEY"),
        (f"\n{ED}\n", f"line 2: `{ED[:59]}…` is not: NAME [OPTIONS] KEYTYPE KEY"),
        (f"ana principals=x {ED}\n", "line 1: `principals=x` is neither options nor a type of key that signs"),
        (f'ana valid-before="soon" {ED}\n', f"line 1: valid-before is `soon`, {NO_TIME}"),
        (f'ana valid-before="20261399" {ED}\n', f"line 1: valid-before is `20261399`, {NO_TIME}"),
        ("ana ssh-ed25519 AAAA\n", "line 1: `AAAA` is no key of the type ssh-ed25519"),
        ("ana ssh-ed25519 \x1b[2J\n", "line 1: `␛[2J` is no key of the type ssh-ed25519"),
        (f"ana ssh-rsa {ED.split()[1]}\n", f"line 1: `{ED.split()[1][:29]}…` is no key of the type ssh-rsa"),
        (f'ana namespaces="a {ED}\n', "line 1: a quotation mark is not closed"),
        ("ana cert-authority ssh-ed25519\n", "line 1: there is no key on it"),
    ],
)  # fmt: skip
def test_what_ssh_keygen_would_step_over_is_an_error(text: str, said: str) -> None:
    with pytest.raises(SigningError) as caught:
        read_signers(text)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("name", "patterns", "does"),
    [
        ("ana", "ana", True), ("ana", "an", False), ("ana", "bo,an?", True), ("ana@h", "ana@*", True),
        ("ana", "*,!ana", False), ("ana", "!bo,*", True), ("ana", "", False), ("a.a", "a?a", True),
        ("aXa", "a.a", False),
    ],
)  # fmt: skip
def test_names_fit_patterns_as_ssh_config_has_them(name: str, patterns: str, does: bool) -> None:
    assert fits(name, patterns) is does


def test_stars_and_question_marks_fit_what_a_regular_expression_of_them_would() -> None:
    """Every short pattern, and every short name; one of many stars is judged at once, where that would take hours."""
    special = {"*": ".*", "?": "."}
    for pattern in map("".join, product("ab*?", repeat=3)):
        regexp = re.compile("".join(special.get(each, each) for each in pattern), re.DOTALL)
        for name in map("".join, (*product("ab*", repeat=2), *product("ab*", repeat=4))):
            assert fits(name, pattern) is bool(regexp.fullmatch(name)), (name, pattern)
    assert not fits("a" * 1000, "*a" * 100 + "b")


def said(folder: Path, top: str, signers: str | None = None, rest: str = "", revoked: bytes | None = None) -> list[str]:
    if signers is not None:
        (folder / "signers").write_text(signers)
    if revoked is not None:
        (folder / "revoked").write_bytes(revoked)
    (folder / "p.toml").write_text(START.replace("\n", f"\n{top}", 1) + rest + STEP)
    return [str(problem).partition("p.toml:")[2] for problem in check([folder / "p.toml"], KINDS)]


def test_a_list_that_is_there_and_read_is_no_problem(tmp_path: Path) -> None:
    role = '[[roles]]\nid = "dba"\npeople = ["ana", "bo@h"]\n'
    assert said(tmp_path, SIGNED, f"ana {ED}\nbo@h {ED}\n", role, None) == []


@pytest.mark.parametrize(
    ("top", "signers", "problem"),
    [
        ('signing = "signoffs"\n', None, "2:11: signing is `signoffs`, and no `allowed_signers` say"),
        ('signing = "always"\n', None, "2:11: `signing` cannot be `always`; expected one of"),
        (SIGNED, None, "3:19: allowed_signers names signers, which cannot be read: No such file or directory"),
        (SIGNED, "", "3:19: allowed_signers names signers: nobody's key is in it"),
        (SIGNED, "ana\n", "3:19: allowed_signers names signers: line 1: `ana` is not"),
        (SIGNED, "x" * (LIMIT_BYTES + 1), "3:19: allowed_signers names signers, which has more than"),
        (SIGNED.replace('"signers"', '"."'), None, "3:19: allowed_signers names ., which cannot be read: Is a dir"),
        ('allowed_signers = "signers"\n', f"ana {ED}\n", "2:19: warning: nothing is signed: `signing` is off"),
        ('shared_accounts = ["deploy"]\n', None, "2:19: warning: a name on a shared account can only be claimed"),
        (SIGNED, f"* {ED}\n", "3:19: warning: line 1 of signers lets one key sign for everybody: `*`"),
        ('revoked_keys = "revoked"\n', None, "2:16: `revoked_keys` without `allowed_signers` revoke nothing"),
    ],
)  # fmt: skip
def test_check_says_what_is_wrong_with_it(tmp_path: Path, top: str, signers: str | None, problem: str) -> None:
    (told,) = said(tmp_path, top, signers)
    assert told.startswith(problem)


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "signers")
    (told,) = said(tmp_path, SIGNED)
    assert "which is no file" in told


@pytest.mark.parametrize(
    ("revoked", "problem"),
    [
        (b"SSHKRL\n\0\xff\xfe", "which is no text (a key revocation list is not read: give public keys, one a line)"),
        (b"SHA256:abc\n", "line 1: `SHA256:abc` is no public key: KEYTYPE KEY"),
        (ED.encode() + b"\n", ""),
    ],
)
def test_revoked_keys_are_public_keys_a_line_each(tmp_path: Path, revoked: bytes, problem: str) -> None:
    other = ED.replace("AAAAIHTW", "AAAAIHTX")
    told = said(tmp_path, SIGNED + 'revoked_keys = "revoked"\n', f"ana {other}\n", "", revoked)
    assert [problem in each for each in told] == ([True] if problem else [])


def test_people_of_a_role_without_a_key_are_named(tmp_path: Path) -> None:
    role = '[[roles]]\nid = "dba"\npeople = ["ana", "bo", "carl@h", "dora"]\n'
    (told,) = said(tmp_path, SIGNED, f"ana {ED}\ndora@* {ED}\n", role)
    assert told.startswith("7:10: warning: of role `dba` nobody's key in signers is of bo, carl@h; expected a line")


def test_a_base_may_name_a_file_that_only_its_heirs_have(tmp_path: Path) -> None:
    assert said(tmp_path, "partial = true\n" + SIGNED) == []
