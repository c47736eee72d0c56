"""Accounts that several people use: what `check` says where these people cannot be told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from profile_kinds import KINDS

from cockpit.profile.check import check

START = 'id = "shop"\nenvironment = "staging"\n'
STEP = '[[phases]]\nid = "db"\n[[phases.steps]]\nid = "migrate"\ntitle = "Migrate"\n'
CLAIMED = "a name on a shared account can only be claimed: no `allowed_signers` say whose key proves it"


def said(folder: Path, shared: str, people: str) -> list[tuple[str, str, str]]:
    path = folder / "p.toml"
    path.write_text(f'{START}shared_accounts = {shared}\n[[roles]]\nid = "lead"\npeople = {people}\n{STEP}')
    return [(each.severity, each.message, each.expected) for each in check([path], KINDS)]


@pytest.mark.parametrize("person", ["deploy", "deploy@bastion-1"])
def test_a_role_does_not_name_an_account_of_several_people(tmp_path: Path, person: str) -> None:
    message = f"role `lead` names `{person}`, an account that several people use"
    expected = "the people's own names: nobody is known by that account"
    assert ("error", message, expected) in said(tmp_path, '["deploy"]', f'["ana", "{person}"]')


def test_an_account_is_shared_on_every_host(tmp_path: Path) -> None:
    message = "`deploy@bastion-1` names a host: an account is shared wherever it is used"
    assert said(tmp_path, '["deploy@bastion-1"]', '["ana"]')[0] == ("error", message, "`deploy`")


def test_where_the_roles_name_nobody_nobody_can_say_who_they_are(tmp_path: Path) -> None:
    message = "the roles name nobody whom people on a shared account could say that they are"
    assert [message for _, message, _ in said(tmp_path, '["deploy"]', '["ana"]')] == [CLAIMED]
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHTWeZERpwDpCkb/kgebuezlfmd0F3dChUOtUYHTzEBs"
    (tmp_path / "signers").write_text(f"ana {key}\n")
    shared = '["deploy"]\nallowed_signers = "signers"'
    assert said(tmp_path, shared, "[]") == [("warning", message, "`people` of a role")]
    assert said(tmp_path, shared, '["ana"]') == []
    assert said(tmp_path, "[]", "[]") == []
