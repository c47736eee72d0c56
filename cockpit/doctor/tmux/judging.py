"""Which settings of tmux are in a cockpit's way, with the lines that mend each. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.doctor.findings import Finding, advice, error, ok, unknown, warning
from cockpit.doctor.tmux.looking import Tmux

_ESCAPE_MS = 20
"""As long as one does not notice; tmux's own default was 500 until 3.5."""
_HISTORY_ROWS = 2000
_OLDEST = (3, 2)


def judge(tmux: Tmux) -> Iterator[Finding]:
    """Each setting that matters."""
    if tmux.problem:
        yield unknown(
            "tmux.server", "tmux", tmux.problem, "its settings decide on Escape and on copying", "tmux show -g"
        )
        return
    yield _of_version(tmux)
    if tmux.is_open:
        why = "they can type into your panes"
        cure = 'chmod 600 "${TMUX%%,*}"'
        yield error("tmux.socket", "its socket", "other users of this host may connect to it", why, cure)
    yield _of_synchronised(tmux)
    yield _of_escape(tmux)
    yield from _of_copying(tmux)
    yield from _of_drawing(tmux)
    yield from _of_calling(tmux)
    yield from _of_company(tmux)
    yield from _of_leaving(tmux)


def _both(line: str) -> tuple[str, str]:
    """Now, and in every server to come."""
    return f"tmux {line}", f"echo '{line}' >> ~/.tmux.conf"


def _is_on(tmux: Tmux, option: str) -> bool:
    return tmux.options.get(option, "") in ("on", "1", "all")


def _of_version(tmux: Tmux) -> Finding:
    if tmux.number < _OLDEST:
        why = "synchronised output and the features of terminals came with 3.2"
        return advice("tmux.version", "tmux", tmux.version, why, "# install tmux 3.2 or newer")
    return ok("tmux.version", "tmux", tmux.version)


def _of_synchronised(tmux: Tmux) -> Finding:
    if _is_on(tmux, "synchronize-panes"):
        why = "what you type here is typed into every pane of the window, and what you type there acts here"
        cure = "tmux set -w synchronize-panes off"
        return error("tmux.synchronize_panes", "synchronize-panes", "on", why, cure)
    return ok("tmux.synchronize_panes", "synchronize-panes", "off")


def _of_escape(tmux: Tmux) -> Finding:
    text = tmux.options.get("escape-time", "")
    if not text.isdecimal():
        return unknown("tmux.escape_time", "escape-time", "tmux does not say it")
    if int(text) > _ESCAPE_MS:
        why = "Escape, which cancels a question, arrives that late, and takes the next key for Alt"
        cures = _both("set -s escape-time 10")
        return warning("tmux.escape_time", "escape-time", f"{text} ms", why, *cures)
    return ok("tmux.escape_time", "escape-time", f"{text} ms")


def _of_copying(tmux: Tmux) -> Iterator[Finding]:
    value = tmux.options.get("set-clipboard", "")
    if value != "on":
        why = "`y` copies nothing to your own machine; on lets every program in tmux do so"
        cures = _both("set -s set-clipboard on")
        yield warning("tmux.set_clipboard", "set-clipboard", value or "not known", why, *cures)
    elif not _can(tmux, "clipboard"):
        why = "what `y` copies ends in tmux"
        cures = _both('set -as terminal-features ",*:clipboard"')
        found = "on, and tmux does not take your terminal to have a clipboard"
        yield advice("tmux.set_clipboard", "set-clipboard", found, why, *cures)
    else:
        yield ok("tmux.set_clipboard", "set-clipboard", "on, and the terminal takes it")
    if _is_on(tmux, "allow-passthrough"):
        why = "what a program prints goes past tmux to your terminal; cockpit needs none of it"
        cures = _both("set -w allow-passthrough off")
        yield advice("tmux.allow_passthrough", "allow-passthrough", tmux.options["allow-passthrough"], why, *cures)
    else:
        yield ok("tmux.allow_passthrough", "allow-passthrough", "off")


def _of_drawing(tmux: Tmux) -> Iterator[Finding]:
    term = tmux.options.get("default-terminal", "")
    if "256" not in term and "direct" not in term:
        why = "programs in it draw with 8 colours"
        cures = _both("set -g default-terminal tmux-256color")
        yield advice("tmux.default_terminal", "default-terminal", term or "not known", why, *cures)
    else:
        yield ok("tmux.default_terminal", "default-terminal", term)
    overridden = tmux.options.get("terminal-overrides", "")
    if _can(tmux, "RGB") or ":Tc" in overridden or ":RGB" in overridden:
        yield ok("tmux.rgb", "true colour", "tmux passes it on")
    else:
        cures = _both('set -as terminal-features ",*:RGB"')
        yield advice("tmux.rgb", "true colour", "tmux rounds colours", "shades are hard to tell apart", *cures)
    if tmux.number >= _OLDEST:
        if _can(tmux, "sync"):
            yield ok("tmux.sync", "synchronised output", "tmux draws frames whole")
        else:
            cures = _both('set -as terminal-features ",*:sync"')
            why = "frames may be seen half drawn, over slow links above all"
            yield advice("tmux.sync", "synchronised output", "tmux does not use it", why, *cures)


def _of_calling(tmux: Tmux) -> Iterator[Finding]:
    if not _is_on(tmux, "set-titles"):
        why = "the title by which a waiting run calls you stays in tmux"
        cures = _both("set -g set-titles on")
        yield advice("tmux.set_titles", "set-titles", "off", why, *cures)
    else:
        yield ok("tmux.set_titles", "set-titles", "on")
    if tmux.options.get("bell-action") == "none":
        why = "the bell that calls you is swallowed"
        yield warning("tmux.bell_action", "bell-action", "none", why, *_both("set -g bell-action any"))
    else:
        yield ok("tmux.bell_action", "bell-action", tmux.options.get("bell-action") or "any")
    if _is_on(tmux, "allow-rename"):
        why = "what a program prints can rename the window, to that of another environment too"
        yield advice("tmux.allow_rename", "allow-rename", "on", why, *_both("set -w allow-rename off"))
    else:
        yield ok("tmux.allow_rename", "allow-rename", "off")


def _of_company(tmux: Tmux) -> Iterator[Finding]:
    sizes = {(client.columns, client.rows) for client in tmux.clients}
    if len(tmux.clients) > 1:
        listed = ", ".join(f"{columns}x{rows}" for columns, rows in sorted(sizes))
        found = (
            f"{len(tmux.clients)} terminals are attached ({listed}); window-size {tmux.options.get('window-size', '?')}"
        )
        why = "whoever is attached types as you, and the log says it was you: two people take two seats"
        yield warning("tmux.clients", "company", found, why, "cockpit join    # each in a session of their own")
    if len(sizes) > 1:
        why = "somebody sees a part only, or the smallest one's size"
        cures = _both("set -w window-size latest")
        yield advice("tmux.window_size", "window-size", f"the window is {tmux.window[0]}x{tmux.window[1]}", why, *cures)
    if any(client.term.startswith(("tmux", "screen")) for client in tmux.clients):
        why = "Escape waits in both, and copying has to pass both"
        yield advice("tmux.nested", "nested", "this tmux is in another one", why, "# start cockpit in the outer one")


def _of_leaving(tmux: Tmux) -> Iterator[Finding]:
    if tmux.options.get("destroy-unattached", "off") not in ("off", "0", ""):
        why = "a link that breaks ends your shell and what you had open; the run goes on"
        cures = _both("set -g destroy-unattached off")
        yield warning("tmux.destroy_unattached", "destroy-unattached", "on", why, *cures)
    else:
        yield ok("tmux.destroy_unattached", "destroy-unattached", "off")
    rows = tmux.options.get("history-limit", "")
    if rows.isdecimal() and int(rows) < _HISTORY_ROWS:
        why = "what `Y` prints scrolls away"
        cures = _both("set -g history-limit 20000")
        yield advice("tmux.history_limit", "history-limit", f"{rows} rows", why, *cures)
    else:
        yield ok("tmux.history_limit", "history-limit", f"{rows or '?'} rows")


def _can(tmux: Tmux, feature: str) -> bool:
    """Whether tmux takes every terminal that is attached to have a feature."""
    return bool(tmux.clients) and all(feature in client.features for client in tmux.clients)
