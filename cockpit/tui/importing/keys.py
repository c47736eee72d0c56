"""The keys of a preview: bindings, the hints at the bottom and the help are all made from this."""

from __future__ import annotations

from cockpit.tui.importing.sheets import GLYPHS
from cockpit.tui.keymap import Key
from cockpit.tui.lines import Line, Span, fitted, padded

KEYS: dict[str, Key] = {
    "down": Key("j,down", "move(1)", "move", "a line down", "j ↓"),
    "up": Key("k,up", "move(-1)", "move", "a line up", "k ↑"),
    "page_down": Key("pagedown,space,ctrl+d", "page(1)", "page", "a page down", "PgDn"),
    "page_up": Key("pageup,ctrl+u", "page(-1)", "page", "a page up", "PgUp"),
    "first": Key("home,g", "end(0)", "first", "to the first line", "g Home"),
    "last": Key("end,G", "end(1)", "last", "to the last line", "G End"),
    "turn": Key("tab,shift+tab", "turn", "other side", "to the other side", "Tab"),
    "lost": Key("n", "lost(1)", "not mapped", "to the next lines that are not mapped"),
    "lost_back": Key("N", "lost(-1)", "not mapped", "to the lines before that are not mapped"),
    "note": Key("m", "note(1)", "note", "to the next line with a note (!)"),
    "note_back": Key("M", "note(-1)", "note", "to the line before with a note"),
    "table": Key("right_square_bracket", "table(1)", "table", "to the next table of the profile", "]"),
    "table_back": Key("left_square_bracket", "table(-1)", "table", "to the table before", "["),
    "find": Key("slash", "find", "search…", "search this side for words", "/"),
    "again": Key("full_stop", "again(1)", "again", "the next that was searched", "."),
    "again_back": Key("comma", "again(-1)", "again", "the last before that was searched", ","),
    "walk": Key("t", "walk", "walk", "the profile as TOML, or as it will be walked"),
    "whole": Key("enter", "whole", "whole", "the line, or the table, whole", "Enter"),
    "help": Key("question_mark", "help", "help", "all keys", "?"),
    "leave": Key("q,escape,ctrl+q,ctrl+c", "leave", "quit", "close", "q"),
}
_HINTED = ("turn", "lost", "walk", "find", "whole", "note", "table")
_PAIRS = {"lost": "n N", "note": "m M", "table": "[ ]"}


def hints(width: int) -> Line:
    """The keys that help now, most needed first; `?` lists them all."""
    last: Line = ((" ?", "key"), (" help  ", "plain"), ("q", "key"), (" quit", "plain"))
    room = width - sum(len(text) for text, _ in last)
    line: list[Span] = [(" j k", "key"), (" move ", "plain")]
    for name in _HINTED:
        spans: list[Span] = [(f" {_PAIRS.get(name, KEYS[name].label)}", "key"), (f" {KEYS[name].word} ", "plain")]
        if sum(len(text) for text, _ in (*line, *spans)) > room:
            break
        line += spans
    return fitted((*line, *last), width)


def helped() -> list[Line]:
    """All keys, a line each, and what the signs mean."""
    lines: list[Line] = [((padded(key.label, 8), "key"), (key.does, "plain")) for key in KEYS.values()]
    meant = {
        "mapped": "it stands in the profile",
        "asked": "it asks for something, and is not mapped: why is said below",
        "prose": "it asks for nothing, and stands nowhere",
        "layout": "blank, a rule, the edge of a fence",
    }
    signs: list[Line] = [
        ((padded(GLYPHS[name][0], 8), GLYPHS[name][1]), (said, "plain")) for name, said in meant.items()
    ]
    return [
        *lines,
        (),
        (("Before each line of the source", "bold"),),
        *signs,
        ((padded("!", 8), "warn"), ("there is a note: something is left to you", "plain")),
        ((padded("▌", 8), "accent"), ("on either side: it belongs to the line that you are at", "plain")),
    ]
