"""A command floods: memory of keeper, shim and screen stays flat, the file keeps both ends, the screen answers keys."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from crash.crash_figures import tell
from seated import Night, night, until
from terminal import Terminal

from cockpit.audit import layout
from cockpit.run.events import ActionEnded, ActionStarted

MB = 1_000_000
SIZE = 1000 * MB
GROWTH_MB = 50
PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "flood"
title = "A flood"
kind = "command"
argv = ["sh", "-c", "echo the beginning; yes 0123456789abcdef | head -c {size}; echo; echo the end"]
timeout = "10m"
"""


class Memory:
    """The most that each process held, by sampling, above what it held when it was first seen."""

    def __init__(self, pids: Callable[[], dict[str, int]]) -> None:
        self._pids = pids
        self.first: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def sample(self) -> None:
        for name, pid in self._pids().items():
            try:
                held = psutil.Process(pid).memory_info().rss
            except psutil.NoSuchProcess:
                continue
            self.first.setdefault(name, held)
            self.most[name] = max(self.most.get(name, 0), held)

    @contextmanager
    def sampled(self) -> Iterator[None]:
        over = threading.Event()

        def go_on() -> None:
            while not over.wait(0.05):
                self.sample()

        self.sample()
        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @property
    def growth_mb(self) -> dict[str, float]:
        return {name: round((self.most[name] - first) / MB, 1) for name, first in self.first.items()}


def key_to_paint_s(terminal: Terminal) -> float:
    """From a key that opens a list, or closes it, until the screen shows that."""
    began = time.monotonic()
    terminal.send("l")
    terminal.wait_for("Log – ")
    took = time.monotonic() - began
    terminal.send("escape")
    terminal.wait_until_gone("Log – ")
    return took


@pytest.mark.timeout(600)
def test_a_flood_of_output_costs_no_memory_and_no_answer(tmp_path: Path) -> None:
    with night(tmp_path / "night", PHASES.format(size=SIZE)) as it, it.screen() as terminal:
        terminal.wait_for("watching \\(epoch 1")
        idle = min(key_to_paint_s(terminal) for _ in range(3))
        keeper = it.keeper_pid()
        memory = Memory(lambda: {"keeper": keeper, "screen": terminal.process.pid, **shim(it)})
        with memory.sampled():
            began = time.monotonic()
            terminal.send("r")
            until(lambda: shim(it), "a shim")
            answers = []
            while not it.bodies(ActionEnded):
                answers.append(key_to_paint_s(terminal))
            took = time.monotonic() - began
            terminal.wait_for("the end")
        (ended,) = it.bodies(ActionEnded)
        kept = layout.action_log(it.run_dir, it.bodies(ActionStarted)[0].action)
    print(f"{SIZE // MB} MB in {took:.1f} s; memory grew by {memory.growth_mb} MB; kept {kept.stat().st_size} bytes")
    if answers:
        print(
            f"key to paint: {idle:.2f} s idle, {max(answers):.2f} s at most meanwhile ({max(answers) / idle:.1f} times)"
        )
    assert ended.outcome == "succeeded", ended.detail
    assert set(memory.growth_mb) == {"keeper", "screen", "shim"}
    assert max(memory.growth_mb.values()) < GROWTH_MB
    text = kept.read_bytes()
    assert (text.startswith(b"the beginning\n"), text.rstrip().endswith(b"the end")) == (True, True)
    assert (len(text), hashlib.sha256(text).hexdigest()) == (ended.output_bytes, ended.output_sha256)
    whole = len("the beginning\n\nthe end\n") + SIZE
    assert f"of {whole} bytes, " in ended.detail
    assert b"bytes" in text, "the cut is marked where it was made"
    tell(f"{SIZE // MB} MB of output; memory grew by {max(memory.growth_mb.values()):.0f} MB at most", 1)


def shim(it: Night) -> dict[str, int]:
    """The process that watches the command, once it is there."""
    for path in layout.outputs_dir(it.run_dir).glob("*.status"):
        try:
            return {"shim": int(json.loads(path.read_text())["pid"])}
        except (ValueError, KeyError, OSError):
            continue
    return {}
