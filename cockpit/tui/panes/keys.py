"""The line that shouts and the line that hints: what is wrong with the whole run, and which keys help now."""

from __future__ import annotations

from cockpit.text import shortened, visible
from cockpit.tui import keymap
from cockpit.tui.ink import Ink
from cockpit.tui.layout import ACTING
from cockpit.tui.lines import Line, Span, fitted, padded
from cockpit.tui.panes.seen import Seen


def banner(seen: Seen, width: int, height: int) -> Line:
    """One sentence over the panes; empty while nothing is wrong with the run as a whole. The worst one counts."""
    text, ink = _worst(seen, width, height)
    return ((padded(f" {text}", width), ink),) if text else ()


def _worst(seen: Seen, width: int, height: int) -> tuple[str, Ink]:
    state = seen.state
    if seen.view.trouble:
        return f"THE LOG: {visible(seen.view.trouble)}", "alarm"
    if state.unknown_types:
        return "a newer cockpit wrote to this log: reading only; update cockpit", "alarm"
    if state.hold is not None:
        by, reason = shortened(state.hold.by.user, 20), shortened(state.hold.reason, 200)
        return f"HELD by {by}, h releases: {reason}", "alarm"
    if trouble := seen.keeper_trouble:
        if state.keeper is None:
            return trouble, "warn"
        return f"{trouble.upper()}   nothing is being probed; cockpit resume starts it again", "alarm"
    if (width < ACTING[0] or height < ACTING[1]) and seen.mode == "LIVE" and state.status == "live":
        return f"too small to act: {ACTING[0]}x{ACTING[1]} are needed", "warn"
    return "", "plain"


def hints(seen: Seen, width: int, height: int) -> Line:
    """The keys that matter now, most needed first; `?` lists them all."""
    line: list[Span] = []
    last: list[Span] = [(" ?", "key"), (" help  ", "plain"), ("q", "key"), (f" {_quit_word(seen)}", "plain")]
    room = width - sum(len(text) for text, _ in last)
    for key, word in _now(seen, is_small=width < ACTING[0] or height < ACTING[1]):
        spans: list[Span] = [(f" {key}", "key"), (f" {word} ", "plain")]
        if sum(len(text) for text, _ in (*line, *spans)) > room:
            break
        line += spans
    return fitted((*line, *last), width)


def _quit_word(seen: Seen) -> str:
    if seen.mode == "REPLAY" or seen.state.status != "live":
        return "quit"
    return keymap.LIVE["leave"].word if seen.mode == "LIVE" else "leave"


def _now(seen: Seen, *, is_small: bool) -> list[tuple[str, str]]:
    """Key and word, by where the run stands. The words are the key map's unless the moment has a better one."""
    state = seen.state
    steps = (f"{keymap.READING['before'].label} {keymap.READING['next'].label}", keymap.READING["next"].word)
    if seen.mode == "REPLAY":
        pairs = (("back", "on"), ("ten_back", "ten_on"), ("move_back", "move_on"), ("first", "last"))
        found = [(f"{keymap.REPLAY[a].label} {keymap.REPLAY[b].label}", keymap.REPLAY[b].word) for a, b in pairs]
        return [*found, steps, *_of("log")]
    if state.status != "live":
        return [*_of("log"), steps, *_of("probes")]
    if seen.mode == "WATCHING" or is_small:
        return [*_of("note", "hold"), steps, *_of("probes", "log")]
    if state.hold is not None:
        return [(keymap.LIVE["hold"].label, "release…"), *_of("note", "abort", "probes", "log")]
    if seen.selected is not None:
        return [(keymap.READING["now"].label, keymap.READING["now"].word), steps, *_of("jump", "reopen", "note")]
    if state.cursor is None:
        return _of("finish", "reopen", "note", "hold", "log")
    first = [(keymap.LIVE["confirm"].label, "enter phase")] if state.cursor.step is None else _of("confirm")
    return [*first, *_of("skip", "override", "outside", "note", "hold", "probe", "copy", "probes", "log")]


def _of(*names: str) -> list[tuple[str, str]]:
    return [(keymap.LIVE[name].label, keymap.LIVE[name].word) for name in names]
