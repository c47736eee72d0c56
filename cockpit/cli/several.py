"""One command over several logs: each is called by something short, and one that cannot be read stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cockpit.cli.ending import exit_of, say
from cockpit.errors import CockpitError
from cockpit.exits import Exit
from cockpit.session.runs import run_names, runs_folder
from cockpit.text import shortened

_SHORTEST = 8
"""Digits of an id that tell which second a run began in."""


def over(tokens: Sequence[str], read: Callable[[str], tuple[int, int]]) -> tuple[int, int]:
    """How much was found in all of them, and the worst exit status.

    An error about the only one passes through; of several, it is said, and the others are read.
    """
    ends = []
    for token in tokens:
        try:
            ends.append(read(token))
        except CockpitError as error:
            if len(tokens) == 1:
                raise
            said = str(error)
            say(said if token in said else f"{token}: {said}")
            ends.append((0, exit_of(error)))
    return sum(found for found, _ in ends), max((status for _, status in ends), default=Exit.OK)


def labels(tokens: Sequence[str]) -> dict[str, str]:
    """What to write before each line of several logs: the beginning of a run's id, or a file as it was named.

    As wide as the widest; empty for the only log.
    """
    if len(tokens) == 1:
        return {tokens[0]: ""}
    ids = short_ids(run_names())
    called = {token: _called(token, ids) for token in tokens}
    width = max(map(len, called.values()), default=0)
    return {token: f"{name.ljust(width)}  " for token, name in called.items()}


def _called(token: str, ids: dict[str, str]) -> str:
    path = Path(token)
    if path.parent == runs_folder() and path.name in ids:
        return ids[path.name]
    meant = [short for run, short in ids.items() if run.upper().startswith(token.upper())]
    return meant[0] if len(meant) == 1 else shortened(token, 40)


def short_ids(runs: Iterable[str]) -> dict[str, str]:
    """By id: a beginning of it, of the same length for all, that no other begins with."""
    every = list(runs)
    length = _SHORTEST
    while len({run[:length] for run in every}) < len(every):
        length += 1
    return {run: run[:length] for run in every}
