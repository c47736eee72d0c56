"""What installed packages offer: their entry points (packaging.python.org, "Entry points specification").

Read from the files that installers leave beside a package ("Recording installed projects"). `importlib.metadata` reads
the same, and brings parsers of mail and of archives along: that was a third of what `cockpit check` takes. Invariant:
as there, of two packages of one name the first on the path counts; nothing is imported before it is asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from typing import NamedTuple

_FILE = "entry_points.txt"


class Offer(NamedTuple):
    """One entry point."""

    group: str
    name: str
    value: str
    """`module:attribute`."""

    def load(self) -> object:
        """What is offered. Raises whatever importing it raises, AttributeError where the module has no such thing."""
        module, _, path = self.value.partition("[")[0].partition(":")
        names = [name for name in path.strip().split(".") if name]
        return reduce(getattr, names, import_module(module.strip()))


def offers(*groups: str) -> list[Offer]:
    """What the packages on the path offer in these groups; of two with one name, the first on the path."""
    found: dict[tuple[str, str], Offer] = {}
    packages: set[str] = set()
    for folder in sys.path:
        for name, file in sorted(_files(folder or os.curdir)):
            if name not in packages:
                packages.add(name)
                for each in _read(file, groups):
                    found.setdefault((each.group, each.name), each)
    return list(found.values())


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """Of every package in a folder, its name (as PEP 503 has it, with `_`) and its file of entry points."""
    try:
        names = os.listdir(folder)
    except OSError:  # an archive, or a folder that is not there: the path may name both
        return
    for name in names:
        bare, dot, suffix = name.rpartition(".")
        if dot and suffix in ("dist-info", "egg-info"):
            package = bare.partition("-")[0].lower().replace("-", "_").replace(".", "_")
            yield package, os.path.join(folder, name, _FILE)


def _read(file: str, groups: tuple[str, ...]) -> Iterator[Offer]:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            text = opened.read()
    except OSError:  # most packages offer nothing
        return
    if not any(group in text for group in groups):
        return
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in groups and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if equals:
                yield Offer(group, name.strip(), value.strip())
