"""Every text in which `${name}` counts: where it stands, what may be named in it, and why not the rest.

Titles and what is read before the walk know variables only. Texts of steps and templates also know what was recorded
by then and what a run knows of itself (`run.…`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from cockpit.profile.arguments import SHELLS, is_flag_c, program_name
from cockpit.profile.model import Probe, Profile, Step
from cockpit.profile.places import Path, known_before, placed_phases, placed_steps
from cockpit.profile.recording import Recorded, recorded

Language = Literal["", "shell", "sql", "path"]
LOGGED = "this text is logged"
_SEEN = "arguments are seen by every user of the host"
_CONDITIONS = ("expect", "healthy")
_IDS = ("target", "template", "due", "role", "not_by", "since")


class Text(Struct, frozen=True, kw_only=True):
    """A text with references."""

    path: Path
    text: str
    public: str = LOGGED
    """Who gets to see it, so that no secret may stand in it; empty: one may."""
    known: frozenset[str] | None = None
    """The recorded values that are known by then; None: neither these nor `run.…` may be named."""
    language: Language = ""
    """What the text is a program of, or `path` of a file that is fixed at the start: then nothing is pasted into it."""
    own: tuple[str, ...] = ()
    """Names that a script's environment has besides."""


def referring_texts(profile: Profile) -> Iterable[Text]:
    """Yield every such text, in the order of the file's parts."""
    known = recorded(profile)
    yield Text(path=("title",), text=profile.title)
    yield Text(path=("description",), text=profile.description)
    for index, probe in enumerate(profile.probes):
        yield Text(path=("probes", index, "title"), text=probe.title)
        for path, text in _strings(probe.settings, ("probes", index)):
            yield _of_probe(probe, path, text)
    yield from _phases(profile)
    for placed in placed_steps(profile):
        yield from _step(placed.path, placed.step, known_before(placed, known), known)
    yield from _around(profile, known)


def _of_probe(probe: Probe, path: Path, text: str) -> Text:
    """A text of its settings. A secret may be in it unless everybody sees it there, or it would be pasted into SQL."""
    if path[2:] == ("query",) and probe.kind == "postgres":
        return Text(path=path, text=text, public="", language="sql")
    argv = probe.settings.get("argv") if path[2:3] == ("argv",) else None
    is_shell = isinstance(argv, list | tuple) and _is_shell_text(argv, path[-1])
    return Text(path=path, text=text, public="" if argv is None else _SEEN, language="shell" if is_shell else "")


def _phases(profile: Profile) -> Iterator[Text]:
    for index, plan in enumerate(profile.rollbacks):
        for key in ("title", "description", "data_loss"):
            yield Text(path=("rollbacks", index, key), text=getattr(plan, key))
    for placed in placed_phases(profile):
        yield Text(path=(*placed.path, "title"), text=placed.phase.title)
        yield Text(path=(*placed.path, "description"), text=placed.phase.description)


def _step(path: Path, step: Step, before: frozenset[str], known: Recorded) -> Iterator[Text]:
    yield Text(path=(*path, "title"), text=step.title)
    yield Text(path=(*path, "instructions"), text=step.instructions, public="", known=before)
    yield Text(path=(*path, "command"), text=step.command, public="", known=before)
    yield Text(path=(*path, "rollback"), text=step.rollback, public="", known=known.everything)
    for key, setting in step.settings.items():
        if key not in _CONDITIONS and key not in _IDS:
            # An undo is done while rolling back, when all that was recorded is known.
            yield from _setting((*path, key), step, setting, known.everything if key == "undo" else before)


def _setting(path: Path, step: Step, setting: object, known: frozenset[str]) -> Iterator[Text]:
    """The texts of one setting; what the keys mean, all kinds that act have in common."""
    key = path[-1]
    if key in ("file", "files", "undo_title"):
        literal: Language = "" if key == "undo_title" else "path"
        yield from (Text(path=below, text=text, language=literal) for below, text in _strings(setting, path))
    elif key in ("argv", "dry_run", "undo") and isinstance(setting, list | tuple):
        for below, text in _strings(setting, path):
            language: Language = "shell" if _is_shell_text(setting, below[-1]) else ""
            yield Text(path=below, text=text, public=_SEEN, known=known, language=language)
    elif key in ("statements", "undo", "dry_run", "script") and isinstance(setting, str):
        if key == "statements" or step.kind == "sql":
            yield Text(path=path, text=setting, known=known, language="sql")
        else:  # read from the environment, so that a secret may be
            environment = step.settings.get("env")
            own = tuple(environment) if isinstance(environment, dict) else ()
            yield Text(path=path, text=setting, public="", known=known, language="shell", own=own)
    else:
        is_open = step.behaviour == "action" and key != "cwd"
        for below, text in _strings(setting, path):
            yield Text(path=below, text=text, public="" if is_open else LOGGED, known=known)


def _is_shell_text(items: Sequence[object], index: object) -> bool:
    """Whether an argument is the program that follows a shell's `-c`, whatever starts that shell (`sudo`, `ssh`)."""
    if not isinstance(index, int) or index < 2 or not is_flag_c(items[index - 1]):
        return False
    return any(program_name(str(item)) in SHELLS for item in items[: index - 1])


def _around(profile: Profile, known: Recorded) -> Iterator[Text]:
    for index, target in enumerate(profile.targets):
        for key in ("dsn", "context", "namespace", "kubeconfig", "database", "system_identifier", "server"):
            public = "" if key == "dsn" else LOGGED
            yield Text(path=("targets", index, key), text=getattr(target, key), public=public)
    for index, channel in enumerate(profile.channels):
        for key in ("webhook", "apprise"):
            yield Text(path=("channels", index, key), text=getattr(channel, key), public="")
    for index, template in enumerate(profile.templates):
        for key in ("title", "body", "to"):
            path = ("templates", index, key)
            yield Text(
                path=path, text=getattr(template, key), public="messages are sent to people", known=known.everything
            )
    for index, trigger in enumerate(profile.triggers):
        yield Text(path=("triggers", index, "title"), text=trigger.title)
    for index, contact in enumerate(profile.contacts):
        for key in ("title", "name", "reach"):
            yield Text(path=("contacts", index, key), text=getattr(contact, key))
    for index, task in enumerate(profile.tasks):
        yield Text(path=("tasks", index, "title"), text=task.title)


def _strings(value: object, path: Path) -> Iterable[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _strings(below, (*path, key))
    elif isinstance(value, list | tuple):
        for index, below in enumerate(value):
            yield from _strings(below, (*path, index))
