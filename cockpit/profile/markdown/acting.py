"""What a step runs, or has a person run: its code, and on what it acts.

The settings that mean the same in every kind that acts are said in words; those of a kind of its own by their keys.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from cockpit.profile.markdown import labels as say
from cockpit.profile.markdown.book import Book
from cockpit.profile.markdown.escaping import code, fence, line
from cockpit.profile.markdown.facts import Fact, listing, told
from cockpit.profile.markdown.words import lasting, spelled
from cockpit.profile.model import Step

_TOLD = ("argv", "script", "statements", "file", "files", "target", "expect", "env", "params", "dry_run", "undo")


class Acting(Struct, frozen=True):
    """The fenced block that stands in the step, if there is one, and the facts about it."""

    code: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


def acting(book: Book, step: Step) -> Acting:
    """What is done, by whom, and what may come of it."""
    by_hand = tuple(fence(book.filled(step.command), step.language)) if step.command.strip() else ()
    if step.behaviour != "action":
        return Acting(by_hand)
    settings = step.settings
    text, language = _code(book, settings)
    facts = [Fact(say.RUNS, (_on(book, settings),))]
    if text and by_hand:
        facts.append(Fact(say.BY_HAND, blocks=by_hand))
    if files := [code(each) for each in (*_texts(settings.get("file")), *_texts(settings.get("files")))]:
        facts.append(Fact(say.FILES, (", ".join(files),)))
    if values := _values(book, settings.get("env")) + _values(book, settings.get("params")):
        facts.append(Fact(say.VALUES, values))
    facts += told(book, ((say.EXPECT, _texts(settings.get("expect"))),))
    for key in ("dry_run", "undo"):
        if reverse := _command(book, settings[key]) if key in settings else "":
            facts.append(listing(spelled(key), reverse, language))
    facts += [Fact(spelled(key), (_written(value, key),)) for key, value in settings.items() if key not in _TOLD]
    return Acting(tuple(fence(text, language)) if text else by_hand, tuple(facts))


def _code(book: Book, settings: Mapping[str, object]) -> tuple[str, str]:
    if "statements" in settings or "params" in settings:
        return str(settings.get("statements", "")), "sql"
    if settings.get("script"):
        return str(settings["script"]).replace("$${", "${"), "bash"
    sql = any(name.endswith(".sql") for name in _texts(settings.get("file")) + _texts(settings.get("files")))
    argv = settings.get("argv")
    return (_command(book, argv), "bash") if argv else ("", "sql" if sql else "bash")


def _command(book: Book, written: object) -> str:
    """Arguments as a shell needs them; a script as it is."""
    if isinstance(written, str):
        return written
    return " ".join(_argument(book.filled(each)) for each in _texts(written))


def _argument(text: str) -> str:
    """Quoted, but so that a `${name}` in it can still be filled in by the shell of whoever copies it."""
    if "${" not in text:
        return shlex.quote(text)
    kept = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    return f'"{kept}"'


def _on(book: Book, settings: Mapping[str, object]) -> str:
    name = str(settings.get("target", ""))
    target = next((each for each in book.profile.targets if each.id == name), None)
    if target is None:
        return f"on {code(name)}" if name else "yes"
    where = [target.database, target.context, target.namespace]
    parts = ", ".join(book.text(each) for each in where if each)
    return f"on {code(name)} ({line(target.kind)}{f': {parts}' if parts else ''})"


def _values(book: Book, written: object) -> tuple[str, ...]:
    if not isinstance(written, Mapping):
        return ()
    return tuple(code(f"{name}={book.filled(str(value))}") for name, value in written.items())


def _texts(written: object) -> tuple[str, ...]:
    if isinstance(written, str):
        return (written,) if written else ()
    return tuple(str(each) for each in written) if isinstance(written, list | tuple) else ()


def _written(value: object, key: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and key.endswith("timeout"):
        return lasting(value)
    return line(value) if isinstance(value, str) else code(msgspec.json.encode(value).decode())
