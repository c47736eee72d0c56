"""What people type is kept without the secrets that slip into it, and they are told so."""

from __future__ import annotations

import secrets
import string

import pytest

from cockpit.audit import clock
from cockpit.masking import told
from cockpit.run.commands import AddNote, Command, ConfirmStep, Identify, KeeperSight, PlaceHold
from cockpit.run.events import Actor
from cockpit.session.typed import without_secrets

TOKEN = "ghp_" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(36))
WHO = {"actor": Actor("ana", "here"), "now": clock.now()}


def kept(command: Command) -> tuple[Command, str]:
    return without_secrets(command)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (AddNote(**WHO, text=f"the new one is {TOKEN}, use it"), "text"),
        (PlaceHold(**WHO, reason=f"{TOKEN} leaked"), "reason"),
        (
            ConfirmStep(**WHO, painted_seq=1, keeper=KeeperSight(True, 0.0), step="backup", value=f"token {TOKEN}"),
            "value",
        ),
    ],
)
def test_a_token_in_a_note_a_reason_or_a_value_is_taken_out_and_named(command: Command, field: str) -> None:
    without, said = kept(command)
    assert TOKEN not in getattr(without, field)
    assert "‹secret: GitHub token›" in getattr(without, field)
    assert said == "taken out of what you wrote, and not kept: GitHub token"
    assert kept(without) == (without, "")


def test_a_secret_that_this_process_was_told_is_called_by_its_name() -> None:
    secret = secrets.token_urlsafe(24)
    told.tell({"database_password": secret})
    without, said = kept(AddNote(**WHO, text=f"tried {secret} twice"))
    assert isinstance(without, AddNote)
    assert without.text == "tried ‹secret database_password› twice"
    assert said == "taken out of what you wrote, and not kept: the secret database_password"


@pytest.mark.parametrize(
    "text", ["", "ok", "replica lag settled", "image sha256:" + "0f" * 32, "‹secret: GitHub token› is out", "CHG0042"]
)
def test_what_holds_no_secret_is_kept_as_it_is(text: str) -> None:
    command = AddNote(**WHO, text=text)
    assert kept(command) == (command, "")


def test_what_is_signed_is_never_changed() -> None:
    command = Identify(**WHO, seat="s", person="ana", key="k", text=f"I am {TOKEN}", signature="s")
    assert kept(command)[0] is command
