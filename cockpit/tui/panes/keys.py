"""The line that shouts and the line that hints: what is wrong with the whole run, and which keys help now."""

from __future__ import annotations

from cockpit.text import shortened
from cockpit.tui.ink import Ink
from cockpit.tui.layout import ACTING
from cockpit.tui.lines import Line, fitted
from cockpit.tui.panes.seen import Seen


def banner(seen: Seen, width: int, height: int) -> Line:
    """One sentence over the panes; empty while nothing is wrong with the run as a whole. The worst one counts."""
    state = seen.state
    if seen.view.trouble:
        return _alarm(f"THE LOG: {seen.view.trouble}")
    if state.unknown_types:
        return _alarm("a newer cockpit wrote to this log: reading only; update cockpit")
    if state.hold is not None:
        return _alarm(f"HELD by {shortened(state.hold.by.user, 20)}: {shortened(state.hold.reason, 200)}   h releases")
    if trouble := seen.keeper_trouble:
        starting = state.keeper is None
        words = "" if starting else "   nothing is being probed; cockpit resume starts it again"
        return ((f" {trouble.upper()}{words}", "warn"),) if starting else _alarm(trouble.upper() + words)
    if (width < ACTING[0] or height < ACTING[1]) and seen.mode == "LIVE" and state.status == "live":
        return ((f" too small to act: {ACTING[0]}x{ACTING[1]} are needed", "warn"),)
    return ()


def hints(seen: Seen, width: int, height: int) -> Line:
    """The keys that matter now, most needed first; `?` lists them all."""
    pairs = _pairs(seen)
    line: list[tuple[str, Ink]] = []
    last: list[tuple[str, Ink]] = [(" ?", "key"), (" help  ", "plain"), ("q", "key"), (f" {_quit_word(seen)}", "plain")]
    room = width - sum(len(text) for text, _ in last)
    for key, word in pairs:
        spans: list[tuple[str, Ink]] = [(f" {key}", "key"), (f" {word} ", "plain")]
        if sum(len(text) for text, _ in (*line, *spans)) > room:
            break
        line += spans
    return fitted((*line, *last), width)


def _quit_word(seen: Seen) -> str:
    if seen.mode == "REPLAY" or seen.state.status != "live":
        return "quit"
    return "detach" if seen.mode == "LIVE" else "leave"


def _pairs(seen: Seen) -> list[tuple[str, str]]:
    state = seen.state
    if seen.mode == "REPLAY":
        return [("← →", "event"), ("⇧← ⇧→", "ten"), ("Home End", "first, last"), ("↑ ↓", "steps"), ("l", "log")]
    if state.status != "live":
        return [("l", "log"), ("↑ ↓", "steps"), ("p", "probes")]
    if seen.mode == "WATCHING":
        return [("n", "note"), ("h", "hold"), ("↑ ↓", "steps"), ("p", "probes"), ("l", "log")]
    if state.hold is not None:
        return [("h", "release…"), ("n", "note…"), ("A", "abort…"), ("p", "probes"), ("l", "log")]
    if seen.selected is not None:
        return [("Home", "back to now"), ("↑ ↓", "steps"), ("j", "jump…"), ("x", "reopen…"), ("n", "note…")]
    if state.cursor is None:
        return [("F", "finish…"), ("x", "reopen…"), ("n", "note…"), ("h", "hold…"), ("l", "log")]
    first = ("c", "enter phase" if state.cursor.step is None else "confirm")
    return [first, ("s", "skip…"), ("o", "override…"), ("d", "outside…"), ("n", "note…"), ("h", "hold…"),
            (".", "probe now"), ("y", "copy"), ("p", "probes"), ("l", "log")]  # fmt: skip


def _alarm(text: str) -> Line:
    return ((f" {text}", "alarm"),)
