"""What a terminal lacks for a night, and what mends it. Pure.

Invariant: what a terminal did not say is unknown; most of them are silent about what they can do well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cockpit.doctor.findings import Finding, advice, error, ok, quoted, unknown, warning
from cockpit.doctor.terminal.answers import FOCUS, GLYPHS, MOUSE, PASTE, SYNC, Answers
from cockpit.doctor.terminal.looking import Seen

_SLOW_S, _VERY_SLOW_S = 0.15, 0.4
_TRY_COPY = r"""printf '\033]52;c;Y29ja3BpdA==\a'    # then paste: it says `cockpit`"""
_MULTIPLEXERS = ("tmux", "screen", "zellij")


def judge(seen: Seen, acting: tuple[int, int], reading: tuple[int, int]) -> Iterator[Finding]:
    """`acting` and `reading`: columns and rows below which nothing can be confirmed, or read."""
    yield from _of_locale(seen)
    if not seen.is_terminal:
        found = "input or output is no terminal, so it was asked nothing"
        yield unknown("terminal.terminal", "terminal", found, "", "cockpit doctor    # at the terminal of the night")
        return
    yield _of_size(seen, acting, reading)
    yield _of_name(seen)
    yield _of_colours(seen)
    yield from _of_between(seen)
    if seen.answers is None:
        why = "glyph widths, copying and synchronised output are not known"
        yield unknown("terminal.answers", "terminal", seen.not_asked, why, "cockpit demo    # and look")
        return
    yield from _of_answers(seen, seen.answers)


def _of_locale(seen: Seen) -> Iterator[Finding]:
    what = "characters"
    if "utf8" in seen.locale.lower().replace("-", ""):
        yield ok("terminal.locale", what, seen.locale)
    else:
        told = f"the locale is {seen.locale or 'not set'}, which is not UTF-8"
        why = "programs write ? where names and notes have other letters"
        yield warning("terminal.locale", what, told, why, "export LC_ALL=C.UTF-8")


def _of_size(seen: Seen, acting: tuple[int, int], reading: tuple[int, int]) -> Finding:
    what = "size"
    if seen.size is None:
        return unknown("terminal.size", what, "the terminal does not say its size", "", "stty size")
    columns, rows = seen.size
    told = f"{columns}x{rows}"
    mend = f"# make the window {acting[0]}x{acting[1]} or larger, or its letters smaller"
    if columns < reading[0] or rows < reading[1]:
        return error("terminal.size", what, told, "a run cannot even be read here", mend)
    if columns < acting[0] or rows < acting[1]:
        return error("terminal.size", what, told, f"below {acting[0]}x{acting[1]} nothing can be confirmed", mend)
    if columns < 100 or rows < 30:
        return advice("terminal.size", what, told, "it does; all panes have room from 120x40 on", "# make it larger")
    return ok("terminal.size", what, told)


def _of_name(seen: Seen) -> Finding:
    what = f"TERM={seen.term}"
    if seen.term in ("", "dumb", "unknown"):
        cure = "export TERM=xterm-256color"
        return error("terminal.term", what or "TERM", "it names no terminal", "no screen can be opened", cure)
    if seen.colours is None:
        why = "less, psql and tmux refuse it or draw badly; cockpit itself does not need it"
        cures = (f"infocmp -x {quoted(seen.term)} | ssh THIS_HOST tic -x -    # at home", "export TERM=xterm-256color")
        return advice("terminal.term", what, "this host's terminfo does not know it", why, *cures)
    return ok("terminal.term", what, f"known here, with {seen.colours} colours")


def _of_colours(seen: Seen) -> Finding:
    what = "colours"
    if seen.no_color:
        return ok("terminal.colours", what, "off (NO_COLOR); every sign has a word or a place, too")
    if seen.colorterm.lower() in ("truecolor", "24bit"):
        return ok("terminal.colours", what, f"16 million (COLORTERM={seen.colorterm})")
    if "256" in seen.term or (seen.colours or 0) >= 256:
        cure = "export COLORTERM=truecolor    # if your terminal has them"
        return advice("terminal.colours", what, "256 (COLORTERM is not set)", "shades are rounded", cure)
    why = "colour repeats what signs say, so nothing is lost but ease"
    return advice("terminal.colours", what, f"{seen.colours or 'few'}", why, "export TERM=xterm-256color")


def _of_between(seen: Seen) -> Iterator[Finding]:
    if "mosh" in seen.between:
        why = "copying (OSC 52) passes from mosh 1.4 on, other questions are answered by mosh itself"
        yield advice(
            "terminal.mosh", "mosh", "this session goes through it", why, "mosh-server --version 2>&1 | head -1"
        )
    if "script" in seen.between:
        why = "it writes all that the screen shows into a file, for as long as it lives"
        yield warning(
            "terminal.script", "script", "this session is being recorded", why, "exit    # script, then come back"
        )
    if "screen" in seen.between:
        why = "it swallows copying and synchronised output, and waits 300 ms after Escape (maptimeout)"
        yield warning(
            "terminal.screen",
            "GNU screen",
            "this session is in it",
            why,
            "echo 'maptimeout 5' >> ~/.screenrc && echo 'defutf8 on' >> ~/.screenrc",
            "tmux new -A -s night    # or use tmux, whose settings are looked at here",
        )
    if "zellij" in seen.between:
        why = "its own keys (Ctrl+P, Ctrl+T, …) never reach cockpit"
        yield advice("terminal.zellij", "zellij", "this session is in it", why, "# press Ctrl+G there: locked mode")
    if seen.is_ssh and not set(_MULTIPLEXERS) & set(seen.between):
        why = "a link that breaks takes your shell; the run goes on, and `cockpit resume` comes back to it"
        yield advice("terminal.no_tmux", "SSH", "neither tmux nor screen stands between", why, "tmux new -A -s night")


def _of_answers(seen: Seen, answers: Answers) -> Iterator[Finding]:
    yield ok("terminal.answers", "terminal", answers.name or "it answers, and does not say its name")
    yield _of_round_trip(seen, answers)
    yield _of_glyphs(answers)
    yield _of_copying(seen, answers)
    if "tmux" in seen.between and not answers.modes:
        yield ok("terminal.paste", "bracketed paste", "tmux has it")  # and of frames, tmux's own settings tell
    else:
        yield _of_sync(answers)
        why = "a paste into a field acts like typing"
        yield _of_mode(answers, PASTE, "terminal.paste", "bracketed paste", why, unknown)
    yield _of_mode(answers, FOCUS, "terminal.focus", "focus events", "cockpit needs none", ok)
    yield _of_mode(answers, MOUSE, "terminal.mouse", "mouse", "every key works without one", ok)
    keyboard = "the kitty protocol: Escape and Alt are told apart" if answers.kitty else "as terminals always had it"
    yield ok("terminal.keyboard", "keyboard", keyboard)
    yield _of_background(seen, answers)
    if answers.obeys_c1 or answers.obeys_raw_c1:
        which = "U+009B" if answers.obeys_c1 else "the byte 0x9B"
        why = "`cat` of a log can act with characters that look harmless; cockpit shows them as text"
        found = f"it takes {which} for the beginning of a sequence"
        yield advice("terminal.c1", "8-bit controls", found, why, "less FILE    # or cat -v FILE, never cat")
    else:
        yield ok("terminal.c1", "8-bit controls", "it does not obey them")


def _of_round_trip(seen: Seen, answers: Answers) -> Finding:
    what, told = "link", f"{answers.round_trip_s * 1000:.0f} ms to the terminal and back"
    nearer = next((name for name in (*_MULTIPLEXERS, "mosh") if name in seen.between), "")
    if nearer:
        told = f"{answers.round_trip_s * 1000:.0f} ms to {nearer}; how far your own terminal is cannot be seen"
        return unknown("terminal.link", what, told, "", "ping THIS_HOST    # at home")
    if answers.round_trip_s > _VERY_SLOW_S:
        why = "what you see is that much older than what is, and so is what you answer"
        return warning("terminal.link", what, told, why, "mosh THIS_HOST    # or a nearer host")
    if answers.round_trip_s > _SLOW_S:
        return advice("terminal.link", what, told, "keys feel slow", "mosh THIS_HOST    # or a nearer host")
    return ok("terminal.link", what, told)


def _of_glyphs(answers: Answers) -> Finding:
    what = "width of glyphs"
    if not answers.widths:
        return unknown("terminal.glyphs", what, "it did not say where its cursor is", "", "cockpit demo    # and look")
    wide = "".join(glyph for glyph in GLYPHS if answers.widths.get(glyph, 1) != 1)
    if not wide:
        return ok("terminal.glyphs", what, f"each of {len(GLYPHS)} takes one cell")
    if len(wide) > len(GLYPHS) // 2 and all(answers.widths[glyph] >= 2 for glyph in wide):
        mend = "# set the terminal to UTF-8, and ambiguous-width characters to narrow"
    else:
        mend = "# choose another font, or set ambiguous-width characters to narrow"
    why = "rows are shifted, and a value may seem to stand under another heading"
    return warning("terminal.glyphs", what, f"these do not take one cell: {wide}", why, mend)


def _of_copying(seen: Seen, answers: Answers) -> Finding:
    what = "copying (OSC 52)"
    if "tmux" in seen.between:
        return unknown("terminal.copying", what, "tmux answers for your terminal: see its settings", "", _TRY_COPY)
    if answers.takes_clipboard:
        return ok("terminal.copying", what, "the terminal says that it takes what `y` copies")
    why = "`y` can only say that it was sent; `Y` prints it on the plain screen instead"
    return unknown("terminal.copying", what, "the terminal does not say whether it copies", why, _TRY_COPY)


def _of_sync(answers: Answers) -> Finding:
    what, can = "synchronised output", answers.mode(SYNC)
    if can:
        return ok("terminal.sync", what, "frames are shown whole")
    if can is None:
        return unknown("terminal.sync", what, "the terminal does not say (no DECRQM)", "frames may be seen half drawn")
    why = "frames may be seen half drawn, over slow links above all"
    return advice("terminal.sync", what, "it has none", why, "# use a newer terminal")


def _of_mode(answers: Answers, mode: int, id_: str, what: str, why: str, otherwise: Callable[..., Finding]) -> Finding:
    can = answers.mode(mode)
    if can:
        return ok(id_, what, "it has them" if what.endswith("s") else "it has it")
    told = "the terminal does not say" if can is None else "it has none"
    if otherwise is ok:
        return ok(id_, what, f"{told}; {why}")
    return (
        unknown(id_, what, told, why)
        if can is None
        else advice(id_, what, told, why, "# type into fields, paste nothing")
    )


def _of_background(seen: Seen, answers: Answers) -> Finding:
    what = "background"
    if answers.is_light is None:
        return unknown(
            "terminal.background",
            what,
            "the terminal does not say its colour",
            "",
            "export COCKPIT_THEME=light    # if it is light",
        )
    if answers.is_light and seen.theme != "light":
        why = "cockpit begins with its dark theme"
        return advice("terminal.background", what, "it is light", why, "export COCKPIT_THEME=light")
    if not answers.is_light and seen.theme == "light":
        return advice("terminal.background", what, "it is dark, COCKPIT_THEME is light", "", "unset COCKPIT_THEME")
    return ok(
        "terminal.background", what, "light, as COCKPIT_THEME" if answers.is_light else "dark, as cockpit's theme"
    )
