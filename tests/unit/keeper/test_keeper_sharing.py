"""Outputs that are put into a run's database, by a keeper that is about to end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cockpit.audit.layout import outputs_dir
from cockpit.errors import StoreFailed
from cockpit.keeper.sharing import Sharing
from cockpit.run.events import ActionEnded
from cockpit.run.state import EMPTY

WRITTEN = b"ended\n"
ENDED = ActionEnded(action="a", step="s", outcome="succeeded", output="a1.log", output_bytes=len(WRITTEN))


class Store:
    """Answers nothing before the keeper ends, and then refuses the first few pieces."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.taken = refusals, b""
        self.asked, self.answers = threading.Event(), threading.Event()

    def end_of(self, name: str) -> int:
        return len(self.taken)

    def put(self, name: str, start: int, chunk: bytes) -> None:
        self.asked.set()
        self.answers.wait(60)
        if self.refusals:
            self.refusals -= 1
            raise StoreFailed("the server closed the connection")
        self.taken += chunk

    def rest(self) -> None:
        """There is no connection to let go of."""


@pytest.mark.parametrize(("refusals", "taken"), [(0, WRITTEN), (1, WRITTEN), (2, b"")])
def test_what_ends_with_a_keeper_is_put_over_a_new_connection_if_the_old_one_is_dead(
    tmp_path: Path, refusals: int, taken: bytes
):
    outputs_dir(tmp_path).mkdir()
    (outputs_dir(tmp_path) / ENDED.output).write_bytes(WRITTEN)
    store = Store(refusals)
    sharing = Sharing(tmp_path, EMPTY, lambda: store)  # type: ignore[arg-type, return-value] # by its behaviour
    sharing.take(ENDED)
    assert store.asked.wait(60)
    ending = threading.Thread(target=sharing.close)
    ending.start()
    while not sharing._is_closing:
        ending.join(0.001)
    store.answers.set()
    ending.join(60)
    assert not sharing._thread.is_alive()
    assert store.taken == taken
