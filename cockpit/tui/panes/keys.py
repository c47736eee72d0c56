"""The line that hints: which keys help now."""

from __future__ import annotations

from cockpit.tui import keymap
from cockpit.tui.layout import ACTING
from cockpit.tui.lines import Line, Span, fitted
from cockpit.tui.panes import pen
from cockpit.tui.panes.seen import Seen
from cockpit.tui.panes.signing import wants_key
from cockpit.tui.panes.ways import ways

WATCHING = ("note", "hold", "approve", "raise", "contacts")
"""What a seat that watches may do."""


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
        return _replaying(seen)
    if state.status != "live":
        return [*_of("log"), steps, *_of("probes", "output")]
    if seen.view.went_on:
        return [steps, *_of("probes", "log", "contacts", "plain")]
    if seen.view.read_only:
        return [steps, *_of("company", "probes", "log", "contacts", "output", "plain")]
    if seen.view.trouble and seen.mode == "LIVE":
        return [*_of("elsewhere"), steps, *_of("probes", "log", "contacts", "plain")]
    if seen.mode == "LIVE" and seen.view.away:
        return [
            (keymap.LIVE["elsewhere"].label, "offline…"),
            steps,
            *_of("probe", "probes", "log", "contacts", "plain"),
        ]
    if is_small:
        return [*_of("note", "hold", "raise"), steps, *_of("probes", "log")]
    if seen.mode == "WATCHING":
        return [
            *_of_pen(seen),
            *(_of("sign") if wants_key(seen) else []),
            *_watching(seen),
            steps,
            *_of("company", "probes", "log"),
        ]
    if seen.selected is not None:
        return [(keymap.READING["now"].label, keymap.READING["now"].word), steps, *_of("jump", "reopen", "output")]
    now = _of("sign") if wants_key(seen) else []
    now += [(keymap.LIVE["elsewhere"].label, "return…")] if seen.view.answers else []
    now += [(keymap.LIVE["settle"].label, "which counts…")] if state.conflicts else []
    now += [(keymap.LIVE[name].label, word or keymap.LIVE[name].word) for name, word in ways(seen)]
    now = [*_of_pen(seen), *now]
    rest = ("note", "abort") if state.hold is not None else ("note", "hold", "copy", "rollback", "raise", "probe")
    named = {keymap.LIVE[name].label for name, _ in ways(seen)}
    return [*now, *(each for each in _of(*rest, "probes", "log", "contacts") if each[0] not in named)]


def _replaying(seen: Seen) -> list[tuple[str, str]]:
    """Pairs of keys that go back and on stand together, and the ways between moments come first."""
    keys = keymap.REPLAY
    pairs = (("back", "on"), ("move_back", "move_on"), ("mark_back", "mark_on"))
    found = [(f"{keys[a].label} {keys[b].label}", keys[b].word) for a, b in pairs]
    names = ("go", "find", "again", "note", "difference", "zone", "probes", "log", "output", "contacts")
    rest = [(keys[name].label, keys[name].word) for name in names]
    speed = (f"{keys['faster'].label} {keys['slower'].label}", keys["faster"].word)
    play = (keys["play"].label, keys["play"].word)
    back = [(keys["now"].label, keys["now"].word)] if seen.selected is not None else []
    return [*back, play, *found, *rest[:1], speed, *rest[1:]]


def _of_pen(seen: Seen) -> list[tuple[str, str]]:
    return [(keymap.LIVE[name].label, word) for name, word in pen.keys(seen)]


def _watching(seen: Seen) -> list[tuple[str, str]]:
    step = seen.step()
    approves = step is not None and step.behaviour == "signoff"
    names = WATCHING if not approves else ("approve", *(name for name in WATCHING if name != "approve"))
    if seen.state.hold is None:
        return _of(*names)
    release = {keymap.LIVE["hold"].label: "release…"} if seen.may_release else {}
    rest = (each for each in _of(*names) if each[0] != keymap.LIVE["hold"].label)
    return [*release.items(), *rest]


def _of(*names: str) -> list[tuple[str, str]]:
    return [(keymap.LIVE[name].label, keymap.LIVE[name].word) for name in names]
