"""Environment variables, PATH, umask and the folder for temporary files: what they let happen to whatever you start."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from cockpit.doctor.findings import Finding, advice, at_home, error, ok, quoted, warning
from cockpit.doctor.paths import Way, Wish, look, of_end, of_folders

Told = Callable[..., Finding]


class Surroundings(Struct, frozen=True):
    """What was looked at."""

    variables: Mapping[str, str]
    umask: int
    path: tuple[Way, ...]
    """Of each absolute folder in PATH."""
    temporary: Way
    """Of the folder for temporary files."""


_LOADED = "its code is loaded into every program that you start"
_TRACED = "it writes what should stay secret where others may read it"
_MEANT: dict[str, tuple[Told, str]] = {
    "LD_PRELOAD": (error, _LOADED),
    "LD_AUDIT": (error, _LOADED),
    "LD_LIBRARY_PATH": (warning, "libraries are looked for there first"),
    "PYTHONPATH": (warning, "modules are looked for there first, also cockpit's"),
    "PYTHONSTARTUP": (advice, "Python runs it at its prompt"),
    "PYTHONHOME": (warning, "Python takes its own library from there"),
    "PYTHONINSPECT": (warning, "Python stays at a prompt, with all values, when a program ends"),
    "PYTHONASYNCIODEBUG": (warning, "it slows the keeper down, and logs what is awaited"),
    "BASH_ENV": (error, "every bash that a step starts runs it first"),
    "ENV": (warning, "every sh that is interactive runs it first"),
    "SHELLOPTS": (warning, "it changes what every bash does with a script; `xtrace` prints secrets"),
    "PS4": (advice, "bash runs what stands in it when it traces"),
    "GLOBIGNORE": (advice, "it changes which files a script's patterns match"),
    "IFS": (warning, "it changes where scripts split words"),
    "CDPATH": (warning, "`cd` in a script may lead elsewhere, and prints"),
    "PERL5OPT": (warning, _LOADED),
    "RUBYOPT": (warning, _LOADED),
    "NODE_OPTIONS": (warning, _LOADED),
    "GIT_SSH_COMMAND": (advice, "git runs it in the place of ssh"),
    "SSLKEYLOGFILE": (error, "the keys of TLS connections are written there: whoever reads it reads them"),
    "PGOPTIONS": (advice, "it changes settings of every PostgreSQL session"),
    "PGPASSWORD": (advice, "every program that you start gets it; ~/.pgpass is read by libpq alone"),
    "COCKPIT_DEBUG": (warning, "an error shows its traceback on the screen"),
    "TEXTUAL": (warning, "Textual then logs what is on the screen to whoever listens"),
    "TEXTUAL_LOG": (warning, _TRACED),
}
"""How grave a variable is that is set, and why."""


def look_around(environ: Mapping[str, str]) -> Surroundings:
    """Changes nothing: also the umask is read without setting it."""
    entries = [each for each in environ.get("PATH", os.defpath).split(":") if os.path.isabs(each)]
    return Surroundings(
        variables=environ,
        umask=_umask(),
        path=tuple(look(each) for each in dict.fromkeys(entries)),
        temporary=look(environ.get("TMPDIR") or "/tmp"),  # noqa: S108 - where others look, too
    )


def _umask() -> int:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except (OSError, ValueError, IndexError):
        pass
    mask = os.umask(0o077)  # there is no other way to read it; for a moment files are made stricter, never laxer
    os.umask(mask)
    return mask


def judge(seen: Surroundings) -> Iterator[Finding]:
    """What is dangerous about it."""
    yield from _of_variables(seen.variables)
    yield from _of_path(seen)
    yield from _of_umask(seen.umask)
    yield from _of_temporary(seen.temporary)


def _of_variables(variables: Mapping[str, str]) -> Iterator[Finding]:
    found = [name for name in _MEANT if variables.get(name)]
    for name in found:
        told, why = _MEANT[name]
        yield told("environment.variable", name, "it is set", why, f"unset {name}")
    functions = [name for name in variables if name.startswith("BASH_FUNC_")]
    if functions:
        names = ", ".join(name.removeprefix("BASH_FUNC_").removesuffix("%%") for name in functions[:5])
        why = "every bash that a step starts has them, also in the place of a program of that name"
        yield warning(
            "environment.functions", "exported functions", names, why, f"unset -f {quoted(names.split(', ')[0])}"
        )
    if not found and not functions:
        yield ok("environment.variable", "variables", f"none of {len(_MEANT)} that change what programs do is set")


def _of_path(seen: Surroundings) -> Iterator[Finding]:
    path = seen.variables.get("PATH", os.defpath)
    relative = [each or "(empty)" for each in path.split(":") if not os.path.isabs(each)]
    if relative:
        why = "programs of the folder that you happen to be in are run"
        kept = ":".join(dict.fromkeys(each for each in path.split(":") if os.path.isabs(each)))
        yield error("environment.path", "PATH", f"it has {', '.join(relative)}", why, f"export PATH={quoted(kept)}")
    why = "who can write there puts programs in the place of yours"
    wishes = [Wish(way, "environment.path", why_own=why) for way in seen.path]
    told = [each for wish in wishes for each in of_end(wish)] + list(of_folders(wishes))
    bad = [each for each in told if each.cure]
    yield from bad
    if not bad and not relative:
        yield ok("environment.path", "PATH", f"only you and root can write to its {len(seen.path)} folders")


def _of_umask(umask: int) -> Iterator[Finding]:
    told = f"it is {umask:04o}"
    if not umask & 0o002:
        why = "everybody may change what your commands write"
        yield error("environment.umask", "umask", told, why, "umask 077")
    elif not umask & 0o004:
        why = "everybody may read what your commands write; cockpit's own files are 0600 all the same"
        yield advice("environment.umask", "umask", told, why, "umask 077")
    else:
        yield ok("environment.umask", "umask", told)


def _of_temporary(way: Way) -> Iterator[Finding]:
    what = f"temporary files in {at_home(way.asked)}"
    if not way.is_whole:
        why = "compressed logs and psql's editor need it"
        yield error("environment.tmpdir", what, "there is no such folder", why, "export TMPDIR=/tmp")
        return
    end = way.nodes[-1]
    why = "anybody could put another file in the place of yours"
    if end.others.everybody and not end.mode & stat.S_ISVTX:
        cure = f"sudo chmod 1777 {quoted(end.path)}"
        yield error("environment.tmpdir", what, f"everybody may write to it (mode {end.permissions})", why, cure)
    elif end.others.owner:
        yield error("environment.tmpdir", what, f"it belongs to {end.owner}", why, "export TMPDIR=/tmp")
    elif not end.is_folder:
        yield error("environment.tmpdir", what, "it is no folder", "nothing can be put there", "export TMPDIR=/tmp")
    else:
        yield ok("environment.tmpdir", "temporary files", at_home(way.asked))
