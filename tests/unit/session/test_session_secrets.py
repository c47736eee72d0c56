"""Handing a secret to the keeper."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import msgspec
import pytest

from cockpit.errors import KeeperError
from cockpit.session import secrets
from cockpit.session.secrets import Given, give, peer_uid, runtime_folder


class Listening:
    """One end of the agreement: takes one request, gives one answer."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.received = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(1)
        self._answer = answer
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, self._socket:
            self.received = connection.recv(65536)
            connection.sendall(self._answer)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "s.sock"
    monkeypatch.setattr(secrets, "socket_path", lambda run_dir: path)
    return path


def test_a_secret_reaches_the_keeper_over_its_socket(path: Path, tmp_path: Path) -> None:
    listening = Listening(path, b'{"ok":true}\n')
    give(tmp_path, "db_password", "s3cret\n")
    listening.thread.join()
    assert msgspec.json.decode(listening.received, type=Given).value == "s3cret\n"
    assert listening.received.endswith(b"\n")


@pytest.mark.parametrize("answer", [b'{"ok":false,"why":"its pattern refuses it\\u001b"}\n', b"nonsense\n", b""])
def test_a_secret_that_was_not_taken_is_said_without_its_value(path: Path, tmp_path: Path, answer: bytes) -> None:
    listening = Listening(path, answer)
    with pytest.raises(KeeperError, match="did not take") as caught:
        give(tmp_path, "db_password", "s3cret")
    listening.thread.join()
    assert "s3cret" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_without_a_keeper_the_next_action_is_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeeperError, match="no keeper listens; start one by resuming") as caught:
        give(tmp_path, "db_password", "s3cret")
    assert "s3cret" not in repr(caught.value.__cause__)


def test_a_value_shows_in_no_repr() -> None:
    assert "s3cret" not in repr(Given("a", "s3cret"))


def test_a_secret_longer_than_a_request_may_be_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeeperError, match="longer than"):
        give(tmp_path, "a", "x" * 70_000)


def test_the_runtime_folder_belongs_to_this_user_alone(tmp_path: Path) -> None:
    folder = runtime_folder()
    assert folder.stat().st_mode & 0o077 == 0
    one, other = socket.socketpair()
    with one, other:
        assert peer_uid(one) == folder.stat().st_uid
