"""Whoever sits at an account of several people proves who they are: with real keys, through a real ssh-agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from session_runs import PROFILE, append, loaded, new_run
from signers import Signers, needed, signers

from cockpit.audit.verify import verify
from cockpit.profile.model import Role
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.people import called, name_of
from cockpit.session.identity import actor
from cockpit.session.naming import can_prove, claiming, identify, likely, proving
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat

pytestmark = needed
ME = actor()
SHARED = replace(
    PROFILE,
    roles=(Role(id="lead", people=("ana", "bo@bastion-1")),),
    shared_accounts=(ME.user,),
    allowed_signers="signers",
)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Signers]:
    with signers() as desk:
        for name in ("ana", "bo"):
            desk.allow(name, desk.key(name))
        monkeypatch.setenv("SSH_AUTH_SOCK", str(desk.agent(desk.key("ana")).socket))
        monkeypatch.delenv("COCKPIT_SIGNING_KEY", raising=False)
        yield desk


@pytest.fixture
def run_dir(tmp_path: Path, desk: Signers) -> Path:
    (tmp_path / "signers").write_text(desk.text)
    return new_run(tmp_path, SHARED)


@pytest.fixture
def seat(run_dir: Path) -> Iterator[Seat]:
    seat = Seat.open(run_dir, actor(), "watching")
    yield seat
    seat.close()


def identified(seat: Seat) -> frozenset[tuple[str, str, str, str]]:
    other = Seat.open(seat.run_dir, actor())
    other.close()
    return other.view.state.identified


def test_a_name_is_proven_by_a_key_that_the_run_knows_for_it(seat: Seat, desk: Signers) -> None:
    key = desk.fingerprint(desk.key("ana"))
    seat.actor = claiming(seat.actor, "ana")
    assert name_of(seat.actor) == ME.user
    assert identify(seat) == ""
    assert (seat.actor.person, seat.actor.signer, "person" in seat.actor.proven) == ("ana", key, True)
    assert called(seat.actor) == f"ana ({ME.user})"
    assert identified(seat) == {(ME.user, ME.host, "ana", key)}
    assert isinstance(seat.submit(seat.command(c.AddNote, text="it is me")), Done)
    assert verify(seat.run_dir).problems == ()


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("bo", "the SSH agent's key is not one that this run allows for bo"),
        ("cy", "not one that this run allows for cy"),
    ],
)
def test_nobody_is_somebody_elses_by_their_own_key(seat: Seat, person: str, said: str) -> None:
    seat.actor = claiming(seat.actor, person)
    before = seat.actor
    assert said in identify(seat)
    assert seat.actor == before
    assert identified(seat) == frozenset()


def test_without_an_agent_a_name_stays_a_claim(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK")
    seat.actor = claiming(seat.actor, "ana")
    assert "there is no SSH agent here" in identify(seat)
    assert "person" not in seat.actor.proven


def test_where_a_run_has_no_list_no_name_can_be_proven(tmp_path: Path) -> None:
    seat = Seat.open(new_run(tmp_path, replace(SHARED, allowed_signers="")), claiming(actor(), "ana"), "watching")
    try:
        assert not can_prove(seat.view.state)
        assert "no list of allowed signers" in identify(seat)
    finally:
        seat.close()


def test_after_the_end_there_is_nothing_to_prove(seat: Seat) -> None:
    append(seat.run_dir, e.RunAborted(reason="r"))
    seat.actor = claiming(seat.actor, "ana")
    assert "the run is over" in identify(seat)
    assert "person" not in seat.actor.proven


def test_a_revoked_key_proves_nothing(tmp_path: Path, desk: Signers) -> None:
    desk.revoke(desk.key("ana"))
    (tmp_path / "signers").write_text(desk.text)
    (tmp_path / "gone").write_text(desk.revoked)
    seat = Seat.open(new_run(tmp_path, replace(SHARED, revoked_keys="gone")), claiming(actor(), "ana"), "watching")
    try:
        assert identify(seat) != ""
        assert "person" not in seat.actor.proven
    finally:
        seat.close()


def test_a_seat_is_proven_for_itself_alone(seat: Seat, run_dir: Path) -> None:
    """Another seat of the account is the account's, also after somebody proved their name at one."""
    seat.actor = claiming(seat.actor, "ana")
    assert identify(seat) == ""
    other = Seat.open(run_dir, claiming(actor(), "ana"), "watching")
    assert name_of(other.actor) == ME.user
    other.close()


def test_whom_somebody_most_likely_is_is_told_by_the_key_of_their_session_then_by_claims(
    seat: Seat, desk: Signers
) -> None:
    state, people = seat.view.state, ("ana", "bo")
    with_key = replace(ME, key=desk.fingerprint(desk.key("bo")), sudo="ana")
    assert likely(state, with_key, people) == "bo"
    assert likely(None, with_key, people) == "ana"
    assert likely(state, replace(ME, key="SHA256:another"), people) == ""
    assert likely(state, replace(ME, login="cy", sudo="bo"), people) == "bo"


def test_a_name_is_given_and_taken_back_whole() -> None:
    proven = proving(ME, "ana", "SHA256:k")
    assert (proven.person, proven.signer, proven.proven) == ("ana", "SHA256:k", (*ME.proven, "person", "signer"))
    claimed = claiming(proven, "bo")
    assert (claimed.person, claimed.signer, claimed.proven) == ("bo", "", ME.proven)


def test_a_run_is_begun_under_the_name_that_was_picked(tmp_path: Path, desk: Signers) -> None:
    (tmp_path / "signers").write_text(desk.text)
    picked = claiming(actor(), "ana")
    run_dir = new_run(tmp_path, SHARED, started_by=picked)
    seat = Seat.open(run_dir, picked)
    try:
        assert loaded(tmp_path, SHARED).profile.shared_accounts == (ME.user,)
        assert seat.has_pen
        assert identify(seat) == ""
        assert seat.has_pen
        assert seat.view.state.pen is not None
        assert seat.view.state.pen.by == seat.actor
    finally:
        seat.close()
